"""Isolated positions of one shape, compiled: a block of rows, step by step.

The steps are those of `columnar`.  Each is a loop of its own over the rows of a
block: where nothing in it depends on a table, the compiler does several rows
with one instruction.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from liqcalc.batch.fast import compiled, ends, meant, position, row
from liqcalc.batch.fast.ends import Line, Table
from liqcalc.batch.fast.pairs import Pair, Value
from liqcalc.batch.fast.position import Backing, Figures, Raw, Root, Spot, Terms
from liqcalc.batch.fast.row import Given, Margins, Rates, Values
from liqcalc.batch.fast.slots import ROWS, STRIDE, slots_of

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Shape

assert compiled  # noqa: S101 - what it teaches numba is used below

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}


class Place(NamedTuple):
    """`Spot` as numbers, with what is to be said of the row of the table."""

    own: Value
    first: Value
    count: Value
    at: Value
    doubt: Value
    most: Value
    notes: Value


class Doubts(NamedTuple):
    """Truths as numbers: 0 or 1."""

    values: Value
    margins: Value
    never: Value
    root: Value


class Out(NamedTuple):
    """What leaves a block, in this order."""

    liquidation_price: Value
    bankruptcy_price: Value
    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    margin_ratio: Value
    max_leverage: Value
    tier: Value
    status: Value
    none: Value
    unprinted: Value
    again: Value
    warnings: Value


class Worth(NamedTuple):
    """`Values` without its doubt."""

    entry: Pair
    mark: Pair
    index: Pair
    size: Pair


class Parts(NamedTuple):
    """`Margins` without its doubt."""

    pnl: Pair
    cash: Pair
    initial: Pair
    maintenance: Pair
    residue: Pair
    fee_constant: Pair
    fee_rate: Pair
    maintenance_fee: Pair
    reserve: Pair


class Turn(NamedTuple):
    """`Root` without its truths."""

    mmr: Pair
    deduction: Pair
    edge: Pair


_SIDE = 0
_RAW = slots_of(Raw, 1)
_TERMS = slots_of(Terms, _RAW.after)
_GIVEN = slots_of(Given, _TERMS.after)
_WORTH = slots_of(Worth, _GIVEN.after)
_PLACE = slots_of(Place, _WORTH.after)
_RATES = slots_of(Rates, _PLACE.after)
_PARTS = slots_of(Parts, _RATES.after)
_BACKING = slots_of(Backing, _PARTS.after)
_LINE = slots_of(Line, _BACKING.after)
_TURN = slots_of(Turn, _LINE.after)
_DOUBTS = slots_of(Doubts, _TURN.after)
_OUT = slots_of(Out, _DOUBTS.after)
SLOTS = _OUT.after

_inline = njit(error_model="numpy", forceinline=True, _nrt=False)
_raw, _terms, _given, _worth = (_inline(s.load) for s in (_RAW, _TERMS, _GIVEN, _WORTH))
_place, _rates, _parts, _backing = (_inline(s.load) for s in (_PLACE, _RATES, _PARTS, _BACKING))
_line, _turn, _doubts = (_inline(s.load) for s in (_LINE, _TURN, _DOUBTS))
_save_given, _save_worth = _inline(_GIVEN.save), _inline(_WORTH.save)
_save_place, _save_rates, _save_parts = (_inline(s.save) for s in (_PLACE, _RATES, _PARTS))
_save_backing, _save_line, _save_turn = (_inline(s.save) for s in (_BACKING, _LINE, _TURN))
_save_out = _inline(_OUT.save)
_FIRST_RAW, _FIRST_TERM, _FIRST_OUT = _RAW.first, _TERMS.first, _OUT.first
_OUTS, _RAWS = _OUT.count, len(Raw._fields)
_DOUBT_VALUES, _DOUBT_MARGINS, _NEVER, _DOUBT_ROOT = range(_DOUBTS.first, _DOUBTS.after)


@intrinsic
def _number(context: Any, address: Any, i: Any) -> Any:
    """Return the float at a place behind an address."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(types.CPointer(types.float64))
        start = builder.inttoptr(args[0], kind)
        return builder.load(builder.gep(start, [args[1]]))

    return types.float64(types.int64, types.int64), code


@njit(**_OPTIONS)
def _read(block, address, start, rows, j):
    """Read one column of numbers, and find the decimals that were meant."""
    hi = (_FIRST_RAW + 2 * j) * STRIDE
    for i in range(rows):
        block[hi + i] = _number(address, start + i)
    lo, flag = hi + STRIDE, _FIRST_OUT * STRIDE
    for i in range(ROWS):
        part, longer = meant.short_part(block[hi + i])
        block[lo + i] = part
        block[flag + i] = 1.0 * longer
    found = 0.0
    for i in range(ROWS):
        found += block[flag + i]
    if found > 0:
        for i in range(rows):
            if block[flag + i] > 0:
                block[lo + i] = meant.shortest(block[hi + i])


@njit(**_OPTIONS)
def _look_up(block, terms, plan, start, rows, varying):
    """Read the terms of each row's plan that differ from plan to plan."""
    for j in varying:
        at = (_FIRST_TERM + j) * STRIDE
        for i in range(rows):
            block[at + i] = terms[j, plan[start + i]]


@njit(**_OPTIONS)
def _write(block, out, start, rows):
    for j in range(_OUTS):
        at = (_FIRST_OUT + j) * STRIDE
        for i in range(rows):
            out[j, start + i] = block[at + i]


@cache
def isolated(shape: Shape) -> Any:
    """Return the compiled function for a shape."""
    moves = shape.tier_moves

    @njit(**_OPTIONS)
    def value(block):
        for i in range(ROWS):
            given = position.given_of(shape, _raw(block, i), block[i], _terms(block, i))
            values = row.values(shape, given)
            _save_given(block, i, given)
            _save_worth(block, i, Worth(values.entry, values.mark, values.index, values.size))
            block[_DOUBT_VALUES * STRIDE + i] = 1.0 * values.doubt

    @njit(**_OPTIONS)
    def find_tier(block, rows, table, most, notes):
        for i in range(rows):
            raw, size = _raw(block, i), _worth(block, i).size
            spot = position.spot_of(shape, raw, size, _terms(block, i), table)
            at = spot.first + spot.at
            rates = position.rates_of(shape, raw, spot.own, ends.rates_at(table, at))
            _save_rates(block, i, rates)
            place = Place(
                1.0 * spot.own,
                1.0 * spot.first,
                1.0 * spot.count,
                1.0 * spot.at,
                1.0 * spot.doubt,
                np.nan if spot.own else most[at],
                notes[at],
            )
            _save_place(block, i, place)

    @njit(**_OPTIONS)
    def margin(block):
        for i in range(ROWS):
            given, rates, w = _given(block, i), _rates(block, i), _worth(block, i)
            values = Values(w.entry, w.mark, w.index, w.size, block[_DOUBT_VALUES * STRIDE + i] > 0)
            m = row.margins(shape, given, rates, values, row.zero(block[i]))
            parts = Parts(
                m.pnl,
                m.cash,
                m.initial,
                m.maintenance,
                m.residue,
                m.fee_constant,
                m.fee_rate,
                m.maintenance_fee,
                m.reserve,
            )
            _save_parts(block, i, parts)
            block[_DOUBT_MARGINS * STRIDE + i] = 1.0 * m.doubt
            backing = position.backing_of(shape, m, values)
            _save_backing(block, i, backing)
            _save_line(block, i, ends.line(shape, given, rates, values, m, backing.cash))

    @njit(**_OPTIONS)
    def find_root(block, rows, table):
        for i in range(rows):
            p, line, drift = _place(block, i), _line(block, i), row.drift_of(shape, block[i])
            spot = Spot(p.own > 0, int(p.first), int(p.count), int(p.at), p.doubt > 0)
            fee = _parts(block, i).fee_rate.hi
            root = position.root_of(
                shape, drift, spot, _rates(block, i), line.base.hi, fee, line.health.hi, table
            )
            _save_turn(block, i, Turn(root.mmr, root.deduction, root.edge))
            block[_NEVER * STRIDE + i] = 1.0 * root.none
            block[_DOUBT_ROOT * STRIDE + i] = 1.0 * root.doubt

    @njit(**_OPTIONS)
    def finish(block):
        for i in range(ROWS):
            given, rates, w, d = _given(block, i), _rates(block, i), _worth(block, i), _doubts(block, i)
            values = Values(w.entry, w.mark, w.index, w.size, d.values > 0)
            p, place, turn, terms = _parts(block, i), _place(block, i), _turn(block, i), _terms(block, i)
            margins = Margins(
                p.pnl,
                p.cash,
                p.initial,
                p.maintenance,
                p.residue,
                p.fee_constant,
                p.fee_rate,
                p.maintenance_fee,
                p.reserve,
                d.margins > 0,
            )
            root = Root(turn.mmr, turn.deduction, turn.edge, d.never > 0, d.root > 0)
            own = place.own > 0
            f = position.finish(
                shape, given, rates, values, own, margins, _backing(block, i), _line(block, i), root, terms
            )
            size = values.size.hi
            flags = position.warnings_of(given, size, own, terms, place.most, place.notes)
            out = Out(
                f.liquidation_price,
                f.bankruptcy_price,
                f.notional,
                f.initial_margin,
                f.maintenance_margin,
                f.margin_ratio,
                place.most,
                place.at + 1.0,
                f.status,
                1.0 * f.none,
                1.0 * f.unprinted,
                1.0 * (f.again | (place.doubt > 0)),
                flags,
            )
            _save_out(block, i, out)

    @njit(**_OPTIONS)
    def run(block, columns, side, plan, terms, varying, table, most, notes, out):
        total = side.shape[0]
        for start in range(0, total, ROWS):
            rows = min(ROWS, total - start)
            for i in range(rows):
                block[i] = side[start + i]
            for j in range(_RAWS):
                if columns[j]:
                    _read(block, columns[j], start, rows, j)
            _look_up(block, terms, plan, start, rows, varying)
            value(block)
            find_tier(block, rows, table, most, notes)
            margin(block)
            if moves:
                find_root(block, rows, table)
            finish(block)
            _write(block, out, start, rows)

    return run


def new_block(terms: Any) -> Any:
    """Return a block whose unused numbers are not given, with the terms of the first plan."""
    block = np.zeros(SLOTS * STRIDE)
    block[: _TERMS.first * STRIDE] = np.nan
    block[:STRIDE] = 1.0
    for j in range(terms.shape[0]):
        at = (_TERMS.first + j) * STRIDE
        block[at : at + STRIDE] = terms[j, 0]
    return block
