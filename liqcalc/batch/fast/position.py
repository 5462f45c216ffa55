"""From a row's inputs to its figures: the whole of one position.

Everything here works on columns and on single rows, with the same result to
the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row, shapes
from liqcalc.batch.fast.ends import HARDLY_ANYTHING, End, Line, Place, Table
from liqcalc.batch.fast.grid import HALF_UP, ON_GRID, Tick, printed, to_whole
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import (
    Pair,
    Value,
    divide_float,
    every,
    multiply_float,
    take,
    where,
)
from liqcalc.batch.fast.row import Given, Margins, Rates, Values
from liqcalc.batch.fast.shapes import Shape

CANNOT, AT_PRICE, ALREADY = range(3)
ABOVE_CAP, ABOVE_LEVERAGE, INFERRED, NO_LOT, OWN_RATE = 1, 2, 4, 8, 16


class Inputs(NamedTuple):
    """A row as it was given; NaN where it gives nothing."""

    qty: Value
    contracts: Value
    entry_price: Value
    mark_price: Value
    index_price: Value
    leverage: Value
    margin: Value
    extra_margin: Value
    funding_paid: Value
    taker: Value
    mmr: Value
    deduction: Value


class Terms(NamedTuple):
    """The numbers of a row's plan; a pair is two of them, a step scale and width.

    Attributes:
        taker, requirement_taker, liquidation, bankruptcy: fee rates.
        own_at_bankruptcy: 1 if a row's own taker rate is the bankruptcy price's.
        contract_size, minimum: of the contract, of the maintenance.
        tick, unit, lot: steps of price, money and quantity.
        first, count: of the rows of its table.
        last_cap: end of the table, infinite if it has none.
        complete: 1 if no rows above the last are missing.
    """

    taker: Value
    taker_lo: Value
    requirement_taker: Value
    requirement_taker_lo: Value
    liquidation: Value
    liquidation_lo: Value
    bankruptcy: Value
    bankruptcy_lo: Value
    own_at_bankruptcy: Value
    contract_size: Value
    contract_size_lo: Value
    minimum: Value
    minimum_lo: Value
    tick_scale: Value
    tick_width: Value
    unit_scale: Value
    unit_width: Value
    lot_scale: Value
    lot_width: Value
    first: Value
    count: Value
    last_cap: Value
    complete: Value


class Marked(NamedTuple):
    """A position at its mark, before it is known what backs a cross one.

    Attributes:
        own: the row gives a single rate of its own.
        first, count, at: of its table's rows, and the one that holds its size.
    """

    given: Given
    own: Value
    first: Value
    count: Value
    at: Value
    rates: Rates
    values: Values
    doubt: Value


class Backing(NamedTuple):
    """What backs a position.

    Attributes:
        cash: without its own profit, less what others require.
        bankrupt: the same, for the bankruptcy price.
        equity, requirement: of the pool, of which the ratio is counted.
    """

    cash: Pair
    bankrupt: Pair
    equity: Pair
    requirement: Pair


class Money(NamedTuple):
    """A position's value and margins as they are printed."""

    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    doubt: Value


class Figures(NamedTuple):
    """What was found about a position; NaN where there is nothing.

    Attributes:
        tier: 1 = lowest.
        status: a place among the three.
        none: no positive price liquidates.
        unprinted: the exchange would print 0 as the price.
        warnings: a sum of flags.
        again: to be done exactly.
    """

    liquidation_price: Value
    bankruptcy_price: Value
    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    margin_ratio: Value
    max_leverage: Value
    tier: Value
    status: Value
    none: Value
    unprinted: Value
    warnings: Value
    again: Value


def mark(shape: Shape, i: Inputs, side: Value, t: Terms, table: Table) -> Marked:
    """Return a position valued at its mark, with the row of its table."""
    given = _given(shape, i, side, t)
    values = row.values(shape, given)
    own = i.mmr == i.mmr  # noqa: PLR0124 - not NaN
    first = ends.place(t.first)
    count = where(own, ends.place(0.0 * t.count + 1.0), ends.place(t.count))
    at, doubt = ends.pick(shape, values.size, table, first, count)
    rates = ends.rates_at(table, first + at)
    if not every(~own):
        nothing = row.zero(side)
        unknown = Pair(nothing.hi + np.nan, nothing.lo + np.nan)
        deduction = nothing if shape.whole else meant(_or_zero(i.deduction))
        rates = Rates(
            where(own, meant(i.mmr), rates.mmr),
            where(own, deduction, rates.deduction),
            where(own, unknown, rates.imr),
        )
    return Marked(given, own, first, count, at, rates, values, doubt | values.doubt)


def _given(shape: Shape, i: Inputs, side: Value, t: Terms) -> Given:
    size = Pair(t.contract_size, t.contract_size_lo)
    tick = Tick(t.tick_scale, t.tick_width)
    qty = meant(i.qty)
    if not every(np.isnan(i.contracts)):
        qty = where(np.isnan(i.contracts), qty, meant(i.contracts) * size)
    entry, marked = meant(i.entry_price), meant(i.mark_price)
    entry = where(np.isnan(entry.hi), marked, entry)
    if not every(marked.hi == marked.hi):  # noqa: PLR0124 - not NaN
        rounded = printed(entry, shape.entry, tick, side, 1.0)
        marked = where(np.isnan(marked.hi), rounded.value, marked)
    index = meant(i.index_price)
    taker = Pair(t.taker, t.taker_lo)
    required = Pair(t.requirement_taker, t.requirement_taker_lo)
    at_bankruptcy = Pair(t.bankruptcy, t.bankruptcy_lo)
    if not every(np.isnan(i.taker)):
        own, theirs = meant(i.taker), np.isnan(i.taker)
        taker = where(theirs, taker, own)
        required = where(theirs, required, own)
        at_bankruptcy = where(theirs | (t.own_at_bankruptcy == 0), at_bankruptcy, own)
    return Given(
        side,
        qty,
        entry,
        marked,
        where(np.isnan(index.hi), marked, index),
        meant(i.leverage),
        meant(i.margin),
        meant(_or_zero(i.extra_margin)),
        meant(_or_zero(i.funding_paid)),
        taker,
        required,
        Pair(t.liquidation, t.liquidation_lo),
        at_bankruptcy,
        size,
        tick,
        Tick(t.unit_scale, t.unit_width),
        Pair(t.minimum, t.minimum_lo),
    )


def _or_zero(column: Value) -> Value:
    return where(np.isnan(column), 0.0, column)


def isolated(
    shape: Shape, i: Inputs, side: Value, t: Terms, table: Table, most: Value, notes: Value
) -> Figures:
    """Return what is found about an isolated position.

    Args:
        shape, i, side, t: the position and what holds for it.
        table, most, notes: rows of all tables, their maximum leverages and what
            is to be said of them.
    """
    m = mark(shape, i, side, t, table)
    margins = row.margins(shape, m.given, m.rates, m.values, row.zero(side))
    required = row.requirement(margins, m.values)
    equity = margins.cash + margins.pnl
    if shape.fee_in_maintenance == shapes.RESERVE:
        required, equity = required + margins.reserve, equity + margins.reserve
    backing = Backing(margins.cash, margins.cash, equity, required)
    return finish(shape, m, margins, backing, t, table, most, notes)


def finish(
    shape: Shape,
    m: Marked,
    margins: Margins,
    backing: Backing,
    t: Terms,
    table: Table,
    most: Value,
    notes: Value,
) -> Figures:
    """Return what is found about a position of which it is known what backs it."""
    g, v = m.given, m.values
    line = ends.line(shape, g, m.rates, v, margins, backing.cash)
    health = line.health.hi
    again = m.doubt | margins.doubt | (np.abs(health) <= HARDLY_ANYTHING * line.size)
    already = health < 0
    root, unsure = _root(shape, m, margins, line, already, table)
    end = ends.end_at(shape, g, root, line.size)
    again = again | unsure | end.doubt | np.isnan(health)
    if shape.requirement_leaps:
        again = again | (end.none & ~already)
    again = again | (m.rates.mmr.hi >= 1)
    price = end.price
    if shape.ticks_against:
        tick = Pair(g.tick.width, 0.0 * g.tick.width) / g.tick.scale
        price = price + tick * (g.side * shape.ticks_against)
    shown = printed(price, shape.liquidation_price, g.tick, g.side, end.strain)
    gone = ends.bankruptcy(shape, g, v, backing.bankrupt)
    lost = printed(gone.price, shape.bankruptcy_price, g.tick, g.side, gone.strain)
    again = again | (shown.doubt & ~end.none) | gone.doubt | (lost.doubt & ~gone.none)
    money = _money(shape, m, margins)
    ratio = backing.requirement / backing.equity
    again = again | money.doubt | (np.abs(backing.equity.hi) <= HARDLY_ANYTHING * line.size)
    there = row.value_of(shape, g.qty, price).hi if shape.tier_moves else v.size.hi
    beyond = (v.size.hi > t.last_cap) | (there > t.last_cap)
    again = again | ((t.complete == 0) & ~m.own & beyond)
    unprinted = ~end.none & ~(shown.value.hi > 0)
    unknown = 0.0 * health + np.nan
    at = m.first + m.at
    return Figures(
        where(end.none | unprinted, unknown, shown.value.hi),
        where(gone.none | ~(lost.value.hi > 0), unknown, lost.value.hi),
        money.notional,
        money.initial_margin,
        money.maintenance_margin,
        where(backing.equity.hi > 0, ratio.hi, unknown),
        where(m.own, unknown, take(most, at)),
        1.0 * (m.at + 1),
        where(already, 1.0 * ALREADY, where(end.none, 1.0 * CANNOT, 1.0 * AT_PRICE)),
        end.none,
        unprinted,
        _warnings(m, t, take(most, at), take(notes, at)),
        again,
    )


def _root(
    shape: Shape, m: Marked, margins: Margins, line: Line, already: Value, table: Table
) -> tuple[Pair, Value]:
    """Return the value at which health is zero, and whether it is in doubt."""
    drift = row.drift_of(shape, m.given.side)
    slope = Pair(drift, 0.0 * drift) - margins.fee_rate
    if not shape.requirement_moves:
        return line.base / slope, m.doubt
    if not shape.tier_moves:
        return (line.base - m.rates.deduction) / (slope - m.rates.mmr), m.doubt
    way = where(already, drift, -drift)
    above = where(already, -1.0 + 0.0 * drift, 1.0 + 0.0 * drift)
    place = Place(m.first, m.count, m.at)
    found = ends.sweep(table, place, drift, line.base.hi, margins.fee_rate.hi, above, way)
    rates = ends.rates_at(table, m.first + found.row)
    mmr = where(m.own, m.rates.mmr, rates.mmr)
    deduction = where(m.own, m.rates.deduction, rates.deduction)
    root = (line.base - deduction) / (slope - mmr)
    if not every(~found.jump):
        below = where((way > 0) & (found.row > 0), found.row - 1, found.row)
        cap = Pair(take(table.cap, m.first + below), take(table.cap_lo, m.first + below))
        root = where(found.jump & ~m.own, cap, root)
    root = where(found.none & ~m.own, -row.zero(drift), root)
    return root, m.doubt | (found.doubt & ~m.own) | (found.none & already)


def _money(shape: Shape, m: Marked, margins: Margins) -> Money:
    """Return the margins and the value as they are printed."""
    g = m.given
    notional = printed(row.valued(m.values, shape.notional_at), shape.notional, g.tick, g.side, 1.0)
    initial = printed(margins.initial, shape.initial, g.tick, g.side, 1.0)
    residue = row.zero(g.side) if shape.exempt else margins.residue
    held = margins.maintenance + residue + margins.maintenance_fee
    without = printed(held, shape.maintenance, g.tick, g.side, 1.0)
    amount, doubt = without.value.hi, without.doubt
    if shape.from_initial:
        base = printed(m.values.mark * m.rates.imr, shape.initial, g.tick, g.side, 1.0)
        part = base.value * m.rates.mmr / m.rates.imr
        found = printed(part, shape.maintenance, g.tick, g.side, 1.0)
        amount = where(np.isnan(m.rates.imr.hi), amount, found.value.hi)
        doubt = doubt | base.doubt | found.doubt
    doubt = doubt | notional.doubt | (initial.doubt & ~np.isnan(initial.value.hi))
    return Money(notional.value.hi, initial.value.hi, amount, doubt)


def _warnings(m: Marked, t: Terms, most: Value, notes: Value) -> Value:
    """Return flags of what is to be said about a position."""
    of_table = 1.0 * ~m.own
    above = (m.values.size.hi > t.last_cap) | (notes >= shapes.OPEN_END)
    inferred = (notes == shapes.BASIS) | (notes == shapes.BASIS + shapes.OPEN_END)
    count = divide_float(multiply_float(m.given.qty, t.lot_scale), t.lot_width)
    whole = to_whole(count, HALF_UP, m.given.side, 1.0)
    uneven = np.abs((count - whole[0]).hi) > ON_GRID * np.abs(count.hi)
    flags = ABOVE_CAP * above + ABOVE_LEVERAGE * (m.given.leverage.hi > most) + INFERRED * inferred
    return of_table * flags + NO_LOT * uneven + OWN_RATE * m.own
