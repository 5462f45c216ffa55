"""The figures of a position that need no curve: values, margins, tier, fees, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.funding import funding_payment
from liqcalc.engine.numbers import ONE, UNROUNDED, ZERO
from liqcalc.engine.vocabulary import ValuedAt

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.position import Marked
    from liqcalc.engine.result import PositionResult


def value_figures(result: PositionResult) -> None:
    """Add what the position is worth and its profit."""
    m, figures = result.marked, result.figures
    amounts, linear = m.rules.amounts, m.contract.linear
    at_mark = m.rules.notional_at is ValuedAt.MARK
    notional = m.value if at_mark else m.entry_value
    figures.put_rounded("notional", notional, amounts.of("notional", linear=linear))
    rounding = amounts.of("unrealized_pnl", linear=linear)
    figures.put_rounded("unrealized_pnl", m.pnl, rounding)


def fee_figures(result: PositionResult) -> None:
    """Add the entry value, the return on it and the fees to open and to close."""
    m, figures = result.marked, result.figures
    position, amounts, linear = m.position, m.rules.amounts, m.contract.linear
    rounding = amounts.of("entry_notional", linear=linear)
    figures.put_rounded("entry_notional", m.entry_value, rounding)
    if position.leverage is None:
        figures.none("roe", "leverage was not given")
    else:
        figures.put("roe", m.pnl * position.leverage / m.entry_value)
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
        shown: Decimal | None = m.maintenance + m.residue
        if m.mode.fee_in_shown_margins:
            fee = m.leverage_fee
            shown = None if fee is None else m.maintenance + m.residue + fee
        rounding = amounts.of("maintenance_margin", linear=linear)
        if shown is None:
            figures.none("maintenance_margin", "it contains a fee that needs the leverage")
        else:
            figures.put_rounded("maintenance_margin", shown, rounding)
    initial = _shown_initial_margin(m)
    if initial is None:
        figures.none("initial_margin", "leverage was not given")
    else:
        rounding = amounts.of("initial_margin", linear=linear)
        figures.put_rounded("initial_margin", initial, rounding)


def _shown_initial_margin(m: Marked) -> Decimal | None:
    if m.initial_margin is None:
        return None
    initial = m.initial_margin
    leverage = m.position.leverage
    if m.rules.leverage_rate.rounds and leverage is not None:
        value = m.value if m.mode.initial_margin_at is ValuedAt.MARK else m.entry_value
        initial = value * m.rules.leverage_rate.apply(ONE / leverage)
    if m.mode.fee_in_shown_margins:
        if m.leverage_fee is None:
            return None
        initial += m.leverage_fee
    return initial


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
    printed = (figures.shown["margin"] or ZERO) + (figures.shown["unrealized_pnl"] or ZERO)
    figures.put("margin_balance", (m.margin or ZERO) + m.pnl, printed)


def size_figures(result: PositionResult) -> None:
    """Add the next funding payment and the largest size that the rules carry."""
    m, figures = result.marked, result.figures
    position, rules = m.position, m.rules
    if position.funding_rate is not None:
        figures.put("funding_payment", funding_payment(m, position.funding_rate))
    if m.schedule is None:
        return
    largest = m.schedule.largest_for(position.leverage)
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
