"""A tier table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.tiers import TiersAnswer
    from liqcalc.rules.schema import TierTable


def render(answer: TiersAnswer) -> str:
    """Return the table in force, the row that was asked for, and the other tables."""
    return screen.draw(_parts(answer))


def _parts(answer: TiersAnswer) -> Iterator[RenderableType]:
    yield screen.title(f"{answer.exchange} {answer.symbol}", f"sizes in {answer.unit}")
    yield ""
    yield _rows(answer)
    yield ""
    if answer.held is not None:
        yield _held(answer)
        yield ""
    yield _notes(answer)


def _rows(answer: TiersAnswer) -> Table:
    header = ("", "tier", "from", "to", "mmr", "deduction", "imr", "leverage", "")
    justify = ("left", *["right"] * 7, "left")
    table = screen.columns(*justify, header=header)
    chosen = answer.held.tier if answer.held else None
    for number, tier in enumerate(answer.rows, start=1):
        cells = (
            ">" if number == chosen else "",
            str(number),
            plain(tier.floor),
            "no end" if tier.cap is None else plain(tier.cap),
            words.exact_rate(tier.mmr),
            plain(tier.deduction),
            words.exact_rate(tier.imr),
            "" if tier.max_leverage is None else plain(tier.max_leverage),
            tier.basis,
        )
        table.add_row(*cells, style="bold" if number == chosen else None)
    return table


def _held(answer: TiersAnswer) -> Text:
    held = answer.held
    assert held is not None  # noqa: S101 - asked by the caller
    size = f"{plain(held.size)} {answer.unit}"
    if held.tier is None:
        return Text(f"{size}: the tier is not known")
    parts = [f"tier {held.tier}"]
    if held.maintenance_margin is not None:
        parts.append(f"maintenance margin {_money(held.maintenance_margin, answer)}")
    if held.max_leverage is not None:
        parts.append(f"maximum leverage {plain(held.max_leverage)}")
    return Text.assemble((size, "bold"), f": {', '.join(parts)}")


def _money(value: Decimal, answer: TiersAnswer) -> str:
    unit = "" if answer.unit == "contracts" else f" {answer.unit}"
    return f"{words.number(value)}{unit}"


def _notes(answer: TiersAnswer) -> Table:
    table = screen.columns("left", "left")
    for note in answer.warnings:
        table.add_row(Text("warning", "yellow"), f"{note.message} ({note.code})")
    used = answer.table
    table.add_row(screen.dim("table"), screen.dim(_dated(used)))
    if used.note:
        table.add_row(screen.dim("note"), screen.dim(used.note))
    source = answer.source
    text = ", ".join(filter(None, [source.id, source.title, source.date]))
    table.add_row(screen.dim("source"), screen.dim(text))
    if source.url:
        table.add_row("", screen.dim(source.url))
    for other in reversed(answer.history):
        if other is not used:
            table.add_row(screen.dim("also known"), screen.dim(f"{_dated(other)}, {other.source}"))
    return table


def _dated(table: TierTable) -> str:
    seen = f", last seen {table.seen}" if table.seen and table.seen != table.from_ else ""
    complete = "" if table.complete else ", incomplete"
    return f"since {table.from_}{seen}, {len(table.tiers)} rows{complete}"
