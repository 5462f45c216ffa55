"""Isolated positions of one shape, a block of columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.batch.fast import behind, ends, outcome, position, row
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import take
from liqcalc.batch.fast.position import Raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.behind import Backing
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.outcome import Ending, Standing
    from liqcalc.batch.fast.position import Spot, Terms
    from liqcalc.batch.fast.row import Given, Margins, Rates, Values
    from liqcalc.batch.fast.shapes import Shape


FIGURES = (
    *("bankruptcy_price", "notional", "initial_margin", "maintenance_margin"),
    *("margin_ratio", "max_leverage", "liquidation_price"),
)
"""What is found about a position, in the order in which it is kept."""


EXACT_INPUTS = ("accrued_fees", "max_leverage", "funding_rate", "risk_level", "liquidation_fee")
"""Inputs whose rows are done exactly."""


class Book(NamedTuple):
    """The rows of all tables, their maximum leverages, and what is to be said of each."""

    table: Table
    most: Floats
    notes: Floats


class Block(NamedTuple):
    """What was found about a block; `again` = to be done exactly."""

    standing: Standing
    ending: Ending
    tier: Floats
    again: Mask


class Position(NamedTuple):
    """A block of positions at their marks."""

    given: Given
    values: Values
    spot: Spot
    rates: Rates
    margins: Margins
    usable: Mask


def isolated(
    shape: Shape, numbers: Sequence[Floats], side: Floats, terms: Terms, book: Book
) -> Block:
    """Return what is found about a block of isolated positions.

    Args:
        shape: of all of them.
        numbers: the columns of `Raw`.
        side, terms: of each row.
        book: of all plans.
    """
    p = marked(shape, numbers, side, terms, book)
    backing = behind.backing_of(shape, p.margins, p.values)
    return found(shape, p, backing, terms, book)


def marked(
    shape: Shape, numbers: Sequence[Floats], side: Floats, terms: Terms, book: Book
) -> Position:
    """Return a block of positions at their marks."""
    raw = Raw(*map(meant, numbers))
    prices = position.prices_of(shape, raw, side, terms)
    given = position.given_of(shape, raw, prices, side, terms)
    values = row.values(shape, given)
    spot = position.spot_of(shape, raw, values.size, terms, book.table)
    at = spot.first + spot.at
    rates = position.rates_of(shape, raw, spot.own, ends.rates_at(book.table, at))
    margins = row.margins(shape, given, rates, values, row.zero(side))
    return Position(given, values, spot, rates, margins, position.usable(shape.given, raw))


def found(shape: Shape, p: Position, backing: Backing, terms: Terms, book: Book) -> Block:
    """Return what is found about positions of which it is known what backs them."""
    given, values, spot, rates, margins, usable = p
    at = spot.first + spot.at
    most, notes = take(book.most, at), take(book.notes, at)
    amounts = outcome.amounts_of(shape, given, rates, values, spot, margins, backing)
    standing = outcome.standing_of(
        shape, given, rates, values, spot.own, terms, most, notes, amounts
    )
    line = ends.quick_line(shape, given, rates, values, margins, backing.cash, backing.size)
    drift, fee = row.drift_of(shape, given.side), margins.fee_rate
    root = outcome.root_of(shape, drift, spot, rates, line.base.hi, fee.hi, line.health, book.table)
    free = behind.free_of(shape, backing)
    reach = outcome.reach_of(shape, given, line, fee, root, values.size, spot.own, terms, free)
    ending = outcome.ending_of(shape, given, reach)
    again = (standing.doubt > 0) | ending.doubt | ~usable
    return Block(standing, ending, spot.at + 1.0, again)
