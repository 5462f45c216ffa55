"""What a trade or a transfer does to a sheet: size, average entry, margin, wallet.

The exchange's own books are followed as far as they are known: a cross
position pays and is paid from the wallet; an isolated one takes the margin
that opening sets aside, gives its margin back in proportion when it is closed,
and settles profit and fees with the free balance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.case import opposite
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case


class Trade(NamedTuple):
    """A changed sheet, and the money that moved; amounts in the settle currency.

    Attributes:
        case: after it.
        i: the position there; None if it is closed.
        entry_price: average entry after it; None if it is closed.
        realised: profit of what was closed, before fees.
        fee: paid for trading, and `accrued_fees` that fall due as all is closed.
        put_in: from the free balance into the position's own margin; below 0:
            given back. 0 for a cross position.
    """

    case: Case
    i: int | None
    entry_price: Decimal | None
    realised: Decimal = ZERO
    fee: Decimal = ZERO
    put_in: Decimal = ZERO


def is_isolated(case: Case, i: int) -> bool:
    """Return True if position `i` has a margin of its own."""
    mode = case.sheet.positions[i].margin_mode or case.sheet.account.margin_mode
    return mode is MarginMode.ISOLATED


def trading_fee(case: Case, i: int, qty: Decimal, price: Decimal) -> Decimal:
    """Return the taker fee for trading `qty` of position `i` at `price`.

    Raises:
        InputError: the taker fee is not known.
    """
    position = case.position(i)
    if position.taker is None:
        hint = "give fees.taker (--taker)"
        raise InputError(Fault("LQ113", "fees.taker", "is not known, and a trade pays it", hint))
    with exact():
        return position.contract.value(qty, price) * position.taker


def added(case: Case, i: int, qty: Decimal, price: Decimal) -> Trade:
    """Return the sheet after `qty` more have been opened at `price`.

    Formula:
        average entry: the price at which the sum of both quantities is worth
        the sum of both entry values: linear (q1*e1 + q2*e2)/(q1 + q2), inverse
        (q1 + q2)/(q1/e1 + q2/e2)
    """
    position = case.position(i)
    with exact():
        fee = trading_fee(case, i, qty, price)
        entry = average_entry(case, i, qty, price)
        put_in = opening_margin(case, i, qty, price) if is_isolated(case, i) else ZERO
        grown = _sized(case, i, position.qty + qty).with_position(i, entry_price=entry)
        paid = _settled(grown, i, put_in=put_in, charged=fee)
        return Trade(_followed(case, paid, i), i, entry, fee=fee, put_in=put_in)


def average_entry(case: Case, i: int, qty: Decimal, price: Decimal) -> Decimal:
    """Return the average entry once `qty` more have been opened, as the exchange keeps it."""
    position = case.position(i)
    contract, rounding = position.contract, case.resolved.rules_of[i].entry
    with exact():
        total = contract.value(position.qty, position.entry_price) + contract.value(qty, price)
        average = contract.price_of(total, position.qty + qty)
        assert average is not None  # noqa: S101 - both values are above 0
        if rounding.rounds:
            average = rounding.apply(average, side=position.side, tick=contract.tick_size)
        return average


def opening_margin(case: Case, i: int, qty: Decimal, price: Decimal) -> Decimal:
    """Return the margin that the exchange sets aside when `qty` of position `i` opens at `price`.

    Raises:
        InputError: it cannot be counted, e.g. without the leverage.
    """
    row = case.sheet.positions[i]
    with exact():
        alone = case.with_position(
            i, qty=qty, contracts=None, entry_price=price, mark_price=price,
            margin=None, extra_margin=ZERO, funding_paid=ZERO, accrued_fees=ZERO, fee_reserve=None,
        )  # fmt: skip
        margin = alone.figures.positions[i].exact.get("margin")
    if margin is None:
        message = f"is needed: the margin of what {row.symbol} opens follows it"
        raise InputError(Fault("LQ113", f"positions[{i}].leverage", message, "give --leverage"))
    return margin


def reduced(case: Case, i: int, qty: Decimal, price: Decimal, *, keep: bool = False) -> Trade:
    """Return the sheet after `qty` have been closed at `price`.

    Args:
        case: before.
        i: which position.
        qty: at most all of it.
        price: of the fill.
        keep: everything that closing frees stays behind the position: an
            isolated margin is not given back, and profit and fee go to it.
    """
    position = case.position(i)
    with exact():
        fee = trading_fee(case, i, qty, price)
        realised = case.profit(i, qty, price)
        isolated, left = is_isolated(case, i), position.qty - qty
        put_in = ZERO
        if not left:
            fee += _owed(case, i)
        if isolated and not left:
            put_in = -margin_of(case, i)
        elif isolated and keep:
            put_in = realised - fee
        elif isolated:
            put_in = -margin_of(case, i) * qty / position.qty
        change = _settled(case, i, put_in=put_in, charged=fee - realised)
        return Trade(
            _followed(case, _sized(change, i, left), i),
            i if left else None,
            position.entry_price if left else None,
            realised,
            fee,
            put_in,
        )


def flipped(case: Case, i: int, qty: Decimal, price: Decimal) -> Trade:
    """Return the sheet after all is closed at `price` and `qty` opened on the other side."""
    row, position = case.sheet.positions[i], case.position(i)
    with exact():
        fee = trading_fee(case, i, position.qty, price) + _owed(case, i)
        realised = case.profit(i, position.qty, price)
        turned = case.with_position(
            i, side=opposite(row.side), qty=qty, contracts=None, entry_price=price,
            extra_margin=ZERO, funding_paid=ZERO, accrued_fees=ZERO, fee_reserve=None,
        )  # fmt: skip
        opening = trading_fee(turned, i, qty, price)
        isolated = is_isolated(case, i)
        new = opening_margin(turned, i, qty, price) if isolated else ZERO
        old = margin_of(case, i) if isolated else ZERO
        # The old margin still stands in the row; the free balance pays the difference.
        paid = _settled(turned, i, put_in=new - old, charged=fee - realised + opening)
        if isolated:
            paid = paid.with_position(i, margin=new)
        return Trade(_followed(case, paid, i), i, price, realised, fee + opening, new - old)


def releveraged(case: Case, i: int, leverage: Decimal) -> Trade:
    """Return the sheet with another leverage setting; an isolated margin is set anew.

    Raises:
        InputError: the margin at that leverage cannot be counted.
    """
    row, position = case.sheet.positions[i], case.position(i)
    with exact():
        again = case.with_position(i, leverage=leverage)
        if not is_isolated(case, i):
            return Trade(again, i, position.entry_price)
        again = again.with_position(i, margin=None, extra_margin=ZERO, fee_reserve=None)
        margin = again.figures.positions[i].exact.get("margin")
        if margin is None:
            message = f"at leverage {leverage} cannot be counted for {row.symbol}"
            raise InputError(Fault("LQ113", f"positions[{i}].margin", message))
        put_in = margin - margin_of(case, i)
        again = case.with_position(i, leverage=leverage, fee_reserve=None)
        paid = _settled(again, i, put_in=put_in, charged=ZERO)
        return Trade(paid, i, position.entry_price, put_in=put_in)


def moved(case: Case, i: int, amount: Decimal) -> Trade:
    """Return the sheet after `amount` has come to what backs the position; below 0: has left."""
    isolated = is_isolated(case, i)
    put_in = amount if isolated else ZERO
    charged = ZERO if isolated else -amount
    after = _settled(case, i, put_in=put_in, charged=charged)
    return Trade(after, i, case.position(i).entry_price, put_in=put_in)


def margin_of(case: Case, i: int) -> Decimal:
    """Return the isolated margin of position `i`.

    Raises:
        InputError: neither margin nor leverage was given.
    """
    margin = case.figures.positions[i].exact.get("margin")
    if margin is None:
        hint = "give its margin or leverage"
        message = f"the margin of {case.sheet.positions[i].symbol} is not known"
        raise InputError(Fault("LQ113", f"positions[{i}].margin", message, hint))
    return margin


def _settled(case: Case, i: int, *, put_in: Decimal, charged: Decimal) -> Case:
    """Return the sheet after money has moved.

    An isolated position has `put_in` more margin, and the free balance pays
    that and `charged`; a cross one pays `charged` from what backs it.
    """
    if not is_isolated(case, i):
        return case.paid(i, charged)
    after = case.paid(i, -put_in) if put_in else case
    return _account_pays(after, i, put_in + charged)


def _account_pays(case: Case, i: int, amount: Decimal) -> Case:
    """Return the sheet after the account has paid for an isolated position, as far as it is known.

    Where its coins are others than the position's, the money comes from elsewhere.
    """
    account, settle = case.sheet.account, case.position(i).contract.settle
    if account.equity is not None:
        return case.with_account(equity=account.equity - amount * case.coin_price(i))
    if account.wallet_balance is not None:
        return case.with_account(wallet_balance=account.wallet_balance - amount)
    if account.collateral is None:
        return case
    rows = tuple(
        coin._replace(qty=coin.qty - amount) if coin.asset == settle else coin
        for coin in account.collateral
    )
    return case.with_account(collateral=rows)


def _sized(case: Case, i: int, qty: Decimal) -> Case:
    """Return the sheet with another quantity; a given fee reserve grows and shrinks with it."""
    reserve = case.sheet.positions[i].fee_reserve
    if reserve is None or not qty:
        return case.resized(i, qty)
    share = reserve * qty / case.position(i).qty
    return case.resized(i, qty).with_position(i, fee_reserve=share)


def _followed(before: Case, after: Case, i: int) -> Case:
    """Return the sheet with a given equity that follows what a cross trade does to profit.

    An equity holds the unrealised profit; what is realised was in it already.
    """
    equity = after.sheet.account.equity
    if equity is None or is_isolated(before, i):
        return after
    gone = len(after.sheet.positions) < len(before.sheet.positions)
    left = ZERO if gone else _profit(after, i)
    return after.with_account(equity=equity + (left - _profit(before, i)) * before.coin_price(i))


def _profit(case: Case, i: int) -> Decimal:
    return case.figures.positions[i].exact["unrealized_pnl"] or ZERO


def _owed(case: Case, i: int) -> Decimal:
    """Return the fees that fall due as a position is closed; a given equity is without them."""
    if case.sheet.account.equity is not None and not is_isolated(case, i):
        return ZERO
    return case.position(i).accrued_fees
