"""What positions come to at many prices, and that as the kind of table that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from liqcalc.answers.stress.answer import UnitStatus
from liqcalc.batch.arrow import home_of
from liqcalc.batch.columns import Coded, Results
from liqcalc.batch.exactly import INVALID
from liqcalc.batch.found import Found
from liqcalc.batch.names import INPUTS
from liqcalc.batch.written import arrow_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats
    from liqcalc.batch.grids.points import Points

STATUSES = (
    *map(str, (UnitStatus.HOLDS, UnitStatus.LIQUIDATABLE, UnitStatus.UNKNOWN)),
    INVALID,
)
HOLDS, LIQUIDATABLE, UNKNOWN, WRONG = range(4)
NUMBERS = ("price", "unrealized_pnl", "equity", "margin_ratio")
_KEPT = ("exchange", "symbol", "side", "account_id")


class Exact(NamedTuple):
    """A cell that was asked about alone; None where there is nothing."""

    status: int
    price: Any = None
    unrealized_pnl: Any = None
    equity: Any = None
    margin_ratio: Any = None


class Grid(NamedTuple):
    """Cells, rows by points; NaN where there is nothing.

    Attributes:
        price, unrealized_pnl, equity, margin_ratio: of each cell.
        status: places in `STATUSES`.
        about: how many cells were asked about alone.
    """

    price: Floats
    unrealized_pnl: Floats
    equity: Floats
    margin_ratio: Floats
    status: NDArray[np.int32]
    about: dict[str, Any]

    @classmethod
    def empty(cls, rows: int, points: int) -> Grid:
        """Return room for so many cells."""
        size = rows, points
        price, pnl, equity, ratio = (np.full(size, np.nan) for _ in NUMBERS)
        return cls(price, pnl, equity, ratio, np.full(size, WRONG, dtype=np.int32), {})

    def put(self, row: int, point: int, cell: Exact) -> None:
        """Write a cell that was asked about alone."""
        for name in NUMBERS:
            value = getattr(cell, name)
            number = np.nan if value is None else float(value)
            getattr(self, name)[row, point] = number + 0.0  # no -0
        self.status[row, point] = cell.status

    def written(self, table: Any, points: Points, keep: Sequence[str] | None) -> Any:  # noqa: ANN401
        """Return the cells as the kind of table that was given."""
        moves = None if points.moves is None else np.array([float(m) for m in points.moves])
        home = home_of(table)
        if home not in ("pyarrow", "polars", "pandas"):
            found: dict[str, Any] = {} if moves is None else {"move": moves}
            found |= {name: getattr(self, name) for name in NUMBERS}
            return Found(found | {"status": Coded(self.status, STATUSES)}, self.about)
        rows, count = self.price.shape
        row = np.repeat(np.arange(rows), count)
        long = self._long(moves)
        if home == "polars":
            import polars as pl

            added: Any = pl.from_arrow(long)
            lines = table.select(_kept(table.columns, keep))[row]
            return pl.concat([pl.DataFrame({"row": row}), lines, added], how="horizontal")
        if home == "pandas":
            import pandas as pd

            lines = table[_kept(list(table.columns), keep)].iloc[row].reset_index(drop=True)
            return pd.concat([pd.DataFrame({"row": row}), lines, long.to_pandas()], axis=1)
        lines = table.select(_kept(table.schema.names, keep)).take(pa.array(row))
        names = ["row", *lines.schema.names, *long.schema.names]
        return pa.table([pa.array(row), *lines.columns, *long.columns], names=names)

    def _long(self, moves: Floats | None) -> Any:  # noqa: ANN401 - a table of Arrow
        numbers = {} if moves is None else {"move": np.tile(moves, len(self.price))}
        numbers |= {name: getattr(self, name).ravel() for name in NUMBERS}
        status = Coded(self.status.ravel(), STATUSES)
        found = arrow_columns(Results(numbers, {}, {"status": status}))
        return pa.table({name: found[name] for name in (*numbers, "status")})


def _kept(names: Sequence[Any], keep: Sequence[str] | None) -> list[Any]:
    """Return the columns that stand beside each cell."""
    if keep is not None:
        return [name for name in names if name in keep]
    results = ("row", "move", "status", *NUMBERS)
    return [n for n in names if n in _KEPT or (n not in INPUTS and n not in results)]
