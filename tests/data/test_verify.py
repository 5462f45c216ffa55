"""`liqcalc verify`: golden cases are met, and what is not met is told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from liqcalc.answers.verify import Outcome, Verification, verify_case, verify_paths
from liqcalc.errors import CaseError, InputError
from liqcalc.rules.cases import Case, read_cases
from liqcalc.rules.catalog import Catalog, built_in
from liqcalc.rules.checks.figures import ACCOUNT_FIGURES, POSITION_FIGURES

from .slips import MARKED, PRICE, change, line_of, one_figure

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = read_cases(sorted(built_in().glob("*/cases/*.yaml")))
CATALOG = Catalog()


@pytest.mark.parametrize("case", GOLDEN, ids=[case.id for case in GOLDEN])
def test_golden_case(case: Case) -> None:
    """Every recorded figure is met, and every expected failure fails."""
    result = verify_case(case, CATALOG)

    assert result.error == ""
    assert result.wrong == ()


class TestTheGoldenCases:
    """What is counted over all of exchanges/."""

    def test_none_is_lost(self) -> None:
        found = verify_paths()

        assert len(found.results) == len(GOLDEN)
        assert len({case.id for case in GOLDEN}) == len(GOLDEN)
        assert sum(tally.cases for tally in found.tallies()) == len(GOLDEN)
        assert sum(t.figures for t in found.tallies()) == sum(len(c.expected) for c in GOLDEN)

    def test_expected_failures_are_few_and_say_why(self) -> None:
        failing = verify_paths().expected_failures

        assert 0 < len(failing) < len(GOLDEN) / 20
        assert all(len(result.case.head.expected_failure or "") > 20 for result in failing)

    def test_every_figure_of_an_answer_may_be_expected(self) -> None:
        from liqcalc.answers.account import evaluate_sheet

        for case in GOLDEN:
            answer = evaluate_sheet(case.sheet, CATALOG, today="2026-01-01")
            own = set(CATALOG.exchange(case.sheet.exchange).meta.figures)
            for position in answer.positions:
                assert set(position.figures) <= POSITION_FIGURES | own
            if answer.account is not None:
                assert set(answer.account.figures) <= ACCOUNT_FIGURES | own


def only(found: Verification) -> tuple[Outcome, list[tuple[str, str | None, Decimal | None]]]:
    """Return the outcome of the one case, and its wrong figures."""
    (result,) = found.results
    return result.outcome, [(f.name, f.got, f.units) for f in result.wrong]


class TestComparing:
    """A figure agrees within half a unit of its last printed digit, or the case's tolerance."""

    def test_a_case_that_is_met(self, cases: Path) -> None:
        assert only(verify_paths([cases])) == (Outcome.PASSED, [])

    @pytest.mark.parametrize(
        ("printed", "units"),
        [
            ("45203.4", "1"),
            ("45203.6", "-1"),
            ("45203.44", "6"),
            ("45204", None),  # -0.5 of the last digit still agrees
            ("45203", None),
            ("45203.50", None),
            ("45202", "1.5"),
            ("45203.501", "-1"),
        ],
    )
    def test_a_figure_and_its_difference_in_units(
        self, cases: Path, printed: str, units: str | None
    ) -> None:
        change(cases, PRICE, f'liquidation_price: "{printed}"')

        outcome, wrong = only(verify_paths([cases]))

        if units is None:
            assert (outcome, wrong) == (Outcome.PASSED, [])
        else:
            assert outcome is Outcome.FAILED
            assert wrong == [("position.liquidation_price", "45203.5", Decimal(units))]

    @pytest.mark.parametrize(("tolerance", "met"), [("0.1", True), ("0.09", False), ("0", False)])
    def test_the_tolerance_of_a_case(self, cases: Path, tolerance: str, met: bool) -> None:  # noqa: FBT001
        change(cases, PRICE, 'liquidation_price: "45203.4"')
        change(
            cases, "  working:", f'  tolerance: {{liquidation_price: "{tolerance}"}}\n  working:'
        )

        assert (only(verify_paths([cases]))[0] is Outcome.PASSED) is met

    @pytest.mark.parametrize(
        ("figure", "got"),
        [
            ("liquidation_price: null", "45203.5"),
            ("status: cannot_be_liquidated", "liquidatable_at_price"),
            ("upper_liquidation_price: null", None),
            ('upper_liquidation_price: "1"', None),
            ("status: liquidatable_at_price", None),
        ],
    )
    def test_null_and_text_must_be_equal(self, cases: Path, figure: str, got: str | None) -> None:
        change(cases, f"{PRICE}, ", f"{figure}, ")

        outcome, wrong = only(verify_paths([cases]))

        name = f"position.{figure.partition(':')[0]}"
        if figure in {"upper_liquidation_price: null", "status: liquidatable_at_price"}:
            assert (outcome, wrong) == (Outcome.PASSED, [])
        else:
            assert (outcome, wrong) == (Outcome.FAILED, [(name, got, None)])

    @pytest.mark.parametrize("key", ["BTCUSDT", "BTCUSDT:long"])
    def test_figures_by_symbol_and_side(self, cases: Path, key: str) -> None:
        change(cases, "    position: {liq", f'    positions:\n      "{key}": {{liq')
        assert only(verify_paths([cases])) == (Outcome.PASSED, [])

        change(cases, PRICE, 'liquidation_price: "45203.6"')
        assert only(verify_paths([cases]))[1] == [
            (f"{key}.liquidation_price", "45203.5", Decimal(-1))
        ]

    @pytest.mark.parametrize("key", ["ETHUSDT", "BTCUSDT:short"])
    def test_figures_of_another_position_fail(self, cases: Path, key: str) -> None:
        change(
            cases,
            f"    position: {{{PRICE}, ",
            f'    positions: {{"{key}": {{{PRICE}}}}}\n    position: {{',
        )

        outcome, wrong = only(verify_paths([cases]))

        assert (outcome, wrong) == (
            Outcome.FAILED,
            [(f"{key}.liquidation_price", "not computed", None)],
        )

    def test_a_figure_that_is_not_computed_fails(self, cases: Path) -> None:
        change(cases, f"{PRICE}, ", 'wrong_name: "1", ')

        assert only(verify_paths([cases]))[1] == [("position.wrong_name", "not computed", None)]

    def test_an_error_is_a_failure_of_its_case(self, cases: Path) -> None:
        change(cases, "symbol: BTCUSDT", "symbol: NOSUCH")

        (result,) = verify_paths([cases]).results

        assert result.outcome is Outcome.FAILED
        assert "NOSUCH" in result.error


class TestExpectedFailures:
    """A case marked expected_failure must fail in each of its figures."""

    def test_one_that_fails_is_as_it_should_be(self, cases: Path) -> None:
        one_figure(cases, "45000")

        found = verify_paths([cases])

        assert only(found) == (Outcome.EXPECTED_FAILURE, [])
        assert found.failed == ()
        assert [r.case.id for r in found.expected_failures] == ["harbor-linear-isolated-long-01"]

    def test_one_that_passes_is_a_failure(self, cases: Path) -> None:
        one_figure(cases, "45203.5")

        outcome, wrong = only(verify_paths([cases]))

        assert outcome is Outcome.FAILED
        assert wrong == [("position.liquidation_price", "45203.5", Decimal(0))]

    def test_a_single_figure_that_passes_is_enough(self, cases: Path) -> None:
        change(cases, *MARKED)
        change(cases, PRICE, 'liquidation_price: "45000"')

        outcome, wrong = only(verify_paths([cases]))

        assert outcome is Outcome.FAILED
        assert [name for name, _, _ in wrong] == [
            "position.bankruptcy_price",
            "position.maintenance_margin",
        ]

    def test_an_error_is_none_of_them(self, cases: Path) -> None:
        change(cases, *MARKED)
        change(cases, "symbol: BTCUSDT", "symbol: NOSUCH")

        assert only(verify_paths([cases]))[0] is Outcome.FAILED


class TestFinding:
    """Paths may be files, folders of cases, exchange folders and folders of those."""

    def test_each_kind_of_path_finds_the_case(self, my_exchanges: Path, cases: Path) -> None:
        for path in (cases, cases.parent, my_exchanges / "harbor", my_exchanges):
            assert [r.case.id for r in verify_paths([path]).results] == [
                "harbor-linear-isolated-long-01"
            ]

    def test_a_case_named_twice_runs_once(self, cases: Path) -> None:
        assert len(verify_paths([cases, cases.parent]).results) == 1

    def test_the_users_folders_are_run_by_default(self, my_exchanges: Path) -> None:
        found = verify_paths((), [my_exchanges])

        assert len(found.results) == len(GOLDEN) + 1
        assert found.failed == ()

    def test_cases_are_run_with_the_exchange_beside_them(self, cases: Path) -> None:
        change(
            cases.parents[1] / "tiers" / "BTCUSDT.yaml",
            "cap: 300000, mmr: 0.004",
            "cap: 300000, mmr: 0.005",
        )

        assert only(verify_paths([cases]))[0] is Outcome.FAILED

    def test_what_holds_no_case_is_told(self, harbor: Path, tmp_path: Path) -> None:
        (harbor / "cases" / "linear.yaml").unlink()

        with pytest.raises(CaseError) as caught:
            verify_paths([tmp_path / "none.yaml", harbor])

        assert [(f.code, f.where) for f in caught.value.faults] == [
            ("LQ510", str(tmp_path / "none.yaml")),
            ("LQ510", str(harbor)),
        ]

    def test_a_folder_of_exchanges_must_exist(self, tmp_path: Path) -> None:
        with pytest.raises(InputError):
            verify_paths((), [tmp_path / "none"])

    def test_all_faults_of_all_files_are_told(self, cases: Path) -> None:
        more = cases.with_name("more.yaml")
        more.write_text(cases.read_text().replace("confidence: high", "confidence: sure"))
        change(cases, 'qty: "2"', 'qty: "none"')

        with pytest.raises(CaseError) as caught:
            verify_paths([cases.parent])

        assert [(f.code, f.where) for f in caught.value.faults] == [
            ("LQ101", f"{cases}:{line_of(cases, 'none')}"),
            ("LQ502", f"{more}:{line_of(more, 'sure')}"),
        ]

    def test_a_fault_of_a_later_case_has_its_own_line(self, cases: Path) -> None:
        text = cases.read_text()
        second = text.replace("-long-01", "-long-02").replace('qty: "2"', 'qty: "-7"')
        cases.write_text(text + "\n# another\n" + second, encoding="utf-8")

        with pytest.raises(CaseError) as caught:
            verify_paths([cases])

        assert [f.where for f in caught.value.faults] == [f"{cases}:{line_of(cases, '-7')}"]
