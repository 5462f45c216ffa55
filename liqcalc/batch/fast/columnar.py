"""Isolated positions of one shape, a block of columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.batch.fast import ends, position, row
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import take
from liqcalc.batch.fast.position import Raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.ends import Table
    from liqcalc.batch.fast.position import Figures, Terms
    from liqcalc.batch.fast.shapes import Shape


class Book(NamedTuple):
    """The rows of all tables, their maximum leverages, and what is to be said of each."""

    table: Table
    most: Floats
    notes: Floats


class Block(NamedTuple):
    """What was found about a block: figures, tier, maximum leverage and flags of warnings."""

    figures: Figures
    tier: Floats
    most: Floats
    warnings: Floats


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
    raw = Raw(*map(meant, numbers))
    given = position.given_of(shape, raw, side, terms)
    values = row.values(shape, given)
    spot = position.spot_of(shape, raw, values.size, terms, book.table)
    known = ends.rates_at(book.table, spot.first + spot.at)
    rates = position.rates_of(shape, raw, spot.own, known)
    margins = row.margins(shape, given, rates, values, row.zero(side))
    backing = position.backing_of(shape, margins, values)
    line = ends.line(shape, given, rates, values, margins, backing.cash)
    drift = row.drift_of(shape, side)
    base, fee, health = line.base.hi, margins.fee_rate.hi, line.health.hi
    root = position.root_of(shape, drift, spot, rates, base, fee, health, book.table)
    figures = position.finish(
        shape, given, rates, values, spot.own, margins, backing, line, root, terms
    )
    figures = figures._replace(again=figures.again | spot.doubt)
    at = spot.first + spot.at
    most, notes = take(book.most, at), take(book.notes, at)
    most[spot.own] = float("nan")
    flags = position.warnings_of(given, values.size.hi, spot.own, terms, most, notes)
    return Block(figures, spot.at + 1.0, most, flags)
