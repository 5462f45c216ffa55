"""The derivation of a verdict on a stop, to be redone on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import TraceStep
from liqcalc.answers.stops.order import Trigger
from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.stops.fit import Furthest
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.answers.stops.order import StopOrder
    from liqcalc.answers.stops.outcome import StopOutcome


def funding_steps(funding: FundingCost | None) -> Iterator[TraceStep]:
    """Yield how the funding until the stop is counted."""
    if funding is None or not funding.total:
        return
    numbers = {"intervals": funding.intervals, "payment": funding.payment}
    yield TraceStep("stop", "funding", "intervals*payment", numbers, funding.total)


def outcome_steps(position: PositionAnswer, outcome: StopOutcome) -> Iterator[TraceStep]:
    """Yield how the verdict on a stop is reached, and its loss."""
    stop = outcome.stop
    sign = "-" if position.side == "long" else "+"
    numbers: dict[str, Any] = {"stop": stop.price, "slippage_bps": stop.slippage_bps}
    formula = f"stop*(1 {sign} slippage_bps/10000)"
    yield TraceStep("stop", "fill_price", formula, numbers, outcome.fill_price)
    formula, numbers = "fill_price", {"fill_price": outcome.fill_price}
    if stop.trigger is Trigger.LAST:
        formula, numbers = f"fill_price*(1 {sign} basis)", numbers | {"basis": stop.basis}
    yield TraceStep("stop", "worst_mark", formula, numbers, outcome.worst_mark)
    if stop.buffer:
        formula = f"worst_mark {sign} buffer*|mark - stop|"
        numbers = {"worst_mark": outcome.worst_mark, "buffer": stop.buffer, "stop": stop.price}
        numbers["mark"] = outcome.mark_price
        yield TraceStep("stop", "needed_mark", formula, numbers, outcome.needed_mark)
    if outcome.liquidation_price is not None:
        numbers = {"needed": outcome.needed_mark, "liquidation": outcome.liquidation_price}
        formula = "needed - liquidation" if position.side == "long" else "liquidation - needed"
        yield TraceStep("stop", "room", formula, numbers, outcome.room)
    yield from loss_steps(position, outcome)


def loss_steps(position: PositionAnswer, outcome: StopOutcome) -> Iterator[TraceStep]:
    """Yield how the loss at a stop is counted."""
    loss, inverse = outcome.loss, position.product == Product.INVERSE
    value = "qty/{}" if inverse else "qty*{}"
    falls = (position.side == "long") is not inverse
    order = (0, 1) if falls else (1, 0)
    numbers: dict[str, Any] = {"qty": position.qty, "entry": position.entry_price}
    numbers |= {"stop": outcome.stop.price, "fill": outcome.fill_price}
    for name, ends in (("price_loss", ("entry", "stop")), ("slippage_cost", ("stop", "fill"))):
        formula = " - ".join(value.format(ends[k]) for k in order)
        used = {key: numbers[key] for key in ("qty", *ends)}
        yield TraceStep("stop", name, formula, used, getattr(loss, name))
    taker = position.provenance.taker
    for name, price in (("fee_to_close", "fill"), ("fee_to_open", "entry")):
        if getattr(loss, name) is not None and taker is not None:
            used = {"taker": taker, "qty": position.qty, price: numbers[price]}
            formula = f"taker*{value.format(price)}"
            yield TraceStep("stop", name, formula, used, getattr(loss, name))
    if loss.total is not None:
        parts = loss._asdict()
        yield TraceStep("stop", "loss", " + ".join(parts), parts, loss.total)


def furthest_steps(
    position: PositionAnswer, furthest: Furthest, stop: StopOrder, end: Decimal | None
) -> Iterator[TraceStep]:
    """Yield how the farthest stop is reached."""
    if furthest.price is None or furthest.bound is None:
        return
    sign = "-" if position.side == "long" else "+"
    k = f"(1 {sign} slippage_bps/10000)"
    numbers: dict[str, Any] = {"liquidation": end, "slippage_bps": stop.slippage_bps}
    if stop.trigger is Trigger.LAST:
        k += f"*(1 {sign} basis)"
        numbers["basis"] = stop.basis
    formula = f"liquidation/({k})"
    if stop.buffer:
        formula = f"(liquidation + buffer*mark)/({k} + buffer)"
        numbers |= {"buffer": stop.buffer, "mark": position.mark_price}
    yield TraceStep("stop", "bound of stops", formula, numbers, furthest.bound)
    text = f"rounded toward the mark at {plain(furthest.step)}"
    yield TraceStep("stop", "furthest stop", text, {}, furthest.price)
