"""Lighter, from the facts on other decentralised exchanges.

Linear perpetuals in USDC with flat fractions, no tiers: minimum initial, maintenance, close-out.
Initial = value * fraction, the user's own floor(10000/leverage)/10000 or the market's minimum.
Account value below the maintenance requirement liquidates (strict), below the close-out
requirement the fund takes over. Orders of a liquidation ask for the zero price, which leaves
account value / requirement unchanged. Nothing is rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import DOWN, ONE, ZERO, Position, number, snap, to_decimals
from tests.slow.pools import Pool, Roots, symbol_roots
from tests.slow.prices import MARKS
from tests.slow.roots import root_above, root_below

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.pools import CrossPool
    from tests.slow.prices import Prices

CLOSE_OUT = {"ETH": "0.008"}


class CloseOutView(Pool):
    """A pool seen by the fund: the close-out fractions count."""

    def __init__(self, pool: Pool, fractions: dict[str, Decimal]) -> None:
        """Look at `pool`."""
        super().__init__(pool.sheet, pool.rules, pool.positions)
        self.pool, self.fractions = pool, fractions

    def health(self, prices: Prices) -> Decimal:
        """Return backing minus the close-out requirement."""
        needs = (p.value(prices.of(p)) * self.fractions[p.symbol] for p in self.positions)
        return self.pool.backing(prices) - sum(needs, ZERO)


class Lighter(Rules):
    """Rules of Lighter."""

    whole_rates = True

    def zero_health_is_liquidated(self) -> bool:
        """Return that account value equal to the requirement is safe."""
        return False

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the fractions are flat."""
        return []

    # Initial margin

    def initial_fraction(self, position: Position) -> Decimal | None:
        """Return the user's own fraction of four decimals, or the market's minimum."""
        if position.leverage is not None:
            return to_decimals(ONE / position.leverage, 4, DOWN)
        if not position.tiers:
            return None
        row = self.tier(position, position.mark_price)
        if row.imr is None and row.max_leverage is not None:
            return ONE / row.max_leverage
        return row.imr

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
        """Add the initial fraction."""
        fraction = self.initial_fraction(position)
        return super().position_figures(position) | {
            "imr": None if fraction is None else snap(fraction),
            "entry_notional": snap(position.value(position.entry_price)),
        }

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the prices of the two stages of a liquidation."""
        price = self.liquidation_price(pool, position, roots)
        return {
            "liquidation_ratio": None if price is None else snap(price / position.mark_price),
            "backstop_price": self._take_over(pool, position),
            "zero_price": self._zero_price(pool, position),
        }

    def _take_over(self, pool: Pool, position: Position) -> Decimal | None:
        """Return the price at which the fund takes over, if all close-out fractions are known."""
        given = self.sheet.parameters.get("close_out_rate") or {}
        known = {s: number(rate) for s, rate in (CLOSE_OUT | given).items()}
        if any(p.symbol not in known for p in pool.positions):
            return None
        if not position.isolated and self.sheet.account.other_maintenance_margin:
            return None
        view = CloseOutView(pool, known)
        root = symbol_roots(view, position.symbol).for_net(pool.net(position.symbol))
        return None if root is None else snap(root)

    def _zero_price(self, pool: Pool, position: Position) -> Decimal | None:
        """Return the price at which closing a half leaves account value / requirement as it is."""
        value, needed = pool.backing(MARKS), pool.requirement(MARKS)
        half = position.qty / 2
        freed = self.maintenance(position, position.mark_price) / 2

        def f(price: Decimal) -> Decimal:
            gained = position.side * half * (price - position.mark_price)
            return (value + gained) * needed - value * (needed - freed)

        start = position.mark_price
        root = Roots(root_below(f, start), root_above(f, start)).for_net(position.side)
        return None if root is None else snap(root)

    # The account

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add whether the pool is liquidatable."""
        figures = super().funded_figures(pool, prices, initial, needed)
        known = pool.determined
        figures["liquidatable"] = pool.health(prices) < 0 if known else None
        return figures
