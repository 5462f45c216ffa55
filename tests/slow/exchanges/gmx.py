"""GMX v2, from the facts on GMX margin.

Section 2: every position is a pool of its own. Section 4: requirement = entry value * factor, at
least a minimum in USD; the fee to close is in the check, the liquidation fee is not. Section 5:
collateral at its price plus profit, less pending fees, fee to close and the price impact of
closing, of which only a bounded loss counts; strict, but nothing left is always too little;
collateral that is the index token moves with the price. Nothing is rounded: the digits of the
token amounts are not in a sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import ONE, ZERO, Position, number, snap
from tests.slow.pools import IsolatedPool, Roots
from tests.slow.prices import MARKS, Prices
from tests.slow.roots import root_above, root_below

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.plain import Coin
    from tests.slow.pools import Pool


class CoinBackedPool(IsolatedPool):
    """A position backed by dollars and by coins."""

    rules: Gmx

    def coin_price(self, coin: Coin, prices: Prices) -> Decimal:
        """Return the price of a coin; the position's base moves with its mark."""
        price = coin.price
        if price is None:
            same = coin.asset == self.position.contract.base
            price = self.position.mark_price if same else ONE
        return price * prices.ratio(coin.asset)

    def coins(self, prices: Prices) -> Decimal:
        """Return the value of the coins."""
        rows = self.position.collateral
        return sum(
            (coin.qty * self.coin_price(coin, prices) * coin.maintenance_weight for coin in rows),
            ZERO,
        )

    def backing(self, prices: Prices) -> Decimal:
        """Return collateral at its price plus profit and impact, less what is owed."""
        grown = self.coins(prices) - self.coins(MARKS)
        return super().backing(prices) + grown + self.rules.closing_impact(self.position)


class Gmx(Rules):
    """Rules of GMX."""

    whole_rates = True
    isolated_pool = CoinBackedPool

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the entry value."""
        return position.value(position.entry_price)

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the requirement does not depend on the price."""
        return []

    def least_usd(self) -> Decimal:
        """Return the least collateral in USD, by default that of the configuration."""
        return number(self.sheet.parameters.get("min_collateral_usd", 1))

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return entry value * factor, at least the minimum in USD."""
        share = self.size(position, price) * self.tier(position, price).mmr
        return max(share, self.least_usd())

    def closing_fee(self, position: Position) -> Decimal:
        """Return the position fee of closing, on the entry value."""
        return position.value(position.entry_price) * self.sheet.taker

    def closing_impact(self, position: Position) -> Decimal:
        """Return the price impact of closing that counts: a loss, up to its bound."""
        name = "max_position_impact_factor_for_liquidations"
        bound = position.value(position.entry_price) * number(self.sheet.parameters.get(name, 0))
        return max(-bound, min(ZERO, position.close.impact))

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return what must be there before the fee of closing is paid."""
        return self.maintenance(position, price) + self.closing_fee(position)

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the fee of closing."""
        return self.closing_fee(position)

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the index price * rate."""
        if position.funding_rate is None:
            return None
        value = position.value(position.index_price)
        return snap(position.side * value * position.funding_rate)

    def zero_liquidates(self, pool: Pool) -> bool:
        """Return whether nothing is required: only then is nothing left too little."""
        return all(self.maintenance(p, p.mark_price) == 0 for p in pool.positions)

    # Margin

    def margin(self, position: Position) -> Decimal | None:
        """Return dollars and coins at their prices."""
        if not position.collateral:
            return super().margin(position)
        held = position.margin or ZERO
        coins = CoinBackedPool(self.sheet, self, [position]).coins(MARKS)
        return held + coins + position.extra_margin

    def _initial_rate(self, position: Position) -> Decimal | None:
        """Return the larger of 1/leverage and the factor for opening."""
        rates = [None if position.leverage is None else ONE / position.leverage]
        if position.tiers:
            rates.append(self.tier(position, position.mark_price).imr)
        return max((rate for rate in rates if rate is not None), default=None)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return the initial margin less the position fee of opening."""
        rate = self._initial_rate(position)
        if position.leverage is None or rate is None:
            return None
        return position.value(position.entry_price) * (rate - self.sheet.taker)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return entry value * initial rate."""
        rate = self._initial_rate(position)
        return None if rate is None else snap(position.value(position.entry_price) * rate)

    # What is printed

    def position_figures(self, position: Position) -> Figures:
        """Add the cost of closing and the collateral that just suffices at the mark."""
        figures = super().position_figures(position)
        figures |= {
            "entry_notional": snap(position.value(position.entry_price)),
            "fee_to_close": snap(self.closing_fee(position)),
            "margin_needed": None,
        }
        if self.can_require(position):
            needed = self.isolated_requirement(position, position.mark_price)
            owed = position.accrued_fees + position.fee_reserve - self.closing_impact(position)
            figures["margin_needed"] = snap(needed + owed - position.pnl(position.mark_price))
        return figures

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Return the margin in dollars; the coins are in the balance."""
        figures = super().isolated_figures(pool)
        position = pool.position
        coins = CoinBackedPool(self.sheet, self, [position]).coins(MARKS)
        margin = self.margin(position)
        assert margin is not None
        figures["margin"] = self.shown_margin(position, margin - coins)
        if position.collateral:
            figures["margin_balance"] = snap(pool.backing(MARKS))
        return figures

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the price of the collateral token that liquidates by itself."""
        price = self.liquidation_price(pool, position, roots)
        return {
            "liquidation_ratio": None if price is None else snap(price / position.mark_price),
            "collateral_liquidation_price": self._coin_root(pool, position),
        }

    def _coin_root(self, pool: Pool, position: Position) -> Decimal | None:
        """Return the price of the only coin at which health is zero, the index unchanged."""
        if len(position.collateral) != 1 or not isinstance(pool, CoinBackedPool):
            return None
        coin = position.collateral[0]
        if coin.asset == position.contract.base or coin.qty == 0:
            return None

        def f(ratio: Decimal) -> Decimal:
            return pool.health(Prices({}, {coin.asset: ratio}))

        ratio = Roots(root_below(f, ONE), root_above(f, ONE)).for_net(coin.qty)
        return None if ratio is None else snap(ratio * pool.coin_price(coin, MARKS))
