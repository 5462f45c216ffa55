"""The figures of a position that need no curve: values, margins, tier, fees, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import fees, margins
from liqcalc.engine.closing import printed_maintenance
from liqcalc.engine.funding import funding_payment
from liqcalc.engine.numbers import ONE, UNROUNDED, ZERO, to_step
from liqcalc.engine.rates import largest_continuous
from liqcalc.engine.words import CrossPool, InitialRate, RoeOn, TierBy

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.result import Figures, PositionResult
    from liqcalc.engine.vocabulary import Continuous


def value_figures(result: PositionResult) -> None:
    """Add what the position is worth and its profit."""
    m, figures = result.marked, result.figures
    amounts, linear = m.rules.amounts, m.contract.linear
    notional = m.valued(m.rules.notional_at)
    figures.put_rounded("notional", notional, amounts.of("notional", linear=linear))
    rounding = amounts.of("unrealized_pnl", linear=linear)
    figures.put_rounded("unrealized_pnl", m.unrealized_pnl, rounding)


def fee_figures(result: PositionResult) -> None:
    """Add the entry value, the return on it and the fees to open and to close."""
    m, figures = result.marked, result.figures
    position, amounts, linear = m.position, m.rules.amounts, m.contract.linear
    rounding = amounts.of("entry_notional", linear=linear)
    figures.put_rounded("entry_notional", m.entry_value, rounding)
    _return_on_equity(m, figures)
    if position.taker is None:
        figures.none("fee_to_open", "the taker fee is not known")
    else:
        fee = m.entry_value * position.taker
        figures.put_rounded("fee_to_open", fee, amounts.of("fee_to_open", linear=linear))
    if m.fee_to_close is None:
        figures.none("fee_to_close", "it needs the leverage or margin, and the taker fee")
    else:
        rounding = amounts.of("fee_to_close", linear=linear)
        figures.put_rounded("fee_to_close", m.fee_to_close, rounding)


def _return_on_equity(m: Marked, figures: Figures) -> None:
    """Add the profit over the margin: the entry's, or the printed initial margin."""
    leverage, rules = m.position.leverage, m.rules
    roe: Decimal | None = None
    if rules.roe_on is RoeOn.INITIAL_MARGIN:
        initial = shown_initial_margin(m)
        roe = m.unrealized_pnl / initial if initial else None
    elif leverage is not None:
        roe = m.unrealized_pnl * leverage / m.entry_value
    if roe is None:
        figures.none("roe", "leverage was not given")
    else:
        figures.put_rounded("roe", roe, rules.amounts.figures.get("roe", UNROUNDED))


def margin_figures(result: PositionResult) -> None:
    """Add the tier and the initial and maintenance margin."""
    m, figures = result.marked, result.figures
    amounts, linear = m.rules.amounts, m.contract.linear
    tier = m.tier
    if tier is None or m.maintenance is None or m.tier_index is None:
        for name in ("tier", "mmr", "deduction", "imr", "max_leverage", "maintenance_margin"):
            figures.none(name, "no tier table is known for this symbol and day")
    else:
        figures.put_all(
            {
                "tier": ONE * (m.tier_index + 1),
                "mmr": tier.mmr,
                "deduction": tier.deduction,
                "imr": tier.imr,
                "max_leverage": tier.max_leverage,
            }
        )
        if m.rules.tier_by is TierBy.VALUE_AT_MARK:
            figures.put("risk_value", m.size)
        fee = fees.in_maintenance_margin(m)
        if fee is None:
            figures.none("maintenance_margin", "it contains a fee that is not known")
        elif m.rules.maintenance_from_initial:
            shown = printed_maintenance(m, m.value)
            figures.put("maintenance_margin", m.maintenance, shown)
        else:
            rounding = amounts.of("maintenance_margin", linear=linear)
            cut = ZERO if m.exempt else m.residue
            figures.put_rounded("maintenance_margin", m.maintenance + cut + fee, rounding)
    if m.rules.money is not None and not m.position.isolated:
        if m.initial_margin is None and m.rules.cross_pool is CrossPool.SEPARATE:
            figures.none("margin", "it needs the leverage or the tiers")
        else:
            figures.put("margin", m.locked)
    initial = shown_initial_margin(m)
    if initial is None:
        figures.none("initial_margin", _why_no_initial(m))
    else:
        rounding = amounts.of("initial_margin", linear=linear)
        figures.put_rounded("initial_margin", initial, rounding)


def _why_no_initial(m: Marked) -> str:
    if m.mode.initial_rate is InitialRate.LEVERAGE or m.tier is not None:
        return "leverage was not given"
    return "no tier table is known for this symbol and day"


def shown_initial_margin(m: Marked) -> Decimal | None:
    """Return the initial margin with the rates and fees that the printed one has."""
    if m.initial_margin is None:
        return None
    initial = m.initial_margin
    leverage = m.position.leverage
    by_leverage = m.mode.initial_rate is InitialRate.LEVERAGE
    if by_leverage and m.rules.leverage_rate.rounds and leverage is not None:
        value = m.valued(m.mode.initial_margin_at)
        initial = value * m.rules.leverage_rate.apply(ONE / leverage)
    fee = fees.in_initial_margin(m)
    return None if fee is None else initial + fee


def _shown_margin(m: Marked) -> Decimal | None:
    """Return the isolated margin with the rates rounded as the exchange rounds them."""
    position, rules = m.position, m.rules
    default = position.margin is None and m.margin is not None
    if not default or not rules.fee_rate.rounds or not m.mode.margin_adds:
        return m.margin
    if position.leverage is None or m.leverage_fee is None:
        return m.margin
    rate = rules.leverage_rate.apply(ONE / position.leverage)
    base = (
        m.entry_value / position.leverage
        if not rules.leverage_rate.rounds
        else m.entry_value * rate
    )
    return base + m.leverage_fee + position.extra_margin - position.funding_paid


def isolated_figures(result: PositionResult) -> None:
    """Add the margin of an isolated position, without and with profit."""
    m, figures, pool = result.marked, result.figures, result.pool
    amounts, linear = m.rules.amounts, m.contract.linear
    margin = _shown_margin(m)
    if margin is None or pool is None:
        for name in ("margin", "margin_balance", "margin_ratio"):
            figures.none(name, "neither margin nor leverage was given")
        return
    given = m.position.margin is not None
    rounding = UNROUNDED if given else amounts.of("margin", linear=linear)
    figures.put_rounded("margin", margin, rounding)
    if m.position.collateral:
        figures.put("margin_balance", pool.equity() + (m.reserve or ZERO))
        return
    printed = (figures.shown["margin"] or ZERO) + (figures.shown["unrealized_pnl"] or ZERO)
    figures.put("margin_balance", (m.margin or ZERO) + m.unrealized_pnl, printed)


def size_figures(result: PositionResult) -> None:
    """Add the next funding payment and the largest size that the rules carry."""
    m, figures = result.marked, result.figures
    position, rules = m.position, m.rules
    if position.funding_rate is not None:
        figures.put("funding_payment", funding_payment(m, position.funding_rate))
    given = position.schedule
    if given is not None and given.continuous is not None and given.continuous.k is not None:
        _largest_continuous(result, given.continuous)
        return
    if m.schedule is None or given is None or given.slope is not None:
        return
    largest = m.schedule.largest_for(position.leverage)
    if m.mode.level_set and position.risk_level is not None and m.tier is not None:
        largest = m.tier.cap
    if largest is None:
        return
    size = m.contract.contract_size
    if rules.by_contracts:
        figures.put("max_contracts", largest)
        if size is not None:
            figures.put("max_qty", largest * size)
    else:
        figures.put("max_notional", largest)
        mark = position.mark_price
        figures.put("max_qty", largest / mark if m.contract.linear else largest * mark)


def _largest_continuous(result: PositionResult, rule: Continuous) -> None:
    """Add the largest size that the account's free margin carries, in whole contracts."""
    m, figures, pool = result.marked, result.figures, result.pool or result.backing
    leverage, contract = m.position.leverage, m.contract
    names = ("max_contracts", "max_qty", "max_notional")
    if pool is None or leverage is None or m.position.isolated:
        for name in names:
            figures.none(name, "it needs the leverage and what backs the account")
        return
    used = sum((o.initial_margin or ZERO for o in pool.marked if o is not m), ZERO)
    free = pool.equity() - used - pool.other_initial
    price = m.entry
    largest = largest_continuous(rule, free, leverage, price, linear=contract.linear)
    size = contract.contract_size
    if largest is None or size is None:
        for name in names:
            figures.none(name, "parameter k or the contract size is not known")
        return
    contracts = to_step(largest / size if contract.linear else largest, ONE, "down")
    figures.put("max_contracts", contracts)
    figures.put("max_qty", contracts * size)
    figures.put("max_notional", contract.value(contracts * size, price))


def backing_figures(result: PositionResult) -> None:
    """Add the margin that just meets the condition, and the price of a coin at which it ends.

    Formula:
        margin_needed = requirement - pnl + accrued fees - impact
        collateral_liquidation_price = (requirement - pnl - other margin) / coins
    """
    m, figures, position = result.marked, result.figures, result.marked.position
    if not position.isolated or m.maintenance is None or m.requirement_takes_margin:
        return
    owed = position.accrued_fees - m.charged - margins.impact(m)
    needed = m.requirement - m.pnl + owed
    figures.put("margin_needed", needed + (m.reserve or ZERO))
    cash = margins.cash(m)
    if len(position.collateral) != 1 or cash is None:
        return
    coin = position.collateral[0]
    counted = coin.qty * coin.maintenance_weight
    if coin.asset in {m.contract.base, m.contract.settle} or not counted:
        return
    price = (m.requirement - m.pnl - cash) / counted
    if price > 0:
        figures.put("collateral_liquidation_price", price)
    else:
        figures.none("collateral_liquidation_price", "no positive price of the coin liquidates")
