"""A size with its stop at a leverage, and how many lots a risk carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.change.ways import leverage_step, money_step
from liqcalc.answers.leverage.search import LeverageSearch, Try
from liqcalc.answers.request import in_quantity
from liqcalc.answers.search import least
from liqcalc.answers.size.answer import Fit
from liqcalc.answers.size.inputs import CODE, Asked
from liqcalc.answers.stops.fit import qty_for_loss
from liqcalc.answers.stops.loss import loss_at
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.engine.numbers import ONE, ZERO, plain, to_step
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.stops.loss import FundingCost

_MOST_LOTS = 10**15


class Plan(NamedTuple):
    """A size with its stop, at the leverage that is taken.

    Attributes:
        asked: what is asked.
        i: which position.
        case: with the quantity.
        search: of the leverage.
        best: the largest leverage that is safe; None if none is.
        held: at the leverage given, else at `best`, else at 1.
        funding: until the stop.
    """

    asked: Asked
    i: int
    case: Case
    search: LeverageSearch
    best: Try | None
    held: Try
    funding: FundingCost | None

    @classmethod
    def of(cls, asked: Asked, i: int, qty: Decimal, *, at: Decimal | None = None) -> Plan:
        """Return the plan for a quantity; `at` one leverage, the largest is not looked for."""
        case = asked.case.resized(i, qty)
        funding = asked.terms.funding(case, i)
        order = asked.terms.order(asked.stop)
        step, paid = leverage_step(case, i).step, ZERO if funding is None else funding.total
        search = LeverageSearch(case, i, order, step=step, funding=paid)
        if at is not None:
            return cls(asked, i, case, search, None, search.at(at), funding)
        best = search.largest()
        held = best or search.at(ONE if search.moves() else search.highest())
        if asked.leverage is not None:
            held = search.at(asked.leverage)
        return cls(asked, i, case, search, best, held, funding)

    @property
    def paid(self) -> Decimal:
        """Return the funding until the stop."""
        return ZERO if self.funding is None else self.funding.total

    @property
    def margin(self) -> Decimal | None:
        """Return what is set aside."""
        figures = self.held.opened.figures.positions[self.i].exact
        return figures.get("margin" if self.case.position(self.i).isolated else "initial_margin")

    @property
    def cost(self) -> Decimal | None:
        """Return margin and opening fee."""
        fee = self.case.figures.positions[self.i].exact.get("fee_to_open")
        return None if self.margin is None or fee is None else self.margin + fee

    @property
    def lacks(self) -> Decimal:
        """Return what the account lacks to open it; 0 if nothing, or not known."""
        if not self.case.position(self.i).isolated:
            return self.held.short
        if self.asked.wallet is None or self.cost is None:
            return ZERO
        return max(ZERO, self.cost - self.asked.wallet)

    @property
    def fit(self) -> Fit:
        """Return whether it can be held."""
        if self.held.verdict is Verdict.INDETERMINATE:
            return Fit.INDETERMINATE
        if self.held.verdict is not Verdict.FIRES_FIRST:
            return Fit.LIQUIDATED_FIRST
        if self.held.leverage > self.held.limit.leverage:
            return Fit.ABOVE_MAXIMUM
        return Fit.NOT_ENOUGH_MONEY if self.lacks else Fit.FITS


def lots_for(asked: Asked, i: int, lot: Decimal) -> int:
    """Return how many lots lose no more than the risk.

    Raises:
        InputError: not one does, or fewer than the exchange takes.
    """
    if loss_of(asked, i, lot) <= 0:
        message = f"is never lost: the stop at {plain(asked.stop)} gains, with all costs"
        raise InputError(Fault(CODE, "risk", message, "any size fits such a stop"))

    def too_much(count: int) -> bool:
        return loss_of(asked, i, count * lot) > asked.risk

    order, hours = asked.terms.order(asked.stop), asked.terms.holding_hours
    near = qty_for_loss(asked.case, i, order, asked.risk, hours=hours) or ZERO
    found = least(too_much, int(near / lot) + 1, low=1, high=_MOST_LOTS)
    if found is None:
        message = f"of {plain(asked.risk)} carries more lots than can be counted"
        raise InputError(Fault(CODE, "risk", message, "check the unit and the decimal point"))
    count, fewest = found - 1, fewest_lots(asked.case, i, lot)
    if count < fewest:
        settle = asked.case.position(i).contract.settle
        least_risk = to_step(loss_of(asked, i, fewest * lot), money_step(asked.case, i), "up")
        message = (
            f"of {plain(asked.risk)} {settle} carries less than the smallest size of "
            f"{plain(fewest * lot)}, which loses {plain(least_risk)} at the stop"
        )
        hint = f"risk {plain(least_risk)} {settle} or more, or bring the stop nearer"
        raise InputError(Fault(CODE, "risk", message, hint))
    return count


def fewest_lots(case: Case, i: int, lot: Decimal) -> int:
    """Return the smallest number of lots that the exchange takes."""
    known = case.resolved.exchange.contract(case.position(i).contract.symbol)
    smallest = None if known is None else in_quantity(known, known.min_qty)
    return 1 if smallest is None else max(1, int(to_step(smallest / lot, ONE, "up")))


def loss_of(asked: Asked, i: int, qty: Decimal) -> Decimal:
    """Return what `qty` loses at the stop."""
    case = asked.case.resized(i, qty)
    funding = asked.terms.funding(case, i)
    paid = ZERO if funding is None else funding.total
    lost = loss_at(case, i, asked.terms.order(asked.stop), paid).total
    assert lost is not None  # noqa: S101 - the taker fee is known
    return lost
