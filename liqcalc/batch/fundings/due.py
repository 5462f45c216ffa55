"""What is due of isolated positions while they are held, and the margin that it is taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.answers.funding.rates import read_time
from liqcalc.batch.fast.grid import HALF_EVEN, to_whole
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import Pair, where
from liqcalc.batch.fast.position import Raw
from liqcalc.batch.fast.row import value_of
from liqcalc.batch.fast.run import BLOCK, CHUNK, Task, on_cores
from liqcalc.batch.fundings.terms import PURSES, DueTable
from liqcalc.batch.settled import settled
from liqcalc.engine import funding as engine
from liqcalc.engine.words import Purse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fundings.terms import Due

    Rows = NDArray[np.int64]

_ALONE = ("accrued_fees", "max_leverage", "risk_level", "liquidation_fee")
_USUAL_HOURS, _MOST_HOURS, _MOST_PAYMENTS = 24.0, 876_000.0, 20_000
_OWED, _FREE, _FREE_FIRST = map(PURSES.index, (Purse.OWED, Purse.FREE, Purse.FREE_FIRST))


class Paid(NamedTuple):
    """What is due of each row, and what it is taken from.

    Attributes:
        due: payments in the time held.
        amount, amount_lo: of one payment.
        total, total_lo: of all of them.
        margin, margin_lo: before the first, with what was added by hand.
        apart: 1 where what was added by hand counts on its own.
        extra: that, there; else 0.
        free, free_lo: what pays before the margin does; infinite where the margin never pays.
        to_free: 1 where what is received goes there.
        rate: that is charged, where the condition expects it; else NaN.
        spares: 1 where a payment that would liquidate is left out.
        again: 1 where the row is asked about alone.
    """

    due: Floats
    amount: Floats
    amount_lo: Floats
    total: Floats
    total_lo: Floats
    margin: Floats
    margin_lo: Floats
    apart: Floats
    extra: Floats
    free: Floats
    free_lo: Floats
    to_free: Floats
    rate: Floats
    spares: Floats
    again: Floats

    @classmethod
    def empty(cls, rows: int) -> Paid:
        """Return room for so many rows, all to be asked about alone."""
        found = cls(*np.zeros((len(cls._fields), rows)))
        found.again[:] = 1.0
        return found

    def at(self, rows: Rows | slice) -> Paid:
        """Return some of the rows."""
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

    Attributes:
        paid: what was found; rows that columns cannot do are to be asked about alone.
    """

    def __init__(self, columns: Columns, keys: Keys, plans: Plans) -> None:
        self.columns = columns
        self.keys = keys
        self.dues = DueTable(columns, keys, plans.catalog, plans.today)
        self.start = _starts(columns)
        self.alone = _alone(columns)
        self.paid = Paid.empty(columns.rows)
        self.task = Task(columns, keys, plans, compiled=False)
        kinds = [plan.shape if plan.isolated else -1 for plan in plans.plans]
        self.kind = np.array([*kinds, -1], dtype=np.int16)

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
            raw = Raw(*map(meant, numbers))
            found = settled(shape, raw, side, terms, task.book.table)
            due = self.dues.at(rows)
            start = None if self.start is None else self.start[rows]
            span, again = _span(due, meant(self._number("holding_hours", rows)), start, side)
            rate = meant(self._number("funding_rate", rows))
            again |= ~(np.abs(rate.hi) < 1) | found.doubt | (due.usable == 0)
            again |= (due.purse == _OWED) | (np.isfinite(due.cap) & ~np.isnan(raw.mmr.hi))
            over = (where(rate.hi < 0, -rate, rate) - Pair(due.cap, due.cap_lo)).hi > 0
            cap = Pair(due.cap, due.cap_lo)
            rate = where(over, where(rate.hi < 0, -cap, cap), rate)
            price = where(due.index > 0, found.prices.indexed, found.prices.mark)
            each = value_of(shape, found.prices.qty, price) * side * rate
            each = each * Pair(due.scale, due.scale_lo)
            total = where(due.continuous > 0, each * span.length / due.every, each * span.due)
            free, negative = self._free(rows, due)
        extra = raw.extra_margin.hi if shape.fee_to_close_reserved else np.zeros(len(rows))
        self.paid.again[rows] = again | negative | np.isnan(total.hi)
        values = (
            *(span.due, each.hi, each.lo, total.hi, total.lo, found.margin.hi, found.margin.lo),
            *(
                np.full(len(rows), shape.fee_to_close_reserved),
                np.nan_to_num(extra),
                free.hi,
                free.lo,
                due.purse >= min(_FREE, _FREE_FIRST),
            ),
            *(np.where(due.expects > 0, rate.hi, np.nan), due.spares),
        )
        for column, value in zip(self.paid, values, strict=False):
            column[rows] = value

    def _number(self, name: str, rows: Rows) -> Floats:
        column = self.columns.numbers.get(name)
        return np.full(len(rows), np.nan) if column is None else column[rows]

    def _free(self, rows: Rows, due: Due) -> tuple[Pair, Mask]:
        """Return the money that pays before the margin does, and where it cannot be used."""
        given = meant(self._number("free_balance", rows))
        nothing = np.zeros(len(rows))
        unknown = Pair(np.where(due.purse == _FREE, np.inf, 0.0), nothing)
        free = where(np.isnan(given.hi), unknown, given)
        pays = (due.purse == _FREE) | (due.purse == _FREE_FIRST)
        return where(pays, free, Pair(nothing, nothing)), given.hi < 0


class Span(NamedTuple):
    """The time held, in milliseconds, and the payments in it."""

    length: Floats
    due: Floats


def _span(due: Due, hours: Pair, start: Floats | None, side: Floats) -> tuple[Span, Mask]:
    """Return the time held and its payments, and where it cannot be used."""
    length, again = to_whole(hours * float(engine.HOUR), HALF_EVEN, side, 1.0)
    again |= (hours.hi <= 0) | (hours.hi > _MOST_HOURS)
    usual = np.maximum(_USUAL_HOURS * engine.HOUR, due.every)
    span = np.where(np.isnan(hours.hi), usual, length.hi)
    first = due.every
    if start is not None:
        since = np.where(np.isnan(start), 0.0, start - due.anchor) % due.every
        first = due.every - since
    count = np.floor((span - first) / due.every) + 1
    count = np.where(due.continuous > 0, np.ceil(span / due.every), np.maximum(count, 0.0))
    return Span(span, count), again | (span // due.every > _MOST_PAYMENTS)


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
