"""What a liquidation step closes, at which price, and who gets what of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import formulas, margins
from liqcalc.engine.numbers import ONE, ZERO, Rounding, to_step
from liqcalc.engine.words import Share

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.position import CloseStep
    from liqcalc.engine.result import Figures, PositionResult
    from liqcalc.engine.vocabulary import Liquidators, PartialClose

_CENT = ONE / 100
_KEPT_FOR_FUND = 95 * _CENT
_RATE_STEP = Rounding("decimals", 6, "zero")
_QTY_STEP = Rounding("decimals", 9, "zero")


def shared_price(pool: Pool, m: Marked, share: Share, rate: Decimal) -> Decimal | None:
    """Return the price at which a position has lost its share of the pool's equity.

    Formula:
        value = (v - drift*equity*share) / (1 - drift*rate), v the value at the
        mark; share = v / sum of all values, or requirement / sum of all
        requirements, or 1.
    """
    part = _share(pool, m, share)
    equity = pool.equity() / pool.requirement_price(m.contract.settle)
    value = (m.value - m.drift * equity * part) / (ONE - m.drift * rate)
    return m.contract.price_of(value, m.position.qty)


def _share(pool: Pool, m: Marked, share: Share) -> Decimal:
    others = pool.other_requirement if share is Share.REQUIREMENT else ZERO
    if share is Share.ALL or (len(pool.marked) == 1 and not others):
        return ONE
    amounts = {
        id(o): (o.value if share is Share.VALUE else o.requirement)
        * pool.requirement_price(o.contract.settle)
        for o in pool.marked
    }
    total = sum(amounts.values(), others)
    return amounts[id(m)] / total if total else ONE


def printed_maintenance(m: Marked, value: Decimal) -> Decimal:
    """Return the maintenance margin of a value as the exchange prints it.

    Formula:
        maintenance_from_initial: initial = value*imr, printed; then
        initial*(mmr/imr), printed. Else value*mmr - deduction, printed.
    """
    tier, rules, linear = m.tier, m.rules, m.contract.linear
    if tier is None or m.position.schedule is None:
        return ZERO
    rounding = rules.amounts.of("maintenance_margin", linear=linear)
    base = m.position.schedule.tiers[m.tier_index or 0]
    if not rules.maintenance_from_initial or not base.imr:
        return rounding.apply(formulas.maintenance(value, tier.mmr, tier.deduction))
    initial = rules.amounts.of("initial_margin", linear=linear).apply(value * base.imr)
    return rounding.apply(initial * base.mmr / base.imr)


def partial_close_figures(result: PositionResult) -> None:
    """Add the limits of one liquidation step, its limit price and what a fill leaves."""
    m, figures = result.marked, result.figures
    rule, pool = m.rules.partial_close, result.pool or result.backing
    if rule is None:
        return
    notional = m.value
    least = min(rule.min_notional, notional)
    most = max(least, notional * rule.max_portion)
    if rule.max_notional is not None:
        most = min(most, rule.max_notional)
    figures.put("min_notional_liquidatable", least)
    figures.put("max_notional_liquidatable", most)
    if pool is None or m.tier is None:
        return
    if not pool.requirement():
        figures.none("fillable_price", "the account requires nothing")
        return
    figures.put("fillable_price", _fillable_price(m, pool, rule))
    if m.position.close is not None:
        _close_figures(m, figures, pool, rule, m.position.close)


def _fillable_price(m: Marked, pool: Pool, rule: PartialClose) -> Decimal:
    """Return the limit price of a liquidation order.

    Formula:
        p*(1 - s*rating*spread_to_maintenance*mmr),
        rating = clamp(bankruptcy_adjustment*(1 - equity/requirement), 0, 1)
    """
    mark, tier, requirement = m.position.mark_price, m.tier, pool.requirement()
    if tier is None:
        return mark
    rating = rule.bankruptcy_adjustment * (ONE - pool.equity() / requirement)
    rating = max(ZERO, min(ONE, rating))
    return mark * (ONE - m.position.side * rating * rule.spread_to_maintenance * tier.mmr)


def _close_figures(
    m: Marked, figures: Figures, pool: Pool, rule: PartialClose, step: CloseStep
) -> None:
    """Add what a closing step is worth at bankruptcy, and what the fund gets of a fill.

    Formula:
        released = maintenance now - maintenance after the step
        bankruptcy_quote_delta = s*closed_value - equity*released/requirement,
            rounded up
        bankruptcy_price = |bankruptcy_quote_delta| / closed quantity
        insurance_fund_delta = s*closed*price - bankruptcy_quote_delta, of a
            gain at most closed*price*max_fee
    """
    position, contract = m.position, m.contract
    closed = min(step.qty or position.qty, position.qty)
    before = printed_maintenance(m, m.value)
    left = contract.value(position.qty - closed, position.mark_price) if closed else m.value
    released = before - printed_maintenance(m, left)
    listed = (printed_maintenance(o, o.value) for o in pool.marked)
    total = sum(listed, pool.other_requirement)
    share = pool.equity() * released / total if total else ZERO
    exact = position.side * (m.value - left) - share
    rounding = m.rules.amounts.of("bankruptcy_quote_delta")
    quote = rounding.apply(exact)
    figures.put("bankruptcy_quote_delta", exact, quote)
    price = position.side * quote / closed
    if price <= 0:
        figures.none("bankruptcy_price", "no positive price uses up what backs this position")
    else:
        figures.put("bankruptcy_price", price)
    if step.price is not None:
        fill = contract.value(closed, step.price)
        delta = position.side * fill - quote
        figures.put("insurance_fund_delta", min(delta, fill * rule.max_fee) if delta > 0 else delta)


def liquidator_figures(result: PositionResult) -> None:
    """Add how much must be closed until the account is safe again, and the fund's rate."""
    m, figures, pool = result.marked, result.figures, result.pool
    rule = m.rules.liquidators
    if rule is None:
        return
    if m.rules.profit is not None:
        figures.put("weighted_unrealized_pnl_initial", margins.counted_profit(m, initial=True))
    if m.position.isolated:
        _buffered(m, figures, rule)
    if pool is None or m.tier is None:
        return
    price = pool.requirement_price(m.contract.settle)
    shortage = buffered_requirement(pool, rule) - buffered_equity(pool, rule)
    fee, fund = liquidator_fee(rule, m.tier.mmr), rule.insurance_fee
    if fee is None:
        for name in ("insurance_fund_fee_rate", "qty_to_cover_shortage"):
            figures.none(name, "the liquidator's fee is not known")
        return
    margin_rate = m.tier.mmr + rule.buffer
    if fund is None and rule.max_insurance_fee is not None:
        fund = _fund_rate(m, pool, rule, shortage, fee)
        figures.put("insurance_fund_fee_rate", fund)
    if shortage <= 0:
        figures.none("qty_to_cover_shortage", "the account has no shortage")
        return
    mark = m.position.mark_price
    freed = mark * price * (margin_rate - fee) - mark * (fund or ZERO)
    if freed > 0:
        figures.put_rounded("qty_to_cover_shortage", shortage / freed, _QTY_STEP)
    else:
        figures.none("qty_to_cover_shortage", "the fees take more than closing frees")


def _fund_rate(
    m: Marked, pool: Pool, rule: Liquidators, shortage: Decimal, fee: Decimal
) -> Decimal:
    """Return what the insurance fund takes of a liquidation.

    Formula:
        min(max_insurance_fee, 0.95*max(0, mmr + buffer - fee - own/(qty*p*price)))
        own: the shortage times the position's share of the requirement
    """
    assert m.tier is not None  # noqa: S101 - the caller has looked
    assert rule.max_insurance_fee is not None  # noqa: S101 - the caller has looked
    price = pool.requirement_price(m.contract.settle)
    total = pool.requirement()
    own = max(ZERO, shortage) * m.requirement * price / total if total else ZERO
    left = m.tier.mmr + rule.buffer - fee - own / (m.value * price)
    return min(rule.max_insurance_fee, _RATE_STEP.apply(_KEPT_FOR_FUND * max(ZERO, left)))


def _buffered(m: Marked, figures: Figures, rule: Liquidators) -> None:
    """Add an isolated position's own figures with the buffer."""
    if m.initial_margin is not None:
        figures.put("initial_margin_with_buffer", m.initial_margin + rule.buffer * m.value)
    cash = margins.cash(m)
    if cash is not None:
        balance = cash + margins.counted_profit(m) + rule.buffer * min(ZERO, m.pnl)
        figures.put("margin_balance_with_buffer", balance)


def buffered_requirement(pool: Pool, rule: Liquidators) -> Decimal:
    """Return the maintenance that ends a liquidation: with the buffer on all liabilities."""
    return pool.requirement() + rule.buffer * pool.liability_value()


def buffered_equity(pool: Pool, rule: Liquidators) -> Decimal:
    """Return the backing that ends a liquidation: losses count with the buffer on top."""
    losses = ZERO
    for m in pool.marked:
        losses += min(ZERO, m.pnl) * pool.requirement_price(m.contract.settle)
    return pool.equity() + rule.buffer * losses


def liquidator_fee(rule: Liquidators, mmr: Decimal | None = None) -> Decimal | None:
    """Return the liquidator's share; None if it is not known.

    Args:
        rule: of the exchange.
        mmr: of the position that is liquidated; None for the account's figure.

    Formula:
        fee while slots < patience_slots, then
        min(max_fee, mmr, fee + slots*fee_per_slot)
    """
    if rule.fee is None or rule.slots is None or rule.slots < rule.patience_slots:
        return rule.fee
    grown = rule.fee + rule.slots * rule.fee_per_slot
    return min(limit for limit in (grown, rule.max_fee, mmr) if limit is not None)


def health_percent(equity: Decimal, requirement: Decimal, *, liquidatable: bool) -> Decimal:
    """Return an account's health from 0 to 100.

    Formula:
        round(100*(1 - requirement/equity)); 100 if nothing is required, 0 if
        liquidatable or without equity
    """
    if not requirement:
        return ONE * 100
    if liquidatable or equity <= 0:
        return ZERO
    return max(ZERO, min(ONE * 100, to_step((ONE - requirement / equity) * 100, ONE, "half_up")))
