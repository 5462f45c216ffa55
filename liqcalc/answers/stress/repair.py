"""The least cash, or the least to close, that lets an account survive a move."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.backing import needed_at
from liqcalc.answers.ladder.money import pay
from liqcalc.answers.stress.answer import Repair, RepairKind, Repairs
from liqcalc.answers.stress.crossing import known
from liqcalc.answers.stress.ends import closed, members_of, survives
from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ZERO, exact, plain, to_step
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from liqcalc.answers.case import Case
    from liqcalc.answers.stress.answer import Unit
    from liqcalc.answers.stress.inputs import Line

CENT = Decimal("0.01")
SATOSHI = Decimal("1e-8")
_PARTS = 1000
_MOST = 2**80


class _Question(NamedTuple):
    """A unit that does not survive a move."""

    case: Case
    line: Line
    unit: Unit
    members: list[int]
    move: Decimal

    def holds(self, case: Case, gone: int | None = None) -> bool:
        """Return whether the unit survives in a changed case; `gone` was closed in full."""
        members = self.members
        if gone is not None:
            members = [k - (k > gone) for k in members if k != gone]
        return survives(case, self.line, members, self.move)


def repairs_of(case: Case, line: Line, units: tuple[Unit, ...], move: Decimal) -> Repairs:
    """Return what lets every unit survive a move: cash, or a smaller position.

    Amounts are the least that survive: one step less does not.  What is least
    is found by looking, step by step halved, with the condition itself as
    judge; so it holds for haircuts, tiers and fees alike.
    """
    with exact():
        weak = [unit for unit in units if not _safe(case, line, unit, move)]
        asked = [_Question(case, line, unit, members_of(case, unit), move) for unit in weak]
        options = tuple(option for question in asked for option in _options(question))
    cheapest = {unit.name: _cheapest(options, unit.name) for unit in weak}
    return Repairs(move, tuple(unit.name for unit in weak), options, cheapest)


def _safe(case: Case, line: Line, unit: Unit, move: Decimal) -> bool:
    """Return whether a unit is known to survive a move."""
    members = members_of(case, unit)
    return known(case, members) and survives(case, line, members, move)


def _cheapest(options: tuple[Repair, ...], unit: str) -> Repair | None:
    own = [option for option in options if option.unit == unit and option.cost is not None]
    if len({option.currency for option in own}) > 1:
        own = [option for option in own if option.currency == own[0].currency]
    return min(own, key=lambda option: option.cost or ZERO, default=None)


def _options(question: _Question) -> Iterator[Repair]:
    case, members = question.case, question.members
    if not known(case, members):
        answer = case.figures.positions[members[0]]
        why = answer.reasons.get("liquidation_price", "what ends it is not known")
        name = question.unit.name
        yield Repair(name, RepairKind.ADD, "", None, None, answer.settle, kept=True, reason=why)
        return
    yield _cash(question)
    for j in question.members:
        yield _closing(question, j)


# Cash


def _cash(question: _Question) -> Repair:
    case, j = question.case, question.members[0]
    contract = case.position(j).contract
    step = CENT if contract.product is Product.LINEAR else SATOSHI
    name, settle = question.unit.name, contract.settle
    nothing = Repair(name, RepairKind.ADD, "", None, None, settle, kept=True)
    there = case.at(question.line.at(question.move))
    try:
        needed = needed_at(there, j, there.figures.positions[j].mark_price)
        if needed is None:
            return nothing._replace(reason="what it requires there is not known")
        guess = int(to_step(max(needed.amount, ZERO) / step, Decimal(1), "up"))

        def holds(count: int) -> bool:
            return question.holds(with_cash(case, j, step * count))

        count = _least(holds, guess)
    except InputError as error:
        return nothing._replace(reason=error.faults[0].message)
    if count is None:
        return nothing._replace(reason=f"no amount of {settle} survives it")
    return nothing._replace(amount=step * count, cost=step * count)


def with_cash(case: Case, j: int, amount: Decimal) -> Case:
    """Return the case after `amount` has come to what backs position `j`."""
    return pay(case, j, -amount, ZERO)


def _least(holds: Callable[[int], bool], guess: int) -> int | None:
    """Return the least count that holds, where more never holds less; None if none does."""
    low, high, stride = 0, max(guess, 1), 1
    if holds(high):
        while high - stride > 0 and holds(high - stride):
            high -= stride
            stride *= 2
        low = max(high - stride, 0)
    else:
        while not holds(high + stride):
            if high > _MOST:
                return None
            high += stride
            stride *= 2
        low, high = high, high + stride
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


# Closing


def _closing(question: _Question, j: int) -> Repair:
    case, position = question.case, question.case.position(j)
    contract, mark = position.contract, case.figures.positions[j].mark_price
    name = question.unit.positions[question.members.index(j)]
    nothing = Repair(
        question.unit.name, RepairKind.CLOSE, name, None, None, contract.settle, kept=False
    )
    if position.taker is None:
        return nothing._replace(reason="the taker fee is not known")
    step = contract.lot_size or position.qty / _PARTS
    whole = int(to_step(position.qty / step, Decimal(1), "up"))

    def holds(count: int) -> bool:
        qty = min(step * count, position.qty)
        gone = j if qty == position.qty else None
        return question.holds(closed(case, j, qty, mark), gone)

    try:
        if not holds(whole):
            return nothing._replace(reason="not enough, even all of it")
        low, high = 0, whole
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
    except InputError as error:
        return nothing._replace(reason=error.faults[0].message)
    qty = min(step * high, position.qty)
    fee = contract.value(qty, mark) * position.taker
    reason = "" if contract.lot_size else f"in steps of {plain(step)}: its lot is not known"
    return nothing._replace(amount=qty, cost=fee, reason=reason)
