"""How a position stands, in columns side by side: now, and after a change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.engine.solve import Status
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.table import Table

    from liqcalc.answers.change.standing import Standing
    from liqcalc.render.screen import Cell

_TICK = Decimal("1e-6")
_WORDS = {
    Status.LIQUIDATABLE_AT_PRICE: "",
    Status.CANNOT_BE_LIQUIDATED: "safe",
    Status.ALREADY_LIQUIDATABLE: "",
    Status.INDETERMINATE: "not known",
    None: "closed",
}


class Units(NamedTuple):
    """What the numbers count."""

    quote: str
    settle: str
    size: str
    isolated: bool


class _Row(NamedTuple):
    """One figure of every standing."""

    name: str
    cells: list[Cell]
    unit: str = ""
    field: str = ""


def table(
    columns: Sequence[tuple[str, Standing]],
    units: Units,
    difference: Mapping[str, Decimal] | None = None,
) -> Table:
    """Return the figures, a column for each standing, and one for the difference if given."""
    names = [name for name, _ in columns]
    if difference is not None:
        names.append("difference")
    shown = screen.columns("left", *["right"] * len(names), "left", header=("", *names, ""))
    for row in _rows([standing for _, standing in columns], units):
        if not any(row.cells):
            continue
        cells = row.cells
        if difference is not None:
            cells = [*cells, _change(row.field, difference.get(row.field))]
        shown.add_row(row.name, *cells, screen.dim(row.unit))
    return shown


def _rows(standings: Sequence[Standing], units: Units) -> list[_Row]:
    def of(
        name: str, field: str, unit: str = "", show: Callable[[Decimal | None], str] | None = None
    ) -> _Row:
        show = show or _money
        return _Row(name, [show(getattr(s, field)) for s in standings], unit, field)

    quote, settle, size, isolated = units
    ends: list[Cell] = ["" for _ in standings]
    if any(_differs(s) for s in standings):
        ends = [_money(s.trigger_price) for s in standings]
    entries: list[Cell] = [_money(s.entry_price) if s.qty else "" for s in standings]
    return [
        _Row("liquidation price", [_price(s) for s in standings], quote, "liquidation_price"),
        _Row("  condition holds at", ends, quote, "trigger_price"),
        of("distance from mark", "distance_rate", show=_rate),
        _Row("side", _changing([s.side for s in standings])),
        of("quantity", "qty", size),
        _Row("entry price", entries, quote, "entry_price"),
        of("margin" if isolated else "wallet", "cash", settle),
        of("backing with profit", "equity", standings[0].currency),
        of("notional", "notional", settle),
        of("initial margin", "initial_margin", settle),
        of("maintenance margin", "maintenance_margin", settle),
        of("margin ratio", "margin_ratio", show=_rate),
        of("leverage setting", "leverage", show=_times),
        of("effective leverage", "effective_leverage", show=_times),
    ]


_RATES = {"distance_rate", "margin_ratio"}
_TIMES = {"leverage", "effective_leverage"}


def _change(field: str, value: Decimal | None) -> str:
    """Return a difference with its sign; nothing where there is none."""
    if not value:
        return ""
    if field in _RATES:
        return words.signed(value)
    text = _times(value) if field in _TIMES else words.short(value)
    return text if value < 0 else f"+{text}"


def _changing(cells: list[str]) -> list[Cell]:
    return [*cells] if len(set(cells)) > 1 else [""] * len(cells)


def _price(standing: Standing) -> Text:
    text = _WORDS[standing.status]
    if standing.liquidation_price is not None and standing.status in {
        Status.LIQUIDATABLE_AT_PRICE,
        Status.ALREADY_LIQUIDATABLE,
    }:
        text = words.number(standing.liquidation_price)
    if standing.status is Status.ALREADY_LIQUIDATABLE:
        text += " passed"
    bad = standing.status is Status.ALREADY_LIQUIDATABLE
    return Text(text or words.NONE, "bold red" if bad else "bold")


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
