"""The first step on single positions of one shape and one process, a block at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import outcome, position
from liqcalc.batch.fast.meant import meant
from liqcalc.batch.fast.pairs import where
from liqcalc.batch.fast.position import Raw
from liqcalc.batch.ladders import closing, sizes
from liqcalc.batch.ladders.standing import (
    Kind,
    Stand,
    grid_beyond,
    level_of,
    moved,
    near_zero,
    part,
    root_of,
    some,
    stand,
)
from liqcalc.engine.steps import TOLD, WHOLE, Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.pairs import Pair
    from liqcalc.batch.fast.position import Terms
    from liqcalc.rules.schema import Process, Step

NUMBERS = (
    *("trigger_price", "qty_closed", "fill_price", "realized_pnl", "fees", "fund"),
    *("qty_left", "margin_left", "next_liquidation_price"),
)
CANNOT, AT_PRICE, ALREADY, GONE = range(4)
_IDLE = TOLD | {Action.CANCEL_ORDERS, Action.NET_HEDGE}
"""What does nothing to the only position of a pool without orders."""


class Block(NamedTuple):
    """What was found about a block of positions.

    Attributes:
        numbers: one line a number, in the order of `NUMBERS`.
        step: place in the process; -1 where none was taken.
        at_bankruptcy: it closes at the bankruptcy price.
        tier: of what is left; 0 where nothing is.
        status: of what is left.
        again: to be done exactly.
    """

    numbers: Floats
    step: NDArray[np.int8]
    at_bankruptcy: Mask
    tier: NDArray[np.int16]
    status: NDArray[np.int8]
    again: Mask

    @classmethod
    def empty(cls, rows: int) -> Block:
        """Return room for so many rows, all of them still to be done."""
        return cls(
            np.full((len(NUMBERS), rows), np.nan),
            np.full(rows, -1, dtype=np.int8),
            np.zeros(rows, dtype=bool),
            np.zeros(rows, dtype=np.int16),
            np.full(rows, GONE, dtype=np.int8),
            np.ones(rows, dtype=bool),
        )

    def put(self, rows: NDArray[np.int64], block: Block) -> None:
        """Keep what was found about some rows."""
        self.numbers[:, rows] = block.numbers
        self.step[rows] = block.step
        self.at_bankruptcy[rows] = block.at_bankruptcy
        self.tier[rows] = block.tier
        self.status[rows] = block.status
        self.again[rows] = block.again


def known(process: Process) -> bool:
    """Return True if the columns can take every step of a process."""
    steps = [step for step in process.steps if step.action not in _IDLE]
    return all(sizes.known(step) and closing.known(step) for step in steps)


def first_steps(
    kind: Kind,
    process: Process,
    numbers: Sequence[Floats],
    side: Floats,
    terms: Terms,
    wallet: Floats,
) -> Block:
    """Return the first step that a process takes on each position.

    Args:
        kind: of all of them.
        process: of all of them.
        numbers: the columns of `Raw`.
        side: of each row.
        terms: of each row's plan.
        wallet: behind each cross position.
    """
    found = Block.empty(len(side))
    raw, shape = Raw(*map(meant, numbers)), kind.shape
    prices = position.prices_of(shape, raw, side, terms)
    given = position.given_of(shape, raw, prices, side, terms)
    s = stand(kind, raw, given, terms, meant(wallet))
    level = level_of(kind, s)
    grid = grid_beyond(level, given)
    mark = where(s.due, given.mark, grid.price)
    good = position.usable(shape.given, raw) & ~s.doubt & ~near_zero(s.line)
    good &= s.due | ~(level.none | level.doubt | grid.doubt)
    here = np.flatnonzero(good)
    if len(here):
        kind, s, mark = _settled(kind), some(s, here, len(side)), some(mark, here, len(side))
        late = _at_marks(kind, process, s, mark, here, found)
        if late.any():  # a condition that is cut to decimals, or does not hold at its very end
            mark = part(mark, late) + part(part(grid.step, here), late)
            _at_marks(kind, process, part(s, late), mark, here[late], found)
    return found


def _settled(kind: Kind) -> Kind:
    """Return the kind of positions whose margins are written out."""
    return kind._replace(shape=kind.shape._replace(given=kind.shape.given._replace(margin=True)))


def _at_marks(
    kind: Kind, process: Process, s: Stand, mark: Pair, rows: NDArray[np.int64], found: Block
) -> Mask:
    """Take the first step where the condition holds; return where it does not hold yet."""
    s = stand(kind, s.raw, moved(s, mark, s.held), s.terms, s.held)
    found.numbers[0, rows] = mark.hi
    open_ = np.flatnonzero(s.due & ~s.doubt)
    for number, step in enumerate(process.steps):
        if step.action in _IDLE or not len(open_):
            continue
        applies = _take(kind, step, some(s, open_, len(rows)), rows[open_], found)
        found.step[rows[open_[applies]]] = number
        open_ = open_[~applies & ~np.isnan(found.numbers[0, rows[open_]])]
    return ~s.due & ~s.doubt


def _take(kind: Kind, step: Step, s: Stand, rows: NDArray[np.int64], found: Block) -> Mask:
    """Take a step where it applies; return where that is. The trigger price of doubt is NaN."""
    good, doubt = sizes.meets(kind, s, step.only)
    if step.action in WHOLE:
        cut = sizes.Cut(s.given.qty, 0.0 * s.given.qty, good, doubt)
    else:
        cut = sizes.cut(kind, s, step)
    doubt |= good & cut.doubt
    found.numbers[0, rows[doubt]] = np.nan
    taken = good & cut.applies & ~doubt
    at = np.flatnonzero(taken)
    if len(at):
        _close(kind, step, some(s, at, len(rows)), some(cut, at, len(rows)), rows[at], found)
    return taken


def _close(
    kind: Kind, step: Step, s: Stand, cut: sizes.Cut, rows: NDArray[np.int64], found: Block
) -> None:
    """Write what a step closes, and what is left."""
    closed = closing.closed(kind, s, cut.qty, step)
    shown = closing.printed(kind, closed)
    numbers = found.numbers
    numbers[1, rows], numbers[6, rows] = cut.qty.hi, cut.left.hi
    numbers[2, rows], numbers[3, rows] = shown.fill_price, shown.realized_pnl
    numbers[4, rows], numbers[5, rows] = shown.fees, shown.fund
    numbers[7, rows] = shown.margin_left
    found.at_bankruptcy[rows] = closed.at_bankruptcy
    found.again[rows] = shown.doubt
    at = np.flatnonzero(cut.left.hi > 0)
    if len(at):
        left, held = some(cut.left, at, len(rows)), some(closed.held, at, len(rows))
        then = sizes.after(kind, some(s, at, len(rows)), left, held)
        _what_is_left(kind, then, rows[at], found)


def _what_is_left(kind: Kind, s: Stand, rows: NDArray[np.int64], found: Block) -> None:
    """Write what is left of positions after a step, and where that ends."""
    fee, root, size = s.margins.fee_rate, root_of(kind, s), s.values.size
    free = s.backing.equity - s.backing.requirement
    reach = outcome.reach_of(
        kind.shape, s.given, s.line, fee, root, size, s.spot.own, s.terms, free
    )
    ending = outcome.ending_of(kind.shape, s.given, reach)
    found.numbers[8, rows] = ending.liquidation_price
    found.status[rows] = ending.status
    found.tier[rows] = s.spot.at + 1
    found.again[rows] |= s.doubt | ending.doubt | (ending.status == outcome.UNKNOWN)
