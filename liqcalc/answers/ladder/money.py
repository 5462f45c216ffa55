"""Where a liquidation's money comes from and goes to: the margin or the wallet of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.rules.schema import CollateralMode
from liqcalc.rules.sheet import CollateralRow

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.rules.sheet import AccountRow


def same_pool(case: Case, k: int) -> list[int]:
    """Return the positions that share with position `k` what backs them, itself included."""
    position = case.position(k)
    if position.isolated:
        return [k]
    one_purse = case.sheet.account.collateral_mode is not CollateralMode.SINGLE
    return [
        i
        for i, other in enumerate(case.resolved.positions)
        if not other.isolated and (one_purse or other.contract.settle == position.contract.settle)
    ]


def balance(case: Case, k: int) -> Decimal | None:
    """Return what backs position `k` without profit; None if it is not one sum.

    Isolated: its margin and coins; cross: the wallet, or the equity (with
    profit) where that was given.
    """
    position = case.position(k)
    if position.isolated:
        coins = sum((coin.qty * coin.price for coin in position.collateral), ZERO)
        margin = case.figures.positions[k].exact.get("margin")
        return None if margin is None else margin + coins
    return purse(case, position.contract.settle)


def purse(case: Case, settle: str) -> Decimal | None:
    """Return the money of the account in one sum; None if it is in several coins."""
    account = case.sheet.account
    if account.equity is not None:
        return account.equity
    if account.wallet_balance is not None:
        return account.wallet_balance
    if account.collateral_mode is not CollateralMode.SINGLE:
        return None
    held = [coin.qty for coin in account.collateral or () if coin.asset == settle]
    return held[0] if held else None


def backing(case: Case, k: int) -> Decimal | None:
    """Return what backs position `k` with all profit at the marks, in its settle currency."""
    position = case.position(k)
    if position.isolated:
        held = balance(case, k)
        if held is None:
            return None
        return held - position.accrued_fees + case.profit(k, position.qty, position.mark_price)
    single = case.sheet.account.collateral_mode is CollateralMode.SINGLE
    for pool in case.figures.pools:
        if not single or pool.currency == position.contract.settle:
            equity = pool.exact.get("equity")
            return None if equity is None else equity / case.coin_price(k)
    return None


def pay(case: Case, k: int, amount: Decimal, profit: Decimal) -> Case:
    """Return the case after closing has cost `amount` of what backs position `k`.

    Args:
        case: before the quantity is changed.
        k: the position.
        amount: fees less realised profit.
        profit: unrealised until now of what is closed; a given equity holds it
            already.
    """
    account = case.sheet.account
    if case.position(k).isolated or account.equity is None:
        settle = case.position(k).contract.settle
        held = {coin.asset for coin in account.collateral or ()}
        in_coins = account.wallet_balance is None and not case.position(k).isolated
        if in_coins and settle not in held:
            return _owing(case, settle, amount)
        return case.paid(k, amount)
    lost = (amount + profit) * case.coin_price(k)
    return case.with_account(equity=account.equity - lost)


def _owing(case: Case, settle: str, amount: Decimal) -> Case:
    rows = (*(case.sheet.account.collateral or ()), CollateralRow(settle, -amount))
    return case.with_account(collateral=rows)


def take(case: Case, settle: str, amount: Decimal) -> Case:
    """Return the case after `amount` has left the purse of an account that holds nothing else."""
    account = case.sheet.account
    if account.equity is not None:
        return case.with_account(equity=account.equity - amount)
    if account.wallet_balance is not None:
        return case.with_account(wallet_balance=account.wallet_balance - amount)
    rows = tuple(
        coin._replace(qty=coin.qty - amount) if coin.asset == settle else coin
        for coin in account.collateral or ()
    )
    return case.with_account(collateral=rows)


def empty(case: Case) -> tuple[Case, Decimal]:
    """Return the case without its coins, and what they were worth in the account's money."""
    rows = case.sheet.account.collateral or ()
    worth = sum((coin.qty * (ONE if coin.price is None else coin.price) for coin in rows), ZERO)
    return case.with_account(collateral=()), worth


def holds_others(account: AccountRow) -> bool:
    """Return True if the account backs positions that the sheet does not list."""
    others = (
        account.other_unrealized_pnl,
        account.other_maintenance_margin,
        account.options_value,
    )
    return any(others)
