"""The ways to a wanted liquidation price, and how each leaves the position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.change.ways import Verdict
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.standing import Units, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.change.adjust import Adjustment
    from liqcalc.answers.change.ways import Way


def render(found: Adjustment, *, trace: bool) -> str:
    """Return the answer as text."""
    return screen.draw(_parts(found, trace=trace))


def _parts(found: Adjustment, *, trace: bool) -> Iterator[RenderableType]:
    before = found.before
    mode = found.margin_mode
    if before.leverage is not None:
        mode += f" {plain(before.leverage)}x"
    about = f"{found.side} {plain(before.qty)}, entry {plain(before.entry_price)}, mark "
    yield screen.title(
        f"{found.exchange} {found.symbol}", f"{about}{plain(before.mark_price)}, {mode}"
    )
    far = words.rate(found.wanted_distance_rate)
    yield f"wanted: no liquidation before {plain(found.wanted_price)} {found.quote}, {far} away"
    yield ""
    yield _ways(found)
    yield ""
    units = Units(found.quote, found.settle, found.size_unit, found.margin_mode == "isolated")
    afters = [(_SHORT[way.name], way.after) for way in found.ways if way.after is not None]
    yield table([("now", before), *afters], units)
    yield ""
    basis = found.basis
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


_SHORT = {"margin": "with money", "quantity": "with size", "leverage": "with leverage"}


def _ways(found: Adjustment) -> Table:
    shown = screen.columns("left", "right", "left", "left")
    units = {"margin": found.settle, "quantity": found.size_unit, "leverage": ""}
    for way in found.ways:
        value = _amount(way)
        unit = units[way.name] if value != words.NONE else ""
        told = "; ".join(part for part in (_does(way, found), way.reason) if part)
        shown.add_row(_name(way, found), screen.strong(value), unit, screen.dim(told))
    return shown


def _name(way: Way, found: Adjustment) -> str:
    lowers = way.amount is not None and (way.amount < 0 or (way.unrounded or 0) < 0)
    if way.name == "margin":
        purse = "margin" if found.margin_mode == "isolated" else "wallet"
        return f"{purse}: free to remove" if lowers else f"{purse}: add"
    if way.name == "quantity":
        may_add = lowers or way.verdict is Verdict.UNLIMITED
        return "or size: may add" if may_add else "or size: close"
    return "or leverage: set"


def _amount(way: Way) -> str:
    if way.amount is None:
        return "any" if way.verdict is Verdict.UNLIMITED else words.NONE
    if way.verdict is Verdict.NOT_REACHED:
        return words.NONE
    text = plain(abs(way.amount))
    return f"{text}x" if way.name == "leverage" else text


def _does(way: Way, found: Adjustment) -> str:
    """Return what the way costs, and what it moves."""
    parts = []
    if way.realised:
        parts.append(_sum("profit", "loss", way.realised, found))
    if way.fee:
        parts.append(f"fee {words.short(way.fee)} {found.settle}")
    if way.put_back:
        parts.append(_sum("put back the", "and it takes", way.put_back, found) + " that it frees")
    if way.name == "leverage" and way.put_in and way.verdict is Verdict.REACHES:
        parts.append(_sum("puts in", "gives back", way.put_in, found))
    if way.name == "quantity" and way.put_in and way.amount is not None and way.amount < 0:
        parts.append(_sum("needs margin of", "gives back", way.put_in, found))
    return ", ".join(parts)


def _sum(gain: str, loss: str, value: Decimal, found: Adjustment) -> str:
    return f"{gain if value > 0 else loss} {words.short(abs(value))} {found.settle}"
