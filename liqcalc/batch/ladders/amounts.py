"""Amounts as the ladder prints them: with twelve decimals at most."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.fast.grid import DOUBT, HALF_EVEN, Strain, to_decimals
from liqcalc.batch.fast.pairs import Pair, multiply_float

if TYPE_CHECKING:
    from liqcalc.batch.columns import Floats, Mask

_DECIMALS = 12
_SCALE = 10.0**_DECIMALS
_STEP = Pair.of(Decimal(1).scaleb(-_DECIMALS))
_MOST = 1e14
"""Above it a pair has not all of the decimals."""


def amount(number: Pair, size: Floats, noisy: Mask) -> tuple[Floats, Mask]:
    """Return an amount or an unrounded price as printed, and whether that is in doubt.

    Args:
        number: the amount.
        size: of the numbers that it is a sum or difference of.
        noisy: it comes from divisions that may cancel each other: where it
            lies in the middle between two such amounts, the exact engine may
            have it its last digit above or below.
    """
    strain = Strain(np.abs(number.hi) + size, np.abs(number.hi))
    found = to_decimals(number, _SCALE, _STEP, HALF_EVEN, 1.0 + 0.0 * size, strain)
    count = multiply_float(number, _SCALE)
    rest = count.hi - np.floor(count.hi)
    middle = np.abs((rest - 0.5) + count.lo) <= DOUBT * _SCALE * size
    return found.value.hi, found.doubt | (middle & noisy) | ~(size < _MOST)
