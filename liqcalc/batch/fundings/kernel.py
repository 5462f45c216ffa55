"""What is due of isolated positions, compiled: the same functions as in columns, row by row."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from liqcalc.batch import settled
from liqcalc.batch.fast.cached import compiled as compiled_for
from liqcalc.batch.fast.cached import is_ready
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.slots import ROWS, STRIDE, slots_of
from liqcalc.batch.fundings import owed as module
from liqcalc.batch.fundings.owed import Held, Owed
from liqcalc.batch.fundings.owed import owed as owe
from liqcalc.batch.fundings.terms import Due
from liqcalc.batch.settled import settled as settle
from liqcalc.batch.taught import teach

if TYPE_CHECKING:
    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.shapes import Shape

teach(owe, module._free, module._span)  # noqa: SLF001 - parts of the first

_KINDS = (Raw, Terms, Due, Held, Owed)
_SLOTS = [slots_of(Raw, 1)]
for _kind in _KINDS[1:]:
    _SLOTS.append(slots_of(_kind, _SLOTS[-1].after))
_inline = njit(error_model="numpy", forceinline=True, _nrt=False)
_raw, _terms, _due, _held = (_inline(slots.load) for slots in _SLOTS[:-1])
_save = _inline(_SLOTS[-1].save)


@cache
def _owing(shape: Shape) -> Any:  # noqa: ANN401 - numba's
    """Return what computes a block of rows."""

    def compute(block, count, table):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for i in range(count):
            raw, side = _raw(block, i), block[i]
            start = settle(shape, raw, side, _terms(block, i), table)
            _save(block, i, owe(shape, raw, side, start, _due(block, i), _held(block, i)))

    return compiled_for(compute, shape, settled, module, sys.modules[__name__])


def ready(shape: Shape) -> bool:
    """Return True if a shape needs no more compiling than has been done before."""
    return is_ready(_owing(shape))


def owed(
    shape: Shape, raw: Raw, side: Floats, terms: Terms, table: Table, due: Due, held: Held
) -> Owed:
    """Return what is due of some rows of one shape.

    Args:
        shape: of the rows.
        raw: their numbers.
        side: +1 long, -1 short.
        terms: the numbers of their plans.
        table: all tier tables.
        due: what a payment is.
        held: their funding.
    """
    out = np.empty((len(Owed._fields), len(side)))
    lines = np.array([side, *_flat(raw), *terms, *due, *_flat(held[:-1]), held.begin])
    block = np.zeros((_SLOTS[-1].after, STRIDE))
    compute = _owing(shape)
    for first in range(0, len(side), ROWS):
        part = slice(first, min(first + ROWS, len(side)))
        count = part.stop - first
        block[: len(lines), :count] = lines[:, part]
        compute(block.ravel(), count, table)
        out[:, part] = block[_SLOTS[-1].first :, :count]
    return Owed(*out)


def _flat(pairs: Any) -> list[Floats]:  # noqa: ANN401 - a tuple of pairs
    return [part for pair in pairs for part in (pair.hi, pair.lo)]
