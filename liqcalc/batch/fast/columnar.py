"""Rows of one shape, computed a block at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row, shapes
from liqcalc.batch.fast.ends import End, Place, Table
from liqcalc.batch.fast.grid import Tick, printed, to_whole
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import Pair, Value, divide_float, multiply_float, take, where
from liqcalc.batch.fast.row import Given, Margins, Rates, Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.shapes import Shape

CANNOT, AT_PRICE, ALREADY = range(3)
ABOVE_CAP, ABOVE_LEVERAGE, INFERRED, NO_LOT, OWN_RATE = 1, 2, 4, 8, 16
INPUTS = (
    *("qty", "contracts", "entry_price", "mark_price", "index_price", "leverage"),
    *("margin", "extra_margin", "funding_paid", "taker", "mmr", "deduction", "wallet_balance"),
)


class Book(NamedTuple):
    """The numbers of all plans and tables."""

    table: Table
    most_leverage: Floats
    tier_notes: Value
    numbers: Mapping[str, Floats]


class Block(NamedTuple):
    """What was found about a block of rows.

    Attributes:
        figures: by name.
        tier: 1 = lowest.
        status: a place of the three.
        none: no positive price liquidates.
        unprinted: the exchange would print 0 as the price.
        warnings: a sum of flags.
        again: to be done exactly.
    """

    figures: dict[str, Value]
    tier: Value
    status: Value
    none: Value
    unprinted: Value
    warnings: Value
    again: Value


class Marked(NamedTuple):
    """A block of positions at their marks, before it is known what backs cross ones."""

    given: Given
    own: Value
    place: Place
    rates: Rates
    values: Values
    doubt: Value


def mark(shape: Shape, inputs: Mapping[str, Value], side: Value, plan: Value, book: Book) -> Marked:
    """Return a block of positions valued at their marks, with the rows of their tables."""
    given = _given(shape, inputs, side, plan, book)
    values = row.values(shape, given)
    first = take(book.numbers["first"], plan).astype(np.int64)
    count = take(book.numbers["count"], plan).astype(np.int64)
    own = ~np.isnan(inputs["mmr"])
    count = np.where(own, 1, count)
    at, doubt = ends.pick(shape, values.size, book.table, first, count)
    rates = ends.rates_at(book.table, first + at)
    if own.any():
        rates = _own_rates(shape, inputs, own, rates)
    return Marked(given, own, Place(first, count, at), rates, values, doubt | values.doubt)


def _given(
    shape: Shape, inputs: Mapping[str, Value], side: Value, plan: Value, book: Book
) -> Given:
    def known(name: str) -> Pair:
        return Pair(take(book.numbers[name], plan), take(book.numbers[f"{name}_lo"], plan))

    def step(name: str) -> Tick:
        return Tick(
            take(book.numbers[f"{name}_scale"], plan), take(book.numbers[f"{name}_width"], plan)
        )

    size = known("contract_size")
    qty = meant(inputs["qty"])
    contracts = inputs["contracts"]
    if not np.isnan(contracts).all():
        qty = where(np.isnan(contracts), qty, meant(contracts) * size)
    entry, marked = meant(inputs["entry_price"]), meant(inputs["mark_price"])
    entry = where(np.isnan(entry.hi), marked, entry)
    rounded, _ = printed(entry, shape.entry, step("tick"), side, np.ones_like(side))
    marked = where(np.isnan(marked.hi), rounded, marked)
    index = meant(inputs["index_price"])
    taker, mine = known("taker"), inputs["taker"]
    required, at_bankruptcy = known("requirement_taker"), known("bankruptcy")
    if not np.isnan(mine).all():
        own = meant(mine)
        theirs = np.isnan(mine)
        taker = where(theirs, taker, own)
        required = where(theirs, required, own)
        fixed = theirs | (take(book.numbers["given_taker"], plan) == 0)
        at_bankruptcy = where(fixed, at_bankruptcy, own)
    return Given(
        side=side,
        qty=qty,
        entry=entry,
        mark=marked,
        index=where(np.isnan(index.hi), marked, index),
        leverage=meant(inputs["leverage"]),
        margin=meant(inputs["margin"]),
        extra=meant(_or_zero(inputs["extra_margin"])),
        funding=meant(_or_zero(inputs["funding_paid"])),
        taker=taker,
        requirement_taker=required,
        liquidation=known("liquidation"),
        bankruptcy=at_bankruptcy,
        contract_size=size,
        tick=step("tick"),
        unit=step("unit"),
        minimum=known("minimum"),
    )


def _or_zero(column: Value) -> Value:
    return np.where(np.isnan(column), 0.0, column)


def _own_rates(shape: Shape, inputs: Mapping[str, Value], own: Value, rates: Rates) -> Rates:
    """Return the single rate that a row gives, where it gives one."""
    nothing = Pair(np.zeros_like(inputs["mmr"]), np.zeros_like(inputs["mmr"]))
    unknown = Pair(nothing.hi + np.nan, nothing.lo + np.nan)
    deduction = nothing if shape.whole else meant(_or_zero(inputs["deduction"]))
    return Rates(
        where(own, meant(inputs["mmr"]), rates.mmr),
        where(own, deduction, rates.deduction),
        where(own, unknown, rates.imr),
    )


def isolated(
    shape: Shape, inputs: Mapping[str, Value], side: Value, plan: Value, book: Book
) -> Block:
    """Return what is found about a block of isolated positions."""
    m = mark(shape, inputs, side, plan, book)
    margins = row.margins(shape, m.given, m.rates, m.values, row.zero(m.given.qty.hi))
    required = row.requirement(margins, m.values)
    equity = margins.cash + margins.pnl
    if shape.fee_in_maintenance == shapes.RESERVE:
        required, equity = required + margins.reserve, equity + margins.reserve
    return finish(shape, m, margins, Backing(margins.cash, margins.cash, equity, required), plan, book)


class Backing(NamedTuple):
    """What backs a position.

    Attributes:
        cash: without its own profit, less what others require.
        bankrupt: the same, for the bankruptcy price.
        equity, requirement: of the pool, of which the ratio is counted.
    """

    cash: Pair
    bankrupt: Pair
    equity: Pair
    requirement: Pair


def finish(
    shape: Shape, m: Marked, margins: Margins, backing: Backing, plan: Value, book: Book
) -> Block:
    """Return what is found about positions of which it is known what backs them."""
    g, v = m.given, m.values
    line = ends.line(shape, g, m.rates, v, margins, backing.cash)
    health = line.health.hi
    again = m.doubt | margins.doubt | (np.abs(health) <= ends.HARDLY_ANYTHING * line.size)
    already = health < 0
    drift = row.drift_of(shape, g.side)
    root, at, unsure = _root(shape, m, margins, line, already, drift, book)
    end = ends.end_at(shape, g, root, line.size)
    none = end.none
    again |= unsure | end.doubt | np.isnan(health)
    if shape.whole or (book.table.mmr >= 1).any():
        again |= none & ~already
    price = end.price
    if shape.ticks_against:
        tick = Pair(g.tick.width, row.zero(g.side).hi) / g.tick.scale
        price = price + tick * (g.side * shape.ticks_against)
    shown = printed(price, shape.liquidation_price, g.tick, g.side, end.strain)
    again |= shown.doubt & ~none
    unprinted = ~none & ~(shown.value.hi > 0)
    gone = ends.bankruptcy(shape, g, v, backing.bankrupt)
    lost = printed(gone.price, shape.bankruptcy_price, g.tick, g.side, gone.strain)
    again |= gone.doubt | (lost.doubt & ~gone.none)
    figures, unsure = _money(shape, m, margins)
    ratio = backing.requirement / backing.equity
    figures |= {
        "liquidation_price": np.where(none | unprinted, np.nan, shown.value.hi),
        "bankruptcy_price": np.where(gone.none | ~(lost.value.hi > 0), np.nan, lost.value.hi),
        "margin_ratio": np.where(backing.equity.hi > 0, ratio.hi, np.nan),
        "max_leverage": np.where(m.own, np.nan, take(book.most_leverage, m.place.first + m.place.row)),
    }
    again |= np.abs(backing.equity.hi) <= ends.HARDLY_ANYTHING * line.size
    last = take(book.numbers["last_cap"], plan)
    known = (take(book.numbers["complete"], plan) == 1) | m.own
    there = row.value_of(shape, g.qty, price).hi if shape.tier_moves else v.size.hi
    again |= ~known & ((v.size.hi > last) | (there > last))
    status = np.where(already, ALREADY, np.where(none, CANNOT, AT_PRICE)).astype(np.int8)
    tier = (m.place.row + 1).astype(np.int16)
    return Block(figures, tier, status, none, unprinted, _warnings(m, plan, book, last), again)


def _root(
    shape: Shape,
    m: Marked,
    margins: Margins,
    line: ends.Line,
    already: Value,
    drift: Value,
    book: Book,
) -> tuple[Pair, Value, Value]:
    """Return the value at which health is zero, the row of the table there, and doubts."""
    slope = Pair(drift, np.zeros_like(drift)) - margins.fee_rate
    at, unsure = m.place.row, m.doubt
    if not shape.requirement_moves:
        return line.base / slope, at, unsure
    if not shape.tier_moves:
        return (line.base - m.rates.deduction) / (slope - m.rates.mmr), at, unsure
    found = ends.sweep(
        book.table,
        m.place,
        drift,
        line.base.hi,
        margins.fee_rate.hi,
        np.where(already, -1.0, 1.0),
        np.where(already, drift, -drift),
    )
    rates = ends.rates_at(book.table, m.place.first + found.row)
    mmr = where(m.own, m.rates.mmr, rates.mmr)
    deduction = where(m.own, m.rates.deduction, rates.deduction)
    root = (line.base - deduction) / (slope - mmr)
    unsure = unsure | (found.doubt & ~m.own) | (found.none & already)
    lower = np.where(drift * np.where(already, 1, -1) > 0, found.row - 1, found.row)
    edge = m.place.first + np.maximum(lower, 0)
    cap = Pair(take(book.table.cap, edge), take(book.table.cap_lo, edge))
    root = where(found.jump & ~m.own, cap, root)
    root = where(found.none & ~m.own, -row.zero(drift), root)
    return root, found.row, unsure


def _money(shape: Shape, m: Marked, margins: Margins) -> tuple[dict[str, Value], Value]:
    """Return the margins and the value as they are printed."""
    g, one = m.given, np.ones_like(m.given.side)
    notional = printed(row.valued(m.values, shape.notional_at), shape.notional, g.tick, g.side, one)
    initial = printed(margins.initial, shape.initial, g.tick, g.side, one)
    if shape.from_initial:
        base = printed(m.values.mark * m.rates.imr, shape.initial, g.tick, g.side, one)
        amount = base.value * m.rates.mmr / m.rates.imr
        without = printed(margins.maintenance, shape.maintenance, g.tick, g.side, one)
        found = printed(amount, shape.maintenance, g.tick, g.side, one)
        unknown = np.isnan(m.rates.imr.hi)
        held = np.where(unknown, without.value.hi, found.value.hi)
        unsure = base.doubt | found.doubt | without.doubt
    else:
        residue = margins.residue
        if shape.exempt:
            residue = row.zero(g.side)
        amount = margins.maintenance + residue + margins.maintenance_fee
        found = printed(amount, shape.maintenance, g.tick, g.side, one)
        held, unsure = found.value.hi, found.doubt
    figures = {
        "notional": notional.value.hi,
        "initial_margin": initial.value.hi,
        "maintenance_margin": held,
    }
    return figures, notional.doubt | (initial.doubt & ~np.isnan(initial.value.hi)) | unsure


def _warnings(m: Marked, plan: Value, book: Book, last: Value) -> Value:
    """Return flags of what is to be said about each row."""
    place = m.place.first + m.place.row
    notes = take(book.tier_notes, place) * ~m.own
    most = take(book.most_leverage, place)
    above = ~m.own & ((m.values.size.hi > last) | (notes & 2 > 0))
    scale, width = (take(book.numbers[f"lot_{part}"], plan) for part in ("scale", "width"))
    count = divide_float(multiply_float(m.given.qty, scale), width)
    whole, _ = to_whole(count, 4, m.given.side, 1.0)
    rest = np.abs((count - whole).hi)
    uneven = rest > 2e-30 * np.abs(count.hi)
    flags = ABOVE_CAP * above + ABOVE_LEVERAGE * (~m.own & (m.given.leverage.hi > most))
    flags = flags + INFERRED * (notes & 1 > 0) + NO_LOT * uneven + OWN_RATE * m.own
    return flags.astype(np.int8)
