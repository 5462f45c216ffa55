"""Rates that are not read from a row: they follow from a size, or from the market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO, Rounding
from liqcalc.engine.tiers import Schedule, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.engine.position import Position
    from liqcalc.engine.vocabulary import Continuous, OpenInterest, Rules, Slope

_TWO = ONE + ONE
_PREMIUM_SHARE = 8 * ONE / 10
_PREMIUM_STEP = Rounding("decimals", 4, "zero")
_OPEN_INTEREST_STEP = Rounding("decimals", 6, "zero")


def schedule_in_force(position: Position, rules: Rules, size: Decimal) -> Schedule | None:
    """Return the rows that hold for a position: its table's, or one row by formula.

    Args:
        position: whose.
        rules: of the exchange.
        size: that rates by formula grow with: base coins, or for an inverse
            contract coins at the mark (slope) and contracts (continuous).
    """
    schedule = position.schedule
    if position.max_leverage is not None and rules.reported_leverage_rate is not None:
        return _by_reported_leverage(position, rules, rules.reported_leverage_rate)
    if schedule is None:
        return None
    if not schedule.tiers:
        return _one_row(schedule, size, position.leverage)
    if schedule.continuous is not None:
        return _with_initial_factor(schedule, schedule.continuous, position.leverage)
    tiers = schedule.tiers
    if rules.size_premium is not None:
        tiers = tuple(_with_premium(tier, rules.size_premium, size) for tier in tiers)
    if schedule.open_interest is not None:
        tiers = tuple(_with_open_interest(tier, schedule.open_interest) for tier in tiers)
    return schedule if tiers is schedule.tiers else schedule._replace(tiers=tiers)


def _one_row(schedule: Schedule, size: Decimal, leverage: Decimal | None) -> Schedule | None:
    """Return a schedule of the one row that a formula gives; None if it lacks a parameter."""
    tier = None
    if schedule.slope is not None:
        tier = sloped(schedule.slope, size)
    elif schedule.continuous is not None:
        tier = continuous(schedule.continuous, size, leverage)
    return None if tier is None else schedule._replace(tiers=(tier,))


def _with_initial_factor(
    schedule: Schedule, rule: Continuous, leverage: Decimal | None
) -> Schedule:
    """Return given rows with the initial rate that goes with their maintenance rate."""
    if rule.f is None:
        return schedule
    tiers = []
    for tier in schedule.tiers:
        least = tier.imr if tier.imr is not None else rule.f * tier.mmr
        tiers.append(tier._replace(imr=least if leverage is None else max(ONE / leverage, least)))
    return schedule._replace(tiers=tuple(tiers))


def _by_reported_leverage(position: Position, rules: Rules, share: Decimal) -> Schedule | None:
    """Return the table, or the single rate that a reported maximum leverage sets."""
    schedule, reported = position.schedule, position.max_leverage
    assert reported is not None  # noqa: S101 - the caller has looked
    if schedule and any(tier.max_leverage == reported for tier in schedule.tiers):
        return schedule
    row = Tier(floor=ZERO, mmr=share / reported, imr=ONE / reported, max_leverage=reported)
    return Schedule((row,), edge_in_lower=rules.edge_in_lower)


def sloped(rule: Slope, size: Decimal) -> Tier | None:
    """Return the rates of a size in coins; None if a parameter is not known.

    Formula:
        mmr = mmr_base + slope*size; imr = imr_base + slope*size
    """
    if rule.mmr_base is None or rule.slope is None:
        return None
    imr = None if rule.imr_base is None else rule.imr_base + rule.slope * size
    mmr = rule.mmr_base + rule.slope * size
    return Tier(floor=ZERO, mmr=mmr, imr=imr, max_leverage=ONE / imr if imr else None)


def continuous(rule: Continuous, size: Decimal, leverage: Decimal | None) -> Tier | None:
    """Return the rates of a size; None if a parameter is not known.

    Formula:
        mmr = min((1 + size/m) / (2*mmr_lev_constant), mmr_limit)
        imr = max(1/leverage, f*mmr)
    """
    if rule.m is None or rule.mmr_lev_constant is None or rule.mmr_limit is None:
        return None
    mmr = min((ONE + size / rule.m) / (_TWO * rule.mmr_lev_constant), rule.mmr_limit)
    least = None if rule.f is None else rule.f * mmr
    imr = least if leverage is None or least is None else max(ONE / leverage, least)
    return Tier(floor=ZERO, mmr=mmr, imr=imr, max_leverage=ONE / least if least else None)


def largest_continuous(
    rule: Continuous, free: Decimal, leverage: Decimal, price: Decimal, *, linear: bool
) -> Decimal | None:
    """Return the largest size that free margin carries; None if k is not known.

    Formula:
        linear, base coins: k*ln(free*leverage/(k*price) + 1)
        inverse, contracts: k*ln(free*leverage*price/k + 1)
    """
    k = rule.k
    if k is None:
        return None
    if free <= 0:
        return ZERO
    reach = free * leverage / (k * price) if linear else free * leverage * price / k
    return k * (reach + ONE).ln()


def _with_premium(tier: Tier, factor: Decimal, size: Decimal) -> Tier:
    """Return a row with rates that a large size raises.

    Formula:
        rate = max(rate, 0.8*rate + factor*sqrt(size)), both parts cut at 4
        decimals
    """
    root = _PREMIUM_STEP.apply(factor * size.sqrt())
    mmr = max(tier.mmr, _PREMIUM_STEP.apply(_PREMIUM_SHARE * tier.mmr) + root)
    imr = tier.imr
    if imr is not None:
        imr = max(imr, _PREMIUM_STEP.apply(_PREMIUM_SHARE * imr) + root)
    return tier._replace(mmr=mmr, imr=imr)


def _with_open_interest(tier: Tier, rule: OpenInterest) -> Tier:
    """Return a row with the initial rate that the market's open interest sets.

    Formula:
        imr = base + (1 - base)*clamp((notional - lower)/(upper - lower), 0, 1),
        cut at 6 decimals
    """
    lower, upper, notional = rule.lower_cap, rule.upper_cap, rule.notional
    if tier.imr is None or notional is None or lower is None or not upper:
        return tier
    share = ONE
    if notional < upper:
        share = max(ZERO, (notional - lower) / (upper - lower))
    imr = _OPEN_INTEREST_STEP.apply(tier.imr + (ONE - tier.imr) * share)
    return tier._replace(imr=imr, max_leverage=ONE / imr)


def of_symbol(given: Mapping[str, Mapping[str, Decimal]], symbol: str) -> dict[str, Decimal]:
    """Return the parameters that a user gave for one symbol, by name."""
    return {name: values[symbol] for name, values in given.items() if symbol in values}
