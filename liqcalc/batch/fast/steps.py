"""The steps of the compiled way: each a loop of its own over the rows of a block.

They call the same functions as `columnar`.  All rows of a block are of one
plan, so that the numbers of the plan are the same in each turn of a loop; where
nothing depends on a table, the compiler does several rows with one instruction.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from liqcalc.batch.fast import behind, ends, layout, meant, outcome, position, row, shapes
from liqcalc.batch.fast.behind import Share
from liqcalc.batch.fast.ends import Line
from liqcalc.batch.fast.layout import (
    OPTIONS,
    RAW,
    Asked,
    Course,
    End,
    Place,
    Required,
    Turn,
    Worth,
    inline,
)
from liqcalc.batch.fast.outcome import Root
from liqcalc.batch.fast.pairs import Pair, take
from liqcalc.batch.fast.position import Raw, Spot
from liqcalc.batch.fast.row import Rates, Values
from liqcalc.batch.fast.slots import ROWS, STRIDE

if TYPE_CHECKING:
    from liqcalc.batch.fast.shapes import Shape

_raw, _prices, _worth, _place = layout.raw_of, layout.prices_of, layout.worth_of, layout.place_of
_amounts, _reach = layout.amounts_of, layout.reach_of
_save_amounts, _save_reach = layout.save_amounts, layout.save_reach
_course, _turn, _terms = layout.course_of, layout.turn_of, layout.terms_of
_mine, _pool, _behind, _stand = layout.mine_of, layout.pool_of, layout.behind_of, layout.stand_of
_required, _asked = layout.required_of, layout.asked_of
_save_required, _save_asked = layout.save_required, layout.save_asked
_save_prices, _save_worth, _save_place = layout.save_prices, layout.save_worth, layout.save_place
_save_course, _save_turn = layout.save_course, layout.save_turn
_save_stand, _save_end, _save_mine = layout.save_stand, layout.save_end, layout.save_mine

_LONG = layout.LONG * STRIDE
_AT = layout.PLACE.first * STRIDE
_NO_END = 1e290
_NEAR = 1e-15
"""Sizes so near an end of a row are compared with all digits."""


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


@inline
def _known(block, i):
    """Return the values of a row."""
    w = _worth(block, i)
    return Values(w.entry, w.mark, w.indexed, w.size, w.doubt > 0)


@inline
def _nothing_meant(block, i):
    return 0.0


def _meaning(others: Any, j: int) -> Any:
    """Return `others` with a step that finds the decimals of column `j` if they are short."""
    hi, lo = (RAW.first + 2 * j) * STRIDE, (RAW.first + 2 * j + 1) * STRIDE

    @inline
    def step(block, i):
        rest, long = meant.short_part(block[hi + i])
        block[lo + i] = rest
        return others(block, i) + 1.0 * long

    return step


@cache
def steps_of(shape: Shape) -> Steps:
    """Return the compiled steps for a shape."""
    inputs, own_rates = shape.given, shape.given.mmr
    moves, alone = shape.tier_moves, shape.isolated
    asks = shape.initial_rate != shapes.LEVERAGE or shape.from_initial

    @inline
    def _given(block, i, t):
        """Return what a row gives."""
        return position.given_of(shape, _raw(block, i), _prices(block, i), block[i], t)

    short = _nothing_meant
    for j, name in enumerate(Raw._fields):
        if getattr(inputs, name, True):
            short = _meaning(short, j)

    @njit(**OPTIONS)
    def mean(block):
        for i in range(ROWS):
            block[_LONG + i] = short(block, i)
        longer = np.int64(0)
        for i in range(ROWS):
            longer |= np.int64(block[_LONG + i])
        return longer > 0

    @njit(**OPTIONS)
    def value(block, terms, plan):
        t = _terms(terms, plan)
        for i in range(ROWS):
            prices = position.prices_of(shape, _raw(block, i), block[i], t)
            _save_prices(block, i, prices)
            given = position.given_of(shape, _raw(block, i), prices, block[i], t)
            v = row.values(shape, given)
            _save_worth(block, i, Worth(v.entry, v.mark, v.indexed, v.size, 1.0 * v.doubt))

    @inline
    def _own(block, i):
        """Return whether a row gives a rate of its own."""
        return ~np.isnan(_raw(block, i).mmr.hi) if own_rates else False

    @inline
    def _spot(block, i, t):
        """Return where a row stands in its table."""
        p, own = _place(block, i), _own(block, i)
        count = 1 if own else np.int64(t.count)
        return Spot(own, np.int64(t.first), count, np.int64(p.at), p.doubt > 0)

    @inline
    def _rates(block, i):
        """Return the rates of a row; those at opening where the shape asks for them."""
        required = _required(block, i)
        imr = _asked(block, i).imr if asks else Pair(0.0, 0.0)
        return Rates(required.mmr, required.deduction, imr)

    @njit(**OPTIONS)
    def find_tier(block, terms, plan, count, book):
        table, most, notes = book
        t = _terms(terms, plan)
        first, last = np.int64(t.first), np.int64(t.first) + np.int64(t.count) - 1
        for i in range(ROWS):
            block[_AT + i] = 0.0
        for k in range(first, last):
            cap = take(table.cap, k)
            for i in range(ROWS):
                block[_AT + i] += 1.0 if _worth(block, i).size.hi > cap else 0.0
        for i in range(count):
            size, at, own, doubt = _worth(block, i).size, np.int64(block[_AT + i]), False, False
            low = take(table.cap, first + at - 1) if at > 0 else 0.0
            high = min(_NO_END, take(table.cap, first + at))
            near = (size.hi - low <= _NEAR * low) | (high - size.hi <= _NEAR * high)
            if own_rates or near:
                spot = position.spot_of(shape, _raw(block, i), size, t, table)
                at, own, doubt = spot.at, spot.own, spot.doubt
                low = take(table.cap, first + at - 1) if at > 0 else 0.0
                high = _NO_END if own else min(_NO_END, take(table.cap, first + at))
            known = ends.rates_at(table, first + at)
            found = position.rates_of(shape, _raw(block, i), own, known)
            _save_required(block, i, Required(found.mmr, found.deduction))
            if asks:
                _save_asked(block, i, Asked(found.imr))
            said = take(most, first + at), take(notes, first + at)
            _save_place(block, i, Place(1.0 * at, 1.0 * doubt, low, high, said[0], said[1]))

    @njit(**OPTIONS)
    def bring(block, terms, plan):
        t = _terms(terms, plan)
        for i in range(ROWS):
            g, r, v = _given(block, i, t), _rates(block, i), _known(block, i)
            m = row.margins(shape, g, r, v, row.zero(block[i]))
            share = behind.share_of(shape, g, v, _spot(block, i, t), m, t)
            doubt = max(share.doubt, 1.0 * ~position.usable(inputs, _raw(block, i)))
            mine = Share(share.pnl, share.required, share.value, share.closing, doubt)
            _save_mine(block, i, mine)

    @njit(**OPTIONS)
    def stand(block, terms, plan):
        t = _terms(terms, plan)
        for i in range(ROWS):
            g, r, v = _given(block, i, t), _rates(block, i), _known(block, i)
            m = row.margins(shape, g, r, v, row.zero(block[i]))
            if alone:
                backing = behind.backing_of(shape, m, v)
            else:
                b = _behind(block, i)
                backing = behind.pooled(
                    shape, _mine(block, i), _pool(block, i), b.wallet, b.members
                )
            p, spot = _place(block, i), _spot(block, i, t)
            _save_amounts(block, i, outcome.amounts_of(shape, g, r, v, spot, m, backing))
            line = ends.quick_line(shape, g, r, v, m, backing.cash, backing.size)
            drift, fee = row.drift_of(shape, block[i]), m.fee_rate
            stays = ends.stays(drift, r, p.low, p.high, line.base.hi, fee.hi, line.health)
            free = behind.free_of(shape, backing)
            course = Course(line.base, line.health, line.size, fee, free, 1.0 * stays)
            _save_course(block, i, course)
            if moves:
                _save_turn(block, i, Turn(r.mmr, r.deduction, r.mmr * np.nan, 0.0, 0.0))
        for i in range(ROWS):
            g, r, v = _given(block, i, t), _rates(block, i), _known(block, i)
            p, own, a = _place(block, i), _own(block, i), _amounts(block, i)
            s = outcome.standing_of(shape, g, r, v, own, t, p.most, p.notes, a)
            _save_stand(block, i, s)

    @njit(**OPTIONS)
    def find_root(block, terms, plan, count, table):
        if not moves:
            return
        t = _terms(terms, plan)
        for i in range(count):
            c = _course(block, i)
            if c.stays > 0:
                continue
            drift = row.drift_of(shape, block[i])
            r, spot = _rates(block, i), _spot(block, i, t)
            root = outcome.root_of(shape, drift, spot, r, c.base.hi, c.fee.hi, c.health, table)
            turn = Turn(root.mmr, root.deduction, root.edge, 1.0 * root.none, 1.0 * root.doubt)
            _save_turn(block, i, turn)

    @njit(**OPTIONS)
    def finish(block, terms, plan):
        t = _terms(terms, plan)
        for i in range(ROWS):
            g, size = _given(block, i, t), _worth(block, i).size
            c, r = _course(block, i), _rates(block, i)
            root = Root(r.mmr, r.deduction, r.mmr * np.nan, False, False)
            if moves:
                turn = _turn(block, i)
                root = Root(turn.mmr, turn.deduction, turn.edge, turn.none > 0, turn.doubt > 0)
            line = Line(c.base, c.health, c.size, ends.NEAR_ZERO * c.size)
            own = _own(block, i)
            reach = outcome.reach_of(shape, g, line, c.fee, root, size, own, t, c.free)
            _save_reach(block, i, reach)
        for i in range(ROWS):
            e = outcome.ending_of(shape, _given(block, i, t), _reach(block, i))
            doubt = _stand(block, i).doubt + 1.0 * ~position.usable(inputs, _raw(block, i))
            doubt = doubt + 1.0 * e.doubt
            if not alone:
                doubt = doubt + _pool(block, i).doubt
            tier, again = _place(block, i).at + 1.0, 1.0 if doubt > 0 else 0.0
            _save_end(block, i, End(e.liquidation_price, tier, e.status, e.reason, again))

    return Steps(mean, value, find_tier, bring, stand, find_root, finish)
