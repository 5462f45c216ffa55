"""The three ways to a wanted liquidation price: money, size, leverage."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note, TraceStep
from liqcalc.answers.backing import behind, needed_at
from liqcalc.answers.change.margin_limits import may_lower, overdrawn, removable, stays
from liqcalc.answers.change.standing import closed, standing
from liqcalc.answers.change.trade_steps import Traded, leverage_steps, trade_steps
from liqcalc.answers.change.trades import added, is_isolated, margin_of, moved, reduced, releveraged
from liqcalc.answers.search import least
from liqcalc.engine.numbers import ZERO, plain, to_step
from liqcalc.engine.solve import Status
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from liqcalc.answers.case import Case
    from liqcalc.answers.change.aim import Aim
    from liqcalc.answers.change.standing import Standing
    from liqcalc.answers.change.trades import Trade


class Verdict(StrEnum):
    """What a way comes to.

    REACHES: the amount brings the liquidation price to the wanted one.
    UNLIMITED: any quantity may be added.  REFUSED: it would, but the exchange
    does not let it be set while the position is open.  NOT_REACHED: no amount
    does; `after` is the nearest.  NOT_KNOWN: an input is missing.
    """

    REACHES = "reaches"
    UNLIMITED = "unlimited"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    NOT_KNOWN = "not_known"


class Way(NamedTuple):
    """One way, alone.

    Attributes:
        name: margin, quantity or leverage.
        verdict: whether it gets there.
        amount: money to add (below 0: free to remove), quantity to close
            (below 0: may be added), leverage to set; where it is not reached,
            that of the nearest; None if there is none.
        unrounded: the money by the health curve; None for the other ways.
        step: of the amount.
        realised, fee: of trading it at the mark.
        put_back: of an isolated position: what closing gives back and must be
            put into its margin again, for `after` to hold.
        after: how the position stands then.
        reason: what there is to say about it.
        notes: what was assumed.
        steps: its part of the derivation.
    """

    name: str
    verdict: Verdict
    amount: Decimal | None = None
    unrounded: Decimal | None = None
    step: Decimal | None = None
    realised: Decimal | None = None
    fee: Decimal | None = None
    put_in: Decimal | None = None
    put_back: Decimal | None = None
    after: Standing | None = None
    reason: str = ""
    notes: tuple[Note, ...] = ()
    steps: tuple[TraceStep, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the way as plain data, decimals as text."""
        names = ("amount", "unrounded", "step", "realised", "fee", "put_in", "put_back")
        values = {name: getattr(self, name) for name in names}
        data: dict[str, Any] = {"verdict": str(self.verdict)}
        data |= {name: None if v is None else plain(v) for name, v in values.items()}
        after = None if self.after is None else self.after.to_dict()
        return data | {"reason": self.reason, "after": after}


_CENT, _SATOSHI = Decimal("0.01"), Decimal("1e-8")
_MOST_STEPS = 10**30
_MOST_GROWTH = 1000
_PARTS = 6
_DEFAULT_MOST_LEVERAGE = Decimal(125)


def money_step(case: Case, i: int) -> Decimal:
    """Return the step in which money is moved: a cent of dollars, the 8th decimal of a coin."""
    return _CENT if "USD" in case.position(i).contract.settle else _SATOSHI


def lot_size(case: Case, i: int) -> Decimal:
    """Return the quantity step; where it is not known, a millionth of the leading digit."""
    position = case.position(i)
    return position.contract.lot_size or Decimal(1).scaleb(position.qty.adjusted() - _PARTS)


def unknown(name: str, case: Case, i: int) -> Way | None:
    """Return the way that cannot be told because the position's end cannot; else None."""
    answer = case.figures.positions[i]
    if answer.status is not Status.INDETERMINATE:
        return None
    reason = answer.reasons.get("liquidation_price", "the liquidation price is not known")
    return Way(name, Verdict.NOT_KNOWN, reason=reason)


def _tried(trade: Callable[[], Trade], aim: Aim) -> bool:
    """Return True if a trade leaves a sheet that meets the aim."""
    found = trade()
    return found.i is None or aim.met(found.case, found.i)


# Money


def margin_way(case: Case, i: int, aim: Aim) -> Way:
    """Return the money to add, or free to remove."""
    blocked = unknown("margin", case, i)
    if blocked is not None:
        return blocked
    step, needed, found = money_step(case, i), needed_at(case, i, aim.price), behind(case, i)
    if needed is None:
        return Way("margin", Verdict.NOT_KNOWN, reason="what backs the position is not known")
    guess = int(to_step(needed.amount / step, Decimal(1), "up"))
    span = int(((found.equity or ZERO).copy_abs() + found.value) / step) + abs(guess) + 1
    low = -int((found.cash or ZERO) / step) if is_isolated(case, i) else -4 * span
    try:
        k = least(
            lambda n: _tried(lambda: moved(case, i, n * step), aim), guess, low=low, high=4 * span
        )
    except InputError as error:
        return Way("margin", Verdict.NOT_KNOWN, reason=error.faults[0].message)
    if k is None:
        reason = "no sum brings the end to this price"
        return Way("margin", Verdict.NOT_REACHED, step=step, reason=reason, steps=needed.steps)
    amount, reason = k * step, ""
    notes: tuple[Note, ...] = ()
    if amount < 0:
        amount, reason, notes = _kept(case, i, amount, step)
    if k == low and not reason:
        coins = case.position(i).collateral
        reason = "its profit alone would do"
        if coins:
            reason = "coins back it; taking some of them out is not looked at"
    trade = moved(case, i, amount)
    unrounded = needed.amount if guess == k else None
    total = TraceStep("root", "margin to add", _counted(unrounded, step, k), {}, k * step)
    return Way(
        "margin",
        Verdict.REACHES,
        amount,
        unrounded,
        step,
        put_in=trade.put_in,
        after=standing(trade.case, i),
        reason=reason,
        notes=notes,
        steps=(*needed.steps, total),
    )


def _counted(unrounded: Decimal | None, step: Decimal, k: int) -> str:
    """Return how the money was found, in words."""
    if unrounded is not None:
        return f"-health at p, rounded up to {plain(step)}"
    nearest = f"{plain((k - 1) * step)} is not enough"
    return f"least of steps of {plain(step)} with which the sheet ends there; {nearest}"


def _kept(
    case: Case, i: int, amount: Decimal, step: Decimal
) -> tuple[Decimal, str, tuple[Note, ...]]:
    """Return how much of what is free the exchange lets go, and why not more."""
    limit = removable(case, i)
    if limit is None:
        return amount, "what the exchange lets go is not known here", ()
    notes: tuple[Note, ...] = ()
    if stays(case, i) is None:
        text = "what stays must cover the initial margin, losses counted, gains not"
        notes = (Note("LQ416", text),)
    limit = to_step(limit, step, "down")
    if -amount <= limit:
        return amount, "", notes
    reason = f"the price alone would let {plain(-amount)} go; the rest must stay for new losses"
    return -limit, reason, notes


# Size


def quantity_way(case: Case, i: int, aim: Aim) -> Way:
    """Return the quantity to close at the mark, or that may be added there."""
    blocked = unknown("quantity", case, i)
    if blocked is not None:
        return blocked
    try:
        if aim.met(case, i):
            return _may_add(case, i, aim)
        return _to_close(case, i, aim)
    except InputError as error:
        fault = error.faults[0]
        return Way("quantity", Verdict.NOT_KNOWN, reason=f"{fault.where} {fault.message}")


def _to_close(case: Case, i: int, aim: Aim) -> Way:
    position, lot = case.position(i), lot_size(case, i)
    mark, qty = position.mark_price, position.qty
    lots = int(to_step(qty / lot, Decimal(1), "up"))

    def trade(n: int) -> Trade:
        return reduced(case, i, min(n * lot, qty), mark, keep=True)

    n = least(lambda n: _tried(lambda: trade(n), aim), lots // 2, low=0, high=lots)
    assert n is not None  # noqa: S101 - what is closed is not liquidated
    done = trade(n)
    amount = min(n * lot, qty)
    reason = ""
    if done.i is None:
        reason = "a part of it does not reach the price, only closing it all"
    back = None
    if done.i is not None and is_isolated(case, i):
        back = margin_of(case, i) * amount / qty + done.put_in
    return Way(
        "quantity",
        Verdict.REACHES,
        amount,
        step=lot,
        realised=done.realised,
        fee=done.fee,
        put_in=done.put_in,
        put_back=back,
        after=closed(standing(case, i)) if done.i is None else standing(done.case, done.i),
        reason=reason,
        notes=_traded(case, i, closing=True),
        steps=trade_steps(case, i, done, Traded("closed", amount, mark)),
    )


def _may_add(case: Case, i: int, aim: Aim) -> Way:
    position, lot = case.position(i), lot_size(case, i)
    mark = position.mark_price
    lots = max(1, int(position.qty / lot))
    largest = case.figures.positions[i].exact.get("max_qty")
    high = _MOST_GROWTH * lots
    if largest is not None:
        high = min(high, max(0, int((largest - position.qty) / lot)))

    def trade(n: int) -> Trade:
        return added(case, i, n * lot, mark)

    def too_much(n: int) -> bool:
        if not n:
            return False
        done = trade(n)
        return not aim.met(done.case, i) or overdrawn(done.case, i)

    n = least(too_much, lots, low=0, high=high) if high else 1
    n = high if n is None else n - 1
    if n == _MOST_GROWTH * lots:
        reason = "what opens at the mark brings margin of its own and ends no nearer"
        return Way("quantity", Verdict.UNLIMITED, step=lot, reason=reason)
    if not n:
        reason = "not one lot more may be added"
        here = standing(case, i)
        return Way("quantity", Verdict.REACHES, ZERO, step=lot, reason=reason, after=here)
    done = trade(n)
    reason = ""
    if n == high:
        reason = "the exchange's largest size at this leverage ends it"
    elif overdrawn(trade(n + 1).case, i):
        reason = "the available balance ends it, not the price"
    return Way(
        "quantity",
        Verdict.REACHES,
        -n * lot,
        step=lot,
        realised=done.realised,
        fee=done.fee,
        put_in=done.put_in,
        after=standing(done.case, i),
        reason=reason,
        notes=_traded(case, i, closing=False),
        steps=trade_steps(case, i, done, Traded("added", n * lot, mark)),
    )


def _traded(case: Case, i: int, *, closing: bool) -> tuple[Note, ...]:
    """Return what is assumed of a trade at the mark."""
    notes = [Note("LQ416", "a trade fills at the mark and pays the taker fee")]
    if closing and is_isolated(case, i):
        text = "closing gives margin back in proportion; all that it frees was put back"
        notes.append(Note("LQ416", text))
    elif is_isolated(case, i):
        text = "what is added brings the margin that opening it at the leverage sets aside"
        notes.append(Note("LQ416", text))
    return tuple(notes)


# Leverage


def leverage_way(case: Case, i: int, aim: Aim) -> Way:
    """Return the largest leverage that reaches the price."""
    blocked = unknown("leverage", case, i)
    if blocked is not None:
        return blocked
    step, step_known = leverage_step(case, i)
    most = case.figures.positions[i].exact.get("max_leverage")
    largest = most or max(_DEFAULT_MOST_LEVERAGE, case.position(i).leverage or ZERO)
    count = max(1, int(largest / step))

    def trade(n: int) -> Trade:
        return releveraged(case, i, (count - n) * step)

    try:
        if not _moves(case, i, trade(0).case, trade(count - 1).case):
            reason = "the leverage setting does not move this liquidation price"
            return Way("leverage", Verdict.NOT_REACHED, step=step, reason=reason)
        n = least(lambda n: _tried(lambda: trade(n), aim), count - 1, low=0, high=count - 1)
    except InputError as error:
        fault = error.faults[0]
        return Way("leverage", Verdict.NOT_KNOWN, reason=f"{fault.where} {fault.message}")
    reason, verdict = "", Verdict.REACHES
    if n is None:
        n, verdict = count - 1, Verdict.NOT_REACHED
        reason = f"even {plain((count - n) * step)}x does not reach it; this is the nearest"
    elif not n:
        reason = "the maximum at this size" if most else "no maximum is known at this size"
    now = case.position(i).leverage
    if now is not None and (count - n) * step < now and not may_lower(case, i):
        verdict = Verdict.REFUSED
        reason = "refused while the position is open; only a new one may have it"
    done = trade(n)
    notes = []
    if is_isolated(case, i):
        text = "a new leverage sets the margin anew to what opening at that leverage sets aside"
        notes.append(Note("LQ416", text))
    if not step_known:
        notes.append(Note("LQ416", "leverage is taken in whole steps; the exchange's is not known"))
    return Way(
        "leverage",
        verdict,
        (count - n) * step,
        step=step,
        put_in=done.put_in,
        after=standing(done.case, i),
        reason=reason,
        notes=tuple(notes),
        steps=leverage_steps(done, i),
    )


class Steps(NamedTuple):
    """The step in which leverage is set; taken for 1 where it is not `known`."""

    step: Decimal
    known: bool


def leverage_step(case: Case, i: int) -> Steps:
    """Return the step in which the exchange lets the leverage of a position be set."""
    del i  # the same for every contract of the exchange
    found = case.resolved.exchange.leverage_step_on(case.resolved.day)
    return Steps(Decimal(1), known=False) if found is None else Steps(found.step, known=True)


def _moves(case: Case, i: int, *others: Case) -> bool:
    """Return True if the position ends elsewhere in one of the other sheets."""
    now = case.ends(i)
    return any(other.ends(i) != now for other in others)
