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
from liqcalc.batch.fast.ends import Line
from liqcalc.batch.fast.pairs import Pair, Value
from liqcalc.batch.fast.position import Prices, Raw, Root, Spot, Terms
from liqcalc.batch.fast.row import Rates, Values
from liqcalc.batch.fast.slots import ROWS, STRIDE, slots_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.fast.run import Isolated, Output
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]

assert compiled  # noqa: S101 - what it teaches numba is used below

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}


class Place(NamedTuple):
    """`Spot` as numbers, with what is to be said of the row of the table."""

    own: Value
    first: Value
    count: Value
    at: Value
    doubt: Value
    low: Value
    high: Value
    most: Value
    notes: Value


class Worth(NamedTuple):
    """`Values` as numbers."""

    entry: Pair
    mark: Pair
    index: Pair
    size: Pair
    doubt: Value


class Course(NamedTuple):
    """`Line` with the fee on the moving value."""

    base: Pair
    health: Value
    size: Value
    fee: Pair
    stays: Value


class Turn(NamedTuple):
    """`Root` as numbers."""

    mmr: Pair
    deduction: Pair
    edge: Pair
    none: Value
    doubt: Value


class End(NamedTuple):
    """`Ending` in the order in which it leaves a block, and the row of the table."""

    liquidation_price: Value
    tier: Value
    status: Value
    reason: Value
    doubt: Value


class Stand(NamedTuple):
    """`Standing` as numbers."""

    bankruptcy_price: Value
    notional: Value
    initial_margin: Value
    maintenance_margin: Value
    margin_ratio: Value
    max_leverage: Value
    warnings: Value
    doubt: Value


_SIDE = 0
_RAW = slots_of(Raw, 1)
_TERMS = slots_of(Terms, _RAW.after)
_PRICES = slots_of(Prices, _TERMS.after)
_WORTH = slots_of(Worth, _PRICES.after)
_PLACE = slots_of(Place, _WORTH.after)
_RATES = slots_of(Rates, _PLACE.after)
_COURSE = slots_of(Course, _RATES.after)
_TURN = slots_of(Turn, _COURSE.after)
_STAND = slots_of(Stand, _TURN.after)
_END = slots_of(End, _STAND.after)
_FLOATS, _REST, _LONG, _UNUSABLE = range(_END.after, _END.after + 4)
SLOTS = _UNUSABLE + 1

_inline = njit(error_model="numpy", forceinline=True, _nrt=False)
_raw, _terms, _prices, _worth = (_inline(s.load) for s in (_RAW, _TERMS, _PRICES, _WORTH))
_place, _rates, _course, _turn = (_inline(s.load) for s in (_PLACE, _RATES, _COURSE, _TURN))
_save_prices, _save_worth, _save_place = (_inline(s.save) for s in (_PRICES, _WORTH, _PLACE))
_save_rates, _save_course, _save_turn = (_inline(s.save) for s in (_RATES, _COURSE, _TURN))
_save_stand, _save_end = _inline(_STAND.save), _inline(_END.save)
_FIRST_RAW, _FIRST_TERM, _FIRST_FIGURE = _RAW.first, _TERMS.first, _STAND.first
_RAWS = len(Raw._fields)
_SIZE, _SIZE_LO = _WORTH.first + 6, _WORTH.first + 7
_OWN, _FIRST, _COUNT, _AT, _UNSURE = range(_PLACE.first, _PLACE.first + 5)
_WARNINGS, _DOUBT = _STAND.first + 6, _STAND.first + 7
_PRICE, _TIER, _STATUS, _REASON, _DOUBTFUL = range(_END.first, _END.after)
_NO_END = 1e290
_FIRST_TERM_FIRST = (_TERMS.first + Terms._fields.index("first")) * STRIDE
_FIRST_TERM_COUNT = (_TERMS.first + Terms._fields.index("count")) * STRIDE


@intrinsic
def _number(context: Any, address: Any, i: Any) -> Any:
    """Return the float at a place behind an address."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(types.CPointer(types.float64))
        start = builder.inttoptr(args[0], kind)
        return builder.load(builder.gep(start, [args[1]]))

    return types.float64(types.int64, types.int64), code


@njit(**_OPTIONS)
def _mean(block):
    """Find the decimals that were meant by the floats of the scratch slots."""
    longer = 0.0
    for i in range(ROWS):
        lo, long = meant.short_part(block[_FLOATS * STRIDE + i])
        block[_REST * STRIDE + i] = lo
        block[_LONG * STRIDE + i] = 1.0 * long
    for i in range(ROWS):
        longer = max(longer, block[_LONG * STRIDE + i])
    return longer > 0


@njit(**_OPTIONS)
def _read(block, address, rows, start, count, j):
    """Read one column of numbers, and find the decimals that were meant.

    Args:
        block, address: where to, where from.
        rows: which; none for the rows from `start` on.
        start, count: of the rows of the block.
        j: which column.
    """
    if len(rows):
        for i in range(count):
            block[_FLOATS * STRIDE + i] = _number(address, rows[start + i])
    else:
        for i in range(count):
            block[_FLOATS * STRIDE + i] = _number(address, start + i)
    if _mean(block):
        for i in range(count):
            if block[_LONG * STRIDE + i] > 0:
                block[_REST * STRIDE + i] = meant.shortest(block[_FLOATS * STRIDE + i])
    at = (_FIRST_RAW + 2 * j) * STRIDE
    for i in range(2 * STRIDE):
        block[at + i] = block[_FLOATS * STRIDE + i]


@njit(**_OPTIONS)
def _look_up(block, terms, side, plan, varying, rows, start, count):
    """Read the side of each row, and the terms of its plan that differ from plan to plan."""
    if len(rows):
        for i in range(count):
            block[i] = side[rows[start + i]]
        for j in varying:
            at = (_FIRST_TERM + j) * STRIDE
            for i in range(count):
                block[at + i] = terms[j, plan[rows[start + i]]]
    else:
        for i in range(count):
            block[i] = side[start + i]
        for j in varying:
            at = (_FIRST_TERM + j) * STRIDE
            for i in range(count):
                block[at + i] = terms[j, plan[start + i]]


@njit(**_OPTIONS)
def _write(block, out, rows, start, count):
    """Let the results of a block leave it."""
    figures, tier, status, reason, flags, again = out
    if len(rows):
        for i in range(count):
            at = rows[start + i]
            for j in range(6):
                figures[j, at] = block[(_FIRST_FIGURE + j) * STRIDE + i]
            figures[6, at] = block[_PRICE * STRIDE + i]
            tier[at] = int(block[_TIER * STRIDE + i])
            status[at] = int(block[_STATUS * STRIDE + i])
            reason[at] = int(block[_REASON * STRIDE + i])
            flags[at] = int(block[_WARNINGS * STRIDE + i])
            again[at] = _doubt(block, i) > 0
        return
    for j in range(6):
        for i in range(count):
            figures[j, start + i] = block[(_FIRST_FIGURE + j) * STRIDE + i]
    for i in range(count):
        figures[6, start + i] = block[_PRICE * STRIDE + i]
    for i in range(count):
        tier[start + i] = int(block[_TIER * STRIDE + i])
    for i in range(count):
        status[start + i] = int(block[_STATUS * STRIDE + i])
    for i in range(count):
        reason[start + i] = int(block[_REASON * STRIDE + i])
    for i in range(count):
        flags[start + i] = int(block[_WARNINGS * STRIDE + i])
    for i in range(count):
        again[start + i] = _doubt(block, i) > 0


@_inline
def _doubt(block, i):
    doubt = block[_DOUBT * STRIDE + i] + block[_DOUBTFUL * STRIDE + i]
    return doubt + block[_UNSURE * STRIDE + i] + block[_UNUSABLE * STRIDE + i]


@_inline
def _known(block, i):
    """Return the values of a row."""
    w = _worth(block, i)
    return Values(w.entry, w.mark, w.index, w.size, w.doubt > 0)


@_inline
def _given(block, i):
    """Return what a row gives."""
    return position.given_of(_raw(block, i), _prices(block, i), block[i], _terms(block, i))


@_inline
def _spot(block, i):
    """Return where a row stands in its table."""
    p = _place(block, i)
    return Spot(p.own > 0, int(p.first), int(p.count), int(p.at), p.doubt > 0)


@cache
def isolated(shape: Shape) -> Any:
    """Return the compiled function for a shape."""
    moves = shape.tier_moves

    @njit(**_OPTIONS)
    def value(block):
        for i in range(ROWS):
            block[_UNUSABLE * STRIDE + i] = 1.0 * ~position.usable(_raw(block, i))
        for i in range(ROWS):
            prices = position.prices_of(shape, _raw(block, i), block[i], _terms(block, i))
            _save_prices(block, i, prices)
            given = position.given_of(_raw(block, i), prices, block[i], _terms(block, i))
            v = row.values(shape, given)
            _save_worth(block, i, Worth(v.entry, v.mark, v.index, v.size, 1.0 * v.doubt))

    @njit(**_OPTIONS)
    def pick(block, table):
        """Find the rows of one table that hold the sizes."""
        first, count = int(block[_FIRST_TERM_FIRST]), int(block[_FIRST_TERM_COUNT])
        for i in range(ROWS):
            block[_AT * STRIDE + i] = 0.0
            block[_UNSURE * STRIDE + i] = 0.0
        for k in range(count - 1):
            cap, cap_lo = table.cap[first + k], table.cap_lo[first + k]
            for i in range(ROWS):
                size = Pair(block[_SIZE * STRIDE + i], block[_SIZE_LO * STRIDE + i])
                over, doubt = ends.beyond(shape, size, cap, cap_lo)
                block[_AT * STRIDE + i] += 1.0 * over
                block[_UNSURE * STRIDE + i] += 1.0 * doubt

    @njit(**_OPTIONS)
    def find_tier(block, rows, table, most, notes, single):
        if single:
            pick(block, table)
        for i in range(rows):
            raw, size, t = _raw(block, i), _worth(block, i).size, _terms(block, i)
            if single:
                own = raw.mmr.hi == raw.mmr.hi
                at = 0 if own else int(block[_AT * STRIDE + i])
                doubt = block[_UNSURE * STRIDE + i] > 0
                spot = Spot(own, int(t.first), 1 if own else int(t.count), at, doubt)
            else:
                spot = position.spot_of(shape, raw, size, t, table)
            at = spot.first + spot.at
            rates = position.rates_of(shape, raw, spot.own, ends.rates_at(table, at))
            _save_rates(block, i, rates)
            place = Place(
                1.0 * spot.own,
                1.0 * spot.first,
                1.0 * spot.count,
                1.0 * spot.at,
                1.0 * spot.doubt,
                table.cap[at - 1] if spot.at > 0 else 0.0,
                _NO_END if spot.own else min(_NO_END, table.cap[at]),
                most[at],
                notes[at],
            )
            _save_place(block, i, place)

    @njit(**_OPTIONS)
    def stand(block):
        for i in range(ROWS):
            g, r, v, t = _given(block, i), _rates(block, i), _known(block, i), _terms(block, i)
            m = row.margins(shape, g, r, v, row.zero(block[i]))
            backing = position.backing_of(shape, m, v)
            p, spot = _place(block, i), _spot(block, i)
            s = position.standing_of(shape, g, r, v, spot, m, backing, t, p.most, p.notes)
            standing = Stand(
                s.bankruptcy_price,
                s.notional,
                s.initial_margin,
                s.maintenance_margin,
                s.margin_ratio,
                s.max_leverage,
                s.warnings,
                1.0 * s.doubt,
            )
            _save_stand(block, i, standing)
            line = ends.line(shape, g, r, v, m, backing.cash)
            drift, fee = row.drift_of(shape, block[i]), m.fee_rate
            stays = ends.stays(drift, r, p.low, p.high, line.base.hi, fee.hi, line.health)
            course = Course(line.base, line.health, line.size, fee, 1.0 * stays)
            _save_course(block, i, course)
            if moves:
                _save_turn(block, i, Turn(r.mmr, r.deduction, r.mmr * np.nan, 0.0, 0.0))

    @njit(**_OPTIONS)
    def find_root(block, rows, table):
        for i in range(rows):
            c = _course(block, i)
            if c.stays > 0:
                continue
            drift = row.drift_of(shape, block[i])
            r, spot = _rates(block, i), _spot(block, i)
            root = position.root_of(
                shape, drift, spot, r, c.base.hi, c.fee.hi, c.health, table
            )
            turn = Turn(root.mmr, root.deduction, root.edge, 1.0 * root.none, 1.0 * root.doubt)
            _save_turn(block, i, turn)

    @njit(**_OPTIONS)
    def finish(block):
        for i in range(ROWS):
            g, t, p, size = _given(block, i), _terms(block, i), _place(block, i), _worth(block, i).size
            c, r = _course(block, i), _rates(block, i)
            root = Root(r.mmr, r.deduction, r.mmr * np.nan, False, False)
            if moves:
                turn = _turn(block, i)
                root = Root(turn.mmr, turn.deduction, turn.edge, turn.none > 0, turn.doubt > 0)
            line = Line(c.base, c.health, c.size)
            e = position.ending_of(shape, g, line, c.fee, root, size.hi, p.own > 0, t)
            reason = position.reason_of(e)
            end = End(e.liquidation_price, p.at + 1.0, e.status, reason, 1.0 * e.doubt)
            _save_end(block, i, end)

    @njit(**_OPTIONS)
    def compute(block, columns, side, plan, terms, varying, book, rows, start, stop, out):
        table, most, notes = book
        single = len(varying) == 0
        for first in range(start, stop, ROWS):
            count = min(ROWS, stop - first)
            for j in range(_RAWS):
                if columns[j]:
                    _read(block, columns[j], rows, first, count, j)
            _look_up(block, terms, side, plan, varying, rows, first, count)
            value(block)
            find_tier(block, count, table, most, notes, single)
            stand(block)
            if moves:
                find_root(block, count, table)
            finish(block)
            _write(block, out, rows, first, count)

    return compute


def run(task: Isolated, place: int, start: int, rows: Rows | slice, out: Output) -> None:
    """Compute rows of one shape of a chunk."""
    plans = task.plans_of[place]
    if isinstance(rows, slice):
        at, first, stop = _ALL, start, start + rows.stop
        plan = task.keys.plan[first:stop]
    else:
        at, first, stop = rows + start, 0, len(rows)
        plan = task.keys.plan[at]
    single = bool((plan == plan[0]).all())
    terms = task.terms
    varying = np.flatnonzero((terms[:, plans] != terms[:, plans[:1]]).any(axis=1))
    block = np.zeros(SLOTS * STRIDE)
    block[: _TERMS.first * STRIDE] = np.nan
    block[:STRIDE] = 1.0
    block[_TERMS.first * STRIDE : _TERMS.after * STRIDE] = np.repeat(terms[:, plan[0]], STRIDE)
    columns = np.array([0 if len(c) == 1 else c.ctypes.data for c in task.numbers])
    for j, column in enumerate(task.numbers):
        if len(column) == 1:
            slot = (_RAW.first + 2 * j) * STRIDE
            pair = meant.meant(column)
            block[slot : slot + STRIDE], block[slot + STRIDE : slot + 2 * STRIDE] = pair.hi, pair.lo
    isolated(task.shapes[place])(
        block,
        columns,
        task.keys.side,
        task.keys.plan,
        terms,
        _ALL if single else varying,
        task.book,
        at,
        first,
        stop,
        out,
    )


_ALL = np.zeros(0, dtype=np.int64)
