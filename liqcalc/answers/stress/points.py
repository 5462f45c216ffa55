"""The points of a grid, a plane or a path, with what is liquidated on the way to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.stress.answer import Liquidation, Point
from liqcalc.answers.stress.crossing import COARSE
from liqcalc.answers.stress.inputs import Line
from liqcalc.answers.stress.walk import Walk
from liqcalc.engine.numbers import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.stress.answer import Unit, UnitState
    from liqcalc.answers.stress.path import PricePath
    from liqcalc.answers.stress.walk import Happened
    from liqcalc.engine.steps import Fill


def grid(
    case: Case, line: Line, units: tuple[Unit, ...], moves: tuple[Decimal, ...], fill: Fill
) -> tuple[Point, ...]:
    """Return a point a move, each reached straight from the marks."""
    found = []
    for way in (-1, 1):
        walk = Walk(case, units, fill)
        mine = sorted((move for move in moves if move * way > 0), key=abs)
        found += [_reached(walk, line.at(move), line, move=move) for move in mine]
    walk = Walk(case, units, fill)
    found.append(_point(walk, dict(line.marks), (), move=ZERO))
    return tuple(sorted(found, key=lambda point: point.move or ZERO))


def plane(
    case: Case,
    line: Line,
    units: tuple[Unit, ...],
    moves: tuple[Decimal, ...],
    by: str,
    fill: Fill,
) -> tuple[Point, ...]:
    """Return a point for every pair of a symbol's move and that of all others."""
    found = []
    for own in moves:
        for rest in moves:
            walk = Walk(case, units, fill, COARSE)
            if not own and not rest:
                found.append(_point(walk, dict(line.marks), (), move=ZERO, by_move=ZERO))
                continue
            marks = line.at(rest)
            marks[by] = line.at(own)[by]
            found.append(_reached(walk, marks, line, move=rest, by_move=own))
    return tuple(found)


def along(case: Case, units: tuple[Unit, ...], path: PricePath, fill: Fill) -> tuple[Point, ...]:
    """Return a point a row of the path."""
    walk = Walk(case, units, fill)
    marks = dict(_marks(case))
    line = Line(marks, dict.fromkeys(marks, ZERO))
    found = []
    for row in path.rows:
        marks = marks | dict(row.prices)
        found.append(_reached(walk, marks, line, time=row.time))
    return tuple(found)


def _marks(case: Case) -> Iterable[tuple[str, Decimal]]:
    return ((answer.symbol, answer.mark_price) for answer in case.figures.positions)


def _reached(
    walk: Walk,
    marks: dict[str, Decimal],
    line: Line,
    *,
    move: Decimal | None = None,
    by_move: Decimal | None = None,
    time: str = "",
) -> Point:
    """Go to a point and return it with what happened on the way."""
    happened = walk.go(marks)
    events = []
    for event in happened:
        share = None if move is None else _share(line.marks, marks, event.marks)
        walk.count += 1
        events.append(_event(walk.count, event, share, (move, by_move), time))
    return _point(walk, marks, tuple(events), move=move, by_move=by_move, time=time)


def _share(start: Mapping[str, Decimal], stop: Mapping[str, Decimal], at: Mapping[str, Decimal]
) -> Decimal:  # fmt: skip
    """Return which share of the way from the marks to a point has been gone."""
    symbol = max(at, key=lambda name: abs(stop[name] / start[name] - ONE))
    way = stop[symbol] - start[symbol]
    return (at[symbol] - start[symbol]) / way if way else ZERO


def _event(
    number: int,
    event: Happened,
    share: Decimal | None,
    aim: tuple[Decimal | None, Decimal | None],
    time: str,
) -> Liquidation:
    move, by_move = (None if a is None or share is None else a * share for a in aim)
    outcome = event.outcome
    return Liquidation(
        number=number,
        unit=event.unit.name,
        move=move,
        by_move=by_move,
        time=time,
        marks=event.marks,
        positions=event.positions,
        closed=event.closed,
        left=event.left,
        equity=event.equity,
        rows=outcome.run.rows,
        warnings=outcome.warnings,
        assumptions=outcome.assumptions,
    )


def _point(
    walk: Walk,
    marks: dict[str, Decimal],
    events: tuple[Liquidation, ...],
    *,
    move: Decimal | None = None,
    by_move: Decimal | None = None,
    time: str = "",
) -> Point:
    states = walk.states()
    return Point(
        move=move,
        by_move=by_move,
        time=time,
        marks=marks,
        equity=_sums(walk.units, states),
        units=states,
        liquidations=events,
        liquidated=tuple(walk.gone),
    )


def _sums(units: Iterable[Unit], states: Iterable[UnitState]) -> dict[str, Decimal | None]:
    """Return the equity by currency; None where a part is not known."""
    sums: dict[str, Decimal | None] = {}
    for unit, state in zip(units, states, strict=True):
        before = sums.get(unit.currency, ZERO)
        known = before is not None and state.equity is not None
        sums[unit.currency] = before + state.equity if known else None  # type: ignore[operator]
    return sums
