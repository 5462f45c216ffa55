"""Where on a straight way of prices a pool's condition first holds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liqcalc.answers.case import Case

Marks = dict[str, Decimal]


class Search(NamedTuple):
    """How finely a way is looked at.

    Attributes:
        parts: of the way, at whose ends the condition is looked at where the
            curve does not know the crossing.
        narrow: share of the way to which the crossing is then known.
        events: after so many liquidations between two points, further ones are
            taken together.
        steps: in so many parts of the way.
    """

    parts: int = 8
    narrow: Decimal = Decimal("1e-22")
    events: int = 100
    steps: int = 40


FINE = Search()
COARSE = Search(4, Decimal("1e-9"), 10, 10)
_BEYOND = (ZERO, *(Decimal(1).scaleb(-places) for places in (28, 24, 20, 14, 11, 8)))
"""Where the condition holds only beyond the root, and where printed profits move a given equity."""


class Leg(NamedTuple):
    """A straight way from the marks of a case to other ones."""

    case: Case
    start: Marks
    stop: Marks

    def at(self, share: Decimal) -> Marks:
        """Return the marks after a share of the way."""
        return {
            symbol: mark + (self.stop[symbol] - mark) * share for symbol, mark in self.start.items()
        }

    def moved(self, share: Decimal) -> Case:
        """Return the case after a share of the way."""
        return self.case.at(self.at(share)) if share else self.case


class Crossing(NamedTuple):
    """Where on a leg a condition first holds.

    Attributes:
        share: of the way, as the health curve has it.
        holds: the same, or the next number at which the condition holds where
            it is met only beyond.
        case: at `holds`.
    """

    share: Decimal
    holds: Decimal
    case: Case


def ended(case: Case, members: Iterable[int]) -> tuple[int, ...]:
    """Return which positions are liquidatable at the marks."""
    answers = case.figures.positions
    return tuple(j for j in members if answers[j].status is Status.ALREADY_LIQUIDATABLE)


def known(case: Case, members: Iterable[int]) -> bool:
    """Return whether it can be told if the positions are liquidatable."""
    answers = case.figures.positions
    return all(answers[j].status is not Status.INDETERMINATE for j in members)


def crossing(
    leg: Leg, members: Sequence[int], search: Search = FINE, *, look: bool = True
) -> Crossing | None:
    """Return where on a leg the first of some positions becomes liquidatable.

    Args:
        leg: from the case's marks.
        members: positions that share a pool.
        search: how it is looked for where no closed form knows the first end.
        look: also look at the stop of the leg itself.
    """
    case = leg.case
    if ended(case, members):
        return Crossing(ZERO, ZERO, case)
    if not members or not known(case, members) or leg.start == leg.stop:
        return None
    solved, share = _closed(leg, members)
    if share is not None and share <= ONE:
        return _confirmed(leg, members, share) or _halved(leg, members, search)
    if solved and not (look and ended(leg.moved(ONE), members)):
        return None
    return _halved(leg, members, search)


def _confirmed(leg: Leg, members: Sequence[int], share: Decimal) -> Crossing | None:
    """Return the crossing that the curve knows, if the condition holds at it or just beyond."""
    for step in _BEYOND:
        there = leg.moved(share + step)
        if ended(there, members):
            return Crossing(share, share + step, there)
    return None


def _symbols(case: Case, members: Iterable[int]) -> list[str]:
    rows = case.sheet.positions
    return list(dict.fromkeys(rows[j].symbol for j in members if j < len(rows)))


def _closed(leg: Leg, members: Sequence[int]) -> tuple[bool, Decimal | None]:
    """Return whether the curve knows the first end on the way, and the share at which it is.

    It does where one price of the pool moves, or all of them by the same factor.
    """
    case = leg.case
    if _backed_by_others(leg, members):
        return False, None
    symbols = _symbols(case, members)
    moving = [symbol for symbol in symbols if leg.start[symbol] != leg.stop[symbol]]
    if not moving:
        return True, None
    if len(moving) == 1:
        return _of_one(leg, members, moving[0])
    factors = {leg.stop[symbol] / leg.start[symbol] for symbol in symbols}
    answers = case.figures
    crossed = [j for j, a in enumerate(answers.positions) if a.margin_mode == "cross"]
    move = answers.joint
    alike = len(factors) == 1 and crossed == list(members)
    if not alike or move is None or move.status is Status.INDETERMINATE:
        return False, None
    change = factors.pop() - ONE
    end = move.down if change < 0 else move.up
    return True, None if end is None else end / change


def _of_one(leg: Leg, members: Sequence[int], symbol: str) -> tuple[bool, Decimal | None]:
    start, stop = leg.start[symbol], leg.stop[symbol]
    held = [j for j in members if leg.case.sheet.positions[j].symbol == symbol]
    ends = leg.case.ends(held[0])
    end = ends.lower if stop < start else ends.upper
    return True, None if end is None else (end - start) / (stop - start)


def _backed_by_others(leg: Leg, members: Sequence[int]) -> bool:
    """Return whether coins behind the pool move with a price that is not the pool's."""
    case, rows = leg.case, leg.case.sheet.positions
    held = {coin.asset for j in members for coin in rows[j].collateral}
    if not case.position(members[0]).isolated:
        held |= {coin.asset for coin in case.sheet.account.collateral or ()}
    if not held:
        return False
    own = {rows[j].symbol for j in members}
    bases = {
        case.position(j).contract.base
        for j, row in enumerate(rows)
        if row.symbol not in own and leg.start[row.symbol] != leg.stop[row.symbol]
    }
    return bool(held & bases) or (len(own) > 1 and any(rows[j].collateral for j in members))


def _halved(leg: Leg, members: Sequence[int], search: Search) -> Crossing | None:
    """Return the first crossing that looking at equal parts of the way finds."""
    before = ZERO
    for count in range(1, search.parts + 1):
        share = ONE * count / search.parts
        there = leg.moved(share)
        if not known(there, members):
            return None
        if ended(there, members):
            return _bracketed(leg, members, (before, share), search.narrow)
        before = share
    return None


def _bracketed(
    leg: Leg, members: Sequence[int], bracket: tuple[Decimal, Decimal], narrow: Decimal
) -> Crossing:
    """Return where the condition first holds between a share without it and one with it.

    False position on the ratio, where an end that stays counts half, and
    halving where that does not go fast; the condition itself decides on which
    side a share lies.
    """
    low, high = bracket
    case = leg.moved(high)
    at_low, at_high = _gap(leg.moved(low), members), _gap(case, members)
    stayed, halve, width = 0, False, high - low
    while high - low > narrow:
        share = (low + high) / 2
        if not halve and at_low > 0 > at_high:
            inner = low + (high - low) * at_low / (at_low - at_high)
            share = min(max(inner, low + narrow / 2), high - narrow / 2)
        there = leg.moved(share)
        gap = _gap(there, members)
        if ended(there, members):
            high, at_high, case = share, gap, there
            at_low = at_low / 2 if stayed > 0 else at_low
            stayed = 1
        else:
            low, at_low = share, gap
            at_high = at_high / 2 if stayed < 0 else at_high
            stayed = -1
        halve = not halve and (high - low) * 2 > width
        width = high - low
    return Crossing(high, high, case)


def _gap(case: Case, members: Sequence[int]) -> Decimal:
    """Return how far a pool is from its condition, as a share of its equity."""
    ratios = [case.figures.positions[j].exact.get("margin_ratio") for j in members]
    known_ratios = [ratio for ratio in ratios if ratio is not None]
    return ONE - max(known_ratios) if len(known_ratios) == len(ratios) else -ONE
