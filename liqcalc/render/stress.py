"""A stressed sheet: table, heat picture, order of liquidations, ends, causes, repairs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.stress.answer import UnitStatus
from liqcalc.answers.stress.sums import stretches
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, heat, notes, screen, stress_ends, words
from liqcalc.render.stress_words import money, price, signed, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.stress.answer import (
        Liquidation,
        Point,
        Stress,
        UnitState,
    )
    from liqcalc.answers.stress.sums import Steps, Stretch
    from liqcalc.rules.schema import Display

_MOST_ROWS = 40
_MOST_SYMBOLS = 3


def render(answer: Stress, display: Display, *, trace: bool) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        display: how the exchange names its margin ratio.
        trace: also the derivation.
    """
    return screen.draw(_parts(answer, display, trace=trace))


def _parts(answer: Stress, display: Display, *, trace: bool) -> Iterator[RenderableType]:
    yield screen.title(f"{answer.exchange} stress", headline(answer))
    yield ""
    if answer.kind != "plane":
        yield _table(answer, display)
        yield ""
    yield from picture(answer)
    if answer.liquidations and answer.kind != "plane":
        yield from _order(answer)
    yield ""
    yield from stress_ends.ends(answer)
    if answer.repairs is not None:
        yield ""
        yield from stress_ends.repairs(answer)
    yield ""
    yield notes.below(answer.basis.warnings, answer.basis.assumptions, answer.basis.provenance)
    if trace:
        yield from derivation.below(answer.basis.trace, answer.basis.provenance, _TRACED)


_TRACED = "prices where the weakest part ends, and its health there: 0 liquidates"


def headline(answer: Stress) -> str:
    """Return what moves, and how."""
    day = f"as of {answer.as_of}, " if answer.as_of else ""
    if answer.kind == "path":
        return f"{day}along {len(answer.points)} rows of a path"
    if answer.kind == "plane":
        return f"{day}{answer.by} against all others"
    others = {s: b for s, b in answer.betas.items() if b != 1}
    if answer.symbol is not None:
        beta = answer.betas[answer.symbol]
        times = "" if beta == 1 else f" x {plain(beta)}"
        return f"{day}{answer.symbol} alone moves{times}"
    betas = ", ".join(f"{symbol} x {plain(beta)}" for symbol, beta in others.items())
    alone = f"{next(iter(answer.betas))} moves"
    what = "all prices move together" if len(answer.betas) > 1 else alone
    return f"{day}{what}{f'; {betas}' if betas else ''}"


# The table


def _table(answer: Stress, display: Display) -> Table:
    shown = _own_display(answer)
    symbols = list(answer.betas)[:_MOST_SYMBOLS]
    currencies = list(answer.points[0].equity)
    several = len(answer.units) > 1
    header = ["time" if answer.kind == "path" else "move", *symbols]
    header += [f"equity {currency}" for currency in currencies]
    ours = "requirement/equity" if shown else "margin ratio"
    header.append(f"worst {ours}" if several else ours)
    header += [display.ratio] if shown else []
    table = screen.columns(
        "left" if answer.kind == "path" else "right",
        *("right",) * (len(header) - 1),
        "left",
        header=(*header, "liquidated"),
    )
    for point in _rows(answer.points):
        worst = _worst(point)
        cells: list[str | Text] = [_place(point), *(price(point.marks[s]) for s in symbols)]
        cells += [words.NONE if v is None else money(v) for v in point.equity.values()]
        cells.append(_ratio(worst))
        if shown:
            rate = None if worst is None else worst.displayed_margin_ratio
            cells.append("" if rate is None else words.rate(rate))
        table.add_row(*cells, Text(_fell(point), "red"))
    return table


def _rows(points: Sequence[Point]) -> list[Point]:
    """Return the rows to show: of many every n-th, and those with a liquidation."""
    each = -(-len(points) // _MOST_ROWS)
    last = len(points) - 1
    return [
        p
        for at, p in enumerate(points)
        if at % each == 0 or at == last or p.liquidations or p.move == 0
    ]


def _place(point: Point) -> str:
    return point.time or ("0%" if not point.move else words.signed(point.move))


def _worst(point: Point) -> UnitState | None:
    known = [state for state in point.units if state.margin_ratio is not None]
    return max(known, key=lambda state: state.margin_ratio or 0, default=None)


def _ratio(state: UnitState | None) -> str:
    return "-" if state is None else words.rate(state.margin_ratio)


def _own_display(answer: Stress) -> bool:
    """Return whether the exchange displays another ratio than requirement over equity."""
    return any(
        state.displayed_margin_ratio is not None
        and state.displayed_margin_ratio != state.margin_ratio
        for point in answer.points
        for state in point.units
    )


def _fell(point: Point) -> str:
    if point.liquidations:
        names = [
            f"{words_of(position)}{'' if position in point.liquidated else ' in part'}"
            for event in point.liquidations
            for position in event.closed
        ]
        return ", ".join(dict.fromkeys(names))
    if any(state.status is UnitStatus.LIQUIDATABLE for state in point.units):
        return "liquidatable at the marks"
    if any(state.status is UnitStatus.UNKNOWN for state in point.units):
        return next(state.reason for state in point.units if state.status is UnitStatus.UNKNOWN)
    return ""


# The picture


def picture(answer: Stress) -> Iterator[RenderableType]:
    """Yield the heat picture: a line a unit, or of a plane a line a move of its symbol."""
    if answer.kind == "plane":
        yield from _plane(answer)
    else:
        yield from _strip(answer)
    yield screen.dim(heat.LEGEND)


def _strip(answer: Stress) -> Iterator[RenderableType]:
    labels = [words_of(unit.name) for unit in answer.units]
    widest = max(labels, key=len)
    heads = [_head(answer, at) for at in range(len(answer.points))]
    if heat.fits(heads, len(widest) + screen.INDENT):
        parts = [[point] for point in answer.points]
    else:
        heads, parts = [], heat.thinned(answer.points, widest)
        first, last = answer.points[0], answer.points[-1]
        each = "" if len(parts) == len(answer.points) else ", the worst of each part"
        yield screen.dim(f"{_place(first)} to {_place(last)}{each}")
    rows = []
    for at, label in enumerate(labels):
        cells = [_worst_cell(part, at) for part in parts]
        rows.append((label, cells))
    yield from heat.draw(rows, heads)


def _worst_cell(part: Sequence[Point], at: int) -> heat.Cell:
    cells = [heat.cell_of([point.units[at]]) for point in part]
    return max(cells, key=lambda cell: cell.level.least)


def _head(answer: Stress, at: int) -> str:
    if answer.kind == "path":
        return str(at + 1)
    return _percent(answer.points[at].move or Decimal(0))


def _percent(move: Decimal) -> str:
    return "0%" if not move else f"{'+' if move > 0 else ''}{plain(move.scaleb(2))}%"


def _plane(answer: Stress) -> Iterator[RenderableType]:
    across = sorted({point.move or Decimal(0) for point in answer.points})
    upward = sorted({point.by_move or Decimal(0) for point in answer.points}, reverse=True)
    cells = {(p.by_move, p.move): heat.cell_of(p.units) for p in answer.points}
    rows = [(_percent(own), [cells[own, rest] for rest in across]) for own in upward]
    heads = [_percent(move) for move in across]
    fits = heat.fits(heads, _PLANE_MARGIN)
    ends = "" if fits else f", {heads[0]} to {heads[-1]}"
    yield screen.dim(f"{answer.by} from top to bottom, all others from left to right{ends}")
    yield from heat.draw(rows, heads if fits else [])


_PLANE_MARGIN = 8


# What is liquidated, and when


def _order(answer: Stress) -> Iterator[RenderableType]:
    currencies = {unit.name: unit.currency for unit in answer.units}
    for title, events in _ways(answer):
        yield ""
        yield screen.strong(title)
        table = screen.columns("right", "right", "left", "left")
        for stretch in stretches(events):
            first, last = stretch.events[0], stretch.events[-1]
            number = f"{first.number}." if first is last else f"{first.number}-{last.number}."
            at = first.time if first.move is None else signed(first.move)
            if last.move is not None and signed(last.move) != at:
                at += f" to {signed(last.move)}"
            head = (number, screen.strong(at), Text(words_of(first.unit), "red"))
            for place, text in enumerate(_steps(stretch, currencies[first.unit])):
                table.add_row(*(head if place == 0 else ("", "", "")), text)
        yield table


def _steps(stretch: Stretch, currency: str) -> list[str]:
    """Return the marks, the steps that were taken, and what they left."""
    first, last = stretch.events[0], stretch.events[-1]
    symbols = dict.fromkeys(name.rpartition(":")[0] for name in first.positions)
    lines = ["at " + ", ".join(f"{s} {price(first.marks[s])}" for s in symbols)]
    lines += [_step(steps) for steps in stretch.steps]
    if last.equity is not None:
        lines.append(f"left behind it: {money(last.equity)} {currency}")
    return lines


def _step(steps: Steps) -> str:
    assumed = "  (assumed)" if steps.assumed else ""
    if not steps.qty:
        return f"{steps.action}{f' ({steps.orders})' if steps.orders else ''}{assumed}"
    at = "" if steps.first is None else f" at {price(steps.first)}"
    if steps.first is not None and steps.last is not None and steps.first != steps.last:
        at += f" to {price(steps.last)}"
    times = "" if steps.taken == 1 else f" in {steps.taken} steps"
    return f"{steps.action} {steps.position} {plain(steps.qty)}{times}{at}{assumed}"


def _ways(answer: Stress) -> Iterator[tuple[str, list[Liquidation]]]:
    if answer.kind == "path":
        yield "liquidated on the way, in order", list(answer.liquidations)
        return
    for name, sign in (("down", -1), ("up", 1)):
        points = sorted((p for p in answer.points if (p.move or 0) * sign > 0), key=_reach)
        events = [event for point in points for event in point.liquidations]
        if events:
            yield f"liquidated on the way {name}, in order", events


def _reach(point: Point) -> Decimal:
    return abs(point.move or Decimal(0))
