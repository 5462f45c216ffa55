"""Isolated positions at other marks: what they are worth and required to have there.

Works on columns and on single rows, with the same result to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import behind, ends, position, row
from liqcalc.batch.fast.ends import HARDLY_ANYTHING
from liqcalc.batch.fast.pairs import Pair, Value, where
from liqcalc.batch.fast.position import Prices, Raw

if TYPE_CHECKING:
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.position import Terms
    from liqcalc.batch.fast.shapes import Shape
    from liqcalc.batch.settled import Settled

_LEAST, _MOST = 1e-20, 1e20


class Cell(NamedTuple):
    """A position at a price.

    Attributes:
        price: in quote.
        unrealized_pnl, equity, margin_ratio: there; the ratio is NaN where nothing is left.
        over: the exchange's condition holds.
        doubt: a pair did not decide it.
    """

    price: Value
    unrealized_pnl: Value
    equity: Value
    margin_ratio: Value
    over: Value
    doubt: Value


def with_margin(shape: Shape) -> Shape:
    """Return a shape of rows that give their margin."""
    return shape._replace(given=shape.given._replace(margin=True))


def cell(
    shape: Shape,
    raw: Raw,
    side: Value,
    terms: Terms,
    table: Table,
    start: Settled,
    price: Pair,
) -> Cell:
    """Return how an isolated position stands at another mark; its margin stays what it is.

    Args:
        shape: of rows that give their margin.
        raw: the row's numbers.
        side: +1 long, -1 short.
        terms: the numbers of its plan.
        table: all tier tables.
        start: the position written out.
        price: the mark.
    """
    old = start.prices
    index = old.indexed * price / old.mark if shape.given.index_price else price
    prices = Prices(old.qty, old.entry, price, index)
    given = position.given_of(shape, _with_margin(shape, raw, start.margin), prices, side, terms)
    values = row.values(shape, given)
    spot = position.spot_of(shape, raw, values.size, terms, table)
    rates = position.rates_of(shape, raw, spot.own, ends.rates_at(table, spot.first + spot.at))
    margins = row.margins(shape, given, rates, values, row.zero(side))
    backing = behind.backing_of(shape, margins, values)
    line = ends.line(shape, given, rates, values, margins, backing.cash, backing.size)
    ratio = backing.requirement / backing.equity
    equity = start.margin + margins.pnl
    doubt = start.doubt | values.doubt | spot.doubt | margins.doubt | (rates.mmr.hi >= 1)
    doubt = doubt | ~(np.abs(line.health) > line.unsure)
    doubt = doubt | ~(np.abs(backing.equity.hi) > HARDLY_ANYTHING * line.size)
    doubt = doubt | ((terms.complete == 0) & ~spot.own)  # it may end where no rate is known
    doubt = doubt | ~((price.hi > _LEAST) & (price.hi < _MOST))
    return Cell(
        price.hi,
        _zero_if_nothing(margins.pnl, values.entry.hi + values.mark.hi),
        equity.hi,
        where(backing.equity.hi > 0, ratio.hi, np.nan),
        line.health < 0,
        doubt,
    )


def _with_margin(shape: Shape, raw: Raw, margin: Pair) -> Raw:
    """Return a row's numbers with its margin, less what was added by hand."""
    if shape.given.extra_margin:
        margin = where(np.isnan(raw.extra_margin.hi), margin, margin - raw.extra_margin)
    return Raw(
        raw.qty,
        raw.contracts,
        raw.entry_price,
        raw.mark_price,
        raw.index_price,
        raw.leverage,
        margin,
        raw.extra_margin,
        raw.funding_paid,
        raw.taker,
        raw.mmr,
        raw.deduction,
    )


def _zero_if_nothing(amount: Pair, size: Value) -> Value:
    """Return an amount, 0 where it is less than the digits of the numbers it came from."""
    return where(np.abs(amount.hi) <= ends.NOTHING * size, 0.0 * size, amount.hi)
