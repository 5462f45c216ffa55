"""From a health curve to liquidation prices and a status."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.curve import DOWN, UP, Crossing
from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from liqcalc.engine.health import Health


class Status(StrEnum):
    """What is known about a position's end."""

    LIQUIDATABLE_AT_PRICE = "liquidatable_at_price"
    CANNOT_BE_LIQUIDATED = "cannot_be_liquidated"
    ALREADY_LIQUIDATABLE = "already_liquidatable"
    INDETERMINATE = "indeterminate"


# What divisions leave behind where health is exactly zero: 29 of 34 digits are gone.
_DUST = Decimal("1e-29")


class Solution(NamedTuple):
    """Where a pool's health ends on either side of the mark.

    Attributes:
        status: one of the four.
        health_at_mark: value of the curve now.
        lower, upper: the first crossing below and above the mark.
        chosen: the one that answers for the position: on the side where it
            loses if there is one, else on the other; if the pool is already
            liquidatable, the price at which it no longer is.
    """

    status: Status
    health_at_mark: Decimal
    lower: Crossing | None
    upper: Crossing | None
    chosen: Crossing | None


def solve(health: Health, *, net: int, inclusive: bool, both_sides: bool) -> Solution:
    """Return where `health` first reaches zero below and above the mark.

    Args:
        health: the pool's health as one price moves.
        net: sign of the net position in that price; 0 counts as short.
        inclusive: health of exactly zero liquidates.
        both_sides: also look on the side where the position gains.  A single
            position in a pool without coins gains there faster than its
            requirement grows, since no rate reaches 1, unless a whole rate
            leaps at a tier's edge.
    """
    curve, start = health.curve, health.start
    losing = DOWN if net > 0 else UP
    stand = curve.stand(start)
    now = stand.value
    if now and abs(now) < abs(stand.coefficients[0]) * _DUST:
        now = ZERO
        stand = stand._replace(value=ZERO)
    if now < 0 or (not now and inclusive):
        chosen = curve.crossing(stand, -losing) or curve.crossing(stand, losing)
        return Solution(Status.ALREADY_LIQUIDATABLE, now, None, None, chosen)
    on_losing = curve.crossing(stand, losing)
    other = curve.crossing(stand, -losing) if both_sides else None
    lower, upper = (on_losing, other) if losing == DOWN else (other, on_losing)
    chosen = on_losing or other
    status = Status.LIQUIDATABLE_AT_PRICE if chosen else Status.CANNOT_BE_LIQUIDATED
    return Solution(status, now, lower, upper, chosen)
