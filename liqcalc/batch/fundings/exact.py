"""Rows asked about their funding one by one: the judge of the columns, and their last resort."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.funding.answer import Ended
from liqcalc.answers.funding.inputs import read_asked
from liqcalc.answers.funding.question import planned
from liqcalc.answers.funding.walk import Walk
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.exactly import INVALID, said
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.engine.solve import Status
from liqcalc.errors import LiqcalcError

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.funding.plan import Plan
    from liqcalc.answers.funding.purse import Purses
    from liqcalc.batch.columns import Columns
    from liqcalc.rules.catalog import Catalog

_FEW = 4
"""Payments up to which each is made on its own."""


class Outcome(NamedTuple):
    """What is found about a row; None where there is nothing."""

    status: str
    reason: str = ""
    ended: str = ""
    liquidation_price: Decimal | None = None
    payments: int | None = None
    funding_total: Decimal | None = None
    margin_left: Decimal | None = None


class ExactFunding:
    """Asks rows of columns about their funding.

    Args:
        columns: of positions.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.cases = Cases(columns, catalog, today)

    def outcome(self, at: int) -> Outcome:
        """Return what is found about a row."""
        number = self.columns.number
        try:
            case, i = self.cases.of(at)
            with exact():
                asked = read_asked(
                    funding_rate=None,
                    rates=None,
                    holding_hours=number("holding_hours", at),
                    start=self.columns.word("start", at),
                    interval_hours=number("interval_hours", at),
                    path=(),
                    free_balance=number("free_balance", at),
                )
                plan, purses = planned(case, i, asked)
                return _held(plan, purses, i)
        except Unasked as error:
            return Outcome(error.status, error.reason)
        except LiqcalcError as error:
            return Outcome(INVALID, said(error))


def _held(plan: Plan, purses: Purses, i: int) -> Outcome:
    """Return how a position stands after the time held.

    Many payments that do not liquidate are made at once.
    """
    if len(plan.dues) > _FEW and _over(purses, i) is Status.LIQUIDATABLE_AT_PRICE:
        walk = Walk(plan, purses, i)
        total = sum((walk.size(due) for due in plan.dues), ZERO)
        after, _ = purses.pay(i, total)
        if total > 0 and _over(after, i) is Status.LIQUIDATABLE_AT_PRICE:
            return _outcome(after, i, Ended.HELD, len(plan.dues), total)
    walk = Walk(plan, purses, i).go()
    return _outcome(walk.purses, i, walk.ended, len(walk.payments), walk.totals[i])


def _over(purses: Purses, i: int) -> Status:
    return purses.case.figures.positions[i].status


def _outcome(purses: Purses, i: int, ended: Ended, payments: int, total: Decimal) -> Outcome:
    after = purses.standing(i)
    return Outcome(
        str(after.status),
        after.reason,
        str(ended),
        after.liquidation_price,
        payments,
        total,
        after.left,
    )
