"""The figures of an account: one cross pool, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import AccountFigures
from liqcalc.answers.health.gauge import gauge
from liqcalc.engine.closing import (
    buffered_equity,
    buffered_requirement,
    health_percent,
    liquidator_fee,
)
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.pool import covered
from liqcalc.engine.ratios import condition_parts, displayed_ratio, margin_ratio, total_initial
from liqcalc.engine.result import Figures
from liqcalc.engine.words import DisplayedRatio, Netting

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.result import PositionResult


def account_figures(
    found: Resolved, plan: PoolPlan, results: list[PositionResult]
) -> AccountFigures:
    """Return the totals of a cross pool.

    Formula:
        equity = what is held + unrealised profit, each coin at its price
        initial_margin, maintenance_margin = sums of the positions' printed
            amounts at the coin's price for requirements, and of the orders'
        margin_ratio = requirement / equity
        available_balance = equity (initial weights) - initial_margin - order_margin
    """
    figures = Figures()
    account = found.sheet.account
    maintenance = _maintenance(found, plan, results)
    initial = _initial(found, plan, results)
    reserved = account.order_margin or plan.orders.margin
    _put(figures, found, "maintenance_margin", maintenance, "a position's tiers are not known")
    unknown = _why_no_initial(results)
    _put(figures, found, "initial_margin", initial, unknown)
    figures.put("order_margin", reserved)
    _own_figures(figures, found, plan, initial)
    if plan.backing is None:
        return _unbacked(figures, found, plan, results)
    _put_money(figures, found, plan.backing, results)
    available = None
    if initial is not None:
        weighted = plan.backing.equity(initial=True)
        available = weighted - initial - reserved
    _put(figures, found, "available_balance", available, unknown)
    liquidatable = _ratios(figures, found, plan, initial)
    if "available_after_maintenance" in found.exchange.meta.figures:
        after = None if maintenance is None else plan.backing.equity() - maintenance
        _put(figures, found, "available_after_maintenance", after, "tiers are not known")
    return _frozen(figures, found, plan, liquidatable=liquidatable)


def _frozen(
    figures: Figures, found: Resolved, plan: PoolPlan, *, liquidatable: bool | None
) -> AccountFigures:
    rules = plan.marked[0].rules if plan.marked else found.rules
    return AccountFigures(
        plan.currency,
        figures.shown,
        figures.exact,
        figures.reasons,
        liquidatable=liquidatable,
        gauge=gauge(found.exchange.meta, rules, isolated=False),
    )


def _why_no_initial(results: list[PositionResult]) -> str:
    """Return why the sum of initial margins is not known."""
    for result in results:
        if result.figures.shown.get("initial_margin") is None:
            reason = result.figures.reasons.get("initial_margin", "")
            return f"{result.marked.contract.symbol}: {reason}"
    return "the leverage or the tiers of an order are not known"


def _maintenance(found: Resolved, plan: PoolPlan, results: list[PositionResult]) -> Decimal | None:
    total = _total(found, plan, results, "maintenance_margin")
    if total is None or plan.orders.maintenance is None:
        return None
    total += found.sheet.account.other_maintenance_margin + plan.orders.maintenance
    return total + (plan.backing.borrow_requirement() if plan.backing else ZERO)


def _initial(found: Resolved, plan: PoolPlan, results: list[PositionResult]) -> Decimal | None:
    total = _total(found, plan, results, "initial_margin")
    if total is None or plan.orders.initial is None:
        return None
    if plan.backing is not None and plan.backing.profit_apart:
        total += plan.backing.borrow_requirement(initial=True)
    return total + found.sheet.account.other_initial_margin + plan.orders.initial


def _unbacked(
    figures: Figures, found: Resolved, plan: PoolPlan, results: list[PositionResult]
) -> AccountFigures:
    """Return what is known without cash, equity or collateral: margins and profit."""
    for name in _BACKED:
        figures.none(name, plan.reason)
    if plan.prices is not None:
        profit = _profit(results, plan.prices, found.sheet.account.other_unrealized_pnl)
        del figures.reasons["unrealized_pnl"]
        figures.put_rounded("unrealized_pnl", profit, found.rules.account.of("unrealized_pnl"))
    return _frozen(figures, found, plan, liquidatable=None)


def _own_figures(
    figures: Figures, found: Resolved, plan: PoolPlan, initial: Decimal | None
) -> None:
    """Add the figures of an account that only this exchange has."""
    rule, backing, pool = found.rules.liquidators, plan.backing, plan.pool
    named = found.exchange.meta.figures
    if rule is not None:
        fee = liquidator_fee(rule)
        if fee is not None:
            figures.put("liquidator_fee_rate", fee)
        if backing is not None:
            figures.put("initial_margin_balance", backing.equity(initial=True))
            if initial is not None:
                buffered = initial + rule.buffer * backing.liability_value()
                figures.put("initial_margin_with_buffer", buffered)
        if pool is not None:
            shortage = buffered_requirement(pool, rule) - buffered_equity(pool, rule)
            figures.put("margin_shortage", max(ZERO, shortage))
            equity, requirement = pool.equity(), pool.requirement()
            ended = equity < requirement
            figures.put("health", health_percent(equity, requirement, liquidatable=ended))
    if "leverage" in named and backing is not None:
        _leverage_figures(figures, backing, initial)


def _leverage_figures(figures: Figures, backing: Pool, initial: Decimal | None) -> None:
    """Add how far the account is levered and used up.

    Formula:
        leverage = sum of values / equity; margin_usage = initial margin / equity
    """
    equity = backing.equity()
    if equity <= 0:
        for name in ("leverage", "margin_usage"):
            figures.none(name, "nothing is left that backs the account")
        return
    values = (m.value * backing.requirement_price(m.contract.settle) for m in backing.marked)
    figures.put("leverage", sum(values, ZERO) / equity)
    if initial is not None:
        figures.put("margin_usage", initial / equity)


def _put_money(
    figures: Figures, found: Resolved, backing: Pool, results: list[PositionResult]
) -> None:
    account, rounding = found.sheet.account, found.rules.account
    equity = backing.equity()
    profit = _profit(results, backing, account.other_unrealized_pnl)
    if account.equity is None:
        wallet = _wallet(backing)
    else:
        unrounded = _profit(results, backing, account.other_unrealized_pnl, exact=True)
        wallet = account.equity - unrounded
    whole = equity + account.options_value
    for name, value in (("equity", whole), ("unrealized_pnl", profit), ("wallet_balance", wallet)):
        figures.put_rounded(name, value, rounding.of(name))
    figures.put_rounded("margin_balance", equity, rounding.of("equity"))


_BACKED = (
    "equity",
    "unrealized_pnl",
    "wallet_balance",
    "margin_balance",
    "available_balance",
    "margin_ratio",
    "initial_margin_ratio",
    "displayed_margin_ratio",
)


def _put(figures: Figures, found: Resolved, name: str, value: Decimal | None, reason: str) -> None:
    if value is None:
        figures.none(name, reason)
    else:
        figures.put_rounded(name, value, found.rules.account.of(name))


def _total(
    found: Resolved, plan: PoolPlan, results: list[PositionResult], name: str
) -> Decimal | None:
    """Return the sum of a printed figure, without the sides that netting leaves out.

    The legs of one symbol are set against each other in maintenance alone.
    """
    amounts = []
    for result in results:
        amount = result.figures.shown.get(name)
        if amount is None:
            return None
        settle = result.marked.contract.settle
        amounts.append(amount * (plan.prices.requirement_price(settle) if plan.prices else 1))
    marked = [result.marked for result in results]
    netting = found.rules.netting
    if netting is Netting.BASE or (netting is Netting.SYMBOL and name == "maintenance_margin"):
        left_out = covered(found.rules, marked, amounts)
        both = zip(marked, amounts, strict=True)
        amounts = [amount for m, amount in both if m not in left_out]
    return sum(amounts, ZERO)


def _profit(
    results: list[PositionResult], backing: Pool, other: Decimal, *, exact: bool = False
) -> Decimal:
    amounts = backing.held()
    total = other
    for result in results:
        settle = result.marked.contract.settle
        figures = result.figures.exact if exact else result.figures.shown
        profit = figures["unrealized_pnl"] or ZERO
        if backing.profit_uncut:
            total += profit * backing.requirement_price(settle)
        else:
            total += profit * backing.held_price(settle, amounts.get(settle, ZERO))
    return total


def _wallet(backing: Pool) -> Decimal:
    coins = [
        (asset, coin)
        for asset, coin in backing.coins.items()
        if coin.qty > 0 or not backing.profit_apart
    ]
    return sum((coin.qty * backing.held_price(asset, coin.qty) for asset, coin in coins), ZERO)


def _ratios(
    figures: Figures, found: Resolved, plan: PoolPlan, initial: Decimal | None
) -> bool | None:
    rounding, pool = found.rules.account, plan.pool
    names = ("margin_ratio", "initial_margin_ratio", "displayed_margin_ratio")
    if pool is None:
        for name in names:
            figures.none(name, plan.reason)
        return None
    equity, requirement = condition_parts(pool)
    ratio = margin_ratio(equity, requirement)
    held = equity if found.rules.orders.margin_locked else pool.equity()
    share = None if initial is None or held <= 0 else initial / held
    shown = ratio
    kind = plan.marked[0].mode.displayed_ratio if plan.marked else found.rules.cross.displayed_ratio
    if kind is not DisplayedRatio.REQUIREMENT_TO_EQUITY:
        fees = plan.orders.fees if found.rules.orders.displayed_ratio_pays_fee else ZERO
        frozen = found.sheet.account.order_margin
        total = total_initial(pool)
        shown = displayed_ratio(kind, equity - fees, requirement, initial=total, frozen=frozen)
    gone = "nothing is left that backs the account"
    unknown = gone if equity <= 0 else "a position's leverage was not given"
    for name, value, reason in (
        ("margin_ratio", ratio, gone),
        ("initial_margin_ratio", share, unknown),
        ("displayed_margin_ratio", shown, "nothing is required" if not requirement else gone),
    ):
        if value is None:
            figures.none(name, reason)
        else:
            figures.put_rounded(name, value, rounding.of(name))
    met = equity == requirement and found.rules.inclusive
    return requirement > 0 and (equity < requirement or met)
