"""Binance, from the facts on Binance futures.

Sections 0 and 4: maintenance = value at mark * rate - deduction, tier at the liquidation price,
floor < size <= cap, no fee anywhere. Section 0: entry cut to 8 decimals (done when the sheet is
read), prices half-up at 8 decimals, amounts cut at 8. Section 2: wallet at opening = entry
value / leverage - opening fee; Multi-Assets: requirements and debts at the ask rate, positive
equity at the bid rate. Section 3: cost of an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import CUT, NEAREST, ONE, ZERO, Position, number, snap, to_decimals

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.pools import Pool, Roots

BUFFERED_LAST_FROM = "2026-01-05"


class Binance(Rules):
    """Rules of Binance."""

    def debt_rate(self, asset: str) -> Decimal:
        """Return 1 + ask buffer."""
        buffers = self.sheet.parameters.get("ask_buffer") or {}
        return ONE + number(buffers.get(asset, 0))

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage less the taker fee of opening."""
        margin = super().opening_margin(position)
        if margin is None:
            return None
        return margin - position.value(position.entry_price) * self.sheet.taker

    def amount(self, value: Decimal) -> Decimal:
        """Return an amount cut at 8 decimals."""
        return to_decimals(value, 8, CUT) if self.rounded else snap(value)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price rounded half-up at 8 decimals."""
        return to_decimals(value, 8, NEAREST) if self.rounded else snap(value)

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:  # noqa: ARG002
        """Return what a limit order at the entry price costs."""
        if position.leverage is None or position.inverse or not self._own_price(position):
            return {}
        initial = position.value(position.entry_price) / position.leverage
        loss = max(-position.pnl(position.mark_price), ZERO)
        return {
            "order_initial_margin": self.amount(initial),
            "open_loss": self.amount(loss),
            "order_cost": self.amount(initial + loss),
        }

    def _own_price(self, position: Position) -> bool:
        """Return whether the order's own price counts; a newer short needs the last price."""
        rule = self.sheet.parameters.get("short_limit_price")
        if rule is None:
            newer = self.sheet.as_of is None or self.sheet.as_of >= BUFFERED_LAST_FROM
            rule = "buffered_last" if newer else "order"
        return position.side > 0 or rule == "order"
