"""Whether a stop fires before liquidation, and what it costs: the core of several questions.

Everything is read from the health curve through a `Case`.  What must be
survived is chosen on the safe side: the mark may stand `basis` beyond the last
price when a stop on the last price fires, and it may follow the fill.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.funding import funding_payment
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, ZERO, exact, plain, to_step
from liqcalc.engine.solve import Status
from liqcalc.errors import Fault, InputError
from liqcalc.rules.sheet import Side

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.answers.case import Case

_BPS = Decimal("1e-4")
_NEAR = Decimal("1e-25")


class Trigger(StrEnum):
    """Which price fires a stop."""

    MARK = "mark"
    LAST = "last"


class Verdict(StrEnum):
    """What comes first."""

    FIRES_FIRST = "fires_first"
    LIQUIDATED_FIRST = "liquidated_first"
    ALREADY_LIQUIDATABLE = "already_liquidatable"
    INDETERMINATE = "indeterminate"


class StopOrder(NamedTuple):
    """A stop that closes the whole position at the market.

    Attributes:
        price: at which it fires.
        trigger: the price that fires it.
        slippage_bps: how far beyond the stop it fills, in basis points of it.
        basis: how far the mark may stand beyond the last price, as a share;
            counts where the last price fires it.
        buffer: how far liquidation must lie beyond all that, as a share of
            the distance from the mark to the stop.
    """

    price: Decimal
    trigger: Trigger = Trigger.LAST
    slippage_bps: Decimal = ZERO
    basis: Decimal = ZERO
    buffer: Decimal = ZERO

    def beyond(self, side: Side, gap: Decimal) -> StopOrder:
        """Return the stop that fires where a price ends that jumps `gap` past this one.

        Formula:
            price*(1 - s*gap), s is +1 for a long, -1 for a short
        """
        return self._replace(price=self.price * (ONE - side.sign * gap), buffer=ZERO)

    def fill_price(self, side: Side) -> Decimal:
        """Return the price at which it fills.

        Formula:
            price*(1 - s*slippage_bps/10000)
        """
        return self.price * (ONE - side.sign * self.slippage_bps * _BPS)

    def worst_mark(self, side: Side) -> Decimal:
        """Return the farthest mark while it fires and fills.

        Formula:
            price*(1 - s*slippage_bps/10000), times (1 - s*basis) where the
            last price fires it
        """
        fill = self.fill_price(side)
        return fill * (ONE - side.sign * self.basis) if self.trigger is Trigger.LAST else fill

    def needed_mark(self, side: Side, mark: Decimal) -> Decimal:
        """Return the mark that the position must survive.

        Formula:
            worst_mark - s*buffer*|mark - price|
        """
        return self.worst_mark(side) - side.sign * self.buffer * abs(mark - self.price)


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


class Gapped(NamedTuple):
    """What becomes of a stop when the price jumps past it.

    Attributes:
        gap: as a share of the stop.
        verdict: what comes first at the price after the jump.
        price, fill_price, worst_mark: after the jump.
        loss: if the stop closes the position there.
        lost: what is lost either way, in the settle currency; None if not known.
    """

    gap: Decimal
    verdict: Verdict
    price: Decimal
    fill_price: Decimal
    worst_mark: Decimal
    loss: Loss
    lost: Decimal | None


class StopOutcome(NamedTuple):
    """What becomes of a position with a stop, unrounded.

    Attributes:
        stop: the order.
        verdict, reason: what comes first; why it cannot be told.
        mark_price: from which the distance is measured.
        fill_price: where the stop fills.
        worst_mark: the farthest mark while it fires and fills.
        needed_mark: the same with the buffer: what must be survived.
        liquidation_price: mark at which the condition truly holds on the side
            of the stop; None if no price there liquidates.
        room: from the needed mark to liquidation, in quote; below 0 where
            liquidation comes first; None if there is no such price.
        room_rate: the same as a share of the stop's distance from the mark.
        room_money: profit between the two, in the settle currency.
        loss: what the stop costs.
        liquidation_loss: what is lost if the position is liquidated instead.
        liquidation_loss_is: in words, how that is counted, or why it is not known.
        largest_gap: jump past the stop, as a share of it, at which liquidation
            begins; None if no jump does, or the stop does not fire first.
        gapped: after the jump that was asked about.
    """

    stop: StopOrder
    verdict: Verdict
    reason: str
    mark_price: Decimal
    fill_price: Decimal
    worst_mark: Decimal
    needed_mark: Decimal
    liquidation_price: Decimal | None
    room: Decimal | None
    room_rate: Decimal | None
    room_money: Decimal | None
    loss: Loss
    liquidation_loss: Decimal | None
    liquidation_loss_is: str
    largest_gap: Decimal | None = None
    gapped: Gapped | None = None

    @property
    def fires_first(self) -> bool:
        """Return True if the stop surely fires before liquidation."""
        return self.verdict is Verdict.FIRES_FIRST


class FundingCost(NamedTuple):
    """Funding over a time, at an unchanged mark; money in the settle currency.

    Attributes:
        hours: held.
        rate: per interval, as quoted.
        interval_hours: between payments.
        intervals: how many; whole ones, unless it accrues all the time.
        payment: of one interval, + = paid.
        total: what is counted: nothing if it would be received.
    """

    hours: Decimal
    rate: Decimal
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
    return FundingCost(hours, rate, rule.interval_hours, intervals, payment, total)


def stop_faults(side: Side, mark: Decimal, price: Decimal, where: str = "stop") -> list[Fault]:
    """Return what is wrong with the price of a stop; nothing if it lies on the losing side."""
    if price <= 0:
        return [Fault("LQ125", where, f"is {plain(price)}, a price must be above 0")]
    if price == mark:
        message = f"is {plain(price)}, the mark itself: it would fire at once"
    elif (mark - price) * side.sign < 0:
        there = "above" if side is Side.LONG else "below"
        message = f"is {plain(price)}, {there} the mark {plain(mark)}, where a {side} gains"
    else:
        return []
    lies = "below" if side is Side.LONG else "above"
    hint = f"the stop of a {side} lies {lies} the mark; give --mark if it is not the entry price"
    return [Fault("LQ125", where, message, hint)]


def check_stops(case: Case, i: int, prices: Iterable[Decimal]) -> None:
    """Raise with every stop of position `i` that cannot be meant.

    Raises:
        InputError: a stop that is not on the losing side of the mark.
    """
    side, mark = case.sheet.positions[i].side, case.position(i).mark_price
    faults = [fault for price in prices for fault in stop_faults(side, mark, price)]
    if faults:
        raise InputError(*faults)


def after_funding(case: Case, i: int, funding: Decimal) -> Case:
    """Return the case after funding has been paid from what backs position `i`."""
    unknown = case.figures.positions[i].status is Status.INDETERMINATE
    return case if not funding or unknown else case.paid(i, funding)


def survives(case: Case, i: int, mark: Decimal) -> Verdict:
    """Return whether position `i` reaches `mark`, on its losing side, without liquidation.

    Where the mark is the liquidation price itself, the exchange's condition
    decides there.
    """
    side, ends = case.sheet.positions[i].side, case.ends(i)
    if ends.status is Status.INDETERMINATE:
        return Verdict.INDETERMINATE
    if ends.status is Status.ALREADY_LIQUIDATABLE:
        return Verdict.ALREADY_LIQUIDATABLE
    end = ends.losing(side)
    with exact():
        if end is None:
            return Verdict.FIRES_FIRST
        if abs(mark - end) <= end * _NEAR:
            there = case.settled().at({case.sheet.positions[i].symbol: end})
            holds = there.figures.positions[i].status is Status.ALREADY_LIQUIDATABLE
            return Verdict.LIQUIDATED_FIRST if holds else Verdict.FIRES_FIRST
        passed = (mark - end) * side.sign < 0
        return Verdict.LIQUIDATED_FIRST if passed else Verdict.FIRES_FIRST


def stop_outcome(
    case: Case, i: int, stop: StopOrder, *, funding: Decimal = ZERO, gap: Decimal | None = None
) -> StopOutcome:
    """Return whether `stop` fires before position `i` is liquidated, and what each costs.

    Args:
        case: the position as it is now; its margin may be left to default.
        i: which position.
        stop: on the losing side of the mark (see `check_stops`).
        funding: still to be paid before the stop, from what backs the position.
        gap: how far the price jumps past the stop, as a share of it.
    """
    with exact():
        held = after_funding(case, i, funding)
        side, mark = case.sheet.positions[i].side, case.position(i).mark_price
        needed = stop.needed_mark(side, mark)
        verdict = survives(held, i, needed)
        end = held.ends(i).losing(side)
        room = None if end is None else (needed - end) * side.sign
        lost, how = _liquidation_loss(held, i, funding)
        outcome = StopOutcome(
            stop=stop,
            verdict=verdict,
            reason=_reason(held, i, verdict),
            mark_price=mark,
            fill_price=stop.fill_price(side),
            worst_mark=stop.worst_mark(side),
            needed_mark=needed,
            liquidation_price=end,
            room=room,
            room_rate=None if room is None else room / abs(mark - stop.price),
            room_money=None if end is None else _gained(held, i, end, needed),
            loss=loss_at(held, i, stop, funding),
            liquidation_loss=lost,
            liquidation_loss_is=how,
        )
        if verdict is Verdict.FIRES_FIRST and end is not None:
            largest = side.sign * (ONE - end / outcome.worst_mark)
            outcome = outcome._replace(largest_gap=largest)
        if gap is None:
            return outcome
        return outcome._replace(gapped=_gapped(held, i, stop.beyond(side, gap), gap, outcome))


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


def _gained(case: Case, i: int, before: Decimal, after: Decimal) -> Decimal | None:
    """Return the profit between two prices; None if one of them is no price."""
    if before <= 0 or after <= 0:
        return None
    qty = case.position(i).qty
    return case.profit(i, qty, after) - case.profit(i, qty, before)


def _reason(case: Case, i: int, verdict: Verdict) -> str:
    answer = case.figures.positions[i]
    if verdict is Verdict.INDETERMINATE:
        return answer.reasons.get("liquidation_price", "the liquidation price is not known")
    if verdict is Verdict.ALREADY_LIQUIDATABLE:
        return "the exchange's condition holds at the mark already"
    if case.ends(i).losing(case.sheet.positions[i].side) is None:
        return "no price on the side of the stop liquidates the position"
    return ""


def _liquidation_loss(case: Case, i: int, funding: Decimal) -> tuple[Decimal | None, str]:
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


def _gapped(case: Case, i: int, stop: StopOrder, gap: Decimal, plain_stop: StopOutcome) -> Gapped:
    side = case.sheet.positions[i].side
    worst = stop.worst_mark(side)
    verdict = plain_stop.verdict
    if verdict is Verdict.FIRES_FIRST:
        verdict = survives(case, i, worst)
    loss = loss_at(case, i, stop, plain_stop.loss.funding - case.position(i).funding_paid)
    lost = None
    if verdict is Verdict.FIRES_FIRST:
        lost = loss.total
    elif verdict is not Verdict.INDETERMINATE:
        lost = plain_stop.liquidation_loss
    return Gapped(gap, verdict, stop.price, stop.fill_price(side), worst, loss, lost)
