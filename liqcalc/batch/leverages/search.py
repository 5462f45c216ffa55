"""The largest leverage at which each row's stop fires first, all rows of a part at once.

Whether a position survives a mark depends on the leverage only through the
money that is set aside, and a larger leverage never sets aside more; fees that
it saves or costs are shares of the same value, and so less than that.  Of all
steps, those up to some leverage are safe then and those above are not, and
every way of halving ends at the same one, that of
`liqcalc.answers.leverage.search.LeverageSearch`.
(Exchanges with tables for one leverage each are left to the exact question, and
so is a position that ends above a table's known end at 1x.)

The price at which a position ends is, in one row of the tier table, a straight
line over 1/leverage (that of an inverse contract: its inverse), so that a guess
by the last two tries is nearly always right, and one more try proves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.answers.leverage.search import HIGHEST, Binds
from liqcalc.batch.fast.columnar import EXACT_INPUTS
from liqcalc.batch.leverages.limits import BINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.leverages.limits import Limits
    from liqcalc.batch.leverages.terms import Stops
    from liqcalc.batch.leverages.trials import Ends, Trials

    Steps = NDArray[np.int64]

_NEAR = 1e-12
"""Prices so near to each other, as a share of them, are compared by the exact question."""

_GUESSES = 5
_LARGE = 1e15
_MOST_FEE = 0.5


class Found(NamedTuple):
    """What is found about each row of a part.

    Attributes:
        leverage: the largest that is safe; NaN if none is.
        limit: the largest that the exchange takes.
        binds: place in `BINDS`.
        backed: a margin is given, which no leverage moves.
        wrong: the stop lies where the position gains, or is no price.
        again: to be looked at by the exact question.
    """

    leverage: Floats
    limit: Floats
    binds: NDArray[np.int32]
    backed: Mask
    wrong: Mask
    again: Mask


class Table(NamedTuple):
    """What holds for all parts of a table."""

    columns: Columns
    stops: Stops
    trials: Trials
    limits: Limits


class _Tries(NamedTuple):
    """Rows that are still searched, and what the tries have shown of each.

    Attributes:
        row: place in the part.
        steps, inverse: of the setting in a leverage of 1; the contract is inverse.
        low, high: steps of the setting: a safe one, or the one below 1x; an
            unsafe one, or the one above the limit.
        x, at: 1/leverage of the last try, and the price there, or its inverse.
        slope: of `at` over `x`.
        goal: what `at` must not pass.
    """

    row: Steps
    steps: Steps
    inverse: Mask
    low: Steps
    high: Steps
    x: Floats
    at: Floats
    slope: Floats
    goal: Floats

    def of(self, which: Mask) -> _Tries:
        """Return some of them."""
        parts: list[Any] = [column[which] for column in self]
        return _Tries(*parts)

    def next(self, rounds: int) -> Steps:
        """Return the steps to try: the last that is safe if the price is a straight line."""
        low, high = self.low + 1, self.high - 1
        guess = np.floor(self.steps / (self.x + (self.goal - self.at) / self.slope) + _ROUNDING)
        guess = np.where(guess < 0, np.inf, guess)
        other = high if not rounds else (low + high) // 2
        unknown = np.isnan(guess) if rounds < _GUESSES else True
        return np.where(unknown, other, np.clip(guess, low, high)).astype(np.int64)

    def after(self, tried: Steps, safe: Mask, price: Floats) -> _Tries:
        """Return what is known after a try of each."""
        x, at = self.steps / tried, np.where(self.inverse, 1.0 / price, price)
        slope = (at - self.at) / (x - self.x)
        good = np.isfinite(slope) & (slope != 0)
        return self._replace(
            low=np.where(safe, tried, self.low),
            high=np.where(safe, self.high, tried),
            x=x,
            at=at,
            slope=np.where(good, slope, self.slope),
        )


_ROUNDING = 1e-9


def search(table: Table, rows: slice) -> Found:
    """Return the largest safe leverage of some rows."""
    with np.errstate(all="ignore"):
        return _Part(table, rows).found()


class _Part:
    """Some rows of a table, side by side."""

    def __init__(self, table: Table, rows: slice) -> None:
        self.table = table
        self.rows = rows
        trials = table.trials
        self.plan = trials.keys.plan[rows]
        self.side = trials.keys.side[rows].astype(np.float64)
        entry, mark = self._number("entry_price"), self._number("mark_price")
        self.entry = np.where(np.isnan(entry), mark, entry)
        self.needed = table.stops.needed(rows, self.side, np.where(np.isnan(mark), entry, mark))
        self.moved = (mark != entry) & ~np.isnan(mark) & ~np.isnan(entry)

    def found(self) -> Found:
        """Return what is found about each row."""
        limits = self.table.limits
        ends = self._as_opened()
        own = ~np.isnan(self._number("mmr"))
        place = limits.place(self.plan, ends.tier, own)
        again = self._unusual() | ends.doubt
        place = np.where(again, 0, place)
        again |= limits.top[place] == 0
        backed = ~np.isnan(self._number("margin")) & ~again
        wrong = self.needed.wrong & ~again & ~backed
        best = np.zeros(len(place), dtype=np.int64)
        open_ = self._begun(np.flatnonzero(~(again | backed | wrong)), ends, place, own)
        again[self._search(open_, best)] = True
        again[self._unknown(open_.of(best[open_.row] < limits.top[place[open_.row]]))] = True
        steps, top = limits.steps[self.plan], limits.top[place]
        none = best < steps
        binds = np.where(best == top, limits.of[place], BINDS.index(Binds.LIQUIDATION))
        binds = np.where(none, BINDS.index(Binds.NOTHING_WORKS), binds).astype(np.int32)
        leverage = np.where(none, np.nan, best / steps)
        return Found(leverage, limits.leverage[place], binds, backed, wrong, again)

    def _number(self, name: str) -> Floats:
        return np.broadcast_to(self.table.trials.number(name, self.rows), self.plan.shape)

    def _unusual(self) -> Mask:
        """Return which rows are left to the exact question from the beginning."""
        trials, columns = self.table.trials, self.table.columns
        odd: Mask = trials.exact[self.plan] | self.needed.odd
        if trials.keys.irregular is not None:
            odd |= trials.keys.irregular[self.rows]
        for name in EXACT_INPUTS:
            if name in columns.numbers:
                odd |= ~np.isnan(columns.numbers[name][self.rows])
        if "leverage" in columns.numbers:
            leverage = columns.numbers["leverage"][self.rows]
            odd |= ~(np.isnan(leverage) | ((leverage >= 1) & (leverage < _LARGE)))
        taker = self._number("taker")
        return odd | ~(np.isnan(taker) | (np.abs(taker) < _MOST_FEE)) | self._cut()

    def _cut(self) -> Mask:
        """Return where the exchange cuts digits off an entry price that stands for the mark."""
        digits = self.table.trials.entry_digits[self.plan]
        whole = self.entry * 10.0**digits
        cut = np.rint(whole) / 10.0**digits != self.entry
        found: Mask = (digits >= 0) & cut & np.isnan(self._number("mark_price"))
        return found

    def _as_opened(self) -> Ends:
        """Return where the rows end at the highest leverage, with the tier of their entry value."""
        highest = np.full(len(self.plan), float(HIGHEST))
        others = {}
        if self.moved.any():
            for name in ("mark_price", "index_price"):
                others[name] = np.where(self.moved, np.nan, self._number(name))
        return self.table.trials.at(self.rows, highest, **others)

    def _begun(self, row: Steps, ends: Ends, place: Steps, own: Mask) -> _Tries:
        """Return the tries of some rows before the first, with a slope for the first guess.

        Formula:
            price: -entry/(drift - mmr) over 1/leverage, drift +1 for a long;
            inverse contracts: 1/price: -1/entry/(drift - mmr), drift -1
        """
        trials, limits = self.table.trials, self.table.limits
        plan, side, entry = self.plan[row], self.side[row], self.entry[row]
        inverse = trials.inverse[plan]
        at_row = np.minimum(place[row], len(trials.book.table.mmr) - 1)
        mmr = np.where(own[row], 0.0, trials.book.table.mmr[at_row])
        price, goal = ends.price[row], self.needed.mark[row]
        return _Tries(
            row=row,
            steps=limits.steps[plan],
            inverse=inverse,
            low=limits.steps[plan] - 1,
            high=limits.top[place[row]] + 1,
            x=np.full(len(row), 1.0 / float(HIGHEST)),
            at=np.where(inverse, 1.0 / price, price),
            slope=-np.where(inverse, 1.0 / entry, entry) / (np.where(inverse, -side, side) - mmr),
            goal=np.where(inverse, 1.0 / goal, goal),
        )

    def _search(self, tries: _Tries, best: Steps) -> Steps:
        """Fill in the last safe step of rows; return those that were not decided."""
        undecided = []
        rounds = 0
        while len(tries.row):
            tried = tries.next(rounds)
            ends = self.table.trials.at(self.rows.start + tries.row, tried / tries.steps)
            safe, doubt = self._survives(ends, tries.row)
            tries = tries.after(tried, safe, ends.price)
            done = (tries.high - tries.low == 1) | doubt
            undecided.append(tries.row[doubt])
            best[tries.row[done]] = tries.low[done]
            tries = tries.of(~done)
            rounds += 1
        return np.concatenate(undecided) if undecided else tries.row

    def _unknown(self, tries: _Tries) -> Steps:
        """Return the rows of which it is not known where they end at 1x.

        There the value of what loses by growing may lie above a table whose
        end is not known; the exact question then says that it cannot tell.
        """
        side = self.side[tries.row]
        grows = np.where(tries.inverse, side, -side) > 0
        row: Steps = tries.row[grows & self.table.trials.ends_unknown[self.plan[tries.row]]]
        ends = self.table.trials.at(self.rows.start + row, np.ones(len(row)))
        unknown: Steps = row[ends.doubt]
        return unknown

    def _survives(self, ends: Ends, row: Steps) -> tuple[Mask, Mask]:
        """Return which rows reach what is needed, and which are too near to tell."""
        needed, size = self.needed.mark[row], self.needed.size[row]
        gap = (ends.price - needed) * self.side[row]
        near = np.abs(gap) <= _NEAR * (size + ends.price)
        return ~(ends.already | (gap > 0)), ends.doubt | near
