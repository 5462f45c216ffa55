"""The positions of a table: by shape, a chunk at a time, on every core."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.batch.extras import need
from liqcalc.batch.fast import columnar
from liqcalc.batch.fast.columnar import FIGURES, Block
from liqcalc.batch.fast.memory import room
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.shapes import Inputs

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]

CHUNK = 1 << 16
BLOCK = 8192
_SHORT = 64
_AS_THEY_STAND = np.zeros(0, dtype=np.int64)
FEW, WORTH_COMPILING = 10_000, 4_000_000
"""Rows of one shape that are not worth compiling, and rows that are even for the first time."""


class Output(NamedTuple):
    """What is found about each row, and the codes of what is said of it.

    Attributes:
        figures: one line a figure, in the order of `columnar.FIGURES`.
        tier: 1 = lowest.
        status, reason, warnings, rule_set: codes; -1 is none.
        again: to be done exactly.
        of_flags, of_plan: codes of warnings by plan and sum of flags; of rule sets by plan.
    """

    figures: NDArray[np.float64]
    tier: NDArray[np.int16]
    status: NDArray[np.int8]
    reason: NDArray[np.int32]
    warnings: NDArray[np.int16]
    rule_set: NDArray[np.int16]
    again: Mask
    of_flags: NDArray[np.int16]
    of_plan: NDArray[np.int16]

    @classmethod
    def empty(cls, rows: int, of_flags: NDArray[np.int16], of_plan: NDArray[np.int16]) -> Output:
        """Return room for so many rows; all of them are to be done."""
        out = cls(
            room((len(FIGURES), rows)),
            room(rows, np.int16),
            room(rows, np.int8),
            room(rows, np.int32),
            room(rows, np.int16),
            room(rows, np.int16),
            room(rows, np.bool_),
            of_flags,
            of_plan,
        )
        out.again[:] = True
        return out

    def put(self, rows: Rows, plan: NDArray[np.int32], found: Block) -> None:
        """Keep what was found about a block of rows."""
        for j, name in enumerate(FIGURES):
            source = found.ending if name == "liquidation_price" else found.standing
            self.figures[j, rows] = getattr(source, name)
        self.tier[rows] = found.tier
        self.status[rows] = found.ending.status
        self.reason[rows] = found.ending.reason
        self.warnings[rows] = self.of_flags[plan, found.standing.warnings.astype(np.int64)]
        self.rule_set[rows] = self.of_plan[plan]
        self.again[rows] = found.again


class Runs(NamedTuple):
    """Rows in runs of one plan each.

    Attributes:
        rows: in the order of the runs; empty where they stand in the table like that.
        starts, stops: of each run among `rows`, or among those of the table.
        plans: of each run.
    """

    rows: Rows
    starts: Rows
    stops: Rows
    plans: NDArray[np.int32]

    def some(self, which: Mask) -> Runs:
        """Return some of the runs."""
        return Runs(self.rows, self.starts[which], self.stops[which], self.plans[which])

    def all_rows(self) -> Rows:
        """Return the rows of all runs."""
        parts = [np.arange(*ends) for ends in zip(self.starts, self.stops, strict=True)]
        places = np.concatenate(parts)
        return self.rows[places] if len(self.rows) else places


def runs_of(plan: NDArray[np.int32], first: int) -> Runs:
    """Return rows in runs of one plan.

    Args:
        plan: of each row.
        first: place of the first of them in the table.
    """
    begins = np.flatnonzero(plan[1:] != plan[:-1]) + 1
    rows = _AS_THEY_STAND
    if len(begins) * _SHORT > len(plan):
        small = plan.astype(np.int16) if plan.max() < np.iinfo(np.int16).max else plan
        rows = np.argsort(small, kind="stable")
        plan = plan[rows]
        begins = np.flatnonzero(plan[1:] != plan[:-1]) + 1
        rows, first = rows + first, 0
    starts = np.concatenate(([0], begins))
    stops = np.concatenate((begins, [len(plan)]))
    return Runs(rows, starts + first, stops + first, plan[starts])


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
        arrays = plans.arrays()
        self.book, self.terms, self.shape = arrays.book, arrays.terms, arrays.shape
        nothing = np.full(1, np.nan)
        self.numbers = [columns.numbers.get(name, nothing) for name in Raw._fields]
        given = Inputs(*(name in columns.numbers for name in Inputs._fields))
        self.shapes = [shape._replace(given=given) for shape in plans.shapes]
        self.plans_of = [np.flatnonzero(self.shape == i) for i in range(len(self.shapes))]
        self.seen = plans.seen
        self.compiled = self._compiled(wanted=compiled)

    def _compiled(self, *, wanted: bool | None) -> list[bool]:
        """Return for each shape whether it is compiled."""
        if wanted:
            need("numba", extra="fast", where="compiled=True")
            self.seen.update(dict.fromkeys(self.shapes, WORTH_COMPILING))
            return [True] * len(self.shapes)
        if wanted is False or not can_compile():
            return [False] * len(self.shapes)
        if all(self.seen[shape] >= WORTH_COMPILING for shape in self.shapes):
            return [True] * len(self.shapes)
        per_plan = np.bincount(self.keys.plan, minlength=len(self.shape))
        return [
            worth_compiling(shape, int(per_plan[plans].sum()), self.seen)
            for shape, plans in zip(self.shapes, self.plans_of, strict=True)
        ]

    def prepared(self) -> Any:  # noqa: ANN401 - what compiled code takes
        """Return the columns as compiled code takes them; None if nothing is compiled."""
        if not any(self.compiled):
            return None
        from liqcalc.batch.fast import kernel

        return kernel.prepared(self)

    def inputs(self, rows: Rows) -> tuple[list[Floats], Floats, Terms]:
        """Return the numbers, sides and terms of some rows."""
        numbers = [
            np.full(len(rows), column[0]) if len(column) == 1 else column[rows]
            for column in self.numbers
        ]
        terms = Terms(*self.terms[:, self.keys.plan[rows]])
        return numbers, self.keys.side[rows].astype(np.float64), terms


def worth_compiling(shape: Shape, rows: int, seen: Counter[Shape]) -> bool:
    """Return True if a shape has been compiled, or so many rows are worth it.

    Args:
        shape, rows: what is asked for now.
        seen: rows of each shape so far, which this counts on.
    """
    if seen[shape] >= WORTH_COMPILING:
        return True
    if rows < FEW:
        return False
    from liqcalc.batch.fast import kernel

    seen[shape] += WORTH_COMPILING if kernel.ready(shape) else rows
    return seen[shape] >= WORTH_COMPILING


def isolated(task: Task, plans: Plans, out: Output) -> None:
    """Fill `out` for the isolated positions; the others stay to be done again."""
    alone = plans.arrays().alone
    prepared = task.prepared()

    def part(start: int) -> None:
        plan = task.keys.plan[start : start + CHUNK]
        if task.keys.irregular is not None:
            plan = np.where(task.keys.irregular[start : start + CHUNK], -1, plan)
        runs = runs_of(plan, start)
        kinds = np.where(runs.plans < 0, -1, alone[runs.plans])
        for place in np.unique(kinds[kinds >= 0]).tolist():
            _compute(task, prepared, place, runs.some(kinds == place), out)

    on_cores(part, range(0, len(task.keys.plan), CHUNK))


def _compute(task: Task, prepared: Any, place: int, runs: Runs, out: Output) -> None:  # noqa: ANN401
    """Fill `out` for isolated positions of one shape."""
    shape = task.shapes[place]
    if task.compiled[place]:
        from liqcalc.batch.fast import kernel

        kernel.isolated(shape, prepared, runs, out)
        return
    rows = runs.all_rows()
    for first in range(0, len(rows), BLOCK):
        some = rows[first : first + BLOCK]
        numbers, side, terms = task.inputs(some)
        with np.errstate(all="ignore"):
            block = columnar.isolated(shape, numbers, side, terms, task.book)
        out.put(some, task.keys.plan[some], block)


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
