"""Hyperliquid, from the facts on Hyperliquid margin.

Section 4: maintenance = value * rate - deduction, floor <= size < cap, each cross position
floored to 1E-6; a reported maximum leverage that the table lacks gives the rate 1/(2*max).
Section 5: strict condition; prices nearest at 10 decimals (8 in 2024); in 2024 isolated margins
were floored too; backstop where equity is two thirds of maintenance. Section 2: opening fee and
funding leave the isolated margin. Section 1: funding on the oracle price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import (
    DOWN,
    NEAREST_EVEN,
    ONE,
    ZERO,
    Position,
    Tier,
    number,
    snap,
    to_decimals,
)
from tests.slow.pools import Pool, symbol_roots

if TYPE_CHECKING:
    from tests.slow.pools import CrossPool, Roots
    from tests.slow.prices import Prices

LATER_ENGINE_FROM = "2025-03-18"
HOURLY_CAP = Decimal("0.04")


def floored(value: Decimal) -> Decimal:
    """Return `value` floored to 1E-6."""
    return to_decimals(value, 6, DOWN)


class BackstopView(Pool):
    """A pool seen by the backstop: two thirds of the requirement count."""

    def __init__(self, pool: Pool) -> None:
        """Look at `pool`."""
        super().__init__(pool.sheet, pool.rules, pool.positions)
        self.pool = pool

    def health(self, prices: Prices) -> Decimal:
        """Return backing minus two thirds of the requirement."""
        return self.pool.backing(prices) - self.pool.requirement(prices) * 2 / 3


class Hyperliquid(Rules):
    """Rules of Hyperliquid."""

    @property
    def engine_2024(self) -> bool:
        """Return whether the engine of 2024 is asked for."""
        if self.sheet.rules is not None:
            return self.sheet.rules == "engine_2024"
        return self.sheet.as_of is not None and self.sheet.as_of < LATER_ENGINE_FROM

    def inside(self, size: Decimal, cap: Decimal) -> bool:
        """Return whether `size` is below the cap."""
        return size < cap

    def rows(self, position: Position) -> tuple[Tier, ...] | None:
        """Return the table, or one row for a reported maximum leverage that it lacks."""
        top = position.max_leverage
        if top is None or any(row.max_leverage == top for row in position.tiers or ()):
            return position.tiers
        return (Tier(cap=None, mmr=ONE / (2 * top), deduction=ZERO, max_leverage=top),)

    def _floor_effect(self, position: Position) -> Decimal:
        exact = self.maintenance(position, position.mark_price)
        return floored(exact) - exact

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance with what flooring takes away at the mark."""
        return self.maintenance(position, price) + self._floor_effect(position)

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance, floored only by the engine of 2024."""
        if self.engine_2024:
            return self.requirement(position, price)
        return self.maintenance(position, price)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage less the opening fee."""
        margin = super().opening_margin(position)
        if margin is None:
            return None
        return margin - position.value(position.entry_price) * self.sheet.taker

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price at 10 decimals (8 in 2024), nearest."""
        if not self.rounded:
            return snap(value)
        return to_decimals(value, 8 if self.engine_2024 else 10, NEAREST_EVEN)

    def zero_health_is_liquidated(self) -> bool:
        """Return that the condition is strict."""
        return False

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return maintenance, floored in cross and by the engine of 2024."""
        if not self.can_require(position):
            return None
        exact = self.maintenance(position, position.mark_price)
        if self.rounded and (self.engine_2024 or not position.isolated):
            return floored(exact)
        return snap(exact)

    # Backstop

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:  # noqa: ARG002
        """Add the backstop price."""
        net = pool.net(position.symbol)
        root = symbol_roots(BackstopView(pool), position.symbol).for_net(net)
        return {"backstop_price": None if root is None else self.price(root, position, net)}

    # Funding

    def position_figures(self, position: Position) -> Figures:
        """Add the figures of the funding formula."""
        return super().position_figures(position) | self._funding_figures(position)

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the oracle price * hourly rate, positive when paid."""
        rate = position.funding_rate
        if rate is None:
            formula = self._funding_figures(position).get("funding_rate")
            rate = formula if isinstance(formula, Decimal) else None
        if rate is None:
            return None
        return snap(position.side * position.value(position.index_price) * rate)

    def _funding_figures(self, position: Position) -> Figures:
        parameters = self.sheet.parameters
        if "impact_bid_price" not in parameters and "impact_ask_price" not in parameters:
            return {}
        oracle = position.index_price
        bid = number(parameters.get("impact_bid_price", oracle))
        ask = number(parameters.get("impact_ask_price", oracle))
        premium = (max(bid - oracle, ZERO) - max(oracle - ask, ZERO)) / oracle
        interest = number(parameters.get("interest_rate_8h", "0.0001"))
        clamp = number(parameters.get("funding_clamp", "0.0005"))
        rate = premium + max(-clamp, min(clamp, interest - premium))
        hourly = max(-HOURLY_CAP, min(HOURLY_CAP, rate / 8))
        return {
            "funding_premium": snap(premium),
            "funding_rate_8h": snap(rate),
            "funding_rate": snap(hourly),
        }

    # The account

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add what is left after maintenance."""
        figures = super().funded_figures(pool, prices, initial, needed)
        left = None if needed is None else snap(pool.backing(prices) - needed)
        return figures | {"available_after_maintenance": left}
