"""The fee to close: on which value, at whose rate, and where it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import formulas, margins
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.words import FeeBasis, FeeRate

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked


def _needs_leverage_fee(m: Marked) -> bool:
    mode, basis = m.mode, FeeBasis.LEVERAGE_BANKRUPTCY
    return (
        mode.fee_in_requirement is basis
        or mode.fee_to_close is basis
        or mode.fee_in_initial_margin is basis
        or mode.fee_in_maintenance_margin is basis
    )


def leverage_fee(m: Marked) -> Decimal | None:
    """Return the fee to close on the bankruptcy value of the leverage, where a rule uses it."""
    position = m.position
    if position.taker is None or not _needs_leverage_fee(m):
        return None
    if not position.taker:
        return ZERO
    if position.leverage is None:
        return None
    rounding = m.rules.fee_rate
    if not rounding.rounds:
        value = formulas.leverage_bankruptcy_value(m.drift, m.entry_value, position.leverage)
        return value * position.taker
    rate = formulas.leverage_bankruptcy_value(m.drift, position.taker, position.leverage)
    return m.entry_value * rounding.apply(rate)


def _requirement_rate(m: Marked) -> Decimal | None:
    if m.mode.requirement_fee is FeeRate.LIQUIDATION:
        return m.position.liquidation_fee
    return m.requirement_taker


def in_requirement(m: Marked) -> tuple[Decimal, Decimal]:
    """Return the constant fee and the rate on the moving value."""
    basis = m.mode.fee_in_requirement
    if basis is FeeBasis.NONE:
        return ZERO, ZERO
    rate = _requirement_rate(m)
    if rate is None:
        m.missing.append(f"fees.{m.mode.requirement_fee}")
        return ZERO, ZERO
    if basis is FeeBasis.MARK:
        return ZERO, rate
    if basis is FeeBasis.BANKRUPTCY:
        return _at_bankruptcy(m, rate), ZERO
    if basis is FeeBasis.RESERVE and m.position.isolated:
        return ZERO, ZERO  # the reserve has left the cash already
    found = fee(m, basis, rate)
    if found is None:
        m.missing.append("leverage")
    return found or ZERO, ZERO


def _at_bankruptcy(m: Marked, rate: Decimal) -> Decimal:
    """Return the fee on the value at which the position's own cash is gone."""
    cash = margins.cash(m)
    if cash is None:
        return ZERO
    left = _bankruptcy_rate(m) if m.mode.bankruptcy_pays_fee else ZERO
    value = formulas.bankruptcy_value(m.drift, m.entry_value, cash, left)
    return value * rate if value > 0 else ZERO


def count_takeover(m: Marked, cash: Decimal) -> None:
    """Count the fee at the bankruptcy price of a cross position, from what backs it."""
    rate = _requirement_rate(m)
    if rate:
        value = formulas.bankruptcy_value(m.drift, m.entry_value, cash, ZERO)
        m.fee_constant = value * rate if value > 0 else ZERO


def fee(m: Marked, basis: FeeBasis, rate: Decimal | None) -> Decimal | None:
    """Return a fee to close on the value that `basis` names; None if not known."""
    if basis is FeeBasis.RESERVE:
        return m.reserve
    if basis is FeeBasis.NONE or rate is None:
        return None
    if basis is FeeBasis.LEVERAGE_BANKRUPTCY:
        return m.leverage_fee
    if basis is FeeBasis.BANKRUPTCY:
        return _printed_at_bankruptcy(m, rate)
    return rate * (m.value if basis is FeeBasis.MARK else m.entry_value)


def _printed_at_bankruptcy(m: Marked, rate: Decimal) -> Decimal | None:
    """Return the fee on the value at the bankruptcy price as it is printed."""
    price = m.bankruptcy_price()
    if price is None:
        return None
    tick = m.contract.tick_size
    price = m.mode.bankruptcy_price.apply(price, side=m.position.side, tick=tick)
    return m.contract.value(m.position.qty, price) * rate


def in_initial_margin(m: Marked) -> Decimal | None:
    """Return the fee that the printed initial margin includes; None if not known."""
    basis = m.mode.fee_in_initial_margin
    return ZERO if basis is FeeBasis.NONE else fee(m, basis, m.requirement_taker)


def in_maintenance_margin(m: Marked) -> Decimal | None:
    """Return the fee that the printed maintenance margin includes; None if not known."""
    basis = m.mode.fee_in_maintenance_margin
    return ZERO if basis is FeeBasis.NONE else fee(m, basis, _requirement_rate(m))


def _bankruptcy_rate(m: Marked) -> Decimal:
    """Return the rate of the fee that the bankruptcy price leaves."""
    if m.mode.bankruptcy_fee is FeeRate.LIQUIDATION:
        return m.position.liquidation_fee or ZERO
    return m.requirement_taker or ZERO


def bankruptcy_rate(m: Marked) -> Decimal:
    """Return the rate, on the moving value, of the fee that the bankruptcy price leaves."""
    if not m.mode.bankruptcy_pays_fee or m.mode.fee_in_requirement is FeeBasis.ENTRY:
        return ZERO
    return _bankruptcy_rate(m)


def bankruptcy_fee(m: Marked) -> Decimal:
    """Return the constant fee that the bankruptcy price leaves: one on the entry value."""
    if not m.mode.bankruptcy_pays_fee or m.mode.fee_in_requirement is not FeeBasis.ENTRY:
        return ZERO
    return m.entry_value * _bankruptcy_rate(m)
