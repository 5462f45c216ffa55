"""The way of the mark: at which prices something is liquidated on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.ladder.sizes import due
from liqcalc.answers.ladder.steps import Walk, liquidate
from liqcalc.engine.numbers import ONE
from liqcalc.engine.steps import grid_beyond

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.case import Case, Ends


class Way(NamedTuple):
    """How prices move.

    Attributes:
        prices: of the position's symbol, one after another; None = on against
            the position until nothing is left of it.
        together: all other prices move by the same share.
        jump: prices leap from point to point instead of moving straight.
    """

    prices: tuple[Decimal, ...] | None = None
    together: bool = False
    jump: bool = False


ONWARD = Way()


class Journey:
    """A walk along a way.

    Args:
        walk: where it begins.
        number: of the position in the sheet whose symbol the way is about.
        way: how prices move.
    """

    def __init__(self, walk: Walk, number: int, way: Way) -> None:
        self.walk = walk
        self.number = number
        self.way = way
        position = walk.case.position(number)
        self.contract = position.contract
        self.side = walk.case.sheet.positions[number].side
        self.price = position.mark_price

    def follow(self) -> None:
        """Liquidate what is due at the present marks, then what the way brings."""
        liquidate(self.walk)
        if self.way.prices is None:
            self._on_and_on()
            return
        for price in self.way.prices:
            if not self.way.jump:
                self._straight(price)
            self._go(price)
            self.walk.stuck.clear()
            liquidate(self.walk)

    def _on_and_on(self) -> None:
        """Let the mark move on against the position until it is gone, or nothing ends it."""
        walk = self.walk
        while self.number in walk.numbers and not walk.full:
            direction = self._losing()
            if direction is None or not self._next(direction, None):
                return

    def _losing(self) -> int | None:
        """Return the direction in which the position ends; None if it does not."""
        ends = self.walk.case.ends(self.walk.numbers.index(self.number))
        if ends.losing(self.side) is not None:
            return -self.side.sign
        return None if ends.lower is None and ends.upper is None else self.side.sign

    def _straight(self, price: Decimal) -> None:
        """Let the mark move straight to `price`."""
        direction = 1 if price > self.price else -1
        while price != self.price and not self.walk.full:
            if not self._next(direction, price):
                return

    def _next(self, direction: int, end: Decimal | None) -> bool:
        """Go to the next price up to `end` at which something is due; return if there is one."""
        walk = self.walk
        levels = list(self._levels(direction))
        if not levels:
            return False
        case, here = walk.case, self.price
        level = min(levels) if direction > 0 else max(levels)
        for price in grid_beyond(level, self.contract, direction):
            past = end is not None and (price - end) * direction > 0
            if past or price <= 0:
                break
            self._go(price)
            if walk.next_group() is not None:
                liquidate(walk)
                return True
            walk.case, self.price = case, here
        return False

    def _levels(self, direction: int) -> Iterator[Decimal]:
        """Yield the prices of the way's symbol at which something ends."""
        case, together = self.walk.case, self.way.together
        for k, position in enumerate(case.resolved.positions):
            if due(case, k):
                continue  # a step that its process does not have
            moves = position.contract.symbol == self.contract.symbol
            if moves and not (together and not position.isolated):
                level = _end(case.ends(k), direction)
            elif together and position.isolated:
                level = _end(case.ends(k), direction)
                level = None if level is None else self.price * level / position.mark_price
            else:
                continue
            if level is not None:
                yield level
        joint = case.figures.joint
        if together and joint is not None:
            move = joint.up if direction > 0 else joint.down
            if move is not None:
                yield self.price * (ONE + move)

    def _go(self, price: Decimal) -> None:
        """Move the mark of the way's symbol to `price`, others with it if they go together."""
        case = self.walk.case
        self.walk.case = moved(case, self.contract.symbol, price, self.price, self.way)
        self.price = price


def _end(ends: Ends, direction: int) -> Decimal | None:
    return ends.upper if direction > 0 else ends.lower


def moved(case: Case, symbol: str, price: Decimal, before: Decimal, way: Way) -> Case:
    """Return the case with the mark of `symbol` at `price`, others moved with it if they go along.

    Args:
        case: as it is.
        symbol: whose price is given.
        price: of it, then.
        before: of it, now.
        way: says whether others go along.
    """
    marks = {}
    for position in case.resolved.positions:
        if position.contract.symbol == symbol:
            marks[symbol] = price
        elif way.together:
            marks[position.contract.symbol] = position.mark_price * price / before
    return case.at(marks) if marks else case
