"""Isolated positions with their marks and margins written out, as `Case.settled` does.

Works on columns and on single rows, with the same result to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, position, row
from liqcalc.batch.fast.grid import NONE
from liqcalc.batch.fast.pairs import Pair, Value, where
from liqcalc.batch.fast.row import leverage_fee_of, leverage_rate_of

if TYPE_CHECKING:
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.position import Prices, Raw, Terms
    from liqcalc.batch.fast.row import Given, Values
    from liqcalc.batch.fast.shapes import Shape

_SAME = 2e-31


class Settled(NamedTuple):
    """A position written out.

    Attributes:
        prices: quantity, entry, mark and index.
        margin: isolated money without profit, with what was added by hand;
            NaN if it is not known.
        doubt: a pair did not decide it.
    """

    prices: Prices
    margin: Pair
    doubt: Value


def settled(shape: Shape, raw: Raw, side: Value, terms: Terms, table: Table) -> Settled:
    """Return an isolated position with its mark and margin written out.

    Args:
        shape: of the position.
        raw: its numbers.
        side: +1 long, -1 short.
        terms: the numbers of its plan.
        table: all tier tables.
    """
    prices = position.prices_of(shape, raw, side, terms)
    given = position.given_of(shape, raw, prices, side, terms)
    values = row.values(shape, given)
    spot = position.spot_of(shape, raw, values.size, terms, table)
    rates = position.rates_of(shape, raw, spot.own, ends.rates_at(table, spot.first + spot.at))
    margins = row.margins(shape, given, rates, values, row.zero(side))
    margin = margins.cash
    if shape.fee_to_close_reserved:
        margin = margin + margins.reserve
    doubt = margins.doubt | values.doubt | spot.doubt | ~position.usable(shape.given, raw)
    if shape.fee_rate.to != NONE and _adds(shape):
        printed, unsure = _printed(shape, given, values)
        usual = np.isnan(raw.margin.hi)
        margin = where(usual, printed, margin)
        doubt = doubt | (usual & unsure)
    return Settled(prices, margin, doubt | ~(np.abs(margin.hi) >= 0))


def _adds(shape: Shape) -> bool:
    """Return True if a default margin has more parts than the initial margin."""
    fees = shape.opening_fee > 0 or shape.closing_fee > 0 or shape.fee_to_close > 0
    return fees or shape.fee_reserve > 0 or shape.funding_paid > 0


def _printed(shape: Shape, g: Given, v: Values) -> tuple[Pair, Value]:
    """Return the default margin that an exchange prints which rounds rates; it is written out."""
    rate, doubt = leverage_rate_of(shape, g)
    base = v.entry / g.leverage if shape.leverage_rate.to == NONE else v.entry * rate
    fee, unsure = leverage_fee_of(shape, g, v.entry)
    return base + fee + g.extra - g.funding, doubt | unsure


def in_two(total: Pair, meant: Pair, size: Value) -> tuple[Value, Value]:
    """Return a number as two floats whose decimals add up to it.

    Args:
        total: the number.
        meant: the decimal that its first float is read as.
        size: of the numbers that it is the difference of.
    """
    rest = (total - meant).hi
    return meant.hi, where(np.abs(rest) <= _SAME * size, 0.0, rest)
