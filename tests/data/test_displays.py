"""`liqcalc check` on how an exchange shows health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liqcalc.rules.catalog import Catalog
from liqcalc.rules.check import check_catalog, check_folder
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "display: {ratio: margin ratio, meaning: requirement / equity}"
LEVEL = "{at: 0.8, says: watch, source: margin-help}"


def write(harbor: Path, display: str) -> None:
    path = harbor / "exchange.yaml"
    text = path.read_text(encoding="utf-8")
    assert GOOD in text
    path.write_text(text.replace(GOOD, display), encoding="utf-8")


def with_levels(*levels: str) -> str:
    return GOOD.replace("equity}", f"equity, warnings: [{', '.join(levels)}]}}")


def others(*rows: str) -> str:
    return f"{GOOD}\nother_displays: [{', '.join(rows)}]"


def test_levels_in_order_are_sound(harbor: Path) -> None:
    write(harbor, with_levels(LEVEL, LEVEL.replace("0.8", "0.95")))

    assert check_folder(harbor) == []


@pytest.mark.parametrize(
    ("display", "code", "says"),
    [
        (with_levels(LEVEL.replace("margin-help", "help")), "LQ207", "'help'"),
        (with_levels(LEVEL.replace("0.8", "1.2")), "LQ202", "not before liquidation"),
        (with_levels(LEVEL.replace("0.8", "0")), "LQ202", "not before liquidation"),
        (with_levels(LEVEL, LEVEL), "LQ202", "before the level above it"),
        (GOOD.replace("equity}", "equity, mode: cross}"), "LQ202", "not for some rules"),
        (others("{ratio: x, meaning: y}"), "LQ202", "never hold"),
        (others("{ratio: x, meaning: y, rules: [older]}"), "LQ227", "no rule set"),
        (GOOD.replace("equity}", "equity, direction: rising}"), "LQ202", "direction"),
    ],
)
def test_what_is_wrong_is_told(harbor: Path, display: str, code: str, says: str) -> None:
    write(harbor, display)

    [fault] = check_folder(harbor)

    assert fault.code == code
    assert says in fault.message


def test_a_mode_may_show_another_ratio(my_exchanges: Path, harbor: Path) -> None:
    write(harbor, others("{ratio: risk rate, meaning: y, mode: cross}"))

    meta = Catalog([my_exchanges]).exchange("harbor").meta

    assert meta.display_of("standard", MarginMode.CROSS).ratio == "risk rate"
    assert meta.display_of("standard", MarginMode.ISOLATED).ratio == "margin ratio"


def test_a_margin_call_price_is_also_a_level() -> None:
    """The choice of the rules and the level of the display are one fact, so they agree."""
    catalog = Catalog()
    for name in catalog.names():
        meta = catalog.exchange(name).meta
        for entry in meta.rules:
            factor = entry.choices.margin_call_factor
            levels = meta.display_of(entry.name, MarginMode.ISOLATED).warnings
            assert factor in {None, 1, *(level.at for level in levels)}


def test_the_built_in_displays_are_sound() -> None:
    faults = [fault for fault in check_catalog().faults if "display" in fault.message]

    assert faults == []
