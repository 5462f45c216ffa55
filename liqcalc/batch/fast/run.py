"""The positions of a table: by shape, a chunk at a time, on every core."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import columnar, position
from liqcalc.batch.fast.columnar import FIGURES, Block, Book
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.shapes import Inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans

    Rows = NDArray[np.int64]

CHUNK = 1 << 16
BLOCK = 8192
FEW, WORTH_COMPILING = 10_000, 4_000_000
"""Rows of one shape that are not worth compiling, and rows that are even for the first time."""


class Output(NamedTuple):
    """What is found about each row.

    Attributes:
        figures: one line a figure, in the order of `columnar.FIGURES`; the last
            line holds the others, a few bytes each.
        tier: 1 = lowest.
        status, reason: places; a reason of -1 is none.
        flags: sums of warnings.
        again: to be done exactly.
    """

    figures: NDArray[np.float64]
    tier: NDArray[np.int16]
    status: NDArray[np.int8]
    reason: NDArray[np.int8]
    flags: NDArray[np.int8]
    again: Mask

    @classmethod
    def empty(cls, rows: int) -> Output:
        """Return room for so many rows; all of them are to be done."""
        figures = np.empty((len(FIGURES) + 1, rows))
        small = figures[-1].view(np.int8)
        again = small.view(np.bool_)[5::8]
        again[:] = True
        tier = figures[-1].view(np.int16)[::4]
        return cls(figures, tier, small[2::8], small[3::8], small[4::8], again)

    def put(self, rows: Rows, found: Block) -> None:
        """Keep what was found about a block of rows."""
        for j, name in enumerate(FIGURES):
            source = found.ending if name == "liquidation_price" else found.standing
            self.figures[j, rows] = getattr(source, name)
        self.tier[rows] = found.tier
        self.status[rows] = found.ending.status
        self.reason[rows] = position.reason_of(found.ending)
        self.flags[rows] = found.standing.warnings
        self.again[rows] = found.again


class Task:
    """A table on its way: its columns, and what holds for each row.

    Args:
        columns: of the table.
        keys: plan and side of each row.
        plans: of all rows.
        compiled: True or False to force the way; None to choose.
    """

    def __init__(
        self, columns: Columns, keys: Keys, plans: Plans, *, compiled: bool | None = None
    ) -> None:
        self.keys = keys
        self.book = Book(plans.table(), plans.most_leverage(), plans.tier_notes())
        self.terms = np.ascontiguousarray(np.array(plans.terms()))
        nothing = np.full(1, np.nan)
        self.numbers = [columns.numbers.get(name, nothing) for name in Raw._fields]
        given = Inputs(*(name in columns.numbers for name in Inputs._fields))
        self.shapes = [shape._replace(given=given) for shape in plans.shapes]
        self.shape = np.array([plan.shape for plan in plans.plans], dtype=np.int16)
        self.plans_of = [np.flatnonzero(self.shape == i) for i in range(len(self.shapes))]
        self.seen = plans.seen
        self.compiled = self._compiled(wanted=compiled)

    def _compiled(self, *, wanted: bool | None) -> list[bool]:
        """Return for each shape whether it is compiled."""
        if wanted is False or not can_compile():
            return [False] * len(self.shapes)
        if wanted:
            return [True] * len(self.shapes)
        per_plan = np.bincount(self.keys.plan, minlength=len(self.shape))
        return [
            self._pays(place, int(per_plan[plans].sum()))
            for place, plans in enumerate(self.plans_of)
        ]

    def _pays(self, place: int, rows: int) -> bool:
        """Return True if a shape has been compiled, or so many rows are worth it."""
        if rows < FEW:
            return False
        from liqcalc.batch.fast import kernel

        seen = self.seen[self.shapes[place]] = self.seen.get(self.shapes[place], 0) + rows
        return seen >= WORTH_COMPILING or kernel.ready(self.shapes[place])

    def inputs(self, rows: Rows) -> tuple[list[Floats], Floats, Terms]:
        """Return the numbers, sides and terms of some rows."""
        numbers = [
            np.full(len(rows), column[0]) if len(column) == 1 else column[rows]
            for column in self.numbers
        ]
        terms = Terms(*self.terms[:, self.keys.plan[rows]])
        return numbers, self.keys.side[rows].astype(np.float64), terms


def isolated(task: Task, plans: Plans, out: Output) -> None:
    """Fill `out` for the isolated positions; the others stay to be done again."""
    alone = np.array([plan.shape if plan.isolated else -1 for plan in plans.plans], dtype=np.int16)
    on_cores(lambda start: _chunk(task, alone, start, out), range(0, len(task.keys.plan), CHUNK))


def in_parts(rows: Rows, do: Callable[[Rows], None]) -> None:
    """Do something with parts of `rows`, on every core."""
    starts = range(0, len(rows), CHUNK)
    on_cores(lambda start: do(rows[start : start + CHUNK]), starts)


def cores() -> int:
    """Return how many cores this process may use; not every system says."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_cores(do: Callable[[int], None], starts: Sequence[int]) -> None:
    """Do something from each of `starts` on, on every core."""
    workers = min(len(starts), cores())
    if workers <= 1:
        for start in starts:
            do(start)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(do, start) for start in starts]:
            done.result()


def _chunk(task: Task, alone: NDArray[np.int16], start: int, out: Output) -> None:
    part = slice(start, min(start + CHUNK, len(task.keys.plan)))
    kinds = alone[task.keys.plan[part]]
    if task.keys.irregular is not None:
        kinds = np.where(task.keys.irregular[part], -1, kinds)
    for place, rows in kinds_of(kinds):
        if place < 0:
            continue
        if task.compiled[place]:
            from liqcalc.batch.fast import kernel

            kernel.isolated(task, place, start, rows, out)
            continue
        at = np.arange(part.start, part.stop) if isinstance(rows, slice) else rows + start
        for first in range(0, len(at), BLOCK):
            some = at[first : first + BLOCK]
            numbers, side, terms = task.inputs(some)
            with np.errstate(all="ignore"):
                block = columnar.isolated(task.shapes[place], numbers, side, terms, task.book)
            out.put(some, block)


def kinds_of(kinds: NDArray[np.int16]) -> Iterator[tuple[int, Rows | slice]]:
    """Yield each kind with its rows; a slice where all rows are of one kind."""
    if (kinds == kinds[0]).all():
        yield int(kinds[0]), slice(0, len(kinds))
        return
    order = np.argsort(kinds, kind="stable")
    ordered = kinds[order]
    ends = np.flatnonzero(np.diff(ordered)) + 1
    for rows in np.split(order, ends):
        yield int(kinds[rows[0]]), rows


@cache
def can_compile() -> bool:
    """Return True if numba is installed."""
    return find_spec("numba") is not None
