"""Cells of a grid one by one: the judge of the columns, and their last resort."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from liqcalc.answers.stress.units import marks_of
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.exactly import INVALID
from liqcalc.batch.grids.found import HOLDS, LIQUIDATABLE, UNKNOWN, WRONG, Exact
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.errors import LiqcalcError

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.batch.columns import Columns
    from liqcalc.batch.grids.points import Points
    from liqcalc.rules.catalog import Catalog

_KEPT = 256


class ExactGrid:
    """Asks rows of columns how they stand at prices.

    Args:
        columns: of positions.
        points: prices of every row.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, columns: Columns, points: Points, catalog: Catalog, today: str) -> None:
        self.points = points
        self.cases = Cases(columns, catalog, today)
        self._settled = lru_cache(_KEPT)(self._read)

    def cell(self, row: int, point: int) -> Exact:
        """Return how a row stands at a point."""
        start = self._settled(row)
        if isinstance(start, int):
            return Exact(start)
        try:
            return self._at(*start, point)
        except LiqcalcError:
            return Exact(WRONG)

    def _read(self, row: int) -> tuple[Case, int, list[int]] | int:
        """Return the settled case of a row, or the status of a row that has none."""
        try:
            case, i = self.cases.of(row)
            return case.settled(), i, self.cases.members(row)
        except Unasked as error:
            return WRONG if error.status == INVALID else UNKNOWN
        except LiqcalcError:
            return WRONG

    def _at(self, case: Case, i: int, members: list[int], point: int) -> Exact:
        old = marks_of(case)
        rows = dict(zip((p.symbol for p in case.sheet.positions), members, strict=True))
        with exact():
            marks = {s: self.points.price(rows[s], point, mark) for s, mark in old.items()}
            there = case.at(marks)
            answers = there.figures.positions
        answer, figures = answers[i], answers[i].exact
        isolated = answer.margin_mode == "isolated"
        pools = there.figures.pools
        own = next((p for p in pools if p.currency == answer.settle), pools[0] if pools else None)
        source = figures if isolated or own is None else own.exact
        status = {
            Status.ALREADY_LIQUIDATABLE: LIQUIDATABLE,
            Status.INDETERMINATE: UNKNOWN,
        }.get(answer.status, HOLDS)
        return Exact(
            status,
            answer.mark_price,
            figures.get("unrealized_pnl"),
            source.get("margin_balance" if isolated else "equity"),
            source.get("margin_ratio"),
        )
