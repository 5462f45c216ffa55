"""Rows as the cases that the exact questions are asked of."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from liqcalc.answers.account import evaluate_found
from liqcalc.answers.case import Case
from liqcalc.answers.guard import computable
from liqcalc.answers.resolve import resolve
from liqcalc.batch.exactly import INVALID, ExactRows, said, sheet_of
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.errors import LiqcalcError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import AccountAnswer
    from liqcalc.answers.resolved import Resolved
    from liqcalc.batch.columns import Columns
    from liqcalc.rules.catalog import Catalog
    from liqcalc.rules.sheet import Sheet


class Unasked(Exception):
    """A row about which nothing can be asked.

    Attributes:
        status: ``invalid``, or ``indeterminate`` if another row of its account is.
        reason: what is wrong.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Cases:
    """Makes the case of a row, with the whole of its cross pool.

    Args:
        columns: of positions.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.rows = ExactRows(columns, catalog, today)

    def of(self, at: int) -> tuple[Case, int]:
        """Return the case of a row, and which of its positions the row is.

        Raises:
            Unasked: the row, or another of its account, cannot be read.
        """
        key, members = self.rows.pool_of(at), self.members(at)
        wrong = {} if len(members) == 1 else self.unreadable(members)
        if wrong and at not in wrong:
            bad = min(wrong)
            reason = f"account {key and key[0]} holds a position that cannot be read (row {bad})"
            raise Unasked(Status.INDETERMINATE, reason)
        if wrong:
            raise Unasked(INVALID, wrong[at])
        return self.of_pool(members), members.index(at)

    def members(self, at: int) -> list[int]:
        """Return the rows that share a pool with a row, and itself."""
        key = self.rows.pool_of(at)
        return [at] if key is None else self.pools[key]

    def unreadable(self, members: list[int]) -> dict[int, str]:
        """Return the rows that cannot be read, and why."""
        wrong = {}
        for row in members:
            try:
                with exact():
                    self.rows.read(row)
            except LiqcalcError as error:
                wrong[row] = said(error)
        return wrong

    def of_pool(self, members: list[int]) -> Case:
        """Return the case of the rows of one pool.

        Raises:
            Unasked: they cannot be read, or do not fit each other.
        """
        rows = self.rows
        try:
            with exact():
                read = [rows.read(row) for row in members]
                sheet = sheet_of(read)
        except LiqcalcError as error:
            raise Unasked(INVALID, said(error)) from None
        case = Case(sheet, rows.catalog, rows.today)
        return _with_fees(case, tuple(row.taker for row in read))

    @cached_property
    def pools(self) -> dict[tuple[str, str], list[int]]:
        """Return the rows of each account's cross pool."""
        return pools_of(self.rows)


def pools_of(rows: ExactRows) -> dict[tuple[str, str], list[int]]:
    """Return the rows of each account's cross pool."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    mode = rows.columns.words.get("margin_mode")
    if mode is None or MarginMode.CROSS not in mode.words:
        return found
    cross = mode.codes == list(mode.words).index(MarginMode.CROSS)
    for at in cross.nonzero()[0].tolist():
        key = rows.pool_of(at)
        if key is not None:
            found[key].append(at)
    return found


class _RowsCase(Case):
    """The case of a pool whose rows have taker rates of their own."""

    takers: tuple[Decimal | None, ...] = ()

    def with_sheet(self, sheet: Sheet) -> Case:
        """Return the case of another sheet of the same positions."""
        return _rated(Case(sheet, self.catalog, self.today), self.takers)

    def without(self, i: int) -> Case:
        """Return the case without position `i` and its rate."""
        left = super().without(i).sheet
        return _rated(Case(left, self.catalog, self.today), self.takers[:i] + self.takers[i + 1 :])

    @cached_property
    def _once(self) -> tuple[AccountAnswer, Resolved]:
        return computable(self._evaluated)()

    def _evaluated(self) -> tuple[AccountAnswer, Resolved]:
        with exact():
            found = resolve(self.sheet, self.catalog, today=self.today)
            for i, taker in enumerate(self.takers):
                if taker is not None:
                    own = found.positions[i]._replace(taker=taker, exchange_taker=None)
                    found.positions[i] = own
            return evaluate_found(found), found


def _with_fees(case: Case, takers: tuple[Decimal | None, ...]) -> Case:
    """Return a case with the taker rates that its rows give."""
    if len(takers) == 1 or all(taker is None for taker in takers):
        return case
    return _rated(case, takers)


def _rated(case: Case, takers: tuple[Decimal | None, ...]) -> Case:
    found = _RowsCase(case.sheet, case.catalog, case.today)
    found.takers = takers
    return found
