"""What a size is asked with: risk, stop, target, leverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.request import read_numbers, together
from liqcalc.answers.stops.outcome import check_stops
from liqcalc.answers.stops.terms import StopTerms, read_stops, read_terms
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.request import Number

CODE = "LQ123"


class Asked(NamedTuple):
    """What is asked; `case` holds a position to be opened."""

    case: Case
    risk: Decimal
    risk_rate: Decimal | None
    wallet: Decimal | None
    stop: Decimal
    target: Decimal | None
    leverage: Decimal | None
    terms: StopTerms


def read_asked(case: Case, i: int, stop: Number | None, given: Mapping[str, Any]) -> Asked:
    """Return what is asked about position `i`.

    Raises:
        InputError: every input that cannot be used.
    """
    names = ("risk", "risk_rate", "target", "leverage")
    terms, prices, typed = together(
        lambda: read_terms(given, CODE, buffered=True),
        lambda: read_stops(stop, CODE),
        lambda: read_numbers({name: given.get(name) for name in names}),
    )
    row, account = case.sheet.positions[i], case.sheet.account
    price = prices[0] if prices else row.stop_price
    wallet = account.wallet_balance if account.wallet_balance is not None else account.equity
    faults = [*_faults(case, i, price, typed), *_risk_faults(typed, wallet)]
    if faults:
        raise InputError(*faults)
    assert price is not None  # noqa: S101 - else there was a fault
    check_stops(case, i, [price])
    risk = typed["risk"] if typed["risk_rate"] is None else typed["risk_rate"] * (wallet or ZERO)
    fresh = case.with_position(i, funding_paid=ZERO, accrued_fees=ZERO, fee_reserve=None)
    leverage = typed["leverage"] or row.leverage
    return Asked(fresh, risk, typed["risk_rate"], wallet, price, typed["target"], leverage, terms)


def _faults(
    case: Case, i: int, stop: Decimal | None, typed: Mapping[str, Decimal | None]
) -> Iterator[Fault]:
    row, position = case.sheet.positions[i], case.position(i)
    if stop is None:
        hint = "give --stop, or stop_price in the sheet"
        yield Fault(CODE, "stop", "is not given, and the risk is what is lost there", hint)
    for name in ("risk", "risk_rate", "target", "leverage"):
        value = typed[name]
        if value is not None and value <= 0:
            yield Fault(CODE, name, f"is {plain(value)}, it must be above 0")
    target, entry = typed["target"], position.entry_price
    if target is not None and target > 0 and (target - entry) * position.side <= 0:
        where = "above" if position.side > 0 else "below"
        message = f"is {plain(target)}, but a {row.side} gains {where} its entry of {plain(entry)}"
        yield Fault(CODE, "target", message)
    if row.margin is not None or row.collateral:
        name = "margin" if row.margin is not None else "collateral"
        hint = "leave it out; --extra-margin comes on top of what the leverage sets aside"
        yield Fault(CODE, name, "is given, but the margin follows from the size", hint)
    if position.taker is None:
        yield Fault(CODE, "taker", "is not known, and the loss holds it", "give --taker")


def _risk_faults(typed: Mapping[str, Decimal | None], wallet: Decimal | None) -> Iterator[Fault]:
    rate = typed["risk_rate"]
    if (rate is None) is (typed["risk"] is None):
        state = "is not given" if rate is None else "is given beside risk_rate"
        hint = "give --risk in money, or --risk-rate as a share of --wallet"
        yield Fault(CODE, "risk", state, hint)
    if rate is None:
        return
    if rate > 1:
        hint = "a share of the account: 1% is 0.01"
        yield Fault(CODE, "risk_rate", f"is {plain(rate)}, above 1", hint)
    if wallet is None or wallet <= 0:
        hint = "give --wallet (account.wallet_balance), or --risk in money"
        yield Fault(CODE, "risk_rate", "is a share of a wallet that is not known", hint)
