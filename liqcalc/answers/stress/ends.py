"""The move that ends each unit, and which position brings it down."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from liqcalc.answers.change.trades import reduced, trading_fee
from liqcalc.answers.ladder.money import pay
from liqcalc.answers.stress.answer import Cause, End
from liqcalc.answers.stress.crossing import Leg, crossing, ended, known
from liqcalc.answers.stress.units import names_of
from liqcalc.engine.numbers import ONE, ZERO, exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from liqcalc.answers.case import Case
    from liqcalc.answers.stress.answer import Unit
    from liqcalc.answers.stress.crossing import Crossing
    from liqcalc.answers.stress.inputs import Line

DOWN, UP = -1, 1
FARTHEST = Decimal(100)
_SOLVED_TO = Decimal(10) ** 8
_FIRST_STEP = Decimal("0.02")
_GROWTH = Decimal("1.5")


def end_of(case: Case, line: Line, unit: Unit) -> End:
    """Return the moves down and up along a line that end a unit."""
    members = members_of(case, unit)
    if not known(case, members):
        reason = case.figures.positions[members[0]].reasons.get("liquidation_price", "not known")
        return End(unit.name, None, None, reason)
    if ended(case, members):
        return End(unit.name, ZERO, ZERO, "liquidatable at the marks")
    if not any(line.betas[symbol] for symbol in _symbols(case, members)):
        return End(unit.name, None, None, "none of its prices moves")
    down, up = (first_move(case, line, members, way) for way in (DOWN, UP))
    sides = [way for way, move in (("down", down), ("up", up)) if move is None]
    reason = f"no move {' or '.join(sides)} ends it" if sides else ""
    if sides and not one_factor(case, line, members):
        reason += f", looked at up to {FARTHEST:+%} and to prices near 0"
    return End(unit.name, down, up, reason)


def members_of(case: Case, unit: Unit) -> list[int]:
    """Return where the positions of a unit stand in a case."""
    return [j for j, name in enumerate(names_of(case)) if name in unit.positions]


def first_move(case: Case, line: Line, members: Sequence[int], way: int) -> Decimal | None:
    """Return the smallest move on one side at which a position of a pool is liquidatable.

    Where all prices of the pool move by the same factor, or only one moves,
    the health curve has the end; else it is looked for in steps that grow.
    """
    solved = one_factor(case, line, members)
    for start, stop in _stretches(line, way, solved=solved):
        there = case.at(line.at(start)) if start else case
        leg = Leg(there, line.at(start), line.at(stop))
        found = crossing(leg, members, look=not solved)
        if found is not None:
            return start + (stop - start) * found.share
    return None


def survives(case: Case, line: Line, members: Sequence[int], move: Decimal) -> bool:
    """Return whether a pool holds on the whole way to a move, and at it."""
    return _blocked(case, line, members, move) is None


def _blocked(case: Case, line: Line, members: Sequence[int], move: Decimal) -> Crossing | None:
    return crossing(Leg(case, line.at(ZERO), line.at(move)), members)


def one_factor(case: Case, line: Line, members: Sequence[int]) -> bool:
    """Return whether one factor, or one price, is all that moves in the pool."""
    symbols = _symbols(case, members)
    betas = {line.betas[symbol] for symbol in symbols}
    return len(betas) == 1 or sum(1 for symbol in symbols if line.betas[symbol]) == 1


def _stretches(line: Line, way: int, *, solved: bool) -> Iterator[tuple[Decimal, Decimal]]:
    limit = line.limit(way)
    if solved:
        yield ZERO, _SOLVED_TO * way if limit is None else limit
        return
    start, step = ZERO, _FIRST_STEP
    last = FARTHEST if limit is None else min(FARTHEST, abs(limit))
    while start < last:
        stop = min(start + step, last)
        yield start * way, stop * way
        start, step = stop, step * _GROWTH


def _symbols(case: Case, members: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(case.sheet.positions[j].symbol for j in members))


# Which position it is


def causes_of(case: Case, line: Line, unit: Unit, end: End) -> Iterator[Cause]:
    """Yield what each position of a pool loses until its end, and the end without it."""
    move = end.nearest
    members = members_of(case, unit)
    if move is None or unit.isolated or len(members) < len(("one", "other")):
        return
    way = DOWN if move < 0 else UP
    if not move:
        way = DOWN if (end.down is not None) else UP
    with exact():
        there = case.at(line.at(move))
        for j in members:
            now, then = case.figures.positions[j].exact, there.figures.positions[j].exact
            change = _difference(then.get("unrealized_pnl"), now.get("unrealized_pnl"))
            yield Cause(
                position=names_of(case)[j],
                unit=unit.name,
                currency=case.figures.positions[j].settle,
                change=change,
                maintenance_margin=then.get("maintenance_margin"),
                end_without=_end_without(case, line, unit, j, way),
            )


def _difference(then: Decimal | None, now: Decimal | None) -> Decimal | None:
    return None if then is None or now is None else then - now


def _end_without(case: Case, line: Line, unit: Unit, j: int, way: int) -> Decimal | None:
    """Return the end on the same side once a position is closed at its mark."""
    mark = case.figures.positions[j].mark_price
    left = closed(case, j, case.position(j).qty, mark)
    others = [k - (k > j) for k in members_of(case, unit) if k != j]
    return first_move(left, line, others, way)


def closed(case: Case, j: int, qty: Decimal, price: Decimal) -> Case:
    """Return the case after `qty` of position `j` are closed at `price`, fee paid."""
    if case.position(j).isolated:
        return reduced(case, j, qty, price).case
    profit = case.profit(j, qty, price)
    cost = trading_fee(case, j, qty, price) - profit
    return pay(case, j, cost, profit).resized(j, case.position(j).qty - qty)


def culprit_of(unit: Unit, causes: Sequence[Cause], end: Decimal) -> str | None:
    """Return the position without which a unit survives the farthest; None if none stands out."""
    if len(unit.positions) == 1:
        return unit.positions[0]
    own = [cause for cause in causes if cause.unit == unit.name]
    if not own:
        return None

    def reach(cause: Cause) -> tuple[Decimal, Decimal]:
        far = _SOLVED_TO + ONE if cause.end_without is None else abs(cause.end_without)
        return far, -(cause.change or ZERO)

    best = max(own, key=reach)
    return best.position if reach(best)[0] > abs(end) else None
