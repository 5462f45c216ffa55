"""The golden cases: what the exchanges themselves printed, and the slow judge beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.laws.compare import answer, disagreements
from tests.laws.folders import EXCHANGES, JUDGED
from tests.laws.seeds import cases, seeds, sheet_of
from tests.slow.check_cases import agrees

CASES = [case for exchange in EXCHANGES for case in cases(exchange)]


def figures(case: dict[str, Any]) -> list[tuple[str, Any, Any, Any]]:
    """Return (name, expected, answered, tolerance) of every figure of a case."""
    found, expected = answer(sheet_of(case)), case["expected"]
    tolerances = case.get("tolerance") or {}
    places = [("account", expected.get("account"), found["account"])]
    if "position" in expected:
        places.append(("position", expected["position"], found["positions"][0]))
    for key, wanted in (expected.get("positions") or {}).items():
        symbol, _, side = key.partition(":")
        rows = [each for each in found["positions"] if each["symbol"] == symbol]
        places.append((key, wanted, next(row for row in rows if side in {"", row["side"]})))
    return [
        (f"{place}.{name}", value, _number(given.get(name)), tolerances.get(name))
        for place, wanted, given in places
        for name, value in (wanted or {}).items()
    ]


def _number(value: Any) -> Any:
    try:
        return value if value is None else Decimal(value)
    except ArithmeticError:
        return value


class TestRecordedFigures:
    """Every recorded figure is met to its last printed digit, or within its stated tolerance."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
    def test_all_of_a_case(self, case: dict[str, Any]) -> None:
        missed = [
            f"{name}: {got}, recorded {value}"
            for name, value, got, tolerance in figures(case)
            if not agrees(value, got, tolerance)
        ]

        if case.get("expected_failure"):
            assert missed
        else:
            assert missed == []


class TestTheSlowJudgeAgreesOnThem:
    """Every figure that both compute is equal as printed, and unrounded to 20 digits."""

    @pytest.mark.parametrize("exchange", JUDGED)
    def test_on_every_recorded_sheet(self, exchange: str) -> None:
        assert [line for sheet in seeds(exchange) for line in disagreements(sheet)] == []
