"""Funding: what a position pays, and the rate where its formula is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.position import Marked
    from liqcalc.engine.result import Figures


def funding_payment(m: Marked, rate: Decimal) -> Decimal:
    """Return what the position pays at the next funding, + = paid.

    Formula:
        side * value(base price) * rate, the base price being mark or index
        as the exchange has it; longs pay when the rate is positive.
    """
    position = m.position
    base = position.mark_price
    if m.rules.funding.base_price == "index" and position.index_price is not None:
        base = position.index_price
    return position.side * m.contract.value(position.qty, base) * rate


def funding_rate_figures(m: Marked, figures: Figures) -> None:
    """Add the funding rate that the impact prices give, where the formula is known.

    Formula:
        funding_premium = (max(bid - index, 0) - max(index - ask, 0)) / index
        funding_rate_8h = premium + clamp(interest_rate_8h - premium, -clamp, +clamp)
        funding_rate = funding_rate_8h / rate_divisor, within -cap to +cap
        funding_payment = side * value(base price) * funding_rate
    """
    rule, position = m.rules.funding, m.position
    bid, ask = rule.impact_bid_price, rule.impact_ask_price
    if bid is None and ask is None:
        return
    index = position.index_price or position.mark_price
    above = max(bid - index, ZERO) if bid is not None else ZERO
    below = max(index - ask, ZERO) if ask is not None else ZERO
    premium = (above - below) / index
    figures.put("funding_premium", premium)
    interest, clamp, divisor = rule.interest_rate_8h, rule.clamp, rule.rate_divisor
    if interest is None or clamp is None or divisor is None:
        return
    rate = premium + max(-clamp, min(clamp, interest - premium))
    figures.put("funding_rate_8h", rate)
    rate /= divisor
    if rule.cap is not None:
        rate = max(-rule.cap, min(rule.cap, rate))
    figures.put("funding_rate", rate)
    if position.funding_rate is None:
        figures.put("funding_payment", funding_payment(m, rate))
