"""Which positions share what: the pools of a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.answers.lookup import coins_of
from liqcalc.answers.order_margins import OrderMargin, count_orders
from liqcalc.engine import fees, margins
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.pool import Pool
from liqcalc.engine.position import Coin
from liqcalc.engine.vocabulary import MultiAsset
from liqcalc.engine.words import CrossPool, FeeBasis
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import CollateralMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.marked import Marked


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
    cash = margins.cash(m)
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
    kept = m.reserve if m.mode.fee_in_maintenance_margin is FeeBasis.RESERVE else None
    plan.pool = Pool(m.rules, [m], coins, multi=multi, opening_fees=-(kept or ZERO))
    plan.backing = plan.pool
    return plan


def _cross_plans(found: Resolved, marked: list[Marked]) -> list[PoolPlan]:
    account = found.sheet.account
    given = account.wallet_balance is not None or account.equity is not None
    if not marked and not given and account.collateral is None:
        return [] if found.positions else [_single_plan(found, _only_settle(found), [])]
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


def _only_settle(found: Resolved) -> str:
    """Return the settle currency of a sheet without positions."""
    return next((contract.settle for contract in found.contracts.values()), "USD")


def _single_plan(found: Resolved, settle: str, marked: list[Marked]) -> PoolPlan:
    account = found.sheet.account
    plan = PoolPlan(settle, marked)
    wallet = account.wallet_balance
    if wallet is None and account.collateral:
        rows = [row for row in account.collateral or () if row.asset == settle]
        wallet = rows[0].qty if rows else None
    coins = {settle: Coin(settle, wallet)} if wallet is not None else {}
    _fill(found, plan, coins, None, known=wallet is not None or account.equity is not None)
    return plan


def _multi_plan(found: Resolved, marked: list[Marked]) -> PoolPlan:
    account = found.sheet.account
    plan = PoolPlan("USD", marked)
    marks = {m.contract.base: m.position.mark_price for m in reversed(marked)}
    multi = found.rules.multi_asset or MultiAsset()
    prices = {m.contract.settle: multi.settle_price for m in marked} | marks
    coins = {coin.asset: coin for coin in coins_of(account.collateral or (), prices, multi)}
    for settle, price in prices.items():
        if settle not in coins and any(m.contract.settle == settle for m in marked):
            weight = multi.weight(settle)
            coins[settle] = Coin(settle, ZERO, price, weight, weight)
    if account.wallet_balance is not None and marked:
        settle = marked[0].contract.settle
        coins[settle] = coins[settle]._replace(qty=account.wallet_balance)
    known = account.collateral is not None or account.wallet_balance is not None
    known = known or account.equity is not None
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
    count_orders(found, plan, prices.requirement_price)
    if account.collateral_mode is CollateralMode.PORTFOLIO:
        for m in marked:
            m.missing.append("portfolio margin, whose requirement is not modelled")
    pending = _share_what_is_missing(marked)
    equity = account.equity
    if equity is not None:
        equity -= account.options_value
        for m in marked:
            settle = m.contract.settle
            equity -= (m.owed + m.charged) * prices.held_price(
                settle, coins[settle].qty if coins else ZERO
            )
    reserved = account.order_margin or plan.orders.margin
    locked = reserved if found.rules.orders.margin_locked else ZERO
    pool = Pool(
        found.rules,
        marked,
        coins,
        multi=multi,
        equity=equity,
        other_pnl=account.other_unrealized_pnl - account.options_value,
        other_requirement=_held_by_others(found) + locked,
        other_initial=account.other_initial_margin + reserved,
        orders=plan.orders.unheld,
        opening_fees=locked
        + (plan.orders.fees if found.rules.orders.opening_fee_from_equity else ZERO),
    )
    if known and multi is None and not pending:
        for m in marked:
            if m.takeover_fee_needs_pool:
                fees.count_takeover(m, pool.equity() - m.pnl)
    plan.prices = pool
    if known:
        plan.backing = pool
    if known and not pending:
        plan.pool = pool
        return
    missing = pending if known else ["wallet_balance, equity or collateral of the account"]
    plan.reason = "not known: " + ", ".join(missing)


def _held_by_others(found: Resolved) -> Decimal:
    """Return what positions that are not listed keep from those that are."""
    account = found.sheet.account
    if found.rules.cross_pool is CrossPool.SEPARATE and account.other_initial_margin:
        return account.other_initial_margin
    return account.other_maintenance_margin


def _share_what_is_missing(marked: list[Marked]) -> list[str]:
    """Tell each position what the others lack, and return all of it."""
    pending = [
        f"{what} of {m.contract.symbol}" for m in marked for what in dict.fromkeys(m.missing)
    ]
    for m in marked:
        mine = f" of {m.contract.symbol}"
        m.missing += [what for what in pending if not what.endswith(mine)]
    return pending
