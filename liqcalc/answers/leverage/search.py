"""The search for the largest leverage at which a stop fires before liquidation."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.backing import needed_at
from liqcalc.answers.search import least
from liqcalc.answers.stops.outcome import Verdict, after_funding, survives, verdict_of
from liqcalc.engine.numbers import ONE, ZERO, exact, to_step
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.stops.order import StopOrder

HIGHEST = ONE * 1000
_FAR = 10**12


class Binds(StrEnum):
    """What keeps the leverage from being larger.

    LIQUIDATION: one step above, the stop comes too late.  TIER: the maximum
    leverage of the size.  CONTRACT: the maximum of the contract.  REPORTED:
    the maximum that the sheet gives.  SEARCH: nothing that is known, the
    search ends at 1000.  WALLET: a cross position's stop comes too late at any
    leverage, or none opens it.  NOTHING_WORKS: the stop comes too late even at 1x.
    INDETERMINATE: it cannot be told.
    """

    LIQUIDATION = "liquidation"
    TIER = "tier"
    CONTRACT = "contract"
    REPORTED = "reported"
    SEARCH = "search"
    WALLET = "wallet"
    NOTHING_WORKS = "nothing_works"
    INDETERMINATE = "indeterminate"


class Limit(NamedTuple):
    """The largest leverage that the exchange takes, and whose limit it is."""

    leverage: Decimal
    of: Binds


class Try(NamedTuple):
    """The position at one leverage.

    Attributes:
        leverage: as set.
        limit: the largest that the exchange takes at this size.
        short: what is missing to carry its initial margin (cross); 0 if nothing is.
        verdict: what comes first.
        opened: the position after the opening fee.
        case: the same after the funding until the stop.
    """

    leverage: Decimal
    limit: Limit
    short: Decimal
    verdict: Verdict
    opened: Case
    case: Case

    @property
    def opens(self) -> bool:
        """Return True if what is free carries its initial margin, as far as that is known."""
        return not self.short

    @property
    def allowed(self) -> bool:
        """Return True if the exchange takes the leverage, and the account carries it."""
        return self.leverage <= self.limit.leverage and self.opens

    @property
    def safe(self) -> bool:
        """Return True if it is allowed and the stop surely fires first."""
        return self.allowed and self.verdict is Verdict.FIRES_FIRST


class LeverageSearch:
    """A position with a stop, at any leverage.

    Attributes:
        needed_mark: the mark that must be survived.
        own_tables: the exchange has tables of the symbol for one leverage each.
    """

    def __init__(
        self, case: Case, i: int, stop: StopOrder, *, step: Decimal, funding: Decimal
    ) -> None:
        self.case = case
        self.i = i
        self.stop = stop
        self.step = step
        self.funding = funding
        self._tries: dict[Decimal, Try] = {}
        self._opened = after_opening(case, i)
        self.own_tables = _tables_by_leverage(case, i)
        self._limit = limit_of(case.with_position(i, leverage=HIGHEST), i)
        with exact():
            mark = case.position(i).mark_price
            self.needed_mark = stop.needed_mark(case.sheet.positions[i].side, mark)

    def at(self, leverage: Decimal) -> Try:
        """Return the position at a leverage."""
        if leverage not in self._tries:
            with exact():
                self._tries[leverage] = self._try(leverage)
        return self._tries[leverage]

    def _try(self, leverage: Decimal) -> Try:
        opened = self._opened.with_position(self.i, leverage=leverage)
        held = after_funding(opened, self.i, self.funding)
        verdict = verdict_of(held, self.i, self.stop)
        limit = limit_of(opened, self.i) if self.own_tables else self._limit
        return Try(leverage, limit, _short(opened, self.i), verdict, opened, held)

    def safe_with(self, leverage: Decimal, amount: Decimal) -> bool:
        """Return True if `leverage` is safe with so much more behind the position."""
        row = self.case.sheet.positions[self.i]
        richer = self._opened.with_position(self.i, leverage=leverage)
        if self.case.position(self.i).isolated:
            richer = richer.with_position(self.i, extra_margin=row.extra_margin + amount)
        else:
            richer = richer.paid(self.i, -amount)
        held = after_funding(richer, self.i, self.funding)
        safe = survives(held, self.i, self.needed_mark) is Verdict.FIRES_FIRST
        return safe and not _short(richer, self.i)

    def needed(self, leverage: Decimal, unit: Decimal) -> Decimal | None:
        """Return the least money that makes `leverage` safe, in whole units; below 0: to spare.

        The health curve at the mark that must be survived says where to look.
        None if no money does, or what backs the position is not known.
        """
        at = self.at(leverage)
        if at.verdict is Verdict.INDETERMINATE or self.needed_mark <= 0:
            return None
        if not pays(self.case, self.i):
            return None
        found = needed_at(at.case, self.i, self.needed_mark)
        if found is None:
            return None
        guess = int(to_step(max(found.amount, at.short or found.amount) / unit, ONE, "up"))
        low, high = guess - _FAR, guess + _FAR
        try:
            count = least(lambda n: self.safe_with(leverage, n * unit), guess, low=low, high=high)
        except InputError:  # a pool of coins that cannot pay in the settle currency
            return None
        return None if count in {None, low} else (count or 0) * unit

    def largest(self) -> Try | None:
        """Return the largest leverage of all that is safe; None if none is.

        Less margin is never safer, so the steps are halved. Where tables are
        for one leverage each, a larger one may be safe though a smaller one is
        not: then all whole numbers are tried, from the limit down.
        """
        with exact():
            top = self.highest()
            if self.at(top).safe:
                return self.at(top)
            if not self.own_tables:
                cross = not self.case.position(self.i).isolated
                if not self.at(ONE).safe and not (cross and self.moves()):
                    return None
                if self.at(ONE).safe:
                    return self._between(ONE, top)
            whole = to_step(top, ONE, "down")
            while whole >= ONE:
                if self.at(whole).safe:
                    return self._between(whole, min(whole + ONE, top))
                whole -= ONE
            return None

    def highest(self) -> Decimal:
        """Return the largest leverage setting that any size allows this position."""
        with exact():
            return max(ONE, to_step(self._limit.leverage, self.step, "down"))

    def _between(self, safe: Decimal, beyond: Decimal) -> Try:
        """Return the last safe step from one that is safe to one that is not."""
        while beyond - safe > self.step:
            steps = to_step((beyond - safe) / self.step / 2, ONE, "down")
            middle = safe + steps * self.step
            if self.at(middle).safe:
                safe = middle
            else:
                beyond = middle
        return self.at(safe)

    def moves(self) -> bool:
        """Return True if the leverage moves liquidation, as far as both ends are known."""
        side = self.case.sheet.positions[self.i].side
        tries = [self.at(leverage) for leverage in (ONE, self.highest())]
        if any(each.verdict is Verdict.INDETERMINATE for each in tries):
            return self.case.position(self.i).isolated
        low, high = (each.case.ends(self.i).losing(side) for each in tries)
        return low != high

    def least_opening(self) -> Decimal | None:
        """Return the smallest leverage that the account carries; None if none is allowed."""
        with exact():
            low, high = ZERO, self.highest() / self.step
            if not self.at(self.highest()).allowed:
                return None
            if self.at(ONE).allowed:
                return ONE
            low = ONE / self.step
            while high - low > 1:
                middle = to_step((low + high) / 2, ONE, "down")
                if self.at(middle * self.step).opens:
                    high = middle
                else:
                    low = middle
            return high * self.step


def after_opening(case: Case, i: int) -> Case:
    """Return the case after the opening fee has left the wallet of a cross position.

    What an isolated position's margin pays is in its default margin already.
    """
    fee = case.figures.positions[i].exact.get("fee_to_open")
    if case.position(i).isolated or not fee or not pays(case, i):
        return case
    try:
        return case.paid(i, fee)
    except InputError:  # a pool of other coins; the answer says so
        return case


def pays(case: Case, i: int) -> bool:
    """Return True if what backs position `i` is known."""
    account, position = case.sheet.account, case.position(i)
    if position.isolated:
        return True
    known = (account.wallet_balance, account.equity, account.collateral)
    return any(money is not None for money in known)


def _tables_by_leverage(case: Case, i: int) -> bool:
    """Return True if the exchange has tables of the symbol for one leverage each."""
    known = case.resolved.exchange.tiers(case.position(i).contract.symbol)
    return known is not None and any(table.leverage for table in known.history)


def limit_of(case: Case, i: int) -> Limit:
    """Return the largest leverage that the exchange takes for position `i`.

    The tier is that of the size at the entry price, where the position is
    opened; without a maximum it is 1/initial rate, which the leverage set must
    not raise: the case has a high one.
    """
    row = case.sheet.positions[i]
    if row.mark_price is not None and row.entry_price not in {None, row.mark_price}:
        case = case.with_position(i, mark_price=None, index_price=None)
    figures = case.figures.positions[i].exact
    most, imr = figures.get("max_leverage"), figures.get("imr")
    if most is None and imr:
        most = ONE / imr
    known = case.resolved.exchange.contract(case.position(i).contract.symbol)
    limits = [
        Limit(value, of)
        for value, of in (
            (most, Binds.TIER),
            (known.max_leverage if known is not None else None, Binds.CONTRACT),
            (row.max_leverage, Binds.REPORTED),
        )
        if value is not None
    ]
    return min(limits, default=Limit(HIGHEST, Binds.SEARCH), key=lambda x: x[0])


def _short(case: Case, i: int) -> Decimal:
    """Return how much the account's free balance lacks for a cross position."""
    account = case.figures.account
    if case.position(i).isolated or account is None:
        return ZERO
    free = account.exact.get("available_balance")
    return ZERO if free is None else max(ZERO, -free)
