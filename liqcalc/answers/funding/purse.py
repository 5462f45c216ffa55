"""What funding is taken from: margin, free balance, wallet; and how a position stands after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.funding.answer import Standing
from liqcalc.engine.funding import split
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.words import Purse
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.rules.schema import FundingTerms

_FROM_FREE = frozenset({Purse.FREE, Purse.FREE_FIRST})


class Purses(NamedTuple):
    """A case and the money that funding is taken from.

    Attributes:
        case: settled.
        purse: of isolated positions.
        free: balance beside isolated margins; None if not known.
    """

    case: Case
    purse: Purse
    free: Decimal | None

    @classmethod
    def of(cls, case: Case, terms: FundingTerms, free: Decimal | None) -> Purses:
        """Return the purses of a case; the free balance is `free`, or what the sheet says."""
        return cls(case, terms.isolated, free if free is not None else _free(case))

    def at(self, marks: Mapping[str, Decimal]) -> Purses:
        """Return the purses at other marks."""
        return self._replace(case=self.case.at(marks))

    def unknown(self, i: int) -> str:
        """Return why what pays for position `i` is not known; "" if it is."""
        try:
            self.case.paid(i, ZERO)
        except InputError as error:
            return error.faults[0].message
        return ""

    def pay(self, i: int, amount: Decimal) -> tuple[Purses, Decimal]:
        """Return the purses after position `i` has paid, and what left the free balance.

        Where what pays is not known, nothing changes.
        """
        if self.unknown(i):
            return self, ZERO
        if not self.case.position(i).isolated:
            return self._replace(case=self.case.paid(i, amount)), ZERO
        taken, rest = split(amount, self.purse, self.free)
        case, free = self.case, self.free
        if taken:
            case = _spent(case, i, taken)
            if free is not None or self.purse is Purse.FREE_FIRST:
                free = (free or ZERO) - taken
        if rest and self.purse is Purse.OWED:
            owed = case.sheet.positions[i].accrued_fees + rest
            case = case.with_position(i, accrued_fees=owed)
        elif rest:
            case = case.paid(i, rest)
        return Purses(case, self.purse, free), taken

    def left(self, i: int) -> Decimal | None:
        """Return the money behind position `i`; None if not known."""
        row, account = self.case.sheet.positions[i], self.case.sheet.account
        position = self.case.position(i)
        if position.isolated:
            if row.margin is None:
                return None
            owed = row.accrued_fees if self.purse is Purse.OWED else ZERO
            return row.margin + row.extra_margin - owed
        if account.equity is not None:
            return account.equity
        if account.wallet_balance is not None:
            return account.wallet_balance
        held = [c.qty for c in account.collateral or () if c.asset == position.contract.settle]
        return sum(held, ZERO) if held else None

    def left_is(self, i: int) -> str:
        """Return what `left` counts."""
        account, position = self.case.sheet.account, self.case.position(i)
        if position.isolated:
            return "margin"
        if account.equity is not None:
            return "equity"
        return "wallet" if account.wallet_balance is not None else "balance"

    def standing(self, i: int) -> Standing:
        """Return how position `i` stands."""
        answer = self.case.figures.positions[i]
        beside = self.case.position(i).isolated and self.purse in _FROM_FREE
        price = answer.figures.get("liquidation_price")
        return Standing(
            status=answer.status,
            mark_price=answer.mark_price,
            liquidation_price=price,
            distance_rate=answer.figures.get("distance_rate"),
            left=self.left(i),
            free=self.free if beside else None,
            reason=answer.reasons.get("liquidation_price", "") if price is None else "",
        )

    def assumptions(self, payers: Iterable[int]) -> Iterable[Note]:
        """Yield what is taken for granted of the free balance."""
        isolated = any(self.case.position(i).isolated for i in payers)
        if self.free is None and isolated and self.purse in _FROM_FREE:
            text = "no free balance is given: it starts at 0, and the margin pays the rest"
            if self.purse is Purse.FREE:
                text = "the free balance, which is not given, covers every payment"
            yield Note("LQ412", text)


def _free(case: Case) -> Decimal | None:
    """Return the balance beside isolated margins, as the sheet says it."""
    account = case.sheet.account
    if case.figures.account is not None:
        return case.figures.account.exact.get("available_balance")
    return account.wallet_balance if account.wallet_balance is not None else account.equity


def _spent(case: Case, i: int, amount: Decimal) -> Case:
    """Return the case with less in the account, as far as the sheet says what it holds."""
    account = case.sheet.account
    if account.equity is not None:
        return case.with_account(equity=account.equity - amount)
    if account.wallet_balance is not None:
        return case.with_account(wallet_balance=account.wallet_balance - amount)
    settle = case.position(i).contract.settle
    if not any(coin.asset == settle for coin in account.collateral or ()):
        return case
    coins = [
        coin._replace(qty=coin.qty - amount) if coin.asset == settle else coin
        for coin in account.collateral or ()
    ]
    return case.with_account(collateral=tuple(coins))
