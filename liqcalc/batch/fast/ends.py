"""Where a position ends, in columns: the row of the table, the root, the printed prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.batch.fast.grid import Strain
from liqcalc.batch.fast.pairs import Pair, Value, every, take, where
from liqcalc.batch.fast.row import Given, Margins, Rates, Values, drift_of, price_of
from liqcalc.engine import formulas

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Shape

_SAME, _DOUBTFUL = 2e-30, 1e-28
_NEAR_EDGE = 1e-10
_LEAST, _MOST = 1e-20, 1e20
NOTHING, HARDLY_ANYTHING = 1e-29, 1e-27
NEAR_ZERO = 1e-14
"""Floats do not tell the sign of a sum that is so much smaller than its parts."""


class Table(NamedTuple):
    """The rows of all tier tables, one after the other; a pair is two columns.

    Attributes:
        cap, cap_lo: end of each row; infinite where a table ends.
        mmr, mmr_lo, deduction, deduction_lo, imr, imr_lo: of each row.
    """

    cap: Value
    cap_lo: Value
    mmr: Value
    mmr_lo: Value
    deduction: Value
    deduction_lo: Value
    imr: Value
    imr_lo: Value


class Place(NamedTuple):
    """A row of a position's own table: the table's first row, how many it has, which it is."""

    first: Value
    count: Value
    row: Value


def place(number: Value) -> Value:
    """Return whole numbers as places of a table."""
    return np.asarray(number, dtype=np.int64)


def rates_at(t: Table, at: Value) -> Rates:
    """Return the rates of a row."""
    return Rates(
        Pair(take(t.mmr, at), take(t.mmr_lo, at)),
        Pair(take(t.deduction, at), take(t.deduction_lo, at)),
        Pair(take(t.imr, at), take(t.imr_lo, at)),
    )


def beyond(shape: Shape, size: Pair, cap: Value, cap_lo: Value) -> tuple[Value, Value]:
    """Return whether a size lies beyond the end of a row, and whether that is in doubt."""
    over = (size.hi - cap) + (size.lo - cap_lo)  # exact where they are near
    same = np.abs(over) <= _SAME * cap
    doubt = (np.abs(over) <= _DOUBTFUL * cap) & ~same
    return (over > 0) & ~same if shape.edge_in_lower else (over > 0) | same, doubt


def within(size: Pair, cap: Value, cap_lo: Value) -> Value:
    """Return whether a size lies within the end of a table, or on it."""
    over = (size.hi - cap) + (size.lo - cap_lo)
    return ~(over > _SAME * cap)


def pick(shape: Shape, size: Pair, t: Table, first: Value, count: Value) -> tuple[Value, Value]:
    """Return which row holds a size, and whether that is in doubt.

    What is left of the table is halved until one row is left; a size near an end
    of that row is then compared with all digits.
    """
    low, left = first, count
    while not every(left <= 1):
        half = left // 2
        low = low + half * (size.hi > take(t.cap, low + half - 1))
        left = left - half
    over, doubt = beyond(shape, size, take(t.cap, low), take(t.cap_lo, low))
    over = over & (low < first + count - 1)
    before = where(low > first, low - 1, low)
    past, unsure = beyond(shape, size, take(t.cap, before), take(t.cap_lo, before))
    under = ~past & (low > first)
    doubt = (doubt & (low < first + count - 1)) | (unsure & (low > first))
    return low - first + 1 * over - 1 * under, doubt


def stays(
    drift: Value, r: Rates, low: Value, high: Value, base: Value, fee: Value, health: Value
) -> Value:
    """Return where health changes its sign before the row of the mark ends.

    Args:
        drift, base, fee, health: of the line.
        r, low, high: the row and its ends.
    """
    way = where(health < 0, drift, -drift)
    far = where(way > 0, high, low)
    there = (drift - fee - r.mmr.hi) * far - (base - r.deduction.hi)
    return (there * health <= 0) & (np.abs(there) > _NEAR_EDGE * far)


class Sweep(NamedTuple):
    """Where health first changes its sign, going from the mark.

    Attributes:
        row: of the table there.
        jump: health leaps over zero at the edge where the row begins.
        none: it does not change its sign that way.
        doubt: too near an edge to tell with floats.
    """

    row: Value
    jump: Value
    none: Value
    doubt: Value


def sweep(
    t: Table, place: Place, drift: Value, base: Value, fee: Value, above: Value, way: Value
) -> Sweep:
    """Return where health changes its sign.

    Formula:
        health(v) = (drift - fee - mmr)*v - (base - deduction), v the value
        that moves; on each row a straight line.

    Args:
        t, place: the table, and the row that holds the mark.
        drift, base, fee: of the line.
        above: +1 where health is above zero at the mark, -1 where below.
        way: +1 to larger values, -1 to smaller ones.
    """
    row, jump = place.row, place.row < 0
    none, doubt, open_ = jump, jump, ~jump
    up = way > 0
    while True:
        at = place.first + row
        last = where(up, row == place.count - 1, row == 0)
        slope = drift - fee - take(t.mmr, at)
        rest = base - take(t.deduction, at)
        following = where(last, at, where(up, at + 1, at - 1))
        edge = where(last, 0.0, take(t.cap, where(up, at, following)))
        here = slope * edge - rest
        after = (drift - fee - take(t.mmr, following)) * edge - (
            base - take(t.deduction, following)
        )
        crosses = where(last, above * slope * way < 0, here * above <= 0)
        flips = ~crosses & ~last & ~(after * above > 0)
        near = _NEAR_EDGE * edge
        doubt = doubt | (
            open_ & ~last & ((np.abs(here) <= near) | (~crosses & (np.abs(after) <= near)))
        )
        jump = jump | (open_ & flips)
        none = none | (open_ & last & ~crosses)
        moving = open_ & ~crosses & ~last
        row = where(moving, following - place.first, row)
        open_ = moving & ~flips
        if every(~open_):
            return Sweep(row, jump, none, doubt)


class Line(NamedTuple):
    """Health as the value v moves: slope*v - (base - deduction of the row).

    Attributes:
        base: drift*entry value - cash + what of the requirement stands still.
        health: at the mark.
        size: of the numbers that it is the difference of.
        unsure: how near zero its sign is not certain.
    """

    base: Pair
    health: Value
    size: Value
    unsure: Value


def line(shape: Shape, g: Given, r: Rates, v: Values, m: Margins, cash: Pair, more: Value) -> Line:
    """Return health as the value moves; `quick_line` with all digits."""
    base, size = _line(shape, g, v, m, cash, more)
    slope = slope_of(shape, drift_of(shape, g.side), m.fee_rate)
    if shape.requirement_moves:
        health = v.mark * (slope - r.mmr) - (base - r.deduction)
    else:
        health = v.mark * slope - base
    return Line(base, health.hi, size, HARDLY_ANYTHING * size)


def quick_line(
    shape: Shape, g: Given, r: Rates, v: Values, m: Margins, cash: Pair, more: Value
) -> Line:
    """Return health as the value moves, where only its sign counts.

    Args:
        shape, g, r, v, m: the position.
        cash: what backs the position without its own profit, less what others
            require.
        more: size of the sums that `cash` is the difference of.
    """
    base, size = _line(shape, g, v, m, cash, more)
    slope = slope_of(shape, drift_of(shape, g.side), m.fee_rate).hi
    if shape.requirement_moves:
        health = v.mark.hi * (slope - r.mmr.hi) - (base.hi - r.deduction.hi)
    else:
        health = v.mark.hi * slope - base.hi
    return Line(base, health, size, NEAR_ZERO * size)


def _line(
    shape: Shape, g: Given, v: Values, m: Margins, cash: Pair, more: Value
) -> tuple[Pair, Value]:
    base = v.entry * drift_of(shape, g.side) - cash
    if shape.fee_stands:
        base = base + m.fee_constant
    if shape.residue:
        base = base + m.residue
    if not shape.requirement_moves:
        base = base + m.maintenance
    return base, v.entry.hi + v.mark.hi + np.abs(cash.hi) + more


def slope_of(shape: Shape, drift: Value, fee: Pair) -> Pair:
    """Return how fast a position gains as its value grows, less the fee on that value."""
    slope = Pair(drift, 0.0 * drift)
    return slope - fee if shape.fee_moves else slope


class End(NamedTuple):
    """A price at which a position ends.

    Attributes:
        price: unrounded; NaN where there is none.
        strain: of the price.
        none: no positive price.
        doubt: whether there is one is in doubt.
    """

    price: Pair
    strain: Strain
    none: Value
    doubt: Value


def end_at(shape: Shape, g: Given, value: Pair, size: Value) -> End:
    """Return the price at which a position has a value; none where that is not above zero."""
    return _end(price_of(shape, value, g.qty), value.hi, size)


def end_of_line(shape: Shape, g: Given, base: Pair, slope: Pair, size: Value) -> End:
    """Return the price at which a position's value is base / slope; see `end_at`."""
    qty = slope * g.qty
    return _end(base / qty if shape.linear else qty / base, base.hi / slope.hi, size)


def _end(price: Pair, value: Value, size: Value) -> End:
    amount = np.abs(value)
    small = amount <= NOTHING * size
    doubt = (amount <= HARDLY_ANYTHING * size) & ~small & (amount > 0)
    none = small | ~(value > 0)
    doubt = doubt | (~none & ~((price.hi > _LEAST) & (price.hi < _MOST)))
    return End(price, Strain(amount + size, amount), none, doubt)


def bankruptcy(shape: Shape, g: Given, v: Values, cash: Pair, more: Value) -> End:
    """Return where what backs a position is gone, after the fee to close."""
    drift = drift_of(shape, g.side)
    if shape.bankruptcy_pays_at_entry:
        cash = cash - v.entry * g.bankruptcy
    size = v.entry.hi + np.abs(cash.hi) + more
    value: Any
    if shape.bankruptcy_pays and not shape.bankruptcy_pays_at_entry:
        value = formulas.bankruptcy_value(drift, v.entry, cash, g.bankruptcy)
    else:
        value = (v.entry * drift - cash) * drift
    return end_at(shape, g, value, size)


def shared_loss(shape: Shape, g: Given, v: Values, lost: Pair) -> End:
    """Return where a position has lost its part of the pool's equity.

    Formula:
        value = (value at the mark - drift*lost) / (1 - drift*rate)
    """
    drift = drift_of(shape, g.side)
    value = v.mark - lost * drift
    if shape.bankruptcy_pays and not shape.bankruptcy_pays_at_entry:
        value = value / (1.0 - g.bankruptcy * drift)
    return end_at(shape, g, value, v.mark.hi + np.abs(lost.hi))
