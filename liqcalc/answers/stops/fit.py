"""What fits a stop: the farthest price that still fires first, the quantity that loses so much."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.stops.loss import funding_cost, loss_at
from liqcalc.answers.stops.outcome import Verdict, after_funding, fires_first, reason_of, survives
from liqcalc.engine.numbers import ONE, ZERO, exact, to_step
from liqcalc.rules.sheet import Side

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.answers.stops.order import StopOrder

_DIGITS = 8


class Furthest(NamedTuple):
    """The stop farthest from the mark that still fires before liquidation.

    Attributes:
        price: on the price step, rounded toward the mark; None if there is none.
        bound: where liquidation and stop meet, unrounded; None if no price on
            that side liquidates.
        step: the price step; of 8 digits where the contract's is not known.
        step_known: False where it is not.
        distance_rate: from the mark, as a share of it; None if there is none.
        reason: why there is no price.
    """

    price: Decimal | None
    bound: Decimal | None
    step: Decimal
    step_known: bool
    distance_rate: Decimal | None = None
    reason: str = ""


def furthest_fit(case: Case, i: int, stop: StopOrder, *, funding: Decimal = ZERO) -> Furthest:
    """Return the farthest stop of position `i` that fires first; the price of `stop` is not used.

    Formula:
        bound = (liquidation + buffer*mark) / (k + buffer), where
        k = (1 - s*slippage_bps/10000) * (1 - s*basis)
    """
    with exact():
        held = after_funding(case, i, funding)
        side, position = case.sheet.positions[i].side, case.position(i)
        mark, tick = position.mark_price, position.contract.tick_size
        step = tick or Decimal((0, (1,), mark.adjusted() - _DIGITS + 1))
        nothing = Furthest(None, None, step, tick is not None)
        here = survives(held, i, mark)
        if here is not Verdict.FIRES_FIRST:
            return nothing._replace(reason=reason_of(held, i, here))
        end = held.ends(i).losing(side)
        if end is None:
            return nothing._replace(reason=reason_of(held, i, here) + ": every stop fires first")
        k = stop._replace(price=ONE).worst_mark(side)
        bound = (end + stop.buffer * mark) / (k + stop.buffer)
        price = to_step(bound, step, "up" if side is Side.LONG else "down")
        if not fires_first(held, i, stop._replace(price=price)):
            price += side.sign * step
        if (mark - price) * side.sign <= 0:
            text = "liquidation is so near that no stop before the mark fires first"
            return nothing._replace(bound=bound, reason=text)
        return nothing._replace(price=price, bound=bound, distance_rate=abs(mark - price) / mark)


def qty_for_loss(
    case: Case, i: int, stop: StopOrder, loss: Decimal, *, hours: Decimal = ZERO
) -> Decimal | None:
    """Return the quantity that loses `loss` at a stop, with fees and funding, cut to the lot.

    Every part of the loss grows with the quantity.  Funding already paid does
    not count.  None if the taker fee is not known.

    Formula:
        qty = loss * own qty / loss of the own qty
    """
    qty, lot = case.position(i).qty, case.position(i).contract.lot_size
    with exact():
        fresh = case.with_position(i, funding_paid=ZERO)
        funding = funding_cost(fresh, i, hours).total if hours else ZERO
        lost = loss_at(fresh, i, stop, funding).total
        if lost is None or lost <= 0:
            return None
        found = loss * qty / lost
        return found if lot is None else to_step(found, lot, "down")
