"""BitMEX, from the facts on BitMEX margin.

Money is whole units of `money_step`. Sections 3 and 5: the entry value is rounded to the nearest
unit, per contract (until 2021) or in total; margins are rounded up. Section 4: maintenance =
entry value * (rate + funding rate if this side pays), rate of the whole position by value at the
mark plus orders of the larger side. Section 3: fee reserve = taker * (entry value + initial
margin + margin added), inside both margin and maintenance. Section 5: condition inclusive; value
per contract, then price, rounded toward the mark. Head of the cases: a cross pool is `separate`
(each position draws on what the margins of the others leave) or `shared` (no reserve).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import (
    DOWN,
    NEAREST,
    ONE,
    UP,
    ZERO,
    Contract,
    Order,
    Position,
    Sheet,
    maybe,
    snap,
    to_step,
)
from tests.slow.pools import CrossPool, IsolatedPool, MultiPool, SinglePool
from tests.slow.prices import MARKS, Prices

if TYPE_CHECKING:
    from tests.slow.pools import Pool, Roots

TOTAL_ROUNDED_FROM = "2021-12-01"
SHARED_FROM = "2025-12-31"
STEPS = {"USDT": Decimal("0.000001"), "XBT": Decimal("0.00000001")}


class Wallet(SinglePool):
    """All cross positions of one settle currency; profits are whole units while marks stand."""

    rules: Bitmex

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits."""
        listed = sum((self.rules.profit(p, prices) for p in self.positions), ZERO)
        return listed + self.sheet.account.other_unrealized_pnl

    def bankruptcy_health(self, prices: Prices) -> Decimal:
        """Return what is left beyond the fee reserves."""
        kept = (self.rules.bankruptcy_fee(p, prices.of(p)) for p in self.positions)
        return self.backing(prices) - sum(kept, ZERO)


class Part(Wallet):
    """The position of one symbol, with what the margins of the others leave in the wallet."""

    def __init__(self, whole: Wallet, symbol: str) -> None:
        """Look at `symbol` alone."""
        super().__init__(whole.sheet, whole.rules, whole.positions)
        self.whole, self.symbol = whole, symbol
        self.positions = tuple(p for p in whole.positions if p.symbol == symbol)

    @cached_property
    def wallet(self) -> Decimal | None:
        """Return the cash that no other position holds, and the profits of the others."""
        others = [p for p in self.whole.positions if p not in self.positions]
        held = [self.rules.held(p) for p in others]
        known = [margin for margin in held if margin is not None]
        if self.whole.wallet is None or len(known) < len(held):
            return None
        return self.whole.wallet - sum(known, ZERO) - self.sheet.account.other_initial_margin

    def profit(self, prices: Prices) -> Decimal:
        """Return all profits, those of the others too."""
        return self.whole.profit(prices)

    def requirement(self, prices: Prices) -> Decimal:
        """Return the own requirement."""
        return self.total(self.rules.cross_requirements(self.positions, prices), prices)

    def all_moved(self, factor: Decimal) -> Prices:
        """Return all marks of the wallet times `factor`."""
        return self.whole.all_moved(factor)


class Shared(MultiPool):
    """All cross positions and all coins; profits are whole units while marks stand."""

    rules: Bitmex

    def gains(self, asset: str, prices: Prices) -> Decimal:
        """Return the profits settled in `asset`."""
        members = [p for p in self.positions if p.contract.settle == asset]
        return sum((self.rules.profit(p, prices) for p in members), ZERO)


class Bitmex(Rules):
    """Rules of BitMEX."""

    whole_rates = True
    multi_pool = Shared

    def __init__(self, sheet: Sheet, *, rounded: bool) -> None:
        """Give each position the entry price that its rounded entry value makes."""
        super().__init__(sheet, rounded=rounded)
        self.reserves = {p.index: p.fee_reserve for p in sheet.positions if p.fee_reserve}
        self.sheet = replace(sheet, positions=tuple(self._at_cost(p) for p in sheet.positions))

    def _at_cost(self, position: Position) -> Position:
        cost = self.money_value(position, position.entry_price)
        entry = position.entry_price
        if cost > 0:
            entry = position.qty / cost if position.inverse else cost / position.qty
        return replace(position, entry_price=entry, fee_reserve=ZERO)

    # Which engine

    def _since(self, day: str) -> bool:
        return self.sheet.as_of is None or self.sheet.as_of >= day

    @property
    def per_contract(self) -> bool:
        """Return whether the value of one contract is rounded, then multiplied."""
        default = "total" if self._since(TOTAL_ROUNDED_FROM) else "per_contract"
        if self.sheet.rules is not None:
            default = "per_contract" if self.sheet.rules == "per_contract" else "total"
        return bool(self.sheet.parameters.get("value_rounding", default) == "per_contract")

    @property
    def shared(self) -> bool:
        """Return whether cross positions share all cash but maintenance."""
        default = "shared" if self._since(SHARED_FROM) else "separate"
        if self.sheet.rules is not None:
            default = "shared" if self.sheet.rules == "shared_pool" else "separate"
        return bool(self.sheet.parameters.get("cross_pool", default) == "shared")

    # Money

    def step(self, contract: Contract) -> Decimal | None:
        """Return the unit of money, where it is known."""
        given = maybe(self.sheet.parameters.get("money_step"))
        return given or STEPS.get(contract.settle)

    def whole(self, value: Decimal, contract: Contract, direction: str) -> Decimal:
        """Return an amount in whole units."""
        step = self.step(contract)
        return value if step is None else to_step(value, step, direction)

    def up(self, value: Decimal, contract: Contract) -> Decimal:
        """Return an amount rounded up to whole units."""
        return self.whole(value, contract, UP)

    def money_value(self, held: Position | Order, price: Decimal) -> Decimal:
        """Return a value in whole units."""
        contract = held.contract
        if not self.per_contract:
            return self.whole(_plain_value(contract, held.qty, price), contract, NEAREST)
        one = _plain_value(contract, contract.contract_size, price)
        return self.whole(one, contract, NEAREST) * held.qty / contract.contract_size

    def cost(self, position: Position) -> Decimal:
        """Return the entry value in whole units."""
        return self.money_value(position, position.entry_price)

    def position_notional(self, position: Position) -> Decimal:
        """Return the value at the mark in whole units."""
        return self.money_value(position, position.mark_price)

    def profit(self, position: Position, prices: Prices) -> Decimal:
        """Return the profit, in whole units while the mark stands."""
        if position.index in prices.moved:
            return position.pnl(prices.of(position))
        return self.unrealized_pnl(position)

    def unrealized_pnl(self, position: Position) -> Decimal:
        """Return the difference of both values in whole units."""
        grown = self.position_notional(position) - self.cost(position)
        return -position.side * grown if position.inverse else position.side * grown

    # Tiers

    def orders_of(self, symbol: str, side: int) -> list[Order]:
        """Return the open orders of one symbol and side."""
        return [o for o in self.sheet.orders if o.symbol == symbol and o.side == side]

    def orders_value(self, symbol: str) -> Decimal:
        """Return the value of the open orders on the larger side."""
        sides = [[self.money_value(o, o.price) for o in self.orders_of(symbol, s)] for s in (1, -1)]
        return max(sum(values, ZERO) for values in sides)

    def risk_value(self, position: Position) -> Decimal:
        """Return the value at the mark plus that of the open orders on the larger side."""
        return self.position_notional(position) + self.orders_value(position.symbol)

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the risk value now: the limit is set by hand and stays."""
        return self.risk_value(position)

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the tier stays."""
        return []

    # Margins

    def imr(self, position: Position) -> Decimal | None:
        """Return 1/leverage, not below the tier's rate; the tier's alone will do."""
        rates = []
        if self.rows(position) is not None:
            rates.append(self.tier(position, position.mark_price).imr)
        if position.leverage is not None:
            rates.append(ONE / position.leverage)
        return max((rate for rate in rates if rate is not None), default=None)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return entry value * initial rate, rounded up."""
        rate = self.imr(position)
        return None if rate is None else self.up(self.cost(position) * rate, position.contract)

    def _covered(self, position: Position) -> bool:
        """Return whether it is an isolated inverse short without leverage."""
        alone = position.isolated and position.inverse and position.side < 0
        return alone and position.leverage is not None and position.leverage <= 1

    def reserve(self, position: Position) -> Decimal | None:
        """Return the reserve for the closing fee."""
        if position.index in self.reserves:
            return self.reserves[position.index]
        shared = not position.isolated and self.shared
        if shared or self.sheet.taker == 0 or self._covered(position):
            return ZERO
        initial = self.initial_margin(position)
        if initial is None:
            return None
        base = self.cost(position) + initial + position.extra_margin
        return self.up(self.sheet.taker * base, position.contract)

    def can_require(self, position: Position) -> bool:
        """Return whether the table and the reserve are known."""
        return super().can_require(position) and self.reserve(position) is not None

    def maintenance(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return entry value * (rate + payable funding), rounded up, plus the reserve."""
        payable = max(position.side * (position.funding_rate or ZERO), ZERO)
        rate = self.tier(position, position.mark_price).mmr + payable
        reserve = self.reserve(position)
        assert reserve is not None
        return self.up(self.cost(position) * rate, position.contract) + reserve

    def isolated_requirement(self, position: Position, price: Decimal) -> Decimal:
        """Return maintenance; a covered short is never liquidated before its margin is gone."""
        return ZERO if self._covered(position) else self.maintenance(position, price)

    def bankruptcy_fee(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the reserve, which is not there to be lost."""
        return self.reserve(position) or ZERO

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the bankruptcy price, none if a reserve is not known."""
        if any(self.reserve(p) is None for p in pool.positions):
            return None
        return super().bankruptcy_price(pool, position, roots)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return initial margin plus reserve."""
        initial, reserve = self.initial_margin(position), self.reserve(position)
        return None if initial is None or reserve is None else initial + reserve

    def margin(self, position: Position) -> Decimal | None:
        """Return the isolated margin; what the exchange sets aside goes by the leverage."""
        if position.margin is None and position.leverage is None:
            return None
        return super().margin(position)

    def held(self, position: Position) -> Decimal | None:
        """Return the margin that a cross position holds."""
        if self.shared:
            known = self.can_require(position)
            return self.maintenance(position, position.mark_price) if known else None
        opening = self.opening_margin(position)
        return None if opening is None else opening + position.extra_margin

    # Pools

    def cross_pools(self, positions: list[Position]) -> list[CrossPool]:
        """Return one pool a settle currency, in a separate wallet one a symbol."""
        settles = list(dict.fromkeys(p.contract.settle for p in positions))
        account = self.sheet.account
        if account.collateral_mode != "single" and not self.shared:
            message = "separate margins in a pool of several assets are not judged here"
            raise NotImplementedError(message)
        if account.collateral_mode != "single" or len(settles) > 1:
            money = account.wallet_balance is not None or account.equity is not None
            if account.collateral_mode != "single" or money:
                return []  # pools that are not of this exchange alone, or refused
        wholes = [
            Wallet(self.sheet, self, [p for p in positions if p.contract.settle == settle])
            for settle in settles
        ]
        if self.shared:
            return list(wholes)
        return [
            Part(whole, symbol)
            for whole in wholes
            for symbol in dict.fromkeys(p.symbol for p in whole.positions)
        ]

    # Prices

    def price(self, value: Decimal, position: Position, net: Decimal) -> Decimal:
        """Return a price: value per contract, then tick, rounded so that it comes earlier."""
        if not self.rounded:
            return snap(value)
        contract = position.contract
        price, direction = value, UP if net > 0 else DOWN
        if self.per_contract:
            one = _plain_value(contract, contract.contract_size, value)
            turned = DOWN if net > 0 else UP
            one = self.whole(one, contract, turned if position.inverse else direction)
            if one == 0:
                return ZERO
            size = contract.contract_size
            price = size / one if position.inverse else one / size
        tick = contract.tick_size
        return snap(price) if tick is None else to_step(price, tick, direction)

    # What is printed

    def position_figures(self, position: Position) -> Figures:
        """Add entry value, reserve, risk value and, in cross, the margin held."""
        figures = super().position_figures(position)
        row = None
        if self.rows(position) is not None:
            row = self.tier(position, position.mark_price)
        rate = None if row is None else row.imr
        figures |= {
            "imr": rate,
            "max_leverage": row.max_leverage if row else None,
            "entry_notional": self.cost(position),
            "fee_to_close": self.reserve(position),
            "risk_value": self.risk_value(position),
        }
        if not position.isolated:
            figures["margin"] = self.held(position)
        return figures

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the margin call, which is the liquidation, its share of the mark, maintenance."""
        shown = self.liquidation_price(pool, position, roots) or None
        needed = None if shown is None else self.maintenance(position, shown)
        root = None if shown is None else roots.for_net(pool.net(position.symbol))
        return {
            "margin_call_price": shown,
            "liquidation_ratio": None if root is None else snap(root / position.mark_price),
            "maintenance_margin_at_liquidation": needed,
        }

    def isolated_ratio(self, pool: IsolatedPool) -> Decimal | None:
        """Return requirement / (margin + profit), all in whole units."""
        balance = pool.margin + self.unrealized_pnl(pool.position)
        if not pool.determined or balance <= 0:
            return None
        return snap(pool.requirement(MARKS) / balance)

    # The account

    def bare_account_figures(self) -> Figures:
        """Return what open orders reserve."""
        settles = list(dict.fromkeys(o.contract.settle for o in self.sheet.orders))
        return {"order_margin": self.order_margin(settles[0])} if settles else {}

    def account_figures(self, pool: CrossPool, prices: Prices) -> Figures:
        """Return the totals of the whole wallet."""
        whole = pool.whole if isinstance(pool, Part) else pool
        figures = super().account_figures(whole, prices)
        settles = [p.contract.settle for p in whole.positions]
        settles += [order.contract.settle for order in self.sheet.orders]
        return figures | {"order_margin": self.order_margin(settles[0] if settles else "")}

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Return totals in whole units; what is locked depends on the kind of wallet."""
        figures = super().funded_figures(pool, prices, initial, needed)
        equity = pool.backing(prices)
        figures["margin_ratio"] = None
        if needed is not None and equity > 0:
            figures["margin_ratio"] = snap(needed / equity)
        settles = [p.contract.settle for p in pool.positions]
        settles += [order.contract.settle for order in self.sheet.orders]
        orders = self.order_margin(settles[0] if settles else "")
        free = None
        if initial is not None and orders is not None:
            free = snap(pool.available_backing(prices) - initial - orders)
        return figures | {"available_balance": free}

    # Orders

    def order_margin(self, settle: str) -> Decimal | None:
        """Return what open orders reserve: of each symbol the larger side, less reductions."""
        if self.sheet.account.order_margin:
            return self.sheet.account.order_margin
        total = ZERO
        orders = [o for o in self.sheet.orders if o.contract.settle == settle]
        for symbol in dict.fromkeys(o.symbol for o in orders):
            sides = [self._side_margin(symbol, side) for side in (1, -1)]
            _, margin = max(sides, key=lambda pair: pair[0])
            if margin is None:
                return None
            total += margin
        return total

    def _side_margin(self, symbol: str, side: int) -> tuple[Decimal, Decimal | None]:
        """Return (cost, margin) of the orders of one side that do not reduce."""
        orders = self.orders_of(symbol, side)
        if not orders:
            return ZERO, ZERO
        position = next((p for p in self.sheet.positions if p.symbol == symbol), None)
        free = position.qty if position is not None and position.side == -side else ZERO
        total = sum((o.qty for o in orders), ZERO)
        share = max(total - free, ZERO) / total
        cost = sum((self.money_value(o, o.price) for o in orders), ZERO) * share
        rates = [self._order_rate(o, position) for o in orders]
        initial = premium = ZERO
        for order, rate in zip(orders, rates, strict=True):
            if rate is None:
                return cost, None
            initial += self.money_value(order, order.price) * rate * share
            premium += self._premium(order, position) * share
        contract = orders[0].contract
        initial = self.up(initial, contract)
        fees = self.up(self.sheet.taker * (cost + cost + initial), contract)
        return cost, initial + fees + self.up(premium, contract)

    def _order_rate(self, order: Order, position: Position | None) -> Decimal | None:
        """Return the initial rate of an order: 1/leverage, not below the tier's."""
        held = order.leverage or (None if position is None else position.leverage)
        size = self.orders_value(order.symbol)
        if position is not None:
            size = self.risk_value(position)
        rates = [] if held is None else [ONE / held]
        rows = order.tiers or ()
        inside = [row for row in rows if row.cap is None or self.inside(size, row.cap)]
        rates += [row.imr for row in (*inside, *rows[-1:])[:1] if row.imr is not None]
        return max(rates, default=None)

    def _premium(self, order: Order, position: Position | None) -> Decimal:
        """Return the loss of a buy above or a sell below the mark."""
        if position is None:
            return ZERO
        there = self.money_value(order, order.price)
        grown = self.money_value(order, position.mark_price) - there
        profit = -order.side * grown if position.inverse else order.side * grown
        return max(-profit, ZERO)


def _plain_value(contract: Contract, qty: Decimal, price: Decimal) -> Decimal:
    return qty / price if contract.product == "inverse" else qty * price
