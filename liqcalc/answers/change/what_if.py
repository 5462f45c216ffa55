"""A position before and after a trade, a transfer or another leverage."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.change import trades
from liqcalc.answers.change.margin_limits import may_lower, overdrawn, removable
from liqcalc.answers.change.standing import MEASURES, closed, standing
from liqcalc.answers.change.trade_steps import Traded, leverage_steps, money_steps, trade_steps
from liqcalc.answers.change.ways import lot_size
from liqcalc.answers.request import read_numbers
from liqcalc.engine.numbers import ZERO, exact, plain, to_step
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.change.standing import Standing
    from liqcalc.answers.change.trades import Trade
    from liqcalc.answers.request import Number
    from liqcalc.rules.sheet import Sheet


class Change(StrEnum):
    """What is done to a position.

    ADD: open more. AVERAGE: open more, so much that the average entry comes to
    a price. REDUCE: close a part, or all. FLIP: close all and open the other
    side. LEVERAGE: set another. MONEY: move it in, or out.
    """

    ADD = "add"
    AVERAGE = "average"
    REDUCE = "reduce"
    FLIP = "flip"
    LEVERAGE = "leverage"
    MONEY = "money"


class WhatIf(NamedTuple):
    """A position before and after one change.

    Attributes:
        exchange, symbol, margin_mode, quote, settle, size_unit: of the position.
        change: what is done.
        qty, price: traded; None if nothing is.
        before, after: how the position stands.
        realised: profit of what is closed, before fees.
        fee: paid for trading.
        put_in: from the free balance into an isolated margin; below 0: given
            back; of a cross position what is moved into the wallet.
        free: what the free balance gains by it all (isolated); None for a
            cross position, whose wallet stands in `before` and `after`.
        difference: after less before, by figure; of those that both have.
        basis: warnings, assumptions, provenance and derivation.
    """

    exchange: str
    symbol: str
    margin_mode: str
    quote: str
    settle: str
    size_unit: str
    change: Change
    qty: Decimal | None
    price: Decimal | None
    before: Standing
    after: Standing
    realised: Decimal
    fee: Decimal
    put_in: Decimal
    free: Decimal | None
    difference: Mapping[str, Decimal]
    basis: Basis

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        return {
            "exchange": self.exchange,
            "symbol": self.symbol,
            "margin_mode": self.margin_mode,
            "quote": self.quote,
            "settle": self.settle,
            "size_unit": self.size_unit,
            "change": str(self.change),
            "qty": None if self.qty is None else plain(self.qty),
            "price": None if self.price is None else plain(self.price),
            "realised": plain(self.realised),
            "fee": plain(self.fee),
            "put_in": plain(self.put_in),
            "free": None if self.free is None else plain(self.free),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "difference": {name: plain(value) for name, value in self.difference.items()},
            **self.basis.to_dict(),
        }


class Step(NamedTuple):
    """A change with its numbers; those that it does not take are None."""

    change: Change
    qty: Decimal | None = None
    price: Decimal | None = None
    entry_price: Decimal | None = None
    leverage: Decimal | None = None
    money: Decimal | None = None


_TAKES = {
    Change.ADD: ("qty", "price"),
    Change.AVERAGE: ("entry_price", "price"),
    Change.REDUCE: ("qty", "price"),
    Change.FLIP: ("qty", "price"),
    Change.LEVERAGE: ("leverage",),
    Change.MONEY: ("money",),
}
_NEEDS = {
    Change.ADD: ("qty",),
    Change.AVERAGE: ("entry_price", "price"),
    Change.REDUCE: ("qty",),
    Change.LEVERAGE: ("leverage",),
    Change.MONEY: ("money",),
}


def what_if(
    sheet: Mapping[str, Any] | Sheet,
    change: str,
    *,
    position: str | int | None = None,
    qty: Number | None = None,
    price: Number | None = None,
    entry_price: Number | None = None,
    leverage: Number | None = None,
    money: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> WhatIf:
    """Return how a position stands before and after one change.

    Args:
        sheet: as `evaluate` takes it.
        change: ``add``, ``average``, ``reduce``, ``flip``, ``leverage`` or ``money``.
        position: number, ``SYMBOL`` or ``SYMBOL:side``; None = the only one.
        qty: traded; flip: of the new side, default as much as before.
        price: of the fill; default: the mark.
        entry_price: the average that is wanted (``average``).
        leverage: the new setting (``leverage``).
        money: in the settle currency, + = into the position or the wallet (``money``).
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Raises:
        InputError: what is wrong with the sheet or the change.

    >>> from liqcalc import position_sheet
    >>> sheet = position_sheet("binance", "BTCUSDT", "long", 1, entry_price=60000, leverage=20)
    >>> found = what_if(sheet, "add", qty=1, price=50000, today="2026-11-22")
    >>> found.after.entry_price, found.after.liquidation_price
    (Decimal('55000.00000000'), Decimal('52487.44979920'))
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    i = case.index(position)
    numbers = {
        "qty": qty,
        "price": price,
        "entry_price": entry_price,
        "leverage": leverage,
        "money": money,
    }
    return changed(case, i, read_step(change, numbers))


def read_step(change: str, numbers: Mapping[str, Number | None]) -> Step:
    """Return a change as it was asked for.

    Raises:
        InputError: it is not known, lacks a number, or has one that it does not take.
    """
    known = [str(each) for each in Change]
    if change not in known:
        hint = f"one of {', '.join(known)}"
        raise InputError(Fault("LQ124", "change", f"is {change!r}", hint))
    with exact():
        step = Step(Change(change), **read_numbers(numbers))
    given = [name for name in numbers if getattr(step, name) is not None]
    faults = [
        Fault("LQ124", name, f"is not taken by {change}")
        for name in given
        if name not in _TAKES[step.change]
    ]
    needs = _NEEDS.get(step.change, ())
    faults += [Fault("LQ124", n, f"is needed to {change}") for n in needs if n not in given]
    faults += [
        Fault("LQ124", name, f"is {plain(getattr(step, name))}, it must be above 0")
        for name in given
        if name != "money" and getattr(step, name) <= 0
    ]
    if faults:
        raise InputError(*faults)
    return step


def changed(case: Case, i: int, step: Step) -> WhatIf:
    """Return how position `i` stands before and after a change."""
    answer, position = case.answer.positions[i], case.position(i)
    with exact():
        now = case.settled()
        price = step.price or position.mark_price
        qty = _quantity(now, i, step, price)
        done = _trade(now, i, step, qty or ZERO, price)
        before = standing(now, i)
        after = _after(now, i, before, done)
        moved = done.put_in
        if step.money is not None and not position.isolated:
            moved = step.money
        return WhatIf(
            answer.exchange,
            answer.symbol,
            answer.margin_mode,
            answer.quote,
            answer.settle,
            position.contract.base if position.contract.linear else answer.quote,
            step.change,
            qty,
            None if qty is None else price,
            before,
            after,
            done.realised,
            done.fee,
            moved,
            done.realised - done.fee - done.put_in if position.isolated else None,
            _difference(before, after),
            Basis.of(
                answer,
                warnings=[*_warnings(done, before, after), *_refused(now, i, step)],
                assumptions=_notes(now, i, step),
                trace=_steps(now, i, step.change, done, Traded("", qty or ZERO, price)),
            ),
        )


def _after(case: Case, i: int, before: Standing, done: Trade) -> Standing:
    if done.i is not None:
        return standing(done.case, done.i)
    gone = closed(before)
    if before.cash is None or trades.is_isolated(case, i):
        return gone
    return gone._replace(cash=before.cash + done.realised - done.fee)


def _quantity(case: Case, i: int, step: Step, price: Decimal) -> Decimal | None:
    """Return what is traded; None if nothing is.

    Formula:
        average: the quantity q with v(qty, entry) + v(q, price) = v(qty + q, average),
        v the contract's value; rounded up to the lot
    """
    position = case.position(i)
    if step.change is Change.FLIP:
        _refuse_pair(case, i)
        return step.qty or position.qty
    if step.change is Change.REDUCE and step.qty is not None and step.qty > position.qty:
        message = f"is {plain(step.qty)}, more than the {plain(position.qty)} that is held"
        raise InputError(Fault("LQ124", "qty", message, "use flip to go to the other side"))
    if step.entry_price is None:
        return step.qty
    wanted, entry, value = step.entry_price, position.entry_price, position.contract.value
    if not min(entry, price) < wanted < max(entry, price):
        message = f"is {plain(wanted)}; adding at {plain(price)} keeps the average between"
        hint = f"give one between {plain(min(entry, price))} and {plain(max(entry, price))}"
        raise InputError(Fault("LQ124", "entry_price", message, hint))
    one = position.qty / position.qty
    missing = value(position.qty, wanted) - value(position.qty, entry)
    return to_step(missing / (value(one, price) - value(one, wanted)), lot_size(case, i), "up")


def _refuse_pair(case: Case, i: int) -> None:
    row, rows = case.sheet.positions[i], case.sheet.positions
    if any(o.symbol == row.symbol and o.side is not row.side for o in rows):
        message = f"would make two positions of one side: the other side of {row.symbol} is held"
        raise InputError(Fault("LQ124", "flip", message, "reduce this one and add to the other"))


def _trade(case: Case, i: int, step: Step, qty: Decimal, price: Decimal) -> Trade:
    if step.leverage is not None:
        return trades.releveraged(case, i, step.leverage)
    if step.money is not None:
        return _moved(case, i, step.money)
    if step.change is Change.REDUCE:
        return trades.reduced(case, i, qty, price)
    if step.change is Change.FLIP:
        return trades.flipped(case, i, qty, price)
    return trades.added(case, i, qty, price)


def _moved(case: Case, i: int, money: Decimal) -> Trade:
    if trades.is_isolated(case, i) and money < 0:
        margin = trades.margin_of(case, i)
        if -money > margin and not case.position(i).collateral:
            message = f"is {plain(money)}, but the margin is {plain(margin)}"
            raise InputError(Fault("LQ124", "money", message))
    return trades.moved(case, i, money)


def _difference(before: Standing, after: Standing) -> dict[str, Decimal]:
    both = ((name, getattr(before, name), getattr(after, name)) for name in MEASURES)
    return {n: new - old for n, old, new in both if old is not None and new is not None}


def _warnings(done: Trade, before: Standing, after: Standing) -> list[Note]:
    """Return what the exchange would refuse after the change, and did not before."""
    notes = [Note("LQ417", text) for text in after.warnings if text not in before.warnings]
    if done.i is not None and overdrawn(done.case, done.i):
        text = "the initial margins are then more than the account has; the exchange would refuse"
        notes.append(Note("LQ417", text))
    wallet = done.case.sheet.account.wallet_balance
    if wallet is not None and wallet < 0:
        notes.append(Note("LQ417", f"the wallet would be {plain(wallet)}"))
    return notes


def _refused(case: Case, i: int, step: Step) -> list[Note]:
    """Return a note if more is taken out than may go, or a leverage lowered that may not be."""
    leverage = case.position(i).leverage
    lowers = step.leverage is not None and leverage is not None and step.leverage < leverage
    if lowers and not may_lower(case, i):
        text = "the exchange does not let the leverage be lowered while the position is open"
        return [Note("LQ417", text)]
    limit = removable(case, i)
    if step.money is None or step.money >= 0 or limit is None or -step.money <= limit:
        return []
    text = f"what must stay for new losses leaves at most {plain(limit)} to take out"
    return [Note("LQ417", text)]


_ASSUMED = {
    Change.ADD: "what is added brings the margin that opening it at the leverage sets aside",
    Change.REDUCE: "closing gives the same part of the margin back, and profit and fee with it",
    Change.FLIP: "the margin comes back, the other side opens with the margin of the leverage",
    Change.LEVERAGE: "a new leverage sets the margin anew, to what opening there sets aside",
}
_ASSUMED[Change.AVERAGE] = _ASSUMED[Change.ADD]


def _notes(case: Case, i: int, step: Step) -> list[Note]:
    notes = []
    if step.change not in {Change.LEVERAGE, Change.MONEY}:
        at = "at the mark" if step.price is None else "at the price given"
        notes.append(Note("LQ416", f"the trade fills {at} and pays the taker fee"))
    if trades.is_isolated(case, i) and step.change in _ASSUMED:
        notes.append(Note("LQ416", _ASSUMED[step.change]))
    return notes


def _steps(case: Case, i: int, change: Change, done: Trade, traded: Traded) -> Any:  # noqa: ANN401 - trace steps
    if change is Change.LEVERAGE:
        return leverage_steps(done, i)
    if change is Change.MONEY:
        return money_steps(case, i, done)
    word = {Change.REDUCE: "closed", Change.FLIP: "flipped"}.get(change, "added")
    return trade_steps(case, i, done, traded._replace(word=word))
