"""What is due of isolated positions while they are held, and the margin that it is taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liqcalc.answers.funding.rates import read_time
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import Pair, where
from liqcalc.batch.fast.position import Raw
from liqcalc.batch.fast.run import BLOCK, CHUNK, Task, can_compile, on_cores
from liqcalc.batch.fundings.owed import Held, Owed, owed
from liqcalc.batch.fundings.terms import DueTable
from liqcalc.batch.settled import settled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans

    Rows = NDArray[np.int64]

_ALONE = ("accrued_fees", "max_leverage", "risk_level", "liquidation_fee")
_FEW, WORTH_COMPILING = 10_000, 2_000_000
"""Rows of one shape that are not worth compiling, and rows that are even for the first time."""


class Paid(Owed):
    """What is due of each row of a table."""

    @classmethod
    def empty(cls, rows: int) -> Paid:
        """Return room for so many rows, all to be asked about alone."""
        found = cls(*np.zeros((len(cls._fields), rows)))
        found.again[:] = 1.0
        return found

    def at(self, rows: Rows | slice) -> Paid:
        """Return some of the rows; all of them without copies."""
        if not isinstance(rows, slice) and len(rows) == len(self.due):
            return self
        return Paid(*(column[rows] for column in self))

    def sum_of(self, count: Floats) -> Pair:
        """Return the sum of so many payments."""
        some = Pair(self.amount, self.amount_lo) * count
        found: Pair = where(count >= self.due, Pair(self.total, self.total_lo), some)
        return found

    def margin_after(self, count: Floats) -> Pair:
        """Return the margin after so many payments."""
        total = self.sum_of(count)
        rest = total - Pair(self.free, self.free_lo)
        paid = where(rest.hi > 0, rest, 0.0 * total)
        received = where(self.to_free > 0, 0.0 * total, total)
        taken: Pair = where(total.hi > 0, paid, received)
        return Pair(self.margin, self.margin_lo) - taken


class DueOf:
    """Finds what is due of each row of a table.

    Args:
        columns: of the table.
        keys, plans: of its rows.
        compiled: True or False to force the way; None to choose.

    Attributes:
        paid: what was found; rows that columns cannot do are to be asked about alone.
    """

    def __init__(
        self, columns: Columns, keys: Keys, plans: Plans, *, compiled: bool | None = None
    ) -> None:
        self.columns = columns
        self.keys = keys
        self.dues = DueTable(columns, keys, plans.catalog, plans.today)
        self.start = _starts(columns)
        self.alone = _alone(columns)
        self.paid = Paid.empty(columns.rows)
        self.task = Task(columns, keys, plans, compiled=False)
        self.kind = plans.arrays().alone
        self.compiled = self._compiled(compiled)

    def _compiled(self, wanted: bool | None) -> list[bool]:  # noqa: FBT001 - as it was given
        """Return for each shape whether it is compiled."""
        shapes = self.task.shapes
        if wanted is not None or not can_compile():
            return [bool(wanted)] * len(shapes)
        from liqcalc.batch.fundings import kernel

        rows = np.bincount(self.kind[self.keys.plan] + 1, minlength=len(shapes) + 1)[1:]
        return [
            bool(count >= WORTH_COMPILING or (count > _FEW and kernel.ready(shape)))
            for count, shape in zip(rows.tolist(), shapes, strict=True)
        ]

    def find(self) -> Paid:
        """Return what is due of every row that columns can do, a block at a time."""
        on_cores(self._chunk, range(0, self.columns.rows, CHUNK))
        return self.paid

    def _chunk(self, start: int) -> None:
        part = slice(start, min(start + CHUNK, self.columns.rows))
        kinds = self.kind[self.keys.plan[part]]
        if self.alone is not None:
            kinds = np.where(self.alone[part], -1, kinds)
        if self.keys.irregular is not None:
            kinds = np.where(self.keys.irregular[part], -1, kinds)
        for kind in np.unique(kinds[kinds >= 0]).tolist():
            rows = np.flatnonzero(kinds == kind) + start
            for first in range(0, len(rows), BLOCK):
                self._block(kind, rows[first : first + BLOCK])

    def _block(self, kind: int, rows: Rows) -> None:
        """Find what is due of some rows of one shape."""
        task, shape = self.task, self.task.shapes[kind]
        numbers, side, terms = task.inputs(rows)
        with np.errstate(all="ignore"):
            raw = Raw(*map(_meant, numbers))
            begin = np.full(len(rows), np.nan) if self.start is None else self.start[rows]
            hours, rate, free = (
                _meant(self._number(name, rows))
                for name in ("holding_hours", "funding_rate", "free_balance")
            )
            held = Held(hours, rate, free, begin)
            due, table = self.dues.at(rows), task.book.table
            if self.compiled[kind]:
                from liqcalc.batch.fundings import kernel

                found = kernel.owed(shape, raw, side, terms, table, due, held)
            else:
                start = settled(shape, raw, side, terms, table)
                found = owed(shape, raw, side, start, due, held)
        for column, value in zip(self.paid, found, strict=True):
            column[rows] = value

    def _number(self, name: str, rows: Rows) -> Floats:
        column = self.columns.numbers.get(name)
        return np.full(len(rows), np.nan) if column is None else column[rows]


def _meant(numbers: Floats) -> Pair:
    """Return floats as the decimals that were meant; quickly where there are none."""
    if np.isnan(numbers[0]) and np.isnan(numbers).all():
        return Pair(numbers, np.zeros(len(numbers)))
    return meant(numbers)


def _starts(columns: Columns) -> Floats | None:
    """Return when each row begins, in milliseconds since 1970; NaN where it does not say."""
    start = columns.words.get("start")
    if start is None:
        return None
    times = [read_time(word) for word in start.words]
    known = np.array([np.nan if at is None else float(at) for at in [*times, None]])
    return known[start.codes]


def _alone(columns: Columns) -> Mask | None:
    """Return which rows have inputs that columns do not do; None if no row has."""
    masks = [~np.isnan(columns.numbers[n]) for n in _ALONE if n in columns.numbers]
    start = columns.words.get("start")
    if start is not None:
        unread = np.array([*(read_time(word) is None for word in start.words), False])
        masks.append(unread[start.codes])
    return np.logical_or.reduce(masks) if masks else None
