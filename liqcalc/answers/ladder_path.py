"""The way of the mark: at which prices something is liquidated on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.ladder_sizes import due
from liqcalc.answers.ladder_steps import Walk, liquidate
from liqcalc.engine.numbers import ONE
from liqcalc.engine.steps import grid_beyond

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from liqcalc.answers.case import Case


class Way(NamedTuple):
    """How prices move.

    Attributes:
        prices: of the position's symbol, one after another; None = on against
            the position.
        together: all other prices move by the same share.
        jump: prices leap from point to point instead of moving straight.
    """

    prices: tuple[Decimal, ...] | None = None
    together: bool = False
    jump: bool = False


def follow(walk: Walk, number: int, way: Way) -> None:
    """Liquidate what is due at the present marks, then what the way brings.

    Args:
        walk: where it begins.
        number: of the position in the sheet that the way is about.
        way: how prices move.
    """
    liquidate(walk)
    if way.prices is None:
        _on_and_on(walk, number, way)
        return
    for price in way.prices:
        if not way.jump:
            _straight(walk, number, price, way)
        elif number in walk.numbers or way.together:
            _go(walk, number, price, way)
            liquidate(walk)


def _on_and_on(walk: Walk, number: int, way: Way) -> None:
    """Let the mark move on against the position until it is gone, or nothing ends it."""
    while number in walk.numbers and not walk.full:
        if walk.stuck:
            return
        k = walk.numbers.index(number)
        direction = _losing(walk.case, k)
        if direction is None:
            return
        if not _next(walk, number, direction, None, way):
            return


def _losing(case: Case, k: int) -> int | None:
    """Return the direction in which position `k` ends; None if it does not."""
    ends, side = case.ends(k), case.sheet.positions[k].side
    if ends.losing(side) is not None:
        return -side.sign
    if ends.lower is not None or ends.upper is not None:
        return side.sign
    return None


def _straight(walk: Walk, number: int, price: Decimal, way: Way) -> None:
    """Let the mark move straight to `price`."""
    while number in walk.numbers and not walk.full:
        now = walk.case.position(walk.numbers.index(number)).mark_price
        direction = 1 if price > now else -1
        if price == now or not _next(walk, number, direction, price, way):
            break
    _go(walk, number, price, way)
    liquidate(walk)


def _next(walk: Walk, number: int, direction: int, end: Decimal | None, way: Way) -> bool:
    """Go to the next price up to `end` at which something is due; return whether there is one."""
    k = walk.numbers.index(number)
    contract = walk.case.position(k).contract
    levels = list(_levels(walk.case, k, direction, way))
    if not levels:
        return False
    level = min(levels) if direction > 0 else max(levels)
    for price in grid_beyond(level, contract, direction):
        past = end is not None and (price - end) * direction > 0
        if past or price <= 0:
            return False
        before = walk.case
        _go(walk, number, price, way)
        if any(due(walk.case, j) for j in range(len(walk.numbers))):
            liquidate(walk)
            return True
        walk.case = before
    return False


def _levels(case: Case, k: int, direction: int, way: Way) -> Iterator[Decimal]:
    """Yield the prices of position `k`'s symbol at which something ends on the way."""
    position = case.position(k)
    for j, other in enumerate(case.resolved.positions):
        if other.contract.symbol == position.contract.symbol and not way.together:
            ends = case.ends(j)
            level = ends.upper if direction > 0 else ends.lower
            if level is not None:
                yield level
        elif way.together and other.isolated:
            ends = case.ends(j)
            level = ends.upper if direction > 0 else ends.lower
            if level is not None:
                yield position.mark_price * level / other.mark_price
    joint = case.figures.joint
    if way.together and joint is not None:
        move = joint.up if direction > 0 else joint.down
        if move is not None:
            yield position.mark_price * (ONE + move)


def _go(walk: Walk, number: int, price: Decimal, way: Way) -> None:
    """Move the mark of the position's symbol to `price`, others with it if they go together."""
    if number not in walk.numbers:
        return
    positions: Sequence[object] = walk.case.sheet.positions
    k = walk.numbers.index(number)
    here = walk.case.position(k)
    marks = {here.contract.symbol: price}
    if way.together:
        share = price / here.mark_price
        marks = {
            other.contract.symbol: other.mark_price * share
            for other in walk.case.resolved.positions
        } | marks
    assert positions  # noqa: S101 - the position is one of them
    walk.case = walk.case.at(marks)
    walk.stuck.clear()
