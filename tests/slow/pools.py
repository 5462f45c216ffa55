"""What backs positions and what they require, at any prices.

Three kinds of pool: one isolated position; all cross positions of one settle currency; all cross
positions of an account that is valued in USD (collateral mode multi). Health is backing minus
requirement. Rules of single exchanges come in through `Rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tests.slow.plain import ONE, ZERO, Coin, Position, Sheet
from tests.slow.prices import MARKS, Prices
from tests.slow.roots import root_above, root_below, sign

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.exchanges.base import Rules


class Pool:
    """Positions that live and die together."""

    def __init__(self, sheet: Sheet, rules: Rules, positions: Iterable[Position]) -> None:
        """Remember the members."""
        self.sheet, self.rules, self.positions = sheet, rules, tuple(positions)

    def backing(self, prices: Prices) -> Decimal:
        """Return what backs the positions."""
        raise NotImplementedError

    def requirement(self, prices: Prices) -> Decimal:
        """Return what must be there to stay alive."""
        raise NotImplementedError

    @property
    def funded(self) -> bool:
        """Return whether the sheet says what backs the pool."""
        raise NotImplementedError

    @property
    def determined(self) -> bool:
        """Return whether the sheet suffices for a liquidation price."""
        return self.funded and all(self.rules.can_require(p) for p in self.positions)

    def health(self, prices: Prices) -> Decimal:
        """Return backing minus requirement."""
        return self.backing(prices) - self.requirement(prices)

    def moved(self, symbol: str, price: Decimal) -> Prices:
        """Return the marks with the mark of `symbol` at `price`; its base coin moves along."""
        members = [p for p in self.positions if p.symbol == symbol]
        first = members[0]
        return Prices(
            {p.index: price for p in members}, {first.contract.base: price / first.mark_price}
        )

    def all_moved(self, factor: Decimal) -> Prices:
        """Return all marks, and all coins that are a position's base, times `factor`."""
        return Prices(
            {p.index: p.mark_price * factor for p in self.positions},
            {p.contract.base: factor for p in self.positions},
        )

    def net(self, symbol: str) -> Decimal:
        """Return the signed size of all positions in `symbol`."""
        return sum((p.side * p.qty for p in self.positions if p.symbol == symbol), ZERO)

    def edges(self, symbol: str) -> list[Decimal]:
        """Return the prices at which a position of `symbol` changes its tier."""
        return [e for p in self.positions if p.symbol == symbol for e in self.rules.edges(p)]


class IsolatedPool(Pool):
    """One position with its own margin."""

    @property
    def position(self) -> Position:
        """Return the only member."""
        return self.positions[0]

    @property
    def funded(self) -> bool:
        """Return whether the margin is given or can be told from the leverage."""
        return self.rules.margin(self.position) is not None

    @cached_property
    def margin(self) -> Decimal:
        """Return the margin less fees that are owed or reserved."""
        margin = self.rules.margin(self.position)
        assert margin is not None
        return margin - self.position.accrued_fees - self.position.fee_reserve

    def backing(self, prices: Prices) -> Decimal:
        """Return margin plus profit."""
        return self.margin + self.position.pnl(prices.of(self.position))

    @cached_property
    def closing_fee(self) -> Decimal:
        """Return the fee of closing that the exchange's condition counts (Bybit only)."""
        return self.rules.isolated_closing_fee(self)

    def requirement(self, prices: Prices) -> Decimal:
        """Return the maintenance requirement of the position."""
        price = prices.of(self.position)
        return self.rules.isolated_requirement(self.position, price) + self.closing_fee

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return a figure that is zero at the bankruptcy price."""
        price = prices.of(self.position)
        return self.backing(prices) - self.rules.bankruptcy_fee(self.position, price)


class CrossPool(Pool):
    """What the two kinds of cross pool share."""

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return a figure that is zero at the bankruptcy price."""
        return self.backing(prices)

    def total(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return the sum of requirements (settle currency, amount) in the pool's currency."""
        raise NotImplementedError

    def total_held(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return the sum of profits (settle currency, amount) in the pool's currency."""
        raise NotImplementedError

    def profit(self, prices: Prices) -> Decimal:
        """Return the unrealised profit of all cross positions in the pool's currency."""
        raise NotImplementedError

    def available_backing(self, prices: Prices) -> Decimal:
        """Return what backs new positions (initial weights)."""
        return self.backing(prices)

    def owes(self, asset: str) -> bool:
        """Return whether the pool is in debt with `asset` at the marks."""
        raise NotImplementedError


class SinglePool(CrossPool):
    """All cross positions of one settle currency, and its cash."""

    @cached_property
    def settle(self) -> str | None:
        """Return the settle currency (None without positions)."""
        return self.positions[0].contract.settle if self.positions else None

    @cached_property
    def wallet(self) -> Decimal | None:
        """Return cash without profits: given, or equity less profits, or the collateral row."""
        account = self.sheet.account
        if account.wallet_balance is not None:
            return account.wallet_balance
        if account.equity is not None:
            return account.equity - self.profit(MARKS)
        rows = [coin.qty for coin in account.collateral if coin.asset == self.settle]
        return sum(rows, ZERO) if rows else None

    @property
    def funded(self) -> bool:
        """Return whether the cash is known."""
        return self.wallet is not None

    def profit(self, prices: Prices) -> Decimal:
        """Return the profits of all cross positions, listed or not."""
        listed = sum((p.pnl(prices.of(p)) for p in self.positions), ZERO)
        return listed + self.sheet.account.other_unrealized_pnl

    def backing(self, prices: Prices) -> Decimal:
        """Return cash plus profits less what is owed or belongs to options."""
        assert self.wallet is not None
        owed = sum((p.accrued_fees for p in self.positions), ZERO)
        return self.wallet + self.profit(prices) - owed - self.sheet.account.options_value

    def requirement(self, prices: Prices) -> Decimal:
        """Return the sum of the requirements of all cross positions and orders."""
        amounts = self.rules.cross_requirements(self.positions, prices)
        return self.total(amounts, prices) + self.sheet.account.other_maintenance_margin

    def total(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:  # noqa: ARG002
        """Return the plain sum."""
        return sum((amount for _, amount in amounts), ZERO)

    def total_held(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return the plain sum."""
        return self.total(amounts, prices)

    def owes(self, asset: str) -> bool:  # noqa: ARG002
        """Return whether equity is negative."""
        return self.backing(MARKS) < 0


class MultiPool(CrossPool):
    """All cross positions and all coins of an account, in USD."""

    @property
    def funded(self) -> bool:
        """Return whether equity, cash or coins are known."""
        account = self.sheet.account
        known = account.equity is not None or account.wallet_balance is not None
        return known or account.collateral_given

    @cached_property
    def rows(self) -> list[Coin]:
        """Return the coins held, with a plain row for each settle currency that has none."""
        rows = list(self.sheet.account.collateral)
        for p in self.positions:
            if p.contract.settle not in {row.asset for row in rows}:
                price = p.mark_price if p.inverse else ONE
                rows.append(Coin(p.contract.settle, ZERO, price, ONE, ONE))
        return rows

    def first_row(self, asset: str) -> Coin:
        """Return the row that takes the profits settled in `asset`."""
        return next(row for row in self.rows if row.asset == asset)

    def price(self, row: Coin, prices: Prices) -> Decimal:
        """Return the price of a coin in USD."""
        price = row.price
        if price is None:
            marks = [p.mark_price for p in self.positions if p.contract.base == row.asset]
            price = marks[0] if marks else ONE
        return price * prices.ratio(row.asset)

    def cash(self, row: Coin) -> Decimal:
        """Return the coins of a row; a wallet balance is cash of the first settle currency."""
        wallet = self.sheet.account.wallet_balance
        if wallet is None or not self.positions:
            return row.qty
        settle = self.positions[0].contract.settle
        return row.qty + (wallet if row is self.first_row(settle) else ZERO)

    def gains(self, asset: str, prices: Prices) -> Decimal:
        """Return the profits settled in `asset`."""
        members = [p for p in self.positions if p.contract.settle == asset]
        return sum((p.pnl(prices.of(p)) for p in members), ZERO)

    def owed(self, asset: str) -> Decimal:
        """Return the accrued fees to be paid in `asset`."""
        members = [p for p in self.positions if p.contract.settle == asset]
        return sum((p.accrued_fees for p in members), ZERO)

    def amount(self, row: Coin, prices: Prices) -> Decimal:
        """Return the equity in a coin: cash, profits settled in it, less accrued fees."""
        if row is not self.first_row(row.asset):
            return self.cash(row)
        return self.cash(row) + self.gains(row.asset, prices) - self.owed(row.asset)

    def worth(self, row: Coin, amount: Decimal, price: Decimal, weight: Decimal) -> Decimal:
        """Return the USD value of an amount: weighted, a debt in full or with its buffer."""
        if amount < 0:
            debt = self.rules.debt_rate(row.asset)
            return amount * price * (max(weight, debt) if row.qty < 0 else debt)
        return amount * price * (min(weight, ONE) if row.qty < 0 else weight)

    def backing(self, prices: Prices) -> Decimal:
        """Return equity in USD with maintenance weights."""
        return self._equity(prices, initial=False)

    def available_backing(self, prices: Prices) -> Decimal:
        """Return equity in USD with initial weights."""
        return self._equity(prices, initial=True)

    def _equity(self, prices: Prices, *, initial: bool) -> Decimal:
        account = self.sheet.account
        if account.equity is not None:
            moves = self._moving_part(prices) - self._moving_part(MARKS)
            return account.equity + moves - self._owed_usd() - account.options_value
        total = account.other_unrealized_pnl - account.options_value
        for row in self.rows:
            weight = row.initial_weight if initial else row.maintenance_weight
            total += self.worth(row, self.amount(row, prices), self.price(row, prices), weight)
        return total

    def _moving_part(self, prices: Prices) -> Decimal:
        """Return profits and debts in USD, the parts of a given equity that move."""
        gains = ZERO
        for row in self.rows:
            if row is self.first_row(row.asset):
                gains += self.total_held([(row.asset, self.gains(row.asset, prices))], prices)
            if row.qty < 0:
                gains += self.worth(row, row.qty, self.price(row, prices), row.maintenance_weight)
        return gains

    def _owed_usd(self) -> Decimal:
        owed = [(asset, self.owed(asset)) for asset in {row.asset for row in self.rows}]
        return self.total_held(owed, MARKS)

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits in USD, weighted."""
        total = self.sheet.account.other_unrealized_pnl
        for asset in {row.asset for row in self.rows}:
            total += self.total_held([(asset, self.gains(asset, prices))], prices)
        return total

    def total_held(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return profits in USD, weighted."""
        total = ZERO
        for asset, amount in amounts:
            row = self.first_row(asset)
            sign = -ONE if self.owes(asset) else ONE
            each = self.worth(row, sign, self.price(row, prices), row.maintenance_weight) * sign
            total += amount * each
        return total

    @cached_property
    def wallet(self) -> Decimal | None:
        """Return the cash in USD, weighted (equity less profits where equity is given)."""
        if not self.funded:
            return None
        if self.sheet.account.equity is not None:
            return self.sheet.account.equity - self.profit(MARKS)
        return sum(
            (
                self.worth(row, self.cash(row), self.price(row, MARKS), row.maintenance_weight)
                for row in self.rows
            ),
            ZERO,
        )

    def requirement(self, prices: Prices) -> Decimal:
        """Return all requirements in USD, those of borrowed coins too."""
        amounts = self.rules.cross_requirements(self.positions, prices)
        total = self.total(amounts, prices) + self.sheet.account.other_maintenance_margin
        return total + self.borrow_requirement(prices)

    def borrow_requirement(self, prices: Prices) -> Decimal:
        """Return the requirement for coins that are owed."""
        given_equity = self.sheet.account.equity is not None
        total = ZERO
        for row in self.rows:
            amount = row.qty if given_equity else self.amount(row, prices)
            debt = max(-amount, ZERO)
            total += self.rules.borrow_rate(row.asset) * debt * self.price(row, prices)
        return total

    def total(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return requirements in USD, at the rate that the exchange uses for them."""
        return sum(
            (
                amount * self.price(self.first_row(asset), prices) * self.rules.debt_rate(asset)
                for asset, amount in amounts
            ),
            ZERO,
        )

    def owes(self, asset: str) -> bool:
        """Return whether the coin's equity is negative."""
        row = self.first_row(asset)
        if self.sheet.account.equity is not None:
            return row.qty < 0
        return self.amount(row, MARKS) < 0


@dataclass(frozen=True)
class Roots:
    """The prices below and above the mark at which something reaches zero.

    `passed` says that it is below zero at the mark.
    """

    lower: Decimal | None
    upper: Decimal | None
    passed: bool = False

    def for_net(self, net: Decimal) -> Decimal | None:
        """Return the price that counts: below for a net long, above otherwise, if it exists.

        Of what is below zero already, it is where the position gains.
        """
        first, second = self.lower, self.upper
        if (net > 0) == self.passed:
            first, second = second, first
        return second if first is None else first

    def side_for_net(self, net: Decimal) -> Decimal:
        """Return +1 where that price is one at which a long ends, else -1."""
        if self.passed:
            return ONE if net > 0 else -ONE
        below = self.lower is not None and self.for_net(net) == self.lower
        return ONE if below else -ONE


def symbol_roots(pool: Pool, symbol: str, figure: str = "health") -> Roots:
    """Return where a figure of the pool reaches zero when only `symbol` moves."""
    start = next(p.mark_price for p in pool.positions if p.symbol == symbol)
    measure = getattr(pool, figure)

    def f(price: Decimal) -> Decimal:
        result: Decimal = measure(pool.moved(symbol, price))
        return result

    edges = pool.edges(symbol)
    passed = sign(f(start)) < 0
    return Roots(root_below(f, start, edges), root_above(f, start, edges), passed)


def joint_roots(pool: Pool) -> Roots:
    """Return the common factor of all prices at which health reaches zero."""
    edges = [e / p.mark_price for p in pool.positions for e in pool.rules.edges(p)]

    def f(factor: Decimal) -> Decimal:
        return pool.health(pool.all_moved(factor))

    return Roots(root_below(f, ONE, edges), root_above(f, ONE, edges))
