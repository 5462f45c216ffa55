"""Deribit, from the facts on Deribit margin.

Sections 3 and 4: margin = (base + slope * size in coins) * size, an inverse size by the mark, a
linear one worth the index price. Section 5: strict condition; options held constant; the index
equals the mark on the way of the price that moves. Section 2: margin balance = equity less the
value of options. Section 1: funding from the premium of the mark over the index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import ONE, ZERO, Position, maybe, number, snap
from tests.slow.pools import IsolatedPool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.pools import CrossPool, Pool, Roots
    from tests.slow.prices import Prices


class Subaccount(IsolatedPool):
    """A position that stands alone; while its mark stands, margins go by the index."""

    rules: Deribit

    def requirement(self, prices: Prices) -> Decimal:
        """Return the maintenance margin."""
        moved = prices.moved.get(self.position.index)
        if moved is None:
            return self.rules.maintenance_now(self.position)
        return self.rules.maintenance(self.position, moved)


class Deribit(Rules):
    """Rules of Deribit."""

    whole_rates = True
    isolated_pool = Subaccount

    # Rates

    def rate(self, position: Position, price: Decimal, name: str) -> Decimal | None:
        """Return base + slope * size in coins, or the rate of a row that the sheet gives."""
        if self.rows(position) is not None:
            row = self.tier(position, price)
            return row.mmr if name == "mmr" else row.imr
        base, slope = (maybe(self.sheet.parameters.get(key)) for key in (f"{name}_base", "slope"))
        if base is None or slope is None:
            return None
        coins = position.value(price) if position.inverse else position.qty
        return base + slope * coins

    def can_require(self, position: Position) -> bool:
        """Return whether the maintenance rate is known."""
        return self.rate(position, position.mark_price, "mmr") is not None

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate at `price`."""
        rate = self.rate(position, price, "mmr")
        assert rate is not None
        return position.value(price) * rate

    def maintenance_now(self, position: Position) -> Decimal:
        """Return value * rate at the mark (inverse) or the index (linear)."""
        rate = self.rate(position, position.mark_price, "mmr")
        assert rate is not None
        return position.value(self._margin_price(position)) * rate

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return maintenance at prices that are moved, else at the present ones."""
        needs = []
        for p in positions:
            moved = prices.moved.get(p.index)
            amount = self.maintenance_now(p) if moved is None else self.maintenance(p, moved)
            needs.append((p.contract.settle, amount))
        return needs

    def zero_health_is_liquidated(self) -> bool:
        """Return that the condition is strict."""
        return False

    # What is printed

    def _margin_price(self, position: Position) -> Decimal:
        return position.mark_price if position.inverse else position.index_price

    def _initial_rate(self, position: Position) -> Decimal | None:
        """Return the initial rate; of a position that stands alone a higher own one counts."""
        rates = [self.rate(position, position.mark_price, "imr")]
        if position.isolated and position.leverage is not None:
            rates.append(ONE / position.leverage)
        return max((rate for rate in rates if rate is not None), default=None)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value * initial rate."""
        rate = self._initial_rate(position)
        if position.leverage is None or rate is None:
            return None
        return position.value(position.entry_price) * rate

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value * initial rate."""
        rate = self._initial_rate(position)
        return None if rate is None else snap(position.value(self._margin_price(position)) * rate)

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return maintenance at the mark (inverse) or the index (linear)."""
        return snap(self.maintenance_now(position)) if self.can_require(position) else None

    def position_figures(self, position: Position) -> Figures:
        """Add both rates, and the funding formula."""
        figures = super().position_figures(position) | self._funding_figures(position)
        for name in ("imr", "mmr"):
            rate = self.rate(position, position.mark_price, name)
            figures[name] = None if rate is None else snap(rate)
        if self.rows(position) is None and self.can_require(position):
            figures |= {"tier": ONE, "deduction": ZERO}
        figures["entry_notional"] = snap(position.value(position.entry_price))
        return figures

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the root as a share of the mark, and the maintenance there."""
        root = roots.for_net(pool.net(position.symbol))
        if root is None:
            return dict.fromkeys(("liquidation_ratio", "maintenance_margin_at_liquidation"))
        return {
            "liquidation_ratio": snap(root / position.mark_price),
            "maintenance_margin_at_liquidation": snap(
                self.maintenance(position, self.inside_of_edge(position, root))
            ),
        }

    # Funding

    def _funding_figures(self, position: Position) -> Figures:
        if position.row.get("index_price") is None:
            return {}
        premium = self._premium(position)
        return {
            "funding_premium": snap(premium),
            "funding_rate": snap(self._funding_rate(premium)),
        }

    def _premium(self, position: Position) -> Decimal:
        return (position.mark_price - position.index_price) / position.index_price

    def _funding_rate(self, premium: Decimal) -> Decimal:
        """Return max(band, premium) + min(-band, premium), capped."""
        band = number(self.sheet.parameters.get("funding_band", "0.00025"))
        cap = number(self.sheet.parameters.get("funding_cap", "0.005"))
        return max(-cap, min(cap, max(band, premium) + min(-band, premium)))

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the mark * rate (given, or by the formula) * share of the interval."""
        rate = position.funding_rate
        if rate is None:
            if position.row.get("index_price") is None:
                return None
            rate = self._funding_rate(self._premium(position))
        interval = number(self.sheet.parameters.get("funding_interval_hours", 8))
        span = number(self.sheet.parameters.get("funding_span_hours", interval))
        value = position.side * position.value(position.mark_price)
        return snap(value * rate * span / interval)

    # The account

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add margin balance and both usages; equity has the options in it."""
        figures = super().funded_figures(pool, prices, initial, needed)
        balance = pool.backing(prices)
        usages = {"margin_ratio": needed, "initial_margin_ratio": initial}
        for name, used in usages.items():
            figures[name] = None if used is None or balance <= ZERO else snap(used / balance)
        figures["displayed_margin_ratio"] = figures["margin_ratio"]
        figures["margin_balance"] = snap(balance)
        if initial is not None:
            free = pool.available_backing(prices) - initial - self.sheet.account.order_margin
            figures["available_balance"] = snap(free)
        return figures
