"""HTX, from the facts on HTX swaps.

Sections 3 and 4: both margins move with the mark, maintenance = value * rate of the whole
position, tier by net contracts of a symbol, both sides are due. `legacy`: rate = adjustment factor
/ leverage; since 2026-04-07 (`v5`) the rate of the level. No fee. Section 2: an isolated position
is taken alone, as the folder says. Section 5: prices and ratios cut at 18
decimals, no tick. Legacy ratios: equity / (margin + frozen margin) - factor, in linear cross equity
/ sum of (margin + frozen) * factor - 1; the ratio of v5 is maintenance / equity. Section 1: funding
on the index price. Inverse profits come from reciprocals cut at 18 decimals (cases).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.further import FurtherRules, by_settle
from tests.slow.plain import CUT, ONE, ZERO, Position, Tier, snap, to_decimals
from tests.slow.pools import CrossPool, IsolatedPool, MultiPool, SinglePool
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from tests.slow.exchanges.base import Figures
    from tests.slow.pools import Pool
    from tests.slow.prices import Prices

V5_FROM = "2026-04-07"


class CoinAccount(SinglePool):
    """The cross account of a coin; profits count as they are printed while their mark stands."""

    rules: Htx

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits."""
        listed = sum((self.rules.profit(p, prices) for p in self.positions), ZERO)
        return listed + self.sheet.account.other_unrealized_pnl


class SharedAccount(MultiPool):
    """The account of all assets; profits count as they are printed while their mark stands."""

    rules: Htx

    def gains(self, asset: str, prices: Prices) -> Decimal:
        """Return the profits settled in `asset`."""
        members = [p for p in self.positions if p.contract.settle == asset]
        return sum((self.rules.profit(p, prices) for p in members), ZERO)


class Htx(FurtherRules):
    """Rules of HTX."""

    usual_taker = Decimal("0.0005")
    whole_rates = True
    counts_contracts = True
    multi_pool = SharedAccount

    @property
    def legacy(self) -> bool:
        """Return whether the older system is asked for."""
        if self.sheet.rules is not None:
            return self.sheet.rules == "legacy"
        inverse = any(p.inverse for p in self.sheet.positions[:1])
        return inverse or not self.since(V5_FROM)

    def cross_pools(self, positions: list[Position]) -> list[CrossPool]:
        """Return an account for each coin, unless all assets are shared."""
        if self.sheet.account.collateral_mode != "single":
            return []
        return [CoinAccount(self.sheet, self, each) for each in by_settle(self.sheet, positions)]

    # Tiers

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the contracts, in the older cross account those of the symbol net."""
        if position.isolated or not self.legacy:
            return position.contracts
        return abs(sum((p.side * p.contracts for p in self.legs(position)), ZERO))

    def rows(self, position: Position) -> tuple[Tier, ...] | None:
        """Return the table, with deductions (in contracts) where slices count."""
        sliced = self.sheet.parameters.get("tier_applies") == "marginal"
        return position.tiers if sliced else super().rows(position)

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate, the average one over the slices."""
        tier, size = self.tier(position, price), self.size(position, price)
        saved = tier.deduction / size if tier.deduction else ZERO
        return position.value(price) * (tier.mmr - saved)

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the tier does not depend on the price."""
        return []

    # What is printed

    def amount(self, value: Decimal) -> Decimal:
        """Return an amount, in the older system cut at 18 decimals."""
        return to_decimals(value, 18, CUT) if self.rounded and self.legacy else snap(value)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price, in the older system cut at 18 decimals."""
        return self.amount(value)

    def unrealized_pnl(self, position: Position) -> Decimal:
        """Return the profit, inverse in the older system from cut reciprocals."""
        return self.amount(self.profit(position, MARKS))

    def profit(self, position: Position, prices: Prices) -> Decimal:
        """Return the profit; where the mark stands, from reciprocals as they are printed."""
        if not (position.inverse and self.legacy) or position.index in prices.moved:
            return position.pnl(prices.of(position))
        at_entry = to_decimals(ONE / position.entry_price, 18, CUT)
        at_mark = to_decimals(ONE / position.mark_price, 18, CUT)
        return position.side * position.qty * (at_entry - at_mark)

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the index price * rate, positive when paid."""
        if position.funding_rate is None:
            return None
        value = position.value(position.index_price)
        return snap(position.side * value * position.funding_rate)

    def position_figures(self, position: Position) -> Figures:
        """Add the profit rate of v5."""
        figures = super().position_figures(position)
        if not self.legacy and position.leverage is not None:
            initial = position.value(position.mark_price) / position.leverage
            rate = position.pnl(position.mark_price) / initial
            figures["roe"] = to_decimals(rate, 4, CUT) if self.rounded else snap(rate)
        return figures

    # Ratios

    def _equity(self, pool: Pool) -> Decimal:
        """Return what backs a pool, profits as they are printed."""
        if isinstance(pool, IsolatedPool):
            return pool.margin + self.profit(pool.position, MARKS)
        return pool.backing(MARKS)

    def isolated_ratio(self, pool: IsolatedPool) -> Decimal | None:
        """Return requirement / (margin + profit as it is printed)."""
        equity = self._equity(pool)
        return snap(pool.requirement(MARKS) / equity) if pool.determined and equity > 0 else None

    def ratio(self, value: Decimal) -> Decimal:
        """Return a ratio cut at 18 decimals."""
        return self.amount(value)

    def displayed_ratio(self, pool: Pool) -> Decimal | None:
        """Return the legacy ratio (danger at 0), or that of v5 (danger at 1)."""
        if self.legacy:
            ratio = self._legacy_ratio(pool)
            return None if ratio is None else self.amount(ratio)
        equity = self._equity(pool)
        return snap(pool.requirement(MARKS) / equity) if equity > 0 else None

    def _legacy_ratio(self, pool: Pool) -> Decimal | None:
        """Return surplus equity: over the requirement, or over the margins of one coin."""
        cross = isinstance(pool, CrossPool)
        frozen = self.sheet.account.order_margin if cross else ZERO
        needed, equity = pool.requirement(MARKS), self._equity(pool)
        shared = cross and not any(p.inverse for p in pool.positions)
        if shared and not frozen:
            return equity / needed - ONE if needed else None
        if not pool.positions or any(p.leverage is None for p in pool.positions):
            return None
        margins = [
            (p.contract.settle, p.value(p.mark_price) / (p.leverage or ONE)) for p in pool.positions
        ]
        margin = sum((amount for _, amount in margins), ZERO)
        if isinstance(pool, CrossPool):
            margin = pool.total(margins, MARKS)
        if shared:
            return equity / (needed * (ONE + frozen / margin)) - ONE if needed else None
        return equity / (margin + frozen) - needed / margin

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Cut the other ratio of the account too."""
        figures = super().funded_figures(pool, prices, initial, needed)
        share = figures["initial_margin_ratio"]
        if isinstance(share, Decimal):
            figures["initial_margin_ratio"] = self.amount(share)
        return figures
