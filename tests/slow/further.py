"""Rules that print more figures: what follows from a tier's row, from fees, from the root.

Exchanges whose facts name these figures build on `FurtherRules` instead of `Rules`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import ZERO, Order, Position, Sheet, number, snap
from tests.slow.pools import CrossPool, Roots
from tests.slow.prices import MARKS
from tests.slow.roots import root_above, root_below, sign

if TYPE_CHECKING:
    from tests.slow.pools import IsolatedPool, Pool
    from tests.slow.prices import Prices


def is_met(pool: Pool) -> bool:
    """Return whether backing is at or below the requirement now."""
    backing, needed = pool.backing(MARKS), pool.requirement(MARKS)
    dust = (abs(backing) + abs(needed)) * Decimal("1E-40")
    return backing - needed <= dust


def own_share_roots(pool: CrossPool, position: Position, rate: Decimal) -> Roots:
    """Return where a position's share of the pool, by value, is down to `rate` of its value.

    The other positions are taken to use up their own shares at the same time.
    """
    mark, settle = position.mark_price, position.contract.settle
    value = pool.total([(settle, position.value(mark))], MARKS)
    values = [(p.contract.settle, p.value(p.mark_price)) for p in pool.positions]
    share = pool.backing(MARKS) * value / pool.total(values, MARKS)

    def left(price: Decimal) -> Decimal:
        change = position.pnl(price) - position.pnl(mark)
        gained = pool.total([(settle, change)], MARKS)
        return share + gained - pool.total([(settle, rate * position.value(price))], MARKS)

    return Roots(root_below(left, mark), root_above(left, mark))


def by_settle(sheet: Sheet, positions: list[Position]) -> list[list[Position]]:
    """Return cross positions by settle currency; nothing where one sum cannot back them all."""
    coins = list(dict.fromkeys(p.contract.settle for p in positions))
    one_sum = sheet.account.wallet_balance is not None or sheet.account.equity is not None
    if len(coins) > 1 and one_sum:
        return []
    return [[p for p in positions if p.contract.settle == coin] for coin in coins]


class FurtherRules(Rules):
    """Rules that print more figures."""

    usual_taker = ZERO  # the rate of the facts, where the sheet names none
    counts_contracts = False  # whether caps are contracts instead of value

    def fee_rate(self, name: str) -> Decimal | None:
        """Return a fee rate of the sheet."""
        given = (self.sheet.raw.get("fees") or {}).get(name)
        return None if given is None else number(given)

    @property
    def taker(self) -> Decimal:
        """Return the taker rate: given, or the usual one."""
        given = self.fee_rate("taker")
        return self.usual_taker if given is None else given

    def since(self, day: str) -> bool:
        """Return whether the sheet is of `day` or later; without a day it is of today."""
        return self.sheet.as_of is None or self.sheet.as_of >= day

    def adding_orders(self, position: Position) -> list[Order]:
        """Return the open orders of the same symbol and side."""
        orders = self.sheet.orders
        return [o for o in orders if o.symbol == position.symbol and o.side == position.side]

    def legs(self, position: Position) -> list[Position]:
        """Return the positions of the same symbol and margin mode, itself included."""
        mine = self.sheet.positions
        return [p for p in mine if (p.symbol, p.isolated) == (position.symbol, position.isolated)]

    # A position by itself

    def fee_to_close(self, position: Position) -> Decimal | None:
        """Return the taker fee on the value at the mark."""
        return self.amount(position.value(position.mark_price) * self.taker)

    def position_figures(self, position: Position) -> Figures:
        """Add what follows from the entry, from fees and from the table."""
        figures = super().position_figures(position)
        opened = position.value(position.entry_price)
        figures |= {
            "entry_notional": self.amount(opened),
            "fee_to_open": self.amount(opened * self.taker),
            "fee_to_close": self.fee_to_close(position),
            "imr": None,
            "max_leverage": None,
        }
        if self.rows(position) is not None:
            row = self.tier(position, position.mark_price)
            figures |= {"imr": row.imr, "max_leverage": row.max_leverage}
        return figures | self.largest(position)

    def largest(self, position: Position) -> Figures:
        """Return the largest size of the table at the leverage of the position."""
        cap = self.cap_at_leverage(position)
        if self.counts_contracts:
            size = position.contract.contract_size
            return {"max_contracts": cap, "max_qty": None if cap is None else snap(cap * size)}
        qty = None
        if cap is not None:
            price = position.mark_price
            qty = cap * price if position.inverse else cap / price
        return {"max_notional": cap, "max_qty": None if qty is None else snap(qty)}

    def cap_at_leverage(self, position: Position) -> Decimal | None:
        """Return the cap of the last row that is not known to forbid the leverage."""
        leverage, rows = position.leverage or ZERO, self.rows(position)
        if rows is None:
            return None
        allowed = [r.cap for r in rows if r.max_leverage is None or r.max_leverage >= leverage]
        return allowed[-1] if allowed else ZERO

    # A position in its pool

    def shows_estimate(self, pool: Pool) -> bool:  # noqa: ARG002
        """Return whether another price is displayed than the one that liquidates."""
        return False

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add what follows from the liquidation price, before it is rounded."""
        exact = type(self)(self.sheet, rounded=False).liquidation_price(pool, position, roots)
        root = roots.for_net(pool.net(position.symbol))
        ratio = snap(exact / position.mark_price) if exact else None
        if self.shows_estimate(pool):
            trigger = None if root is None else snap(root)
            return {"liquidation_ratio": ratio, "trigger_price": trigger}
        printed = root is not None and self.liquidation_price(pool, position, roots)
        needed = None
        if root is not None and printed:
            needed = self.amount(self.maintenance(position, self.inside_of_edge(position, root)))
        return {"liquidation_ratio": ratio, "maintenance_margin_at_liquidation": needed}

    def displayed_ratio(self, pool: Pool) -> Decimal | None:
        """Return the ratio in the exchange's own orientation: requirement / backing."""
        backing = pool.backing(MARKS)
        return snap(pool.requirement(MARKS) / backing) if backing > 0 else None

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Add the displayed ratio."""
        figures = super().isolated_figures(pool)
        figures["displayed_margin_ratio"] = self.displayed_ratio(pool) if pool.determined else None
        return figures

    # The account

    def order_margin(self, pool: CrossPool) -> Decimal:  # noqa: ARG002
        """Return what open orders reserve."""
        return self.sheet.account.order_margin

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add ratios, and whether the pool is liquidated now."""
        figures = super().funded_figures(pool, prices, initial, needed)
        equity, reserved = pool.backing(prices), self.order_margin(pool)
        figures |= {
            "margin_balance": self.amount(equity),
            "order_margin": self.amount(reserved),
            "initial_margin_ratio": None,
            "displayed_margin_ratio": None,
            "liquidatable": None,
        }
        if initial is not None:
            figures["available_balance"] = self.amount(
                pool.available_backing(prices) - initial - reserved
            )
        if initial is not None and equity > 0 and pool.determined:
            figures["initial_margin_ratio"] = snap(initial / equity)
        if pool.determined:
            figures["displayed_margin_ratio"] = self.displayed_ratio(pool)
            figures["liquidatable"] = sign(pool.requirement(MARKS)) > 0 and is_met(pool)
        return figures
