"""The time held, payment by payment, along the way of the mark."""

from __future__ import annotations

from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.funding.answer import End, Ended, Payment
from liqcalc.answers.funding.rates import hours_of
from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.solve import Status
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.funding.plan import Due, Plan
    from liqcalc.answers.funding.purse import Purses


class Mark(NamedTuple):
    """A time at which the mark is known, in milliseconds since the start."""

    at: int
    price: Decimal


def way(plan: Plan, prices: tuple[Decimal, ...], case: Case, i: int) -> tuple[Mark, ...]:
    """Return where the mark of position `i` stands when; empty if it stands still.

    Raises:
        InputError: more prices than payments.
    """
    if not prices:
        return ()
    times = sorted({due.at for due in plan.dues})
    count = len(prices)
    if count > max(len(times), 1):
        message = f"has {count} prices, but there are {len(times)} payments in the time held"
        raise InputError(Fault("LQ105", "path", message, "give at most one for each payment"))
    if count != len(times):
        times = [plan.length * k // count for k in range(1, count + 1)]
    marks = [Mark(at, price) for at, price in zip(times, prices, strict=True)]
    return (Mark(0, case.position(i).mark_price), *marks)


def mark_at(path: tuple[Mark, ...], at: int) -> Decimal:
    """Return the mark on the straight line between the two known ones around a time."""
    for before, after in pairwise(path):
        if at <= after.at:
            share = (after.price - before.price) * (at - before.at)
            return before.price + share / (after.at - before.at)
    return path[-1].price


class Walk:
    """The time held.

    Args:
        plan: what is due when.
        purses: before the first payment.
        i: the position asked about.
        path: of its mark; empty if it stands still.

    Attributes:
        start, purses: before the first payment, and now.
        watched: the positions that pay and the one asked about.
        payments, totals: made so far, the latter by position.
        ended, end: how, and where if something is liquidated.
    """

    def __init__(self, plan: Plan, purses: Purses, i: int, path: tuple[Mark, ...] = ()) -> None:
        self.plan = plan
        self.start = purses
        self.purses = purses
        self.i = i
        self.path = path
        self.watched = sorted({i, *plan.rules})
        self.payments: list[Payment] = []
        self.totals = dict.fromkeys(self.watched, ZERO)
        self.counts = dict.fromkeys(self.watched, 0)
        self.end: End | None = None
        self.ended = Ended.HELD
        self._coming = _coming(plan)

    def go(self) -> Walk:
        """Walk to the end of the time held, or to a liquidation."""
        before = 0
        if self._over() is not None:
            self.ended = Ended.ALREADY
            return self
        for at, dues in self._events():
            if self._moved_into_liquidation(before, at):
                self.ended = Ended.BY_PRICE
                return self
            self._pay(dues)
            k = self._over()
            if k is not None:
                self.end = self._end(k, at, self.purses.case.position(k).mark_price)
                self.ended = Ended.BY_FUNDING
                return self
            before = at
        if self.purses.case.figures.positions[self.i].status is Status.INDETERMINATE:
            self.ended = Ended.UNKNOWN
        return self

    def _events(self) -> Iterator[tuple[int, list[Due]]]:
        """Yield each time at which something is due or the mark turns, with what is due."""
        due = {at: list(group) for at, group in groupby(self.plan.dues, attrgetter("at"))}
        for at in sorted({*due, *(mark.at for mark in self.path[1:])}):
            yield at, due.get(at, [])

    def _over(self) -> int | None:
        """Return which position is liquidatable; None if none is."""
        positions = self.purses.case.figures.positions
        over = (k for k in self.watched if positions[k].status is Status.ALREADY_LIQUIDATABLE)
        return next(over, None)

    # The mark

    def _moved_into_liquidation(self, before: int, at: int) -> bool:
        """Move the mark to where it stands at a time; return True if that liquidates."""
        if not self.path:
            return False
        row, old = self.purses.case.sheet.positions[self.i], self._mark()
        new = mark_at(self.path, at)
        if new == old:
            return False
        found = self._crossed(old, new)
        moved = self.purses.at({row.symbol: new if found is None else found[0]})
        self.purses = moved
        if found is None:
            k = self._over()
            if k is None:
                return False
            found = (new, k)
        price, k = found
        reached = before + int((at - before) * (price - old) / (new - old))
        self.end = self._end(k, reached, price)
        return True

    def _mark(self) -> Decimal:
        return self.purses.case.position(self.i).mark_price

    def _crossed(self, old: Decimal, new: Decimal) -> tuple[Decimal, int] | None:
        """Return the first liquidation price between two marks, and whose it is."""
        case, found = self.purses.case, []
        symbol = case.sheet.positions[self.i].symbol
        for k in self.watched:
            if case.sheet.positions[k].symbol != symbol:
                continue
            ends = case.ends(k)
            if ends.lower is not None and new < ends.lower:
                found.append((old - ends.lower, ends.lower, k))
            if ends.upper is not None and new > ends.upper:
                found.append((ends.upper - old, ends.upper, k))
        if not found:
            return None
        _, price, k = min(found)
        return price, k

    # What is due

    def size(self, due: Due) -> Decimal:
        """Return the money that is due at the marks now; + = paid."""
        return self._size(due)[0]

    def _pay(self, dues: list[Due]) -> None:
        """Let all positions pay what is due at one time; what is received comes first."""
        sized = [(due, *self._size(due)) for due in dues]
        taken = {}
        for due, amount, _, _ in sorted(sized, key=lambda each: each[1] > 0):
            after, from_free = self.purses.pay(due.position, amount)
            over = after.case.figures.positions[due.position].status
            spares = self.plan.terms.spares and amount > 0
            if spares and over is Status.ALREADY_LIQUIDATABLE:
                continue
            self.purses, taken[due.position] = after, from_free
        self._expect(dues)
        for due, amount, base, value in sized:
            self._record(due, amount, base, value, taken.get(due.position))

    def _size(self, due: Due) -> tuple[Decimal, Decimal, Decimal]:
        """Return what is due, the price and the value that it is counted on."""
        position = self.purses.case.position(due.position)
        rule, contract = self.plan.rules[due.position], position.contract
        base = engine.base_price(position, rule)
        amount = engine.payment(contract, position, rule, due.rate, due.hours)
        return amount, base, contract.value(position.qty, base)

    def _expect(self, dues: list[Due]) -> None:
        """Write the rate that comes next into the sheet: some requirements hold it."""
        case = self.purses.case
        for due in dues:
            rate = self._coming[due.position, due.at]
            if rate != case.sheet.positions[due.position].funding_rate:
                case = case.with_position(due.position, funding_rate=rate)
        self.purses = self.purses._replace(case=case)

    def _record(
        self, due: Due, amount: Decimal, base: Decimal, value: Decimal, from_free: Decimal | None
    ) -> None:
        k, spared = due.position, from_free is None
        self.counts[k] += 1
        self.totals[k] += ZERO if spared else amount
        row = self.purses.case.sheet.positions[k]
        self.payments.append(
            Payment(
                number=self.counts[k],
                symbol=row.symbol,
                side=str(row.side),
                time=self.plan.time(due.at),
                hours=hours_of(due.at),
                rate=due.rate,
                given_rate=None if due.given == due.rate else due.given,
                base_price=base,
                notional=value,
                amount=ZERO if spared else amount,
                total=self.totals[k],
                from_free=from_free or ZERO,
                spared=spared,
                after=self.purses.standing(k),
            )
        )

    def _end(self, k: int, at: int, mark: Decimal) -> End:
        row = self.purses.case.sheet.positions[k]
        time = self.plan.time(at)
        return End(row.symbol, str(row.side), time, hours_of(at), mark, self.counts[self.i])


def _coming(plan: Plan) -> dict[tuple[int, int], Decimal]:
    """Return the rate that follows each payment of a position; after the last, its own."""
    found: dict[tuple[int, int], Decimal] = {}
    later: dict[int, Decimal] = {}
    for due in reversed(plan.dues):
        found[due.position, due.at] = later.get(due.position, due.rate)
        later[due.position] = due.rate
    return found
