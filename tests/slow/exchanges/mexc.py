"""MEXC, from the facts on MEXC futures.

Section 4: maintenance = entry value * rate of the whole position, level by contracts. Section 5:
the condition adds a liquidation fee on the value at the takeover (bankruptcy) price; prices nearest
on the tick. Section 3: the isolated margin and its initial margin hold the closing fee on the entry
value. Section 1: funding leaves the available balance. Section 2: cross equity leaves out the
margin of open orders. Section 7: ratio of 4 decimals.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from tests.slow.further import FurtherRules, by_settle
from tests.slow.plain import (
    NEAREST_EVEN,
    ZERO,
    Order,
    Position,
    number,
    snap,
    to_step,
)
from tests.slow.pools import CrossPool, IsolatedPool, Roots, SinglePool
from tests.slow.prices import MARKS, Prices
from tests.slow.roots import root_above, root_below

if TYPE_CHECKING:
    from tests.slow.exchanges.base import Figures
    from tests.slow.pools import Pool

LIQUIDATION_FEES = {"CLO_USDT": Decimal("0.0002")}
USUAL_LIQUIDATION_FEE = Decimal("0.0004")  # that of BTC_USDT, as the folder assumes


class Equity(SinglePool):
    """A cross pool in which open orders hold back their margin, and liquidation costs a fee."""

    @cached_property
    def fees(self) -> Decimal:
        """Return the liquidation fees at the takeover prices."""
        rules = self.rules
        assert isinstance(rules, Mexc)
        return sum((rules.takeover_fee(self, p) for p in self.positions), ZERO)

    @cached_property
    def reserved(self) -> Decimal:
        """Return the margin of open orders."""
        rules = self.rules
        assert isinstance(rules, Mexc)
        return rules.order_margin(self)

    def requirement(self, prices: Prices) -> Decimal:
        """Return maintenance, fees, and what orders hold back."""
        return super().requirement(prices) + self.fees + self.reserved


class Mexc(FurtherRules):
    """Rules of MEXC."""

    usual_taker = Decimal("0.0004")
    whole_rates = True
    counts_contracts = True

    def cross_pools(self, positions: list[Position]) -> list[CrossPool]:
        """Return a pool for each settle currency."""
        if self.sheet.account.collateral_mode == "multi":
            message = "MEXC has no pools of several assets"
            raise NotImplementedError(message)
        if not positions:
            return [Equity(self.sheet, self, [])]
        return [Equity(self.sheet, self, each) for each in by_settle(self.sheet, positions)]

    # Tiers and requirements

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return contracts."""
        return position.contracts

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the level does not depend on the price."""
        return []

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return entry value * rate."""
        return position.value(position.entry_price) * self.tier(position, price).mmr

    def can_require(self, position: Position) -> bool:
        """Return whether level, liquidation fee and the margin of orders are known."""
        known = super().can_require(position)
        if position.isolated or self.sheet.account.order_margin:
            return known
        return known and None not in map(self.margin_of, self.held_orders(position.contract.settle))

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return maintenance, which needs to know of no order."""
        if self.rows(position) is None:
            return None
        return snap(self.maintenance(position, position.mark_price))

    # The liquidation fee

    def liquidation_fee(self, position: Position) -> Decimal:
        """Return the rate: of the sheet, of its contract, or that of the facts."""
        given = self.fee_rate("liquidation")
        if given is not None:
            return given
        own = self.sheet.raw["contracts"][position.symbol].get("liquidation_fee")
        known = LIQUIDATION_FEES.get(position.symbol, USUAL_LIQUIDATION_FEE)
        return known if own is None else number(own)

    def takeover_fee(self, pool: Pool, position: Position) -> Decimal:
        """Return the liquidation fee where only this position moves and all is gone."""
        start = position.mark_price

        def left(price: Decimal) -> Decimal:
            return pool.backing(Prices({position.index: price}, {}))

        roots = Roots(root_below(left, start), root_above(left, start), left(start) < 0)
        price = roots.for_net(position.side)
        return ZERO if price is None else position.value(price) * self.liquidation_fee(position)

    def isolated_closing_fee(self, pool: IsolatedPool) -> Decimal:
        """Return the liquidation fee."""
        return self.takeover_fee(pool, pool.position)

    # Orders

    def held_orders(self, settle: str) -> list[Order]:
        """Return the open orders that a cross pool of `settle` holds margin for."""
        isolated = {p.symbol for p in self.sheet.positions if p.isolated}
        orders = self.sheet.orders
        return [o for o in orders if o.contract.settle == settle and o.symbol not in isolated]

    def margin_of(self, order: Order) -> Decimal | None:
        """Return the margin of an order: value / leverage."""
        held = [p.leverage for p in self.sheet.positions if p.symbol == order.symbol]
        leverage = order.leverage or next((each for each in held if each is not None), None)
        return None if leverage is None else order.value / leverage

    def order_margin(self, pool: CrossPool) -> Decimal:
        """Return what open orders reserve: as given (for the first pool), else of listed ones."""
        cross = [p for p in self.sheet.positions if not p.isolated]
        if not pool.positions:
            return self.sheet.account.order_margin
        settle = pool.positions[0].contract.settle
        first = settle == cross[0].contract.settle
        if self.sheet.account.order_margin:
            return self.sheet.account.order_margin if first else ZERO
        return sum((self.margin_of(order) or ZERO for order in self.held_orders(settle)), ZERO)

    # Margin

    def margin(self, position: Position) -> Decimal | None:
        """Return the isolated margin; funding leaves the available balance instead."""
        return super().margin(replace(position, funding_paid=ZERO))

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage plus the closing fee on the entry value."""
        margin = super().opening_margin(position)
        if margin is None:
            return None
        return margin + position.value(position.entry_price) * self.taker

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return what is set aside at opening; in cross without the fee."""
        if position.isolated:
            margin = self.opening_margin(position)
        else:
            margin = super().opening_margin(position)
        return None if margin is None else snap(margin)

    # What is printed

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price nearest on the tick."""
        tick = position.contract.tick_size
        if tick is None or not self.rounded:
            return snap(value)
        return to_step(value, tick, NEAREST_EVEN)

    def account_ratio(self, pool: Pool) -> Decimal | None:
        """Return (maintenance + liquidation fee) / equity without the margin of orders."""
        reserved = pool.reserved if isinstance(pool, Equity) else ZERO
        backing = pool.backing(MARKS) - reserved
        return snap((pool.requirement(MARKS) - reserved) / backing) if backing > 0 else None

    def displayed_ratio(self, pool: Pool) -> Decimal | None:
        """Return the ratio; how its 4 decimals are rounded is not known."""
        return self.account_ratio(pool)

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Take the margin of orders out of the ratio."""
        figures = super().funded_figures(pool, prices, initial, needed)
        figures["margin_ratio"] = self.account_ratio(pool) if pool.determined else None
        free = pool.backing(prices) - self.order_margin(pool)
        share = None if initial is None or free <= 0 else snap(initial / free)
        return figures | {"initial_margin_ratio": share}
