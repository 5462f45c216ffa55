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


class Amounts(NamedTuple):
    """What a position requires, before it is printed.

    Attributes:
        initial, held: margins.
        lost: size of the numbers that `held` is the difference of.
        bankrupt: price at which what backs it is gone.
        size, result: of the strain of that price.
        none: 1 where there is no such price.
        ratio: requirement / equity; NaN where nothing is left.
        doubt: 1 where an amount is not certain.
    """

    initial: Pair
    held: Pair
    lost: Value
    bankrupt: Pair
    size: Value
    result: Value
    none: Value
    ratio: Value
    doubt: Value


class Standing(NamedTuple):
    """What a position is worth and required to have, as printed; NaN where there is nothing.

    Attributes:
        warnings: a sum of flags.
        doubt: 1 where a figure is not certain.
    """

    bankruptcy_price: Value
    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    margin_ratio: Value
    max_leverage: Value
    warnings: Value
    doubt: Value


class Reach(NamedTuple):
    """Where a position is liquidated, before it is printed.

    Attributes:
        price: NaN where there is none.
        size, result: of its strain.
        status: a place among the four.
        reason: why there is no price, a place among the three; -1 if there is one.
        doubt: 1 where it is not certain.
    """

    price: Pair
    size: Value
    result: Value
    status: Value
    reason: Value
    doubt: Value


class Ending(NamedTuple):
    """Where a position is liquidated.

    Attributes:
        liquidation_price: as printed; NaN where there is none.
        status, reason: as in `Reach`.
        doubt: it is not certain.
    """

    liquidation_price: Value
    status: Value
    reason: Value
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


def amounts_of(
    shape: Shape, g: Given, r: Rates, v: Values, spot: Spot, margins: Margins, backing: Backing
) -> Amounts:
    """Return what a position requires, and where what backs it is gone."""
    held, lost = margins.maintenance, np.abs(r.deduction.hi)
    if shape.residue and not shape.exempt:
        held = held + margins.residue
    if shape.fee_in_maintenance != shapes.NO_FEE:
        held = held + margins.maintenance_fee
        lost = lost + np.abs(margins.maintenance_fee.hi)
    gone = ends.bankruptcy(shape, g, v, backing.bankrupt, backing.size)
    if shape.share != shapes.ALL:
        gone = ends.shared_loss(shape, g, v, backing.equity * backing.part)
    ratio = backing.requirement / backing.equity
    size = v.entry.hi + v.mark.hi + np.abs(backing.cash.hi) + backing.size
    doubt = gone.doubt | margins.doubt | v.doubt | spot.doubt | (r.mmr.hi >= 1)
    doubt = doubt | (np.abs(backing.equity.hi) <= HARDLY_ANYTHING * size)
    doubt = doubt | (np.abs(backing.requirement.hi) <= _CANCELLED * v.mark.hi)
    return Amounts(
        margins.initial,
        held,
        lost,
        gone.price,
        gone.strain.size,
        gone.strain.result,
        1.0 * gone.none,
        where(backing.equity.hi > 0, ratio.hi, np.nan),
        1.0 * doubt,
    )


def standing_of(
    shape: Shape,
    g: Given,
    r: Rates,
    v: Values,
    own: Value,
    t: Terms,
    most: Value,
    notes: Value,
    a: Amounts,
) -> Standing:
    """Return the figures that do not depend on where a position is liquidated, as printed.

    Args:
        shape, g, r, v, own, t, a: the position.
        most, notes: maximum leverage of its tier, and what is to be said of it.
    """
    notional = printed(row.valued(v, shape.notional_at), shape.notional, g.tick, g.side, UNSTRAINED)
    initial = printed(a.initial, shape.initial, g.tick, g.side, UNSTRAINED)
    held, doubt = _maintenance(shape, g, r, v, a)
    lost = printed(a.bankrupt, shape.bankruptcy_price, g.tick, g.side, Strain(a.size, a.result))
    none = a.none > 0
    doubt = doubt | notional.doubt | (initial.doubt & ~np.isnan(initial.value.hi))
    doubt = doubt | (lost.doubt & ~none) | (a.doubt > 0)
    if not shape.linear:
        doubt = doubt | (~none & ~(lost.value.hi > 0))  # a fee may be counted at it
    return Standing(
        where(none | ~(lost.value.hi > 0), np.nan, lost.value.hi),
        notional.value.hi,
        initial.value.hi,
        held,
        a.ratio,
        where(own, np.nan, most),
        _warnings(shape, g, v.size, own, t, most, notes),
        1.0 * doubt,
    )


def reach_of(
    shape: Shape,
    g: Given,
    line: Line,
    fee: Pair,
    root: Root,
    size: Pair,
    own: Value,
    t: Terms,
    free: Pair,
) -> Reach:
    """Return where a position is liquidated, before that is printed.

    Args:
        shape, g, line, t: the position.
        fee: rate of the fee on the moving value.
        root: what decides where health is zero.
        size: that picked its tier.
        own: it has a single rate of its own.
        free: equity of a cross pool above its requirement.
    """
    drift = row.drift_of(shape, g.side)
    already = line.health < 0
    slope = ends.slope_of(shape, drift, fee)
    if shape.requirement_moves:
        nothing, leaps = row.zero(drift), ~np.isnan(root.edge.hi)
        gain = drift * (slope.hi - root.mmr.hi)
        base = where(root.none, nothing, where(leaps, root.edge, line.base - root.deduction))
        slope = where(leaps, 1.0 + nothing, slope - root.mmr)
    else:
        base, gain = line.base, drift * slope.hi
    end = ends.end_of_line(shape, g, base, slope, line.size)
    doubt = end.doubt | root.doubt | ~(gain > 0) | ~(np.abs(line.health) > line.unsure)
    if shape.requirement_leaps:
        doubt = doubt | (end.none & ~already & ~own & (t.count > 1))
    price, strain, none = end.price, end.strain, end.none
    if shape.shown == shapes.FROZEN and shape.linear:
        price = g.mark - free / (g.qty * g.side)
        away = np.abs(price.hi)
        strain = Strain(away + g.mark.hi + line.size / g.qty.hi, away)
        none = ~(price.hi > 0)
        doubt = doubt | ~(strain.result > HARDLY_ANYTHING * strain.size)
    incomplete = (t.complete == 0) & ~own
    doubt = doubt | (incomplete & ~ends.within(size, t.last_cap, t.last_cap_lo))
    unknown = end.none & ~end.none
    if shape.tier_moves:
        there = base.hi / slope.hi
        unknown = incomplete & (there > _NEARLY * t.last_cap)
        near = incomplete & (_NEARLY * there > t.last_cap) & ~unknown
        doubt = doubt | near | (unknown & already)
    status = where(end.none, 1.0 * CANNOT, 1.0 * AT_PRICE)
    status = where(already, 1.0 * ALREADY, where(unknown, 1.0 * UNKNOWN, status))
    reason = where(none, 1.0 * NO_PRICE, -1.0)
    reason = where(unknown, 1.0 * ROWS_UNKNOWN, reason)
    return Reach(price, strain.size, strain.result, status, reason, 1.0 * doubt)


def ending_of(shape: Shape, g: Given, reach: Reach) -> Ending:
    """Return where a position is liquidated, as the exchange prints it."""
    price, there = reach.price, reach.reason < 0
    if shape.ticks_against:
        price = price + Pair(g.tick.step, g.tick.step_lo) * (g.side * shape.ticks_against)
    strain = Strain(reach.size, reach.result)
    shown = printed(price, shape.liquidation_price, g.tick, g.side, strain)
    above = shown.value.hi > 0
    return Ending(
        where(there & above, shown.value.hi, np.nan),
        reach.status,
        where(there & ~above, 1.0 * UNPRINTED, reach.reason),
        (reach.doubt > 0) | (shown.doubt & there),
    )


def _maintenance(shape: Shape, g: Given, r: Rates, v: Values, a: Amounts) -> tuple[Value, Value]:
    """Return the maintenance margin as it is printed, and whether that is in doubt."""
    size = np.abs(a.held.hi)
    without = printed(a.held, shape.maintenance, g.tick, g.side, Strain(size + a.lost, size))
    amount, doubt = without.value.hi, without.doubt
    if shape.from_initial:
        base = printed(v.mark * r.imr, shape.initial, g.tick, g.side, UNSTRAINED)
        part = base.value * r.mmr / r.imr
        found = printed(part, shape.maintenance, g.tick, g.side, UNSTRAINED)
        amount = where(np.isnan(r.imr.hi), amount, found.value.hi)
        doubt = doubt | base.doubt | found.doubt
    return amount, doubt


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
