"""Cross positions at other prices: each pool evaluated again at every point."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.columns import Coded, Columns
from liqcalc.batch.fast import pools as fast
from liqcalc.batch.fast import position, row
from liqcalc.batch.fast.ends import NOTHING
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import Pair, add, where
from liqcalc.batch.fast.position import Prices, Raw
from liqcalc.batch.fast.run import BLOCK, in_parts
from liqcalc.batch.grids.found import HOLDS, LIQUIDATABLE
from liqcalc.batch.question import evaluate_columns
from liqcalc.batch.settled import in_two
from liqcalc.engine import formulas
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fast.pools import Pools
    from liqcalc.batch.fast.run import Task
    from liqcalc.batch.grids.found import Grid
    from liqcalc.batch.grids.points import Points

    Rows = NDArray[np.int64]

_KNOWN = (Status.CANNOT_BE_LIQUIDATED, Status.LIQUIDATABLE_AT_PRICE, Status.ALREADY_LIQUIDATABLE)


class At(NamedTuple):
    """Cross positions at a point: prices that fit a float, and profit as a pair.

    Attributes:
        price, entry, indexed: of each.
        pnl, pnl_lo: profit there.
        doubt: 1 where a float does not hold the price, or a pair the profit.
    """

    price: Floats
    entry: Floats
    indexed: Floats
    pnl: Floats
    pnl_lo: Floats
    doubt: Floats


class CrossGrid:
    """The cross positions of a table whose pools are sums over distinct symbols.

    Args:
        columns: of the table.
        task: what holds for each row.
        plans: of all rows.
        points: prices of every row.
    """

    def __init__(self, columns: Columns, task: Task, plans: Plans, points: Points) -> None:
        self.columns = columns
        self.task = task
        self.plans = plans
        self.points = points
        self.pools = self._sound()

    def _sound(self) -> Pools | None:
        keys = self.task.keys
        pools = fast.pools_of(self.columns, keys, self.plans)
        if pools is None:
            return None
        good = fast.sound(self.columns, keys, self.plans, pools)
        return fast.kept_of(pools, good) if good.any() else None

    def fill(self, out: Grid, again: Mask) -> None:
        """Write every cell that columns decide, and that it needs no more."""
        pools = self.pools
        if pools is None:
            return
        wallet = fast.wallet_of(self.columns, pools)
        part = _part(self.columns, pools.rows)
        for point in range(self.points.size):
            at = self._at(pools.rows, point)
            part.numbers |= {"mark_price": at.price, "entry_price": at.entry}
            if "index_price" in part.numbers:
                part.numbers["index_price"] = at.indexed
            found = evaluate_columns(part, self.plans.catalog, self.plans.today)
            words = found.words["status"]
            status = np.array([_KNOWN.index(w) if w in _KNOWN else 3 for w in words.words])
            state = status[words.codes]
            total, unsure = _sums(pools, at)
            rows = pools.rows
            out.price[rows, point] = at.price
            out.unrealized_pnl[rows, point] = at.pnl
            equity = (wallet + total).hi
            nothing = np.abs(equity) <= NOTHING * (np.abs(wallet.hi) + np.abs(total.hi))
            out.equity[rows, point] = np.where(nothing, 0.0, equity)
            out.margin_ratio[rows, point] = found.numbers["margin_ratio"]
            over = state == _KNOWN.index(Status.ALREADY_LIQUIDATABLE)
            out.status[rows, point] = np.where(over, LIQUIDATABLE, HOLDS)
            again[rows, point] = unsure | (state >= len(_KNOWN))

    def _at(self, rows: Rows, point: int) -> At:
        """Return positions at a point."""
        found = At(*np.empty((len(At._fields), len(rows))))
        for place, at in fast.by_shape(self.task, rows):

            def some(part: Rows, place: int = place) -> None:
                for first in range(0, len(part), BLOCK):
                    block = part[first : first + BLOCK]
                    with np.errstate(all="ignore"):
                        values = self._block(place, rows[block], point)
                    for column, value in zip(found, values, strict=True):
                        column[block] = value

            in_parts(at, some)
        return found

    def _block(self, place: int, rows: Rows, point: int) -> At:
        shape = self.task.shapes[place]
        numbers, side, terms = self.task.inputs(rows)
        raw = Raw(*map(meant, numbers))
        old = position.prices_of(shape, raw, side, terms)
        price = self.points.pair(rows, point)
        if self.points.moves is not None:
            price = old.mark * price
        index = old.indexed * price / old.mark
        there = Prices(old.qty, old.entry, price, index)
        values = row.values(shape, position.given_of(shape, raw, there, side, terms))
        pnl = formulas.pnl(row.drift_of(shape, side), values.mark, values.entry)
        size = values.mark.hi + values.entry.hi
        small = np.abs(pnl.hi) <= NOTHING * size
        first, rest = in_two(price, meant(price.hi), price.hi)
        second, more = in_two(index, meant(index.hi), index.hi)
        given = ~np.isnan(raw.index_price.hi)
        doubt = values.doubt | (rest != 0) | (given & (more != 0))
        entry = where(np.isnan(numbers[2]), old.entry.hi, numbers[2])
        return At(
            first,
            entry,
            where(given, second, np.nan),
            where(small, 0.0, pnl.hi),
            where(small, 0.0, pnl.lo),
            1.0 * doubt,
        )


def _sums(pools: Pools, at: At) -> tuple[Pair, Mask]:
    """Return the profit of each position's pool, and whether a part of it is in doubt."""
    starts, members, pool = pools.starts, pools.members, pools.pool
    total = Pair(at.pnl[starts], at.pnl_lo[starts])
    for j in range(1, int(members.max())):
        there = np.flatnonzero(members > j)
        more = Pair(at.pnl[starts[there] + j], at.pnl_lo[starts[there] + j])
        both = add(Pair(total.hi[there], total.lo[there]), more)
        total.hi[there], total.lo[there] = both.hi, both.lo
    unsure = np.maximum.reduceat(at.doubt, starts) > 0
    return Pair(total.hi[pool], total.lo[pool]), unsure[pool]


def _part(columns: Columns, rows: Rows) -> Columns:
    numbers = {name: column[rows] for name, column in columns.numbers.items()}
    words = {name: Coded(word.codes[rows], word.words) for name, word in columns.words.items()}
    return Columns(len(rows), numbers, words)
