"""A tier table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.tables import form, scope
from liqcalc.engine.numbers import plain
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.sizes import Held
    from liqcalc.answers.tiers import TiersAnswer
    from liqcalc.engine.vocabulary import OpenInterest
    from liqcalc.rules.symbol_files import TierTable

_MOST_ROWS = 25
_FORMULAS = {
    "slope": "a formula: rates grow with the size",
    "continuous": "a formula: rates grow with the size up to a limit",
}


def render(answer: TiersAnswer) -> str:
    """Return the table in force, the row that was asked for, and the other tables."""
    return screen.draw(_parts(answer))


def _parts(answer: TiersAnswer) -> Iterator[RenderableType]:
    yield screen.title(f"{answer.exchange} {answer.symbol}", f"sizes in {answer.unit}")
    yield ""
    if answer.formula is not None:
        yield from answer.formula.lines()
        yield ""
        if answer.held is None:
            yield screen.dim(f"rates at a size: {answer.formula.needs()}")
            yield ""
    else:
        yield from _rows(answer)
        yield ""
    if answer.held is not None:
        yield _held(answer, answer.held)
        yield ""
    yield _notes(answer)


def _rows(answer: TiersAnswer) -> Iterator[RenderableType]:
    """Return the rows, of a long table those around the one that holds the size."""
    header = ("", "tier", "from", "to", "mmr", "deduction", "imr", "leverage", "")
    justify = ("left", *["right"] * 7, "left")
    table = screen.columns(*justify, header=header)
    chosen = answer.held.tier if answer.held else None
    count = len(answer.rows)
    first = max(0, min((chosen or 1) - 1 - _MOST_ROWS // 2, count - _MOST_ROWS))
    last = min(first + _MOST_ROWS, count)
    for number, tier in enumerate(answer.rows[first:last], start=first + 1):
        cells = (
            ">" if number == chosen else "",
            str(number),
            plain(tier.floor),
            "no end" if tier.cap is None else plain(tier.cap),
            _rate(tier.mmr),
            plain(tier.deduction),
            _rate(tier.imr),
            "" if tier.max_leverage is None else plain(tier.max_leverage),
            tier.basis,
        )
        table.add_row(*cells, style="bold" if number == chosen else None)
    yield table
    others = [f"{first} before"] if first else []
    others += [f"{count - last} after"] if last < count else []
    if others:
        yield screen.dim(f"  and {' and '.join(others)} these rows; --json has all {count}")


def _rate(value: Decimal | None) -> str:
    return "" if value is None else f"{words.number(value.scaleb(2))}%"


def _held(answer: TiersAnswer, held: Held) -> Text:
    size = f"{plain(held.size)} {held.unit}"
    if held.tier is None and held.mmr is None:
        return Text(f"{size}: the tier is not known")
    parts = [f"tier {held.tier}"]
    if held.tier is None:
        parts = [f"maintenance rate {_rate(held.mmr)}"]
        if held.imr is not None:
            parts.append(f"initial rate {_rate(held.imr)}")
    if held.maintenance_margin is not None:
        unit = f" {answer.settle}" if answer.settle else ""
        parts.append(f"maintenance margin {words.number(held.maintenance_margin)}{unit}")
    if held.max_leverage is not None:
        by_rate = " by imr" if held.tier is None else ""
        parts.append(f"maximum leverage{by_rate} {plain(held.max_leverage)}")
    return Text.assemble((size, "bold"), f": {', '.join(parts)}")


def _notes(answer: TiersAnswer) -> Table:
    table = screen.columns("left", "left")
    for note in answer.warnings:
        table.add_row(Text("warning", "yellow"), f"{note.message} ({note.code})")
    used = answer.table
    if used.open_interest is not None:
        table.add_row("open interest", _open_interest(used.open_interest))
    table.add_row(screen.dim("table"), screen.dim(_dated(used)))
    if used.note:
        table.add_row(screen.dim("note"), screen.dim(used.note))
    source = answer.source
    text = ", ".join(filter(None, [source.id, source.title, source.date]))
    table.add_row(screen.dim("source"), screen.dim(text))
    if source.url:
        table.add_row("", screen.dim(source.url))
    for other in reversed(answer.history):
        if other.table is not used:
            shown = f": {other.options}" if other.options else ""
            text = f"{_dated(other.table)}, {other.table.source}{shown}"
            table.add_row(screen.dim("also known"), screen.dim(text))
    return table


def _open_interest(rule: OpenInterest) -> str:
    lower, upper = rule.lower_cap, rule.upper_cap
    if lower is None or not upper:
        return "the caps are 0: it does not raise the initial rate"
    span = f"{plain(lower)} to {plain(upper)} USD"
    return f"raises the initial rate from imr to 100% as it grows from {span}"


def _dated(table: TierTable) -> str:
    """Return what a table is for, since when, and how it gives its rates."""
    count = len(table.rows)
    rows = f"{count} row" if count == 1 else f"{count} rows"
    steps = f"{rows} in equal steps" if table.steps is not None else rows
    parts = [
        scope(table),
        f"since {table.from_}",
        f"until {table.until}" if table.until else "",
        f"last seen {table.seen}" if table.seen and table.seen != table.from_ else "",
        _FORMULAS.get(form(table), steps),
        "" if table.complete else "incomplete",
    ]
    return ", ".join(filter(None, parts))
