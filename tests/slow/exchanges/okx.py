"""OKX, from the facts on OKX derivatives.

Section 0: requirement = value at mark * (rate + the account's own taker rate), rate of the whole
position by number of contracts, no deduction; isolated price moved by exactly one tick against
the holder, nothing rounded. Section 2: pending orders pick the tier in cross; section 7: the
displayed ratio is equity / requirement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import ZERO, Position, number, snap
from tests.slow.pools import CrossPool
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.pools import IsolatedPool, Pool, Roots
    from tests.slow.prices import Prices


class Okx(Rules):
    """Rules of OKX."""

    whole_rates = True

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return contracts; in cross with those of opening orders of the same side."""
        if position.isolated:
            return position.contracts
        orders = [o for o in self.sheet.orders if o.symbol == position.symbol]
        adding = sum((o.qty for o in orders if o.side == position.side), ZERO)
        return position.contracts + adding / position.contract.contract_size

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the tier does not depend on the price."""
        return []

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate, without the fee."""
        return position.value(price) * self.tier(position, price).mmr

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return value * (rate + taker rate)."""
        fee = position.value(price) * self.sheet.taker
        return self.maintenance(position, price) + fee

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return value * (rate + taker rate)."""
        return self.requirement(position, price)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value / leverage: at entry when isolated, at mark in cross."""
        if position.leverage is None:
            return None
        price = position.entry_price if position.isolated else position.mark_price
        return snap(position.value(price) / position.leverage)

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the root, isolated with its tick step."""
        root = super().liquidation_price(pool, position, roots)
        tick = position.contract.tick_size
        if root is None or tick is None or isinstance(pool, CrossPool):
            return root
        steps = number(self.sheet.parameters.get("isolated_tick_steps", 1))
        return root + position.side * tick * steps

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Add the displayed ratio, margin balance / requirement."""
        figures = super().isolated_figures(pool)
        figures["displayed_margin_ratio"] = None
        if pool.determined:
            figures["displayed_margin_ratio"] = snap(pool.backing(MARKS) / pool.requirement(MARKS))
        return figures

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add the displayed ratio; both ratios count the fees to close."""
        figures = super().funded_figures(pool, prices, initial, needed)
        figures |= {"margin_ratio": None, "displayed_margin_ratio": None}
        if not pool.determined:
            return figures
        equity, required = pool.backing(prices), pool.requirement(prices)
        if equity > 0:
            figures["margin_ratio"] = snap(required / equity)
        if required > 0:
            fees = self._order_fees(pool, prices)
            figures["displayed_margin_ratio"] = snap((equity - fees) / required)
        return figures

    def _order_fees(self, pool: CrossPool, prices: Prices) -> Decimal:
        """Return the taker fees of open orders, which only the displayed ratio leaves out."""
        settles = {p.contract.settle for p in pool.positions}
        orders = [o for o in self.sheet.orders if o.contract.settle in settles]
        fees = [(o.contract.settle, o.value * self.sheet.taker) for o in orders]
        return pool.total(fees, prices)
