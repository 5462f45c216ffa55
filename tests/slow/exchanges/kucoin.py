"""KuCoin, from the facts on KuCoin futures.

Three engines. Isolated (`classic`, since 2025-05-22): value at mark * (rate + liquidation fee rate,
until 2025-05-29 + funding rate), level set by the user. Isolated before: entry value * (rate +
funding rate) + the closing fee that the margin holds. Cross: no tiers, rate = (1 + n/m)/(2 *
constant) up to a limit, n the larger of position and orders on either side; orders and closing fees
are in the condition; the displayed price lets all positions use up their shares together (section
5), bankruptcy is the same without rates. Unified accounts (`uta`): tier by value with open orders,
value at mark * rate, no fee. Prices to the tick, up for a long.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.slow.further import FurtherRules, own_share_roots
from tests.slow.plain import (
    CUT,
    DOWN,
    ONE,
    UP,
    ZERO,
    Order,
    Position,
    maybe,
    snap,
    to_decimals,
    to_step,
)
from tests.slow.pools import CrossPool, IsolatedPool
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.slow.exchanges.base import Figures
    from tests.slow.pools import Pool, Roots
    from tests.slow.prices import Prices

NEW_MARGIN_FROM = "2025-05-22"


class Kucoin(FurtherRules):
    """Rules of KuCoin."""

    usual_taker = Decimal("0.0006")
    whole_rates = True

    @property
    def rule(self) -> str:
        """Return the name of the rule set."""
        if self.sheet.rules is not None:
            return self.sheet.rules
        return "classic" if self.since(NEW_MARGIN_FROM) else "before_2025_05_22"

    @property
    def old(self) -> bool:
        """Return whether the older engine is asked for."""
        return self.rule == "before_2025_05_22"

    def classic_cross(self, position: Position) -> bool:
        """Return whether the position is in a cross pool of a classic account."""
        return not position.isolated and self.rule == "classic"

    # Sizes and rates

    def tier_number(self, position: Position, price: Decimal) -> int | None:
        """Return the level: in classic isolated margin the user's, else by size."""
        rows = self.rows(position)
        if rows is None or not position.isolated or self.rule == "uta":
            return super().tier_number(position, price)
        level = position.row.get("risk_level")
        if level is None:
            return super().tier_number(position, price)
        return min(int(level), len(rows))

    def size(self, position: Position, price: Decimal) -> Decimal:
        """Return the value that picks the row."""
        if self.rule == "uta":
            orders = sum((o.value for o in self.adding_orders(position)), ZERO)
            return position.value(price) + orders
        qty = self.worse_side(position) if self.classic_cross(position) else position.qty
        return self._value_of(position, qty, position.entry_price)

    def edges(self, position: Position) -> list[Decimal]:
        """Return the prices at which the size meets a cap."""
        if self.rule != "uta":
            return []
        orders = sum((o.value for o in self.adding_orders(position)), ZERO)
        values = [row.cap - orders for row in self.rows(position) or () if row.cap]
        return [position.qty / v if position.inverse else v / position.qty for v in values if v > 0]

    def _value_of(self, held: Position | Order, qty: Decimal, price: Decimal) -> Decimal:
        return qty / price if held.contract.product == "inverse" else qty * price

    def worse_side(self, position: Position) -> Decimal:
        """Return the larger of |position + buys| and |position - sells|."""
        orders = [o for o in self.sheet.orders if o.symbol == position.symbol]
        same = sum((o.qty for o in orders if o.side == position.side), ZERO)
        other = sum((o.qty for o in orders if o.side != position.side), ZERO)
        return max(position.qty + same, abs(position.qty - other))

    def _order_side(self, order: Order) -> Decimal:
        orders = [o for o in self.sheet.orders if o.symbol == order.symbol]
        sides = [sum((o.qty for o in orders if o.side == side), ZERO) for side in (ONE, -ONE)]
        return max(sides)

    def parameter(self, name: str, symbol: str) -> Decimal | None:
        """Return a parameter of a contract's cross margin."""
        return maybe((self.sheet.parameters.get(name) or {}).get(symbol))

    def continuous_rate(self, held: Position | Order, qty: Decimal) -> Decimal | None:
        """Return (1 + n/m)/(2 * constant), up to the limit."""
        m = self.parameter("m", held.symbol)
        constant = self.parameter("mmr_lev_constant", held.symbol)
        limit = self.parameter("mmr_limit", held.symbol)
        if m is None or constant is None or limit is None:
            return None
        inverse = held.contract.product == "inverse"
        n = qty / held.contract.contract_size if inverse else qty
        return min((ONE + n / m) / (2 * constant), limit)

    def cross_rate(self, position: Position, price: Decimal) -> Decimal | None:
        """Return the rate in cross: of a table that the sheet gives, else the continuous one."""
        if self.rows(position) is not None:
            return self.tier(position, price).mmr
        return self.continuous_rate(position, self.worse_side(position))

    def order_rate(self, order: Order, prices: Prices) -> Decimal | None:
        """Return the rate of an open order: that of its symbol's position, if there is one."""
        held = [p for p in self.sheet.positions if p.symbol == order.symbol and not p.isolated]
        if held:
            owner = next((p for p in held if p.side == order.side), held[0])
            return self.cross_rate(owner, prices.of(owner))
        if order.tiers is None:
            return self.continuous_rate(order, self._order_side(order))
        value = self._value_of(order, self._order_side(order), order.price)
        inside = (row for row in order.tiers if row.cap is None or value <= row.cap)
        return next(inside, order.tiers[-1]).mmr

    # Requirements

    def liquidation_rate(self) -> Decimal:
        """Return the rate of the liquidation fee; no source prints it, so the usual taker's."""
        given = self.fee_rate("liquidation")
        return self.usual_taker if given is None else given

    def funding_part(self, position: Position) -> Decimal:
        """Return the rate of the expected funding, if the older engine is going to charge it."""
        if not self.old:
            return ZERO
        return max(position.side * (position.funding_rate or ZERO), ZERO)

    def closing_reserve(self, position: Position) -> Decimal | None:
        """Return the closing fee inside the older isolated margin."""
        if not position.isolated:
            return ZERO
        if position.fee_reserve:
            return position.fee_reserve
        if self.taker == 0:
            return ZERO
        if position.leverage is None:
            return None
        value = position.value(position.entry_price)
        return value * (ONE + ONE / position.leverage) * self.taker

    def can_require(self, position: Position) -> bool:
        """Return whether rate, fees and orders are known."""
        if self.classic_cross(position):
            rates = [self.order_rate(order, MARKS) for order in self.held_orders([position])]
            return self.cross_rate(position, position.mark_price) is not None and None not in rates
        if self.rows(position) is None or self.rule == "uta":
            return self.rows(position) is not None
        part = self.closing_reserve(position) if self.old else self.liquidation_rate()
        return part is not None

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return the maintenance margin."""
        if self.classic_cross(position):
            rate = self.cross_rate(position, price)
            assert rate is not None
            return position.value(self.valued_at(position, price)) * rate
        rate = self.tier(position, price).mmr
        if self.rule == "uta":
            return position.value(price) * rate
        rate += self.funding_part(position)
        if not self.old:
            fee = position.value(price) * self.liquidation_rate()
            return position.value(self.valued_at(position, price)) * rate + fee
        reserve = self.closing_reserve(position)
        assert reserve is not None
        return position.value(position.entry_price) * rate + reserve

    def valued_at(self, position: Position, price: Decimal) -> Decimal:
        """Return the price that the maintenance margin is counted at."""
        at_entry = self.sheet.parameters.get("maintenance_at") == "entry"
        return position.entry_price if at_entry else price

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance; what is reserved for closing is out of the backing already."""
        kept = position.fee_reserve if self.old else ZERO
        return self.maintenance(position, price) - kept

    def requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance plus, in a classic cross pool, the closing fee."""
        fee = position.value(price) * self.taker if self.classic_cross(position) else ZERO
        return self.maintenance(position, price) + fee

    def held_orders(self, positions: Sequence[Position]) -> list[Order]:
        """Return the open orders that belong to a classic cross pool."""
        if self.rule != "classic":
            return []
        settles = {p.contract.settle for p in positions or self.sheet.orders}
        isolated = {p.symbol for p in self.sheet.positions if p.isolated}
        crossed = {p.symbol for p in self.sheet.positions if not p.isolated}
        return [
            o
            for o in self.sheet.orders
            if o.contract.settle in settles and o.symbol not in isolated - crossed
        ]

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return maintenance and closing fees of positions and orders, and fees to open these."""
        members = list(positions)
        needs = super().cross_requirements(members, prices)
        for order in self.held_orders(members):
            rate = self.order_rate(order, prices)
            assert rate is not None
            fees = 2 * self.taker
            needs.append((order.contract.settle, order.value * (rate + fees)))
        return needs

    def orders_maintenance(self, pool: Pool) -> list[tuple[str, Decimal | None]]:
        """Return value * rate of each open order."""
        needs: list[tuple[str, Decimal | None]] = []
        for order in self.held_orders(pool.positions):
            rate = self.order_rate(order, MARKS)
            needs.append((order.contract.settle, None if rate is None else order.value * rate))
        return needs

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return what the older engine keeps for closing, if it is not out of the margin yet."""
        if not self.old:
            return ZERO
        return (self.closing_reserve(position) or ZERO) - position.fee_reserve

    # Initial margin

    def cross_initial_rate(self, position: Position) -> Decimal | None:
        """Return the larger of 1/leverage and the least rate: of the row, or maintenance * f."""
        least = self._factored(position.symbol, self.cross_rate(position, position.mark_price))
        if self.rows(position) is not None:
            least = self.tier(position, position.mark_price).imr or least
        return self._larger(position.leverage, least)

    def _factored(self, symbol: str, rate: Decimal | None) -> Decimal | None:
        factor = self.parameter("f", symbol)
        return None if rate is None or factor is None else rate * factor

    def _larger(self, leverage: Decimal | None, least: Decimal | None) -> Decimal | None:
        rates = [least] if leverage is None else [least, ONE / leverage]
        return max((rate for rate in rates if rate is not None), default=None)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage, in the older engine plus the closing fee."""
        margin = super().opening_margin(position)
        reserve = self.closing_reserve(position) if self.old else ZERO
        return None if margin is None or reserve is None else margin + reserve

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value / leverage: isolated at entry, else at the mark."""
        if self.classic_cross(position):
            share = self.cross_initial_rate(position)
            return None if share is None else snap(position.value(position.mark_price) * share)
        if position.leverage is None:
            return None
        if self.rule != "uta":
            return snap(position.value(position.entry_price) / position.leverage)
        share = ONE / position.leverage
        cut = to_decimals(share, 10, CUT) if self.rounded else share
        return snap(position.value(position.mark_price) * cut)

    def _order_initial(self, order: Order) -> Decimal | None:
        held = [p.leverage for p in self.sheet.positions if p.symbol == order.symbol]
        leverage = order.leverage or next((each for each in held if each is not None), None)
        rate = self.order_rate(order, MARKS)
        least = self._factored(order.symbol, rate)
        if order.tiers is not None:
            least = next(row.imr for row in order.tiers if row.mmr == rate) or least
        share = self._larger(leverage, least)
        return None if share is None else order.value * (share + self.taker)

    def total_initial(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the margin in use: of each contract the larger of its two sides."""
        orders = self.held_orders(pool.positions)
        if not orders:
            return super().total_initial(pool, prices)
        rows = [(p.symbol, p.side, self.initial_margin(p)) for p in pool.positions]
        rows += [(o.symbol, o.side, self._order_initial(o)) for o in orders]
        parts: dict[tuple[str, Decimal], Decimal] = {}
        for symbol, side, margin in rows:
            if margin is None:
                return None
            parts[symbol, side] = parts.get((symbol, side), ZERO) + margin
        settles = {p.symbol: p.contract.settle for p in pool.positions}
        settles |= {o.symbol: o.contract.settle for o in orders}
        sides = [
            (settle, max(parts.get((symbol, ONE), ZERO), parts.get((symbol, -ONE), ZERO)))
            for symbol, settle in settles.items()
        ]
        return pool.total(sides, prices) + self.sheet.account.other_initial_margin

    # Prices

    def shows_estimate(self, pool: Pool) -> bool:
        """Return whether the price for reference is displayed."""
        return isinstance(pool, CrossPool) and self.rule == "classic"

    def to_tick(self, value: Decimal, position: Position, direction: str) -> Decimal:
        """Return a price on the tick."""
        tick = position.contract.tick_size
        return snap(value) if tick is None or not self.rounded else to_step(value, tick, direction)

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:
        """Return a price on the tick, up for a long."""
        return self.to_tick(value, position, UP if net > 0 else DOWN)

    def liquidation_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the root, in a classic cross pool the price for reference."""
        if not isinstance(pool, CrossPool) or self.rule != "classic":
            return super().liquidation_price(pool, position, roots)
        rate = self.cross_rate(position, position.mark_price)
        assert rate is not None
        root = own_share_roots(pool, position, rate + self.taker).for_net(position.side)
        return None if root is None else snap(root)

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return where the margin is gone; in a classic cross pool the position's share of it."""
        if isinstance(pool, CrossPool) and self.rule == "classic":
            root = own_share_roots(pool, position, ZERO).for_net(position.side)
            return None if root is None else snap(root)
        net = pool.net(position.symbol)
        root = roots.for_net(net)
        if root is None:
            return None
        net = roots.side_for_net(net)
        toward = self.sheet.parameters.get("bankruptcy_price_rounding", "entry")
        if not position.isolated or toward == "entry":
            return self.price(root, position, net)
        return self.to_tick(root, position, UP if toward == "up" else DOWN)

    # What is printed

    def fee_to_close(self, position: Position) -> Decimal | None:
        """Return the closing fee, in the older engine the one that is set aside."""
        if not self.old or not position.isolated:
            return super().fee_to_close(position)
        reserve = self.closing_reserve(position)
        return None if reserve is None else snap(reserve)

    def position_figures(self, position: Position) -> Figures:
        """Return rates and largest sizes without tiers in a classic cross pool."""
        figures = super().position_figures(position)
        if not self.classic_cross(position):
            return figures
        if self.rows(position) is not None:
            if self.parameter("f", position.symbol) is not None:
                figures["imr"] = self.cross_initial_rate(position)
            return figures
        rate = self.cross_rate(position, position.mark_price)
        if rate is not None:
            initial = self.cross_initial_rate(position)
            least = self._factored(position.symbol, rate)
            figures |= {
                "mmr": snap(rate),
                "imr": None if least is None or initial is None else snap(initial),
                "max_leverage": None if least is None else snap(ONE / least),
                "deduction": ZERO,
                "tier": ONE,
            }
        return figures

    def largest(self, position: Position) -> Figures:
        """Return the largest size: of the level, of the table, or of the cross formula."""
        formula = self.rows(position) is None or self.parameter("k", position.symbol) is not None
        if self.classic_cross(position) and formula:
            return dict.fromkeys(("max_qty", "max_contracts", "max_notional"))
        return super().largest(position)

    def cap_at_leverage(self, position: Position) -> Decimal | None:
        """Return the cap of the user's level, if one is set, else by leverage."""
        rows = self.rows(position)
        set_by_hand = position.isolated and self.rule != "uta" and rows is not None
        if position.row.get("risk_level") is None or not set_by_hand:
            return super().cap_at_leverage(position)
        return self.tier(position, position.mark_price).cap

    def cross_figures(self, pool: CrossPool, position: Position) -> Figures:
        """Return the largest size in cross: k * ln(free margin * leverage / (k * price) + 1)."""
        k = self.parameter("k", position.symbol)
        in_use = self.in_use(pool, position)
        if not self.classic_cross(position) or k is None or in_use is None:
            return {}
        if position.leverage is None:
            return {}
        free = max(pool.backing(MARKS) - in_use, ZERO) * position.leverage
        price, size = position.entry_price, position.contract.contract_size
        if position.inverse:
            contracts = k * (free * price / k + ONE).ln()
        else:
            contracts = k * (free / (k * price) + ONE).ln() / size
        if self.rounded:
            contracts = to_step(contracts, ONE, CUT)
        qty = contracts * size
        return {
            "max_contracts": snap(contracts),
            "max_qty": snap(qty),
            "max_notional": snap(self._value_of(position, qty, price)),
        }

    def in_use(self, pool: CrossPool, position: Position) -> Decimal | None:
        """Return the margin in use by other positions and by orders."""
        others = [p for p in pool.positions if p is not position]
        margins: list[Decimal | None] = [self.initial_margin(p) for p in others]
        margins += [self._order_initial(order) for order in self.held_orders(pool.positions)]
        if None in margins:
            return None
        account = self.sheet.account
        used = sum((margin for margin in margins if margin is not None), ZERO)
        return used + account.order_margin + account.other_initial_margin

    # Ratios

    def isolated_ratio(self, pool: IsolatedPool) -> Decimal | None:
        """Return maintenance / (margin + profit), with what is reserved on both sides."""
        position = pool.position
        if not self.old:
            return super().isolated_ratio(pool)
        held = pool.backing(MARKS) + position.fee_reserve
        if not pool.determined or held <= 0:
            return None
        return snap(self.maintenance(position, position.mark_price) / held)

    def displayed_ratio(self, pool: Pool) -> Decimal | None:
        """Return the risk rate."""
        if isinstance(pool, CrossPool):
            return self.risk_rate(pool)
        if isinstance(pool, IsolatedPool):
            return self.isolated_ratio(pool)
        return super().displayed_ratio(pool)

    def risk_rate(self, pool: CrossPool) -> Decimal | None:
        """Return (maintenance and closing fees) / (equity - fees to open the orders)."""
        orders = self.held_orders(pool.positions)
        opening = pool.total([(o.contract.settle, o.value) for o in orders], MARKS) * self.taker
        held = pool.backing(MARKS) - opening
        return snap((pool.requirement(MARKS) - opening) / held) if held > 0 else None

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Return the risk rate as the ratio of the account."""
        figures = super().funded_figures(pool, prices, initial, needed)
        if pool.determined:
            figures["margin_ratio"] = self.risk_rate(pool)
        return figures
