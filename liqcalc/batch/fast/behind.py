"""What stands behind a position: its own margin, or its part of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row, shapes
from liqcalc.batch.fast.pairs import Pair, Value, where

if TYPE_CHECKING:
    from liqcalc.batch.fast.position import Spot, Terms
    from liqcalc.batch.fast.row import Given, Margins, Values
    from liqcalc.batch.fast.shapes import Shape


class Backing(NamedTuple):
    """What backs a position.

    Attributes:
        cash: without its own profit, less what others require.
        bankrupt: the same, for the bankruptcy price.
        equity, requirement: of the pool, of which the ratio is counted.
        part: of the pool's equity that the position may lose.
        size: of the sums over the pool that `cash` is the difference of.
    """

    cash: Pair
    bankrupt: Pair
    equity: Pair
    requirement: Pair
    part: Pair
    size: Value


class Share(NamedTuple):
    """What a cross position brings into its pool.

    Attributes:
        pnl, required, value: at the mark.
        closing: the fee to close there, where the bankruptcy price leaves it.
        doubt: 1 where the pool's sums are not certain or its rows not known.
    """

    pnl: Pair
    required: Pair
    value: Pair
    closing: Pair
    doubt: Value


def backing_of(shape: Shape, margins: Margins, v: Values) -> Backing:
    """Return what backs an isolated position."""
    required = row.requirement(shape, margins, v)
    equity = margins.cash + margins.pnl
    if shape.fee_in_maintenance == shapes.RESERVE:
        required, equity = required + margins.reserve, equity + margins.reserve
    nothing = row.zero(margins.cash.hi)
    return Backing(margins.cash, margins.cash, equity, required, nothing, nothing.hi)


def share_of(shape: Shape, g: Given, v: Values, spot: Spot, margins: Margins, t: Terms) -> Share:
    """Return what a cross position brings into its pool."""
    closing = row.zero(g.side)
    if shape.bankruptcy_pays_at_entry:
        closing = v.entry * g.bankruptcy
    elif shape.bankruptcy_pays:
        closing = v.mark * g.bankruptcy
    unknown = (t.complete == 0) & ~spot.own & ~ends.within(v.size, t.last_cap, t.last_cap_lo)
    doubt = unknown | margins.doubt | v.doubt | spot.doubt
    required = row.requirement(shape, margins, v)
    if shape.netted:
        doubt = doubt | (required.hi < 0)
    return Share(margins.pnl, required, v.mark, closing, 1.0 * doubt)


def pooled(shape: Shape, mine: Share, pool: Share, wallet: Pair, members: Value) -> Backing:
    """Return what backs a cross position.

    Args:
        shape, mine: the position.
        pool: the sums over its pool.
        wallet: of the account.
        members: of the pool.
    """
    equity = wallet + pool.pnl
    others = equity - mine.pnl
    part = Pair(1.0 + 0.0 * members, 0.0 * members)
    if shape.share == shapes.BY_VALUE:
        part = where((members > 1) & (pool.value.hi != 0), mine.value / pool.value, part)
    elif shape.share == shapes.BY_REQUIREMENT:
        part = where((members > 1) & (pool.required.hi != 0), mine.required / pool.required, part)
    return Backing(
        others - (pool.required - mine.required),
        others - (pool.closing - mine.closing),
        equity,
        pool.required,
        part,
        np.abs(wallet.hi) + np.abs(pool.pnl.hi) + pool.value.hi,
    )


def free_of(shape: Shape, backing: Backing) -> Pair:
    """Return the equity above the requirement, where the printed price follows from it."""
    if shape.shown == shapes.FROZEN:
        return backing.equity - backing.requirement
    return backing.cash
