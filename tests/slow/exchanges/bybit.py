"""Bybit, from the facts on Bybit derivatives.

Section 0: until 2025-09-02 margins by entry value (`entry_based`), since then by mark value
(`mark_based`). Section 3: fee to close = entry value * (1 - s/leverage) * taker (inverse: 1 +
s/leverage), its rate rounded up at 8 decimals. Section 4: tier by value of position and orders
that add to it, cap inclusive. Section 5: isolated condition with the fee at the true bankruptcy
price; cross price displayed with maintenance held constant; rounding to the tick against the
holder. Section 2: orders' margins, negative coins, rates cut at 4 decimals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import (
    CUT,
    DOWN,
    ONE,
    UP,
    ZERO,
    Order,
    Position,
    number,
    snap,
    to_decimals,
    to_step,
)
from tests.slow.pools import CrossPool, IsolatedPool, MultiPool, symbol_roots
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.pools import Pool, Roots
    from tests.slow.prices import Prices

MARK_BASED_FROM = "2025-09-02"


class Bybit(Rules):
    """Rules of Bybit."""

    @property
    def entry_based(self) -> bool:
        """Return whether margins follow the entry price."""
        if self.sheet.rules is not None:
            return self.sheet.rules == "entry_based"
        return self.sheet.as_of is not None and self.sheet.as_of < MARK_BASED_FROM

    # Tiers and requirements

    def valued_at(self, position: Position, price: Decimal) -> Decimal:
        """Return the price at which maintenance is counted."""
        return position.entry_price if self.entry_based else price

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the value of the position and of the orders that add to it."""
        orders = sum((o.value for o in self.adding_orders(position)), ZERO)
        return position.value(self.valued_at(position, price)) + orders

    def adding_orders(self, position: Position) -> list[Order]:
        """Return the open orders of the same symbol and side."""
        orders = self.sheet.orders
        return [o for o in orders if o.symbol == position.symbol and o.side == position.side]

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate - deduction, without the fee to close."""
        tier = self.tier(position, price)
        return position.value(self.valued_at(position, price)) * tier.mmr - tier.deduction

    def can_require(self, position: Position) -> bool:
        """Return whether the table is known, and the fee to close of a cross position."""
        orders = [*self._counted_orders([position]), *self._free_orders([position])]
        rates = [self._order_rate(order, owner) for order, owner in orders]
        known = self.fee_to_close(position) is not None and None not in rates
        known = known and all(order.tiers for order, _ in orders)
        return super().can_require(position) and (position.isolated or known)

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance plus the fee to close."""
        fee = self.fee_to_close(position)
        assert fee is not None
        return self.maintenance(position, price) + fee

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return the requirements of positions and open orders."""
        members = list(positions)
        needs = super().cross_requirements(members, prices)
        for order, owner in self._counted_orders(members):
            price = prices.of(owner)
            needs.append((order.contract.settle, self._order_maintenance(order, owner, price)))
        for order, _ in self._free_orders(members):
            needs.append((order.contract.settle, self._order_maintenance(order, None, ZERO)))
        return needs

    def _free_orders(self, positions: list[Position]) -> list[tuple[Order, None]]:
        """Return the orders in symbols without a position, of the pool's settle currencies."""
        held = {p.symbol for p in self.sheet.positions}
        settles = {p.contract.settle for p in positions}
        orders = self.sheet.orders
        return [(o, None) for o in orders if o.symbol not in held and o.contract.settle in settles]

    def _counted_orders(self, positions: list[Position]) -> list[tuple[Order, Position]]:
        """Return the orders that add to a cross position, with that position."""
        return [(o, p) for p in positions for o in self.adding_orders(p)]

    def _order_maintenance(self, order: Order, owner: Position | None, price: Decimal) -> Decimal:
        rate = self._own_tier_rate(order) if owner is None else self.tier(owner, price).mmr
        return order.value * rate + self._order_fees(order, owner)

    def _own_tier_rate(self, order: Order) -> Decimal:
        rows = order.tiers or ()
        inside = (row for row in rows if row.cap is None or self.inside(order.value, row.cap))
        return next(inside, rows[-1]).mmr

    def _order_rate(self, order: Order, owner: Position | None) -> Decimal | None:
        """Return the rate of an order's fee to close."""
        leverage = order.leverage or (None if owner is None else owner.leverage)
        return self._closing_rate(order, leverage)

    def _order_fees(self, order: Order, owner: Position | None) -> Decimal:
        closing = self._order_rate(order, owner)
        assert closing is not None
        return order.value * (self.sheet.taker + closing)

    # Fees to close

    def _bankrupt_share(self, held: Position | Order, leverage: Decimal) -> Decimal:
        """Return value at bankruptcy / value at entry, without margin added by hand."""
        side = -held.side if held.contract.product == "inverse" else held.side
        return ONE - side / leverage

    def _closing_rate(self, held: Position | Order, leverage: Decimal | None) -> Decimal | None:
        if self.sheet.taker == 0:
            return ZERO
        if leverage is None:
            return None
        rate = self._bankrupt_share(held, leverage) * self.sheet.taker
        return to_decimals(rate, 8, UP)

    def fee_to_close(self, position: Position) -> Decimal | None:
        """Return the fee that is set aside for closing."""
        rate = self._closing_rate(position, position.leverage)
        return None if rate is None else position.value(position.entry_price) * rate

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:
        """Return the taker fee of closing at `price`."""
        return position.value(price) * self.sheet.taker

    def isolated_closing_fee(self, pool: IsolatedPool) -> Decimal:
        """Return the taker fee at the true bankruptcy price, zero if there is none."""
        position = pool.position
        roots = symbol_roots(pool, position.symbol, "bankruptcy_health")
        price = roots.for_net(position.side)
        return ZERO if price is None else self.bankruptcy_fee(position, price)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage plus the fee to close, all unrounded."""
        margin = super().opening_margin(position)
        if margin is None or position.leverage is None:
            return None
        share = self._bankrupt_share(position, position.leverage)
        return margin + position.value(position.entry_price) * share * self.sheet.taker

    # Coins

    def borrow_rate(self, asset: str) -> Decimal:
        """Return the borrowing's maintenance rate."""
        rates = self.sheet.parameters.get("borrow_mmr") or {}
        return number(rates.get(asset, 0))

    # What is printed

    def margin_amount(self, value: Decimal) -> Decimal:
        """Return a margin at 8 decimals: up in the old rules, cut in the new ones."""
        if not self.rounded:
            return snap(value)
        return to_decimals(value, 8, UP if self.entry_based else CUT)

    def amount(self, value: Decimal) -> Decimal:
        """Return a total of the account, cut at 8 decimals."""
        return to_decimals(value, 8, CUT) if self.rounded else snap(value)

    def ratio(self, value: Decimal) -> Decimal:
        """Return a rate of the account, cut at 4 decimals."""
        return to_decimals(value, 4, CUT) if self.rounded else snap(value)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:
        """Return a price: isolated on the tick, cross at 8 decimals; up for a long."""
        if not self.rounded:
            return snap(value)
        direction = UP if net > 0 else DOWN
        if not position.isolated:
            return to_decimals(value, 8, direction)
        tick = position.contract.tick_size
        if tick is None or self.sheet.parameters.get("price_rounding") == "none":
            return snap(value)
        return to_step(value, tick, direction)

    def position_notional(self, position: Position) -> Decimal:
        """Return the value at the price that margins follow."""
        return self.amount(position.value(self.valued_at(position, position.mark_price)))

    def _leverage_share(self, leverage: Decimal) -> Decimal:
        share = ONE / leverage
        return to_decimals(share, 8, UP) if self.entry_based and self.rounded else share

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value / leverage plus the fee to close; isolated always by entry."""
        fee = self.fee_to_close(position)
        if position.leverage is None or fee is None:
            return None
        by_entry = self.entry_based or position.isolated
        price = position.entry_price if by_entry else position.mark_price
        value = position.value(price)
        return self.margin_amount(value * self._leverage_share(position.leverage) + fee)

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return maintenance plus the fee to close that was set aside."""
        fee = self.fee_to_close(position)
        if fee is None or self.rows(position) is None:
            return None
        return self.margin_amount(self.maintenance(position, position.mark_price) + fee)

    def shown_margin(self, position: Position, margin: Decimal) -> Decimal:
        """Return the margin as printed: the default one from rounded rates."""
        fee, leverage = self.fee_to_close(position), position.leverage
        if position.margin is not None or fee is None or leverage is None or not self.rounded:
            return snap(margin)
        initial = position.value(position.entry_price) * self._leverage_share(leverage) + fee
        return self.margin_amount(initial - position.funding_paid + position.extra_margin)

    def position_figures(self, position: Position) -> Figures:
        """Add the fee to close."""
        figures = super().position_figures(position)
        fee = self.fee_to_close(position)
        figures["fee_to_close"] = None if fee is None else self._fee_amount(fee)
        return figures

    def _fee_amount(self, fee: Decimal) -> Decimal:
        return to_decimals(fee, 8, UP) if self.rounded else snap(fee)

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the true trigger (cross) or the fee at the printed bankruptcy price (old rules)."""
        if isinstance(pool, CrossPool) and not position.inverse:
            trigger = roots.for_net(pool.net(position.symbol))
            return {"trigger_price": None if trigger is None else snap(trigger)}
        return {}

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Add, in the old rules, the fee to close at the printed bankruptcy price."""
        figures = super().isolated_figures(pool)
        position = pool.position
        root = symbol_roots(pool, position.symbol, "bankruptcy_health").for_net(position.side)
        if self.entry_based:
            figures["fee_to_close"] = None
        if self.entry_based and root is not None:
            price = self.price(root, position, position.side)
            if price == snap(root):
                price = root  # not printed on a step: count with all digits
            figures["fee_to_close"] = self._fee_amount(self.bankruptcy_fee(position, price))
        return figures

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the root, but in linear cross the estimate that Bybit displays."""
        if isinstance(pool, CrossPool) and not position.inverse:
            return self._displayed(pool, position)
        if not isinstance(pool, CrossPool) or pool.health(MARKS) < 0:
            return super().liquidation_price(pool, position, roots)
        root = roots.for_net(pool.net(position.symbol))
        if root is None:
            return None
        towards_mark = ONE if root <= position.mark_price else -ONE
        return self.price(root, position, towards_mark)

    def _displayed(self, pool: CrossPool, position: Position) -> Decimal | None:
        net = pool.net(position.symbol)
        if net == 0:
            return None
        settle = position.contract.settle
        multi = isinstance(pool, MultiPool)
        borrow = self.borrow_rate(settle) if multi and pool.owes(settle) else ZERO
        health = pool.backing(MARKS) - pool.requirement(MARKS)
        shown = position.mark_price - health / (net * (ONE + borrow))
        return self.price(shown, position, net) if shown > 0 else None

    # The account

    def orders_initial(self, orders: Iterable[Order]) -> list[tuple[str, Decimal | None]]:  # noqa: ARG002
        """Return value / leverage plus both fees of each order that counts."""
        cross = [p for p in self.sheet.positions if not p.isolated]
        counted = [*self._counted_orders(cross), *self._free_orders(cross)]
        return [
            (order.contract.settle, self._order_initial(order, owner)) for order, owner in counted
        ]

    def _order_initial(self, order: Order, owner: Position | None) -> Decimal | None:
        leverage = order.leverage or (None if owner is None else owner.leverage)
        if leverage is None:
            return None
        share = self._leverage_share(leverage)
        return self.margin_amount(order.value * share + self._order_fees(order, owner))

    def orders_maintenance(self, pool: Pool) -> list[tuple[str, Decimal | None]]:
        """Return value * rate plus both fees of each order that counts."""
        members = list(pool.positions)
        counted = [*self._counted_orders(members), *self._free_orders(members)]
        needs: list[tuple[str, Decimal | None]] = []
        for order, owner in counted:
            amount = None
            if self._order_rate(order, owner) is not None:
                mark = ZERO if owner is None else owner.mark_price
                amount = self.margin_amount(self._order_maintenance(order, owner, mark))
            needs.append((order.contract.settle, amount))
        return needs

    def total_maintenance(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Add the requirement of borrowed coins."""
        total = super().total_maintenance(pool, prices)
        if total is None or not isinstance(pool, MultiPool) or not pool.funded:
            return total
        return total + pool.borrow_requirement(prices)

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add the initial margin rate."""
        figures = super().funded_figures(pool, prices, initial, needed)
        equity = pool.backing(prices)
        figures["initial_margin_ratio"] = None
        if initial is not None and equity > 0:
            figures["initial_margin_ratio"] = self.ratio(initial / equity)
        return figures
