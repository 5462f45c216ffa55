"""What the search for a leverage is asked with: the stop, the leverage, the risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.request import read_numbers, together
from liqcalc.answers.stops.fit import qty_for_loss
from liqcalc.answers.stops.outcome import check_stops
from liqcalc.answers.stops.terms import StopTerms, read_stops, read_terms
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.request import Number

CODE = "LQ122"


class Asked(NamedTuple):
    """What is searched: the plan, its stop, and what it may lose."""

    case: Case
    stop: Decimal | None
    leverage: Decimal | None
    risk: Decimal | None
    terms: StopTerms


def read_asked(case: Case, i: int, stop: Number | None, given: Mapping[str, Any]) -> Asked:
    """Return what is asked about position `i`, with the quantity that a risk gives.

    Raises:
        InputError: every input that cannot be used.
    """
    numbers = {name: given.get(name) for name in ("leverage", "risk", "risk_rate")}
    terms, prices, typed = together(
        lambda: read_terms(given, CODE, buffered=True),
        lambda: read_stops(stop, CODE),
        lambda: _above_zero(read_numbers(numbers)),
    )
    row = case.sheet.positions[i]
    price = prices[0] if prices else row.stop_price
    leverage, risk = typed["leverage"] or row.leverage, _risk(case, typed)
    faults = list(_faults(case, i, price, leverage, risk))
    if faults:
        raise InputError(*faults)
    if price is not None:
        check_stops(case, i, [price])
        if risk is not None:
            case = _sized(case, i, terms, price, risk)
    return Asked(case, price, leverage, risk, terms)


def _above_zero(numbers: dict[str, Decimal | None]) -> dict[str, Decimal | None]:
    faults = [
        Fault(CODE, name, f"is {plain(value)}, it must be above 0")
        for name, value in numbers.items()
        if value is not None and value <= 0
    ]
    rate = numbers["risk_rate"]
    if rate is not None and rate > 1:
        hint = "a share of the account: 1% is 0.01"
        faults.append(Fault(CODE, "risk_rate", f"is {plain(rate)}, above 1", hint))
    if rate is not None and numbers["risk"] is not None:
        faults.append(Fault(CODE, "risk_rate", "is given beside risk", "give one of them"))
    if faults:
        raise InputError(*faults)
    return numbers


def _risk(case: Case, typed: Mapping[str, Decimal | None]) -> Decimal | None:
    rate, account = typed["risk_rate"], case.sheet.account
    if rate is None:
        return typed["risk"]
    money = account.wallet_balance if account.wallet_balance is not None else account.equity
    if money is None or money <= 0:
        hint = "give --wallet (account.wallet_balance), or --risk in money"
        raise InputError(Fault(CODE, "risk_rate", "is a share of a wallet that is not known", hint))
    return rate * money


def _faults(
    case: Case, i: int, stop: Decimal | None, leverage: Decimal | None, risk: Decimal | None
) -> Iterator[Fault]:
    row = case.sheet.positions[i]
    if stop is None and leverage is None:
        hint = "give --stop to find the leverage, or --leverage to find the farthest stop"
        yield Fault(CODE, "stop", "is not given, and no leverage either", hint)
    if stop is None and risk is not None:
        yield Fault(CODE, "risk", "needs a stop to be lost at", "give --stop")
    if row.margin is not None or row.collateral:
        name = "margin" if row.margin is not None else "collateral"
        message = "is given, so that no leverage moves the liquidation price"
        hint = "leave it out; --extra-margin comes on top of what the leverage sets aside"
        yield Fault(CODE, name, message, hint)


def _sized(case: Case, i: int, terms: StopTerms, stop: Decimal, risk: Decimal) -> Case:
    """Return the case with the quantity that loses the risk at the stop."""
    qty = qty_for_loss(case, i, terms.order(stop), risk, hours=terms.holding_hours)
    if qty is None:
        hint = "give --taker"
        raise InputError(Fault(CODE, "risk", "needs the taker fee, which is not known", hint))
    if not qty:
        lot = case.position(i).contract.lot_size or ZERO
        message = f"of {plain(risk)} carries less than one lot of {plain(lot)}"
        raise InputError(Fault(CODE, "risk", message, "risk more, or bring the stop nearer"))
    return case.resized(i, qty)
