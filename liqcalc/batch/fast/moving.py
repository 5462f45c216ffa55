"""What moves numbers into a block and out of it; for the compiled way."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from liqcalc.batch.fast import meant
from liqcalc.batch.fast.layout import BEHIND, END, MINE, OPTIONS, POOL, RAW, RAWS, SIDE, STAND
from liqcalc.batch.fast.pairs import Pair
from liqcalc.batch.fast.slots import STRIDE

_RAW, _SIDE = RAW.first, SIDE * STRIDE
_MINE, _POOL, _BEHIND, _SHARES = MINE.first, POOL.first, BEHIND.first, MINE.width
_STAND, _FLAGS = STAND.first, (STAND.first + 6) * STRIDE
_PRICE, _TIER, _STATUS, _REASON, _AGAIN = ((END.first + j) * STRIDE for j in range(END.width))


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


@intrinsic
def _pass(context: Any, address: Any, i: Any, value: Any) -> Any:
    """Put a float at a place behind an address, past the processor's cache."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(types.CPointer(types.float64))
        start = builder.inttoptr(args[0], kind)
        stored = builder.store(args[2], builder.gep(start, [args[1]]), align=8)
        one = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        stored.set_metadata("nontemporal", one)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.float64), code


@njit(**OPTIONS)
def _stream(to, block, at, count):
    for i in range(count):
        _pass(to, i, block[at + i])


@njit(**OPTIONS)
def read(block, columns, side, rows, start, count):
    """Read what the rows of a block give.

    Args:
        block: where to.
        columns: addresses of the columns of `Raw`; 0 where the block has it already.
        side: of each row.
        rows: which; none for the rows from `start` on.
        start, count: of the rows of the block.
    """
    for j in range(RAWS):
        if columns[j]:
            at = (_RAW + 2 * j) * STRIDE
            if len(rows):
                for i in range(count):
                    block[at + i] = _number(columns[j], rows[np.uint64(start + i)])
            else:
                _copy(block.ctypes.data + 8 * at, columns[j] + 8 * start, count)
    if len(rows):
        for i in range(count):
            block[_SIDE + i] = side[np.uint64(rows[np.uint64(start + i)])]
    else:
        for i in range(count):
            block[_SIDE + i] = side[np.uint64(start + i)]


@njit(**OPTIONS)
def lengthen(block, columns, count):
    """Find the decimals that were meant by the long floats of a block."""
    for j in range(RAWS):
        if columns[j]:
            at = (_RAW + 2 * j) * STRIDE
            for i in range(count):
                if meant.short_part(block[at + i])[1]:
                    block[at + STRIDE + i] = meant.shortest(block[at + i])


@njit(**OPTIONS)
def write(block, out, plan, rows, start, count):
    """Let the results of a block leave it; see `Output`.

    Args:
        block: where from.
        out: where to, and the codes of what is said of the rows of each plan.
        plan: of all rows of the block.
        rows, start, count: as for `read`.
    """
    figures, tier, status, reason, warnings, rule_set, again, of_flags, of_plan = out
    rules = of_plan[plan]
    if len(rows):
        for i in range(count):
            at = np.uint64(rows[np.uint64(start + i)])
            for j in range(6):
                figures[j, at] = block[(_STAND + j) * STRIDE + i]
            figures[6, at] = block[_PRICE + i]
            tier[at] = block[_TIER + i]
            status[at] = block[_STATUS + i]
            reason[at] = block[_REASON + i]
            again[at] = block[_AGAIN + i]
            warnings[at] = of_flags[plan, np.int64(block[_FLAGS + i])]
            rule_set[at] = rules
        return
    there, line = figures.ctypes.data + 8 * start, 8 * figures.shape[1]
    for j in range(6):
        _stream(there + j * line, block, (_STAND + j) * STRIDE, count)
    _stream(there + 6 * line, block, _PRICE, count)
    for i in range(count):
        tier[np.uint64(start + i)] = block[_TIER + i]
    for i in range(count):
        status[np.uint64(start + i)] = block[_STATUS + i]
    for i in range(count):
        reason[np.uint64(start + i)] = block[_REASON + i]
    for i in range(count):
        again[np.uint64(start + i)] = block[_AGAIN + i]
    for i in range(count):
        warnings[np.uint64(start + i)] = of_flags[plan, np.int64(block[_FLAGS + i])]
    for i in range(count):
        rule_set[np.uint64(start + i)] = rules


@njit(**OPTIONS)
def read_shares(block, pools, at, start, count):
    """Read what cross positions bring into their pools, and the sums over these."""
    shares, sums, wallet, members, pool = pools
    for i in range(count):
        place = np.uint64(at[np.uint64(start + i)])
        whole = np.uint64(pool[place])
        for j in range(_SHARES):
            block[(_MINE + j) * STRIDE + i] = shares[j, place]
            block[(_POOL + j) * STRIDE + i] = sums[j, whole]
        block[_BEHIND * STRIDE + i] = wallet[0, place]
        block[(_BEHIND + 1) * STRIDE + i] = wallet[1, place]
        block[(_BEHIND + 2) * STRIDE + i] = members[place]


@njit(**OPTIONS)
def write_shares(block, shares, at, start, count):
    """Keep what cross positions bring into their pools."""
    for i in range(count):
        place = np.uint64(at[np.uint64(start + i)])
        for j in range(_SHARES):
            shares[j, place] = block[(_MINE + j) * STRIDE + i]


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
