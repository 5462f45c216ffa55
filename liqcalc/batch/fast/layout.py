"""What lies where in a block, and the functions that read and keep it; for the compiled way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from liqcalc.batch.fast import compiled, meant
from liqcalc.batch.fast.behind import Share
from liqcalc.batch.fast.outcome import Amounts, Reach, Standing
from liqcalc.batch.fast.position import Prices, Raw, Terms
from liqcalc.batch.fast.slots import STRIDE, load_of, slots_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.batch.columns import Floats
    from liqcalc.batch.fast.pairs import Pair, Value

assert compiled  # noqa: S101 - what it teaches numba is used below

OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}


class Required(NamedTuple):
    """What a row of a table requires."""

    mmr: Pair
    deduction: Pair


class Asked(NamedTuple):
    """What a row of a table asks for at opening."""

    imr: Pair


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


class Turn(NamedTuple):
    """`Root` as numbers."""

    mmr: Pair
    deduction: Pair
    edge: Pair
    none: Value
    doubt: Value


class Behind(NamedTuple):
    """The wallet behind a cross position, and how many share it."""

    wallet: Pair
    members: Value


class End(NamedTuple):
    """`Ending` as numbers, with the tier; `again` = to be done exactly."""

    liquidation_price: Value
    tier: Value
    status: Value
    reason: Value
    again: Value


_LINE = 8
"""Numbers in a line of the cache."""

SIDE = 0
RAW = slots_of(Raw, 1)
PRICES = slots_of(Prices, RAW.after)
WORTH = slots_of(Worth, PRICES.after)
PLACE = slots_of(Place, WORTH.after)
REQUIRED = slots_of(Required, PLACE.after)
ASKED = slots_of(Asked, REQUIRED.after)
AMOUNTS = slots_of(Amounts, ASKED.after)
REACH = slots_of(Reach, AMOUNTS.after)
COURSE = slots_of(Course, REACH.after)
TURN = slots_of(Turn, COURSE.after)
STAND = slots_of(Standing, TURN.after)
END = slots_of(End, STAND.after)
MINE = slots_of(Share, END.after)
POOL = slots_of(Share, MINE.after)
BEHIND = slots_of(Behind, POOL.after)
LONG = BEHIND.after
SLOTS = LONG + 1
RAWS = len(Raw._fields)

inline = njit(error_model="numpy", forceinline=True, _nrt=False)

raw_of, prices_of, worth_of = (inline(s.load) for s in (RAW, PRICES, WORTH))
place_of, course_of = (inline(s.load) for s in (PLACE, COURSE))
required_of, asked_of = (inline(s.load) for s in (REQUIRED, ASKED))
amounts_of, reach_of = (inline(s.load) for s in (AMOUNTS, REACH))
turn_of, mine_of, pool_of = (inline(s.load) for s in (TURN, MINE, POOL))
behind_of, stand_of = (inline(s.load) for s in (BEHIND, STAND))
terms_of = inline(load_of(Terms))

save_prices, save_worth, save_place = (inline(s.save) for s in (PRICES, WORTH, PLACE))
save_required, save_asked = (inline(s.save) for s in (REQUIRED, ASKED))
save_amounts, save_reach = (inline(s.save) for s in (AMOUNTS, REACH))
save_course, save_turn = (inline(s.save) for s in (COURSE, TURN))
save_mine, save_stand, save_end = (inline(s.save) for s in (MINE, STAND, END))


def new_block(numbers: Sequence[Floats]) -> Floats:
    """Return a block that holds what is the same for all rows.

    Args:
        numbers: the columns of `Raw`; those of one number are for every row.
    """
    block = np.zeros(SLOTS * STRIDE)
    pair = meant.meant(np.array([column[0] if len(column) else np.nan for column in numbers]))
    lines = block.reshape(SLOTS, STRIDE)[RAW.first : RAW.after]
    lines[::2], lines[1::2] = pair.hi[:, None], pair.lo[:, None]
    return block


def copy_of(block: Floats) -> Floats:
    """Return a copy of a block that begins with a line of the processor's cache."""
    room = np.empty(len(block) + _LINE)
    first = -(room.ctypes.data // room.itemsize) % _LINE
    copied = room[first : first + len(block)]
    copied[:] = block
    return copied
