"""A pool's health: the curve, the terms it is made of, and what was demanded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ONE, ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.curve import Curve
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.terms import Term


class Health(NamedTuple):
    """A pool's health as one price, or all prices together, move.

    Attributes:
        curve: the sum.
        terms: its parts without edges, by name.
        legs: the positions whose requirement has edges, as they stand in the
            curve; the curve may hold further legs (haircuts) after them.
        start: the variable's value now: the mark, or 1 for a common move.
    """

    curve: Curve
    terms: list[Term]
    legs: list[Marked]
    start: Decimal


class Demand(NamedTuple):
    """What part of the requirement a curve holds against the backing.

    Attributes:
        factor: share of the maintenance and its fees; 0 = none.
        closing_fee: take the taker fee on the moving value instead.
        less: money that is taken off the backing first, where there is a factor.
    """

    factor: Decimal = ONE
    closing_fee: bool = False
    less: Decimal = ZERO


LIQUIDATION = Demand()
BANKRUPTCY = Demand(ZERO)
BANKRUPTCY_WITH_FEE = Demand(ZERO, closing_fee=True)
