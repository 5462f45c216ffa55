"""A block of positions at a mark: what they stand on, and where they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from liqcalc.batch.fast import behind, ends, outcome, position, row, shapes
from liqcalc.batch.fast.ends import NOTHING, End
from liqcalc.batch.fast.grid import ENTRY, NONE, to_digits, to_tick
from liqcalc.batch.fast.pairs import Pair, where
from liqcalc.batch.fast.powers import POWERS_HI, POWERS_LO, ZEROTH
from liqcalc.batch.fast.row import leverage_fee_of, leverage_rate_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.behind import Backing
    from liqcalc.batch.fast.ends import Line, Table
    from liqcalc.batch.fast.outcome import Root
    from liqcalc.batch.fast.position import Raw, Spot, Terms
    from liqcalc.batch.fast.row import Given, Margins, Rates, Values
    from liqcalc.batch.fast.shapes import Shape

_FEWEST_DIGITS, _UNKNOWN_DIGITS = 3, 8
_HAIR = 1e-9

T = TypeVar("T")


class Kind(NamedTuple):
    """What all positions of a block have in common: their shape, and all tiers of all tables."""

    shape: Shape
    table: Table


class Stand(NamedTuple):
    """Positions at a mark.

    Attributes:
        raw, terms, given: what is known of them; `given` holds the mark.
        values, spot, rates, margins, line: what follows, as in `position`.
        held: money behind it without profit: margin, or wallet.
        backing: what backs it.
        due: the condition holds.
        doubt: a pair does not tell.
    """

    raw: Raw
    terms: Terms
    given: Given
    values: Values
    spot: Spot
    rates: Rates
    margins: Margins
    line: Line
    held: Pair
    backing: Backing
    due: Mask
    doubt: Mask


def stand(kind: Kind, raw: Raw, given: Given, terms: Terms, wallet: Pair) -> Stand:
    """Return what positions stand on at the marks of `given`.

    Args:
        kind: of all positions.
        raw: what they give.
        given: the same with what their plans add, at the marks.
        terms: of their plans.
        wallet: behind each cross position.
    """
    shape, table = kind
    values = row.values(shape, given)
    spot = position.spot_of(shape, raw, values.size, terms, table)
    known = ends.rates_at(table, spot.first + spot.at)
    rates = position.rates_of(shape, raw, spot.own, known)
    margins = row.margins(shape, given, rates, values, row.zero(given.side))
    backing = _backing(shape, given, values, spot, margins, terms, wallet)
    line = ends.line(shape, given, rates, values, margins, backing.cash, backing.size)
    unknown = (
        (terms.complete == 0)
        & ~spot.own
        & ~ends.within(values.size, terms.last_cap, terms.last_cap_lo)
    )
    doubt = values.doubt | spot.doubt | margins.doubt | (rates.mmr.hi >= 1) | unknown
    required = row.valued(values, shape.maintenance_at) * rates.mmr - rates.deduction
    least = given.minimum.hi if shape.minimum else 0.0
    due, unsure = _due(shape, line)
    doubt |= ~(required.hi > least)  # what moves with the price is not the requirement
    return Stand(
        raw=raw,
        terms=terms,
        given=given,
        values=values,
        spot=spot,
        rates=rates,
        margins=margins,
        line=line,
        held=_held(shape, given, values, margins) if shape.isolated else wallet,
        backing=backing,
        due=due,
        doubt=doubt | unsure,
    )


def near_zero(line: Line) -> Mask:
    """Return where health is so near zero that a pair may not have its sign."""
    near: Mask = ~(np.abs(line.health) > line.unsure)
    return near


def _due(shape: Shape, line: Line) -> tuple[Mask, Mask]:
    """Return whether the condition holds, and whether that is in doubt.

    Health of a linear contract that is zero for a pair is exactly zero: it is a
    sum of products of short decimals, in which nothing is left to cancel.
    """
    zero = (np.abs(line.health) <= NOTHING * line.size) & shape.linear
    return where(zero, shape.inclusive, line.health < 0), near_zero(line) & ~zero


def _backing(
    shape: Shape,
    given: Given,
    values: Values,
    spot: Spot,
    margins: Margins,
    terms: Terms,
    wallet: Pair,
) -> Backing:
    if shape.isolated:
        return behind.backing_of(shape, margins, values)
    mine = behind.share_of(shape, given, values, spot, margins, terms)
    return behind.pooled(shape, mine, mine, wallet, 1.0 + 0.0 * given.side)


def _held(shape: Shape, g: Given, values: Values, margins: Margins) -> Pair:
    """Return the isolated margin as it is shown, with what is reserved of it."""
    margin = margins.cash
    if shape.fee_to_close_reserved:
        margin = margin + margins.reserve
    adds = max(shape.opening_fee, shape.closing_fee, shape.fee_to_close, shape.fee_reserve)
    if shape.fee_rate.to == NONE or adds <= 0:
        return margin
    fee, _ = leverage_fee_of(shape, g, values.entry)
    base = values.entry / g.leverage
    if shape.leverage_rate.to != NONE:
        base = values.entry * leverage_rate_of(shape, g)[0]
    shown: Pair = where(np.isnan(g.margin.hi), base + fee + g.extra - g.funding, margin)
    return shown


def with_rates(kind: Kind, s: Stand, rates: Rates) -> tuple[Mask, Mask]:
    """Return whether the condition holds by other rates, and whether that is in doubt."""
    shape, g = kind.shape, s.given
    margins = row.margins(shape, g, rates, s.values, row.zero(g.side))
    backing = _backing(shape, g, s.values, s.spot, margins, s.terms, s.held)
    line = ends.line(shape, g, rates, s.values, margins, backing.cash, backing.size)
    due, unsure = _due(shape, line)
    return due, margins.doubt | unsure


def bankruptcy(kind: Kind, s: Stand) -> End:
    """Return the bankruptcy price, unrounded."""
    shape, backing = kind.shape, s.backing
    if shape.share != shapes.ALL:
        lost = backing.equity * backing.part
        return ends.shared_loss(shape, s.given, s.values, lost)
    return ends.bankruptcy(shape, s.given, s.values, backing.bankrupt, backing.size)


def root_of(kind: Kind, s: Stand) -> Root:
    """Return what decides where the condition begins or ceases to hold."""
    drift = row.drift_of(kind.shape, s.given.side)
    base, fee, health = s.line.base.hi, s.margins.fee_rate.hi, s.line.health
    return outcome.root_of(kind.shape, drift, s.spot, s.rates, base, fee, health, kind.table)


def level_of(kind: Kind, s: Stand) -> End:
    """Return the mark at which the condition begins to hold, unrounded."""
    shape, line, root = kind.shape, s.line, root_of(kind, s)
    drift = row.drift_of(shape, s.given.side)
    slope = ends.slope_of(shape, drift, s.margins.fee_rate)
    if shape.requirement_moves:
        value = (line.base - root.deduction) / (slope - root.mmr)
        value = where(np.isnan(root.edge.hi), value, root.edge)
        value = where(root.none, -row.zero(drift), value)
    else:
        value = line.base / slope
    end = ends.end_at(shape, s.given, value, line.size)
    return end._replace(doubt=end.doubt | root.doubt)


class Grid(NamedTuple):
    """The first price on the grid at a level or beyond it, and the step to the next one."""

    price: Pair
    step: Pair
    doubt: Mask


def grid_beyond(level: End, given: Given) -> Grid:
    """Return where a level stands on the grid; see `engine.steps.grid_beyond`.

    The grid is the tick, or eight digits where that is unknown or too coarse to
    tell prices apart.
    """
    way, tick = -given.side, given.tick
    price, doubt = to_tick(level.price, tick, ENTRY, way, level.strain)
    step = row.zero(way) + Pair(tick.step, tick.step_lo)
    size, place = np.log10(step.hi), place_of(level.price.hi)
    fine = np.isnan(size) | (np.floor(size + _HAIR) > place - _FEWEST_DIGITS)
    if fine.any():
        found = to_digits(level.price, _UNKNOWN_DIGITS, ENTRY, way, level.strain)
        at = np.asarray(place + (ZEROTH + 1 - _UNKNOWN_DIGITS), dtype=np.int64)
        price, doubt = where(fine, found.value, price), where(fine, found.doubt, doubt)
        step = where(fine, Pair(POWERS_HI[at], POWERS_LO[at]), step)
    return Grid(price, step * way, doubt | ~(price.hi > 0))


def place_of(number: Floats) -> Floats:
    """Return the place of the first digit: 0 for ones, 1 for tens."""
    place = np.floor(np.log10(number))
    place = np.where(np.abs(place) < ZEROTH, place, 0.0)
    at = place.astype(np.int64) + ZEROTH
    place += number >= POWERS_HI[at + 1]
    place -= number < POWERS_HI[at]
    return place


def moved(s: Stand, mark: Pair, held: Pair) -> Given:
    """Return positions at other marks, with their margins written out; an index moves along."""
    given, raw = s.given, s.raw
    index = where(np.isnan(raw.index_price.hi), mark, given.indexed * mark / given.mark)
    return given._replace(mark=mark, indexed=index, margin=held - given.extra)


def some(thing: T, rows: NDArray[np.int64], count: int) -> T:
    """Return some rows of `count`, in their order; all of them without a copy."""
    return thing if len(rows) == count else part(thing, rows)


def part(thing: T, rows: Any) -> T:  # noqa: ANN401 - places or a mask
    """Return some rows of columns, pairs, and tuples of them."""
    found: Any = thing
    if isinstance(thing, Pair):
        found = Pair(part(thing.hi, rows), part(thing.lo, rows))
    elif isinstance(thing, tuple):
        found = type(thing)(*(part(each, rows) for each in thing))
    elif isinstance(thing, np.ndarray) and thing.ndim:
        found = thing[rows]
    return found  # type: ignore[no-any-return]
