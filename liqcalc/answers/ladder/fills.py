"""At which price a step closes, what it costs, and the case that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.ladder import money
from liqcalc.answers.ladder.answer import NO_CLOSING, Closing
from liqcalc.engine.closing import liquidator_fee
from liqcalc.engine.numbers import ONE, ZERO, to_step
from liqcalc.engine.steps import (
    WHOLE,
    Action,
    FeeLimit,
    FeeOn,
    Fill,
    FillAt,
    FillPrice,
)
from liqcalc.engine.words import FeeRate
from liqcalc.rules.sheet import CloseRow

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.rules.schema import Step

_NOTHING_LEFT = {Action.TAKE_OVER, Action.BACKSTOP}


def fill_price(case: Case, k: int, step: Step, fill: Fill) -> tuple[Decimal, FillPrice]:
    """Return the price at which `step` closes position `k`, and which price that is."""
    position, exact = case.position(k), case.figures.positions[k].exact
    side = position.side
    market = fill.price_near(position.mark_price, side)
    kind = step.fills_at
    if fill.at is FillAt.TRIGGER:
        kind = FillPrice.MARK
    elif fill.at is FillAt.BANKRUPTCY:
        kind = FillPrice.BANKRUPTCY
    price = None
    if kind is FillPrice.BANKRUPTCY:
        price = exact.get("bankruptcy_price")
        if price is not None and step.fills_at is not kind and (price - market) * side > 0:
            price = None  # the market has passed it: no order fills there
    elif kind is FillPrice.FILLABLE:
        price = exact.get("fillable_price")
        tick = position.contract.tick_size
        if price is not None and tick is not None:
            price = to_step(price, tick, "up" if side > 0 else "down")
    elif kind is FillPrice.LIQUIDATOR:
        price = position.mark_price * (ONE - side * _liquidator_fee(case, k))
    if price is None or price <= 0:
        return market, FillPrice.MARK
    return price, kind


def _liquidator_fee(case: Case, k: int) -> Decimal:
    rule = case.resolved.rules_of[k].liquidators
    if rule is None:
        return ZERO
    return liquidator_fee(rule, case.figures.positions[k].exact.get("mmr")) or ZERO


class Cut(NamedTuple):
    """How much is closed, and the level that is set with it; None = as it is."""

    qty: Decimal
    level: int | None = None


def closed(case: Case, k: int, cut: Cut, step: Step, fill: Fill) -> tuple[Case, Closing, Decimal]:
    """Return the case after `step` has cut position `k`, and what that closes.

    The third is the margin of an isolated position that is gone, which its
    holder gets back.
    """
    if cut.level is not None and cut.qty < case.position(k).qty:
        case = case.with_position(k, risk_level=cut.level)
    if not cut.qty:
        return case, NO_CLOSING, ZERO
    position, qty = case.position(k), cut.qty
    price, at = fill_price(case, k, step, fill)
    pnl = case.profit(k, qty, price)
    profit = case.profit(k, qty, position.mark_price)
    pending = ZERO if _in_equity(case, k) else position.accrued_fees
    backing = money.backing(case, k)
    left = None if backing is None else backing + pnl - profit
    fee, fund = _charged(case, k, qty, price, step, left)
    gain = ZERO
    if step.action in _NOTHING_LEFT:
        sold = fill.price_near(position.mark_price, position.side)
        gain = case.profit(k, qty, sold) - pnl
    closing = Closing(qty, price, at, pnl, fee + pending, fund, gain)
    if position.isolated and qty == position.qty:
        assert left is not None  # noqa: S101 - a condition needs a margin
        rest = left - fee - fund
        taken = rest if step.action in _NOTHING_LEFT else min(rest, ZERO)
        back = ZERO if step.action in _NOTHING_LEFT else max(rest, ZERO)
        return case.without(k), closing._replace(fund=fund + taken), back
    after = money.pay(case, k, fee + pending + fund - pnl, profit)
    after = after.with_position(k, accrued_fees=ZERO, **_scaled(case, k, qty))
    after = after.resized(k, position.qty - qty)
    if not position.isolated:
        after, rest = _last_of_pool(case, k, after, step)
        closing = closing._replace(fund=fund + rest)
    return after, closing, ZERO


def _in_equity(case: Case, k: int) -> bool:
    return not case.position(k).isolated and case.sheet.account.equity is not None


def _scaled(case: Case, k: int, qty: Decimal) -> dict[str, Decimal]:
    """Return the fee reserve of what is left, where one was given."""
    reserve, whole = case.sheet.positions[k].fee_reserve, case.position(k).qty
    return {} if reserve is None else {"fee_reserve": reserve * (whole - qty) / whole}


def _last_of_pool(case: Case, k: int, after: Case, step: Step) -> tuple[Case, Decimal]:
    """Return the case after the fund has settled an account whose last position is gone.

    A takeover leaves the fund what there is; after a closing it pays what is missing.
    """
    settle = case.position(k).contract.settle
    gone = len(case.sheet.positions) - len(after.sheet.positions)
    held = money.purse(after, settle)
    last = gone and len(money.same_pool(case, k)) == 1
    if not last or money.holds_others(after.sheet.account):
        return after, ZERO
    if held is None:
        if step.action is not Action.BACKSTOP:
            return after, ZERO
        emptied, worth = money.empty(after)
        return emptied, worth / case.coin_price(k)
    rest = held if step.action in _NOTHING_LEFT else min(held, ZERO)
    taken = rest / case.coin_price(k) if _in_equity(case, k) else rest
    return money.take(after, settle, rest), taken


def rates(case: Case, k: int, step: Step) -> list[Decimal | None]:
    """Return the fee rates that `step` charges; None for one that is not known."""
    position = case.position(k)
    known = {FeeRate.TAKER: position.taker, FeeRate.LIQUIDATION: position.liquidation_fee}
    return [known[name] for name in step.fees]


def _charged(
    case: Case, k: int, qty: Decimal, price: Decimal, step: Step, left: Decimal | None
) -> tuple[Decimal, Decimal]:
    """Return the fee, and what the fund pays (below 0) to a fill beyond bankruptcy.

    Formula:
        value * sum of rates, at most what is left; where limited by the gain:
        at most what the fill brings above the bankruptcy price
    """
    position = case.position(k)
    if step.fills_at is FillPrice.LIQUIDATOR:
        value = position.contract.value(qty, position.mark_price)
        rate = case.figures.positions[k].exact.get("insurance_fund_fee_rate")
        if rate is None:
            rule = case.resolved.rules_of[k].liquidators
            rate = rule.insurance_fee if rule is not None else None
        return _limited(value * (rate or ZERO), left), ZERO
    at = position.entry_price if step.fee_on is FeeOn.ENTRY else price
    fee = position.contract.value(qty, at) * sum(filter(None, rates(case, k, step)), ZERO)
    if step.fee_limit is FeeLimit.GAIN:
        part = case.with_position(k, close=CloseRow(qty, price))
        exact = part.figures.positions[k].exact
        delta = exact.get("insurance_fund_delta")
        if delta is not None:
            return max(delta, ZERO), min(delta, ZERO)
        worst = exact.get("bankruptcy_price")
        if worst is not None:
            gain = case.profit(k, qty, price) - case.profit(k, qty, worst)
            fee = min(fee, max(gain, ZERO))
    return _limited(fee, left), ZERO


def _limited(fee: Decimal, left: Decimal | None) -> Decimal:
    return fee if left is None else min(fee, max(left, ZERO))


def closes_whole(step: Step) -> bool:
    """Return True if `step` leaves nothing of the positions that it takes."""
    return step.action in WHOLE
