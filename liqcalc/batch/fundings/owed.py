"""What is due of a position while it is held, and the margin that it is taken from.

Works on columns and on single rows, with the same result to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast.grid import HALF_EVEN, UNSTRAINED, to_whole
from liqcalc.batch.fast.pairs import Pair, Value, where
from liqcalc.batch.fast.row import value_of
from liqcalc.batch.fundings.terms import PURSES
from liqcalc.engine.funding import HOUR
from liqcalc.engine.words import Purse

if TYPE_CHECKING:
    from liqcalc.batch.fast.position import Raw
    from liqcalc.batch.fast.shapes import Shape
    from liqcalc.batch.fundings.terms import Due
    from liqcalc.batch.settled import Settled

_HOUR, _USUAL = float(HOUR), 24.0 * HOUR
_MOST_HOURS, _MOST_PAYMENTS = 876_000.0, 20_000.0
_OWED, _FREE, _FREE_FIRST = map(PURSES.index, (Purse.OWED, Purse.FREE, Purse.FREE_FIRST))


class Held(NamedTuple):
    """What a row says of its funding; NaN where it says nothing.

    Attributes:
        hours, rate, free: time held, rate of an interval, money that pays first.
        begin: milliseconds since 1970.
    """

    hours: Pair
    rate: Pair
    free: Pair
    begin: Value


class Owed(NamedTuple):
    """What is due of a row, and what it is taken from.

    Attributes:
        due: payments in the time held.
        amount, amount_lo: of one payment.
        total, total_lo: of all of them.
        margin, margin_lo: before the first, with what was added by hand.
        apart: 1 where what was added by hand counts on its own.
        extra: that, there; else 0.
        free, free_lo: what pays before the margin does; infinite where the margin never pays.
        to_free: 1 where what is received goes there.
        rate: that is charged, where the condition expects it; else NaN.
        spares: 1 where a payment that would liquidate is left out.
        again: 1 where the row is asked about alone.
    """

    due: Value
    amount: Value
    amount_lo: Value
    total: Value
    total_lo: Value
    margin: Value
    margin_lo: Value
    apart: Value
    extra: Value
    free: Value
    free_lo: Value
    to_free: Value
    rate: Value
    spares: Value
    again: Value


class Span(NamedTuple):
    """The time held, in milliseconds, the payments in it, and whether it cannot be used."""

    length: Value
    due: Value
    unusable: Value


def owed(shape: Shape, raw: Raw, side: Value, start: Settled, due: Due, held: Held) -> Owed:
    """Return what is due of a position.

    Args:
        shape: of the position.
        raw: its numbers.
        side: +1 long, -1 short.
        start: the position written out.
        due: what a payment is.
        held: its funding.
    """
    span = _span(due, held, side)
    rate, cap = held.rate, Pair(due.cap, due.cap_lo)
    below = rate.hi < 0
    over = (where(below, -rate, rate) - cap).hi > 0
    rate = where(over, where(below, -cap, cap), rate)
    price = where(due.index > 0, start.prices.indexed, start.prices.mark)
    each = value_of(shape, start.prices.qty, price) * side * rate
    each = each * Pair(due.scale, due.scale_lo)
    total = where(due.continuous > 0, each * span.length / due.every, each * span.due)
    pays = (due.purse == _FREE) | (due.purse == _FREE_FIRST)
    free = _free(due, held.free, pays)
    nothing = 0.0 * side
    extra, apart = nothing, nothing
    if shape.fee_to_close_reserved:
        extra = where(np.isnan(raw.extra_margin.hi), nothing, raw.extra_margin.hi)
        apart = 1.0 + nothing
    capped = (due.cap < np.inf) & ~np.isnan(raw.mmr.hi)
    again = span.unusable | start.doubt | (due.usable == 0) | (due.purse == _OWED) | capped
    again = again | ~(np.abs(held.rate.hi) < 1) | (held.free.hi < 0) | np.isnan(total.hi)
    return Owed(
        span.due,
        each.hi,
        each.lo,
        total.hi,
        total.lo,
        start.margin.hi,
        start.margin.lo,
        apart,
        extra,
        free.hi,
        free.lo,
        1.0 * pays,
        where(due.expects > 0, rate.hi, np.nan),
        due.spares,
        1.0 * again,
    )


def _free(due: Due, given: Pair, pays: Value) -> Pair:
    """Return the money that pays before the margin does."""
    nothing = 0.0 * due.purse
    unknown = Pair(where(due.purse == _FREE, np.inf, nothing), nothing)
    free = where(np.isnan(given.hi), unknown, given)
    found: Pair = where(pays, free, Pair(nothing, nothing))
    return found


def _span(due: Due, held: Held, side: Value) -> Span:
    """Return the time held and its payments."""
    hours = held.hours
    length, doubt = to_whole(hours * _HOUR, HALF_EVEN, side, UNSTRAINED)
    usual = where(due.every > _USUAL, due.every, _USUAL + 0.0 * due.every)
    span = where(np.isnan(hours.hi), usual, length.hi)
    since = where(np.isnan(held.begin), 0.0 * span, held.begin - due.anchor)
    first = due.every - (since - np.floor(since / due.every) * due.every)
    count = np.floor((span - first) / due.every) + 1.0
    count = where(count > 0, count, 0.0 * count)
    count = where(due.continuous > 0, np.ceil(span / due.every), count)
    unusable = doubt | (hours.hi <= 0) | (hours.hi > _MOST_HOURS)
    return Span(span, count, unusable | (np.floor(span / due.every) > _MOST_PAYMENTS))
