"""What backs positions on Drift: weighted coins and profits, or a deposit of one's own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tests.slow.plain import ONE, ZERO, Coin
from tests.slow.pools import IsolatedPool, MultiPool
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.exchanges.drift import Drift
    from tests.slow.prices import Prices


class OwnDepositPool(IsolatedPool):
    """An isolated position with its own deposit, in its settle currency."""

    rules: Drift

    def backing(self, prices: Prices) -> Decimal:
        """Return the deposit plus the profit that counts."""
        p = self.position
        return self.deposit + self.rules.counted_profit(p, prices.of(p))

    @property
    def deposit(self) -> Decimal:
        """Return the deposit; what is owed is part of the profit."""
        return self.margin + self.position.accrued_fees

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return the deposit plus the whole profit."""
        p = self.position
        return self.deposit + self.rules.profit(p, prices.of(p))


class WeightedPool(MultiPool):
    """Cross positions, and the cash of their currency or all coins of the account in USD."""

    rules: Drift

    @property
    def single(self) -> bool:
        """Return whether the pool is of one currency, in which its money is counted."""
        return self.sheet.account.collateral_mode == "single"

    @property
    def funded(self) -> bool:
        """Return whether equity, cash or coins are known; an empty list says none."""
        account = self.sheet.account
        known = account.wallet_balance is not None or account.equity is not None
        if self.single:
            return known or any(coin.asset == self.settles[0] for coin in account.collateral)
        return known or account.collateral_given

    @property
    def determined(self) -> bool:
        """Return whether all tables are known, those of orders too."""
        return super().determined and all(o.tiers for o in self.rules.loose_orders())

    @property
    def settles(self) -> list[str]:
        """Return the settle currencies."""
        return list(dict.fromkeys(p.contract.settle for p in self.positions)) or ["USDC"]

    @property
    def quote_price(self) -> Decimal:
        """Return the price of the settle currency in the pool's money."""
        return ONE if self.single else self.price(self.first_row(self.settles[0]), MARKS)

    @cached_property
    def rows(self) -> list[Coin]:
        """Return the coins, with a plain row for a settle currency that has none."""
        usual = ONE if self.single else self.rules.usual_quote_price
        rows = []
        for row in self.sheet.account.collateral:
            price = usual if row.price is None and row.asset in self.settles else row.price
            if not self.single:
                rows.append(Coin(row.asset, row.qty, price, *_weights(row)))
            elif row.asset == self.settles[0]:
                rows.append(Coin(row.asset, row.qty, ONE, ONE, ONE))
        for settle in self.settles:
            if settle not in {row.asset for row in rows}:
                rows.append(Coin(settle, ZERO, usual, ONE, ONE))
        return rows

    def cash(self, row: Coin) -> Decimal:
        """Return the coins of a row; a wallet balance is cash of the first settle currency."""
        wallet = self.sheet.account.wallet_balance
        mine = wallet is not None and row is self.first_row(self.settles[0])
        return row.qty + (wallet or ZERO) if mine else row.qty

    def held(self, prices: Prices, *, initial: bool = False) -> Decimal:
        """Return the weighted value of the coins that are held."""
        return sum(
            (
                self.cash(row)
                * self.price(row, prices)
                * (row.initial_weight if initial else row.maintenance_weight)
                for row in self.rows
                if self.cash(row) > 0 or self.single
            ),
            ZERO,
        )

    def borrowed(self, prices: Prices, *, initial: bool = False, plain: bool = False) -> Decimal:
        """Return the weighted (or plain) value of the coins that are owed."""
        total = ZERO
        for row in () if self.single else self.rows:
            weight = row.initial_weight if initial else row.maintenance_weight
            debt = max(-self.cash(row), ZERO) * self.price(row, prices)
            total += debt if plain else debt * weight
        return total

    def counted(self, prices: Prices, *, initial: bool = False) -> Decimal:
        """Return the profits that count, losses in full."""
        counted = self.rules.counted_profit
        parts = (counted(p, prices.of(p), initial=initial) for p in self.positions)
        return sum(parts, ZERO) * self.quote_price

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits, in full."""
        listed = sum((p.pnl(prices.of(p)) for p in self.positions), ZERO)
        return listed * self.quote_price + self.sheet.account.other_unrealized_pnl

    @property
    def _owed(self) -> Decimal:
        return sum((p.accrued_fees for p in self.positions), ZERO) * self.quote_price

    def backing(self, prices: Prices) -> Decimal:
        """Return the collateral with maintenance weights."""
        account = self.sheet.account
        if account.equity is not None:
            moved = self.counted(prices) - self.counted(MARKS)
            return account.equity - self._owed + moved - account.options_value
        other = account.other_unrealized_pnl - account.options_value
        return self.held(prices) + self.counted(prices) + other

    def available_backing(self, prices: Prices) -> Decimal:
        """Return the collateral with initial weights (a given equity as it is)."""
        account = self.sheet.account
        if account.equity is not None:
            return self.backing(prices)
        other = account.other_unrealized_pnl - account.options_value
        return self.held(prices, initial=True) + self.counted(prices, initial=True) + other

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return coins, debts and profits without weights."""
        rest = self.profit(prices) - self._owed - self.sheet.account.options_value
        equity = self.sheet.account.equity
        if equity is not None:
            return equity + rest - self.profit(MARKS) - self.borrowed(prices, plain=True)
        coins = (self.cash(row) * self.price(row, prices) for row in self.rows)
        return sum(coins, ZERO) + rest

    def requirement(self, prices: Prices) -> Decimal:
        """Return the requirements of positions, orders and borrowed coins."""
        parts = [self.rules.requirement(p, prices.of(p)) for p in self.positions]
        parts.append(self.rules.loose_requirement(initial=False) or ZERO)
        parts.append(self.rules.cents(self.positions))
        other = self.sheet.account.other_maintenance_margin
        return sum(parts, ZERO) * self.quote_price + self.borrowed(prices) + other

    def total(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:  # noqa: ARG002
        """Return requirements of the settle currency in the pool's money."""
        return sum((amount for _, amount in amounts), ZERO) * self.quote_price

    @cached_property
    def wallet(self) -> Decimal | None:
        """Return the collateral without profits."""
        if not self.funded:
            return None
        if self.sheet.account.equity is not None:
            return self.sheet.account.equity - self.profit(MARKS)
        return self.held(MARKS)

    def liability(self) -> Decimal:
        """Return the plain value of positions and borrowed coins, which the buffer is on."""
        held = sum((self.rules.worst_value(p, p.mark_price) for p in self.positions), ZERO)
        return held * self.quote_price + self.borrowed(MARKS, plain=True)

    def losses(self) -> Decimal:
        """Return the sum of the losses, negative."""
        parts = (min(self.rules.profit(p, p.mark_price), ZERO) for p in self.positions)
        return sum(parts, ZERO) * self.quote_price


def _weights(row: Coin) -> tuple[Decimal, Decimal]:
    return row.initial_weight, row.maintenance_weight
