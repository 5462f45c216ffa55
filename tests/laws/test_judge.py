"""liqcalc against the slow judge, on disturbed recorded sheets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liqcalc.engine.words import FeeBasis, TierBy
from tests.laws.compare import ROOTS, SHOWN_AS, answer, disagreements
from tests.laws.disturb import mark_of, qty_of, value_of
from tests.laws.folders import (
    JUDGED,
    Sheet,
    grain,
    mode_of,
    mode_rules,
    product_of,
    rules_of,
    slack,
)
from tests.slow import evaluate, health
from tests.slow.plain import CONTEXT
from tests.strategies import disturbed_cases, few, move_all_marks, with_mark

on_every_exchange = pytest.mark.parametrize("exchange", JUDGED)


class TestTheSlowJudgeAgrees:
    """Every figure that both compute is equal as printed, and unrounded to 20 digits."""

    @on_every_exchange
    @settings(max_examples=settings().max_examples // 2)
    @given(st.data())
    def test_on_disturbed_sheets(self, exchange: str, data: st.DataObject) -> None:
        assert disagreements(data.draw(disturbed_cases(exchange))) == []


class TestTheRootBalances:
    """Health is zero at the unrounded price: it has two signs within 20 digits around it."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_health_is_zero_there(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(judged_cases(exchange))
        for at, found in enumerate(answer(sheet)["positions"]):
            roots: list[str] = [found[name] for name in SHOWN_AS.values() if found.get(name)]
            for root in roots:
                hair = CONTEXT.multiply(Decimal(root), Decimal("1e-20"))
                around = [health(sheet, at, Decimal(root) + way * hair) for way in (-1, 1)]
                assert min(around) <= 0 <= max(around)


class TestTheSignChanges:
    """One unit of the last printed digit before the root is safe, one behind it liquidates."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_the_status_flips_beside_the_root(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(disturbed_cases(exchange))
        assume("equity" not in sheet["account"])  # it would be another one at another mark
        found = answer(sheet)["positions"]
        for at, row in enumerate(sheet["positions"]):
            mark = mark_of(row)
            for name in SHOWN_AS.values():
                if found[at]["status"] != "liquidatable_at_price" or not found[at].get(name):
                    continue
                root = Decimal(found[at][name])
                step = max(Decimal("1e-8"), root * Decimal("1e-14")) + _grain_of(sheet, at, root)
                outward = -step if root < mark else step
                if abs(root - mark) < 4 * step or root < 4 * step or _mark_bears_on(sheet, at):
                    continue
                beside = [_status_at(sheet, at, root + way * outward) for way in (-2, 2)]
                assert beside == [False, True]


class TestTheJointMove:
    """At the joint move, with all marks moved by it, the pool's health is zero."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_health_is_zero_after_it(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(judged_cases(exchange))
        assume("equity" not in sheet["account"])  # it would be another one at other marks
        assume(not any(_mark_bears_on(sheet, at) for at in range(len(sheet["positions"]))))
        found = answer(sheet)
        cut = 2 * max(grain(sheet, row) for row in sheet["positions"])
        for name in ("down", "up"):
            if found["joint"].get(name) is None:
                continue
            moved = move_all_marks(sheet, 1 + Decimal(found["joint"][name]))
            rows = sheet["positions"]
            first = next(at for at, row in enumerate(rows) if mode_of(sheet, row) == "cross")
            left = health(moved, first, mark_of(moved["positions"][first]))
            scale = sum(value_of(sheet, row) * (1 + mark_of(row)) for row in rows)
            assert abs(left) <= scale * Decimal("1e-20") + cut * len(rows)

    @on_every_exchange
    @few
    @given(st.data())
    def test_the_order_of_positions_does_not_matter(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(disturbed_cases(exchange))
        one_coin = len({contract["settle"] for contract in sheet["contracts"].values()}) == 1
        assume(one_coin or "wallet_balance" not in sheet["account"])  # cash of the first's coin
        turned = sheet | {"positions": sheet["positions"][::-1]}
        before, after = answer(sheet), answer(turned)

        assert _short(before["joint"]) == _short(after["joint"])
        assert _prices(before) == _prices(after)[::-1]


@st.composite
def judged_cases(draw: st.DrawFn, exchange: str) -> Sheet:
    """Return a disturbed case of a kind that the judge does not leave out."""
    sheet = draw(disturbed_cases(exchange))
    try:
        evaluate(sheet)
    except NotImplementedError:
        assume(False)
    return sheet


def _grain_of(sheet: Sheet, at: int, root: Decimal) -> Decimal:
    """Return how far whole units of money, at each mark, can move a root."""
    row = {**sheet["positions"][at], "mark_price": root}
    row["qty"] = qty_of(sheet, row)
    return len(sheet["positions"]) * slack(sheet, row)


def _mark_bears_on(sheet: Sheet, at: int) -> bool:
    """Return whether another mark would change a position otherwise than by its price.

    A risk limit that is set by the value at the mark stays while the price moves; a fee at a
    takeover price takes the other leg of the symbol at its mark.
    """
    row = sheet["positions"][at]
    if rules_of(sheet, product_of(sheet, row)).tier_by is TierBy.VALUE_AT_MARK:
        return len(sheet["tiers"].get(row["symbol"], ())) > 1
    legs = [other for other in sheet["positions"] if other["symbol"] == row["symbol"]]
    return len(legs) > 1 and mode_rules(sheet, row).fee_in_requirement is FeeBasis.BANKRUPTCY


def _status_at(sheet: Sheet, at: int, mark: Decimal) -> bool:
    """Return whether the position is liquidatable with its symbol's mark there."""
    found = answer(with_mark(sheet, at, mark))["positions"][at]
    return bool(found["status"] == "already_liquidatable")


def _short(joint: dict[str, str | None]) -> list[str | None]:
    moves = (joint.get(name) for name in ("down", "up"))
    return [None if move is None else f"{Decimal(move):.24E}" for move in moves]


def _prices(found: dict[str, list[dict[str, str | None]]]) -> list[list[str]]:
    names = [*SHOWN_AS.values(), *(ROOTS - SHOWN_AS.keys()), "liquidation_price", "status"]
    return [[str(row.get(name))[:24] for name in names] for row in found["positions"]]
