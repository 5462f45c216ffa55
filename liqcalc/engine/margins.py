"""What is set aside for a position, and what of its profit counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import formulas
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.words import CrossPool, FeeBasis, InitialRate, MarginPart

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked

_PROFIT_DISCOUNT = 11 * ONE / 10


def initial_margin(m: Marked, value: Decimal) -> Decimal | None:
    """Return the initial margin of a value, without fees.

    Formula:
        value/leverage, value*imr of the tier, or the larger
    """
    leverage, rounding = m.position.leverage, m.rules.leverage_rate
    imr = m.tier.imr if m.tier is not None else None
    rule = m.mode.initial_rate
    if rule is InitialRate.LEVERAGE:
        return None if leverage is None else m.up(value / leverage)
    if rule is InitialRate.LARGER and leverage is not None:
        rate = rounding.apply(ONE / leverage)
        if imr is None or rate > imr:
            return m.up(value * rate if rounding.rounds else value / leverage)
    return None if imr is None else m.up(value * imr)


def fee_reserve(m: Marked) -> Decimal | None:
    """Return the closing fee that is kept inside the margin; 0 where none is.

    Formula:
        taker * (entry value + initial margin + margin added by hand)
    """
    position, mode = m.position, m.mode
    if position.fee_reserve is not None:
        return position.fee_reserve
    basis = FeeBasis.RESERVE
    if mode.fee_to_close is not basis and mode.fee_in_maintenance_margin is not basis:
        return ZERO
    shared = not position.isolated and m.rules.cross_pool is CrossPool.SHARED
    if shared or m.exempt:
        return ZERO
    initial = initial_margin(m, m.entry_value)
    if not position.taker:
        return ZERO if position.taker is not None else None
    if initial is None:
        return None
    backed = max(ZERO, m.entry_value + initial + position.extra_margin)
    return m.up(position.taker * backed)


def isolated_margin(m: Marked) -> Decimal | None:
    """Return the margin given, or what the exchange sets aside at opening; None if not known.

    Formula:
        initial margin of the entry value + margin added by hand + margin_adds
        - margin_less; a position backed by coins has no other by default
    """
    position = m.position
    if position.margin is not None:
        return position.margin + position.extra_margin
    if position.collateral:
        return position.extra_margin
    if position.leverage is None:
        m.missing.append("leverage or margin")
        return None
    initial = initial_margin(m, m.entry_value)
    if initial is None:
        m.missing.append("tiers")
        return None
    margin = initial + position.extra_margin
    for part in m.mode.margin_adds:
        margin += part_of(m, part)
    for part in m.mode.margin_less:
        margin -= part_of(m, part)
    return margin


def part_of(m: Marked, part: MarginPart) -> Decimal:
    """Return one part of the default isolated margin, unrounded."""
    position = m.position
    if part is MarginPart.FUNDING_PAID:
        return position.funding_paid
    if position.taker is None:
        m.missing.append("fees.taker")
        return ZERO
    if part is MarginPart.FEE_RESERVE:
        return m.reserve or ZERO
    if part in (MarginPart.OPENING_FEE, MarginPart.CLOSING_FEE):
        opening = part is MarginPart.OPENING_FEE
        return m.entry_value * (position.taker if opening else m.requirement_taker or ZERO)
    assert position.leverage is not None  # noqa: S101 - the caller has divided by it
    value = formulas.leverage_bankruptcy_value(m.drift, m.entry_value, position.leverage)
    return value * position.taker


def impact(m: Marked) -> Decimal:
    """Return the price impact of closing, at most 0 and at least the exchange's bound.

    Formula:
        clamp(impact, -impact_cap*entry_value, 0)
    """
    cap, close = m.rules.impact_cap, m.position.close
    if cap is None or close is None:
        return ZERO
    return max(-cap * m.entry_value, min(ZERO, close.impact))


def cash(m: Marked) -> Decimal | None:
    """Return the isolated money that backs the position, without profit."""
    if m.margin is None:
        return None
    position = m.position
    left = m.margin - (m.reserve or ZERO)
    if position.accrued_fees:
        left -= position.accrued_fees - m.charged
    return left if m.rules.impact_cap is None else left + impact(m)


def counted_profit(m: Marked, *, initial: bool = False) -> Decimal:
    """Return how much of the profit counts: a loss in full, a gain at its weight.

    Formula:
        opening: weight = min(initial, 1.1/(1 + imf_factor*sqrt(qty))), at
        most the cap
    """
    weights, pnl = m.rules.profit, m.pnl
    if weights is None or pnl <= 0:
        return pnl
    if not initial:
        return pnl * weights.maintenance
    weight = weights.initial
    if weights.imf_factor:
        root = m.position.qty.sqrt()
        weight = min(weight, _PROFIT_DISCOUNT / (ONE + root * weights.imf_factor))
    gain = pnl * weight
    return gain if weights.initial_cap is None else min(gain, weights.initial_cap)
