"""What closing at a stop costs, what liquidation costs instead, and the funding until then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.funding import funding_payment, rate_hours
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, ZERO, exact, to_step

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.stops.order import StopOrder


class Loss(NamedTuple):
    """What closing costs from the entry on, + = lost, in the settle currency.

    Attributes:
        price_loss: from the entry to the stop; below 0 where the stop locks a gain.
        slippage_cost: from the stop to the fill.
        fee_to_close: taker fee at the fill; None if the rate is not known.
        fee_to_open: taker fee at the entry; None if the rate is not known.
        funding: paid so far and while the position is held.
    """

    price_loss: Decimal
    slippage_cost: Decimal
    fee_to_close: Decimal | None
    fee_to_open: Decimal | None
    funding: Decimal

    @property
    def total(self) -> Decimal | None:
        """Return the sum; None if a fee is not known."""
        parts = [ZERO if part is None else part for part in self]
        with exact():
            return None if None in self else sum(parts, ZERO)


def loss_at(case: Case, i: int, stop: StopOrder, funding: Decimal = ZERO) -> Loss:
    """Return what a stop costs from the entry on.

    Args:
        case: the position.
        i: which position.
        stop: the order.
        funding: paid beside the sheet's `funding_paid`.

    Formula:
        price_loss = -profit(price), slippage_cost = profit(price) - profit(fill)
        fee_to_close = taker*value(qty, fill), fee_to_open = taker*entry value
    """
    position = case.position(i)
    fill = stop.fill_price(case.sheet.positions[i].side)
    with exact():
        at_stop = case.profit(i, position.qty, stop.price)
        return Loss(
            price_loss=-at_stop,
            slippage_cost=at_stop - case.profit(i, position.qty, fill),
            fee_to_close=fee_at(case, i, fill),
            fee_to_open=case.figures.positions[i].exact.get("fee_to_open"),
            funding=position.funding_paid + funding,
        )


def fee_at(case: Case, i: int, price: Decimal) -> Decimal | None:
    """Return the taker fee on all of position `i` at `price`; None if the rate is not known."""
    position = case.position(i)
    if position.taker is None:
        return None
    with exact():
        return position.taker * position.contract.value(position.qty, price)


def liquidation_loss(case: Case, i: int, funding: Decimal) -> tuple[Decimal | None, str]:
    """Return what is lost if position `i` is liquidated, and how that is counted.

    Formula:
        isolated: margin + fee_to_open + funding
        cross: -profit(bankruptcy price) + fee_to_open + funding, and the fee
            there where the exchange's bankruptcy price leaves it
    """
    answer, position = case.figures.positions[i], case.position(i)
    opening = answer.exact.get("fee_to_open")
    if opening is None:
        return None, "the taker fee is not known"
    paid = opening + position.funding_paid + funding
    margin = answer.exact.get("margin")
    if position.isolated and margin is not None and not position.collateral:
        return margin + paid, "all of the position's margin, the opening fee and funding"
    price = answer.exact.get("bankruptcy_price")
    if price is None or price <= 0:
        return None, answer.reasons.get("bankruptcy_price", "there is no bankruptcy price")
    if case.resolved.rules_of[i].mode(isolated=position.isolated).bankruptcy_pays_fee:
        paid += fee_at(case, i, price) or ZERO
    how = "closed at the bankruptcy price, where all that backs it is gone, and fees"
    return paid - case.profit(i, position.qty, price), how


class FundingCost(NamedTuple):
    """Funding over a time, at an unchanged mark; money in the settle currency.

    Attributes:
        hours: held.
        rate: for `rate_hours`, as quoted.
        rate_hours: that the rate is for; a few exchanges quote another time than they pay.
        interval_hours: between payments.
        intervals: how many; whole ones, unless it accrues all the time.
        payment: of one interval, + = paid.
        total: what is counted: nothing if it would be received.
    """

    hours: Decimal
    rate: Decimal
    rate_hours: Decimal
    interval_hours: Decimal
    intervals: Decimal
    payment: Decimal
    total: Decimal


def funding_cost(case: Case, i: int, hours: Decimal) -> FundingCost:
    """Return what position `i` pays in funding while it is held.

    The rate is the position's `funding_rate`; without one nothing is paid. A
    started interval counts in full, and what would be received is not counted.

    Formula:
        intervals * payment, intervals = hours/interval_hours, rounded up where
        funding is paid at times
    """
    position, rules = case.position(i), case.resolved.rules_of[i]
    rule = rules.funding
    rate = position.funding_rate or ZERO
    with exact():
        share = hours / rule.interval_hours
        intervals = share if rule.continuous else to_step(share, ONE, "up")
        marked = Marked(position, rules._replace(funding=rule._replace(span_hours=None)))
        dated = position.contract.dated
        payment = ZERO if dated else funding_payment(marked, rate)
        total = max(ZERO, payment * intervals)
    return FundingCost(
        hours, rate, rate_hours(rule), rule.interval_hours, intervals, payment, total
    )
