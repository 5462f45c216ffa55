"""Isolated positions of a table: by shape, a chunk at a time, on every core."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import columnar, position
from liqcalc.batch.fast.columnar import FIGURES, Book
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.shapes import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]

CHUNK = 1 << 16
BLOCK = 8192
WORTH_COMPILING = 1 << 20
"""Rows of one shape from which on compiling it takes less time than it saves."""


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


class Isolated:
    """The isolated positions of a table.

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
        kinds = [plan.shape if plan.isolated else -1 for plan in plans.plans]
        self.kind = np.array([*kinds, -1], dtype=np.int16)
        self.compiled = compiled
        self.plans_of = [
            np.flatnonzero(self.kind[:-1] == place) for place in range(len(plans.shapes))
        ]

    def run(self, out: Output) -> None:
        """Fill `out` for every isolated row; the others stay to be done again."""
        rows = len(self.keys.plan)
        starts = range(0, rows, CHUNK)
        ways = self._ways()
        workers = min(len(starts), os.cpu_count() or 1)
        if workers <= 1:
            for start in starts:
                self._chunk(start, min(start + CHUNK, rows), ways, out)
            return
        with ThreadPoolExecutor(workers) as pool:
            tasks = [
                pool.submit(self._chunk, start, min(start + CHUNK, rows), ways, out)
                for start in starts
            ]
            for task in tasks:
                task.result()

    def _ways(self) -> list[bool]:
        """Return for each shape whether it is compiled."""
        if self.compiled is False or not can_compile():
            return [False] * len(self.shapes)
        if self.compiled:
            return [True] * len(self.shapes)
        per_plan = np.bincount(self.keys.plan, minlength=len(self.kind))
        return [int(per_plan[plans].sum()) >= WORTH_COMPILING for plans in self.plans_of]

    def _chunk(self, start: int, stop: int, ways: list[bool], out: Output) -> None:
        plan = self.keys.plan[start:stop]
        kinds = self.kind[plan]
        if self.keys.irregular is not None:
            kinds = np.where(self.keys.irregular[start:stop], -1, kinds)
        for place, rows in _groups(kinds):
            if place < 0:
                continue
            way = self._compiled if ways[place] else self._columns
            way(place, start, rows, out)

    def _columns(self, place: int, start: int, rows: Rows | slice, out: Output) -> None:
        at = np.arange(start, start + rows.stop) if isinstance(rows, slice) else rows + start
        for first in range(0, len(at), BLOCK):
            part = at[first : first + BLOCK]
            plan = self.keys.plan[part]
            numbers = [
                np.full(len(part), column[0]) if len(column) == 1 else column[part]
                for column in self.numbers
            ]
            side = self.keys.side[part].astype(np.float64)
            terms = Terms(*self.terms[:, plan])
            with np.errstate(all="ignore"):
                found = columnar.isolated(self.shapes[place], numbers, side, terms, self.book)
            for j, name in enumerate(FIGURES):
                source = found.ending if name == "liquidation_price" else found.standing
                out.figures[j, part] = getattr(source, name)
            out.tier[part] = found.tier
            out.status[part] = found.ending.status
            out.reason[part] = position.reason_of(found.ending)
            out.flags[part] = found.standing.warnings
            out.again[part] = found.again

    def _compiled(self, place: int, start: int, rows: Rows | slice, out: Output) -> None:
        from liqcalc.batch.fast import kernel

        kernel.run(self, place, start, rows, out)


def _groups(kinds: NDArray[np.int16]) -> Iterator[tuple[int, Rows | slice]]:
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
