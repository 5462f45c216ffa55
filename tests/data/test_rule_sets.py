"""`liqcalc check` on rule sets: what they inherit, for what they are, what they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liqcalc.errors import InputError
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.check import check_folder

from .slips import (
    CONTRACT,
    DISPLAY,
    EDGE,
    EVIDENCE,
    EXCHANGE,
    FEES,
    LATER,
    LINEAR,
    QUESTION,
    change,
    later,
    line_of,
)

if TYPE_CHECKING:
    from pathlib import Path

INVERSE = "product: inverse\nbase: BTC\nquote: USD\nsettle: BTC"


def told(folder: Path) -> list[tuple[str, int]]:
    """Return (code, line) of every fault in exchange.yaml."""
    faults = check_folder(folder)
    return [(fault.code, int(fault.where.rpartition(":")[2])) for fault in faults]


def line(folder: Path, text: str) -> int:
    return line_of(folder / EXCHANGE, text)


@pytest.fixture
def two(harbor: Path) -> Path:
    """Return an exchange whose second rule set takes over the choices of the first."""
    change(harbor / EXCHANGE, FEES, later())
    assert check_folder(harbor) == []
    return harbor


class TestLike:
    """A rule set is like one above, but for what it says itself."""

    def test_what_it_says_is_checked(self, two: Path) -> None:
        own = "name: later, isolated: {liquidation_price: {digits: 31}}}"
        change(two / EXCHANGE, "name: later}", own)

        assert told(two) == [("LQ224", line(two, own))]

    def test_what_it_inherits_is_told_at_the_rule_set(self, two: Path) -> None:
        change(
            two / EXCHANGE,
            "        default: {to: decimals, digits: 4",
            "        default: {to: decimals, digits: 31",
        )

        faults = check_folder(two)

        assert [fault.code for fault in faults] == ["LQ224", "LQ224"]
        assert [fault.message.split(" ")[0] for fault in faults] == [
            "rules[0].choices.amounts.default.digits",
            "rules[1].choices.amounts.default.digits",
        ]
        assert faults[1].where.endswith(f":{line(two, '    choices: {like: standard')}")

    def test_a_name_that_it_does_not_say_is_the_inherited_one(self, two: Path) -> None:
        change(two / EXCHANGE, "{like: standard, name: later}", "{like: standard}")

        assert told(two) == [("LQ220", line(two, "{like: standard}"))]

    def test_a_list_for_a_name_is_told(self, two: Path) -> None:
        change(two / EXCHANGE, "like: standard,", "like: [standard],")

        assert told(two) == [("LQ227", line(two, "like: [standard]"))]

    def test_what_is_like_a_stray_one_is_not_told_besides(self, two: Path) -> None:
        last = LATER.replace("later", "last").replace("standard", "later").replace("07-01", "08-01")
        change(two / EXCHANGE, "like: standard", "like: nobody")
        change(two / EXCHANGE, FEES, last + FEES)

        assert told(two) == [("LQ227", line(two, "like: nobody"))]

    def test_other_faults_of_the_file_are_told_with_it(self, two: Path) -> None:
        change(two / EXCHANGE, "like: standard", "like: nobody")
        change(two / EXCHANGE, '    summary: "as before"\n', "    summery: x\n")

        codes = [code for code, _ in told(two)]

        assert codes == ["LQ227", "LQ202", "LQ202"]  # summary is missing, summery not known

    def test_rules_that_are_no_list_are_told(self, harbor: Path) -> None:
        (harbor / EXCHANGE).write_text("rules: {standard: 1}\n", encoding="utf-8")

        assert {fault.code for fault in check_folder(harbor)} == {"LQ202"}


@pytest.fixture
def by_product(two: Path) -> Path:
    """Return an exchange with a rule set for linear and one for inverse contracts."""
    path = two / EXCHANGE
    text = path.read_text(encoding="utf-8").replace(
        "products: [linear]", "products: [linear, inverse]"
    )
    first, second = text.split("  - name: later\n")
    first = first.replace("    summary:", "    products: [linear]\n    summary:")
    second = "  - name: standard\n" + second.replace("name: later", "name: standard")
    second = second.replace("2026-07-01\n", "2026-05-01\n    products: [inverse]\n", 1)
    second = second.replace("product: linear, mode", "product: inverse, mode")
    path.write_text(first + second, encoding="utf-8")
    assert check_folder(two) == []
    return two


class TestProducts:
    """A rule set may be for some products only; then only these need evidence."""

    def test_one_that_is_not_declared(self, by_product: Path) -> None:
        change(by_product / EXCHANGE, "    products: [linear]", "    products: [linear, quanto]")

        assert told(by_product) == [("LQ218", line(by_product, "    products: [linear, quanto]"))]

    def test_evidence_for_another(self, by_product: Path) -> None:
        new = EVIDENCE.replace("linear", "inverse")
        change(by_product / EXCHANGE, EVIDENCE, new)

        assert sorted(told(by_product)) == [
            ("LQ221", line(by_product, new)),
            ("LQ222", line(by_product, "    evidence:\n      - {product: linear")),
        ]

    def test_one_that_no_rule_set_is_for(self, by_product: Path) -> None:
        change(by_product / EXCHANGE, "[linear, inverse]", "[linear, inverse, quanto]")

        assert told(by_product) == [("LQ222", line(by_product, "[linear, inverse, quanto]"))]

    def test_one_whose_rules_no_day_picks(self, by_product: Path) -> None:
        new = "    products: [inverse]\n    only_by_name: true"
        change(by_product / EXCHANGE, "    products: [inverse]", new)

        assert told(by_product) == [("LQ222", line(by_product, "products: [linear, inverse]"))]

    def test_two_of_one_name_and_day_for_one_product(self, by_product: Path) -> None:
        change(by_product / EXCHANGE, "    products: [inverse]\n", "")
        change(by_product / EXCHANGE, "    products: [linear]\n", "")

        assert (
            "LQ209",
            line(by_product, '    from: 2026-05-01\n    sources: [margin-help]\n    summary: "as'),
        ) in told(by_product)

    def test_two_names_that_begin_on_one_day(self, two: Path) -> None:
        change(two / EXCHANGE, "2026-07-01", "2026-05-01")
        assert [code for code, _ in told(two)] == ["LQ209"]

        change(two / EXCHANGE, '    summary: "as', '    only_by_name: true\n    summary: "as')
        assert check_folder(two) == []

    def test_the_tiers_count_what_the_rules_of_the_product_count(self, by_product: Path) -> None:
        change(by_product / EXCHANGE, "name: standard}", "name: standard, tier_by: contracts}")
        assert check_folder(by_product) == []  # the tiers are those of a linear contract

        change(by_product / CONTRACT, LINEAR, INVERSE)
        assert [fault.code for fault in check_folder(by_product)] == ["LQ223"]

    @pytest.mark.parametrize(
        ("product", "settle", "codes"),
        [
            ("inverse", "BTC", []),
            ("inverse", "USD", ["LQ230"]),
            ("quanto", "XBT", []),
            ("quanto", "BTC", ["LQ230"]),
            ("quanto", "USD", ["LQ230"]),
        ],
    )
    def test_each_pays_in_its_own_currency(
        self, by_product: Path, product: str, settle: str, codes: list[str]
    ) -> None:
        path = by_product / EXCHANGE
        path.write_text(path.read_text(encoding="utf-8").replace("inverse", product))
        pays = INVERSE.replace("inverse", product).replace("settle: BTC", f"settle: {settle}")
        change(by_product / CONTRACT, LINEAR, pays)

        assert [fault.code for fault in check_folder(by_product)] == codes


class TestOlderPositions:
    """Positions that were opened before may keep the rule set of their day."""

    def test_the_one_before(self, two: Path) -> None:
        change(
            two / EXCHANGE, '    summary: "as', '    older_positions: standard\n    summary: "as'
        )

        assert check_folder(two) == []

    def test_its_tables_are_read_by_both(self, two: Path) -> None:
        new = '    older_positions: standard\n    summary: "as'
        change(two / EXCHANGE, '    summary: "as', new)
        change(two / EXCHANGE, "name: later}", "name: later, tier_applies: whole}")
        table = "  - from: 2026-06-01"
        change(two / "tiers" / "BTCUSDT.yaml", table, table.replace("06", "08"))
        change(two / "tiers" / "BTCUSDT.yaml", "seen: 2026-07-15", "seen: 2026-08-15")

        assert check_folder(two) == []  # its deductions are for the older positions

    def test_a_product_that_had_no_such_rules(self, by_product: Path) -> None:
        more = LATER.replace(
            "    summary", "    products: [inverse]\n    older_positions: old\n    summary"
        )
        more = more.replace("product: linear", "product: inverse")
        change(by_product / EXCHANGE, FEES, more + FEES)
        first = "standard\n    from: 2026-05-01\n    sources: [margin-help]\n    products: [linear]"
        change(by_product / EXCHANGE, first, first.replace("standard", "old"))
        change(by_product / EXCHANGE, "      name: standard", "      name: old")
        change(by_product / EXCHANGE, "like: standard, name: standard", "like: old, name: standard")

        assert told(by_product) == [("LQ227", line(by_product, "    older_positions: old"))]


@pytest.fixture
def asking(two: Path) -> Path:
    """Return an exchange with an open question about a parameter."""
    change(two / EXCHANGE, "    choices: {like", QUESTION)
    change(two / EXCHANGE, DISPLAY, EDGE + "}\n" + DISPLAY)
    assert check_folder(two) == []
    return two


class TestOpenQuestions:
    """An open question names a parameter, and a value that it can have and has not."""

    @pytest.mark.parametrize(
        ("other", "says"), [("maybe", "which edge cannot be"), ("true", "changes nothing")]
    )
    def test_the_other_reading(self, asking: Path, other: str, says: str) -> None:
        change(asking / EXCHANGE, 'other: "false"', f'other: "{other}"')

        (fault,) = check_folder(asking)

        assert fault.code == "LQ228"
        assert says in fault.message

    def test_a_parameter_of_other_rules(self, asking: Path) -> None:
        change(asking / EXCHANGE, EDGE, EDGE + ", rule_sets: [standard]")

        assert told(asking) == [("LQ228", line(asking, "      - {parameter"))]

    def test_a_parameter_that_sets_nothing_is_told_once(self, asking: Path) -> None:
        change(asking / EXCHANGE, EDGE, EDGE.replace("edge_in_lower", "edge_in"))

        assert told(asking) == [("LQ219", line(asking, "  edge: {"))]

    @pytest.mark.parametrize("key", ["assumptions", "open_questions"])
    def test_a_mode_that_is_not_declared(self, asking: Path, key: str) -> None:
        path = asking / EXCHANGE
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(row for row in lines if "mode: cross, evidence" not in row)
        path.write_text(text.replace("[isolated, cross]", "[isolated]"), encoding="utf-8")
        assert check_folder(asking) == []

        if key == "assumptions":
            new = "    assumptions:\n      - {says: x, mode: cross}\n    open_questions:"
            change(path, "    open_questions:", new)
        else:
            change(path, 'says: "not known"', 'says: "not known", mode: cross')
        assert told(asking) == [("LQ218", line(asking, "mode: cross"))]


class TestValuesOfParameters:
    """What a sheet gives for a parameter is a value that the choice can have."""

    def test_a_direction(self) -> None:
        kucoin = Catalog().exchange("kucoin")
        entry = kucoin.rules_on(None)

        rules = kucoin.rules(entry, {"bankruptcy_price_rounding": "down"})
        assert rules.isolated.bankruptcy_price.toward == "down"

        with pytest.raises(InputError) as caught:
            kucoin.rules(entry, {"bankruptcy_price_rounding": "sideways"})
        assert caught.value.code == "LQ106"

    @pytest.mark.parametrize(
        ("given", "meant"), [("true", True), ("false", False), (False, False), ("no", None)]
    )
    def test_yes_or_no(self, asking: Path, given: object, meant: bool | None) -> None:  # noqa: FBT001
        harbor = Catalog([asking.parent]).exchange("harbor")
        entry = harbor.rules_on(None)

        if meant is None:
            with pytest.raises(InputError):
                harbor.rules(entry, {"edge": given})
        else:
            assert harbor.rules(entry, {"edge": given}).edge_in_lower is meant
