"""What the exchanges have in common: tiers by value, maintenance = value * rate - deduction.

Each exchange's module overrides what its facts say otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.plain import ONE, ZERO, Order, Position, Sheet, Tier, snap
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.slow.pools import CrossPool, IsolatedPool, MultiPool, Pool, Roots
    from tests.slow.prices import Prices

Figures = dict[str, Decimal | str | bool | None]


def without_deductions(rows: tuple[Tier, ...] | None) -> tuple[Tier, ...] | None:
    """Return a table whose rates are for the whole position."""
    return None if rows is None else tuple(replace(row, deduction=ZERO) for row in rows)


class Rules:
    """Margin rules of an exchange, for one sheet."""

    # Pools of its own, where an exchange has other ones than `pools` describes.
    isolated_pool: type[IsolatedPool] | None = None
    multi_pool: type[MultiPool] | None = None

    whole_rates = False  # whether a tier's rate is for the whole position

    def __init__(self, sheet: Sheet, *, rounded: bool) -> None:
        """Remember the sheet, and whether figures are rounded as the exchange prints them."""
        self.sheet, self.rounded = sheet, rounded

    def cross_pools(self, positions: list[Position]) -> list[CrossPool]:  # noqa: ARG002
        """Return the cross pools where `pools` does not describe them, else nothing."""
        return []

    # Tiers and requirements

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the size that picks the tier."""
        return position.value(price)

    def inside(self, size: Decimal, cap: Decimal) -> bool:
        """Return whether `size` is still in the tier that ends at `cap`."""
        return size <= cap

    def rows(self, position: Position) -> tuple[Tier, ...] | None:
        """Return the maintenance table of the position."""
        return without_deductions(position.tiers) if self.whole_rates else position.tiers

    def tier_number(self, position: Position, price: Decimal) -> int | None:
        """Return the number of the tier (1 is the lowest); the last one has no end."""
        rows = self.rows(position)
        if rows is None:
            return None
        size = self.size(position, price)
        for at, row in enumerate(rows, start=1):
            if row.cap is None or self.inside(size, row.cap):
                return at
        return len(rows)

    def tier(self, position: Position, price: Decimal) -> Tier:
        """Return the tier of the position at `price`."""
        rows, at = self.rows(position), self.tier_number(position, price)
        assert rows is not None
        assert at is not None
        return rows[at - 1]

    def edges(self, position: Position) -> list[Decimal]:
        """Return the prices at which the value of the position meets a cap."""
        caps = [row.cap for row in self.rows(position) or () if row.cap]
        if position.inverse:
            return [position.qty / cap for cap in caps]
        return [cap / position.qty for cap in caps]

    def inside_of_edge(self, position: Position, root: Decimal) -> Decimal:
        """Return the root, a hair smaller in value where it lies at the edge of a tier."""
        near = any(abs(edge - root) <= root * Decimal("1E-25") for edge in self.edges(position))
        hair = Decimal("1E-27") if near else ZERO
        return snap(root) * (ONE + hair if position.inverse else ONE - hair)

    def can_require(self, position: Position) -> bool:
        """Return whether the requirement of the position can be told."""
        return self.rows(position) is not None

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate - deduction at `price`."""
        tier = self.tier(position, price)
        return position.value(price) * tier.mmr - tier.deduction

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return what a cross position requires at `price`."""
        return self.maintenance(position, price)

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return what an isolated position requires at `price`, without the closing fee."""
        return self.maintenance(position, price)

    def isolated_closing_fee(self, pool: IsolatedPool) -> Decimal:  # noqa: ARG002
        """Return the closing fee inside an isolated requirement."""
        return ZERO

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the fee that the bankruptcy price leaves room for."""
        return ZERO

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return (settle currency, requirement) of all cross positions and orders."""
        return [(p.contract.settle, self.requirement(p, prices.of(p))) for p in positions]

    # Coins

    def debt_rate(self, asset: str) -> Decimal:  # noqa: ARG002
        """Return the factor on the price of a coin that is owed or required."""
        return ONE

    def borrow_rate(self, asset: str) -> Decimal:  # noqa: ARG002
        """Return the maintenance rate on a coin that is owed."""
        return ZERO

    # Margin

    def margin(self, position: Position) -> Decimal | None:
        """Return the isolated margin: given or by default, plus what was added by hand."""
        given = position.margin
        if given is None:
            opening = self.opening_margin(position)
            if opening is None:
                return None
            given = opening - position.funding_paid
        return given + position.extra_margin

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return what the exchange sets aside at opening: entry value / leverage."""
        if position.leverage is None:
            return None
        return position.value(position.entry_price) / position.leverage

    # What is printed

    def amount(self, value: Decimal) -> Decimal:
        """Return an amount as printed."""
        return snap(value)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price as printed; `net` is above 0 where a long ends."""
        return snap(value)

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the liquidation price as printed."""
        net = pool.net(position.symbol)
        root = roots.for_net(net)
        return None if root is None else self.price(root, position, roots.side_for_net(net))

    def zero_health_is_liquidated(self) -> bool:
        """Return whether the condition is met when health is exactly zero."""
        return True

    def zero_liquidates(self, pool: Pool) -> bool:  # noqa: ARG002
        """Return whether the condition of this pool is met when health is exactly zero."""
        return self.zero_health_is_liquidated()

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the bankruptcy price as printed."""
        net = pool.net(position.symbol)
        root = roots.for_net(net)
        return None if root is None else self.price(root, position, roots.side_for_net(net))

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return the initial margin as printed: value at mark / leverage."""
        if position.leverage is None:
            return None
        return self.amount(position.value(position.mark_price) / position.leverage)

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return the maintenance margin as printed."""
        if not self.can_require(position):
            return None
        return self.amount(self.maintenance(position, position.mark_price))

    def position_notional(self, position: Position) -> Decimal:
        """Return the value as printed: at the mark."""
        return self.amount(position.value(position.mark_price))

    def unrealized_pnl(self, position: Position) -> Decimal:
        """Return the profit as printed."""
        return self.amount(position.pnl(position.mark_price))

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return what the position pays at the next funding: value at mark * rate."""
        if position.funding_rate is None:
            return None
        value = position.value(position.mark_price)
        return snap(position.side * value * position.funding_rate)

    def position_figures(self, position: Position) -> Figures:
        """Return figures of a position that need no pool."""
        at = self.tier_number(position, position.mark_price)
        row = None if at is None else self.tier(position, position.mark_price)
        return {
            "notional": self.position_notional(position),
            "unrealized_pnl": self.unrealized_pnl(position),
            "initial_margin": self.initial_margin(position),
            "maintenance_margin": self.maintenance_margin(position),
            "mmr": None if row is None else snap(row.mmr),
            "deduction": None if row is None else row.deduction,
            "tier": None if at is None else Decimal(at),
            "funding_payment": self.funding_payment(position),
        }

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:  # noqa: ARG002
        """Return further figures of a position in its pool."""
        return {}

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Return margin, margin balance and ratio of an isolated position."""
        position = pool.position
        margin = self.margin(position)
        assert margin is not None
        shown = self.shown_margin(position, margin)
        return {
            "margin": shown,
            "margin_balance": shown + self.unrealized_pnl(position),
            "margin_ratio": self.isolated_ratio(pool),
        }

    def cross_figures(self, pool: CrossPool, position: Position) -> Figures:  # noqa: ARG002
        """Return figures of a cross position that need to know what backs the pool."""
        return {}

    def isolated_ratio(self, pool: IsolatedPool) -> Decimal | None:
        """Return what the condition requires / what backs the position: 1 liquidates."""
        equity = pool.backing(MARKS)
        if not pool.determined or equity <= 0:
            return None
        return snap(pool.requirement(MARKS) / equity)

    def shown_margin(self, position: Position, margin: Decimal) -> Decimal:
        """Return the isolated margin: as given, or as printed."""
        return self.amount(margin) if position.margin is None else snap(margin)

    # The account

    def bare_account_figures(self) -> Figures:
        """Return what can be said of an account without cross positions and without cash."""
        return {}

    def ratio(self, value: Decimal) -> Decimal:
        """Return a ratio of the account as printed."""
        return snap(value)

    def orders_initial(self, orders: Iterable[Order]) -> list[tuple[str, Decimal | None]]:  # noqa: ARG002
        """Return (settle currency, initial margin) of the open orders, where the total has it."""
        return []

    def orders_maintenance(self, pool: Pool) -> list[tuple[str, Decimal | None]]:  # noqa: ARG002
        """Return (settle currency, maintenance margin) of the open orders, where it counts."""
        return []

    def account_figures(self, pool: CrossPool, prices: Prices) -> Figures:
        """Return the totals of a cross pool."""
        initial = self.total_initial(pool, prices)
        needed = self.total_maintenance(pool, prices)
        figures: Figures = {
            "unrealized_pnl": self.amount(self.total_profit(pool, prices)),
            "initial_margin": None if initial is None else self.amount(initial),
            "maintenance_margin": None if needed is None else self.amount(needed),
        }
        if pool.funded:
            figures |= self.funded_figures(pool, prices, initial, needed)
        return figures

    def total_profit(self, pool: CrossPool, prices: Prices) -> Decimal:
        """Return the sum of the printed profits, uncut."""
        parts = [(p.contract.settle, self.unrealized_pnl(p)) for p in pool.positions]
        return pool.total_held(parts, prices) + self.sheet.account.other_unrealized_pnl

    def total_initial(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the sum of the printed initial margins, uncut."""
        parts = [(p.contract.settle, self.initial_margin(p)) for p in pool.positions]
        if all(part is not None for _, part in parts):
            coins = {p.contract.settle for p in pool.positions}
            orders = self.orders_initial(self.sheet.orders)
            parts += [(settle, part) for settle, part in orders if settle in coins]
        known = [(settle, part) for settle, part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return pool.total(known, prices) + self.sheet.account.other_initial_margin

    def total_maintenance(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the sum of the printed maintenance margins, uncut."""
        parts = [(p.contract.settle, self.maintenance_margin(p)) for p in pool.positions]
        if all(part is not None for _, part in parts):
            parts += self.orders_maintenance(pool)
        known = [(settle, part) for settle, part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return pool.total(known, prices) + self.sheet.account.other_maintenance_margin

    def funded_figures(
        self,
        pool: CrossPool,
        prices: Prices,
        initial: Decimal | None,
        needed: Decimal | None,  # noqa: ARG002
    ) -> Figures:
        """Return the totals that need to know what the pool holds."""
        equity = pool.backing(prices)
        wallet = getattr(pool, "wallet", None)
        figures: Figures = {
            "equity": self.amount(equity + self.sheet.account.options_value),
            "wallet_balance": None if wallet is None else self.amount(wallet),
            "margin_ratio": None,
            "available_balance": None,
        }
        if pool.determined and equity > 0:
            figures["margin_ratio"] = self.ratio(pool.requirement(prices) / equity)
        if initial is not None:
            free = pool.available_backing(prices) - initial - self.sheet.account.order_margin
            figures["available_balance"] = self.amount(free)
        return figures
