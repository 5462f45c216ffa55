"""How a position stands, in columns side by side: now, and after a change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.engine.solve import Status
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from liqcalc.answers.standing import Standing

_TICK = Decimal("1e-6")
_WORDS = {
    Status.LIQUIDATABLE_AT_PRICE: "",
    Status.CANNOT_BE_LIQUIDATED: "safe",
    Status.ALREADY_LIQUIDATABLE: "liquidatable",
    Status.INDETERMINATE: "not known",
    None: "closed",
}


class Units(NamedTuple):
    """What the numbers count."""

    quote: str
    settle: str
    size: str
    isolated: bool


def table(columns: Sequence[tuple[str, Standing]], units: Units) -> Table:
    """Return the figures, a column for each standing."""
    header = ("", *(name for name, _ in columns), "")
    shown = screen.columns("left", *["right"] * len(columns), "left", header=header)
    standings = [standing for _, standing in columns]
    for name, cells, unit in _rows(standings, units):
        if any(cells):
            shown.add_row(name, *cells, screen.dim(unit))
    return shown


def _rows(standings: Sequence[Standing], units: Units) -> list[tuple[str, list[str | Text], str]]:
    def money(name: str) -> list[str | Text]:
        return [_money(getattr(s, name)) for s in standings]

    apart = any(_differs(s) for s in standings)
    return [
        ("liquidation price", [_price(s) for s in standings], units.quote),
        ("  condition holds at", [_end(s) if apart else "" for s in standings], units.quote),
        ("distance from mark", [_rate(s.distance_rate) for s in standings], ""),
        ("side", _changing([s.side for s in standings]), ""),
        ("quantity", [words.number(s.qty) for s in standings], units.size),
        ("entry price", [_money(s.entry_price) if s.qty else "" for s in standings], units.quote),
        ("margin" if units.isolated else "wallet", money("cash"), units.settle),
        ("backing with profit", money("equity"), units.settle),
        ("notional", money("notional"), units.settle),
        ("initial margin", money("initial_margin"), units.settle),
        ("maintenance margin", money("maintenance_margin"), units.settle),
        ("margin ratio", [_rate(s.margin_ratio) for s in standings], ""),
        ("leverage setting", [_times(s.leverage) for s in standings], ""),
        ("effective leverage", [_times(s.effective_leverage) for s in standings], ""),
    ]


def _changing(cells: list[str]) -> list[str | Text]:
    return [*cells] if len(set(cells)) > 1 else [""] * len(cells)


def _price(standing: Standing) -> Text:
    text = _WORDS[standing.status]
    if standing.liquidation_price is not None and standing.status in {
        Status.LIQUIDATABLE_AT_PRICE,
        Status.ALREADY_LIQUIDATABLE,
    }:
        text = words.number(standing.liquidation_price)
    bad = standing.status is Status.ALREADY_LIQUIDATABLE
    return Text(text or words.NONE, "bold red" if bad else "bold")


def _end(standing: Standing) -> str:
    return "" if standing.trigger_price is None else words.short(standing.trigger_price)


def _differs(standing: Standing) -> bool:
    """Return True if the printed price is another than where the condition holds."""
    printed, end = standing.liquidation_price, standing.trigger_price
    return printed is not None and end is not None and abs(printed - end) > end * _TICK


def _money(value: Decimal | None) -> str:
    return "" if value is None else words.short(value)


def _rate(value: Decimal | None) -> str:
    return "" if value is None else words.rate(value)


def _times(value: Decimal | None) -> str:
    if value is None:
        return ""
    return f"{words.short(value.quantize(Decimal('0.01')))}x"
