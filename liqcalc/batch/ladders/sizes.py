"""How much a reduction closes, in columns; see `liqcalc.answers.ladder.sizes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import ends, row
from liqcalc.batch.fast.grid import DOWN, UNSTRAINED, to_whole
from liqcalc.batch.fast.pairs import Pair, take, where
from liqcalc.batch.fast.powers import POWERS_HI, POWERS_LO, ZEROTH
from liqcalc.batch.ladders.closing import closed
from liqcalc.batch.ladders.standing import Kind, Stand, moved, place_of, some, stand, with_rates
from liqcalc.engine.steps import SizeRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.engine.steps import Only
    from liqcalc.rules.schema import Step

_LOT_DIGITS = 4
_NEAR = 1e-27


class Cut(NamedTuple):
    """What a step closes and leaves; where it applies, and where that is in doubt."""

    qty: Pair
    left: Pair
    applies: Mask
    doubt: Mask


def meets(kind: Kind, s: Stand, only: Only) -> tuple[Mask, Mask]:
    """Return which positions a step is for, beside the condition, and where that is in doubt."""
    good = s.due == s.due
    doubt = ~good
    if only.tier_from is not None:
        good &= s.spot.at + 1 >= only.tier_from
    value = row.value_of(kind.shape, s.given.qty, s.given.mark)
    for limit, sign in ((only.value_above, 1.0), (only.value_below, -1.0)):
        if limit is not None:
            over = (value - Pair.of(limit)) * sign
            good &= over.hi > 0
            doubt |= np.abs(over.hi) <= _NEAR * value.hi
    if only.equity_from is not None:
        free = s.backing.equity - s.backing.requirement * Pair.of(only.equity_from)
        good &= (free.hi >= 0) & (s.backing.equity.hi > 0)
        doubt |= np.abs(free.hi) <= _NEAR * s.line.size
    if only.lowest_tier_met:
        lowest = ends.rates_at(kind.table, s.spot.first)
        none = row.zero(s.given.side)
        due, unsure = with_rates(kind, s, lowest._replace(deduction=none))
        good, doubt = good & ~due, doubt | unsure
    return good, doubt


def cut(kind: Kind, s: Stand, step: Step) -> Cut:
    """Return what `step` closes."""
    assert step.size is not None  # noqa: S101 - the data was checked
    return _RULES[step.size.to](kind, s, step)


def known(step: Step) -> bool:
    """Return True if the columns know how much `step` closes."""
    return step.size is None or step.size.to in _RULES


def _share(kind: Kind, s: Stand, step: Step) -> Cut:  # noqa: ARG001 - one shape for all
    """Return the share that the step names, in whole lots, one at least."""
    assert step.size is not None  # noqa: S101
    whole, lots = s.given.qty, _lots(s)
    qty, doubt = _down(whole * _pair(step.size.rate), lots)
    lot = 1.0 / lots
    qty = where(qty.hi > 0, qty, lot)
    qty = where((qty - whole).hi > 0, whole, qty)
    return Cut(qty, whole - qty, qty.hi > 0, doubt)


def _to_value(kind: Kind, s: Stand, step: Step) -> Cut:
    """Return what is above the value that the step leaves."""
    assert step.size is not None  # noqa: S101
    whole = s.given.qty
    value = row.value_of(kind.shape, whole, s.given.mark)
    left, doubt = _kept(whole, _pair(step.size.value), value, _lots(s))
    qty = whole - left
    return Cut(qty, left, qty.hi > 0, doubt)


def _to_tier(kind: Kind, s: Stand, step: Step) -> Cut:
    """Return what lies above the cap of the row so many below."""
    assert step.size is not None  # noqa: S101
    found = _down_to(kind, s, np.maximum(s.spot.at - (step.size.tiers or 1), 0))
    return found._replace(applies=s.spot.at > 0)


def _restoring(kind: Kind, s: Stand, step: Step) -> Cut:
    """Return what lies above the highest lower cap at which the condition no longer holds."""
    never = s.due != s.due
    nothing = np.zeros((4, len(never)))
    best = Cut(Pair(nothing[0], nothing[1]), Pair(nothing[2], nothing[3]), never, never.copy())
    lower = s.spot.at - 1
    open_ = np.flatnonzero(lower >= 0)
    while len(open_):
        here = some(s, open_, len(never))
        found = _down_to(kind, here, lower[open_])
        money = closed(kind, here, found.qty, step)
        then = after(kind, here, found.left, money.held)
        rest = found.left.hi > 0
        good = rest & ~then.due
        doubt = found.doubt | (rest & (then.doubt | money.doubt))
        _put(best, open_, found._replace(applies=good, doubt=doubt), good | doubt)
        open_ = open_[~(good | doubt)]
        lower[open_] -= 1
        open_ = open_[lower[open_] >= 0]
    return best


def _put(best: Cut, rows: NDArray[np.int64], found: Cut, good: Mask) -> None:
    """Write what was found about some rows."""
    at = rows[good]
    for to, since in ((best.qty, found.qty), (best.left, found.left)):
        to.hi[at], to.lo[at] = since.hi[good], since.lo[good]
    best.applies[at], best.doubt[at] = found.applies[good], found.doubt[good]


def after(kind: Kind, s: Stand, left: Pair, held: Pair) -> Stand:
    """Return what positions stand on after a step.

    Args:
        kind: of all positions.
        s: before it.
        left: quantity after it.
        held: money after it.
    """
    given = moved(s, s.given.mark, held)._replace(qty=left)
    return stand(kind, s.raw, given, s.terms, held)


_RULES: dict[SizeRule, Callable[[Kind, Stand, Step], Cut]] = {
    SizeRule.SHARE: _share,
    SizeRule.VALUE: _to_value,
    SizeRule.TIER_CAP: _to_tier,
    SizeRule.RESTORING_CAP: _restoring,
}


def _down_to(kind: Kind, s: Stand, lower: Floats) -> Cut:
    """Return what must be closed until a position is in a row of its table.

    A cap that belongs to the row above leaves one lot less.
    """
    at, lots, whole = s.spot.first + lower, _lots(s), s.given.qty
    cap = Pair(take(kind.table.cap, at), take(kind.table.cap_lo, at))
    left, doubt = _kept(whole, cap, s.values.size, lots)
    outside, unsure = _outside(kind, s, left, cap)
    doubt = doubt | unsure
    if outside.any():
        less = left - 1.0 / lots
        less = where(less.hi > 0, less, 0.0 * less)
        left = where(outside, less, left)
        again, unsure = _outside(kind, s, left, cap)
        doubt = doubt | again | unsure
    qty = whole - left
    return Cut(qty, left, qty.hi > 0, doubt)


def _outside(kind: Kind, s: Stand, left: Pair, cap: Pair) -> tuple[Mask, Mask]:
    """Return where a quantity is beyond the end of a row, and where that is in doubt."""
    size = row.values(kind.shape, s.given._replace(qty=left)).size
    over, doubt = ends.beyond(kind.shape, size, cap.hi, cap.lo)
    rest = left.hi > 0
    return over & rest, doubt & rest


def _kept(qty: Pair, limit: Pair, size: Pair, lots: Pair) -> tuple[Pair, Mask]:
    """Return the quantity of which at most `limit` is left; see `engine.steps.kept`."""
    over = size - limit
    left, doubt = _down(qty * limit / size, lots)
    near = (np.abs(over.hi) <= _NEAR * size.hi) & (over.hi != 0)
    return where(over.hi > 0, left, qty), doubt | near


def _down(qty: Pair, lots: Pair) -> tuple[Pair, Mask]:
    """Return a quantity rounded down to whole lots, and whether that is in doubt."""
    whole, doubt = to_whole(qty * lots, DOWN, 1.0, UNSTRAINED)
    return whole / lots, doubt


def _lots(s: Stand) -> Pair:
    """Return how many lots a unit has; of an unknown lot a ten-thousandth of the position."""
    lots = Pair(s.terms.lots, s.terms.lots_lo)
    unknown = np.isnan(lots.hi)
    if not unknown.any():
        return lots
    at = np.asarray(ZEROTH + _LOT_DIGITS - place_of(s.given.qty.hi), dtype=np.int64)
    found: Pair = where(unknown, Pair(POWERS_HI[at], POWERS_LO[at]), lots)
    return found


def _pair(number: Decimal | None) -> Pair:
    assert number is not None  # noqa: S101 - the data was checked
    return Pair.of(number)
