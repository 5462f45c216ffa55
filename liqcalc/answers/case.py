"""A sheet as it is, or changed: what every question about it is asked of.

A question that begins with "what if" changes the sheet and evaluates it again,
so that its numbers come from the same health curve as every other answer.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.account import complete, evaluate_once, pools_of
from liqcalc.answers.guard import computable
from liqcalc.answers.resolve import resolve
from liqcalc.engine import formulas
from liqcalc.engine.numbers import ONE, ZERO, exact
from liqcalc.engine.vocabulary import MultiAsset
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog, nearest
from liqcalc.rules.schema import CollateralMode, MarginMode
from liqcalc.rules.sheet import PositionRow, Sheet, Side, read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.answer import AccountAnswer, PositionAnswer
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.position import Position
    from liqcalc.engine.solve import Status
    from liqcalc.rules.sheet import CollateralRow


class Ends(NamedTuple):
    """Where a position's condition first holds on either side of the mark, unrounded.

    Attributes:
        status: one of the four.
        lower, upper: marks, other symbols standing still; None where no price
            on that side liquidates, and where the condition holds already.
    """

    status: Status
    lower: Decimal | None
    upper: Decimal | None

    def losing(self, side: Side) -> Decimal | None:
        """Return the end on which `side` loses."""
        return self.lower if side is Side.LONG else self.upper


class Case:
    """A checked sheet with where its rules are found and the day of the answer.

    Changes return a new case; none changes this one.
    """

    def __init__(self, sheet: Sheet, catalog: Catalog, today: str) -> None:
        self.sheet = sheet
        self.catalog = catalog
        self.today = today

    @classmethod
    def of(
        cls,
        sheet: Mapping[str, Any] | Sheet,
        *,
        exchanges: Iterable[str | Path] = (),
        today: str | None = None,
    ) -> Case:
        """Return the case of a sheet as `liqcalc.evaluate` takes it.

        Raises:
            InputError: everything that is wrong with the sheet.
        """
        if not isinstance(sheet, Sheet):
            with exact():
                sheet = read_sheet(sheet if isinstance(sheet, dict) else dict(sheet))
        return cls(sheet, Catalog(exchanges), today or time.strftime("%Y-%m-%d"))

    def with_catalog(self, catalog: Catalog) -> Case:
        """Return the case with exchanges that have been read already."""
        return Case(self.sheet, catalog, self.today)

    # What it comes to

    @cached_property
    def answer(self) -> AccountAnswer:
        """Return every figure, and what open questions would change."""
        return computable(complete)(*self._once, self.catalog, self.today)

    @cached_property
    def _once(self) -> tuple[AccountAnswer, Resolved]:
        return computable(evaluate_once)(self.sheet, self.catalog, self.today)

    @property
    def figures(self) -> AccountAnswer:
        """Return every figure by the default readings; cheaper than `answer`, for many cases."""
        return self._once[0]

    @property
    def resolved(self) -> Resolved:
        """Return the sheet with everything filled in that the catalogue knows."""
        return self._once[1]

    def position(self, i: int) -> Position:
        """Return position `i` as the engine has it."""
        return self.resolved.positions[i]

    def ends(self, i: int) -> Ends:
        """Return where position `i` ends below and above its mark.

        These are the marks at which the exchange's condition truly holds, also
        where the price that it prints is another (`trigger_price`).
        """
        answer = self.figures.positions[i]
        lower, upper = (answer.exact.get(f"{at}_liquidation_price") for at in ("lower", "upper"))
        return Ends(answer.status, lower, upper)

    def index(self, name: str | int | None = None) -> int:
        """Return which position is meant.

        Args:
            name: its number from 0, ``SYMBOL`` or ``SYMBOL:long``; None means
                the only one.

        Raises:
            InputError: none, or more than one, is called so.
        """
        rows = self.sheet.positions
        called = [f"{row.symbol}:{row.side}" for row in rows]
        if isinstance(name, int) and 0 <= name < len(rows):
            return name
        if name is None:
            found = list(range(len(rows)))
        else:
            found = [i for i, full in enumerate(called) if name in {full, rows[i].symbol}]
        if len(found) == 1:
            return found[0]
        if not rows:
            raise InputError(Fault("LQ119", "position", "the sheet holds no position"))
        message = "which position is meant?" if name is None else f"{name!r} is not one position"
        near = "" if name is None or found else nearest(str(name), called)
        raise InputError(Fault("LQ119", "position", message, near or f"one of {', '.join(called)}"))

    # Changes

    def settled(self) -> Case:
        """Return the case with its prices and isolated margins written out.

        A default margin follows the entry, leverage or mark, and an entry that
        is not given follows the mark; written out they stay what they are when
        these are changed.
        """
        positions = tuple(
            row._replace(
                entry_price=answer.entry_price, mark_price=answer.mark_price, **_purse(row, answer)
            )
            for row, answer in zip(self.sheet.positions, self.figures.positions, strict=True)
        )
        return self.with_sheet(self.sheet._replace(positions=positions))

    def with_sheet(self, sheet: Sheet) -> Case:
        """Return the case of another sheet."""
        return Case(sheet, self.catalog, self.today)

    def with_position(self, i: int, **changes: Any) -> Case:  # noqa: ANN401 - PositionRow's fields
        """Return the case with other inputs of position `i`."""
        rows = list(self.sheet.positions)
        rows[i] = rows[i]._replace(**changes)
        return self.with_sheet(self.sheet._replace(positions=tuple(rows)))

    def with_account(self, **changes: Any) -> Case:  # noqa: ANN401 - AccountRow's fields
        """Return the case with other inputs of the account."""
        return self.with_sheet(self.sheet._replace(account=self.sheet.account._replace(**changes)))

    def without(self, i: int) -> Case:
        """Return the case without position `i`; its profit is gone with it."""
        rows = self.sheet.positions
        return self.with_sheet(self.sheet._replace(positions=rows[:i] + rows[i + 1 :]))

    def at(self, marks: Mapping[str, Decimal]) -> Case:
        """Return the case at other marks; call it on a settled case.

        Index prices and coins held that are a position's base move by the same
        factor. A given equity follows the profit.

        Args:
            marks: by symbol, in quote; symbols left out keep theirs.
        """
        factors: dict[str, Decimal] = {}
        coins: dict[str, Decimal] = {}
        rows = []
        with exact():
            for row, position in zip(self.sheet.positions, self.resolved.positions, strict=True):
                mark = marks.get(row.symbol, position.mark_price)
                factor = factors[row.symbol] = mark / position.mark_price
                coins[position.contract.base] = factor
                index = None if row.index_price is None else row.index_price * factor
                rows.append(row._replace(mark_price=mark, index_price=index))
            rows = [
                row._replace(collateral=_revalued(row.collateral, coins)) if row.collateral else row
                for row in rows
            ]
            account = self.sheet.account
            if account.collateral:
                account = account._replace(collateral=_revalued(account.collateral, coins))
            moved = self.with_sheet(self.sheet._replace(positions=tuple(rows), account=account))
            if account.equity is None:
                return moved
            gained = _moving_value(moved) - _moving_value(self)
            return moved.with_account(equity=account.equity + gained)

    def profit(self, i: int, qty: Decimal, price: Decimal) -> Decimal:
        """Return what closing `qty` of position `i` at `price` realises, before fees.

        Formula:
            drift * (value(qty, price) - value(qty, entry_price)), in the
            settle currency
        """
        position = self.position(i)
        contract = position.contract
        with exact():
            now, then = contract.value(qty, price), contract.value(qty, position.entry_price)
            return formulas.pnl(contract.drift(position.side), now, then)

    def coin_price(self, i: int) -> Decimal:
        """Return what a unit of position `i`'s settle currency is in the money of the account.

        The equity of an account of several coins is in its numeraire (USD).
        """
        account, contract = self.sheet.account, self.position(i).contract
        if account.collateral_mode is CollateralMode.SINGLE:
            return ONE
        for coin in account.collateral or ():
            if coin.asset == contract.settle and coin.price is not None:
                return coin.price
        if contract.settle == contract.base:
            return self.position(i).mark_price
        return (self.resolved.rules.multi_asset or MultiAsset()).settle_price

    def paid(self, i: int, amount: Decimal) -> Case:
        """Return the case after `amount` has left what backs position `i`; below 0: has come in.

        `amount` is in the settle currency. An isolated position pays from its
        margin, a cross one from the wallet or from the equity given.

        Raises:
            InputError: what backs the position is not known.
        """
        row, account = self.sheet.positions[i], self.sheet.account
        with exact():
            if (row.margin_mode or account.margin_mode) is MarginMode.ISOLATED:
                margin = self._margin(i) - row.extra_margin - amount
                return self.with_position(i, margin=margin)
            if account.equity is not None:
                return self.with_account(equity=account.equity - amount * self.coin_price(i))
            if account.wallet_balance is not None:
                return self.with_account(wallet_balance=account.wallet_balance - amount)
            settle = self.position(i).contract.settle
            rows = account.collateral or ()
            if all(coin.asset != settle for coin in rows):
                hint = "give account.wallet_balance, account.equity or a row of account.collateral"
                message = f"the {settle} behind {row.symbol} is not known"
                raise InputError(Fault("LQ113", "account", message, hint))
            left = [
                coin._replace(qty=coin.qty - amount) if coin.asset == settle else coin
                for coin in rows
            ]
            return self.with_account(collateral=tuple(left))

    def resized(self, i: int, qty: Decimal) -> Case:
        """Return the case with another quantity of position `i`; at 0 the position is gone."""
        if not qty:
            return self.without(i)
        return self.with_position(i, qty=qty, contracts=None)

    def _margin(self, i: int) -> Decimal:
        margin = self.figures.positions[i].exact.get("margin")
        if margin is None:
            hint = "give its margin or leverage"
            message = f"the margin of {self.sheet.positions[i].symbol} is not known"
            raise InputError(Fault("LQ113", f"positions[{i}].margin", message, hint))
        return margin


def _purse(row: PositionRow, answer: PositionAnswer) -> dict[str, Any]:
    """Return the inputs that say what the margin of an isolated position is now."""
    margin = answer.exact.get("margin")
    if row.margin is not None or margin is None or answer.margin_mode != MarginMode.ISOLATED:
        return {}
    with exact():
        return {"margin": margin - row.extra_margin}


def _revalued(
    rows: tuple[CollateralRow, ...], factors: Mapping[str, Decimal]
) -> tuple[CollateralRow, ...]:
    return tuple(
        row
        if row.price is None or row.asset not in factors
        else row._replace(price=row.price * factors[row.asset])
        for row in rows
    )


def _moving_value(case: Case) -> Decimal:
    """Return the part of the cross equity that moves with prices, in the account's money."""
    _, plans = pools_of(resolve(case.sheet, case.catalog, today=case.today))
    pools = (plan.prices for plan in plans.cross)
    return sum((pool.moving_value() for pool in pools if pool is not None), ZERO)


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SHORT if side is Side.LONG else Side.LONG
