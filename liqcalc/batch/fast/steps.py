"""The steps of the compiled way: each a loop of its own over the rows of a block.

They call the same functions as `columnar`.  Where nothing in a step depends on
a table, the compiler does several rows with one instruction.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from liqcalc.batch.fast import compiled, ends, meant, position, row
from liqcalc.batch.fast.ends import Line
from liqcalc.batch.fast.pairs import Pair, Value, take
from liqcalc.batch.fast.position import Prices, Raw, Root, Share, Spot, Terms
from liqcalc.batch.fast.row import Rates, Values
from liqcalc.batch.fast.slots import ROWS, STRIDE, slots_of

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Shape

assert compiled  # noqa: S101 - what it teaches numba is used below

OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}


class Place(NamedTuple):
    """`Spot` as numbers, with the ends of the row of the table and what is to be said of it."""

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
    indexed: Pair
    size: Pair
    doubt: Value


class Course(NamedTuple):
    """`Line` with the fee on the moving value."""

    base: Pair
    health: Value
    size: Value
    fee: Pair
    free: Pair
    stays: Value


class Behind(NamedTuple):
    """The wallet behind a cross position, and how many share it."""

    wallet: Pair
    members: Value


class Turn(NamedTuple):
    """`Root` as numbers."""

    mmr: Pair
    deduction: Pair
    edge: Pair
    none: Value
    doubt: Value


class End(NamedTuple):
    """What leaves a block last: the price, and all that is no figure in one number."""

    liquidation_price: Value
    others: Value


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
_MINE = slots_of(Share, _END.after)
_POOL = slots_of(Share, _MINE.after)
_BEHIND = slots_of(Behind, _POOL.after)
_LONG = _BEHIND.after
_UNUSABLE = _LONG + 1
SLOTS = _UNUSABLE + 1

_inline = njit(error_model="numpy", forceinline=True, _nrt=False)
_raw, _terms, _prices, _worth = (_inline(s.load) for s in (_RAW, _TERMS, _PRICES, _WORTH))
_place, _rates, _course, _turn = (_inline(s.load) for s in (_PLACE, _RATES, _COURSE, _TURN))
_save_prices, _save_worth, _save_place = (_inline(s.save) for s in (_PRICES, _WORTH, _PLACE))
_save_rates, _save_course, _save_turn = (_inline(s.save) for s in (_RATES, _COURSE, _TURN))
_save_stand, _save_end, _save_mine = (_inline(s.save) for s in (_STAND, _END, _MINE))
_mine, _pool, _behind = (_inline(s.load) for s in (_MINE, _POOL, _BEHIND))
_RAW_FIRST, _FIRST_TERM, _FIRST_FIGURE = _RAW.first, _TERMS.first, _STAND.first
RAWS = len(Raw._fields)
_MINE_FIRST, _POOL_FIRST, _BEHIND_FIRST = _MINE.first, _POOL.first, _BEHIND.first
_SHARES = _MINE.width
_WARNINGS, _DOUBT = _STAND.first + 6, _STAND.first + 7
_PRICE, _OTHERS = _END.first, _END.first + 1
_NO_END = 1e290


@intrinsic
def _number(context: Any, address: Any, i: Any) -> Any:
    """Return the float at a place behind an address."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(types.CPointer(types.float64))
        start = builder.inttoptr(args[0], kind)
        return builder.load(builder.gep(start, [args[1]]))

    return types.float64(types.int64, types.int64), code


@intrinsic
def _copy(context: Any, to: Any, since: Any, count: Any) -> Any:
    """Copy so many floats from one address to another."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(types.CPointer(types.float64))
        target, source = (builder.inttoptr(address, kind) for address in args[:2])
        cgutils.raw_memcpy(builder, target, source, args[2], 8)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), code


@njit(**OPTIONS)
def read(block, address, rows, start, count, j):
    """Read one column of numbers.

    Args:
        block, address: where to, where from.
        rows: which; none for the rows from `start` on.
        start, count: of the rows of the block.
        j: which column.
    """
    at = (_RAW_FIRST + 2 * j) * STRIDE
    if len(rows):
        for i in range(count):
            block[at + i] = _number(address, rows[np.uint64(start + i)])
    else:
        _copy(block.ctypes.data + 8 * at, address + 8 * start, count)


@njit(**OPTIONS)
def lengthen(block, count, j):
    """Find the decimals that were meant by the long floats of a column."""
    at = (_RAW_FIRST + 2 * j) * STRIDE
    for i in range(count):
        if meant.short_part(block[at + i])[1]:
            block[at + STRIDE + i] = meant.shortest(block[at + i])


@njit(**OPTIONS)
def look_up(block, terms, side, plan, varying, rows, start, count):
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


@njit(**OPTIONS)
def write(block, figures, rows, start, count):
    """Let the results of a block leave it."""
    if len(rows):
        for i in range(count):
            at = np.uint64(rows[np.uint64(start + i)])
            for j in range(6):
                figures[j, at] = block[(_FIRST_FIGURE + j) * STRIDE + i]
            figures[6, at] = block[_PRICE * STRIDE + i]
            figures[7, at] = block[_OTHERS * STRIDE + i]
        return
    here, there, line = block.ctypes.data, figures.ctypes.data + 8 * start, 8 * figures.shape[1]
    for j in range(6):
        _copy(there + j * line, here + 8 * (_FIRST_FIGURE + j) * STRIDE, count)
    _copy(there + 6 * line, here + 8 * _PRICE * STRIDE, count)
    _copy(there + 7 * line, here + 8 * _OTHERS * STRIDE, count)


@_inline
def _others(tier, status, reason, flags, again):
    """Return what is no figure as bytes of one number: see `Output`.

    Above 2^52 the last digits of a float are those of a whole number.
    """
    reason = 255.0 if reason < 0 else reason
    number = status + 256.0 * (reason + 256.0 * (flags + 256.0 * again))
    return tier + 65536.0 * number + 2.0**52


@_inline
def _known(block, i):
    """Return the values of a row."""
    w = _worth(block, i)
    return Values(w.entry, w.mark, w.indexed, w.size, w.doubt > 0)


@_inline
def _nothing_meant(block, i):
    return 0.0


def _meaning(others: Any, j: int) -> Any:
    """Return `others` with a step that finds the decimals of column `j` if they are short."""
    hi, lo = (_RAW_FIRST + 2 * j) * STRIDE, (_RAW_FIRST + 2 * j + 1) * STRIDE

    @_inline
    def step(block, i):
        rest, long = meant.short_part(block[hi + i])
        block[lo + i] = rest
        return others(block, i) + 1.0 * long

    return step


@njit(**OPTIONS)
def read_shares(block, shares, sums, wallet, members, pool, at, start, count):
    """Read what cross positions bring into their pools, and the sums over these."""
    for i in range(count):
        place = np.uint64(at[np.uint64(start + i)])
        whole = np.uint64(pool[place])
        for j in range(_SHARES):
            block[(_MINE_FIRST + j) * STRIDE + i] = shares[j, place]
            block[(_POOL_FIRST + j) * STRIDE + i] = sums[j, whole]
        block[_BEHIND_FIRST * STRIDE + i] = wallet[0, place]
        block[(_BEHIND_FIRST + 1) * STRIDE + i] = wallet[1, place]
        block[(_BEHIND_FIRST + 2) * STRIDE + i] = members[place]


@njit(**OPTIONS)
def write_shares(block, shares, at, start, count):
    """Keep what cross positions bring into their pools."""
    for i in range(count):
        place = np.uint64(at[np.uint64(start + i)])
        for j in range(_SHARES):
            shares[j, place] = block[(_MINE_FIRST + j) * STRIDE + i]


@njit(**OPTIONS)
def add_up(shares, starts, sums):
    """Add up what is brought into each pool, in the order of its rows."""
    for p in range(len(starts)):
        end = starts[p + 1] if p + 1 < len(starts) else shares.shape[1]
        for j in range(0, _SHARES - 1, 2):
            total = Pair(shares[j, starts[p]], shares[j + 1, starts[p]])
            for i in range(starts[p] + 1, end):
                total = total + Pair(shares[j, i], shares[j + 1, i])
            sums[j, p], sums[j + 1, p] = total.hi, total.lo
        doubt = 0.0
        for i in range(starts[p], end):
            doubt = max(doubt, shares[_SHARES - 1, i])
        sums[_SHARES - 1, p] = doubt


class Steps(NamedTuple):
    """The steps for rows of one shape, in their order.

    Attributes:
        mean: finds the decimals that were meant; True if some have many digits.
        value: what a position is worth.
        find_tier: the row of the table that holds it.
        bring: what a cross position brings into its pool.
        stand: the figures that do not depend on where it ends.
        find_root: what decides where health is zero.
        finish: where it ends.
    """

    mean: Any
    value: Any
    find_tier: Any
    bring: Any
    stand: Any
    find_root: Any
    finish: Any


@cache
def steps_of(shape: Shape) -> Steps:
    """Return the compiled steps for a shape."""
    moves, alone = shape.tier_moves, shape.isolated

    @_inline
    def _given(block, i):
        """Return what a row gives."""
        raw, prices, terms = _raw(block, i), _prices(block, i), _terms(block, i)
        return position.given_of(shape, raw, prices, block[i], terms)

    short = _nothing_meant
    for j, name in enumerate(Raw._fields):
        if getattr(shape.given, name, True):
            short = _meaning(short, j)

    @njit(**OPTIONS)
    def mean(block):
        """Find the decimals that were meant; return whether some have many digits."""
        longer = 0.0
        for i in range(ROWS):
            block[_LONG * STRIDE + i] = short(block, i)
        for i in range(ROWS):
            longer = max(longer, block[_LONG * STRIDE + i])
        return longer > 0

    @njit(**OPTIONS)
    def value(block):
        for i in range(ROWS):
            block[_UNUSABLE * STRIDE + i] = 1.0 * ~position.usable(shape.given, _raw(block, i))
        for i in range(ROWS):
            prices = position.prices_of(shape, _raw(block, i), block[i], _terms(block, i))
            _save_prices(block, i, prices)
            given = position.given_of(shape, _raw(block, i), prices, block[i], _terms(block, i))
            v = row.values(shape, given)
            _save_worth(block, i, Worth(v.entry, v.mark, v.indexed, v.size, 1.0 * v.doubt))

    @_inline
    def _spot(block, i):
        """Return where a row stands in its table."""
        t, p = _terms(block, i), _place(block, i)
        own = _own(block, i)
        count = 1 if own else np.int64(t.count)
        return Spot(own, np.int64(t.first), count, np.int64(p.at), p.doubt > 0)

    @_inline
    def _own(block, i):
        """Return whether a row gives a rate of its own."""
        return ~np.isnan(_raw(block, i).mmr.hi) if shape.given.mmr else False

    @njit(**OPTIONS)
    def find_tier(block, count, table, most, notes):
        for i in range(count):
            raw, size, t = _raw(block, i), _worth(block, i).size, _terms(block, i)
            spot = position.spot_of(shape, raw, size, t, table)
            at = spot.first + spot.at
            rates = position.rates_of(shape, raw, spot.own, ends.rates_at(table, at))
            _save_rates(block, i, rates)
            low = take(table.cap, at - 1) if spot.at > 0 else 0.0
            high = _NO_END if spot.own else min(_NO_END, take(table.cap, at))
            place = Place(
                1.0 * spot.at, 1.0 * spot.doubt, low, high, take(most, at), take(notes, at)
            )
            _save_place(block, i, place)

    @njit(**OPTIONS)
    def bring(block):
        for i in range(ROWS):
            g, r, v, t = _given(block, i), _rates(block, i), _known(block, i), _terms(block, i)
            m = row.margins(shape, g, r, v, row.zero(block[i]))
            share = position.share_of(shape, g, v, _spot(block, i), m, t)
            doubt = max(share.doubt, block[_UNUSABLE * STRIDE + i])
            mine = Share(share.pnl, share.required, share.value, share.closing, doubt)
            _save_mine(block, i, mine)

    @njit(**OPTIONS)
    def stand(block):
        for i in range(ROWS):
            g, r, v, t = _given(block, i), _rates(block, i), _known(block, i), _terms(block, i)
            m = row.margins(shape, g, r, v, row.zero(block[i]))
            if alone:
                backing = position.backing_of(shape, m, v)
            else:
                b = _behind(block, i)
                backing = position.pooled(
                    shape, _mine(block, i), _pool(block, i), b.wallet, b.members
                )
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
            line = ends.line(shape, g, r, v, m, backing.cash, backing.size)
            drift, fee = row.drift_of(shape, block[i]), m.fee_rate
            stays = ends.stays(drift, r, p.low, p.high, line.base.hi, fee.hi, line.health)
            free = backing.equity - backing.requirement
            course = Course(line.base, line.health, line.size, fee, free, 1.0 * stays)
            _save_course(block, i, course)
            if moves:
                _save_turn(block, i, Turn(r.mmr, r.deduction, r.mmr * np.nan, 0.0, 0.0))

    @njit(**OPTIONS)
    def find_root(block, rows, table):
        if not moves:
            return
        for i in range(rows):
            c = _course(block, i)
            if c.stays > 0:
                continue
            drift = row.drift_of(shape, block[i])
            r, spot = _rates(block, i), _spot(block, i)
            root = position.root_of(shape, drift, spot, r, c.base.hi, c.fee.hi, c.health, table)
            turn = Turn(root.mmr, root.deduction, root.edge, 1.0 * root.none, 1.0 * root.doubt)
            _save_turn(block, i, turn)

    @njit(**OPTIONS)
    def finish(block):
        for i in range(ROWS):
            g, t, p, size = (
                _given(block, i),
                _terms(block, i),
                _place(block, i),
                _worth(block, i).size,
            )
            c, r = _course(block, i), _rates(block, i)
            root = Root(r.mmr, r.deduction, r.mmr * np.nan, False, False)
            if moves:
                turn = _turn(block, i)
                root = Root(turn.mmr, turn.deduction, turn.edge, turn.none > 0, turn.doubt > 0)
            line = Line(c.base, c.health, c.size)
            e = position.ending_of(shape, g, line, c.fee, root, size, _own(block, i), t, c.free)
            doubt = block[_DOUBT * STRIDE + i] + block[_UNUSABLE * STRIDE + i] + 1.0 * e.doubt
            if not alone:
                doubt = doubt + _pool(block, i).doubt
            again = 1.0 if doubt > 0 else 0.0
            flags, reason = block[_WARNINGS * STRIDE + i], position.reason_of(e)
            others = _others(p.at + 1.0, e.status, reason, flags, again)
            _save_end(block, i, End(e.liquidation_price, others))

    return Steps(mean, value, find_tier, bring, stand, find_root, finish)


def new_block(terms: Value, numbers: list[Value]) -> Value:
    """Return a block that holds what is the same for all rows.

    Args:
        terms: of the plan.
        numbers: the columns of `Raw`; those of one number are for every row.
    """
    block = np.zeros(SLOTS * STRIDE)
    block[:STRIDE] = 1.0
    block[_TERMS.first * STRIDE : _TERMS.after * STRIDE] = np.repeat(terms, STRIDE)
    for j, column in enumerate(numbers):
        slot = (_RAW.first + 2 * j) * STRIDE
        pair = meant.meant(column[:1])
        block[slot : slot + STRIDE], block[slot + STRIDE : slot + 2 * STRIDE] = pair.hi, pair.lo
    return block
