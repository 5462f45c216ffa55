"""What positions pay for being held, each for its own time, and how they stand after it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.answers.funding.answer import Ended
from liqcalc.batch import tables
from liqcalc.batch.columns import Coded, Columns, Results
from liqcalc.batch.exactly import INVALID
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import where
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fast.run import BLOCK, CHUNK, on_cores
from liqcalc.batch.fundings.due import DueOf
from liqcalc.batch.fundings.exact import ExactFunding
from liqcalc.batch.question import evaluate_columns
from liqcalc.batch.settled import in_two
from liqcalc.engine.solve import Status
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes, Floats, Mask
    from liqcalc.batch.fundings.due import Paid
    from liqcalc.batch.fundings.exact import Outcome

    Rows = NDArray[np.int64]

INPUTS = ("holding_hours", "start", "interval_hours", "free_balance")
"""Inputs beside those of `evaluate`."""

_STATUSES = (*map(str, Status), INVALID)
_CANNOT, _AT_PRICE, _ALREADY = (
    _STATUSES.index(status)
    for status in (
        Status.CANNOT_BE_LIQUIDATED,
        Status.LIQUIDATABLE_AT_PRICE,
        Status.ALREADY_LIQUIDATABLE,
    )
)
_ENDED = tuple(map(str, Ended))
_HELD, _BY_FUNDING, _BEFORE = (
    _ENDED.index(ended) for ended in (Ended.HELD, Ended.BY_FUNDING, Ended.ALREADY)
)
_LEAST = 1e-20


def funding(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return `table` with what each position pays while it is held, and how it stands then.

    A row is what `liqcalc.funding` is asked about one position: at an unchanged
    mark and rate it is held for `holding_hours` (24 if left out) from `start`
    (just after a payment if left out).  Of an account only the row's own
    position pays.

    Args:
        table: as `evaluate` takes it, with `funding_rate` and, where known,
            `holding_hours`, `start` (a time, ISO 8601, UTC), `interval_hours`
            and `free_balance`.
        given: values that hold for every row, by name.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        The same kind of table with liquidation_price and status after the last
        payment, reason, payments (their number), funding_total (+ = paid),
        margin_left (of a cross position: the wallet) and ended (held,
        liquidated_by_funding, already_liquidatable, indeterminate).

    Raises:
        InputError: the table as a whole cannot be used.
    """
    columns, written = tables.read(table, given or {}, INPUTS)
    day = today or time.strftime("%Y-%m-%d")
    return written(funding_columns(columns, Catalog(exchanges), day))


def funding_columns(columns: Columns, catalog: Catalog, today: str) -> Results:
    """Return what each row of `columns` pays, and how it stands after it."""
    with np.errstate(all="ignore"):
        return _Accrual(columns, catalog, today).results()


class _Found(NamedTuple):
    """What is found about each row; codes are places in words.

    Attributes:
        numbers: by name.
        status, ended, reason: codes; -1 is none.
        reasons: the words of `reason`, with their codes.
    """

    numbers: dict[str, Floats]
    status: Codes
    ended: Codes
    reason: Codes
    reasons: dict[str, int]

    @classmethod
    def empty(cls, rows: int) -> _Found:
        """Return room for so many rows."""
        names = ("liquidation_price", "payments", "funding_total", "margin_left")
        numbers = {name: np.full(rows, np.nan) for name in names}
        status, ended, reason = (np.full(rows, -1, dtype=np.int32) for _ in range(3))
        return cls(numbers, status, ended, reason, {})

    def code(self, reason: str | None) -> int:
        """Return the code of a reason."""
        return self.reasons.setdefault(reason, len(self.reasons)) if reason else -1

    def put(self, at: int, outcome: Outcome) -> None:
        """Write what was found about a row that was asked about alone."""
        for name, column in self.numbers.items():
            value = getattr(outcome, name)
            column[at] = np.nan if value is None else float(value) + 0.0  # no -0
        self.status[at] = _STATUSES.index(outcome.status)
        self.ended[at] = _ENDED.index(outcome.ended) if outcome.ended else -1
        self.reason[at] = self.code(outcome.reason)

    def results(self, redone: int) -> Results:
        """Return everything as columns."""
        words = {
            "status": Coded(self.status, _STATUSES),
            "reason": Coded(self.reason, tuple(self.reasons)),
            "ended": Coded(self.ended, _ENDED),
        }
        return Results(numbers=self.numbers, words=words, about={"redone": redone})


class _Accrual:
    """One table on its way from columns to results."""

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.catalog = catalog
        self.today = today
        plans = Plans(catalog, today)
        self.paid = DueOf(columns, keys_of(columns, plans), plans).find()
        self.found = _Found.empty(columns.rows)
        self.redone = 0

    def results(self) -> Results:
        """Return everything: columns first, then rows that must be asked about alone."""
        rows = np.flatnonzero(self.paid.again == 0)
        if len(rows):
            self._hold(rows)
        alone = np.flatnonzero(self.paid.again > 0)
        judge = ExactFunding(self.columns, self.catalog, self.today)
        for at in alone.tolist():
            self.found.put(at, judge.outcome(at))
        return self.found.results(self.redone + len(alone))

    def _hold(self, rows: Rows) -> None:
        """Find how rows stand after their time, and which end before."""
        paid = self.paid.at(rows)
        over = self._stand(rows, paid, paid.due) == _ALREADY
        looked = np.flatnonzero(over | (paid.total <= 0))
        before = np.zeros(len(rows), dtype=bool)
        before[looked] = self._over(rows[looked], paid.at(looked), 0.0 * paid.due[looked])
        ends = np.flatnonzero(over & ~before)
        count = np.where(before, 0.0, paid.due)
        count[ends] = self._first_over(rows[ends], paid.at(ends))
        spared = (paid.spares > 0) & over & ~before
        last = count - spared
        changed = np.flatnonzero(last != paid.due)
        self._stand(rows[changed], paid.at(changed), last[changed])
        numbers = self.found.numbers
        numbers["payments"][rows] = np.where(spared, paid.due, count)
        self._sum(rows, paid, last)
        ended = np.where(over & ~spared, _BY_FUNDING, _HELD)
        self.found.ended[rows] = np.where(before, _BEFORE, ended)

    def _sum(self, rows: Rows, paid: Paid, last: Floats) -> None:
        """Write what rows have paid, and the margin that is left."""
        numbers = self.found.numbers

        def part(start: int) -> None:
            for first in range(start, min(start + CHUNK, len(rows)), BLOCK):
                at = slice(first, first + BLOCK)
                some, count = paid.at(at), last[at]
                numbers["funding_total"][rows[at]] = some.sum_of(count).hi + 0.0
                numbers["margin_left"][rows[at]] = some.margin_after(count).hi

        on_cores(part, range(0, len(rows), CHUNK))

    def _stand(self, rows: Rows, paid: Paid, count: Floats) -> Codes:
        """Find how rows stand after so many payments; return their statuses."""
        found = self._after(rows, paid, count)
        self.found.numbers["liquidation_price"][rows] = found.numbers["liquidation_price"]
        self.found.status[rows] = status = self._statuses(rows, found)
        reason = found.words["reason"]
        codes = [self.found.code(word) for word in reason.words]
        self.found.reason[rows] = np.array([*codes, -1], dtype=np.int32)[reason.codes]
        return status

    def _over(self, rows: Rows, paid: Paid, count: Floats) -> Mask:
        """Return which rows are liquidatable after so many payments."""
        over: Mask = self._statuses(rows, self._after(rows, paid, count)) == _ALREADY
        return over

    def _first_over(self, rows: Rows, paid: Paid) -> Floats:
        """Return the payment that liquidates each row; before the first none does, the last has.

        What is left of the time is halved until one payment is left.
        """
        high: Floats = paid.due.copy()
        low = 0.0 * high
        while len(open_ := np.flatnonzero(high - low > 1)):
            middle = np.floor((low[open_] + high[open_]) / 2)
            over = self._over(rows[open_], paid.at(open_), middle)
            high[open_] = np.where(over, middle, high[open_])
            low[open_] = np.where(over, low[open_], middle)
        return high

    def _statuses(self, rows: Rows, found: Results) -> Codes:
        """Return statuses as places; rows without one of the first three are asked about alone."""
        words = found.words["status"]
        status = np.array([_STATUSES.index(word) for word in words.words])[words.codes]
        self.paid.again[rows[~np.isin(status, (_CANNOT, _AT_PRICE, _ALREADY))]] = 1.0
        return status

    def _after(self, rows: Rows, paid: Paid, count: Floats) -> Results:
        """Return what is found about rows after so many payments."""
        margin, extra, unlike = (np.empty(len(rows)) for _ in range(3))

        def split(start: int) -> None:
            for first in range(start, min(start + CHUNK, len(rows)), BLOCK):
                at = slice(first, first + BLOCK)
                margin[at], extra[at], unlike[at] = _as_inputs(paid.at(at), count[at])

        with np.errstate(all="ignore"):
            on_cores(split, range(0, len(rows), CHUNK))
        self.paid.again[rows[unlike > 0]] = 1.0
        columns = _part(self.columns, rows)
        columns.numbers |= {"margin": margin, "extra_margin": extra}
        if not np.isnan(paid.rate).all():
            columns.numbers["funding_rate"] = paid.rate
        found = evaluate_columns(columns, self.catalog, self.today)
        self.redone += found.about["redone"]
        return found


def _as_inputs(paid: Paid, count: Floats) -> tuple[Floats, Floats, Mask]:
    """Return margins after so many payments as `margin` and `extra_margin`.

    Returns:
        Both, and where two floats do not hold them.
    """
    margin = paid.margin_after(count) - meant(paid.extra)
    size = np.abs(paid.margin) + np.abs(paid.sum_of(count).hi)
    first, rest = in_two(margin, meant(margin.hi), size)
    apart, below = paid.apart > 0, first < 0
    unlike = (rest != 0) & (apart | (np.abs(rest) < _LEAST) | (below & (rest < 0)))
    extra: Floats = where(apart, paid.extra, where(below, first, rest))
    margin_input: Floats = where(below, rest, first)  # it must not be below 0
    again: Mask = unlike | (apart & below)
    return margin_input, extra, again


def _part(columns: Columns, rows: Rows) -> Columns:
    """Return some rows, with their funding left out."""
    whole = len(rows) == columns.rows
    numbers = {
        name: column if whole else column[rows]
        for name, column in columns.numbers.items()
        if name not in (*INPUTS, "funding_paid", "funding_rate")
    }
    words = {
        name: word if whole else Coded(word.codes[rows], word.words)
        for name, word in columns.words.items()
        if name not in INPUTS
    }
    return Columns(len(rows), numbers, words)
