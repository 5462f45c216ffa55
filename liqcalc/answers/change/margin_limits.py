"""What the exchange lets be done with the margin of an open position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.backing import behind
from liqcalc.answers.change.trades import is_isolated
from liqcalc.engine.numbers import ZERO
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.rules.schema import MarginChange


def stays(case: Case, i: int) -> Decimal | None:
    """Return the share of the notional that must stay when money is taken out; None: not known."""
    rule = _margin_change(case, i)
    return None if rule is None else rule.keeps_notional


def _margin_change(case: Case, i: int) -> MarginChange | None:
    found = case.resolved
    mode = MarginMode.ISOLATED if is_isolated(case, i) else MarginMode.CROSS
    return found.exchange.margin_change_on(found.day, mode)


def may_lower(case: Case, i: int) -> bool:
    """Return False if the exchange keeps the leverage of an open position from being lowered."""
    rule = _margin_change(case, i)
    return rule is None or rule.lower_leverage


def removable(case: Case, i: int) -> Decimal | None:
    """Return the money that may go at the mark; None if it is not known.

    Formula:
        where the exchange says what stays: equity - initial margin, and at
        most equity - share*notional
        else isolated: margin + min(0, profit) - initial margin; cross: the
        smaller of the wallet and the available balance
        at least 0
    """
    found, share = behind(case, i), stays(case, i)
    free = _free(case, i)
    if free is None or found.cash is None or found.equity is None:
        return None
    if share is not None:
        return max(ZERO, min(free, found.equity - share * found.value))
    if is_isolated(case, i):
        return max(ZERO, free - max(ZERO, found.marked.pnl))
    return max(ZERO, min(free, found.cash))


def _free(case: Case, i: int) -> Decimal | None:
    """Return equity above the initial margin: of an isolated position, or of its cross account."""
    figures = case.figures.positions[i].exact
    if not is_isolated(case, i):
        return available_balance(case, i)
    initial, margin = figures.get("initial_margin"), figures.get("margin")
    if initial is None or margin is None:
        return None
    return margin + behind(case, i).marked.pnl - initial


def available_balance(case: Case, i: int) -> Decimal | None:
    """Return what is free in the cross account of a position's settle currency."""
    settle = case.position(i).contract.settle
    pools = [pool for pool in case.figures.pools if pool.currency == settle]
    return pools[0].exact.get("available_balance") if len(pools) == 1 else None


def overdrawn(case: Case, i: int) -> bool:
    """Return True if the account's initial margins are more than it has."""
    available = available_balance(case, i)
    return available is not None and available < 0
