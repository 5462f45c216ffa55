"""Bitget, from the facts on Bitget futures.

Section 4: requirement = value at mark * (rate + taker rate) - deduction for positions opened since
2025-11-10 (`marginal`), the whole position's rate without deduction before (`whole`); cross: only
the larger side of a symbol is due, and both sides together pick the rate of the whole position
(section 2). Section 3: initial margin at the mark since 2025-09-29, before at entry. Section 5:
isolated and cross prices from the condition, none rounded; the engine of 2023
(`whole_frozen_at_mark`) displayed a cross price with maintenance held; the ratio of an account goes
up at 12 decimals; bankruptcy with the liquidation fee, in cross by shares. Unified accounts
(`uta`): initial margin = value at mark * (1/leverage + taker rate). What debts require (section 2)
is left out, as the folder says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import without_deductions
from tests.slow.further import FurtherRules, own_share_roots
from tests.slow.plain import CUT, NEAREST_EVEN, UP, ZERO, Position, Sheet, Tier, snap, to_decimals
from tests.slow.pools import CrossPool
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.slow.exchanges.base import Figures
    from tests.slow.pools import Pool, Roots
    from tests.slow.prices import Prices

NEW_PRICE_FROM = "2025-09-29"
MARGINAL_FROM = "2025-11-10"
LIQUIDATION_FEE = Decimal("0.0006")


class Bitget(FurtherRules):
    """Rules of Bitget."""

    usual_taker = Decimal("0.0006")

    def __init__(self, sheet: Sheet, *, rounded: bool) -> None:
        """Refuse coin-margined contracts, whose quantity is in coins."""
        super().__init__(sheet, rounded=rounded)
        if any(p.contract.product != "linear" for p in sheet.positions):
            message = "coin-margined contracts of Bitget are not judged here"
            raise NotImplementedError(message)

    @property
    def rule(self) -> str:
        """Return the name of the account's rule set."""
        if self.sheet.rules is not None:
            return self.sheet.rules
        if self.since(MARGINAL_FROM):
            return "marginal"
        return "whole" if self.since(NEW_PRICE_FROM) else "whole_frozen_at_mark"

    def marginal(self, position: Position) -> bool:
        """Return whether each slice of the position has its own rate."""
        opened = position.row.get("opened")
        return self.rule == "marginal" and (opened is None or str(opened)[:10] >= MARGINAL_FROM)

    # Tiers and requirements

    def rows(self, position: Position) -> tuple[Tier, ...] | None:
        """Return the table, with deductions only under the newer rule."""
        return position.tiers if self.marginal(position) else without_deductions(position.tiers)

    def counted(self, position: Position) -> list[Position]:
        """Return the positions whose values together pick the tier."""
        alone = position.isolated or self.marginal(position)
        return [position] if alone else self.legs(position)

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the value that picks the tier."""
        return sum((p.value(price) for p in self.counted(position)), ZERO)

    def edges(self, position: Position) -> list[Decimal]:
        """Return the prices at which that value meets a cap."""
        qty = sum((p.qty for p in self.counted(position)), ZERO)
        return [row.cap / qty for row in position.tiers or () if row.cap]

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * (rate + taker rate) - deduction."""
        return super().maintenance(position, price) + position.value(price) * self.taker

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return the requirement of the larger side of each symbol."""
        sides: dict[str, dict[Decimal, Decimal]] = {}
        settles: dict[str, str] = {}
        for p in positions:
            due = sides.setdefault(p.symbol, {})
            due[p.side] = due.get(p.side, ZERO) + self.requirement(p, prices.of(p))
            settles[p.symbol] = p.contract.settle
        return [(settles[symbol], max(due.values())) for symbol, due in sides.items()]

    def total_maintenance(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the requirement of the pool."""
        known = all(self.can_require(p) for p in pool.positions)
        return pool.requirement(prices) if known else None

    # Bankruptcy

    @property
    def liquidation_fee(self) -> Decimal:
        """Return the liquidation fee: given, or that of the formulas of 2024-07."""
        given = self.fee_rate("liquidation")
        return LIQUIDATION_FEE if given is None else given

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:
        """Return the liquidation fee at `price`."""
        return position.value(price) * self.liquidation_fee

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the worst closing price; in cross of the position's share of the funds."""
        if isinstance(pool, CrossPool):
            roots = own_share_roots(pool, position, self.liquidation_fee)
        root = roots.for_net(position.side)
        return None if root is None else snap(root)

    # What is printed

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value / leverage at the mark, with the fee in unified accounts; once at entry."""
        if position.leverage is None:
            return None
        at_entry = self.rule == "whole_frozen_at_mark"
        value = position.value(position.entry_price if at_entry else position.mark_price)
        fee = value * self.taker if self.rule == "uta" else ZERO
        return snap(value / position.leverage + fee)

    def position_figures(self, position: Position) -> Figures:
        """Add the profit rate that unified accounts print."""
        figures = super().position_figures(position)
        initial = self.initial_margin(position)
        if self.rule == "uta" and initial:
            rate = position.pnl(position.mark_price) / initial
            figures["roe"] = to_decimals(rate, 16, CUT) if self.rounded else snap(rate)
        return figures

    def shows_estimate(self, pool: Pool) -> bool:
        """Return whether maintenance is held in the displayed price."""
        return self.rule == "whole_frozen_at_mark" and isinstance(pool, CrossPool)

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the root, or the estimate of 2023 with maintenance held at the mark."""
        if not self.shows_estimate(pool):
            return super().liquidation_price(pool, position, roots)
        net = pool.net(position.symbol)
        if net == 0:
            return None
        shown = position.mark_price - pool.health(MARKS) / net
        if self.rounded:
            shown = to_decimals(shown, 9, NEAREST_EVEN)
        return snap(shown) if shown > 0 else None

    def ratio(self, value: Decimal) -> Decimal:
        """Return the ratio of the account, up at 12 decimals."""
        return to_decimals(value, 12, UP) if self.rounded else snap(value)
