"""What a row gives: its numbers, its prices, and its place in the tier table.

Everything here and in `behind` and `outcome` works on columns and on single rows,
with the same result to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row
from liqcalc.batch.fast.grid import UNSTRAINED, Tick, printed
from liqcalc.batch.fast.pairs import Pair, Value, where
from liqcalc.batch.fast.row import Given, Rates

if TYPE_CHECKING:
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.shapes import Inputs, Shape

LEAST, MOST = 1e-20, 1e20
_MOST_TAKER = 0.1
"""Beyond it the division by 1 - rate magnifies what the exact engine itself rounds off."""


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
        good = good & ~(np.abs(raw.taker.hi) > _MOST_TAKER)
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
