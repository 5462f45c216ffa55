"""Positions of one shape, compiled: a block of rows after the other, step by step."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from liqcalc.batch.fast import moving, steps
from liqcalc.batch.fast.cached import compiled, is_ready
from liqcalc.batch.fast.layout import OPTIONS, copy_of, new_block
from liqcalc.batch.fast.slots import ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.run import Output, Runs, Task
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]


@cache
def _marking(shape: Shape) -> Any:
    """Return what brings a block of rows to its tiers."""
    s = steps.steps_of(shape)
    mean, value, find_tier = s.mean, s.value, s.find_tier

    @njit(**OPTIONS)
    def mark(block, known, plan, rows, first, count):
        columns, side, terms, book = known
        moving.read(block, columns, side, rows, first, count)
        if mean(block):
            moving.lengthen(block, columns, count)
        value(block, terms, plan)
        find_tier(block, terms, plan, count, book)

    return mark


@cache
def _ending(shape: Shape) -> Any:
    """Return what leads a block of rows from its tiers to its ends."""
    s = steps.steps_of(shape)
    stand, find_root, finish = s.stand, s.find_root, s.finish

    @njit(**OPTIONS)
    def end(block, known, plan, count):
        _, _, terms, book = known
        stand(block, terms, plan)
        find_root(block, terms, plan, count, book[0])
        finish(block, terms, plan)

    return end


@cache
def _alone(shape: Shape) -> Any:
    """Return what computes isolated positions."""
    mark, end = _marking(shape), _ending(shape)

    def compute(block, known, runs, out):
        rows, starts, stops, plans = runs
        for run in range(len(plans)):
            for first in range(starts[run], stops[run], ROWS):
                count = min(ROWS, stops[run] - first)
                mark(block, known, plans[run], rows, first, count)
                end(block, known, plans[run], count)
                moving.write(block, out, plans[run], rows, first, count)

    return compiled(compute, shape)


@cache
def _bringing(shape: Shape) -> Any:
    """Return what finds what cross positions bring into their pools."""
    mark, bring = _marking(shape), steps.steps_of(shape).bring

    def compute(block, known, runs, at, shares):
        rows, starts, stops, plans = runs
        for run in range(len(plans)):
            for first in range(starts[run], stops[run], ROWS):
                count = min(ROWS, stops[run] - first)
                mark(block, known, plans[run], rows, first, count)
                bring(block, known[2], plans[run])
                moving.write_shares(block, shares, at, first, count)

    return compiled(compute, shape)


@cache
def _pooled(shape: Shape) -> Any:
    """Return what finds where cross positions end."""
    mark, end = _marking(shape), _ending(shape)

    def compute(block, known, runs, at, pools, out):
        rows, starts, stops, plans = runs
        for run in range(len(plans)):
            for first in range(starts[run], stops[run], ROWS):
                count = min(ROWS, stops[run] - first)
                mark(block, known, plans[run], rows, first, count)
                moving.read_shares(block, pools, at, first, count)
                end(block, known, plans[run], count)
                moving.write(block, out, plans[run], rows, first, count)

    return compiled(compute, shape)


def ready(shape: Shape) -> bool:
    """Return True if rows of a shape need no more compiling than has been done before."""
    made = [_alone(shape)] if shape.isolated else [_bringing(shape), _pooled(shape)]
    return all(is_ready(function) for function in made)


class Prepared(NamedTuple):
    """A table as compiled code takes it: a block with what is the same for all rows, and columns.

    Attributes:
        block: to be copied, since each core writes into its own.
        known: addresses of the columns; sides; terms of each plan; all tables.
    """

    block: Floats
    known: tuple[Any, ...]


def prepared(task: Task) -> Prepared:
    """Return a table as compiled code takes it."""
    columns = np.array([0 if len(c) == 1 else c.ctypes.data for c in task.numbers])
    known = (columns, task.keys.side, np.ascontiguousarray(task.terms.T), task.book)
    return Prepared(new_block(task.numbers), known)


def isolated(shape: Shape, table: Prepared, runs: Runs, out: Output) -> None:
    """Compute isolated positions of one shape."""
    _alone(shape)(copy_of(table.block), table.known, runs, out)


def bring(shape: Shape, table: Prepared, runs: Runs, at: Rows, shares: NDArray[np.float64]) -> None:
    """Find what cross positions of one shape bring into their pools."""
    _bringing(shape)(copy_of(table.block), table.known, runs, at, shares)


def end(shape: Shape, table: Prepared, runs: Runs, at: Rows, pools: Any, out: Output) -> None:
    """Find where cross positions of one shape end."""
    _pooled(shape)(copy_of(table.block), table.known, runs, at, pools, out)
