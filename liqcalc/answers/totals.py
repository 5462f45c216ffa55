"""The figures of an account: one cross pool, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import AccountFigures
from liqcalc.engine.figures import Figures
from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.resolve import Resolved
    from liqcalc.engine.figures import PositionResult
    from liqcalc.engine.pool import Pool


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
    rounding = found.rules.account
    maintenance = _total(plan, results, "maintenance_margin")
    initial = _total(plan, results, "initial_margin")
    if maintenance is not None:
        maintenance += account.other_maintenance_margin + _orders(plan, plan.orders.maintenance)
        if plan.backing is not None:
            maintenance += plan.backing.borrow_requirement()
    if initial is not None and plan.orders.initial is not None:
        initial += account.other_initial_margin + _orders(plan, plan.orders.initial)
    else:
        initial = None
    _put(figures, found, "maintenance_margin", maintenance, "a position's tiers are not known")
    _put(figures, found, "initial_margin", initial, "a position's leverage was not given")
    figures.put("order_margin", account.order_margin)
    backing = plan.backing
    if backing is None:
        for name in _BACKED:
            figures.none(name, plan.reason)
        return AccountFigures(
            plan.currency, figures.shown, figures.exact, figures.reasons, liquidatable=None
        )
    equity = backing.equity()
    profit = _profit(results, backing)
    wallet = equity - profit if backing.equity_given is not None else _wallet(backing)
    for name, value in (("equity", equity), ("unrealized_pnl", profit), ("wallet_balance", wallet)):
        figures.put_rounded(name, value, rounding.of(name))
    figures.put("margin_balance", equity, figures.shown["equity"])
    available = None
    if initial is not None:
        weighted = backing.equity(initial=True)
        available = weighted - initial - account.order_margin
    _put(figures, found, "available_balance", available, "a position's leverage was not given")
    liquidatable = _ratios(figures, found, plan, equity, initial)
    if "available_after_maintenance" in found.exchange.meta.figures:
        after = None if maintenance is None else equity - maintenance
        _put(figures, found, "available_after_maintenance", after, "tiers are not known")
    return AccountFigures(
        plan.currency, figures.shown, figures.exact, figures.reasons, liquidatable=liquidatable
    )


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
        total += amount * (plan.backing.requirement_price(settle) if plan.backing else 1)
    return total


def _orders(plan: PoolPlan, amount: Decimal) -> Decimal:
    if plan.backing is None or not plan.marked or not amount:
        return amount
    return amount * plan.backing.requirement_price(plan.marked[0].contract.settle)


def _profit(results: list[PositionResult], backing: Pool) -> Decimal:
    amounts = backing.amounts()
    total = backing.other_pnl
    for result in results:
        settle = result.marked.contract.settle
        profit = result.figures.shown["unrealized_pnl"] or ZERO
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
    if equity <= 0:
        for name in names:
            figures.none(name, "nothing is left that backs the account")
    else:
        ratio = requirement / equity
        figures.put_rounded("margin_ratio", ratio, rounding.of("margin_ratio"))
        shown: Decimal | None = ratio
        if found.rules.ratio_inverted:
            fees = plan.orders.fees if found.rules.orders.displayed_ratio_pays_fee else ZERO
            shown = (equity - fees) / requirement if requirement else None
        name = "displayed_margin_ratio"
        if shown is None:
            figures.none(name, "nothing is required")
        else:
            figures.put_rounded(name, shown, rounding.of(name))
        share = None if initial is None else initial / equity
        _put(figures, found, "initial_margin_ratio", share, "a position's leverage was not given")
    return equity < requirement or (equity == requirement and found.rules.inclusive)
