"""Ratios of a pool, as its condition counts them and as the exchange displays them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.words import DisplayedRatio

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.pool import Pool


def condition_parts(pool: Pool) -> tuple[Decimal, Decimal]:
    """Return the equity and the requirement that `margin_ratio` is counted from.

    Where the exchange takes the opening fees of orders off the equity, they
    leave the requirement; a fee reserve is counted in both.  The price at
    which the two meet is the same.
    """
    equity, requirement = pool.equity(), pool.requirement()
    fees = pool.opening_fees
    return equity - fees, requirement - fees


def margin_ratio(equity: Decimal, requirement: Decimal) -> Decimal | None:
    """Return requirement / equity; None where nothing backs the pool."""
    return requirement / equity if equity > 0 else None


def displayed_ratio(
    kind: DisplayedRatio,
    equity: Decimal,
    requirement: Decimal,
    *,
    initial: Decimal | None,
    frozen: Decimal = ZERO,
) -> Decimal | None:
    """Return the ratio that the exchange displays; None where it has none.

    Args:
        kind: which of them.
        equity: what backs the pool.
        requirement: what the condition demands.
        initial: sum of the positions' initial margins; None if not known.
        frozen: margin frozen by open orders.

    Formula:
        requirement_to_equity: requirement/equity
        equity_to_requirement: equity/requirement
        equity_over_requirement: equity/(requirement*(1 + frozen/initial)) - 1
        equity_over_initial: equity/(initial + frozen) - requirement/initial
    """
    if kind is DisplayedRatio.REQUIREMENT_TO_EQUITY:
        return margin_ratio(equity, requirement)
    if kind is DisplayedRatio.EQUITY_TO_REQUIREMENT:
        return equity / requirement if requirement else None
    if kind is DisplayedRatio.EQUITY_OVER_REQUIREMENT and not frozen:
        return equity / requirement - ONE if requirement else None
    if not initial:
        return None
    if kind is DisplayedRatio.EQUITY_OVER_REQUIREMENT:
        requirement += requirement * frozen / initial
        return equity / requirement - ONE if requirement else None
    return equity / (initial + frozen) - requirement / initial


_FALLING = {
    DisplayedRatio.EQUITY_TO_REQUIREMENT: ONE,
    DisplayedRatio.EQUITY_OVER_REQUIREMENT: ZERO,
    DisplayedRatio.EQUITY_OVER_INITIAL: ZERO,
}


def rises(kind: DisplayedRatio) -> bool:
    """Return True if the displayed ratio is higher the nearer liquidation is."""
    return kind not in _FALLING


def liquidates_at(kind: DisplayedRatio) -> Decimal:
    """Return the displayed ratio at which equity is the requirement, without frozen margin."""
    return _FALLING.get(kind, ONE)


def factor_at(kind: DisplayedRatio, level: Decimal) -> Decimal | None:
    """Return equity over requirement where the displayed ratio is `level`.

    None where it is no function of that alone: with frozen margin, or beside
    the initial margin.
    """
    if kind is DisplayedRatio.REQUIREMENT_TO_EQUITY:
        return ONE / level if level > 0 else None
    return level if kind is DisplayedRatio.EQUITY_TO_REQUIREMENT else None


def total_initial(pool: Pool) -> Decimal | None:
    """Return the sum of the positions' initial margins, unrounded; None if one is not known."""
    total = ZERO
    for m in pool.marked:
        if m.initial_margin is None:
            return None
        total += m.initial_margin * pool.requirement_price(m.contract.settle)
    return total
