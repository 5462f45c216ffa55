"""From a row's inputs to its figures: the whole of one position.

Everything here works on columns and on single rows, with the same result to
the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row, shapes
from liqcalc.batch.fast.ends import HARDLY_ANYTHING, Line, Place, Table
from liqcalc.batch.fast.grid import ON_GRID, UNSTRAINED, Strain, Tick, printed
from liqcalc.batch.fast.pairs import Pair, Value, take, where
from liqcalc.batch.fast.row import Given, Margins, Rates, Values

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Inputs, Shape

CANNOT, AT_PRICE, ALREADY, UNKNOWN = range(4)
LEAST, MOST = 1e-20, 1e20
_CANCELLED = 1e-13
"""A requirement so small beside the value is what cancellation left, or nothing."""

_NEARLY = 1 + 1e-12

NO_PRICE, UNPRINTED, ROWS_UNKNOWN = range(3)
ABOVE_CAP, ABOVE_LEVERAGE, INFERRED, NO_LOT, OWN_RATE, NO_MARGIN = 1, 2, 4, 8, 16, 32


class Raw(NamedTuple):
    """The numbers that a row gives, as pairs; NaN where it gives nothing."""

    qty: Pair
    contracts: Pair
    entry_price: Pair
    mark_price: Pair
    index_price: Pair
    leverage: Pair
    margin: Pair
    extra_margin: Pair
    funding_paid: Pair
    taker: Pair
    mmr: Pair
    deduction: Pair


class Terms(NamedTuple):
    """The numbers of a row's plan; a pair is two of them, a step four.

    Attributes:
        taker, requirement_taker, liquidation, bankruptcy: fee rates.
        own_at_bankruptcy: 1 if a row's own taker rate is the bankruptcy price's.
        contract_size, minimum: of the contract, of the maintenance.
        tick, unit: steps of price and money.
        lots: in a unit of quantity.
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
    tick_step: Value
    tick_step_lo: Value
    tick_per_one: Value
    tick_per_one_lo: Value
    unit_step: Value
    unit_step_lo: Value
    unit_per_one: Value
    unit_per_one_lo: Value
    lots: Value
    lots_lo: Value
    first: Value
    count: Value
    last_cap: Value
    last_cap_lo: Value
    complete: Value


class Spot(NamedTuple):
    """Where a position stands in its tier table.

    Attributes:
        own: the row gives a single rate of its own.
        first, count, at: the table's rows, and the one that holds its size.
        doubt: too near an edge to tell.
    """

    own: Value
    first: Value
    count: Value
    at: Value
    doubt: Value


class Root(NamedTuple):
    """What decides where health is zero.

    Attributes:
        mmr, deduction: of the row of the table there.
        edge: value at which health leaps over zero; NaN where it does not.
        none: health does not change its sign that way.
        doubt: it is not certain.
    """

    mmr: Pair
    deduction: Pair
    edge: Pair
    none: Value
    doubt: Value


class Backing(NamedTuple):
    """What backs a position.

    Attributes:
        cash: without its own profit, less what others require.
        bankrupt: the same, for the bankruptcy price.
        equity, requirement: of the pool, of which the ratio is counted.
        part: of the pool's equity that the position may lose.
        size: of the sums over the pool that `cash` is the difference of.
    """

    cash: Pair
    bankrupt: Pair
    equity: Pair
    requirement: Pair
    part: Pair
    size: Value


class Share(NamedTuple):
    """What a cross position brings into its pool.

    Attributes:
        pnl, required, value: at the mark.
        closing: the fee to close there, where the bankruptcy price leaves it.
        doubt: 1 where the pool's sums are not certain or its rows not known.
    """

    pnl: Pair
    required: Pair
    value: Pair
    closing: Pair
    doubt: Value


class Standing(NamedTuple):
    """What a position is worth and required to have, as printed; NaN where there is nothing.

    Attributes:
        warnings: a sum of flags.
        doubt: a figure is not certain.
    """

    bankruptcy_price: Value
    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    margin_ratio: Value
    max_leverage: Value
    warnings: Value
    doubt: Value


class Money(NamedTuple):
    """A position's value and margins as they are printed."""

    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    doubt: Value


class Ending(NamedTuple):
    """Where a position is liquidated.

    Attributes:
        liquidation_price: as printed; NaN where there is none.
        status: a place among the four.
        none: no positive price liquidates.
        unprinted: the exchange would print 0 as the price.
        unknown: it is where no row of the tier table is known.
        doubt: it is not certain.
    """

    liquidation_price: Value
    status: Value
    none: Value
    unprinted: Value
    unknown: Value
    doubt: Value


class Prices(NamedTuple):
    """A position's quantity and prices, with what follows where they are not given."""

    qty: Pair
    entry: Pair
    mark: Pair
    indexed: Pair


def usable(given: Inputs, raw: Raw) -> Value:
    """Return whether a row's numbers make a position whose figures a pair can hold."""
    good = _above_zero(raw.qty.hi) & _above_zero(raw.leverage.hi)
    if given.contracts:
        good = good & _above_zero(raw.contracts.hi)
        good = good & (np.isnan(raw.qty.hi) != np.isnan(raw.contracts.hi))
    else:
        good = good & ~np.isnan(raw.qty.hi)
    good = good & ~(np.isnan(raw.entry_price.hi) & np.isnan(raw.mark_price.hi))
    good = good & _above_zero(raw.entry_price.hi) & _above_zero(raw.mark_price.hi)
    if given.index_price:
        good = good & _above_zero(raw.index_price.hi)
    if given.margin:
        good = good & _moderate(raw.margin.hi)
    if given.extra_margin:
        good = good & _moderate(raw.extra_margin.hi)
    if given.funding_paid:
        good = good & _moderate(raw.funding_paid.hi)
    if given.taker:
        good = good & ~(np.abs(raw.taker.hi) >= 1)
    if given.mmr:
        good = good & ~(raw.mmr.hi >= 1) & ~(raw.mmr.hi < 0)
    if given.deduction:
        good = good & _moderate(raw.deduction.hi)
        good = good & (np.isnan(raw.deduction.hi) | ~np.isnan(raw.mmr.hi))
    return good


def _above_zero(number: Value) -> Value:
    return np.isnan(number) | ((number > LEAST) & (number < MOST))


def _moderate(number: Value) -> Value:
    size = np.abs(number)
    return np.isnan(number) | (number == 0) | ((size > LEAST) & (size < MOST))


def prices_of(shape: Shape, raw: Raw, side: Value, t: Terms) -> Prices:
    """Return a row's quantity and prices."""
    qty, entry, marked, index = raw.qty, raw.entry_price, raw.mark_price, raw.index_price
    if shape.given.contracts:
        size = Pair(t.contract_size, t.contract_size_lo)
        qty = where(np.isnan(raw.contracts.hi), qty, raw.contracts * size)
    entry = where(np.isnan(entry.hi), marked, entry)
    rounded = printed(entry, shape.entry, _tick(t), side, UNSTRAINED)
    marked = where(np.isnan(marked.hi), rounded.value, marked)
    if shape.given.index_price:
        return Prices(qty, entry, marked, where(np.isnan(index.hi), marked, index))
    return Prices(qty, entry, marked, marked)


def _tick(t: Terms) -> Tick:
    return Tick(t.tick_step, t.tick_step_lo, t.tick_per_one, t.tick_per_one_lo)


def given_of(shape: Shape, raw: Raw, prices: Prices, side: Value, t: Terms) -> Given:
    """Return a row's numbers with what its plan adds to them."""
    nothing = row.zero(side)
    taker = Pair(t.taker, t.taker_lo)
    required = Pair(t.requirement_taker, t.requirement_taker_lo)
    at_bankruptcy = Pair(t.bankruptcy, t.bankruptcy_lo)
    theirs = np.isnan(raw.taker.hi)
    if shape.given.taker:
        taker = where(theirs, taker, raw.taker)
        required = where(theirs, required, raw.taker)
        at_bankruptcy = where(theirs | (t.own_at_bankruptcy == 0), at_bankruptcy, raw.taker)
    return Given(
        side,
        prices.qty,
        prices.entry,
        prices.mark,
        prices.indexed,
        raw.leverage,
        raw.margin,
        where(np.isnan(raw.extra_margin.hi), nothing, raw.extra_margin),
        where(np.isnan(raw.funding_paid.hi), nothing, raw.funding_paid),
        taker,
        required,
        Pair(t.liquidation, t.liquidation_lo),
        at_bankruptcy,
        Pair(t.contract_size, t.contract_size_lo),
        _tick(t),
        Tick(t.unit_step, t.unit_step_lo, t.unit_per_one, t.unit_per_one_lo),
        Pair(t.minimum, t.minimum_lo),
    )


def spot_of(shape: Shape, raw: Raw, size: Pair, t: Terms, table: Table) -> Spot:
    """Return the row of the table that holds a size."""
    own = ~np.isnan(raw.mmr.hi)
    first = ends.place(t.first)
    count = ends.place(where(own, 1.0, t.count))
    at, doubt = ends.pick(shape, size, table, first, count)
    return Spot(own, first, count, at, doubt)


def rates_of(shape: Shape, raw: Raw, own: Value, known: Rates) -> Rates:
    """Return the rates of the table, or the single rate that a row gives."""
    if not shape.given.mmr:
        return known
    deduction = where(np.isnan(raw.deduction.hi) | shape.whole, 0.0 * known.mmr, raw.deduction)
    return Rates(
        where(own, raw.mmr, known.mmr),
        where(own, deduction, known.deduction),
        where(own, raw.mmr * np.nan, known.imr),
    )


def backing_of(shape: Shape, margins: Margins, v: Values) -> Backing:
    """Return what backs an isolated position."""
    required = row.requirement(shape, margins, v)
    equity = margins.cash + margins.pnl
    if shape.fee_in_maintenance == shapes.RESERVE:
        required, equity = required + margins.reserve, equity + margins.reserve
    nothing = row.zero(margins.cash.hi)
    return Backing(margins.cash, margins.cash, equity, required, nothing, nothing.hi)


def share_of(shape: Shape, g: Given, v: Values, spot: Spot, margins: Margins, t: Terms) -> Share:
    """Return what a cross position brings into its pool."""
    closing = row.zero(g.side)
    if shape.bankruptcy_pays_at_entry:
        closing = v.entry * g.bankruptcy
    elif shape.bankruptcy_pays:
        closing = v.mark * g.bankruptcy
    unknown = (t.complete == 0) & ~spot.own & ~ends.within(v.size, t.last_cap, t.last_cap_lo)
    doubt = unknown | margins.doubt | v.doubt | spot.doubt
    required = row.requirement(shape, margins, v)
    if shape.netted:
        doubt = doubt | (required.hi < 0)
    return Share(margins.pnl, required, v.mark, closing, 1.0 * doubt)


def pooled(shape: Shape, mine: Share, pool: Share, wallet: Pair, members: Value) -> Backing:
    """Return what backs a cross position.

    Args:
        shape, mine: the position.
        pool: the sums over its pool.
        wallet: of the account.
        members: of the pool.
    """
    equity = wallet + pool.pnl
    others = equity - mine.pnl
    part = Pair(1.0 + 0.0 * members, 0.0 * members)
    if shape.share == shapes.BY_VALUE:
        part = where((members > 1) & (pool.value.hi != 0), mine.value / pool.value, part)
    elif shape.share == shapes.BY_REQUIREMENT:
        part = where((members > 1) & (pool.required.hi != 0), mine.required / pool.required, part)
    return Backing(
        others - (pool.required - mine.required),
        others - (pool.closing - mine.closing),
        equity,
        pool.required,
        part,
        np.abs(wallet.hi) + np.abs(pool.pnl.hi) + pool.value.hi,
    )


def free_of(shape: Shape, backing: Backing) -> Pair:
    """Return the equity above the requirement, where the printed price follows from it."""
    if shape.shown == shapes.FROZEN:
        return backing.equity - backing.requirement
    return backing.cash


def root_of(
    shape: Shape,
    drift: Value,
    spot: Spot,
    rates: Rates,
    base: Value,
    fee: Value,
    health: Value,
    table: Table,
) -> Root:
    """Return what decides where health is zero.

    Args:
        shape, drift, spot, rates: the position.
        base, fee, health: of its line.
        table: all tables.
    """
    unknown = rates.mmr * np.nan
    never = spot.own & ~spot.own
    if not shape.tier_moves:
        return Root(rates.mmr, rates.deduction, unknown, never, never)
    already = health < 0
    way = where(already, drift, -drift)
    above = where(already, -1.0, 1.0)
    place = Place(spot.first, spot.count, spot.at)
    found = ends.sweep(table, place, drift, base, fee, above, way)
    there = ends.rates_at(table, spot.first + found.row)
    mmr = where(spot.own, rates.mmr, there.mmr)
    deduction = where(spot.own, rates.deduction, there.deduction)
    below = spot.first + where((way > 0) & (found.row > 0), found.row - 1, found.row)
    cap = Pair(take(table.cap, below), take(table.cap_lo, below))
    edge = where(found.jump & ~spot.own, cap, unknown)
    doubt = (found.doubt & ~spot.own) | (found.none & already)
    return Root(mmr, deduction, edge, found.none & ~spot.own, doubt)


def standing_of(
    shape: Shape,
    g: Given,
    r: Rates,
    v: Values,
    spot: Spot,
    margins: Margins,
    backing: Backing,
    t: Terms,
    most: Value,
    notes: Value,
) -> Standing:
    """Return the figures that do not depend on where a position is liquidated.

    Args:
        shape, g, r, v, spot, margins, backing, t: the position.
        most, notes: maximum leverage of its tier, and what is to be said of it.
    """
    money = _money(shape, g, r, v, margins)
    ratio = backing.requirement / backing.equity
    size = v.entry.hi + v.mark.hi + np.abs(backing.cash.hi) + backing.size
    gone = ends.bankruptcy(shape, g, v, backing.bankrupt, backing.size)
    if shape.share != shapes.ALL:
        gone = ends.shared_loss(shape, g, v, backing.equity * backing.part)
    lost = printed(gone.price, shape.bankruptcy_price, g.tick, g.side, gone.strain)
    doubt = money.doubt | gone.doubt | (lost.doubt & ~gone.none)
    doubt = doubt | (np.abs(backing.equity.hi) <= HARDLY_ANYTHING * size)
    doubt = doubt | (np.abs(backing.requirement.hi) <= _CANCELLED * v.mark.hi)
    if not shape.linear:
        doubt = doubt | (~gone.none & ~(lost.value.hi > 0))  # a fee may be counted at it
    return Standing(
        where(gone.none | ~(lost.value.hi > 0), np.nan, lost.value.hi),
        money.notional,
        money.initial_margin,
        money.maintenance_margin,
        where(backing.equity.hi > 0, ratio.hi, np.nan),
        where(spot.own, np.nan, most),
        _warnings(shape, g, v.size, spot.own, t, most, notes),
        doubt | margins.doubt | v.doubt | spot.doubt | (r.mmr.hi >= 1),
    )


def ending_of(
    shape: Shape,
    g: Given,
    line: Line,
    fee: Pair,
    root: Root,
    size: Pair,
    own: Value,
    t: Terms,
    free: Pair,
) -> Ending:
    """Return where a position is liquidated.

    Args:
        shape, g, line, t: the position.
        fee: rate of the fee on the moving value.
        root: what decides where health is zero.
        size: that picked its tier.
        own: it has a single rate of its own.
        free: equity of a cross pool above its requirement.
    """
    drift = row.drift_of(shape, g.side)
    health = line.health
    already = health < 0
    slope = ends.slope_of(shape, drift, fee)
    if shape.requirement_moves:
        nothing, leaps = row.zero(drift), ~np.isnan(root.edge.hi)
        gain = drift * (slope.hi - root.mmr.hi)
        base = where(root.none, nothing, where(leaps, root.edge, line.base - root.deduction))
        slope = where(leaps, 1.0 + nothing, slope - root.mmr)
    else:
        base, gain = line.base, drift * slope.hi
    end = ends.end_of_line(shape, g, base, slope, line.size)
    doubt = end.doubt | root.doubt | ~(gain > 0) | ~(np.abs(health) > line.unsure)
    if shape.requirement_leaps:
        doubt = doubt | (end.none & ~already & ~own & (t.count > 1))
    price, strain, none = end.price, end.strain, end.none
    if shape.shown == shapes.FROZEN and shape.linear:
        price = g.mark - free / (g.qty * g.side)
        away = np.abs(price.hi)
        strain = Strain(away + g.mark.hi + line.size / g.qty.hi, away)
        none = ~(price.hi > 0)
        doubt = doubt | ~(strain.result > HARDLY_ANYTHING * strain.size)
    if shape.ticks_against:
        price = price + Pair(g.tick.step, g.tick.step_lo) * (g.side * shape.ticks_against)
    shown = printed(price, shape.liquidation_price, g.tick, g.side, strain)
    incomplete = (t.complete == 0) & ~own
    doubt = doubt | (incomplete & ~ends.within(size, t.last_cap, t.last_cap_lo))
    unknown = end.none & ~end.none
    if shape.tier_moves:
        there = base.hi / slope.hi
        unknown = incomplete & (there > _NEARLY * t.last_cap)
        near = incomplete & (_NEARLY * there > t.last_cap) & ~unknown
        doubt = doubt | near | (unknown & already)
    none = none & ~unknown
    unprinted = ~none & ~unknown & ~(shown.value.hi > 0)
    status = where(end.none, 1.0 * CANNOT, 1.0 * AT_PRICE)
    status = where(unknown, 1.0 * UNKNOWN, status)
    return Ending(
        where(none | unprinted | unknown, np.nan, shown.value.hi),
        where(already, 1.0 * ALREADY, status),
        none,
        unprinted,
        unknown,
        doubt | (shown.doubt & ~none & ~unknown),
    )


def reason_of(e: Ending) -> Value:
    """Return the place of the reason why there is no price; -1 if there is one."""
    reason = where(e.unprinted, 1.0 * UNPRINTED, where(e.none, 1.0 * NO_PRICE, -1.0))
    return where(e.unknown, 1.0 * ROWS_UNKNOWN, reason)


def _money(shape: Shape, g: Given, r: Rates, v: Values, margins: Margins) -> Money:
    """Return the margins and the value as they are printed."""
    notional = printed(row.valued(v, shape.notional_at), shape.notional, g.tick, g.side, UNSTRAINED)
    initial = printed(margins.initial, shape.initial, g.tick, g.side, UNSTRAINED)
    held = margins.maintenance
    if shape.residue and not shape.exempt:
        held = held + margins.residue
    lost = np.abs(r.deduction.hi)
    if shape.fee_in_maintenance != shapes.NO_FEE:
        held = held + margins.maintenance_fee
        lost = lost + np.abs(margins.maintenance_fee.hi)
    strain = Strain(np.abs(held.hi) + lost, np.abs(held.hi))
    without = printed(held, shape.maintenance, g.tick, g.side, strain)
    amount, doubt = without.value.hi, without.doubt
    if shape.from_initial:
        base = printed(v.mark * r.imr, shape.initial, g.tick, g.side, UNSTRAINED)
        part = base.value * r.mmr / r.imr
        found = printed(part, shape.maintenance, g.tick, g.side, UNSTRAINED)
        amount = where(np.isnan(r.imr.hi), amount, found.value.hi)
        doubt = doubt | base.doubt | found.doubt
    doubt = doubt | notional.doubt | (initial.doubt & ~np.isnan(initial.value.hi))
    return Money(notional.value.hi, initial.value.hi, amount, doubt)


def _warnings(
    shape: Shape, g: Given, size: Pair, own: Value, t: Terms, most: Value, notes: Value
) -> Value:
    """Return flags of what is to be said about a position.

    Args:
        shape, g, size, own, t: the position and what holds for it.
        most, notes: maximum leverage of its tier, and what is to be said of it.
    """
    above = ~ends.within(size, t.last_cap, t.last_cap_lo) | (notes >= shapes.OPEN_END)
    inferred = (notes == shapes.BASIS) | (notes == shapes.BASIS + shapes.OPEN_END)
    count = g.qty * Pair(t.lots, t.lots_lo)
    off = (count.hi - np.rint(count.hi)) + (count.lo - np.rint(count.lo))
    uneven = np.abs(off) > ON_GRID * np.abs(count.hi)
    flags = ABOVE_CAP * above + ABOVE_LEVERAGE * (g.leverage.hi > most) + INFERRED * inferred
    flags = where(own, 1.0 * OWN_RATE, 1.0 * flags) + NO_LOT * uneven
    if not shape.isolated and shape.given.margin:
        flags = flags + NO_MARGIN * ~np.isnan(g.margin.hi)
    return flags
