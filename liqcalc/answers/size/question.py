"""How large may a position be for what it may lose at its stop?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Note, TraceStep
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.change.ways import leverage_step, lot_size, money_step
from liqcalc.answers.leverage.search import Binds, Try
from liqcalc.answers.search import least
from liqcalc.answers.size.answer import Fit, Gain, Nearest, Size
from liqcalc.answers.size.inputs import read_asked
from liqcalc.answers.size.plan import Plan, fewest_lots, loss_of, lots_for
from liqcalc.answers.stops.fit import furthest_fit
from liqcalc.answers.stops.loss import fee_at
from liqcalc.answers.stops.outcome import StopOutcome, stop_outcome
from liqcalc.answers.stops.question import funding_notes
from liqcalc.answers.stops.trace import funding_steps, outcome_steps
from liqcalc.engine.numbers import ONE, ZERO, exact, plain, to_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.request import Number
    from liqcalc.rules.sheet import Sheet


def size(
    sheet: Mapping[str, Any] | Sheet,
    stop: Number | None = None,
    *,
    position: str | int | None = None,
    risk: Number | None = None,
    risk_rate: Number | None = None,
    target: Number | None = None,
    leverage: Number | None = None,
    trigger: str | None = None,
    slippage_bps: Number | None = None,
    basis: Number | None = None,
    buffer: Number | None = None,
    holding_hours: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Size:
    """Return the largest quantity that loses no more than the risk at its stop.

    The position is one to be opened at its entry price; its quantity in the
    sheet is not used.

    Formula:
        loss(qty) = price loss to the stop + slippage + fee to open + fee to
            close + funding
        qty is the largest multiple of the lot with loss(qty) <= risk
        leverage is the largest at which the stop fires before liquidation

    Args:
        sheet: a mapping with the keys of docs/sheet.md, or a checked sheet.
        stop: its price; default: the position's `stop_price`.
        position: which of the sheet: number, ``SYMBOL`` or ``SYMBOL:long``.
        risk: money to lose at the stop, in the settle currency.
        risk_rate: instead of it, a share of the account's wallet or equity.
        target: where the gain is taken.
        leverage: one to judge; default the position's, else the largest safe.
        trigger: ``last`` (default) or ``mark``, the price that fires the stop.
        slippage_bps: how far beyond the stop it fills; default 10.
        basis: how far the mark may stand beyond the last price; default 0.001.
        buffer: how far liquidation must lie beyond, as a share of the
            distance from the mark to the stop; default 0.1.
        holding_hours: until the stop, for funding at the position's `funding_rate`.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer; `fit` says whether the size can be held, and
        `nearest` what would work where it cannot.

    Raises:
        InputError: what is wrong with the inputs; a risk too small for one lot.

    >>> held = {"symbol": "BTCUSDT", "side": "long", "qty": "1", "entry_price": "60000"}
    >>> found = size({"exchange": "binance", "positions": [held]}, "58000", risk=500)
    >>> str(found.qty), str(found.leverage), str(found.loss.normalize())
    ('0.236', '23', '499.605156')
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    given = {
        "risk": risk,
        "risk_rate": risk_rate,
        "target": target,
        "leverage": leverage,
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "buffer": buffer,
        "holding_hours": holding_hours,
    }
    return size_of(case, case.index(position), stop, given)


def size_of(case: Case, i: int, stop: Number | None, given: Mapping[str, Any]) -> Size:
    """Return the size of position `i`.

    Args:
        case: the sheet.
        i: which position.
        stop: its price; None for the sheet's.
        given: risk, risk_rate, target, leverage and the terms, by name.
    """
    with exact():
        asked = read_asked(case, i, stop, given)
        lot = lot_size(asked.case, i)
        count = lots_for(asked, i, lot)
        plan = Plan.of(asked, i, lot * count)
        return _answer(plan, lot, count)


def _answer(plan: Plan, lot: Decimal, count: int) -> Size:
    asked, i, held = plan.asked, plan.i, plan.held
    order = asked.terms.order(asked.stop)
    outcome = stop_outcome(held.opened, i, order, funding=plan.paid)
    fit = plan.fit
    nearest = Nearest() if fit is Fit.FITS else _nearest(plan, lot, count)
    found = Size(
        position=held.case.figures.positions[i],
        size_unit=_size_unit(plan),
        terms=asked.terms,
        risk=asked.risk,
        risk_rate=asked.risk_rate,
        wallet=asked.wallet,
        fit=fit,
        reason=_reason(plan, fit),
        nearest=nearest,
        qty=count * lot,
        lot=lot,
        lot_known=plan.case.position(i).contract.lot_size is not None,
        next_loss=loss_of(asked, i, (count + 1) * lot),
        leverage=held.leverage,
        largest_leverage=None if plan.best is None else plan.best.leverage,
        binds=_binds(plan),
        asked_leverage=asked.leverage,
        margin=plan.margin,
        cost=plan.cost,
        outcome=outcome,
        gain=_gain(plan, outcome),
        funding=plan.funding,
        basis=Basis.of(held.case.figures.positions[i]),
    )
    return found._replace(basis=_basis(plan, found))


def _size_unit(plan: Plan) -> str:
    contract = plan.case.position(plan.i).contract
    return contract.base if contract.linear else contract.quote


def _binds(plan: Plan) -> Binds | None:
    """Return what keeps the largest safe leverage from being larger."""
    if plan.best is None:
        return None
    above = plan.search.at(plan.best.leverage + plan.search.step)
    if above.leverage > above.limit.leverage:
        return above.limit.of
    return Binds.LIQUIDATION if above.opens else Binds.WALLET


def _reason(plan: Plan, fit: Fit) -> str:
    asked, held = plan.asked, plan.held
    at = f"at {plain(held.leverage)}x"
    settle = plan.case.position(plan.i).contract.settle
    if fit is Fit.LIQUIDATED_FIRST:
        if not plan.search.moves():
            at = "at any leverage"
        elif plan.best is None and held.leverage == ONE:
            at = "even at 1x"
        return f"{at} liquidation comes before the stop at {plain(asked.stop)}"
    if fit is Fit.ABOVE_MAXIMUM:
        above = plain(held.leverage)
        return f"{above}x is above the maximum of {plain(held.limit.leverage)}x at this size"
    if fit is Fit.NOT_ENOUGH_MONEY:
        lacks = to_step(plan.lacks, money_step(plan.case, plan.i), "up")
        return f"{at} the account lacks {plain(lacks)} {settle} to open it"
    if fit is Fit.INDETERMINATE:
        figures = plan.held.opened.figures.positions[plan.i]
        return figures.reasons.get("liquidation_price", "the liquidation price is not known")
    return ""


def _nearest(plan: Plan, lot: Decimal, count: int) -> Nearest:
    """Return what would work instead, each alone."""
    asked, i, held = plan.asked, plan.i, plan.held
    if plan.fit is Fit.INDETERMINATE:
        return Nearest()
    leverage, money = None, None
    if asked.leverage is not None and plan.best is not None:
        leverage = plan.best.leverage if not _lacks_at(plan, plan.best) else None
    if not plan.case.position(i).isolated:
        money = plan.search.needed(held.leverage, money_step(plan.case, i))
        money = money if money and money > 0 else None
    elif plan.fit is Fit.NOT_ENOUGH_MONEY:
        money = to_step(plan.lacks, money_step(plan.case, i), "up")
    stop = None
    if plan.fit is Fit.LIQUIDATED_FIRST:
        stop = furthest_fit(held.case, i, asked.terms.order(asked.stop)).price
    return Nearest(leverage, _smaller(plan, lot, count), stop, money)


def _lacks_at(plan: Plan, at: Try) -> Decimal:
    return plan._replace(held=at).lacks


def _smaller(plan: Plan, lot: Decimal, count: int) -> Decimal | None:
    """Return the largest smaller quantity that fits; None if none does."""

    def fails(lots: int) -> bool:
        tried = Plan.of(plan.asked, plan.i, lots * lot, at=plan.held.leverage)
        return tried.fit is not Fit.FITS

    fewest = fewest_lots(plan.case, plan.i, lot)
    if fewest >= count or fails(fewest):
        return None
    found = least(fails, count // 2, low=fewest, high=count)
    return None if found is None else (found - 1) * lot


def _gain(plan: Plan, outcome: StopOutcome) -> Gain | None:
    """Return what closing at the target brings.

    Formula:
        profit(target) - taker*value(qty, target) - fee to open - funding
    """
    target, i = plan.asked.target, plan.i
    if target is None:
        return None
    loss, total = outcome.loss, outcome.loss.total
    profit = plan.case.profit(i, plan.case.position(i).qty, target)
    closing, opening = fee_at(plan.case, i, target) or ZERO, loss.fee_to_open or ZERO
    left = profit - closing - opening - loss.funding
    return Gain(target, profit, closing, opening, loss.funding, left, left / (total or ONE))


def _basis(plan: Plan, found: Size) -> Basis:
    held, i = plan.held, plan.i
    answer = held.case.answer.positions[i]
    return Basis.of(
        answer,
        warnings=_warnings(found),
        assumptions=[
            *found.terms.notes(),
            *funding_notes(found.funding, answer),
            *_notes(plan, found),
        ],
        trace=[*answer.trace, *_size_steps(plan, found), *_gain_steps(found)],
    )


def _warnings(found: Size) -> Iterator[Note]:
    if found.fit is not Fit.FITS:
        verdict = "not proven" if found.fit is Fit.INDETERMINATE else "refused"
        yield Note("LQ417", f"{found.position.symbol}: {verdict}: {found.reason}")


def _notes(plan: Plan, found: Size) -> Iterator[Note]:
    settle = found.position.settle
    if found.position.product == "inverse":
        yield Note("LQ416", f"the risk is counted in {settle}, the currency of profit and loss")
    if not leverage_step(plan.case, plan.i).known:
        yield Note("LQ416", "leverage is taken in whole steps; the exchange's step is not known")
    if not found.lot_known:
        yield Note("LQ416", f"the lot is not known; the size is cut to {plain(found.lot)}")
    if found.wallet is None:
        yield Note("LQ416", "the wallet was not given: the margin is not compared with it")


def _size_steps(plan: Plan, found: Size) -> Iterator[TraceStep]:
    """Yield how the size is reached: the loss of one lot more passes the risk."""
    yield from funding_steps(found.funding)
    yield from outcome_steps(found.position, found.outcome)
    numbers: dict[str, Any] = {"loss": found.loss, "risk": found.risk}
    yield TraceStep("size", "within the risk", "loss <= risk", numbers)
    numbers = {"risk": found.risk, "loss_of_one_lot_more": found.next_loss}
    yield TraceStep("size", "one lot more", "risk < loss_of_one_lot_more", numbers)
    if plan.best is not None:
        numbers = {"leverage": plan.best.leverage, "step": plan.search.step}
        name = f"passes the {found.binds} limit"
        if found.binds is Binds.LIQUIDATION:
            name = "liquidated before the stop"
        above = plan.best.leverage + plan.search.step
        yield TraceStep("size", name, "leverage + step", numbers, above)


def _gain_steps(found: Size) -> Iterator[TraceStep]:
    gain = found.gain
    if gain is None:
        return
    parts = gain._asdict()
    names = ("profit", "fee_to_close", "fee_to_open", "funding")
    numbers = {name: parts[name] for name in names}
    yield TraceStep("size", "gain", " - ".join(names), numbers, gain.total)
    numbers = {"gain": gain.total, "loss": found.loss}
    yield TraceStep("size", "reward to risk", "gain/loss", numbers, gain.ratio)
