"""Drift v2, from the facts on Drift margin.

Section 2: weighted coins and profits back one cross pool, borrowed coins belong to the
requirement; profits count by weight, losses in full. Sections 3 and 4: requirement = worst case
of position and orders * oracle * price of the quote * ratio, the ratio with its size premium, and
0.01 an order. Section 5: strict condition; the displayed price is a straight line from the oracle
with its step cut at 1E-6, the oracle itself once too little is left; the buffer. Section 6: what
a liquidator may take and his fees. Section 7: health. Amounts are cut at 1E-6.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from tests.slow.exchanges._drift_pools import OwnDepositPool, WeightedPool
from tests.slow.exchanges.base import Figures, Rules
from tests.slow.further import by_settle
from tests.slow.plain import (
    CUT,
    DOWN,
    NEAREST,
    ONE,
    UP,
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
        """Return the one pool of the account, or one for each settle currency."""
        if self.sheet.account.collateral_mode == "multi" or not positions:
            return [WeightedPool(self.sheet, self, positions)]
        return [WeightedPool(self.sheet, self, each) for each in by_settle(self.sheet, positions)]

    def parameter(self, name: str, usual: str | None = None) -> Decimal | None:
        """Return a parameter, or what is usual."""
        given = self.sheet.parameters.get(name, usual)
        return None if given is None else number(given)

    def factor(self, name: str, usual: str) -> Decimal:
        """Return a parameter that always has a value."""
        return number(self.sheet.parameters.get(name, usual))

    @property
    def usual_quote_price(self) -> Decimal:
        """Return the price of the quote in USD, where no row of collateral says it."""
        return self.factor("quote_price", "1")

    @property
    def buffer(self) -> Decimal:
        """Return the buffer that must be met before a liquidation ends."""
        return self.factor("liquidation_margin_buffer", USUAL_BUFFER)

    def zero_health_is_liquidated(self) -> bool:
        """Return that collateral equal to the requirement is safe."""
        return False

    # Profits

    def profit(self, position: Position, price: Decimal) -> Decimal:
        """Return the profit, with funding that is not settled yet."""
        return position.pnl(price) - position.accrued_fees

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

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the value that picks a row, where a sheet gives several."""
        return self.worst_value(position, price)

    def edges(self, position: Position) -> list[Decimal]:
        """Return where a profit begins, and its weight sets in, and where a row ends."""
        start = position.entry_price + position.side * position.accrued_fees / position.qty
        size = self.worst_size(position)
        return [start, *(row.cap / size for row in position.tiers or () if row.cap and size)]

    def cents(self, positions: Iterable[Position]) -> Decimal:
        """Return what open orders of held symbols require by their number."""
        held = {p.symbol for p in positions}
        return PER_ORDER * len([order for order in self.sheet.orders if order.symbol in held])

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
        """Return the value of the worst case."""
        return self.worst_size(position) * price

    def with_premium(self, ratio: Decimal, size: Decimal) -> Decimal:
        """Return the larger of a ratio and of its size premium, counted in units of 1E-4."""
        slope = self.factor("imf_factor", "0")
        if slope == 0:
            return ratio
        root = isqrt(int(size.scaleb(9)) * 10 + 1)
        grown = (number(root) * slope.scaleb(6)).scaleb(-7) // ONE
        kept = (ratio * number("0.8") / TEN_THOUSANDTH) // ONE
        return max(ratio, (kept + grown) * TEN_THOUSANDTH)

    def maintenance_ratio(self, position: Position, price: Decimal | None = None) -> Decimal:
        """Return the maintenance ratio of the market with its size premium."""
        row = self.tier(position, position.mark_price if price is None else price)
        return self.with_premium(row.mmr, self.worst_size(position))

    def _opening_ratio(self, row: Tier, size: Decimal, leverage: Decimal | None) -> Decimal | None:
        ratios = [] if row.imr is None else [self.with_premium(row.imr, size)]
        ratios += [] if leverage is None else [ONE / leverage]
        return max(ratios) if ratios else None

    def initial_ratio(self, position: Position) -> Decimal | None:
        """Return the initial ratio: the market's with its premium, or an own higher one."""
        if not position.tiers:
            return None if position.leverage is None else ONE / position.leverage
        row = self.tier(position, position.mark_price)
        return self._opening_ratio(row, self.worst_size(position), position.leverage)

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return worst case * ratio."""
        return self.worst_value(position, price) * self.maintenance_ratio(position, price)

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
            total += sum((o.value for o in worst), ZERO) * ratio
        return total

    def orders_initial(self, orders: Iterable[Order]) -> list[tuple[str, Decimal | None]]:  # noqa: ARG002
        """Return the initial margin of orders without a position, and the cents of the others."""
        crossed = [p for p in self.sheet.positions if not p.isolated]
        settle = crossed[0].contract.settle if crossed else ""
        amounts: list[tuple[str, Decimal | None]] = [(settle, self.cents(crossed))]
        if self.loose_orders():
            amounts.append((settle, self.loose_requirement(initial=True)))
        return amounts

    def orders_maintenance(self, pool: Pool) -> list[tuple[str, Decimal | None]]:
        """Return the maintenance margin of orders without a position, and of borrowed coins."""
        amounts: list[tuple[str, Decimal | None]] = [("", self.loose_requirement(initial=False))]
        amounts.append(("", self.cents(pool.positions)))
        if isinstance(pool, WeightedPool):
            amounts.append(("", pool.borrowed(MARKS) / pool.quote_price))
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

    def cut(self, value: Decimal) -> Decimal:
        """Return an amount of the program cut at 1E-6."""
        return to_decimals(value, 6, CUT) if self.rounded else snap(value)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return worst case * initial ratio."""
        ratio = self.initial_ratio(position)
        if ratio is None:
            return None
        return self.cut(self.worst_value(position, position.mark_price) * ratio)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value * initial ratio."""
        ratio = self.initial_ratio(position)
        if position.leverage is None or ratio is None:
            return None
        return position.value(position.entry_price) * ratio

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return the requirement."""
        if not self.can_require(position):
            return None
        return self.cut(self.requirement(position, position.mark_price))

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the oracle price * rate."""
        if position.funding_rate is None:
            return None
        value = position.value(position.index_price)
        return snap(position.side * value * position.funding_rate)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:  # noqa: ARG002
        """Return a price at 1E-6, its distance from the oracle cut."""
        if not self.rounded:
            return snap(value)
        return to_decimals(value, 6, UP if net > 0 else DOWN)

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the bankruptcy price, which is not printed."""
        root = roots.for_net(pool.net(position.symbol))
        return None if root is None else snap(root)

    def position_figures(self, position: Position) -> Figures:
        """Add ratios, the profit that counts for opening, and the buffered initial margin."""
        figures = super().position_figures(position)
        opening = self.counted_profit(position, position.mark_price, initial=True)
        figures |= {
            "imr": None,
            "entry_notional": snap(position.value(position.entry_price)),
            "weighted_unrealized_pnl_initial": snap(opening),
        }
        if position.tiers:
            row, size = self.tier(position, position.mark_price), self.worst_size(position)
            figures["mmr"] = snap(self.maintenance_ratio(position))
            figures["imr"] = None if row.imr is None else snap(self.with_premium(row.imr, size))
        return figures

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add what a liquidator takes."""
        root = roots.for_net(pool.net(position.symbol))
        return {
            "liquidation_ratio": None if root is None else snap(root / position.mark_price),
            "insurance_fund_fee_rate": self._fund_fee(pool, position),
            "qty_to_cover_shortage": self._qty_to_cover(pool, position),
        }

    def isolated_figures(self, pool: IsolatedPool) -> Figures:
        """Return the deposit, and what backs the position with and without the buffer."""
        figures = super().isolated_figures(pool)
        position, backing = pool.position, pool.backing(MARKS)
        loss = min(self.profit(position, position.mark_price), ZERO)
        ratio, value = self.initial_ratio(position), self.worst_value(position, position.mark_price)
        figures["margin_balance_with_buffer"] = snap(backing + self.buffer * loss)
        buffered = None if ratio is None else snap(value * (ratio + self.buffer))
        return figures | {"initial_margin_with_buffer": buffered}

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

    def _quote_price(self, pool: Pool) -> Decimal:
        return pool.quote_price if isinstance(pool, WeightedPool) else ONE

    def _room(self, position: Position) -> Decimal | None:
        """Return maintenance ratio plus buffer less the liquidator's rate."""
        ratio = self.maintenance_ratio(position)
        fee = self.liquidator_fee(ratio)
        return None if fee is None else ratio + self.buffer - fee

    def _fund_fee(self, pool: Pool, position: Position) -> Decimal | None:
        if self.parameter("insurance_fund_fee") is not None:
            return None
        most, room = self.parameter("max_insurance_fund_fee"), self._room(position)
        required = pool.requirement(MARKS)
        if most is None or room is None or required == 0:
            return None
        own = self.requirement(position, position.mark_price) * self._quote_price(pool)
        share = own / required
        value = position.value(position.mark_price) * self._quote_price(pool)
        left = room - share * self.shortage(pool) / value
        return snap(min(most, max(ZERO, number("0.95") * left)))

    def _qty_to_cover(self, pool: Pool, position: Position) -> Decimal | None:
        fund = self.parameter("insurance_fund_fee")
        fund = self._fund_fee(pool, position) if fund is None else fund
        room = self._room(position)
        if fund is None or room is None:
            return None
        each = position.mark_price * (self._quote_price(pool) * room - fund)
        if each <= 0:
            return None
        shortage = self.shortage(pool)
        if shortage == 0:
            return None
        qty = shortage / each
        return to_decimals(qty, 9, CUT) if self.rounded else snap(qty)

    # The account

    def bare_account_figures(self) -> Figures:
        """Return the liquidator's rate, which needs no position."""
        return {"liquidator_fee_rate": self.liquidator_fee(None)}

    def account_figures(self, pool: CrossPool, prices: Prices) -> Figures:
        """Add the liquidator's rate."""
        ratios = [self.maintenance_ratio(p) for p in pool.positions if p.tiers]
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
            "margin_balance": snap(backing),
            "initial_margin_balance": snap(pool.available_backing(prices)),
            "initial_margin_with_buffer": None if initial is None else snap(initial + extra),
        }
        if pool.determined:
            required = pool.requirement(prices)
            figures |= {
                "margin_shortage": snap(self.shortage(pool)),
                "liquidatable": required > 0 and backing < required,
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
