"""Which positions share what: the pools of a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.answers.resolve import coins_of
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.pool import Pool
from liqcalc.engine.position import Coin, Marked, Order
from liqcalc.engine.vocabulary import MultiAsset
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import CollateralMode

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from liqcalc.answers.resolve import Resolved


@dataclass(slots=True)
class OrderMargin:
    """What open orders add to a cross pool, in its money, as the exchange prints it.

    `unheld` is, by coin and in it, the unrounded maintenance of those that add
    to no position; the others' is part of their position's requirement.
    """

    initial: Decimal | None = ZERO
    maintenance: Decimal | None = ZERO
    unheld: dict[str, Decimal] = field(default_factory=dict)
    fees: Decimal = ZERO


@dataclass(slots=True)
class PoolPlan:
    """A pool, or why there is none.

    Attributes:
        currency: of its money: the settle currency, or USD for several assets.
        marked: its positions.
        pool: None if what backs it, or what it requires, is not known.
        reason: why `pool` is None.
        backing: a pool for the equity alone, known even where the requirement
            is not; None if nothing backs it.
        prices: a pool for the prices of coins alone.
    """

    currency: str
    marked: list[Marked]
    pool: Pool | None = None
    backing: Pool | None = None
    prices: Pool | None = None
    reason: str = ""
    orders: OrderMargin = field(default_factory=OrderMargin)


@dataclass(slots=True)
class Plans:
    """The pools of a sheet: one for each position, and the cross pools."""

    by_position: list[PoolPlan]
    cross: list[PoolPlan]


def plan_pools(found: Resolved, marked: list[Marked]) -> Plans:
    """Return the pools that the positions of a sheet belong to."""
    cross = [m for m in marked if not m.position.isolated]
    pools = _cross_plans(found, cross)
    by_position = []
    for m in marked:
        if m.position.isolated:
            by_position.append(_isolated_plan(m))
        else:
            by_position.append(next(plan for plan in pools if m in plan.marked))
    return Plans(by_position, pools)


def _isolated_plan(m: Marked) -> PoolPlan:
    settle = m.contract.settle
    plan = PoolPlan(settle, [m])
    cash = m.cash
    if cash is None:
        plan.reason = "neither margin nor leverage was given"
        return plan
    coins = {settle: Coin(settle, cash)}
    multi = None
    if m.position.collateral:
        multi = MultiAsset()
        for coin in m.position.collateral:
            held = coin
            if coin.asset == settle:
                held = coin._replace(qty=coin.qty + cash)
            coins[coin.asset] = held
    plan.pool = plan.backing = Pool(m.rules, [m], coins, multi=multi)
    return plan


def _cross_plans(found: Resolved, marked: list[Marked]) -> list[PoolPlan]:
    account = found.sheet.account
    given = account.wallet_balance is not None or account.equity is not None or account.collateral
    if not marked and not given:
        return []
    if account.collateral_mode is not CollateralMode.SINGLE:
        return [_multi_plan(found, marked)]
    settles = list(dict.fromkeys(m.contract.settle for m in marked))
    if len(settles) > 1 and (account.wallet_balance is not None or account.equity is not None):
        money = "wallet_balance" if account.wallet_balance is not None else "equity"
        message = f"{money} is one sum, but the cross positions settle in {' and '.join(settles)}"
        hint = "give account.collateral with a row for each, or one sheet for each"
        raise InputError(Fault("LQ113", f"account.{money}", message, hint))
    if not settles:
        settles = list(dict.fromkeys(contract.settle for contract in found.contracts.values()))
        if len(settles) > 1:
            return []
    return [
        _single_plan(found, settle, [m for m in marked if m.contract.settle == settle])
        for settle in settles
    ]


def _single_plan(found: Resolved, settle: str, marked: list[Marked]) -> PoolPlan:
    account = found.sheet.account
    plan = PoolPlan(settle, marked)
    wallet = account.wallet_balance
    if wallet is None and account.collateral:
        rows = [row for row in account.collateral if row.asset == settle]
        wallet = rows[0].qty if rows else None
    coins = {settle: Coin(settle, wallet)} if wallet is not None else {}
    _fill(found, plan, coins, None, known=wallet is not None or account.equity is not None)
    return plan


def _multi_plan(found: Resolved, marked: list[Marked]) -> PoolPlan:
    account = found.sheet.account
    plan = PoolPlan("USD", marked)
    marks = {m.contract.base: m.position.mark_price for m in reversed(marked)}
    coins = {coin.asset: coin for coin in coins_of(account.collateral, marks)}
    for m in marked:
        settle = m.contract.settle
        if settle not in coins:
            coins[settle] = Coin(settle, ZERO, marks.get(settle, ONE))
    if account.wallet_balance is not None and marked:
        settle = marked[0].contract.settle
        coins[settle] = coins[settle]._replace(qty=account.wallet_balance)
    known = bool(account.collateral) or account.wallet_balance is not None
    known = known or account.equity is not None
    multi = found.rules.multi_asset or MultiAsset()
    _fill(found, plan, coins, multi, known=known)
    return plan


def _fill(
    found: Resolved,
    plan: PoolPlan,
    coins: dict[str, Coin],
    multi: MultiAsset | None,
    *,
    known: bool,
) -> None:
    account, marked = found.sheet.account, plan.marked
    prices = Pool(found.rules, marked, coins, multi=multi)
    _count_orders(found, plan, prices.requirement_price)
    if account.collateral_mode is CollateralMode.PORTFOLIO:
        for m in marked:
            m.missing.append("portfolio margin, whose requirement is not modelled")
    pending = [
        f"{what} of {m.contract.symbol}" for m in marked for what in dict.fromkeys(m.missing)
    ]
    for m in marked:
        mine = f" of {m.contract.symbol}"
        m.missing += [what for what in pending if not what.endswith(mine)]
    equity = account.equity
    if equity is not None:
        equity -= account.options_value
        for m in marked:
            settle = m.contract.settle
            equity -= m.owed * prices.held_price(settle, coins[settle].qty if coins else ZERO)
    pool = Pool(
        found.rules,
        marked,
        coins,
        multi=multi,
        equity=equity,
        other_pnl=account.other_unrealized_pnl - account.options_value,
        other_requirement=account.other_maintenance_margin,
        orders=plan.orders.unheld,
    )
    plan.prices = pool
    if known:
        plan.backing = pool
    if known and not pending:
        plan.pool = pool
        return
    missing = pending if known else ["wallet_balance, equity or collateral of the account"]
    plan.reason = "not known: " + ", ".join(missing)


def _count_orders(found: Resolved, plan: PoolPlan, price_of: Callable[[str], Decimal]) -> None:
    rules = found.rules.orders
    for order in found.orders:
        contract = found.contracts[order.symbol]
        if all(m.contract.settle != contract.settle for m in plan.marked):
            continue
        holders = [m for m in plan.marked if m.contract.symbol == order.symbol]
        adds = [m for m in holders if m.position.side == order.side]
        taker = next((m.position.taker for m in plan.marked), None) or ZERO
        price = price_of(contract.settle)
        plan.orders.fees += contract.value(order.qty, order.price) * taker * price
        apart = not holders and any(p.contract.symbol == order.symbol for p in found.positions)
        if not rules.in_requirement or (holders and not adds) or apart:
            continue
        _add_order(found, plan, order, adds[0] if adds else None, taker=taker, price=price)


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
        fees = value*taker + value*(1 - drift/leverage)*taker
        initial = value/leverage + fees; maintenance = value*mmr + fees
    """
    contract, rules = found.contracts[order.symbol], found.rules
    value = contract.value(order.qty, order.price)
    leverage = order.leverage or (holder.position.leverage if holder else None)
    tier = holder.tier if holder else None
    if tier is None:
        schedule = found.schedules.get(order.symbol)
        tier = schedule.tiers[schedule.index_at(value)] if schedule else None
    if tier is None or (leverage is None and taker):
        what = "tiers" if tier is None else "leverage"
        for m in plan.marked:
            m.missing.append(f"{what} of the order in {order.symbol}")
        plan.orders.initial = plan.orders.maintenance = None
        return
    drift = contract.drift(order.side)
    fees = value * rules.order_fee_rate(drift, leverage, taker) if leverage is not None else ZERO
    amounts, linear = rules.amounts, contract.linear
    required = value * tier.mmr + fees
    rounding = amounts.of("maintenance_margin", linear=linear)
    if plan.orders.maintenance is not None:
        plan.orders.maintenance += rounding.apply(required) * price
    if holder is None:
        known = plan.orders.unheld.get(contract.settle, ZERO)
        plan.orders.unheld[contract.settle] = known + required
    if leverage is None:
        plan.orders.initial = None
    elif plan.orders.initial is not None:
        share = rules.leverage_rate.apply(ONE / leverage)
        initial = value * share if rules.leverage_rate.rounds else value / leverage
        rounding = amounts.of("initial_margin", linear=linear)
        plan.orders.initial += rounding.apply(initial + fees) * price
