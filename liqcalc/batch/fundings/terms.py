"""When each row pays funding and what a payment is: found once for a symbol, day and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.answers.case import Case
from liqcalc.answers.funding.caps import cap_of
from liqcalc.answers.funding.rates import milliseconds
from liqcalc.batch.fast.pairs import Pair, Value
from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import ONE, ZERO, exact
from liqcalc.engine.words import BasePrice, FundingInRequirement, Purse
from liqcalc.errors import LiqcalcError
from liqcalc.rules.schema import MarginMode
from liqcalc.rules.sheet import AccountRow, PositionRow, Sheet, Side, is_date

if TYPE_CHECKING:
    from decimal import Decimal

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.rules.catalog import Catalog, LoadedExchange

_DENSE = 1 << 22
PURSES = tuple(Purse)


class Due(NamedTuple):
    """What a payment is: one number a key, or a column with one a row.

    Attributes:
        usable: 0 where rows are asked about one by one.
        every: milliseconds between payments.
        anchor: milliseconds; any time of payment, since the day's beginning.
        continuous: 1 where funding accrues all the time.
        scale, scale_lo: hours of a payment / hours of its rate.
        index: 1 where the value at the index is paid on.
        purse: place in `PURSES`.
        spares: 1 where a payment that would liquidate is left out.
        cap, cap_lo: largest rate, either sign; infinite if there is none.
        expects: 1 where the condition holds the coming payment.
    """

    usable: Value = 0.0
    every: Value = 1.0
    anchor: Value = 0.0
    continuous: Value = 0.0
    scale: Value = 1.0
    scale_lo: Value = 0.0
    index: Value = 0.0
    purse: Value = 0.0
    spares: Value = 0.0
    cap: Value = np.inf
    cap_lo: Value = 0.0
    expects: Value = 0.0


class DueTable:
    """What a payment is for every row of a table.

    Args:
        columns: of the table.
        keys: of its rows.
        catalog: where exchanges are found.
        today: ISO date.

    Attributes:
        codes: of each row, its place in `numbers`.
        numbers: one line a field of `Due`.
    """

    codes: NDArray[np.int64]
    numbers: Floats

    def __init__(self, columns: Columns, keys: Keys, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.catalog = catalog
        self.today = today
        self._known: dict[tuple[Any, ...], Due] = {}
        codes = self._codes(keys)
        used, first, self.codes = _distinct(codes)
        del codes
        with exact():
            lines = [self._due(int(keys.plan[at]), at) for at in first.tolist()]
        self.numbers = np.array(lines or [Due()], dtype=np.float64).T.copy()
        assert len(used) == len(lines)  # noqa: S101 - one for each

    def at(self, rows: NDArray[np.int64]) -> Due:
        """Return what a payment is for some rows."""
        return Due(*self.numbers[:, self.codes[rows]])

    def _codes(self, keys: Keys) -> NDArray[np.int64]:
        codes = keys.plan.astype(np.int64)
        day = self.columns.words.get("as_of")
        if day is not None:
            codes = codes * (len(day.words) + 1) + (day.codes + 1)
        hours = self.columns.numbers.get("interval_hours")
        if hours is not None:
            known, inverse = np.unique(hours, return_inverse=True)
            codes = codes * len(known) + inverse
        return codes

    def _due(self, plan: int, at: int) -> Due:
        """Return what a payment is for rows like the one at `at`."""
        word = self.columns.word
        day, name, symbol = word("as_of", at), word("exchange", at), word("symbol", at)
        try:
            loaded = self.catalog.exchange(str(name))
            sheet = self._sheet(at, loaded, loaded.find_symbol(str(symbol)), day)
        except LiqcalcError:
            return Due()
        if day is not None and not is_date(day):
            return Due()
        interval = self.columns.number("interval_hours", at)
        terms = loaded.funding_on(day)
        since = day or self.today
        caps = tuple(cap.from_ is None or cap.from_ <= since for cap in terms.caps)
        key = (plan, terms.from_, caps, interval)
        if key not in self._known:
            try:
                self._known[key] = self._read(Case(sheet, self.catalog, self.today), interval)
            except LiqcalcError:
                self._known[key] = Due()
        return self._known[key]

    def _sheet(self, at: int, loaded: LoadedExchange, symbol: str, day: str | None) -> Sheet:
        cross = self.columns.word("margin_mode", at) == MarginMode.CROSS
        mode = MarginMode.CROSS if cross else MarginMode.ISOLATED
        row = PositionRow(symbol, Side.LONG, ONE, ONE, margin_mode=mode)
        account = AccountRow(margin_mode=mode)
        rules = self.columns.word("rules", at)
        return Sheet(loaded.id, (row,), as_of=day, account=account, rules=rules)

    def _read(self, case: Case, interval: Decimal | None) -> Due:
        rules, terms = (
            case.resolved.rules_of[0],
            case.resolved.exchange.funding_on(case.sheet.as_of),
        )
        rule = rules.funding
        if interval is not None:
            if interval <= 0:
                return Due()
            rule = rule._replace(interval_hours=interval)
        found = cap_of(case, 0, rule, terms)
        cap = None if found is None or not found.binds else Pair.of(found.rate)
        scale = Pair.of(rule.interval_hours / engine.rate_hours(rule))
        return Due(
            usable=1.0,
            every=float(max(milliseconds(rule.interval_hours), 1)),
            anchor=float(milliseconds(terms.first_hour or ZERO)),
            continuous=float(rule.continuous),
            scale=scale.hi,
            scale_lo=scale.lo,
            index=float(rule.base_price is BasePrice.INDEX),
            purse=float(PURSES.index(terms.isolated)),
            spares=float(terms.spares),
            cap=np.inf if cap is None else cap.hi,
            cap_lo=0.0 if cap is None else cap.lo,
            expects=float(rules.funding_in_requirement is not FundingInRequirement.NONE),
        )


def _distinct(codes: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64], NDArray[np.int64]]:
    """Return each code once, the first row that has it, and each row's place among them."""
    most = int(codes.max(initial=0)) + 1
    if most > _DENSE:
        return np.unique(codes, return_index=True, return_inverse=True)
    first = np.full(most, -1)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    used = np.flatnonzero(first >= 0)
    place = np.zeros(most, dtype=np.int64)
    place[used] = np.arange(len(used))
    return used, first[used], place[codes]
