"""Funding: what a position pays, its rate where a formula is published, and when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ZERO
from liqcalc.engine.words import BasePrice, CapOf, PremiumRule, Purse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.engine.contract import Contract
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.position import Position
    from liqcalc.engine.result import Figures
    from liqcalc.engine.tiers import Tier
    from liqcalc.engine.vocabulary import Funding

HOUR = 3_600_000
"""Milliseconds; times are whole milliseconds."""


def base_price(position: Position, rule: Funding) -> Decimal:
    """Return the price of the value that is paid on: the mark, or the index where one is known."""
    if rule.base_price is BasePrice.INDEX and position.index_price is not None:
        return position.index_price
    return position.mark_price


def rate_hours(rule: Funding) -> Decimal:
    """Return how many hours a rate is for."""
    return rule.interval_hours if rule.rate_hours is None else rule.rate_hours


def payment(
    contract: Contract, position: Position, rule: Funding, rate: Decimal, hours: Decimal
) -> Decimal:
    """Return what a position pays for holding `hours` at `rate`; + = paid.

    Formula:
        side * value(base price) * rate * hours/rate_hours; longs pay when the
        rate is positive
    """
    value = contract.value(position.qty, base_price(position, rule))
    due, per = position.side * value * rate, rate_hours(rule)
    return due if hours == per else due * hours / per


def funding_payment(m: Marked, rate: Decimal) -> Decimal:
    """Return what the position pays at the next funding, or over the span asked for; + = paid."""
    rule = m.rules.funding
    hours = rule.interval_hours if rule.span_hours is None else rule.span_hours
    return payment(m.contract, m.position, rule, rate, hours)


def rate_cap(
    rule: Funding, *, cap: Decimal | None = None, hours: Decimal | None = None
) -> Decimal | None:
    """Return the largest rate, either sign, as a cap over `hours` says; None if there is none.

    Formula:
        cap * rate_hours/hours

    >>> from liqcalc.engine.vocabulary import Funding
    >>> from decimal import Decimal
    >>> rate_cap(Funding(interval_hours=Decimal(1)), cap=Decimal("0.048"), hours=Decimal(8))
    Decimal('0.006')
    """
    per = rate_hours(rule)
    return cap if cap is None or hours is None or hours == per else cap * per / hours


def cap_of_tier(tier: Tier, of: CapOf, factor: Decimal) -> Decimal | None:
    """Return a cap that is a multiple of a tier's rates; None if its initial rate is not known."""
    if of is CapOf.MMR:
        return factor * tier.mmr
    return None if tier.imr is None else factor * (tier.imr - tier.mmr)


def split(amount: Decimal, purse: Purse, free: Decimal | None) -> tuple[Decimal, Decimal]:
    """Return what of a payment leaves the free balance, and what leaves the margin.

    What is received goes where payments are taken from first.

    Args:
        amount: + = paid.
        purse: of the exchange's isolated positions.
        free: the free balance; None = not known, which counts as none, but as
            enough where the exchange takes nothing else.

    >>> from decimal import Decimal
    >>> split(Decimal(5), Purse.FREE_FIRST, Decimal(2))
    (Decimal('2'), Decimal('3'))
    >>> split(Decimal(-5), Purse.FREE_FIRST, Decimal(2))
    (Decimal('-5'), Decimal('0'))
    """
    if purse in (Purse.MARGIN, Purse.OWED):
        return ZERO, amount
    if amount <= 0 or (free is None and purse is Purse.FREE):
        return amount, ZERO
    taken = min(amount, max(free or ZERO, ZERO))
    return taken, amount - taken


def instants(start: int, end: int, every: int, first: int) -> Iterator[int]:
    """Yield the times of payment after `start` up to `end`, in milliseconds.

    Who holds from one payment to the next pays the second alone, so that two
    spans that join pay what the whole one pays.

    Args:
        start: opening of the span; a payment at that very time is not due.
        end: end of the span; a payment at that very time is due.
        every: interval.
        first: any time of payment.

    >>> list(instants(0, 24, 8, 4)), list(instants(4, 12, 8, 4))
    ([4, 12, 20], [12])
    """
    at = start + every - (start - first) % every
    while at <= end:
        yield at
        at += every


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
        funding_rate_cap = cap_factor * (imr - mmr), for cap_hours
    """
    rule = m.rules.funding
    if rule.cap_factor is not None and m.tier is not None and m.position.schedule is not None:
        base = m.position.schedule.tiers[m.tier_index or 0]
        cap = cap_of_tier(base, CapOf.IMR_LESS_MMR, rule.cap_factor)
        if cap is not None:
            figures.put("funding_rate_cap", cap)
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
