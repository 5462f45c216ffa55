"""A position valued at its mark: everything about it that its mark price decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import fees, formulas, margins
from liqcalc.engine.numbers import ONE, ZERO, to_step
from liqcalc.engine.position import LONG, SHORT
from liqcalc.engine.rates import schedule_in_force
from liqcalc.engine.words import (
    CrossPool,
    FeeBasis,
    FundingInRequirement,
    PairTier,
    TierApplies,
    TierBy,
    ValuedAt,
    ValueRounding,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.numbers import Rounding
    from liqcalc.engine.position import Position
    from liqcalc.engine.tiers import Schedule, Tier
    from liqcalc.engine.vocabulary import ModeRules, Rules


class Marked:
    """A position valued at its mark under its rules; all figures unrounded.

    What cannot be computed is None, and `missing` says what the user must give.

    Attributes:
        pnl: the profit as equity counts it, less `charged`.
        charged: accrued fees that are part of the profit where gains are
            weighted; elsewhere they are `owed` beside it.
        requirement_moves: the maintenance moves with the price.
        tier_moves: another price can put the position into another tier.
        sloped: the rate grows with a size in coins that moves with the price.
    """

    missing: list[str]
    deduction: Decimal
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
        "charged",
        "contract",
        "deduction",
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
        "requirement_moves",
        "reserve",
        "residue",
        "rules",
        "schedule",
        "size",
        "size_qty",
        "sloped",
        "tier",
        "tier_index",
        "tier_moves",
        "unit",
        "unrealized_pnl",
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
        value = contract.value if self.unit is None else self.value_of
        self.entry_value = value(position.qty, self.entry)
        self.value = value(position.qty, position.mark_price)
        self.unrealized_pnl = self._profit()
        self.charged = ZERO if rules.profit is None else position.accrued_fees
        self.pnl = self.unrealized_pnl - self.charged
        self.owed = ZERO if position.isolated else position.accrued_fees - self.charged
        self.required_qty = self.size_qty = position.qty
        if position.orders or position.opposing_qty or position.paired_qty:
            self._find_sizes()
        self._find_tier()
        self._count_margin()
        self._count_fees()
        self.orders_value = self.orders_fee = ZERO
        if position.orders and rules.orders.in_requirement and not position.isolated:
            self._count_orders(position)

    def value_of(self, qty: Decimal, price: Decimal) -> Decimal:
        """Return a value in the settle currency, in whole units where the exchange counts in them.

        Formula:
            total: qty*price (qty/price) rounded to the unit
            per_contract: the value of one contract rounded to the unit, times
            the number of contracts
        """
        contract = self.contract
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

    def up(self, amount: Decimal) -> Decimal:
        """Return money rounded up to a whole unit, where the exchange counts in them."""
        return amount if self.unit is None else to_step(amount, self.unit, "up")

    def valued(self, at: ValuedAt) -> Decimal:
        """Return the position's value at the mark, the entry or the index."""
        position = self.position
        if at is ValuedAt.ENTRY:
            return self.entry_value
        if at is ValuedAt.INDEX and position.index_price is not None:
            return self.value_of(position.qty, position.index_price)
        return self.value

    def _required_value(self, at: ValuedAt) -> Decimal:
        """Return the value of what is required for: with the orders of the worse side filled."""
        value, position = self.valued(at), self.position
        if self.required_qty != position.qty:
            value = value * self.required_qty / position.qty
        return value

    def _find_sizes(self) -> None:
        """Find the quantity that is required for, and the one that picks the tier."""
        position, rules = self.position, self.rules
        qty, orders = position.qty, rules.orders
        if (orders.worst_case or self._grows) and (position.orders or position.opposing_qty):
            same = sum((order.qty for order in position.added), qty)
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

    @property
    def _grows(self) -> bool:
        """Return True if rates grow with a size that holds the open orders already."""
        given = self.position.schedule
        return given is not None and given.continuous is not None and not self.position.isolated

    def _find_tier(self) -> None:
        rules, position = self.rules, self.position
        self.orders_size = self._orders_size() if position.orders else ZERO
        self.residue = self.deduction = ZERO
        schedule = schedule_in_force(position, rules, self._growth_size())
        self.schedule = schedule
        self.requirement_moves = schedule is not None and rules.maintenance_at is not ValuedAt.ENTRY
        self.tier_moves = self.requirement_moves and rules.tier_by is TierBy.VALUE
        self.sloped = (
            schedule is not None and schedule.slope is not None and not self.contract.linear
        )
        self.size = self._size()
        if self.schedule is None or self.size is None:
            self.missing.append("tiers" if self.schedule is None else "contract_size")
            self.tier_index, self.tier, self.maintenance = None, None, None
            return
        self.tier_index = self._row(self.schedule, self.size)
        self.tier = self.schedule.tiers[self.tier_index]
        self.deduction = self.tier.deduction
        if self.deduction and rules.by_contracts:
            self.deduction *= self._required_value(rules.maintenance_at) / self.size
        self.maintenance = self._maintenance(self.tier)
        step = self.mode.requirement_step
        if rules.covered_short_exempt and self.exempt:
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
        if level is None or not self.mode.level_set:
            return schedule.index_at(size)
        return min(level, len(schedule.tiers)) - 1

    def _maintenance(self, tier: Tier) -> Decimal:
        """Return the maintenance margin without fees.

        Formula:
            value*(mmr + payable funding rate) - deduction, at least the
            exchange's minimum; a deduction in contracts counts at their value
        """
        value = self._required_value(self.rules.maintenance_at)
        rate = tier.mmr
        if self.rules.funding_in_requirement is FundingInRequirement.PAYABLE:
            rate += self.payable_funding
        maintenance = self.up(formulas.maintenance(value, rate, self.deduction))
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
        """Return the size of the open orders that helps to pick the tier: of the larger side."""
        rules, contract = self.rules, self.contract
        orders = rules.orders
        if not (orders.pick_tier_isolated if self.position.isolated else orders.pick_tier):
            return ZERO
        if self._grows:
            return ZERO
        sides = {LONG: ZERO, SHORT: ZERO}
        for order in self.position.orders:
            size = order.qty
            if rules.by_contracts:
                size /= contract.contract_size or ONE
            else:
                size = self.value_of(order.qty, order.price)
            sides[order.side] += size
        return max(sides.values())

    def _count_margin(self) -> None:
        """Find the margins, and the fees that they contain."""
        position = self.position
        self.leverage_fee = fees.leverage_fee(self)
        self.initial_margin = margins.initial_margin(
            self, self._required_value(self.mode.initial_margin_at)
        )
        self.reserve = margins.fee_reserve(self)
        if self.reserve is None:
            self.missing.append("leverage" if position.taker is not None else "fees.taker")
        separate = self.rules.cross_pool is CrossPool.SEPARATE and not position.isolated
        if separate and margins.initial_margin(self, self.entry_value) is None:
            self.missing.append("leverage")
        self.margin = margins.isolated_margin(self) if position.isolated else None

    @property
    def requirement_taker(self) -> Decimal | None:
        """Return the taker rate that the exchange's condition has."""
        position = self.position
        return position.taker if position.exchange_taker is None else position.exchange_taker

    def _count_fees(self) -> None:
        self.fee_constant, self.fee_on_value = fees.in_requirement(self)
        self.fee_to_close = fees.fee(self, self.mode.fee_to_close, self.position.taker)

    @property
    def requirement_takes_margin(self) -> bool:
        """Return True if the requirement depends on the position's own margin."""
        return self.mode.fee_in_requirement is FeeBasis.BANKRUPTCY

    @property
    def takeover_fee_needs_pool(self) -> bool:
        """Return True if the fee in the requirement depends on what backs the pool."""
        return not self.position.isolated and self.mode.fee_in_requirement is FeeBasis.BANKRUPTCY

    def _count_orders(self, position: Position) -> None:
        """Find what the open orders that add to a cross position require.

        Formula:
            orders_value*mmr + orders_fee, with
            orders_fee = value*rate of the fees to open and to close
        """
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
        cash = margins.cash(self)
        if cash is None:
            return None
        cash -= fees.bankruptcy_fee(self) + self.charged
        value = formulas.bankruptcy_value(
            self.drift, self.entry_value, cash, fees.bankruptcy_rate(self)
        )
        return self.contract.price_of(value, self.position.qty)

    @property
    def requirement_leaps(self) -> bool:
        """Return True if the requirement can overtake a gain: by whole rates, or a slope."""
        if self.schedule is None:
            return False
        if self.tier is not None and self.tier.mmr >= ONE:
            return True
        if self.rules.tier_applies is TierApplies.MARGINAL:
            return False
        return self.sloped or (self.tier_moves and len(self.schedule.tiers) > 1)

    @property
    def held_rate(self) -> Decimal:
        """Return the rate of a row that does not depend on the price.

        Formula:
            mmr, or by contracts and marginal: mmr - deduction/contracts
        """
        tier = self.tier
        if tier is None:
            return ZERO
        if not tier.deduction or not self.rules.by_contracts or not self.size:
            return tier.mmr
        return tier.mmr - tier.deduction / self.size

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
        initial = margins.initial_margin(self, self.entry_value) or ZERO
        return initial + self.position.extra_margin + (self.reserve or ZERO)
