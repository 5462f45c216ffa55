"""Gate, from the facts on Gate futures.

Section 4: maintenance = value at mark * rate - deduction (`marginal`, since 2025-07-29; inverse
contracts too, as the folder assumes), the whole position's rate before; the tier counts the
position's value and its open orders, before 2025-07-29 in cross those of the larger side (section
2). Section 5: the condition adds value * taker rate of the contract; prices nearest on the tick; at
the bankruptcy price the closing fees are still there. Section 3: initial margin = value / leverage
+ closing fee. Section 7: the displayed ratio is balance / requirement.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import without_deductions
from tests.slow.further import FurtherRules
from tests.slow.plain import NEAREST_EVEN, ONE, ZERO, Position, Tier, snap, to_step
from tests.slow.pools import CrossPool, Pool, symbol_roots
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from tests.slow.pools import Roots
    from tests.slow.prices import Prices

MARGINAL_FROM = "2025-07-29"


class AfterClosing(Pool):
    """A cross pool less the closing fees of all its positions."""

    def __init__(self, pool: CrossPool) -> None:
        """Look at `pool`."""
        super().__init__(pool.sheet, pool.rules, pool.positions)
        self.pool = pool

    def health(self, prices: Prices) -> Decimal:
        """Return what is left after closing."""
        rules = self.rules
        fees = [(p.contract.settle, rules.bankruptcy_fee(p, prices.of(p))) for p in self.positions]
        return self.pool.backing(prices) - self.pool.total(fees, prices)


class Gate(FurtherRules):
    """Rules of Gate."""

    usual_taker = Decimal("0.00075")

    @property
    def marginal(self) -> bool:
        """Return whether each slice of the value has its own rate."""
        if self.sheet.rules is not None:
            return self.sheet.rules == "marginal"
        return self.since(MARGINAL_FROM)

    # Tiers and requirements

    def rows(self, position: Position) -> tuple[Tier, ...] | None:
        """Return the table, with deductions only where slices count."""
        return position.tiers if self.marginal else without_deductions(position.tiers)

    def sized(self, position: Position) -> list[tuple[Position, Decimal]]:
        """Return the sides of which the larger picks the tier, with the value of their orders."""
        alone = position.isolated or self.marginal
        sides = [position] if alone else self.legs(position)
        return [(p, sum((o.value for o in self.adding_orders(p)), ZERO)) for p in sides]

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the value that picks the tier."""
        return max(p.value(price) + orders for p, orders in self.sized(position))

    def edges(self, position: Position) -> list[Decimal]:
        """Return the prices at which that value meets a cap."""
        found = []
        for p, orders in self.sized(position):
            values = [row.cap - orders for row in position.tiers or () if row.cap]
            room = [value for value in values if value > 0]
            found += [p.qty / value if p.inverse else value / p.qty for value in room]
        return found

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance plus the closing fee."""
        return self.maintenance(position, price) + position.value(price) * self.taker

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance plus the closing fee."""
        return self.requirement(position, price)

    # Bankruptcy

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:
        """Return the closing fee at `price`."""
        return position.value(price) * self.taker

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the price at which only the closing fee is left."""
        if isinstance(pool, CrossPool):
            roots = symbol_roots(AfterClosing(pool), position.symbol)
        return super().bankruptcy_price(pool, position, roots)

    # Margin

    def share(self, position: Position) -> Decimal | None:
        """Return 1 / leverage plus the rate of the closing fee."""
        return None if position.leverage is None else ONE / position.leverage + self.taker

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage plus the closing fee."""
        share = self.share(position)
        return None if share is None else position.value(position.entry_price) * share

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value at mark / leverage plus the closing fee."""
        share = self.share(position)
        return None if share is None else snap(position.value(position.mark_price) * share)

    # What is printed

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price nearest on the tick."""
        tick = position.contract.tick_size
        if tick is None or not self.rounded:
            return snap(value)
        return to_step(value, tick, NEAREST_EVEN)

    def displayed_ratio(self, pool: Pool) -> Decimal | None:
        """Return backing / requirement."""
        needed = pool.requirement(MARKS)
        return snap(pool.backing(MARKS) / needed) if needed else None
