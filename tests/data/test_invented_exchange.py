"""exchanges/README.md is true: its files make an exchange, its tables name every choice."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import liqcalc
from liqcalc.engine import vocabulary
from liqcalc.engine.numbers import Rounding
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.check import check_catalog, check_folder

SECTIONS: dict[str, Any] = {
    "The rule set": vocabulary.Rules,
    "isolated, cross": vocabulary.ModeRules,
    "orders": vocabulary.Orders,
    "multi_asset": vocabulary.MultiAsset,
    "amounts, account": vocabulary.Amounts,
    "funding": vocabulary.Funding,
    "Roundings": Rounding,
}
SOURCES = Path(liqcalc.__file__).parent


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


def rows(readme: str, heading: str) -> list[tuple[list[str], list[str], list[str]]]:
    """Return (choices, values, exchanges) of a table; an empty choice repeats the one above."""
    section = readme.split(f"\n### {heading}\n", 1)[1].split("\n##", 1)[0]
    found, last = [], [""]
    for line in section.splitlines():
        if not line.startswith("| ") or line.startswith("| choice"):
            continue
        choice, value, _, users = (cell.strip() for cell in line.strip("|").split("|"))
        last = re.findall(r"`(\w+)`", choice) or last
        found.append((last, re.findall(r"`(\w+)`", value), re.findall(r"\w+", users)))
    return found


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
        named = {choice for choices, _, _ in rows(readme, heading) for choice in choices}

        assert named == set(SECTIONS[heading]._fields)

    def test_every_value_is_in_its_table(self, readme: str, heading: str) -> None:
        cls = SECTIONS[heading]
        wanted = {word for kind in get_type_hints(cls).values() for word in values_of(kind)}
        named = {value for _, values, _ in rows(readme, heading) for value in values}

        assert named == wanted

    def test_every_exchange_named_picked_the_value(self, readme: str, heading: str) -> None:
        catalog = Catalog()
        for choices, values, users in rows(readme, heading):
            for exchange in users:
                picked = [
                    value
                    for entry in catalog.exchange(exchange).meta.rules
                    for part in parts(entry.choices, SECTIONS[heading])
                    for choice in choices
                    for value in spelled(part, choice)
                ]
                assert picked, (choices, exchange)
                assert not values or values[0] in picked, (choices, values, exchange)


def parts(value: Any, cls: type) -> list[Any]:
    """Return every `cls` inside `value`, itself included."""
    found = [value] if isinstance(value, cls) else []
    inside: Any = value if isinstance(value, tuple) else ()
    if isinstance(value, dict):
        inside = value.values()
    return found + [part for item in inside for part in parts(item, cls)]


def spelled(part: Any, choice: str) -> list[str]:
    """Return what a choice is set to, in the words of YAML; nothing if it has no value."""
    value = getattr(part, choice)
    if value is None or value in ((), {}):
        return []
    items = value if isinstance(value, tuple) and not hasattr(value, "_fields") else (value,)
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]


class TestTheCodes:
    """Each code that check can say is explained in the README, and no other."""

    def test_they_are_the_same(self, readme: str) -> None:
        files = [SOURCES / "rules" / "check.py", SOURCES / "rules" / "cases.py"]
        files += (SOURCES / "rules" / "checks").glob("*.py")
        said = {code for path in files for code in re.findall(r"LQ[25]\d\d", path.read_text())}
        table = readme.split("## What `liqcalc check` says", 1)[1]

        assert said == set(re.findall(r"LQ[25]\d\d", table))
