"""An exchange's liquidation process, step by step, on the positions whose condition holds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.ladder import money
from liqcalc.answers.ladder.answer import NO_CLOSING, LadderRow, LadderRun
from liqcalc.answers.ladder.fills import Cut, closed, closes_whole, rates
from liqcalc.answers.ladder.sizes import cut, due, meets
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.steps import TOLD, Action, PositionOrder, Scope, SizeRule
from liqcalc.engine.words import Share
from liqcalc.rules.schema import CollateralMode, MarginMode
from liqcalc.rules.sheet import ContractRow

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.engine.steps import Fill
    from liqcalc.rules.schema import Process, Step

MOST_ROWS = 200
_LOT_DIGITS = 4


class Group(NamedTuple):
    """What is liquidated together: one isolated position, or the cross positions of a pool.

    Attributes:
        number: of the isolated position in the sheet; None for a pool.
        settle: currency of the pool; "" where several share one.
    """

    number: int | None
    settle: str = ""


class Walk:
    """A case on its way through liquidations.

    Attributes:
        case: as it is now.
        numbers: of the positions that are left, by their number in the sheet.
        rows: of the steps taken.
        returned: margin that holders of isolated positions got back, by number.
        spent: (step, number) of steps that are taken once only.
        stuck: groups that their process leaves liquidatable at these marks.
    """

    def __init__(self, case: Case, fill: Fill) -> None:
        self.case = case.settled()
        self.fill = fill
        self.numbers = list(range(len(case.sheet.positions)))
        self.rows: list[LadderRow] = []
        self.returned: dict[int, Decimal] = {}
        self.spent: set[tuple[int, int]] = set()
        self.stuck: set[Group] = set()
        self.notes: list[Note] = []
        self._assume_lots()
        self._assume_liquidator_fee()

    @property
    def full(self) -> bool:
        """Return True if no more rows are walked."""
        return len(self.rows) >= MOST_ROWS

    def say(self, code: str, message: str) -> None:
        """Tell the user something, once."""
        note = Note(code, message)
        if note not in self.notes:
            self.notes.append(note)

    def run(self) -> LadderRun:
        """Return what has happened so far."""
        rows, numbers = tuple(self.rows), tuple(self.numbers)
        return LadderRun(rows, self.case, numbers, dict(self.returned), tuple(self.notes))

    def _assume_lots(self) -> None:
        """Count in ten-thousandths of a position whose lot is not known, and say so."""
        contracts = dict(self.case.sheet.contracts)
        for position in self.case.resolved.positions:
            symbol = position.contract.symbol
            if position.contract.lot_size is None:
                lot = Decimal((0, (1,), position.qty.adjusted() - _LOT_DIGITS))
                given = contracts.get(symbol, ContractRow())
                if given.lot_size is None:
                    contracts[symbol] = given._replace(lot_size=lot)
                    self.say("LQ410", f"{symbol}: the lot is not known: {plain(lot)} here")
        self.case = self.case.with_sheet(self.case.sheet._replace(contracts=contracts))

    def _assume_liquidator_fee(self) -> None:
        """Count a liquidator's fee that is not known as 0, and say so."""
        ruled = [rules.liquidators for rules in self.case.resolved.rules_of]
        if all(rule is None or rule.fee is not None for rule in ruled):
            return
        known = self.case.resolved.exchange.meta.parameters.items()
        for name, parameter in known:
            if "liquidators.fee" in parameter.sets:
                sheet = self.case.sheet
                given = {**sheet.parameters, name: "0"}
                self.case = self.case.with_sheet(sheet._replace(parameters=given))
                self.say("LQ411", f"{name} is not known: 0 here; give it under parameters")

    def group(self, k: int) -> Group:
        """Return what position `k` is liquidated with."""
        position = self.case.position(k)
        if position.isolated:
            return Group(self.numbers[k])
        single = self.case.sheet.account.collateral_mode is CollateralMode.SINGLE
        return Group(None, position.contract.settle if single else "")

    def members(self, group: Group) -> list[int]:
        """Return the positions of `group` whose condition holds."""
        each = range(len(self.numbers))
        return [k for k in each if self.group(k) == group and due(self.case, k)]

    def next_group(self) -> Group | None:
        """Return a group to liquidate; None if every condition is met, or nothing helps."""
        for k in range(len(self.numbers)):
            if due(self.case, k) and self.group(k) not in self.stuck:
                return self.group(k)
        return None


def process_of(case: Case, k: int) -> Process | None:
    """Return the process that holds for position `k`; None if none is known.

    Before the first known day the first known process stands for it.
    """
    position, found = case.position(k), case.resolved
    mode = MarginMode.ISOLATED if position.isolated else MarginMode.CROSS
    product = position.contract.product
    fits = [
        process
        for process in found.exchange.meta.liquidation
        if process.mode is mode and (not process.products or product in process.products)
    ]
    past = [process for process in fits if found.day is None or process.from_ <= found.day]
    days = sorted(past or fits, key=lambda process: process.from_)
    return (days[-1] if past else days[0]) if days else None


def liquidate(walk: Walk) -> None:
    """Take every step that is due at the present marks."""
    while (group := walk.next_group()) is not None and not walk.full:
        _process(walk, group)
        if walk.members(group) and not walk.full:
            walk.stuck.add(group)


def _process(walk: Walk, group: Group) -> None:
    """Take the steps of the process of `group`, until its condition no longer holds."""
    first = walk.members(group)[0]
    process = process_of(walk.case, first)
    if process is None:
        symbol = walk.case.sheet.positions[first].symbol
        walk.say("LQ411", f"{symbol}: what the exchange does is not known")
        return
    day = walk.case.resolved.day
    if day is not None and day < process.from_:
        text = f"the process of {day} is not known: that of {process.from_} stands for it"
        walk.say("LQ410", text)
    for number, step in enumerate(process.steps, start=1):
        if step.action in TOLD:
            continue
        while (due_now := walk.members(group)) and not walk.full:
            done = _take(walk, _ordered(walk, due_now, process), number, step)
            if not done or not (step.repeats or closes_whole(step)):
                break


def _ordered(walk: Walk, members: list[int], process: Process) -> list[int]:
    """Return positions in the order in which they are taken: the largest maintenance first."""
    if len(members) == 1:
        return members
    if process.first is not PositionOrder.LARGEST_MAINTENANCE:
        why = "random" if process.first is PositionOrder.RANDOM else "not published"
        text = f"which position is taken first is {why}: here the largest maintenance margin"
        walk.say("LQ410", text)

    def weight(k: int) -> Decimal:
        margin = walk.case.figures.positions[k].exact.get("maintenance_margin") or ZERO
        return margin * walk.case.coin_price(k)

    return sorted(members, key=weight, reverse=True)


def _take(walk: Walk, members: list[int], number: int, step: Step) -> bool:
    """Take one step on the first position that it is for; return whether there was one."""
    if step.action is Action.CANCEL_ORDERS:
        return _cancel(walk, members, number, step)
    if step.action is Action.NET_HEDGE:
        return _net(walk, members, number, step)
    if step.action is Action.BACKSTOP:
        return _backstop(walk, members, number, step)
    for k in members:
        if (number, walk.numbers[k]) in walk.spent or not meets(walk.case, k, step.only):
            continue
        found = Cut(walk.case.position(k).qty)
        if not closes_whole(step):
            found = cut(walk.case, k, step, walk.fill)  # type: ignore[assignment]
        if found is None:
            _say_skipped(walk, k, number, step)
            continue
        if step.once:
            walk.spent.add((number, walk.numbers[k]))
        _close(walk, k, found, number, step)
        return True
    return False


def _say_skipped(walk: Walk, k: int, number: int, step: Step) -> None:
    """Say that no reduction restores the requirement, where one was looked for."""
    looked = step.size is not None and step.size.to is SizeRule.RESTORING_CAP
    if looked and (walk.case.figures.positions[k].tier or ZERO) > 1:
        symbol = walk.case.sheet.positions[k].symbol
        text = f"{symbol}: no lower tier restores the requirement, so nothing is closed"
        walk.say("LQ410", f"step {number}, reduce: {text}")


def _close(walk: Walk, k: int, found: Cut, number: int, step: Step) -> None:
    """Close a part of position `k`, or all of it, and set its level."""
    case, own = walk.case, walk.numbers[k]
    row, settle = _row(walk, k, number, step), case.position(k).contract.settle
    if found.qty:
        if None in rates(case, k, step):
            text = f"the liquidation fee rate of {row.symbol} is not known, so none is charged"
            walk.say("LQ411", f"{text}; give fees.liquidation")
        _say_shared(walk, k, step)
    case, closing, back = closed(case, k, found, step, walk.fill)
    _go_on(walk, case, k, back)
    walk.rows.append(_after(walk, row._replace(closing=closing), own, settle))


def _say_shared(walk: Walk, k: int, step: Step) -> None:
    """Say what the bankruptcy price of one of several positions uses up, where that is assumed."""
    case = walk.case
    mode = case.resolved.rules_of[k].cross
    shared = not case.position(k).isolated and len(money.same_pool(case, k)) > 1
    if shared and step.action is Action.TAKE_OVER and mode.bankruptcy_share is Share.ALL:
        text = "the bankruptcy price of the first position uses up all that backs the account"
        walk.say("LQ410", f"takeover: {text}, since no share is published")


def _go_on(walk: Walk, case: Case, k: int, back: Decimal) -> None:
    """Take over the case after a step that may have ended position `k`."""
    if len(case.sheet.positions) < len(walk.numbers):
        if walk.case.position(k).isolated:
            walk.returned[walk.numbers[k]] = back
        del walk.numbers[k]
    walk.case = case


def _net(walk: Walk, members: list[int], number: int, step: Step) -> bool:
    """Close a long and a short of one contract against each other, at the mark."""
    case = walk.case
    for k in members:
        for other in members:
            one, two = case.position(k), case.position(other)
            if one.contract.symbol == two.contract.symbol and one.side > two.side:
                both = Cut(min(one.qty, two.qty))
                second = walk.numbers[other]
                _close(walk, k, both, number, step)
                _close(walk, walk.numbers.index(second), both, number, step)
                return True
    return False


def _backstop(walk: Walk, members: list[int], number: int, step: Step) -> bool:
    """Hand every position of the pool over with what backs it; return whether it is due."""
    first = members[0]
    if not meets(walk.case, first, step.only):
        return False
    for own in [walk.numbers[k] for k in money.same_pool(walk.case, first)]:
        k = walk.numbers.index(own)
        _close(walk, k, Cut(walk.case.position(k).qty), number, step)
    return True


def _cancel(walk: Walk, members: list[int], number: int, step: Step) -> bool:
    """Cancel the orders that the step's scope names; return whether there were any."""
    case = walk.case
    symbols = {case.sheet.positions[k].symbol for k in members}
    every = step.scope is Scope.ACCOUNT
    orders = case.sheet.orders
    left = tuple(o for o in orders if not every and o.symbol not in symbols)
    reserved = case.sheet.account.order_margin
    if len(left) == len(orders) and not (every and reserved):
        return False
    first = members[0]
    row, settle = _row(walk, first, number, step), case.position(first).contract.settle
    walk.case = case.with_sheet(case.sheet._replace(orders=left))
    if reserved and not left:
        walk.case = walk.case.with_account(order_margin=ZERO)
    count = len(orders) - len(left)
    walk.rows.append(_after(walk, row._replace(orders=count), row.position, settle))
    return True


def _row(walk: Walk, k: int, number: int, step: Step) -> LadderRow:
    """Return the row of a step on position `k`, before it is taken."""
    answer = walk.case.figures.positions[k]
    return LadderRow(
        number=len(walk.rows) + 1,
        step=number,
        position=walk.numbers[k],
        symbol=answer.symbol,
        side=answer.side,
        margin_mode=answer.margin_mode,
        mark_price=answer.mark_price,
        action=step.action,
        when=step.when,
        closing=NO_CLOSING,
        orders=0,
        qty_left=ZERO,
        margin_left=None,
        tier=None,
        next_liquidation_price=None,
        status=None,
        pause_seconds=step.pause_seconds,
        evidence=str(step.evidence),
        assumes=step.assumes,
        fee_to=step.fee_to,
        fee_missing=step.fee_missing,
        left=walk.case,
    )


def _after(walk: Walk, row: LadderRow, own: int, settle: str) -> LadderRow:
    """Return a row with what is left of its position, or of the purse of one that is gone."""
    case = walk.case
    row = row._replace(left=case)
    if own not in walk.numbers:
        held = walk.returned[own] if own in walk.returned else money.purse(case, settle)
        return row._replace(margin_left=held)
    k = walk.numbers.index(own)
    answer = case.figures.positions[k]
    tier = answer.tier
    return row._replace(
        qty_left=answer.qty,
        margin_left=money.balance(case, k),
        tier=None if tier is None else int(tier),
        next_liquidation_price=answer.liquidation_price,
        status=answer.status,
    )
