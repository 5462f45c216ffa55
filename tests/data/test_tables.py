"""`liqcalc check` on tier tables: for whom they hold, until when, and in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liqcalc.rules.check import check_folder

from .slips import CONTRACT, EXCHANGE, FEES, TIERS, change, later

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "tiers: [{floor: 0, cap: null, mmr: 0.01}]"
STEPS = "limit: 200, step: 150, mmr: 0.005, imr: 0.01, mmr_step: 0.005, imr_step: 0.005"
SLOPE = "mmr_base: 0.01, imr_base: 0.02, slope: 0.00005"
CONTINUOUS = "k: 490, m: 300, f: 1.3, mmr_limit: 0.3, mmr_lev_constant: 125"


def table(form: str = ROWS, day: str = "2026-06-01", more: str = "") -> str:
    more = more and f", {more}"
    return f"  - {{from: {day}, source: api-2026-05{more}, {form}}}\n"


def write(harbor: Path, *tables: str) -> None:
    text = "symbol: BTCUSDT\nhistory:\n" + "".join(tables)
    (harbor / TIERS).write_text(text, encoding="utf-8")


def told(harbor: Path) -> list[tuple[str, str]]:
    """Return (code, key) of every fault."""
    return [(fault.code, fault.message.split(" ")[0]) for fault in check_folder(harbor)]


class TestForWhom:
    """Tables of one day differ in rule set, mode or leverage, the general one first."""

    ISOLATED, CROSS = "mode: isolated", "mode: cross"

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("mode: isolated", "mode: cross"),
            ("leverage: 10", "leverage: 20"),
            ("", "mode: cross"),
            ("", "rules: standard"),
            ("mode: isolated", "rules: standard"),
            ("mode: isolated", "mode: isolated, leverage: 20"),
        ],
    )
    def test_both_of_one_day_are_used(self, harbor: Path, first: str, second: str) -> None:
        write(harbor, table(more=first), table(more=second))

        assert told(harbor) == []

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("", ""),
            ("mode: cross", "mode: cross"),
            ("mode: cross", ""),
            ("rules: standard, leverage: 20", "leverage: 20"),
        ],
    )
    def test_one_that_hides_another_is_told(self, harbor: Path, first: str, second: str) -> None:
        write(harbor, table(more=first), table(more=second))

        assert told(harbor) == [("LQ209", "history[1].from")]

    def test_a_later_one_may_be_for_all(self, harbor: Path) -> None:
        write(harbor, table(more="mode: cross"), table(day="2026-07-01"))

        assert told(harbor) == []

    def test_the_order_of_days_holds_for_all(self, harbor: Path) -> None:
        write(harbor, table(more="mode: cross"), table(day="2026-05-01", more="mode: isolated"))

        assert told(harbor) == [("LQ209", "history[1].from")]

    def test_a_mode_is_declared(self, harbor: Path) -> None:
        path = harbor / EXCHANGE
        text = path.read_text(encoding="utf-8").replace("[isolated, cross]", "[isolated]")
        rows = [row for row in text.splitlines() if "mode: cross, evidence" not in row]
        path.write_text("\n".join(rows), encoding="utf-8")
        write(harbor, table(more="mode: cross"))

        assert told(harbor) == [("LQ218", "history[0].mode")]

    def test_a_rule_set_is_for_the_contract(self, harbor: Path) -> None:
        path = harbor / EXCHANGE
        only = later("    summary", "    products: [inverse]\n    summary").replace(
            "product: linear, mode", "product: inverse, mode"
        )
        change(path, FEES, only)
        change(path, "products: [linear]\nmargin", "products: [linear, inverse]\nmargin")
        first = '    sources: [margin-help]\n    summary: "equity'
        change(path, first, "    products: [linear]\n" + first)
        write(harbor, table(more="rules: standard"))
        assert told(harbor) == []

        write(harbor, table(more="rules: later"))
        assert told(harbor) == [("LQ227", "history[0].rules")]


class TestUntil:
    """A table may end on a day without a successor."""

    def test_the_day_before_the_next_one(self, harbor: Path) -> None:
        write(harbor, table(more="until: 2026-06-30, seen: 2026-06-30"), table(day="2026-07-01"))

        assert told(harbor) == []

    def test_the_first_day_of_the_next_one(self, harbor: Path) -> None:
        write(harbor, table(more="until: 2026-07-01"), table(day="2026-07-01"))

        assert told(harbor) == [("LQ210", "history[0].until")]

    def test_the_next_one_for_others_does_not_count(self, harbor: Path) -> None:
        write(
            harbor,
            table(more="until: 2026-07-31, mode: cross"),
            table(day="2026-07-01", more="mode: isolated"),
        )

        assert told(harbor) == []

    def test_rules_that_begin_after_it_do_not_read_it(self, harbor: Path) -> None:
        change(harbor / EXCHANGE, FEES, later("name: later}", "name: later, tier_by: contracts}"))
        write(harbor, table(more="until: 2026-06-30"))
        assert told(harbor) == []

        write(harbor, table(more="until: 2026-07-01"))
        assert told(harbor) == [("LQ223", "unit")]

    def test_rules_that_only_a_sheet_picks_read_it(self, harbor: Path) -> None:
        own = later("name: later}", "name: later, tier_by: contracts}")
        change(
            harbor / EXCHANGE,
            FEES,
            own.replace("    from: 2026-07-01", "    only_by_name: true\n    from: 2026-07-01"),
        )
        write(harbor, table(more="until: 2026-06-30"))
        assert told(harbor) == [("LQ223", "unit")]

        write(harbor, table(more="rules: standard"))
        assert told(harbor) == []


class TestForms:
    """A table has rows, or steps, or a slope, or a continuous rate."""

    @pytest.fixture(autouse=True)
    def whole(self, harbor: Path) -> None:
        """Let the rates be for the whole position, as those by formula are."""
        new = "inclusive: true\n      tier_applies: whole"
        change(harbor / EXCHANGE, "inclusive: true", new)

    @pytest.mark.parametrize(
        "form",
        [
            f"steps: {{{STEPS}}}",
            f"steps: {{{STEPS}, levels: 5}}",
            f"steps: {{{STEPS}, levels: 199}}",
            "steps: {limit: 1, step: 1, mmr: 0.01, imr: 0.01, mmr_step: 0, imr_step: 0, levels: 3}",
            "steps: {limit: 1, step: 1, mmr: 0, imr: 1, mmr_step: 0, imr_step: 0.1}",
            f"slope: {{{SLOPE}}}",
            "slope: {mmr_base: 0.01, slope: 0}",
            f"continuous: {{{CONTINUOUS}}}",
            "continuous: {m: 300, mmr_limit: 0.3, mmr_lev_constant: 125}",
            f"{ROWS}, open_interest: {{lower_cap: 0, upper_cap: 1}}",
            f"{ROWS}, open_interest: {{lower_cap: 5, upper_cap: 0}}",
            f"steps: {{{STEPS}}}, open_interest: {{lower_cap: 1, upper_cap: 2}}",
        ],
    )
    def test_each_is_right(self, harbor: Path, form: str) -> None:
        write(harbor, table(form))

        assert told(harbor) == []

    @pytest.mark.parametrize("form", ["note: nothing", "tiers: []"])
    def test_none_is_told(self, harbor: Path, form: str) -> None:
        write(harbor, table(form))

        assert told(harbor) == [("LQ211", "history[0].tiers")]

    @pytest.mark.parametrize(
        ("form", "second"),
        [
            (f"{ROWS}, slope: {{{SLOPE}}}", "slope"),
            (f"steps: {{{STEPS}}}, continuous: {{{CONTINUOUS}}}", "continuous"),
            (f"{ROWS}, steps: {{{STEPS}}}", "steps"),
        ],
    )
    def test_two_are_told(self, harbor: Path, form: str, second: str) -> None:
        write(harbor, table(form))

        assert told(harbor) == [("LQ211", f"history[0].{second}")]

    @pytest.mark.parametrize(
        ("old", "new", "code", "key"),
        [
            ("limit: 200", "limit: 0", "LQ211", ".limit"),
            ("step: 150", "step: -1", "LQ211", ".step"),
            (" mmr: 0.005", " mmr: 0.5%", "LQ202", ".mmr"),
            (" mmr: 0.005", " mmr: 1", "LQ213", ".mmr"),
            (" mmr: 0.005", " mmr: -0.005", "LQ213", ".mmr"),
            (" imr: 0.01", " imr: 0", "LQ213", ".imr"),
            (" imr: 0.01", " imr: 2", "LQ213", ".imr"),
            (" imr: 0.01", " imr: 0.004", "LQ216", ".mmr"),
            ("imr_step: 0.005", "imr_step: 0.004", "LQ216", ".mmr_step"),
            ("imr_step: 0.005", "imr_step: -0.005", "LQ212", ".imr_step"),
            ("mmr_step: 0.005", "mmr_step: -0.005", "LQ212", ".mmr_step"),
            ("imr_step: 0.005", "imr_step: 0.005, levels: 0", "LQ211", ".levels"),
            ("imr_step: 0.005", "imr_step: 0.005, levels: 200", "LQ211", ".levels"),
            ("imr_step: 0.005", "imr_step: 0.005, levels: 1.5", "LQ202", ".levels"),
            ("mmr_step: 0.005, imr_step: 0.005", "mmr_step: 0, imr_step: 0", "LQ211", ""),
            ("mmr_step: 0.005, imr_step: 0.005", "mmr_step: 0, imr_step: 1e-40", "LQ211", ""),
            ("mmr_step: 0.005, imr_step: 0.005", "mmr_step: 0, imr_step: 0.00098", "LQ211", ""),
        ],
    )
    def test_steps(self, harbor: Path, old: str, new: str, code: str, key: str) -> None:
        write(harbor, table(f"steps: {{{STEPS.replace(old, new)}}}"))

        assert told(harbor) == [(code, f"history[0].steps{key}")]

    def test_the_rows_are_counted_as_they_are_made(self, harbor: Path) -> None:
        rates = "mmr: 0.1, imr: 0.1, mmr_step: 0.1, imr_step: 0.1"  # 10 rows would reach 1
        for levels, faults in ((9, []), (10, ["LQ211"])):
            write(harbor, table(f"steps: {{limit: 1, step: 1, {rates}, levels: {levels}}}"))

            assert [code for code, _ in told(harbor)] == faults

    @pytest.mark.parametrize(
        ("old", "new", "code", "key"),
        [
            ("mmr_base: 0.01, ", "", "LQ211", ""),
            (", slope: 0.00005", "", "LQ211", ""),
            ("mmr_base: 0.01", "mmr_base: 1", "LQ213", ".mmr_base"),
            ("imr_base: 0.02", "imr_base: 1.02", "LQ213", ".imr_base"),
            ("imr_base: 0.02", "imr_base: 0.009", "LQ216", ".mmr_base"),
            ("slope: 0.00005", "slope: -0.00005", "LQ213", ".slope"),
        ],
    )
    def test_slope(self, harbor: Path, old: str, new: str, code: str, key: str) -> None:
        write(harbor, table(f"slope: {{{SLOPE.replace(old, new)}}}"))

        assert told(harbor) == [(code, f"history[0].slope{key}")]

    @pytest.mark.parametrize(
        ("old", "new", "code", "key"),
        [
            ("m: 300, ", "", "LQ211", ""),
            ("mmr_limit: 0.3, ", "", "LQ211", ""),
            (", mmr_lev_constant: 125", "", "LQ211", ""),
            (" m: 300", " m: 0", "LQ213", ".m"),
            ("k: 490", "k: -1", "LQ213", ".k"),
            ("mmr_limit: 0.3", "mmr_limit: 30", "LQ213", ".mmr_limit"),
            ("mmr_limit: 0.3", "mmr_limit: 1", "LQ213", ".mmr_limit"),
            ("f: 1.3", "f: 0.9", "LQ216", ".f"),
        ],
    )
    def test_continuous(self, harbor: Path, old: str, new: str, code: str, key: str) -> None:
        write(harbor, table(f"continuous: {{{CONTINUOUS.replace(old, new)}}}"))

        assert told(harbor) == [(code, f"history[0].continuous{key}")]

    @pytest.mark.parametrize(
        ("rule", "code", "key"),
        [
            ("{upper_cap: 2}", "LQ211", ""),
            ("{lower_cap: 2}", "LQ211", ""),
            ("{lower_cap: 2, upper_cap: 2}", "LQ213", ".upper_cap"),
            ("{lower_cap: 2, upper_cap: 1}", "LQ213", ".upper_cap"),
            ("{lower_cap: -1, upper_cap: 1}", "LQ213", ".lower_cap"),
        ],
    )
    def test_open_interest(self, harbor: Path, rule: str, code: str, key: str) -> None:
        write(harbor, table(f"{ROWS}, open_interest: {rule}"))

        assert told(harbor) == [(code, f"history[0].open_interest{key}")]

    def test_open_interest_raises_no_formula(self, harbor: Path) -> None:
        rule = "open_interest: {lower_cap: 1, upper_cap: 2}"
        write(harbor, table(f"slope: {{{SLOPE}}}, {rule}"))

        assert told(harbor) == [("LQ211", "history[0].open_interest")]

    @pytest.mark.parametrize(
        ("form", "faults"),
        [
            (f"slope: {{{SLOPE}}}", [("LQ229", "history[0].slope")]),
            (f"continuous: {{{CONTINUOUS}}}", [("LQ229", "history[0].continuous")]),
            (f"steps: {{{STEPS}}}", []),
        ],
    )
    def test_a_formula_is_for_the_whole_position(
        self, harbor: Path, form: str, faults: list[tuple[str, str]]
    ) -> None:
        change(harbor / EXCHANGE, "tier_applies: whole", "tier_applies: marginal")
        write(harbor, table(form))

        assert told(harbor) == faults

    def test_a_formula_has_no_unit(self, harbor: Path) -> None:
        change(harbor / EXCHANGE, "inclusive: true", "inclusive: true\n      tier_by: contracts")
        write(harbor, table(f"slope: {{{SLOPE}}}"))
        assert told(harbor) == []

        write(harbor, table(f"steps: {{{STEPS}}}"))
        assert told(harbor) == [("LQ223", "unit")]


class TestDeductions:
    """Rows may leave the deduction to be counted."""

    ROW = "deduction: 300, imr"

    def test_a_missing_one_is_the_one_that_leaves_no_jump(self, harbor: Path) -> None:
        change(harbor / TIERS, self.ROW, "imr")
        assert told(harbor) == []

        change(harbor / TIERS, "deduction: 5300", "deduction: 5301")
        assert told(harbor) == [("LQ214", "history[1].tiers[2].deduction")]

    def test_rules_for_the_whole_position_pass_them_over(self, harbor: Path) -> None:
        change(harbor / EXCHANGE, FEES, later("name: later}", "name: later, tier_applies: whole}"))

        assert told(harbor) == []  # the newer table serves both

    def test_by_contracts_they_count_contracts(self, harbor: Path) -> None:
        change(harbor / EXCHANGE, "inclusive: true", "inclusive: true\n      tier_by: contracts")
        change(harbor / TIERS, "history:", "unit: contracts\nhistory:")
        assert told(harbor) == []

        change(harbor / TIERS, self.ROW, "deduction: 301, imr")
        assert told(harbor) == [("LQ214", "history[1].tiers[1].deduction")]

    @pytest.mark.parametrize(
        ("contract", "floor", "codes"),
        [
            ("contract_size: 0.1", "1000.01", []),
            ("contract_size: 0.1", "1000.001", ["LQ204"]),
            ("contract_size: 0.1\nsize_unit: contracts", "1000.001", []),
        ],
    )
    def test_rows_by_contracts_lie_one_lot_of_contracts_apart(
        self, harbor: Path, contract: str, floor: str, codes: list[str]
    ) -> None:
        change(harbor / EXCHANGE, "inclusive: true", "inclusive: true\n      tier_by: contracts")
        change(harbor / CONTRACT, "contract_size: 1", contract)
        rows = f"{{floor: 0, cap: 1000, mmr: 0.01}}, {{floor: {floor}, cap: null, mmr: 0.02}}"
        write(harbor, table(f"tiers: [{rows}]"))
        change(harbor / TIERS, "history:", "unit: contracts\nhistory:")

        assert [code for code, _ in told(harbor)] == codes


def test_maintenance_may_equal_the_initial_rate(harbor: Path) -> None:
    write(
        harbor, table("tiers: [{floor: 0, cap: null, mmr: 0.005, imr: 0.005, max_leverage: 200}]")
    )

    assert told(harbor) == []
