"""Drift v2, from the facts on Drift margin.

Section 2: weighted coins and profits back one cross pool, borrowed coins belong to the
requirement; profits count by weight, losses in full. Sections 3 and 4: requirement = worst case
of position and orders * oracle * price of the quote * ratio, the ratio with its size premium, and
0.01 an order. Section 5: strict condition; the displayed price is a straight line from the oracle
with its step cut at 1E-6, the oracle itself once too little is left; the buffer. Section 6: what
a liquidator may take and his fees. Section 7: health. Amounts are cut at 1E-6.
"""

from __future__ import annotations

from functools import cached_property
from math import isqrt
from typing import TYPE_CHECKING

from tests.slow.exchanges._drift_pools import OwnDepositPool, WeightedPool
from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import (
    CUT,
    NEAREST,
    ONE,
    ZERO,
    Order,
    Position,
    Tier,
    number,
    snap,
    to_decimals,
)
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.pools import CrossPool, IsolatedPool, Pool, Roots
    from tests.slow.prices import Prices

PER_ORDER = number("0.01")
MOST_COUNTED_PROFIT = "100"
IDLE_SLOTS = 1500
MILLIONTH, TEN_THOUSANDTH = number("0.000001"), number("0.0001")
USUAL_BUFFER = "0.02"


class Drift(Rules):
    """Rules of Drift."""

    whole_rates = True
    isolated_pool = OwnDepositPool

    def cross_pools(self, positions: list[Position]) -> list[CrossPool]:
        """Return the one pool of the account."""
        return [WeightedPool(self.sheet, self, positions)]

    def parameter(self, name: str, usual: str | None = None) -> Decimal | None:
        """Return a parameter, or what is usual."""
        given = self.sheet.parameters.get(name, usual)
        return None if given is None else number(given)

    def factor(self, name: str, usual: str) -> Decimal:
        """Return a parameter that always has a value."""
        return number(self.sheet.parameters.get(name, usual))

    @cached_property
    def quote_price(self) -> Decimal:
        """Return the price of the quote in USD: given, or that of the settle currency's row."""
        settles = {p.contract.settle for p in self.sheet.positions} or {"USDC"}
        rows = [c.price for c in self.sheet.account.collateral if c.asset in settles and c.price]
        return number(self.sheet.parameters.get("quote_price", rows[0] if rows else 1))

    @property
    def buffer(self) -> Decimal:
        """Return the buffer that must be met before a liquidation ends."""
        return self.factor("liquidation_margin_buffer", USUAL_BUFFER)

    def zero_health_is_liquidated(self) -> bool:
        """Return that collateral equal to the requirement is safe."""
        return False

    # Profits

    def profit(self, position: Position, price: Decimal) -> Decimal:
        """Return the profit in USD, with funding that is not settled yet."""
        return (position.pnl(price) - position.accrued_fees) * self.quote_price

    def profit_weight(self, size: Decimal, *, initial: bool) -> Decimal:
        """Return the weight of a profit; for opening it falls with size."""
        if not initial:
            return self.factor("unrealized_pnl_maintenance_asset_weight", "1")
        weight = self.factor("unrealized_pnl_initial_asset_weight", "1")
        slope = self.factor("unrealized_pnl_imf_factor", "0")
        return min(weight, number("1.1") / (ONE + size.sqrt() * slope))

    def counted_profit(
        self, position: Position, price: Decimal, *, initial: bool = False
    ) -> Decimal:
        """Return the part of the profit that counts; a loss in full."""
        profit = self.profit(position, price)
        if profit <= 0:
            return profit
        counted = profit * self.profit_weight(position.qty, initial=initial)
        most = self.factor("max_positive_pnl_for_initial_margin", MOST_COUNTED_PROFIT)
        return min(counted, most) if initial else counted

    # Requirements

    def edges(self, position: Position) -> list[Decimal]:
        """Return the price at which a profit begins, where its weight sets in."""
        return [position.entry_price + position.side * position.accrued_fees / position.qty]

    def orders_of(self, symbol: str) -> list[Order]:
        """Return the open orders of a symbol."""
        return [order for order in self.sheet.orders if order.symbol == symbol]

    def loose_orders(self) -> list[Order]:
        """Return the open orders of symbols without a position."""
        held = {p.symbol for p in self.sheet.positions}
        return [order for order in self.sheet.orders if order.symbol not in held]

    def worst_size(self, position: Position) -> Decimal:
        """Return the largest size that the position has with its bids or its asks filled."""
        orders, base = self.orders_of(position.symbol), position.side * position.qty
        bids = sum((o.qty for o in orders if o.side > 0), ZERO)
        asks = sum((o.qty for o in orders if o.side < 0), ZERO)
        return max(abs(base + bids), abs(base - asks))

    def worst_value(self, position: Position, price: Decimal) -> Decimal:
        """Return the value of the worst case in USD."""
        return self.worst_size(position) * price * self.quote_price

    def with_premium(self, ratio: Decimal, size: Decimal) -> Decimal:
        """Return the larger of a ratio and of its size premium, counted in units of 1E-4."""
        slope = self.factor("imf_factor", "0")
        if slope == 0:
            return ratio
        root = isqrt(int(size.scaleb(9)) * 10 + 1)
        grown = (number(root) * slope.scaleb(6)).scaleb(-7) // ONE
        kept = (ratio * number("0.8") / TEN_THOUSANDTH) // ONE
        return max(ratio, (kept + grown) * TEN_THOUSANDTH)

    def maintenance_ratio(self, position: Position, size: Decimal) -> Decimal:
        """Return the maintenance ratio of the market at a size."""
        return self.with_premium(self.tier(position, position.mark_price).mmr, size)

    def _opening_ratio(self, row: Tier, size: Decimal, leverage: Decimal | None) -> Decimal | None:
        market = row.imr
        if market is None and row.max_leverage is not None:
            market = ONE / row.max_leverage
        ratios = [] if market is None else [self.with_premium(market, size)]
        ratios += [] if leverage is None else [ONE / leverage]
        return max(ratios) if ratios else None

    def initial_ratio(self, position: Position) -> Decimal | None:
        """Return the initial ratio: the market's with its premium, or an own higher one."""
        if not position.tiers:
            return None
        row = self.tier(position, position.mark_price)
        return self._opening_ratio(row, self.worst_size(position), position.leverage)

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return worst case * ratio, and a cent an order."""
        ratio = self.maintenance_ratio(position, self.worst_size(position))
        cents = PER_ORDER * len(self.orders_of(position.symbol))
        return self.worst_value(position, price) * ratio + cents

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return the requirement: nothing is left out of the printed figure."""
        return self.requirement(position, price)

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return the requirement, as in the cross pool."""
        return self.requirement(position, price)

    def loose_requirement(self, *, initial: bool) -> Decimal | None:
        """Return what orders without a position require, valued at their own prices."""
        total = ZERO
        for symbol in {order.symbol for order in self.loose_orders()}:
            orders = self.orders_of(symbol)
            if not orders[0].tiers:
                return None
            total += PER_ORDER * len(orders)
            sides = [[o for o in orders if o.side == side] for side in (ONE, -ONE)]
            worst = max(sides, key=lambda side: sum((o.value for o in side), ZERO))
            size = sum((o.qty for o in worst), ZERO)
            row = orders[0].tiers[0]
            ratio: Decimal | None = self.with_premium(row.mmr, size)
            if initial:
                ratio = self._opening_ratio(row, size, worst[0].leverage)
            if ratio is None:
                return None
            total += sum((o.value for o in worst), ZERO) * self.quote_price * ratio
        return total

    def orders_initial(self, orders: Iterable[Order]) -> list[tuple[str, Decimal | None]]:  # noqa: ARG002
        """Return the initial margin of orders without a position."""
        loose = self.loose_orders()
        settle = loose[0].contract.settle if loose else ""
        return [(settle, self.loose_requirement(initial=True))] if loose else []

    def orders_maintenance(self, pool: Pool) -> list[tuple[str, Decimal | None]]:
        """Return the maintenance margin of orders without a position, and of borrowed coins."""
        amounts: list[tuple[str, Decimal | None]] = [("USD", self.loose_requirement(initial=False))]
        if isinstance(pool, WeightedPool):
            amounts.append(("USD", pool.borrowed(MARKS)))
        return amounts

    def total_initial(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Add the initial margin of borrowed coins."""
        total = super().total_initial(pool, prices)
        if total is None or not isinstance(pool, WeightedPool):
            return total
        return total + pool.borrowed(prices, initial=True)

    def total_profit(self, pool: CrossPool, prices: Prices) -> Decimal:
        """Return all profits in USD."""
        return pool.profit(prices)

    # What is printed

    def amount(self, value: Decimal) -> Decimal:
        """Return an amount cut at 1E-6."""
        return to_decimals(value, 6, CUT) if self.rounded else snap(value)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return worst case * initial ratio, and a cent an order."""
        ratio = self.initial_ratio(position)
        if ratio is None:
            return None
        cents = PER_ORDER * len(self.orders_of(position.symbol))
        return self.amount(self.worst_value(position, position.mark_price) * ratio + cents)

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:  # noqa: ARG002
        """Return the displayed price: oracle - free / slope, none if not above zero."""
        free = max(ZERO, pool.backing(MARKS) - pool.requirement(MARKS))
        slope = self._displayed_slope(pool, position)
        if slope == 0:
            return None
        step = to_decimals(free / slope, 6, CUT) if self.rounded else free / slope
        price = snap(position.mark_price - step)
        return price if price > 0 else None

    def _displayed_slope(self, pool: Pool, position: Position) -> Decimal:
        ratio = self.maintenance_ratio(position, position.qty)
        slope = position.qty * (position.side - ratio)
        if not isinstance(pool, WeightedPool):
            return slope
        known_equity = self.sheet.account.equity is not None
        for row in pool.rows:
            if row.asset == position.contract.base and not (known_equity and row.qty > 0):
                slope += row.maintenance_weight * pool.cash(row)
        return slope

    def position_figures(self, position: Position) -> Figures:
        """Add ratios, the profit that counts for opening, and the buffered initial margin."""
        figures = super().position_figures(position)
        initial, ratio = self.initial_margin(position), self.initial_ratio(position)
        opening = self.counted_profit(position, position.mark_price, initial=True)
        figures |= {
            "imr": None if ratio is None else snap(ratio),
            "entry_notional": snap(position.value(position.entry_price)),
            "weighted_unrealized_pnl_initial": self.amount(opening),
            "initial_margin_with_buffer": None,
        }
        if position.tiers:
            size = self.worst_size(position)
            figures["mmr"] = snap(self.maintenance_ratio(position, size))
        if initial is not None:
            extra = self.buffer * self.worst_value(position, position.mark_price)
            figures["initial_margin_with_buffer"] = self.amount(initial + extra)
        return figures

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the true trigger, and what a liquidator takes."""
        trigger = roots.for_net(pool.net(position.symbol))
        price = self.liquidation_price(pool, position, roots)
        return {
            "trigger_price": None if trigger is None else snap(trigger),
            "liquidation_ratio": None if price is None else snap(price / position.mark_price),
            "insurance_fund_fee_rate": self._fund_fee(pool, position),
            "qty_to_cover_shortage": self._qty_to_cover(pool, position),
        }

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Return the deposit, and what backs the position with and without the buffer."""
        figures = super().isolated_figures(pool)
        position, backing = pool.position, pool.backing(MARKS)
        loss = min(self.profit(position, position.mark_price), ZERO)
        figures["margin_balance"] = self.amount(backing)
        figures["margin_balance_with_buffer"] = self.amount(backing + self.buffer * loss)
        if pool.determined:
            figures["margin_shortage"] = self.amount(self.shortage(pool))
        return figures

    # Liquidation

    def shortage(self, pool: Pool) -> Decimal:
        """Return what is missing until a liquidation ends."""
        if isinstance(pool, WeightedPool):
            liability, losses = pool.liability(), pool.losses()
        else:
            position = pool.positions[0]
            liability = self.worst_value(position, position.mark_price)
            losses = min(self.profit(position, position.mark_price), ZERO)
        needed = pool.requirement(MARKS) + self.buffer * liability
        return max(ZERO, needed - pool.backing(MARKS) - self.buffer * losses)

    def liquidator_fee(self, ratio: Decimal | None) -> Decimal | None:
        """Return the liquidator's rate: it grows once the user has been idle for long."""
        base = self.parameter("liquidator_fee")
        slots = self.factor("slots_since_last_active", "0")
        if base is None or slots < IDLE_SLOTS:
            return base
        caps = [self.parameter("max_liquidator_fee"), ratio]
        return min([base + slots * MILLIONTH, *(cap for cap in caps if cap is not None)])

    def _room(self, position: Position) -> Decimal | None:
        """Return maintenance ratio plus buffer less the liquidator's rate."""
        ratio = self.maintenance_ratio(position, self.worst_size(position))
        fee = self.liquidator_fee(ratio)
        return None if fee is None else ratio + self.buffer - fee

    def _fund_fee(self, pool: Pool, position: Position) -> Decimal | None:
        most, room = self.parameter("max_insurance_fund_fee"), self._room(position)
        required = pool.requirement(MARKS)
        if most is None or room is None or required == 0:
            return None
        share = self.requirement(position, position.mark_price) / required
        value = position.value(position.mark_price) * self.quote_price
        left = room - share * self.shortage(pool) / value
        return snap(min(most, max(ZERO, number("0.95") * left)))

    def _qty_to_cover(self, pool: Pool, position: Position) -> Decimal | None:
        fund = self.parameter("insurance_fund_fee")
        fund = self._fund_fee(pool, position) if fund is None else fund
        room = self._room(position)
        if fund is None or room is None:
            return None
        each = position.mark_price * (self.quote_price * room - fund)
        if each <= 0:
            return None
        qty = self.shortage(pool) / each
        return to_decimals(qty, 9, CUT) if self.rounded else snap(qty)

    # The account

    def bare_account_figures(self) -> Figures:
        """Return the liquidator's rate, which needs no position."""
        return {"liquidator_fee_rate": self.liquidator_fee(None)}

    def account_figures(self, pool: CrossPool, prices: Prices) -> Figures:
        """Add the liquidator's rate."""
        ratios = [self.maintenance_ratio(p, self.worst_size(p)) for p in pool.positions if p.tiers]
        lowest = min(ratios, default=None)
        rate = self.liquidator_fee(lowest)
        return super().account_figures(pool, prices) | {"liquidator_fee_rate": rate}

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add collateral by weights, the buffered figures, the shortage, and health."""
        figures = super().funded_figures(pool, prices, initial, needed)
        assert isinstance(pool, WeightedPool)
        backing, extra = pool.backing(prices), self.buffer * pool.liability()
        figures |= {
            "margin_balance": self.amount(backing),
            "initial_margin_balance": self.amount(pool.available_backing(prices)),
            "margin_balance_with_buffer": self.amount(backing + self.buffer * pool.losses()),
        }
        for name, total in (("initial", initial), ("maintenance", needed)):
            buffered = None if total is None else self.amount(total + extra)
            figures[f"{name}_margin_with_buffer"] = buffered
        if pool.determined:
            required = pool.requirement(prices)
            figures |= {
                "margin_shortage": self.amount(self.shortage(pool)),
                "liquidatable": backing < required,
                "health": self._health(backing, required),
            }
        return figures

    def _health(self, backing: Decimal, required: Decimal) -> Decimal:
        """Return health in whole percent."""
        if required == 0:
            return number(100)
        if backing <= required:
            return ZERO
        return to_decimals(100 * (ONE - required / backing), 0, NEAREST)
