"""exchanges/README.md is true: its files make an exchange, its tables name every choice."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest

import liqcalc
from liqcalc.engine import vocabulary
from liqcalc.engine.numbers import Rounding
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.check import check_catalog, check_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTIONS: dict[str, tuple[Any, ...]] = {
    "The rule set": (vocabulary.Rules,),
    "isolated, cross": (vocabulary.ModeRules,),
    "orders": (vocabulary.Orders,),
    "multi_asset": (vocabulary.MultiAsset,),
    "profit": (vocabulary.ProfitWeights,),
    "slope, continuous, open_interest": (
        vocabulary.Slope,
        vocabulary.Continuous,
        vocabulary.OpenInterest,
    ),
    "money": (vocabulary.MoneySteps,),
    "amounts, account": (vocabulary.Amounts,),
    "funding": (vocabulary.Funding,),
    "partial_close": (vocabulary.PartialClose,),
    "liquidators": (vocabulary.Liquidators,),
    "Roundings": (Rounding,),
}
SOURCES = Path(liqcalc.__file__).parent
EXCHANGES = Path(__file__).resolve().parents[2] / "exchanges"


class TestTheInventedExchange:
    """A newcomer who follows the README gets a price."""

    def test_the_readme_holds_all_its_files(self, documented: dict[str, str]) -> None:
        assert sorted(documented) == [
            "binance/sources.yaml",
            "binance/tiers/BTCUSDT.yaml",
            "harbor/cases/linear.yaml",
            "harbor/contracts/BTCUSDT.yaml",
            "harbor/exchange.yaml",
            "harbor/sources.yaml",
            "harbor/tiers/BTCUSDT.yaml",
        ]

    def test_check_finds_nothing_wrong(self, my_exchanges: Path) -> None:
        checked = check_catalog([my_exchanges])

        assert checked.faults == []
        assert (checked.files, checked.exchanges) == (7, 2)

    def test_its_price_is_the_one_worked_by_hand(self, my_exchanges: Path) -> None:
        answer = liqcalc.price(
            "harbor", "BTCUSDT", "long", 2, entry_price=50000, leverage=10, exchanges=[my_exchanges]
        )

        # 10000 + 2*(p - 50000) = 2*p*0.0045; up to the tick
        assert answer.liquidation_price == Decimal("45203.5")
        assert answer.provenance.rule_set == "standard"
        assert answer.provenance.evidence == "documented"

    @pytest.mark.parametrize(
        ("day", "mmr"), [("2026-05-31", "0.01"), ("2026-06-01", "0.004"), ("2026-12-01", "0.004")]
    )
    def test_the_day_picks_the_table(self, my_exchanges: Path, day: str, mmr: str) -> None:
        answer = liqcalc.price(
            "harbor",
            "BTCUSDT",
            "short",
            5,
            entry_price=54000,
            leverage=10,
            as_of=day,
            exchanges=[my_exchanges],
        )

        assert answer.mmr == Decimal(mmr)  # 270000 lies in another tier of the older table

    def test_the_readme_says_the_prices_that_are_tested(self, readme: str) -> None:
        assert "The price is 45203.5, by hand" in readme
        assert "liquidated at 57606.06060606" in readme


LEFT_OUT = """sources: [margin-help]
    summary: "left out in the README"
    evidence:
      - {product: PRODUCT, mode: isolated, evidence: assumed, note: "left out"}
      - {product: PRODUCT, mode: cross, evidence: assumed, note: "left out"}"""


class TestTheFragments:
    """What the README shows of further keys is right where it belongs."""

    def block(self, readme: str, key: str) -> str:
        found = re.search(rf"^```yaml\n({key}:\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        assert found is not None
        return found.group(1)

    def test_rule_sets_by_product(self, readme: str, harbor: Path) -> None:
        fragment = self.block(readme, "rules")
        for product in ("linear", "inverse"):
            fragment = fragment.replace("# ...", LEFT_OUT.replace("PRODUCT", product), 1)
        path = harbor / "exchange.yaml"
        text = path.read_text(encoding="utf-8").replace("[linear]", "[linear, inverse]", 1)
        head, rest = text.split("rules:\n", 1)
        path.write_text(head + fragment + rest[rest.index("\nfees:") :], encoding="utf-8")
        (harbor / "cases" / "linear.yaml").unlink()

        assert check_folder(harbor) == []
        linear, inverse = Catalog([harbor.parent]).exchange("harbor").meta.rules
        assert (linear.choices.inclusive, inverse.choices.inclusive) == (False, False)

    def test_tables_in_other_forms(self, readme: str, harbor: Path) -> None:
        tables = self.block(readme, "history").replace("api-2026-10", "api-2026-05")
        path = harbor / "tiers" / "BTCUSDT.yaml"
        path.write_text(f"symbol: BTCUSDT\n{tables}", encoding="utf-8")
        rules = harbor / "exchange.yaml"
        text = rules.read_text(encoding="utf-8")
        whole = text.replace("inclusive: true", "inclusive: true\n      tier_applies: whole")
        rules.write_text(whole, encoding="utf-8")

        assert check_folder(harbor) == []


class TestOverridingOneSymbol:
    """A folder of the user's own replaces single files of a known exchange."""

    def price(self, **given: Any) -> Decimal | None:
        return liqcalc.price(
            "binance", "BTCUSDT", "long", 1, entry_price=60000, leverage=20, **given
        ).liquidation_price

    def test_its_tiers_decide(self, my_exchanges: Path) -> None:
        # 3000 - 30 + p - 60000 = 0.01*p, against 0.004*p of the built-in table
        assert self.price(exchanges=[my_exchanges]) == Decimal("57606.06060606")
        assert self.price() == Decimal("57259.03614458")

    def test_the_environment_does_the_same(
        self, my_exchanges: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LIQCALC_EXCHANGES", str(my_exchanges))

        assert self.price() == Decimal("57606.06060606")

    def test_check_holds_it_against_the_exchange_that_it_overrides(
        self, my_exchanges: Path
    ) -> None:
        path = my_exchanges / "binance" / "tiers" / "BTCUSDT.yaml"
        path.write_text(path.read_text().replace("my-brackets", "faq-fees"))
        assert check_folder(my_exchanges / "binance") == []  # a source that came with liqcalc

        path.write_text(path.read_text().replace("faq-fees", "nobody"))
        assert [f.code for f in check_folder(my_exchanges / "binance")] == ["LQ207"]

    def test_a_symbol_without_a_contract_anywhere_is_told(self, my_exchanges: Path) -> None:
        path = my_exchanges / "binance" / "tiers" / "BTCUSDT.yaml"
        text = path.read_text().replace("BTCUSDT", "NOSUCH")
        path.rename(path.with_name("NOSUCH.yaml")).write_text(text)

        assert [f.code for f in check_folder(my_exchanges / "binance")] == ["LQ217"]


def rows(readme: str, heading: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield (choice, values, page) of each choice in a table; the page is a path or nothing."""
    section = readme.split(f"\n### {heading}\n", 1)[1].split("\n##", 1)[0]
    for line in section.splitlines():
        if not line.startswith("| `"):
            continue
        choices, values, page = (cell.strip() for cell in line.strip("|").split("|"))
        path = re.fullmatch(r"\[\w+\]\((.+)\)|", page)
        assert path is not None, line
        for choice in re.findall(r"`(\w+)`", choices):
            yield choice, re.findall(r"`(\w+)`", values), path[1] or ""


def values_of(kind: Any) -> set[str]:
    """Return the words that a field of type `kind` takes."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {str(word) for word in kind}
    if kind is bool:
        return {"true", "false"}
    return {
        word
        for arg in get_args(kind)
        for word in ({arg} if isinstance(arg, str) else values_of(arg))
    }


@pytest.mark.parametrize("heading", SECTIONS)
class TestTheVocabulary:
    """The tables of the README name what there is, and claim nothing else."""

    def test_every_choice_is_in_its_table(self, readme: str, heading: str) -> None:
        named = [choice for choice, _, _ in rows(readme, heading)]

        assert sorted(named) == sorted(name for cls in SECTIONS[heading] for name in cls._fields)

    def test_every_value_is_in_its_table_the_default_first(self, readme: str, heading: str) -> None:
        kinds = dict(item for cls in SECTIONS[heading] for item in get_type_hints(cls).items())
        defaults = dict(item for cls in SECTIONS[heading] for item in cls._field_defaults.items())
        for choice, values, _ in rows(readme, heading):
            default = defaults.get(choice)
            assert set(values) == values_of(kinds[choice]), choice
            if values and default not in (None, ()):
                assert values[0] == str(default).lower(), choice

    def test_every_choice_leads_to_its_page(self, readme: str, heading: str) -> None:
        for choice, _, path in rows(readme, heading):
            if choice not in {"name", "isolated", "cross"}:
                page = EXCHANGES / path
                table = re.findall(r"^\| (`[^|]+)", page.read_text(), re.MULTILINE)
                assert choice == page.stem or any(f"`{choice}`" in cell for cell in table)


class TestTheCodes:
    """Each code that check can say is explained in the README, and no other."""

    def test_they_are_the_same(self, readme: str) -> None:
        files = [SOURCES / "rules" / "check.py", SOURCES / "rules" / "cases.py"]
        files += (SOURCES / "rules" / "checks").glob("*.py")
        said = {code for path in files for code in re.findall(r"LQ[25]\d\d", path.read_text())}
        table = readme.split("## What `liqcalc check` says", 1)[1]

        assert said == set(re.findall(r"LQ[25]\d\d", table))
