"""One position in columns: the engine's rules in numbers of twice a float's precision.

The functions below follow `liqcalc.engine` step by step and use its formulas.
They take pairs, of columns or of single rows; a number that is not known is
NaN and makes what depends on it NaN.  Values are in the settle currency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import shapes
from liqcalc.batch.fast.grid import HALF_UP, NONE, UNSTRAINED, UP, Tick, printed, to_tick
from liqcalc.batch.fast.pairs import Pair, Value, where
from liqcalc.engine import formulas

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Shape

_CANCELLED = 1e-2
"""A sum so much smaller than its parts has lost digits that a printed figure may need."""


class Given(NamedTuple):
    """A position as it is given.

    Attributes:
        side: +1 long, -1 short.
        qty, entry, mark, indexed: pairs, above 0.
        leverage, margin, extra, funding: pairs; NaN where not given.
        taker, requirement_taker, liquidation, bankruptcy: fee rates, the last
            one the bankruptcy price's.
        contract_size: pair.
        tick, unit: steps of the price and of money.
        minimum: least maintenance.
    """

    side: Value
    qty: Pair
    entry: Pair
    mark: Pair
    indexed: Pair
    leverage: Pair
    margin: Pair
    extra: Pair
    funding: Pair
    taker: Pair
    requirement_taker: Pair
    liquidation: Pair
    bankruptcy: Pair
    contract_size: Pair
    tick: Tick
    unit: Tick
    minimum: Pair


class Rates(NamedTuple):
    """A row of a tier table: rates, deduction, initial rate (NaN = none)."""

    mmr: Pair
    deduction: Pair
    imr: Pair


class Values(NamedTuple):
    """What a position is worth at its entry, mark and index, and the size that picks its tier."""

    entry: Pair
    mark: Pair
    indexed: Pair
    size: Pair
    doubt: Value


class Margins(NamedTuple):
    """What is set aside for a position and required of it.

    Attributes:
        pnl, cash: profit at the mark; isolated money without it.
        initial: as printed, before rounding.
        maintenance: without fees.
        residue: what the condition's maintenance is less than that.
        fee_constant, fee_rate: fee to close in the condition.
        maintenance_fee: fee that the printed maintenance margin includes.
        reserve: closing fee kept inside the margin.
    """

    pnl: Pair
    cash: Pair
    initial: Pair
    maintenance: Pair
    residue: Pair
    fee_constant: Pair
    fee_rate: Pair
    maintenance_fee: Pair
    reserve: Pair
    doubt: Value


def zero(like: Value) -> Pair:
    """Return 0 for each row of a column."""
    nothing = 0.0 * like
    return Pair(nothing, nothing)


def drift_of(shape: Shape, side: Value) -> Value:
    """Return +1 where a position gains as its value grows."""
    return 1.0 * side if shape.linear else -1.0 * side


def value_of(shape: Shape, qty: Pair, price: Pair) -> Pair:
    """Return the value of a quantity at a price."""
    return qty * price if shape.linear else qty / price


def price_of(shape: Shape, value: Pair, qty: Pair) -> Pair:
    """Return the price at which a quantity has a value."""
    return value / qty if shape.linear else qty / value


def values(shape: Shape, g: Given) -> Values:
    """Return what a position is worth."""
    price, doubt = printed(g.entry, shape.entry, g.tick, g.side, UNSTRAINED)
    entry = value_of(shape, g.qty, price)
    mark = value_of(shape, g.qty, g.mark)
    index = value_of(shape, g.qty, g.indexed) if shape.given.index_price else mark
    if shape.units:
        entry, first = to_tick(entry, g.unit, HALF_UP, g.side, UNSTRAINED)
        mark, second = to_tick(mark, g.unit, HALF_UP, g.side, UNSTRAINED)
        index, third = to_tick(index, g.unit, HALF_UP, g.side, UNSTRAINED)
        doubt = doubt | first | second | third
    if shape.tier_by == shapes.BY_CONTRACTS:
        size = g.qty / g.contract_size
    else:
        size = entry if shape.tier_by == shapes.BY_ENTRY else mark
    return Values(entry, mark, index, size, doubt)


def valued(v: Values, at: int) -> Pair:
    """Return the value at the mark, the entry or the index."""
    if at == shapes.ENTRY:
        return v.entry
    return v.indexed if at == shapes.INDEX else v.mark


def _up(shape: Shape, g: Given, amount: Pair) -> tuple[Pair, Value]:
    """Return money rounded up to a whole unit, where the exchange counts in them."""
    if shape.units:
        found = to_tick(amount, g.unit, UP, g.side, UNSTRAINED)
        return found.value, found.doubt
    return amount, g.side != g.side


def initial_margin(shape: Shape, g: Given, r: Rates, value: Pair) -> tuple[Pair, Value]:
    """Return the initial margin of a value, without fees."""
    by_leverage = value / g.leverage
    if shape.initial_rate == shapes.LEVERAGE:
        return _up(shape, g, by_leverage)
    by_tier = value * r.imr
    if shape.initial_rate == shapes.TIER:
        return _up(shape, g, by_tier)
    rate, doubt = leverage_rate_of(shape, g)
    if shape.leverage_rate.to != NONE:
        by_leverage = value * rate
    over = (rate - r.imr).hi > 0
    amount = where(over | np.isnan(r.imr.hi), by_leverage, by_tier)
    amount = where(np.isnan(g.leverage.hi), by_tier, amount)
    found, unsure = _up(shape, g, amount)
    return found, doubt | unsure


def leverage_rate_of(shape: Shape, g: Given) -> tuple[Pair, Value]:
    """Return 1/leverage as the exchange rounds it."""
    one = 1.0 + 0.0 * g.side
    found = printed(
        Pair(one, 0.0 * one) / g.leverage, shape.leverage_rate, g.tick, g.side, UNSTRAINED
    )
    return found.value, found.doubt


def leverage_fee_of(shape: Shape, g: Given, entry: Pair) -> tuple[Pair, Value]:
    """Return the fee to close on the bankruptcy value of the leverage."""
    drift = drift_of(shape, g.side)
    if shape.fee_rate.to == NONE:
        fee = formulas.leverage_bankruptcy_value(drift, entry, g.leverage) * g.taker
        doubt = g.side != g.side
    else:
        rate = formulas.leverage_bankruptcy_value(drift, g.taker, g.leverage)
        found = printed(rate, shape.fee_rate, g.tick, g.side, UNSTRAINED)
        fee, doubt = entry * found.value, found.doubt
    return where(g.taker.hi == 0, zero(g.side), fee), doubt


def _exempt(shape: Shape, g: Given) -> Value:
    """Return where a short has the margin of its whole value."""
    return (g.side < 0) & (g.leverage.hi <= 1) if shape.exempt else g.side != g.side


def margins(shape: Shape, g: Given, r: Rates, v: Values, others: Pair) -> Margins:
    """Return what is set aside for a position and required of it.

    Args:
        shape, g, r, v: the position.
        others: of a cross position, what backs the pool without its own profit.
    """
    drift = drift_of(shape, g.side)
    pnl = formulas.pnl(drift, v.mark, v.entry)
    at_entry, doubt = initial_margin(shape, g, r, v.entry)
    leverage_fee, unsure = leverage_fee_of(shape, g, v.entry)
    doubt = doubt | unsure | v.doubt
    reserve = zero(g.side)
    cash = others
    if shape.fee_to_close_reserved:
        reserve, unsure = _reserve(shape, g, v.entry, at_entry)
        doubt = doubt | unsure
    if shape.isolated:
        cash = _isolated_margin(shape, g, v.entry, at_entry, reserve)
        if shape.fee_to_close_reserved:
            cash = cash - reserve
    rate = g.liquidation if shape.liquidation_rate else g.requirement_taker
    constant, moving = _fee_in_requirement(shape, g, v.entry, cash, rate, leverage_fee)
    maintenance, residue, unsure = _maintenance(shape, g, r, v)
    doubt = doubt | unsure
    initial, unsure = _shown_initial(shape, g, r, v, leverage_fee)
    kept_in = _fee_on(shape.fee_in_maintenance, g, v, rate, leverage_fee, reserve)
    return Margins(
        pnl, cash, initial, maintenance, residue, constant, moving, kept_in, reserve, doubt | unsure
    )


def _reserve(shape: Shape, g: Given, entry: Pair, initial: Pair) -> tuple[Pair, Value]:
    """Return the closing fee that is kept inside the margin."""
    nothing = zero(g.side)
    backed = entry + initial + g.extra
    kept, doubt = _up(shape, g, g.taker * where(backed.hi <= 0, nothing, backed))
    return where(_exempt(shape, g) | (g.taker.hi == 0), nothing, kept), doubt


def _isolated_margin(shape: Shape, g: Given, entry: Pair, initial: Pair, reserve: Pair) -> Pair:
    """Return the margin that is given, or what the exchange sets aside at opening."""
    margin: Pair = initial
    if shape.opening_fee:
        margin = margin + entry * g.taker * shape.opening_fee
    if shape.closing_fee:
        margin = margin + entry * g.requirement_taker * shape.closing_fee
    if shape.fee_to_close:
        drift = drift_of(shape, g.side)
        value = formulas.leverage_bankruptcy_value(drift, entry, g.leverage)
        margin = margin + value * g.taker * shape.fee_to_close
    if shape.fee_reserve:
        margin = margin + reserve * shape.fee_reserve
    if shape.funding_paid and shape.given.funding_paid:
        margin = margin + g.funding * shape.funding_paid
    margin = where(np.isnan(g.leverage.hi), g.leverage, margin)
    if shape.given.margin:
        margin = where(np.isnan(g.margin.hi), margin, g.margin)
    if shape.given.extra_margin:
        margin = margin + g.extra
    return margin


def _fee_in_requirement(
    shape: Shape, g: Given, entry: Pair, cash: Pair, rate: Pair, leverage_fee: Pair
) -> tuple[Pair, Pair]:
    """Return the constant fee and the rate on the moving value."""
    nothing = zero(g.side)
    basis = shape.fee_in_requirement
    if basis == shapes.AT_MARK:
        return nothing, rate + nothing
    if basis == shapes.AT_ENTRY:
        return entry * rate, nothing
    if basis == shapes.AT_LEVERAGE:
        return leverage_fee, nothing
    if basis == shapes.AT_BANKRUPTCY:
        left = g.bankruptcy if shape.isolated and shape.bankruptcy_pays else nothing
        value = formulas.bankruptcy_value(drift_of(shape, g.side), entry, cash, left)
        fee = value * rate
        return where(value.hi > 0, fee, 0.0 * fee), nothing
    return nothing, nothing


def _maintenance(shape: Shape, g: Given, r: Rates, v: Values) -> tuple[Pair, Pair, Value]:
    """Return the maintenance margin, and what the condition has less of it."""
    value = valued(v, shape.maintenance_at)
    maintenance, doubt = _up(shape, g, formulas.maintenance(value, r.mmr, r.deduction))
    if shape.minimum:
        maintenance = where((maintenance - g.minimum).hi > 0, maintenance, g.minimum)
    residue = zero(g.side)
    if shape.step.to != NONE:
        cut = printed(maintenance, shape.step, g.tick, g.side, UNSTRAINED)
        residue, doubt = cut.value - maintenance, doubt | cut.doubt
    if shape.exempt:
        residue = where(_exempt(shape, g), -maintenance, residue)
    return maintenance, residue, doubt


def _shown_initial(
    shape: Shape, g: Given, r: Rates, v: Values, leverage_fee: Pair
) -> tuple[Pair, Value]:
    """Return the initial margin with the rates and fees that the printed one has."""
    value = valued(v, shape.initial_at)
    if shape.initial_rate == shapes.LEVERAGE and shape.leverage_rate.to != NONE:
        rate, doubt = leverage_rate_of(shape, g)
        initial = value * rate
    else:
        initial, doubt = initial_margin(shape, g, r, value)
    basis = shape.fee_in_initial
    fee = _fee_on(basis, g, v, g.requirement_taker, leverage_fee, zero(g.side))
    if basis == shapes.NO_FEE:
        return initial, doubt
    total = initial + fee
    return total, doubt | (np.abs(total.hi) <= _CANCELLED * np.abs(initial.hi))


def _fee_on(basis: int, g: Given, v: Values, rate: Pair, leverage_fee: Pair, reserve: Pair) -> Pair:
    if basis == shapes.AT_MARK:
        return v.mark * rate
    if basis == shapes.AT_ENTRY:
        return v.entry * rate
    if basis == shapes.AT_LEVERAGE:
        return leverage_fee
    return reserve if basis == shapes.RESERVE else zero(g.side)


def requirement(shape: Shape, m: Margins, v: Values) -> Pair:
    """Return what the condition demands at the mark."""
    total = m.maintenance
    if shape.residue:
        total = total + m.residue
    if shape.fee_stands:
        total = total + m.fee_constant
    return total + m.fee_rate * v.mark if shape.fee_moves else total
