"""Whether a stop fires before liquidation, and what it costs: the core of several questions.

Everything is read from the health curve through a `Case`.  What must be
survived is chosen on the safe side: the mark may stand `basis` beyond the last
price when a stop on the last price fires, and it may follow the fill.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.stops.loss import Loss, liquidation_loss, loss_at
from liqcalc.answers.stops.order import StopOrder, Trigger, stop_faults
from liqcalc.engine.numbers import ONE, ZERO, exact
from liqcalc.engine.solve import Status
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.answers.case import Case

__all__ = [
    "Gapped",
    "Loss",
    "StopOrder",
    "StopOutcome",
    "Trigger",
    "Verdict",
    "after_funding",
    "check_stops",
    "fires_first",
    "reason_of",
    "stop_outcome",
    "survives",
    "verdict_of",
]
_NEAR = Decimal("1e-25")


class Verdict(StrEnum):
    """What comes first.

    TOO_NEAR: the stop fires first, but only if nothing of what is allowed for
    (slippage, basis, buffer) happens.
    """

    FIRES_FIRST = "fires_first"
    TOO_NEAR = "too_near"
    LIQUIDATED_FIRST = "liquidated_first"
    ALREADY_LIQUIDATABLE = "already_liquidatable"
    INDETERMINATE = "indeterminate"


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
        distance_rate: from the mark to the stop, as a share of the mark.
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
    distance_rate: Decimal
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


def verdict_of(case: Case, i: int, stop: StopOrder) -> Verdict:
    """Return what comes first, with all that `stop` allows for."""
    side, mark = case.sheet.positions[i].side, case.position(i).mark_price
    with exact():
        verdict = survives(case, i, stop.needed_mark(side, mark))
    late = verdict is Verdict.LIQUIDATED_FIRST
    if late and survives(case, i, stop.price) is Verdict.FIRES_FIRST:
        return Verdict.TOO_NEAR
    return verdict


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
        verdict = verdict_of(held, i, stop)
        end = held.ends(i).losing(side)
        room = None if end is None else (needed - end) * side.sign
        lost, how = liquidation_loss(held, i, funding)
        outcome = StopOutcome(
            stop=stop,
            verdict=verdict,
            reason=reason_of(held, i, verdict),
            mark_price=mark,
            distance_rate=abs(mark - stop.price) / mark,
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


def fires_first(case: Case, i: int, stop: StopOrder) -> bool:
    """Return True if `stop` surely fires before position `i` is liquidated; the buffer counts."""
    return verdict_of(case, i, stop) is Verdict.FIRES_FIRST


def _gained(case: Case, i: int, before: Decimal, after: Decimal) -> Decimal | None:
    """Return the profit between two prices; None if one of them is no price."""
    if before <= 0 or after <= 0:
        return None
    qty = case.position(i).qty
    return case.profit(i, qty, after) - case.profit(i, qty, before)


def reason_of(case: Case, i: int, verdict: Verdict) -> str:
    """Return why there is no verdict, or why it does not depend on the stop; else ""."""
    answer = case.figures.positions[i]
    if verdict is Verdict.INDETERMINATE:
        return answer.reasons.get("liquidation_price", "the liquidation price is not known")
    if verdict is Verdict.ALREADY_LIQUIDATABLE:
        return "the exchange's condition holds at the mark already"
    if case.ends(i).losing(case.sheet.positions[i].side) is None:
        return "no price on the side of the stop liquidates the position"
    return ""


def _gapped(case: Case, i: int, stop: StopOrder, gap: Decimal, plain_stop: StopOutcome) -> Gapped:
    side = case.sheet.positions[i].side
    worst = stop.worst_mark(side)
    verdict = plain_stop.verdict
    if verdict in {Verdict.FIRES_FIRST, Verdict.TOO_NEAR}:
        verdict = survives(case, i, worst)
    loss = loss_at(case, i, stop, plain_stop.loss.funding - case.position(i).funding_paid)
    lost = None
    if verdict is Verdict.FIRES_FIRST:
        lost = loss.total
    elif verdict is not Verdict.INDETERMINATE:
        lost = plain_stop.liquidation_loss
    return Gapped(gap, verdict, stop.price, stop.fill_price(side), worst, loss, lost)
