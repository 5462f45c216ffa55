"""What open orders add to a cross pool: requirement, initial margin, reserved margin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.position import LONG, SHORT, Position
from liqcalc.engine.words import FeeBasis
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.contract import Contract
    from liqcalc.engine.position import Order


@dataclass(slots=True)
class OrderMargin:
    """What open orders add to a cross pool, in its money, as the exchange prints it.

    `unheld` is, by coin and in it, the unrounded maintenance of those that add
    to no position; the others' is part of their position's requirement.
    `margin` is what they reserve, where the exchange's rule for it is known.
    """

    initial: Decimal | None = ZERO
    maintenance: Decimal | None = ZERO
    unheld: dict[str, Decimal] = field(default_factory=dict)
    fees: Decimal = ZERO
    margin: Decimal = ZERO


def count_orders(found: Resolved, plan: PoolPlan, price_of: Callable[[str], Decimal]) -> None:
    """Count what the open orders add to the pool of `plan`.

    Args:
        found: the sheet with its orders.
        plan: of the pool; its `orders` are filled in.
        price_of: money that one required coin counts as.
    """
    rules = found.rules.orders
    if rules.counted_margin:
        plan.orders.margin = _reserved(found)
    elif rules.margin_locked and not found.sheet.account.order_margin:
        plan.orders.margin = _frozen(found, plan)
    for order in found.orders:
        contract = found.contracts[order.symbol]
        others = all(m.contract.settle != contract.settle for m in plan.marked)
        if others and (plan.marked or contract.settle != plan.currency):
            continue
        if _isolated(found, order):
            continue
        holders = [m for m in plan.marked if m.contract.symbol == order.symbol]
        adds = [m for m in holders if rules.both_sides or m.position.side == order.side]
        taker = next((m.position.taker for m in plan.marked), _taker(found, contract)) or ZERO
        price = price_of(contract.settle)
        plan.orders.fees += contract.value(order.qty, order.price) * taker * price
        if rules.each:
            _add_required(plan, contract.settle, rules.each, price)
        if rules.worst_case and not holders and _worse(found, order):
            _add_order(found, plan, order, None, taker=ZERO, price=price)
        if not rules.in_requirement or (holders and not adds):
            continue
        _add_order(found, plan, order, adds[0] if adds else None, taker=taker, price=price)
    if rules.both_sides and rules.in_requirement and plan.orders.initial is not None:
        plan.orders.initial = _occupied(found, plan)


def _isolated(found: Resolved, order: Order) -> bool:
    """Return True if an order is for an isolated position, apart from the account's pool."""
    held = [p.isolated for p in found.positions if p.contract.symbol == order.symbol]
    return all(held) if held else found.sheet.account.margin_mode is MarginMode.ISOLATED


def _worse(found: Resolved, order: Order) -> bool:
    """Return True if an order is on the larger side of those in its symbol."""
    sides = {LONG: ZERO, SHORT: ZERO}
    for other in found.orders:
        if other.symbol == order.symbol:
            sides[other.side] += other.qty
    larger = LONG if sides[LONG] >= sides[SHORT] else SHORT
    return order.side == larger


def _add_required(plan: PoolPlan, settle: str, amount: Decimal, price: Decimal) -> None:
    """Add an amount that is required for an order whatever its size."""
    plan.orders.unheld[settle] = plan.orders.unheld.get(settle, ZERO) + amount
    if plan.orders.initial is not None:
        plan.orders.initial += amount * price
    if plan.orders.maintenance is not None:
        plan.orders.maintenance += amount * price


def _reserved(found: Resolved) -> Decimal:
    """Return what the open orders reserve: of each symbol, the larger side.

    Orders that only reduce a position reserve nothing.

    Formula:
        initial margin + taker*(value + value + initial margin), rounded up
    """
    sides: dict[tuple[str, int], Decimal] = {}
    for order in found.orders:
        held = [
            p for p in found.positions if p.contract.symbol == order.symbol and p.side != order.side
        ]
        if sum((p.qty for p in held), ZERO) >= order.qty:
            continue
        key = (order.symbol, order.side)
        sides[key] = sides.get(key, ZERO) + _order_margin(found, order)
    symbols = {symbol for symbol, _ in sides}
    return sum((max(sides.get((s, 1), ZERO), sides.get((s, -1), ZERO)) for s in symbols), ZERO)


def _frozen(found: Resolved, plan: PoolPlan) -> Decimal:
    """Return what the listed orders freeze: value / leverage, the position's if none is given."""
    total = ZERO
    for order in found.orders:
        contract = found.contracts[order.symbol]
        leverage = order.leverage or _leverage_set(found, order.symbol)
        if leverage is not None:
            total += contract.value(order.qty, order.price) / leverage
            continue
        for m in plan.marked:
            m.missing.append(f"leverage of the order in {order.symbol}")
    return total


def _leverage_set(found: Resolved, symbol: str) -> Decimal | None:
    """Return the leverage of the sheet's position in a symbol; None if there is none."""
    return next((p.leverage for p in found.positions if p.contract.symbol == symbol), None)


def _order_margin(found: Resolved, order: Order) -> Decimal:
    m = _as_position(found, order)
    initial, taker = m.initial_margin or ZERO, m.position.taker or ZERO
    return initial + m.up(taker * (m.entry_value + m.entry_value + initial))


def _taker(found: Resolved, contract: Contract) -> Decimal | None:
    """Return the account's own rate, or the exchange's list rate."""
    given = found.sheet.fees.taker
    if given is not None:
        return given
    known = found.exchange.fees_on(found.day, contract.product)
    return known.taker if known else None


def _as_position(found: Resolved, order: Order) -> Marked:
    """Return an open order as the position that it would open, valued at its own price."""
    contract = found.contracts[order.symbol]
    _, rules = found.rules_for(contract.product)
    position = Position(
        contract=contract,
        side=order.side,
        qty=order.qty,
        entry_price=order.price,
        mark_price=order.price,
        schedule=found.schedules.get(order.symbol),
        taker=_taker(found, contract),
        leverage=order.leverage or _leverage_set(found, order.symbol),
    )
    return Marked(position, rules)


def _occupied(found: Resolved, plan: PoolPlan) -> Decimal | None:
    """Return what open orders add to the initial margin where the larger side counts.

    Formula, by contract:
        max(|position margin + orders of its side|, |orders of the other side|)
        - position margin; of an order: value*(imr + taker)
    """
    total = ZERO
    for symbol in dict.fromkeys(order.symbol for order in found.orders):
        held = next((m for m in plan.marked if m.contract.symbol == symbol), None)
        side = held.position.side if held else LONG
        margin = held.initial_margin if held else ZERO
        sides = {LONG: ZERO, SHORT: ZERO}
        for order in found.orders:
            if order.symbol != symbol or _isolated(found, order):
                continue
            m = _as_position(found, order)
            if m.initial_margin is None or margin is None:
                return None
            sides[order.side] += m.initial_margin + m.value * (m.position.taker or ZERO)
        total += max((margin or ZERO) + sides[side], sides[-side]) - (margin or ZERO)
    return total


def _add_order(
    found: Resolved,
    plan: PoolPlan,
    order: Order,
    holder: Marked | None,
    *,
    taker: Decimal,
    price: Decimal,
) -> None:
    """Add an order's margins.

    Formula:
        value = value of the order at its price
        fees = value*rate of the fees to open and to close
        initial = value/leverage + fees; maintenance = value*mmr (+ fees where
        the printed margins include them)
    """
    contract, rules = found.contracts[order.symbol], found.rules
    value = contract.value(order.qty, order.price)
    leverage = order.leverage or (holder.position.leverage if holder else None)
    tier = holder.tier if holder else _as_position(found, order).tier
    drift = contract.drift(order.side)
    rate = rules.order_fee_rate(drift, leverage, taker)
    if tier is None or (rate is None and taker):
        what = "tiers" if tier is None else "leverage"
        for m in plan.marked:
            m.missing.append(f"{what} of the order in {order.symbol}")
        plan.orders.initial = plan.orders.maintenance = None
        return
    fees = value * rate if rate is not None else ZERO
    amounts, linear = rules.amounts, contract.linear
    required = value * tier.mmr + fees
    without_fees = rules.cross.fee_in_maintenance_margin is FeeBasis.NONE
    shown = required - fees if without_fees else required
    rounding = amounts.of("maintenance_margin", linear=linear)
    if plan.orders.maintenance is not None:
        plan.orders.maintenance += rounding.apply(shown) * price
    if holder is None:
        known = plan.orders.unheld.get(contract.settle, ZERO)
        plan.orders.unheld[contract.settle] = known + required
    if rules.orders.both_sides:
        return  # `_occupied` counts their initial margin
    if leverage is None:
        plan.orders.initial = None
    elif plan.orders.initial is not None:
        share = rules.leverage_rate.apply(ONE / leverage)
        initial = value * share if rules.leverage_rate.rounds else value / leverage
        rounding = amounts.of("initial_margin", linear=linear)
        plan.orders.initial += rounding.apply(initial + fees) * price
