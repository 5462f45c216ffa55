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
    """An isolated position with its own deposit."""

    rules: Drift

    def backing(self, prices: Prices) -> Decimal:
        """Return the deposit plus the profit that counts."""
        p = self.position
        return self.deposit + self.rules.counted_profit(p, prices.of(p))

    @property
    def deposit(self) -> Decimal:
        """Return the deposit in USD; what is owed is part of the profit."""
        return (self.margin + self.position.accrued_fees) * self.rules.quote_price

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return the deposit plus the whole profit."""
        p = self.position
        return self.deposit + self.rules.profit(p, prices.of(p))


class WeightedPool(MultiPool):
    """All cross positions and coins of an account."""

    rules: Drift

    @property
    def funded(self) -> bool:
        """Return whether equity, cash or coins are known; an empty list says none."""
        return super().funded or self.sheet.account.collateral_given

    @property
    def determined(self) -> bool:
        """Return whether all tables are known, those of orders too."""
        return super().determined and all(o.tiers for o in self.rules.loose_orders())

    @property
    def settles(self) -> list[str]:
        """Return the settle currencies."""
        return list(dict.fromkeys(p.contract.settle for p in self.positions)) or ["USDC"]

    @cached_property
    def rows(self) -> list[Coin]:
        """Return the coins, with a plain row for a settle currency that has none."""
        rows = list(self.sheet.account.collateral)
        for settle in self.settles:
            if settle not in {row.asset for row in rows}:
                rows.append(Coin(settle, ZERO, self.rules.quote_price, ONE, ONE))
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
                if self.cash(row) > 0
            ),
            ZERO,
        )

    def borrowed(self, prices: Prices, *, initial: bool = False, plain: bool = False) -> Decimal:
        """Return the weighted (or plain) value of the coins that are owed."""
        total = ZERO
        for row in self.rows:
            weight = row.initial_weight if initial else row.maintenance_weight
            debt = max(-self.cash(row), ZERO) * self.price(row, prices)
            total += debt if plain else debt * weight
        return total

    def counted(self, prices: Prices, *, initial: bool = False) -> Decimal:
        """Return the profits that count, losses in full."""
        parts = [
            self.rules.counted_profit(p, prices.of(p), initial=initial) for p in self.positions
        ]
        other = self.sheet.account.other_unrealized_pnl * self.rules.quote_price
        weight = self.rules.profit_weight(ZERO, initial=initial)
        return sum(parts, ZERO) + (other * weight if other > 0 else other)

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits in USD, in full."""
        listed = sum((p.pnl(prices.of(p)) for p in self.positions), ZERO)
        return (listed + self.sheet.account.other_unrealized_pnl) * self.rules.quote_price

    def backing(self, prices: Prices) -> Decimal:
        """Return the collateral with maintenance weights."""
        account = self.sheet.account
        if account.equity is None:
            return self.held(prices) + self.counted(prices) - account.options_value
        owed = sum((p.accrued_fees for p in self.positions), ZERO) * self.rules.quote_price
        moved = self.counted(prices) - self.counted(MARKS)
        return account.equity - owed + moved - account.options_value

    def available_backing(self, prices: Prices) -> Decimal:
        """Return the collateral with initial weights (a given equity as it is)."""
        account = self.sheet.account
        if account.equity is not None:
            return self.backing(prices)
        counted = self.counted(prices, initial=True)
        return self.held(prices, initial=True) + counted - account.options_value

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return coins, debts and profits without weights."""
        owed = sum((p.accrued_fees for p in self.positions), ZERO) * self.rules.quote_price
        rest = self.profit(prices) - owed - self.sheet.account.options_value
        equity = self.sheet.account.equity
        if equity is not None:
            return equity + rest - self.profit(MARKS) - self.borrowed(prices, plain=True)
        coins = (self.cash(row) * self.price(row, prices) for row in self.rows)
        return sum(coins, ZERO) + rest

    def requirement(self, prices: Prices) -> Decimal:
        """Return the requirements of positions, orders and borrowed coins."""
        parts = [self.rules.requirement(p, prices.of(p)) for p in self.positions]
        orders = self.rules.loose_requirement(initial=False) or ZERO
        other = self.sheet.account.other_maintenance_margin
        return sum(parts, ZERO) + orders + self.borrowed(prices) + other

    def total(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:  # noqa: ARG002
        """Return the plain sum: requirements are in USD already."""
        return sum((amount for _, amount in amounts), ZERO)

    @cached_property
    def wallet(self) -> Decimal | None:
        """Return the collateral without profits."""
        return self.backing(MARKS) - self.counted(MARKS) if self.funded else None

    def liability(self) -> Decimal:
        """Return the plain value of positions and borrowed coins, which the buffer is on."""
        held = sum((self.rules.worst_value(p, p.mark_price) for p in self.positions), ZERO)
        return held + self.borrowed(MARKS, plain=True)

    def losses(self) -> Decimal:
        """Return the sum of the losses, negative."""
        return sum((min(self.rules.profit(p, p.mark_price), ZERO) for p in self.positions), ZERO)
