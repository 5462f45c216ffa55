"""The decimal that a float was meant to be: the shortest one that is read as it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.fast.pairs import Pair, Value, divide, multiply, two_product
from liqcalc.batch.fast.powers import POWERS_HI, POWERS_LO, ZEROTH

if TYPE_CHECKING:
    from liqcalc.batch.columns import Floats

_DIGITS = (15, 16, 17)
_SCALE, _INVERSE = 1e8, 1e-8
_LARGEST_SCALED = 1e15
_LARGEST_WHOLE = 2.0**53
_EXPONENT = 0x7FF0000000000000
_HALF_STEP = 53 << 52


def nearest_short(x: Floats) -> tuple[Floats, Floats]:
    """Return what 8 decimals leave of each number, and 1 where that is not what was meant.

    A decimal of at most 15 digits and 8 decimals is n/10^8; it was meant if the
    float nearest to it is x: |n - x*10^8| is less than half a step of x, times 10^8.
    """
    count = np.rint(x * _SCALE)
    product, e = two_product(x, _SCALE)
    rest = (count - product) - e
    bits = np.ascontiguousarray(x).view(np.int64) & _EXPONENT
    half = np.maximum(bits - _HALF_STEP, 0).view(np.float64)
    short = (np.abs(rest) < half * _SCALE) & (np.abs(count) < _LARGEST_SCALED)
    return np.where(short, rest * _INVERSE, 0.0), ~(short | np.isnan(x) | whole(x))


def whole(x: Value) -> Value:
    """Return where a float is a whole number that was meant, digit by digit."""
    return (np.rint(x) == x) & (np.abs(x) < _LARGEST_WHOLE)


def meant(x: Floats) -> Pair:
    """Return a column as the decimals that were meant; NaN stays NaN."""
    lo, longer = nearest_short(x)
    if longer.any():
        lo[longer] = shortest(x[longer])
    return Pair(x, lo)


def shortest(x: Floats) -> Floats:
    """Return the shortest decimal that is read as each x, less x itself."""
    lo = np.zeros_like(x)
    left = np.isfinite(x) & ~whole(x)
    with np.errstate(all="ignore"):
        first = np.floor(np.log10(np.abs(np.where(left, x, 1.0)))).astype(np.int64)
        for digits in _DIGITS:
            at = np.clip(digits - 1 - first + ZEROTH, 0, 2 * ZEROTH)
            power = Pair(POWERS_HI[at], POWERS_LO[at])
            scaled = multiply(Pair(x, np.zeros_like(x)), power)
            count = np.rint(scaled.hi)
            more = np.rint((scaled.hi - count) + scaled.lo)
            found = divide(Pair(count + more, more - ((count + more) - count)), power)
            fits = left & (found.hi == x)
            lo = np.where(fits, found.lo, lo)
            left = left & ~fits
    return lo
