"""One position, and everything about it that its mark price decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine import formulas
from liqcalc.engine.numbers import ONE, ZERO, to_step
from liqcalc.engine.rates import schedule_in_force
from liqcalc.engine.vocabulary import (
    CrossPool,
    FeeBasis,
    FeeRate,
    FundingInRequirement,
    InitialRate,
    MarginPart,
    PairTier,
    TierBy,
    ValuedAt,
    ValueRounding,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.contract import Contract
    from liqcalc.engine.numbers import Rounding
    from liqcalc.engine.tiers import Schedule, Tier
    from liqcalc.engine.vocabulary import ModeRules, Rules

LONG, SHORT = 1, -1
_PROFIT_DISCOUNT = 11 * ONE / 10


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


class CloseStep(NamedTuple):
    """A hypothetical closing step: how much, at which price, with what price impact."""

    qty: Decimal | None = None
    price: Decimal | None = None
    impact: Decimal = ZERO


class Position(NamedTuple):
    """What a trader holds in one symbol and side; money in the settle currency.

    Attributes:
        contract: the symbol's contract.
        side: +1 long, -1 short.
        qty: base coins (linear), face value in quote (inverse), settle units
            per unit of price (quanto); above 0.
        entry_price, mark_price: above 0.
        index_price: spot index or oracle; None = the mark.
        schedule: the tier table; None if not known.
        taker: the account's fee rate; None if not known.
        exchange_taker: the rate that the exchange's condition has, where it
            is not the account's.
        liquidation_fee: rate charged on what is liquidated; None if not known.
        leverage: the setting; None if not given.
        isolated: has its own margin.
        margin: isolated margin without profit; None = what the exchange sets
            aside at opening.
        extra_margin, funding_paid, fee_reserve, accrued_fees: see SHEET names.
        funding_rate: per interval, as quoted.
        max_leverage: the maximum that the exchange reports for the position.
        risk_level: the row that the user has chosen, 1 = lowest.
        collateral: coins that back an isolated position.
        orders: open orders of the symbol that add to this position.
        opposing_qty: quantity of the open orders against it.
        paired_qty: quantity of the position's other leg in the same pool.
        close: a hypothetical closing step.
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
    fee_reserve: Decimal | None = None
    accrued_fees: Decimal = ZERO
    collateral: tuple[Coin, ...] = ()
    orders: tuple[Order, ...] = ()
    exchange_taker: Decimal | None = None
    liquidation_fee: Decimal | None = None
    risk_level: int | None = None
    opposing_qty: Decimal = ZERO
    paired_qty: Decimal = ZERO
    close: CloseStep | None = None


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
    reserve: Decimal | None
    unit: Decimal | None

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
        "required_qty",
        "reserve",
        "residue",
        "rules",
        "schedule",
        "size",
        "size_qty",
        "tier",
        "tier_index",
        "unit",
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
        self.unit = rules.money.unit(contract.settle) if rules.money else None
        self.entry_value = self._value_at(self.entry)
        self.value = self._value_at(position.mark_price)
        self.pnl = self._profit()
        self.owed = ZERO if position.isolated else position.accrued_fees
        self._find_sizes()
        self._find_tier()
        self._count_margin()
        self._count_fees()
        self._count_orders()

    def _value_at(self, price: Decimal) -> Decimal:
        """Return the value at `price`, in whole units where the exchange counts in them.

        Formula:
            total: qty*price (qty/price) rounded to the unit
            per_contract: the value of one contract rounded to the unit, times
            the number of contracts
        """
        contract, qty = self.contract, self.position.qty
        if self.unit is None or self.rules.money is None:
            return contract.value(qty, price)
        how = self.rules.money.value
        if how is ValueRounding.PER_CONTRACT and contract.contract_size:
            one = to_step(contract.value(contract.contract_size, price), self.unit, "half_up")
            return one * (qty / contract.contract_size)
        value = contract.value(qty, price)
        return value if how is ValueRounding.NONE else to_step(value, self.unit, "half_up")

    def _profit(self) -> Decimal:
        reciprocal = self.rules.reciprocal
        if not reciprocal.rounds or self.contract.linear:
            return formulas.pnl(self.drift, self.value, self.entry_value)
        now, then = ONE / self.position.mark_price, ONE / self.entry
        change = reciprocal.apply(now) - reciprocal.apply(then)
        return self.drift * self.position.qty * change

    def counted_profit(self, *, initial: bool = False) -> Decimal:
        """Return how much of the profit counts: a loss in full, a gain at its weight.

        Formula:
            opening: weight = min(initial, 1.1/(1 + imf_factor*sqrt(qty))), at
            most the cap
        """
        weights, pnl = self.rules.profit, self.pnl
        if weights is None or pnl <= 0:
            return pnl
        if not initial:
            return pnl * weights.maintenance
        weight = weights.initial
        if weights.imf_factor:
            root = self.position.qty.sqrt()
            weight = min(weight, _PROFIT_DISCOUNT / (ONE + root * weights.imf_factor))
        gain = pnl * weight
        return gain if weights.initial_cap is None else min(gain, weights.initial_cap)

    def up(self, amount: Decimal) -> Decimal:
        """Return money rounded up to a whole unit, where the exchange counts in them."""
        return amount if self.unit is None else to_step(amount, self.unit, "up")

    def _valued(self, at: ValuedAt) -> Decimal:
        """Return the value of what is required for, at the mark, the entry or the index."""
        position = self.position
        if at is ValuedAt.ENTRY:
            value = self.entry_value
        elif at is ValuedAt.INDEX and position.index_price is not None:
            value = self._value_at(position.index_price)
        else:
            value = self.value
        if self.required_qty != position.qty:
            value = value * self.required_qty / position.qty
        return value

    def _find_sizes(self) -> None:
        """Find the quantity that is required for, and the one that picks the tier."""
        position, rules = self.position, self.rules
        qty = self.required_qty = self.size_qty = position.qty
        orders = rules.orders
        if (orders.worst_case or rules.continuous) and (position.orders or position.opposing_qty):
            same = sum((order.qty for order in position.orders), qty)
            worst = max(same, abs(qty - position.opposing_qty))
            self.size_qty = worst
            if orders.worst_case:
                self.required_qty = worst
        other = position.paired_qty
        if other and rules.pair_tier is not PairTier.OWN and not position.isolated:
            if rules.pair_tier is PairTier.GROSS:
                self.size_qty = qty + other
            elif rules.pair_tier is PairTier.NET:
                self.size_qty = abs(qty - other)
            else:
                self.size_qty = max(qty, other)

    def _find_tier(self) -> None:
        rules, position = self.rules, self.position
        self.orders_size = self._orders_size() if position.orders else ZERO
        self.residue = ZERO
        self.schedule = schedule_in_force(position, rules, self._growth_size())
        self.size = self._size()
        if self.schedule is None or self.size is None:
            self.missing.append("tiers" if self.schedule is None else "contract_size")
            self.tier_index, self.tier, self.maintenance = None, None, None
            return
        self.tier_index = self._row(self.schedule, self.size)
        self.tier = self.schedule.tiers[self.tier_index]
        self.maintenance = self._maintenance(self.tier)
        step = self.mode.requirement_step
        if self.exempt:
            self.residue = -self.maintenance
        elif step is not None:
            cut = to_step(self.maintenance, step, "down")
            self.residue = cut - self.maintenance

    def _growth_size(self) -> Decimal:
        """Return the size that a rate by formula grows with."""
        contract, schedule = self.contract, self.position.schedule
        if contract.linear or schedule is None or self.rules.size_premium is not None:
            return self.size_qty
        if schedule.slope is not None:
            return self.value
        return self.size_qty / (contract.contract_size or ONE)

    def _size(self) -> Decimal | None:
        """Return the size that picks the tier; None if it cannot be counted."""
        by, contract = self.rules.tier_by, self.contract
        if by is TierBy.CONTRACTS:
            per = contract.contract_size
            return None if per is None else self.size_qty / per + self.orders_size
        value = self.entry_value if by is TierBy.ENTRY_VALUE else self.value
        if self.size_qty != self.position.qty:
            value = value * self.size_qty / self.position.qty
        return value + self.orders_size

    def _row(self, schedule: Schedule, size: Decimal) -> int:
        """Return the row that holds `size`, or the level that the user has set."""
        level = self.position.risk_level
        if level is None:
            return schedule.index_at(size)
        return min(level, len(schedule.tiers)) - 1

    def _maintenance(self, tier: Tier) -> Decimal:
        """Return the maintenance margin without fees.

        Formula:
            value*(mmr + payable funding rate) - deduction, at least the
            exchange's minimum
        """
        value = self._valued(self.rules.maintenance_at)
        rate = tier.mmr
        if self.rules.funding_in_requirement is FundingInRequirement.PAYABLE:
            rate += self.payable_funding
        maintenance = self.up(formulas.maintenance(value, rate, tier.deduction))
        least = self.rules.minimum_requirement
        return maintenance if least is None else max(maintenance, least)

    @property
    def exempt(self) -> bool:
        """Return True for a short whose margin is its whole value, where that needs no more."""
        position = self.position
        if not self.rules.covered_short_exempt or not position.isolated or self.contract.linear:
            return False
        return position.side < 0 and position.leverage is not None and position.leverage <= 1

    @property
    def payable_funding(self) -> Decimal:
        """Return the coming funding rate if this side pays it, else 0."""
        rate = self.position.funding_rate
        return ZERO if rate is None else max(ZERO, self.position.side * rate)

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

    def _count_margin(self) -> None:
        """Find the margins, and the fees that they contain."""
        position = self.position
        self._find_leverage_fee()
        self.initial_margin = self._initial(self._valued(self.mode.initial_margin_at))
        self.reserve = self._fee_reserve()
        self.margin = self._isolated_margin() if position.isolated else None

    def _initial(self, value: Decimal) -> Decimal | None:
        """Return the initial margin of a value, without fees.

        Formula:
            value/leverage, value*imr of the tier, or the larger
        """
        leverage = self.position.leverage
        imr = self.tier.imr if self.tier is not None else None
        rule = self.mode.initial_rate
        if rule is InitialRate.LEVERAGE or (imr is None and rule is InitialRate.LARGER):
            return None if leverage is None else self.up(value / leverage)
        if imr is None:
            return None
        if rule is InitialRate.LARGER and leverage is not None and ONE / leverage > imr:
            return self.up(value / leverage)
        return self.up(value * imr)

    @property
    def _needs_leverage_fee(self) -> bool:
        mode, basis = self.mode, FeeBasis.LEVERAGE_BANKRUPTCY
        return basis in {
            mode.fee_in_requirement,
            mode.fee_to_close,
            mode.fee_in_initial_margin,
            mode.fee_in_maintenance_margin,
        }

    def _find_leverage_fee(self) -> None:
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

    def _fee_reserve(self) -> Decimal | None:
        """Return the closing fee that is kept inside the margin; 0 where none is.

        Formula:
            taker * (entry value + initial margin + margin added by hand)
        """
        position, mode = self.position, self.mode
        if position.fee_reserve is not None:
            return position.fee_reserve
        if FeeBasis.RESERVE not in {mode.fee_to_close, mode.fee_in_maintenance_margin}:
            return ZERO
        shared = not position.isolated and self.rules.cross_pool is CrossPool.SHARED
        if shared or self.exempt:
            return ZERO
        initial = self._initial(self.entry_value)
        if not position.taker:
            return ZERO if position.taker is not None else None
        if initial is None:
            return None
        return self.up(position.taker * (self.entry_value + initial + position.extra_margin))

    def _isolated_margin(self) -> Decimal | None:
        position = self.position
        if position.margin is not None:
            return position.margin + position.extra_margin
        if position.leverage is None:
            if not position.collateral:
                self.missing.append("leverage or margin")
                return None
            return position.extra_margin
        initial = self._initial(self.entry_value)
        assert initial is not None  # noqa: S101 - the leverage is known
        margin = initial + position.extra_margin
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
        if part is MarginPart.FEE_RESERVE:
            return self.reserve or ZERO
        if part is MarginPart.OPENING_FEE:
            return self.entry_value * position.taker
        if part is MarginPart.CLOSING_FEE:
            return self.entry_value * (self.requirement_taker or ZERO)
        assert position.leverage is not None  # noqa: S101 - the caller has divided by it
        value = formulas.leverage_bankruptcy_value(self.drift, self.entry_value, position.leverage)
        return value * position.taker

    @property
    def requirement_taker(self) -> Decimal | None:
        """Return the taker rate that the exchange's condition has."""
        position = self.position
        return position.taker if position.exchange_taker is None else position.exchange_taker

    @property
    def impact(self) -> Decimal:
        """Return the price impact of closing, at most 0 and at least the exchange's bound.

        Formula:
            clamp(impact, -impact_cap*entry_value, 0)
        """
        cap, close = self.rules.impact_cap, self.position.close
        if cap is None or close is None:
            return ZERO
        return max(-cap * self.entry_value, min(ZERO, close.impact))

    @property
    def cash(self) -> Decimal | None:
        """Return the isolated money that backs the position, without profit."""
        if self.margin is None:
            return None
        position = self.position
        return self.margin - (self.reserve or ZERO) - position.accrued_fees + self.impact

    def _count_fees(self) -> None:
        self.fee_constant, self.fee_on_value = self._fee_in_requirement()
        self.fee_to_close = self.fee(self.mode.fee_to_close, self.position.taker)

    def _requirement_rate(self) -> Decimal | None:
        if self.mode.requirement_fee is FeeRate.LIQUIDATION:
            return self.position.liquidation_fee
        return self.requirement_taker

    def _fee_in_requirement(self) -> tuple[Decimal, Decimal]:
        """Return the constant fee and the rate on the moving value."""
        basis = self.mode.fee_in_requirement
        if basis is FeeBasis.NONE:
            return ZERO, ZERO
        rate = self._requirement_rate()
        if rate is None:
            self.missing.append(f"fees.{self.mode.requirement_fee}")
            return ZERO, ZERO
        if basis is FeeBasis.MARK:
            return ZERO, rate
        if basis is FeeBasis.BANKRUPTCY:
            return self._fee_at_bankruptcy(rate), ZERO
        if basis is FeeBasis.RESERVE and self.position.isolated:
            return ZERO, ZERO  # the reserve has left the cash already
        fee = self.fee(basis, rate)
        if fee is None:
            self.missing.append("leverage")
        return fee or ZERO, ZERO

    def _fee_at_bankruptcy(self, rate: Decimal) -> Decimal:
        """Return the fee on the value at which the position's own cash is gone."""
        cash = self.cash
        if cash is None:
            return ZERO
        left = self._bankruptcy_rate() if self.mode.bankruptcy_pays_fee else ZERO
        value = formulas.bankruptcy_value(self.drift, self.entry_value, cash, left)
        return value * rate if value > 0 else ZERO

    def count_takeover_fee(self, cash: Decimal) -> None:
        """Count the fee at the bankruptcy price of a cross position, from what backs it."""
        rate = self._requirement_rate()
        if rate:
            value = formulas.bankruptcy_value(self.drift, self.entry_value, cash, ZERO)
            self.fee_constant = value * rate if value > 0 else ZERO

    @property
    def requirement_takes_margin(self) -> bool:
        """Return True if the requirement depends on the position's own margin."""
        return self.mode.fee_in_requirement is FeeBasis.BANKRUPTCY

    @property
    def takeover_fee_needs_pool(self) -> bool:
        """Return True if the fee in the requirement depends on what backs the pool."""
        return not self.position.isolated and self.mode.fee_in_requirement is FeeBasis.BANKRUPTCY

    def fee(self, basis: FeeBasis, rate: Decimal | None) -> Decimal | None:
        """Return a fee to close on the value that `basis` names; None if not known."""
        if basis is FeeBasis.RESERVE:
            return self.reserve
        if basis is FeeBasis.NONE or rate is None:
            return None
        if basis is FeeBasis.MARK:
            return self.value * rate
        if basis is FeeBasis.ENTRY:
            return self.entry_value * rate
        if basis is FeeBasis.LEVERAGE_BANKRUPTCY:
            return self.leverage_fee
        price = self.bankruptcy_price()
        if price is None:
            return None
        tick = self.contract.tick_size
        price = self.mode.bankruptcy_price.apply(price, side=self.position.side, tick=tick)
        return self.contract.value(self.position.qty, price) * rate

    @property
    def fee_in_initial_margin(self) -> Decimal | None:
        """Return the fee that the printed initial margin includes; None if not known."""
        basis = self.mode.fee_in_initial_margin
        return ZERO if basis is FeeBasis.NONE else self.fee(basis, self.requirement_taker)

    @property
    def fee_in_maintenance_margin(self) -> Decimal | None:
        """Return the fee that the printed maintenance margin includes; None if not known."""
        basis = self.mode.fee_in_maintenance_margin
        return ZERO if basis is FeeBasis.NONE else self.fee(basis, self._requirement_rate())

    def _count_orders(self) -> None:
        """Find what the open orders that add to a cross position require.

        Formula:
            orders_value*mmr + orders_fee, with
            orders_fee = value*rate of the fees to open and to close
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
            rate = self.rules.order_fee_rate(self.drift, leverage, taker)
            if rate is not None:
                self.orders_fee += value * rate
            elif taker:
                self.missing.append("leverage of the orders")

    def _bankruptcy_rate(self) -> Decimal:
        """Return the rate of the fee that the bankruptcy price leaves."""
        if self.mode.bankruptcy_fee is FeeRate.LIQUIDATION:
            return self.position.liquidation_fee or ZERO
        return self.requirement_taker or ZERO

    @property
    def bankruptcy_rate(self) -> Decimal:
        """Return the rate, on the moving value, of the fee that the bankruptcy price leaves."""
        if not self.mode.bankruptcy_pays_fee or self.mode.fee_in_requirement is FeeBasis.ENTRY:
            return ZERO
        return self._bankruptcy_rate()

    @property
    def bankruptcy_fee(self) -> Decimal:
        """Return the constant fee that the bankruptcy price leaves: one on the entry value."""
        if not self.mode.bankruptcy_pays_fee or self.mode.fee_in_requirement is not FeeBasis.ENTRY:
            return ZERO
        return self.entry_value * self._bankruptcy_rate()

    def printed(self, price: Decimal, rounding: Rounding, side: int) -> Decimal:
        """Return a price as the exchange prints it.

        Where the exchange counts the value of one contract in whole units,
        that value is rounded first, in the same direction.
        """
        contract, size = self.contract, self.contract.contract_size
        money = self.rules.money
        if money is not None and self.unit and size and money.value is ValueRounding.PER_CONTRACT:
            toward = "up" if (side > 0) is contract.linear else "down"
            one = to_step(contract.value(size, price), self.unit, toward)
            price = contract.price_of(one, size) or ZERO
        return rounding.apply(price, side=side, tick=contract.tick_size)

    def bankruptcy_price(self) -> Decimal | None:
        """Return the price at which the isolated margin is gone, unrounded."""
        cash = self.cash
        if cash is None:
            return None
        cash -= self.bankruptcy_fee
        value = formulas.bankruptcy_value(
            self.drift, self.entry_value, cash, self.bankruptcy_rate
        )
        return self.contract.price_of(value, self.position.qty)

    @property
    def requirement_moves(self) -> bool:
        """Return True if the maintenance moves with the price."""
        return self.schedule is not None and self.rules.maintenance_at is not ValuedAt.ENTRY

    @property
    def tier_moves(self) -> bool:
        """Return True if another price can put the position into another tier."""
        return self.requirement_moves and self.rules.tier_by is TierBy.VALUE

    @property
    def sloped(self) -> bool:
        """Return True if the rate grows with a size in coins that moves with the price."""
        schedule = self.schedule
        return schedule is not None and schedule.slope is not None and not self.contract.linear

    @property
    def requirement(self) -> Decimal:
        """Return what the liquidation condition demands at the mark; 0 if not known."""
        if self.maintenance is None:
            return ZERO
        total = self.maintenance + self.residue + self.fee_constant
        if self.orders_value and self.tier is not None:
            total += self.orders_value * self.tier.mmr + self.orders_fee
        return total + self.fee_on_value * self.value

    @property
    def locked(self) -> Decimal:
        """Return what a cross position locks while another one's price moves.

        Formula:
            shared pools: its requirement
            separate pools: initial margin at entry + margin added + fee reserve
        """
        if self.rules.cross_pool is not CrossPool.SEPARATE or self.position.isolated:
            return self.requirement
        initial = self._initial(self.entry_value) or ZERO
        return initial + self.position.extra_margin + (self.reserve or ZERO)
