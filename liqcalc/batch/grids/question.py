"""Positions at many prices: profit, equity and ratio of each, and whether it holds there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fast.position import Raw
from liqcalc.batch.fast.run import BLOCK, CHUNK, Task, can_compile, on_cores
from liqcalc.batch.grids.cells import cell, with_margin
from liqcalc.batch.grids.exact import ExactGrid
from liqcalc.batch.grids.found import HOLDS, LIQUIDATABLE, Grid
from liqcalc.batch.grids.points import read_points
from liqcalc.batch.grids.pools import CrossGrid
from liqcalc.batch.settled import settled
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns
    from liqcalc.batch.grids.points import Points

    Rows = NDArray[np.int64]

_ALONE = ("accrued_fees", "max_leverage", "funding_rate", "risk_level", "liquidation_fee")
WORTH_COMPILING = 1 << 22
"""Cells of one shape from which on compiling it takes less time than it saves."""


def grid(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    moves: str | Iterable[Any] | None = None,
    prices: Iterable[Any] | Mapping[str, Iterable[Any]] | None = None,
    keep: Sequence[str] | None = None,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return how every position stands at every price.

    The margins of today stay: a default margin is what the exchange sets aside
    at opening, at whatever price the position is looked at.  Index prices move
    with the mark.  What happens on the way to a price is not looked at; a
    position that does not hold there is liquidatable there.

    Args:
        table: as `evaluate` takes it.
        moves: of each row's mark: ``FROM:TO:STEP``, or fractions; -0.3 is a
            fall of 30%.  In a cross pool all prices move together.
        prices: instead of moves: the same prices for every row, or a list for
            each symbol, all of one length.
        keep: columns of an Arrow table or a frame that stand beside each cell;
            default: exchange, symbol, side, account_id, and all that are no inputs.
        given: values that hold for every row, by name.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        Of a dict: arrays of two dimensions, rows by points: price,
        unrealized_pnl, equity, margin_ratio and status (holds, liquidatable,
        unknown, invalid), and the moves.  Of an Arrow table or a frame: a long
        table, for each row and point one line with the row's number.  Equity
        and ratio of a cross position are those of its pool.

    Raises:
        InputError: the table as a whole, or the points, cannot be used.
    """
    columns, _ = tables.read(table, given or {})
    points = read_points(moves, prices, columns)
    day = today or time.strftime("%Y-%m-%d")
    return grid_columns(columns, points, Catalog(exchanges), day).written(table, points, keep)


def grid_columns(
    columns: Columns,
    points: Points,
    catalog: Catalog,
    today: str,
    *,
    compiled: bool | None = None,
) -> Grid:
    """Return how every row stands at every point.

    Args:
        columns: of the table.
        points: prices of every row.
        catalog: where exchanges are found.
        today: ISO date for the age of tables.
        compiled: True or False to force the way; None to choose.
    """
    with np.errstate(all="ignore"):
        return _Stress(columns, points, catalog, today, compiled=compiled).found()


class _Stress:
    """One table on its way from columns to cells."""

    def __init__(
        self,
        columns: Columns,
        points: Points,
        catalog: Catalog,
        today: str,
        *,
        compiled: bool | None = None,
    ) -> None:
        self.columns = columns
        self.points = points
        self.catalog = catalog
        self.today = today
        self.plans = Plans(catalog, today)
        self.keys = keys_of(columns, self.plans)
        self.task = Task(columns, self.keys, self.plans, compiled=False)
        self.out = Grid.empty(columns.rows, points.size)
        self.compiled = compiled
        self.again = np.ones((columns.rows, points.size), dtype=bool)

    def found(self) -> Grid:
        """Return every cell: columns first, then cells that must be asked about alone."""
        kind = self.plans.arrays().alone[self.keys.plan]
        if self.keys.irregular is not None:
            kind[self.keys.irregular] = -1
        for name in _ALONE:
            if name in self.columns.numbers:
                kind[~np.isnan(self.columns.numbers[name])] = -1
        for place in np.unique(kind[kind >= 0]).tolist():
            self._shape(place, np.flatnonzero(kind == place))
        CrossGrid(self.columns, self.task, self.plans, self.points).fill(self.out, self.again)
        rows, at = np.nonzero(self.again)
        judge = ExactGrid(self.columns, self.points, self.catalog, self.today)
        for row, point in zip(rows.tolist(), at.tolist(), strict=True):
            self.out.put(row, point, judge.cell(row, point))
        self.out.about["redone"] = len(rows)
        return self.out

    def _shape(self, place: int, rows: Rows) -> None:
        """Find the cells of rows of one shape."""
        block = self._compiled if self._worth(place, len(rows)) else self._block

        def part(start: int) -> None:
            for first in range(start, min(start + CHUNK, len(rows)), BLOCK):
                with np.errstate(all="ignore"):
                    block(place, rows[first : first + BLOCK])

        on_cores(part, range(0, len(rows), CHUNK))

    def _worth(self, place: int, rows: int) -> bool:
        """Return whether the cells of so many rows of a shape are compiled."""
        if self.compiled is not None or not can_compile():
            return bool(self.compiled)
        from liqcalc.batch.grids import kernel

        cells = rows * self.points.size
        return cells >= WORTH_COMPILING or kernel.ready(self.task.shapes[place])

    def _compiled(self, place: int, rows: Rows) -> None:
        from liqcalc.batch.grids import kernel

        out, points = self.out, self.points
        numbers, side, terms = self.task.inputs(rows)
        raw = Raw(*map(meant, numbers))
        which = (points.hi, points.lo, points.lines(rows), points.moves is not None)
        shape, table = self.task.shapes[place], self.task.book.table
        found = kernel.cells(shape, raw, side, terms, table, which)
        out.price[rows], out.unrealized_pnl[rows], out.equity[rows], out.margin_ratio[rows] = found[
            :4
        ]
        out.status[rows] = found[4]
        self.again[rows] = found[4] > 1

    def _block(self, place: int, rows: Rows) -> None:
        """Find the cells of some rows of one shape, point by point."""
        out = self.out
        numbers, side, terms = self.task.inputs(rows)
        table, shape = self.task.book.table, self.task.shapes[place]
        raw = Raw(*map(meant, numbers))
        start = settled(shape, raw, side, terms, table)
        for point in range(self.points.size):
            price = self.points.pair(rows, point)
            if self.points.moves is not None:
                price = start.prices.mark * price
            c = cell(with_margin(shape), raw, side, terms, table, start, price)
            out.price[rows, point] = c.price
            out.unrealized_pnl[rows, point] = c.unrealized_pnl
            out.equity[rows, point] = c.equity
            out.margin_ratio[rows, point] = c.margin_ratio
            out.status[rows, point] = np.where(c.over, LIQUIDATABLE, HOLDS)
            self.again[rows, point] = c.doubt
