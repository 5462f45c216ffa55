"""Funding: what a position pays, and the rate where its formula is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ZERO
from liqcalc.engine.words import BasePrice, PremiumRule

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.result import Figures


def funding_payment(m: Marked, rate: Decimal) -> Decimal:
    """Return what the position pays at the next funding, or over the span asked for; + = paid.

    Formula:
        side * value(base price) * rate * span/interval, the base price being
        mark or index as the exchange has it; longs pay when the rate is
        positive.
    """
    position, rule = m.position, m.rules.funding
    base = position.mark_price
    if rule.base_price is BasePrice.INDEX and position.index_price is not None:
        base = position.index_price
    payment = position.side * m.contract.value(position.qty, base) * rate
    if rule.span_hours is not None:
        payment *= rule.span_hours / rule.interval_hours
    return payment


def funding_rate_figures(m: Marked, figures: Figures) -> None:
    """Add the funding rate where its formula and what it needs are known, and its cap.

    Formula:
        clamped interest, from the impact prices:
        funding_premium = (max(bid - index, 0) - max(index - ask, 0)) / index
        funding_rate_8h = premium + clamp(interest_rate_8h - premium, -clamp, +clamp)
        funding_rate = funding_rate_8h / rate_divisor
        dead band, from mark and index:
        funding_premium = (mark - index) / index
        funding_rate = max(band, premium) + min(-band, premium)
        within -cap to +cap; funding_payment = side * value(base price) * funding_rate
        funding_rate_cap = cap_factor * (imr - mmr)
    """
    rule = m.rules.funding
    if rule.cap_factor is not None and m.tier is not None and m.position.schedule is not None:
        base = m.position.schedule.tiers[m.tier_index or 0]
        if base.imr is not None:
            figures.put("funding_rate_cap", rule.cap_factor * (base.imr - base.mmr))
    rate = _dead_band(m, figures) if rule.premium_rule is PremiumRule.DEAD_BAND else None
    if rule.premium_rule is PremiumRule.CLAMPED_INTEREST:
        rate = _clamped_interest(m, figures)
    if rate is None:
        return
    if rule.cap is not None:
        rate = max(-rule.cap, min(rule.cap, rate))
    figures.put("funding_rate", rate)
    if m.position.funding_rate is None:
        figures.put("funding_payment", funding_payment(m, rate))


def _dead_band(m: Marked, figures: Figures) -> Decimal | None:
    band, index = m.rules.funding.band, m.position.index_price
    if band is None or index is None:
        return None
    premium = (m.position.mark_price - index) / index
    figures.put("funding_premium", premium)
    return max(band, premium) + min(-band, premium)


def _clamped_interest(m: Marked, figures: Figures) -> Decimal | None:
    rule, position = m.rules.funding, m.position
    bid, ask = rule.impact_bid_price, rule.impact_ask_price
    if bid is None and ask is None:
        return None
    index = position.index_price or position.mark_price
    above = max(bid - index, ZERO) if bid is not None else ZERO
    below = max(index - ask, ZERO) if ask is not None else ZERO
    premium = (above - below) / index
    figures.put("funding_premium", premium)
    interest, clamp, divisor = rule.interest_rate_8h, rule.clamp, rule.rate_divisor
    if interest is None or clamp is None or divisor is None:
        return None
    rate = premium + max(-clamp, min(clamp, interest - premium))
    figures.put("funding_rate_8h", rate)
    return rate / divisor
