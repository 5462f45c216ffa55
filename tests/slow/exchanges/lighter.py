"""Lighter, from the facts on other decentralised exchanges.

Linear perpetuals in USDC with flat fractions, no tiers: minimum initial, maintenance, close-out.
Initial = value * fraction, the user's own floor(10000/leverage)/10000 or the market's minimum.
Account value below the maintenance requirement liquidates (strict), below the close-out
requirement the fund takes over. Funding: the published rate is for 8 hours, an eighth of it is due
each hour. Orders of a liquidation ask for the zero price, which leaves
account value / requirement unchanged. Nothing is rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import DOWN, ONE, Position, snap, to_decimals
from tests.slow.pools import CrossPool, Pool, Roots, symbol_roots
from tests.slow.prices import MARKS
from tests.slow.roots import root_above, root_below

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.prices import Prices


class CloseOutView(Pool):
    """A pool seen by the fund: two thirds of the requirement count."""

    def __init__(self, pool: Pool) -> None:
        """Look at `pool`."""
        super().__init__(pool.sheet, pool.rules, pool.positions)
        self.pool = pool

    def health(self, prices: Prices) -> Decimal:
        """Return backing minus the close-out requirement."""
        return self.pool.backing(prices) - self.pool.requirement(prices) * 2 / 3


class Lighter(Rules):
    """Rules of Lighter."""

    whole_rates = True

    def zero_health_is_liquidated(self) -> bool:
        """Return that account value equal to the requirement is safe."""
        return False

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return what the position pays in an hour: an eighth of value at mark * rate."""
        published = super().funding_payment(position)
        return None if published is None else snap(published / 8)

    # Initial margin

    def initial_fraction(self, position: Position) -> Decimal | None:
        """Return the user's own fraction of four decimals, or the market's minimum if higher."""
        rates: list[Decimal | None] = []
        if position.leverage is not None:
            rates.append(to_decimals(ONE / position.leverage, 4, DOWN))
        if position.tiers:
            rates.append(self.tier(position, position.mark_price).imr)
        return max((rate for rate in rates if rate is not None), default=None)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value at the mark * initial fraction."""
        fraction = self.initial_fraction(position)
        return None if fraction is None else snap(position.value(position.mark_price) * fraction)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value * the user's own fraction."""
        if position.leverage is None:
            return None
        fraction = self.initial_fraction(position)
        return None if fraction is None else position.value(position.entry_price) * fraction

    # Figures

    def position_figures(self, position: Position) -> Figures:
        """Add the market's minimum fraction."""
        row = self.tier(position, position.mark_price) if position.tiers else None
        return super().position_figures(position) | {
            "imr": None if row is None else row.imr,
            "entry_notional": snap(position.value(position.entry_price)),
        }

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the price at which the fund takes over."""
        price = self.liquidation_price(pool, position, roots)
        view = symbol_roots(CloseOutView(pool), position.symbol)
        root = view.for_net(pool.net(position.symbol))
        return {
            "liquidation_ratio": None if price is None else snap(price / position.mark_price),
            "backstop_price": None if root is None else snap(root),
        }

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the zero price: closing a half there leaves account value / requirement."""
        if not isinstance(pool, CrossPool):
            return super().bankruptcy_price(pool, position, roots)
        value, needed = pool.backing(MARKS), pool.requirement(MARKS)
        half = position.qty / 2
        freed = self.maintenance(position, position.mark_price) / 2

        def f(price: Decimal) -> Decimal:
            gained = position.side * half * (price - position.mark_price)
            return (value + gained) * needed - value * (needed - freed)

        start = position.mark_price
        root = Roots(root_below(f, start), root_above(f, start), f(start) < 0)
        price = root.for_net(position.side)
        return None if price is None else snap(price)

    # The account

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add whether the pool is liquidatable."""
        figures = super().funded_figures(pool, prices, initial, needed)
        figures["liquidatable"] = None
        if pool.determined:
            needed = pool.requirement(prices)
            figures["liquidatable"] = needed > 0 and pool.backing(prices) < needed
        return figures
