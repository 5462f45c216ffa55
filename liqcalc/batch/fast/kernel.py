"""Positions of one shape, compiled: a block of rows after the other, step by step."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from liqcalc.batch.fast import steps
from liqcalc.batch.fast.cached import compiled, is_ready
from liqcalc.batch.fast.slots import ROWS
from liqcalc.batch.fast.steps import OPTIONS, RAWS, lengthen, look_up, new_block, read, write

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.fast.run import Output, Task
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]

_ALL = np.zeros(0, dtype=np.int64)


@cache
def _marking(shape: Shape) -> Any:
    """Return what brings a block of rows to its tiers."""
    s = steps.steps_of(shape)
    mean, value, find_tier = s.mean, s.value, s.find_tier

    @njit(**OPTIONS)
    def mark(block, columns, side, plan, terms, varying, book, rows, first, count):
        table, most, notes = book
        for j in range(RAWS):
            if columns[j]:
                read(block, columns[j], rows, first, count, j)
        if mean(block):
            for j in range(RAWS):
                if columns[j]:
                    lengthen(block, count, j)
        look_up(block, terms, side, plan, varying, rows, first, count)
        value(block)
        find_tier(block, count, table, most, notes)

    return mark


@cache
def _alone(shape: Shape) -> Any:
    """Return what computes isolated positions."""
    s, mark = steps.steps_of(shape), _marking(shape)
    stand, find_root, finish = s.stand, s.find_root, s.finish

    def compute(block, columns, side, plan, terms, varying, book, rows, start, stop, figures):
        for first in range(start, stop, ROWS):
            count = min(ROWS, stop - first)
            mark(block, columns, side, plan, terms, varying, book, rows, first, count)
            stand(block)
            find_root(block, count, book[0])
            finish(block)
            write(block, figures, rows, first, count)

    return compiled(compute, shape)


@cache
def _bringing(shape: Shape) -> Any:
    """Return what finds what cross positions bring into their pools."""
    mark, bring = _marking(shape), steps.steps_of(shape).bring

    def compute(block, columns, side, plan, terms, varying, book, rows, at, shares):
        for first in range(0, len(rows), ROWS):
            count = min(ROWS, len(rows) - first)
            mark(block, columns, side, plan, terms, varying, book, rows, first, count)
            bring(block)
            steps.write_shares(block, shares, at, first, count)

    return compiled(compute, shape)


@cache
def _ending(shape: Shape) -> Any:
    """Return what finds where cross positions end."""
    s, mark = steps.steps_of(shape), _marking(shape)
    stand, find_root, finish = s.stand, s.find_root, s.finish

    def compute(block, columns, side, plan, terms, varying, book, rows, at, pools, figures):
        shares, sums, wallet, members, pool = pools
        for first in range(0, len(rows), ROWS):
            count = min(ROWS, len(rows) - first)
            mark(block, columns, side, plan, terms, varying, book, rows, first, count)
            steps.read_shares(block, shares, sums, wallet, members, pool, at, first, count)
            stand(block)
            find_root(block, count, book[0])
            finish(block)
            write(block, figures, rows, first, count)

    return compiled(compute, shape)


def ready(shape: Shape) -> bool:
    """Return True if rows of a shape need no more compiling than has been done before."""
    made = [_alone(shape)] if shape.isolated else [_bringing(shape), _ending(shape)]
    return all(is_ready(function) for function in made)


def isolated(task: Task, place: int, start: int, rows: Rows | slice, out: Output) -> None:
    """Compute isolated positions of one shape of a chunk."""
    if isinstance(rows, slice):
        at, first, stop = _ALL, start, start + rows.stop
        plan = task.keys.plan[first:stop]
    else:
        at, first, stop = rows + start, 0, len(rows)
        plan = task.keys.plan[at]
    known = _known(task, place, plan)
    _alone(task.shapes[place])(*known, at, first, stop, out.figures)


def bring(task: Task, place: int, rows: Rows, at: Rows, shares: NDArray[np.float64]) -> None:
    """Find what cross positions of one shape bring into their pools."""
    known = _known(task, place, task.keys.plan[rows])
    _bringing(task.shapes[place])(*known, rows, at, shares)


def end(task: Task, place: int, rows: Rows, at: Rows, pools: Any, out: Output) -> None:
    """Find where cross positions of one shape end."""
    known = _known(task, place, task.keys.plan[rows])
    _ending(task.shapes[place])(*known, rows, at, pools, out.figures)


def _known(task: Task, place: int, plan: NDArray[np.int32]) -> tuple[Any, ...]:
    """Return a block and the columns, as every computation takes them."""
    terms, plans = task.terms, task.plans_of[place]
    single = bool((plan == plan[0]).all())
    varying = np.flatnonzero((terms[:, plans] != terms[:, plans[:1]]).any(axis=1))
    columns = np.array([0 if len(c) == 1 else c.ctypes.data for c in task.numbers])
    block = new_block(terms[:, plan[0]], task.numbers)
    keys = task.keys
    return block, columns, keys.side, keys.plan, terms, _ALL if single else varying, task.book
