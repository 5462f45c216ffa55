"""One position, and everything about it that its mark price decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine import formulas
from liqcalc.engine.numbers import ONE, ZERO, to_step
from liqcalc.engine.tiers import Schedule, Tier
from liqcalc.engine.vocabulary import FeeBasis, MarginPart, ValuedAt

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.contract import Contract
    from liqcalc.engine.vocabulary import ModeRules, Rules

LONG, SHORT = 1, -1


class Coin(NamedTuple):
    """An asset that backs a pool, or that the pool owes (qty < 0).

    Weights are the share of its price that counts: `initial_weight` for new
    positions, `maintenance_weight` for the liquidation condition.
    """

    asset: str
    qty: Decimal
    price: Decimal = ONE
    initial_weight: Decimal = ONE
    maintenance_weight: Decimal = ONE


class Order(NamedTuple):
    """An open order: side +1 buy, -1 sell; qty as in positions."""

    symbol: str
    side: int
    qty: Decimal
    price: Decimal
    leverage: Decimal | None = None


class Position(NamedTuple):
    """What a trader holds in one symbol and side; money in the settle currency.

    Attributes:
        contract: the symbol's contract.
        side: +1 long, -1 short.
        qty: base coins (linear) or face value in quote (inverse), above 0.
        entry_price, mark_price: above 0.
        index_price: spot index or oracle; None = the mark.
        schedule: the tier table; None if not known.
        taker: fee rate; None if not known.
        leverage: the setting; None if not given.
        isolated: has its own margin.
        margin: isolated margin without profit; None = what the exchange sets
            aside at opening.
        extra_margin, funding_paid, fee_reserve, accrued_fees: see SHEET names.
        funding_rate: per interval, as quoted.
        max_leverage: the maximum that the exchange reports for the position.
        collateral: coins that back an isolated position.
        orders: open orders of the symbol that add to this position.
    """

    contract: Contract
    side: int
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    schedule: Schedule | None
    taker: Decimal | None = None
    leverage: Decimal | None = None
    isolated: bool = False
    margin: Decimal | None = None
    extra_margin: Decimal = ZERO
    funding_paid: Decimal = ZERO
    funding_rate: Decimal | None = None
    index_price: Decimal | None = None
    max_leverage: Decimal | None = None
    fee_reserve: Decimal = ZERO
    accrued_fees: Decimal = ZERO
    collateral: tuple[Coin, ...] = ()
    orders: tuple[Order, ...] = ()


class Marked:
    """A position valued at its mark under its rules; all figures unrounded.

    Attributes that cannot be computed are None, and `missing` says what the
    user must give.
    """

    missing: list[str]
    schedule: Schedule | None
    tier: Tier | None
    tier_index: int | None
    maintenance: Decimal | None
    size: Decimal | None
    leverage_fee: Decimal | None
    fee_to_close: Decimal | None
    initial_margin: Decimal | None
    margin: Decimal | None

    __slots__ = (
        "contract",
        "drift",
        "entry",
        "entry_value",
        "fee_constant",
        "fee_on_value",
        "fee_to_close",
        "initial_margin",
        "leverage_fee",
        "maintenance",
        "margin",
        "missing",
        "mode",
        "orders_fee",
        "orders_size",
        "orders_value",
        "owed",
        "pnl",
        "position",
        "residue",
        "rules",
        "schedule",
        "size",
        "tier",
        "tier_index",
        "value",
    )

    def __init__(self, position: Position, rules: Rules) -> None:
        contract = position.contract
        self.position = position
        self.rules = rules
        self.contract = contract
        self.mode: ModeRules = rules.mode(isolated=position.isolated)
        self.missing = []
        self.drift = contract.drift(position.side)
        entry = position.entry_price
        self.entry = rules.entry.apply(entry) if rules.entry.rounds else entry
        self.entry_value = contract.value(position.qty, self.entry)
        self.value = contract.value(position.qty, position.mark_price)
        self.pnl = formulas.pnl(self.drift, self.value, self.entry_value)
        self.owed = ZERO if position.isolated else position.accrued_fees
        self._find_tier()
        self._count_fees()
        self._count_orders()
        self._count_margin()

    def _find_tier(self) -> None:
        rules, position = self.rules, self.position
        self.schedule = _schedule_in_force(position, rules)
        at_mark = rules.maintenance_at is ValuedAt.MARK
        value = self.value if at_mark else self.entry_value
        self.orders_size = self._orders_size() if position.orders else ZERO
        self.residue = ZERO
        if rules.by_contracts:
            size = self.contract.contract_size
            self.size = None if size is None else position.qty / size + self.orders_size
        else:
            self.size = value + self.orders_size
        if self.schedule is None or self.size is None:
            self.missing.append("tiers" if self.schedule is None else "contract_size")
            self.tier_index, self.tier, self.maintenance = None, None, None
            return
        self.tier_index = self.schedule.index_at(self.size)
        self.tier = self.schedule.tiers[self.tier_index]
        self.maintenance = formulas.maintenance(value, self.tier.mmr, self.tier.deduction)
        step = self.mode.requirement_step
        if step is not None:
            cut = to_step(self.maintenance, step, "down")
            self.residue = cut - self.maintenance

    def _orders_size(self) -> Decimal:
        rules, contract = self.rules, self.contract
        orders = rules.orders
        if not (orders.pick_tier_isolated if self.position.isolated else orders.pick_tier):
            return ZERO
        if rules.by_contracts:
            size = contract.contract_size or ONE
            return sum((order.qty for order in self.position.orders), ZERO) / size
        values = (contract.value(order.qty, order.price) for order in self.position.orders)
        return sum(values, ZERO)

    @property
    def _needs_leverage_fee(self) -> bool:
        mode, basis = self.mode, FeeBasis.LEVERAGE_BANKRUPTCY
        used = mode.fee_in_requirement is basis or mode.fee_to_close is basis
        return used or mode.fee_in_shown_margins

    def _count_fees(self) -> None:
        """Find the fee to close on the bankruptcy value of the leverage."""
        self.leverage_fee = None
        position = self.position
        if position.taker is None or not self._needs_leverage_fee:
            return
        if not position.taker:
            self.leverage_fee = ZERO
            return
        if position.leverage is None:
            return
        rounding = self.rules.fee_rate
        if not rounding.rounds:
            value = formulas.leverage_bankruptcy_value(
                self.drift, self.entry_value, position.leverage
            )
            self.leverage_fee = value * position.taker
        else:
            rate = formulas.leverage_bankruptcy_value(self.drift, position.taker, position.leverage)
            self.leverage_fee = self.entry_value * rounding.apply(rate)

    def _count_orders(self) -> None:
        """Find what the open orders that add to a cross position require.

        Formula:
            orders_value*mmr + orders_fee, with
            orders_fee = value*(taker + (1 - drift/leverage)*taker)
        """
        self.orders_value = self.orders_fee = ZERO
        position = self.position
        if position.isolated or not position.orders or not self.rules.orders.in_requirement:
            return
        taker = position.taker or ZERO
        for order in position.orders:
            value = self.contract.value(order.qty, order.price)
            self.orders_value += value
            leverage = order.leverage or position.leverage
            if leverage is not None:
                self.orders_fee += value * self.rules.order_fee_rate(self.drift, leverage, taker)
            elif taker:
                self.missing.append("leverage of the orders")

    def _count_margin(self) -> None:
        position = self.position
        self.margin = self._isolated_margin() if position.isolated else None
        self.fee_constant, self.fee_on_value = self._fee_in_requirement()
        self.fee_to_close = self._shown_fee()
        self.initial_margin = None
        if position.leverage is not None:
            at_mark = self.mode.initial_margin_at is ValuedAt.MARK
            self.initial_margin = (self.value if at_mark else self.entry_value) / position.leverage

    def _isolated_margin(self) -> Decimal | None:
        position = self.position
        if position.margin is not None:
            return position.margin + position.extra_margin
        if position.leverage is None:
            self.missing.append("leverage or margin")
            return None
        margin = self.entry_value / position.leverage + position.extra_margin
        for part in self.mode.margin_adds:
            margin += self.part(part)
        for part in self.mode.margin_less:
            margin -= self.part(part)
        return margin

    def part(self, part: MarginPart) -> Decimal:
        """Return one part of the default isolated margin, unrounded."""
        position = self.position
        if part is MarginPart.FUNDING_PAID:
            return position.funding_paid
        if position.taker is None:
            self.missing.append("fees.taker")
            return ZERO
        if part is MarginPart.OPENING_FEE:
            return self.entry_value * position.taker
        assert position.leverage is not None  # noqa: S101 - the caller has divided by it
        value = formulas.leverage_bankruptcy_value(self.drift, self.entry_value, position.leverage)
        return value * position.taker

    @property
    def cash(self) -> Decimal | None:
        """Return the isolated money that backs the position, without profit."""
        if self.margin is None:
            return None
        position = self.position
        return self.margin - position.fee_reserve - position.accrued_fees

    def _fee_in_requirement(self) -> tuple[Decimal, Decimal]:
        """Return the constant fee and the rate on the moving value."""
        basis, taker = self.mode.fee_in_requirement, self.position.taker
        if basis is FeeBasis.NONE:
            return ZERO, ZERO
        if taker is None:
            self.missing.append("fees.taker")
            return ZERO, ZERO
        if basis is FeeBasis.MARK:
            return ZERO, taker
        if basis is FeeBasis.BANKRUPTCY:
            return self._fee_at_bankruptcy(taker), ZERO
        if self.leverage_fee is None:
            self.missing.append("leverage")
        return self.leverage_fee or ZERO, ZERO

    def _fee_at_bankruptcy(self, taker: Decimal) -> Decimal:
        cash = self.cash
        if cash is None:
            return ZERO
        value = formulas.bankruptcy_value(self.drift, self.entry_value, cash, taker)
        return value * taker if value > 0 else ZERO

    def _shown_fee(self) -> Decimal | None:
        basis, taker = self.mode.fee_to_close, self.position.taker
        if basis is FeeBasis.NONE or taker is None:
            return None
        if basis is FeeBasis.MARK:
            return self.value * taker
        if basis is FeeBasis.LEVERAGE_BANKRUPTCY:
            return self.leverage_fee
        price = self.bankruptcy_price()
        if price is None:
            return None
        tick = self.contract.tick_size
        price = self.mode.bankruptcy_price.apply(price, side=self.position.side, tick=tick)
        return self.contract.value(self.position.qty, price) * taker

    def bankruptcy_price(self) -> Decimal | None:
        """Return the price at which the isolated margin is gone, unrounded."""
        cash, position = self.cash, self.position
        if cash is None:
            return None
        fee = (position.taker or ZERO) if self.mode.bankruptcy_pays_fee else ZERO
        value = formulas.bankruptcy_value(self.drift, self.entry_value, cash, fee)
        return self.contract.price_of(value, position.qty)

    @property
    def requirement_has_edges(self) -> bool:
        """Return True if the maintenance moves with the price, by rows of a table."""
        return self.schedule is not None and self.rules.maintenance_at is ValuedAt.MARK

    @property
    def requirement(self) -> Decimal:
        """Return what the liquidation condition demands at the mark; 0 if not known."""
        if self.maintenance is None:
            return ZERO
        total = self.maintenance + self.residue + self.fee_constant
        if self.orders_value and self.tier is not None:
            total += self.orders_value * self.tier.mmr + self.orders_fee
        return total + self.fee_on_value * self.value


def _schedule_in_force(position: Position, rules: Rules) -> Schedule | None:
    """Return the table, or the single rate that a reported maximum leverage sets."""
    schedule, reported, share = (
        position.schedule,
        position.max_leverage,
        rules.reported_leverage_rate,
    )
    if reported is None or share is None:
        return schedule
    if schedule and any(tier.max_leverage == reported for tier in schedule.tiers):
        return schedule
    row = Tier(floor=ZERO, mmr=share / reported, imr=ONE / reported, max_leverage=reported)
    return Schedule((row,), edge_in_lower=rules.edge_in_lower)
