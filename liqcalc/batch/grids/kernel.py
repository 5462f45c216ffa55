"""Cells of isolated positions, compiled: the same functions as in columns, one row at a time."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from liqcalc.batch import settled
from liqcalc.batch.fast.cached import compiled as compiled_for
from liqcalc.batch.fast.cached import is_ready
from liqcalc.batch.fast.pairs import Pair
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.slots import ROWS, STRIDE, slots_of
from liqcalc.batch.grids import cells as grid_cells
from liqcalc.batch.grids.cells import cell, with_margin
from liqcalc.batch.settled import settled as settle
from liqcalc.batch.taught import teach

if TYPE_CHECKING:
    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.shapes import Shape

teach(cell, grid_cells._with_margin, grid_cells._zero_if_nothing)  # noqa: SLF001

_RAW = slots_of(Raw, 1)
_TERMS = slots_of(Terms, _RAW.after)
_inline = njit(error_model="numpy", forceinline=True, _nrt=False)
_raw, _terms = _inline(_RAW.load), _inline(_TERMS.load)


@cache
def _cells(shape: Shape) -> Any:  # noqa: ANN401 - numba's
    """Return what computes the cells of a block of rows."""
    there = with_margin(shape)

    def compute(block, count, table, hi, lo, line, moves, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for i in range(count):
            raw, terms, side = _raw(block, i), _terms(block, i), block[i]
            start = settle(shape, raw, side, terms, table)
            own = line[i]
            for j in range(hi.shape[1]):
                price = Pair(hi[own, j], lo[own, j])
                if moves:
                    price = start.prices.mark * price
                c = cell(there, raw, side, terms, table, start, price)
                out[0, i, j] = c.price
                out[1, i, j] = c.unrealized_pnl
                out[2, i, j] = c.equity
                out[3, i, j] = c.margin_ratio
                out[4, i, j] = 2.0 if c.doubt else 1.0 * c.over

    return compiled_for(compute, shape, settled, grid_cells, sys.modules[__name__])


def ready(shape: Shape) -> bool:
    """Return True if a shape needs no more compiling than has been done before."""
    return is_ready(_cells(shape))


def cells(
    shape: Shape,
    raw: Raw,
    side: Floats,
    terms: Terms,
    table: Table,
    points: tuple[Floats, Floats, Any, bool],
) -> Floats:
    """Return the cells of some rows of one shape.

    Args:
        shape: of the rows.
        raw: their numbers.
        side: +1 long, -1 short.
        terms: the numbers of their plans.
        table: all tier tables.
        points: factors or prices as pairs, the line of each row, and whether
            they are factors.

    Returns:
        Price, profit, equity, ratio and state (1 = liquidatable, 2 = in doubt),
        for each row and point.
    """
    hi, lo, line, moves = points
    out = np.empty((5, len(side), hi.shape[1]))
    lines = np.array([side, *(half for pair in raw for half in (pair.hi, pair.lo)), *terms])
    block = np.zeros((_TERMS.after, STRIDE))
    compute = _cells(shape)
    for first in range(0, len(side), ROWS):
        part = slice(first, min(first + ROWS, len(side)))
        count = part.stop - first
        block[:, :count] = lines[:, part]
        compute(block.ravel(), count, table, hi, lo, line[part], moves, out[:, part])
    return out
