"""What a position comes to: its figures at the mark, and where it is liquidated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row, shapes
from liqcalc.batch.fast.ends import HARDLY_ANYTHING, Line, Place, Table
from liqcalc.batch.fast.grid import ON_GRID, UNSTRAINED, Strain, printed
from liqcalc.batch.fast.pairs import Pair, Value, take, where

if TYPE_CHECKING:
    from liqcalc.batch.fast.behind import Backing
    from liqcalc.batch.fast.position import Spot, Terms
    from liqcalc.batch.fast.row import Given, Margins, Rates, Values
    from liqcalc.batch.fast.shapes import Shape

CANNOT, AT_PRICE, ALREADY, UNKNOWN = range(4)
NO_PRICE, UNPRINTED, ROWS_UNKNOWN = range(3)
ABOVE_CAP, ABOVE_LEVERAGE, INFERRED, NO_LOT, OWN_RATE, NO_MARGIN = 1, 2, 4, 8, 16, 32
_CANCELLED = 1e-13
"""A requirement so small beside the value is what cancellation left, or nothing."""
_NEARLY = 1 + 1e-12


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
