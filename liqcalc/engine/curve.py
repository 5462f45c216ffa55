"""The health of a margin pool as a function of one price, and where it ends.

Every term of every margin rule is, between a few edges, of the form
``a + b*p + c/p``.  A `Curve` is such a sum plus *legs*: terms whose
coefficients change at edges (tiers, haircuts).  Its zeros are closed forms, so
the liquidation price needs no iteration; where a rule is not continuous at an
edge, the jump itself can be the crossing.
"""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

Coefficients = tuple["Decimal", "Decimal", "Decimal"]
"""The a, b and c of ``a + b*p + c/p``."""

NOTHING: Coefficients = (ZERO, ZERO, ZERO)
UP, DOWN = 1, -1
_WIDE = Context(prec=80)
_JUST_ABOVE = Decimal("1.0000000000000000000000000001")
_JUST_BELOW = Decimal("0.9999999999999999999999999999")


class Leg(Protocol):
    """A term whose coefficients change at edges of the price."""

    def index_at(self, price: Decimal) -> int:
        """Return which segment holds `price`."""

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return where segment `index` ends in `direction`; None if nowhere."""

    def beyond(self, index: int, direction: int) -> int:
        """Return the segment next to `index` in `direction`."""

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients that hold on segment `index`."""


class Crossing(NamedTuple):
    """The first price at which a curve changes sign.

    Attributes:
        price: where.
        coefficients: of the whole curve on the segment that was solved.
        indexes: the segment of each leg there.
        jump: True if the curve leaps over zero at an edge instead of meeting it.
    """

    price: Decimal
    coefficients: Coefficients
    indexes: tuple[int, ...]
    jump: bool


class Stand(NamedTuple):
    """Where a search begins: the price, and the curve's segment and value there."""

    price: Decimal
    coefficients: Coefficients
    indexes: list[int]
    parts: list[Coefficients]
    value: Decimal


class Curve:
    """``a + b*p + c/p`` plus the legs' own, for one price p > 0."""

    __slots__ = ("base", "legs")

    def __init__(self, base: Coefficients, legs: Sequence[Leg] = ()) -> None:
        self.base = base
        self.legs = legs

    def at(self, price: Decimal) -> Decimal:
        """Return the value of the curve at `price`."""
        return self.stand(price).value

    def stand(self, price: Decimal) -> Stand:
        """Return the value of the curve at `price` and what it was counted from."""
        indexes = [leg.index_at(price) for leg in self.legs]
        parts = [leg.coefficients(i) for leg, i in zip(self.legs, indexes, strict=True)]
        total = added(self.base, parts)
        return Stand(price, total, indexes, parts, evaluate(total, price))

    def crossing(self, stand: Stand, direction: int) -> Crossing | None:
        """Return the first sign change from `stand` on, upwards or downwards.

        Where it stands the curve may be zero (that is the crossing), above
        zero or below it.
        """
        here, total, indexes, parts, value = stand
        if not value:
            return Crossing(here, total, tuple(indexes), jump=False)
        positive = value > 0
        indexes, parts = list(indexes), list(parts)
        edges = [leg.edge(i, direction) for leg, i in zip(self.legs, indexes, strict=True)]
        while True:
            edge = _nearest(edges, direction)
            for root in zeros(total)[::direction]:
                if _between(root, here, edge, direction):
                    return Crossing(root, total, tuple(indexes), jump=False)
            if edge is None:
                return None
            for i, leg in enumerate(self.legs):
                if edges[i] == edge:
                    indexes[i] = leg.beyond(indexes[i], direction)
                    edges[i] = leg.edge(indexes[i], direction)
                    parts[i] = leg.coefficients(indexes[i])
            total = added(self.base, parts)
            if (evaluate(total, edge) > 0) is not positive:
                return Crossing(edge, total, tuple(indexes), jump=True)
            here = edge


def added(base: Coefficients, parts: Sequence[Coefficients]) -> Coefficients:
    """Return the sum of `base` and all `parts`."""
    a, b, c = base
    for la, lb, lc in parts:
        a, b, c = a + la, b + lb, c + lc
    return a, b, c


def _nearest(edges: Sequence[Decimal | None], direction: int) -> Decimal | None:
    known = [edge for edge in edges if edge is not None]
    if not known:
        return None
    return min(known) if direction == UP else max(known)


def evaluate(coefficients: Coefficients, price: Decimal) -> Decimal:
    """Return ``a + b*price + c/price``."""
    a, b, c = coefficients
    return a + b * price + c / price if c else a + b * price


def zeros(coefficients: Coefficients) -> list[Decimal]:
    """Return the positive zeros of ``a + b*p + c/p``, ascending.

    Formula:
        c = 0: p = -a/b.  b = 0: p = -c/a.  Else b*p^2 + a*p + c = 0, solved as
        q = -(a + sign(a)*sqrt(a^2 - 4*b*c))/2, p = q/b and p = c/q, which loses
        no digits to cancellation.
    """
    a, b, c = coefficients
    if not c:
        found = [-a / b] if b else []
    elif not b:
        found = [-c / a] if a else []
    else:
        # Exact in 80 digits: near a double root its leading digits cancel.
        discriminant = _WIDE.fma(a, a, _WIDE.multiply(_WIDE.multiply(b, -4), c))
        if discriminant < 0:
            return []
        q = -(a + _WIDE.sqrt(discriminant).copy_sign(a)) / 2
        found = sorted((q / b, c / q)) if q else []
    return [root for root in found if root > 0]


def plus(left: Coefficients, right: Coefficients) -> Coefficients:
    """Return the sum of two sets of coefficients."""
    return left[0] + right[0], left[1] + right[1], left[2] + right[2]


def times(coefficients: Coefficients, factor: Decimal) -> Coefficients:
    """Return the coefficients of `factor` times the term."""
    a, b, c = coefficients
    return a * factor, b * factor, c * factor


def times_price(coefficients: Coefficients, mark: Decimal) -> Coefficients:
    """Return the coefficients of the term times ``p/mark``; its b must be 0.

    This turns an amount of a coin into money while the coin's price moves
    with p: ``(a + c/p) * p/mark = c/mark + (a/mark)*p``.
    """
    a, _, c = coefficients
    return c / mark, a / mark, ZERO


class Scaled:
    """A leg seen from the factor x of a common move, where p = mark*x."""

    __slots__ = ("leg", "mark")

    def __init__(self, leg: Leg, mark: Decimal) -> None:
        self.leg = leg
        self.mark = mark

    def index_at(self, factor: Decimal) -> int:
        """Return which segment holds the price at `factor`."""
        return self.leg.index_at(self.mark * factor)

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return the factor at which segment `index` ends."""
        edge = self.leg.edge(index, direction)
        return None if edge is None else edge / self.mark

    def beyond(self, index: int, direction: int) -> int:
        """Return the segment next to `index`."""
        return self.leg.beyond(index, direction)

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients in terms of the factor."""
        return scaled(self.leg.coefficients(index), self.mark)


def scaled(coefficients: Coefficients, mark: Decimal) -> Coefficients:
    """Return the coefficients in x of a term in p = mark*x."""
    a, b, c = coefficients
    return a, b * mark, c / mark


class Kink:
    """A coin's equity, worth less per coin while held than while owed.

    Formula:
        amount(p) * positive  where amount(p) >= 0
        amount(p) * negative  where amount(p) < 0
        and times p/mark if the coin's own price is the one that moves.
    """

    __slots__ = ("_amount", "_factors", "_mark", "_roots")

    def __init__(
        self, amount: Coefficients, *, positive: Decimal, negative: Decimal, mark: Decimal | None
    ) -> None:
        self._amount = amount
        self._mark = mark
        self._roots = zeros(amount)
        self._factors = [
            positive if evaluate(amount, probe) >= 0 else negative for probe in self._probes()
        ]

    def _probes(self) -> list[Decimal]:
        roots = self._roots
        if not roots:
            return [ZERO + 1]
        middles = [(low + high) / 2 for low, high in pairwise(roots)]
        return [roots[0] / 2, *middles, roots[-1] * 2]

    def index_at(self, price: Decimal) -> int:
        """Return which segment holds `price`."""
        return sum(1 for root in self._roots if root < price)

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return where the equity changes its sign next."""
        place = index if direction == UP else index - 1
        return self._roots[place] if 0 <= place < len(self._roots) else None

    def beyond(self, index: int, direction: int) -> int:
        """Return the segment next to `index`."""
        return index + direction

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients of the equity in money."""
        money = times(self._amount, self._factors[index])
        return money if self._mark is None else times_price(money, self._mark)


def _between(root: Decimal, here: Decimal, edge: Decimal | None, direction: int) -> bool:
    # A root on the edge must not fall between two segments by its last digits.
    if direction == UP:
        return here <= root and (edge is None or root <= edge * _JUST_ABOVE)
    return (edge is None or edge * _JUST_BELOW <= root) and root <= here
