"""The decimal that a float was meant to be: the shortest one that is read as it."""

from __future__ import annotations

import numpy as np

from liqcalc.batch.fast.pairs import (
    Pair,
    Value,
    divide,
    half_step,
    multiply,
    take,
    two_product,
    where,
    where_rare,
)
from liqcalc.batch.fast.powers import POWERS_HI, POWERS_LO, ZEROTH

_LONGEST, _SHORTER = 17, (16, 15)
_SCALE, _INVERSE = 1e8, 1e-8
_LARGEST_SCALED = 1e15
_LARGEST_WHOLE = 2.0**53
_LEAST, _MOST = 1e-24, 1e24


def meant(x: Value) -> Pair:
    """Return floats as the decimals that were meant; NaN stays NaN."""
    lo, longer = short_part(x)
    return Pair(x, where_rare(longer, shortest, x, lo))


def short_part(x: Value) -> tuple[Value, Value]:
    """Return what was meant less x if that has few digits, and whether it has more.

    A decimal of at most 15 digits and 8 decimals is n/10^8; it was meant if the
    float nearest to it is x: |n - x*10^8| is less than half a step of x, times 10^8.
    """
    count = np.rint(x * _SCALE)
    product, e = two_product(x, _SCALE)
    rest = (count - product) - e
    short = (np.abs(rest) < half_step(x) * _SCALE) & (np.abs(count) < _LARGEST_SCALED)
    longer = ~(short | (x != x) | whole(x))  # noqa: PLR0124 - NaN
    return where(short, rest * _INVERSE, 0.0), longer


def whole(x: Value) -> Value:
    """Return where a float is a whole number that was meant, digit by digit."""
    return (np.rint(x) == x) & (np.abs(x) < _LARGEST_WHOLE)


def shortest(x: Value) -> Value:
    """Return the shortest decimal that is read as x, less x itself."""
    size = np.abs(x)
    usual = (size > _LEAST) & (size < _MOST) & ~(whole(x))
    first = np.floor(np.log10(where(usual, size, 1.0)))
    lo, fits = _to_digits(x, _LONGEST, first)
    for digits in _SHORTER:
        shorter, fits = _to_digits(x, digits, first)
        lo = where(fits, shorter, lo)
    return where(usual, lo, 0.0)


def _to_digits(x: Value, digits: int, first: Value) -> tuple[Value, Value]:
    """Return the decimal of so many digits nearest to x, less x, and whether it is read as x."""
    at = (digits - 1 + ZEROTH) - first
    power = Pair(take(POWERS_HI, at), take(POWERS_LO, at))
    scaled = multiply(Pair(x, 0.0 * x), power)
    count = np.rint(scaled.hi)
    more = np.rint((scaled.hi - count) + scaled.lo)
    found = divide(Pair(count + more, more - ((count + more) - count)), power)
    return found.lo, found.hi == x
