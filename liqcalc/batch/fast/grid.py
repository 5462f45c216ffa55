"""Printing as an exchange does, for pairs: to decimals, to a tick, to digits.

A result within 2e-30 of a multiple of the step (relative to the numbers that it
came from) stands on it: the exact engine drops the digits beyond the 30th for
the same reason.  Between that and 1e-28 a pair does not say which it is, and
the row is done again exactly.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast.pairs import (
    Pair,
    Value,
    divide,
    exponent,
    multiply,
    multiply_loosely,
    settled,
    take,
    where,
)
from liqcalc.batch.fast.powers import POWERS_HI, POWERS_LO, ZEROTH

if TYPE_CHECKING:
    from liqcalc.engine.numbers import Rounding

NONE, DECIMALS, TICK, SIGNIFICANT = range(4)
ZERO, AWAY, UP, DOWN, HALF_UP, HALF_EVEN, ENTRY = range(7)
_TO = {"none": NONE, "decimals": DECIMALS, "tick": TICK, "significant": SIGNIFICANT}
_TOWARD = {
    "zero": ZERO,
    "away": AWAY,
    "up": UP,
    "down": DOWN,
    "half_up": HALF_UP,
    "half_even": HALF_EVEN,
    "entry": ENTRY,
}
ON_GRID, DOUBT = 2e-30, 1e-28
_LEAST, _MOST = 1e-25, 1e25
_DIGITS_PER_BIT = 0.30102999566398120
_WIDE = Context(prec=60)
_MOST_STRAIN = 1e10
"""A pair has 16 digits more than a float to lose."""


class Print(NamedTuple):
    """A `Rounding` in numbers.

    Attributes:
        to: decimals, tick, significant digits or none.
        digits: how many.
        toward: in which direction.
        scale: 10^digits, for decimals.
        inverse, inverse_lo: 1/scale.
    """

    to: int
    digits: int
    toward: int
    scale: float
    inverse: float
    inverse_lo: float

    @classmethod
    def of(cls, rounding: Rounding) -> Print:
        """Return a rounding of the engine."""
        to, digits, toward = rounding
        places = digits if to == "decimals" else 0
        inverse = Pair.of(Decimal(1).scaleb(-places))
        return cls(_TO[to], digits, _TOWARD[toward], 10.0**places, inverse.hi, inverse.lo)


class Tick(NamedTuple):
    """A step, and how many of it make one; each as a pair of numbers."""

    step: Value
    step_lo: Value
    per_one: Value
    per_one_lo: Value

    @classmethod
    def of(cls, step: Decimal) -> Tick:
        """Return an exact step."""
        width, inverse = Pair.of(step), Pair.of(_WIDE.divide(1, step))
        return cls(width.hi, width.lo, inverse.hi, inverse.lo)


class Strain(NamedTuple):
    """How much a sum has lost: numbers of a size came to a result, both above 0."""

    size: Value
    result: Value


UNSTRAINED = Strain(1.0, 1.0)


class Printed(NamedTuple):
    """A rounded number, and whether a pair did not decide it."""

    value: Pair
    doubt: Value


def to_whole(count: Pair, toward: int, side: Value, strain: Strain) -> tuple[Pair, Value]:
    """Return a count rounded to a whole number, and whether that is in doubt.

    Args:
        count: what is rounded.
        toward: the direction.
        side: +1 where ``entry`` means up, -1 where it means down.
        strain: of what is counted.
    """
    near = np.rint(count.hi)
    more = np.rint((count.hi - near) + count.lo)
    over, part = count.hi - near, count.lo - more
    rest = over + part
    sign = where(rest < 0, -1.0, 1.0)
    size = np.abs(count.hi) * strain.size
    if toward in (HALF_UP, HALF_EVEN):
        rest = (over - 0.5 * sign) + part  # from the middle, exactly
    away = np.abs(rest) * strain.result
    off = away > ON_GRID * size
    doubt = off & (away <= DOUBT * size)
    if toward == HALF_UP:
        on = where(off, rest * sign > 0, sign * count.hi > 0)
    elif toward == HALF_EVEN:
        on = where(off, rest * sign > 0, _odd(near) != _odd(more))
    else:
        on = off & ((rest > 0) == _upward(toward, count.hi, side))
    return settled(near, more + where(on, sign, 0.0 * sign)), doubt


def _odd(number: Value) -> Value:
    half = 0.5 * number
    return np.rint(half) != half


def _upward(toward: int, number: Value, side: Value) -> Value:
    if toward == ENTRY:
        return side > 0
    if toward == ZERO:
        return number < 0
    if toward == AWAY:
        return number >= 0
    return (number == number) == (toward == UP)  # noqa: PLR0124 - one for each row


def to_decimals(
    number: Pair, scale: float, inverse: Pair, toward: int, side: Value, strain: Value
) -> Printed:
    """Return `number` with so many decimals: `scale` is ten to their number, `inverse` 1/scale."""
    count = multiply_loosely(number, Pair(scale, 0.0))
    whole, doubt = to_whole(count, toward, side, strain)
    return Printed(multiply(whole, inverse), doubt)


def to_tick(number: Pair, tick: Tick, toward: int, side: Value, strain: Strain) -> Printed:
    """Return `number` as a multiple of a price step."""
    count = multiply_loosely(number, Pair(tick.per_one, tick.per_one_lo))
    whole, doubt = to_whole(count, toward, side, strain)
    return Printed(multiply(whole, Pair(tick.step, tick.step_lo)), doubt)


def to_digits(number: Pair, digits: int, toward: int, side: Value, strain: Strain) -> Printed:
    """Return `number` to so many significant digits."""
    size = np.abs(number.hi)
    size = where((size > _LEAST) & (size < _MOST), size, 1.0)
    place = np.floor(exponent(size) * _DIGITS_PER_BIT)  # or one too low
    place = place + 1.0 * (size >= take(POWERS_HI, place + (1 + ZEROTH)))
    at = (digits - 1 + ZEROTH) - place
    power = Pair(take(POWERS_HI, at), take(POWERS_LO, at))
    whole, doubt = to_whole(multiply_loosely(number, power), toward, side, strain)
    return Printed(divide(whole, power), doubt)


def printed(number: Pair, how: Print, tick: Tick, side: Value, strain: Strain) -> Printed:
    """Return `number` as an exchange prints it."""
    if how.to == DECIMALS:
        inverse = Pair(how.inverse, how.inverse_lo)
        return to_decimals(number, how.scale, inverse, how.toward, side, strain)
    if how.to == TICK:
        return to_tick(number, tick, how.toward, side, strain)
    if how.to == SIGNIFICANT:
        return to_digits(number, how.digits, how.toward, side, strain)
    return Printed(number, (strain.size > _MOST_STRAIN * strain.result) & (number.hi == number.hi))
