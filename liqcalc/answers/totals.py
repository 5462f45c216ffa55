"""The figures of an account: one cross pool, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import AccountFigures
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.result import Figures

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.resolve import Resolved
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
    _put(figures, found, "maintenance_margin", maintenance, "a position's tiers are not known")
    _put(figures, found, "initial_margin", initial, "a position's leverage was not given")
    figures.put("order_margin", account.order_margin)
    if plan.backing is None:
        return _unbacked(figures, found, plan, results)
    equity = plan.backing.equity()
    _put_money(figures, found, plan.backing, results)
    available = None
    if initial is not None:
        weighted = plan.backing.equity(initial=True)
        available = weighted - initial - account.order_margin
    _put(figures, found, "available_balance", available, "a position's leverage was not given")
    liquidatable = _ratios(figures, found, plan, equity, initial)
    if "available_after_maintenance" in found.exchange.meta.figures:
        after = None if maintenance is None else equity - maintenance
        _put(figures, found, "available_after_maintenance", after, "tiers are not known")
    return AccountFigures(
        plan.currency, figures.shown, figures.exact, figures.reasons, liquidatable=liquidatable
    )


def _maintenance(found: Resolved, plan: PoolPlan, results: list[PositionResult]) -> Decimal | None:
    total = _total(plan, results, "maintenance_margin")
    if total is None or plan.orders.maintenance is None:
        return None
    total += found.sheet.account.other_maintenance_margin + plan.orders.maintenance
    return total + (plan.backing.borrow_requirement() if plan.backing else ZERO)


def _initial(found: Resolved, plan: PoolPlan, results: list[PositionResult]) -> Decimal | None:
    total = _total(plan, results, "initial_margin")
    if total is None or plan.orders.initial is None:
        return None
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
    return AccountFigures(
        plan.currency, figures.shown, figures.exact, figures.reasons, liquidatable=None
    )


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
    for name, value in (("equity", equity), ("unrealized_pnl", profit), ("wallet_balance", wallet)):
        figures.put_rounded(name, value, rounding.of(name))
    figures.put("margin_balance", equity, figures.shown["equity"])


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


def _total(plan: PoolPlan, results: list[PositionResult], name: str) -> Decimal | None:
    total = ZERO
    for result in results:
        amount = result.figures.shown.get(name)
        if amount is None:
            return None
        settle = result.marked.contract.settle
        total += amount * (plan.prices.requirement_price(settle) if plan.prices else 1)
    return total


def _profit(
    results: list[PositionResult], backing: Pool, other: Decimal, *, exact: bool = False
) -> Decimal:
    amounts = backing.held()
    total = other
    for result in results:
        settle = result.marked.contract.settle
        figures = result.figures.exact if exact else result.figures.shown
        profit = figures["unrealized_pnl"] or ZERO
        total += profit * backing.held_price(settle, amounts.get(settle, ZERO))
    return total


def _wallet(backing: Pool) -> Decimal:
    return sum(
        (coin.qty * backing.held_price(asset, coin.qty) for asset, coin in backing.coins.items()),
        ZERO,
    )


def _ratios(
    figures: Figures, found: Resolved, plan: PoolPlan, equity: Decimal, initial: Decimal | None
) -> bool | None:
    rounding, pool = found.rules.account, plan.pool
    names = ("margin_ratio", "initial_margin_ratio", "displayed_margin_ratio")
    if pool is None:
        for name in names:
            figures.none(name, plan.reason)
        return None
    requirement = pool.requirement()
    ratio = requirement / equity if equity > 0 else None
    share = None if initial is None or equity <= 0 else initial / equity
    shown = ratio
    if found.rules.ratio_inverted:
        fees = plan.orders.fees if found.rules.orders.displayed_ratio_pays_fee else ZERO
        shown = (equity - fees) / requirement if requirement else None
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
    return equity < requirement or (equity == requirement and found.rules.inclusive)
