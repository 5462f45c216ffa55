"""What was typed or passed, read into a checked sheet of one position."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ONE, ZERO, exact, plain, to_step
from liqcalc.engine.tiers import TierRow
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog, LoadedExchange, nearest
from liqcalc.rules.schema import MarginMode
from liqcalc.rules.sheet import (
    LARGEST,
    SMALLEST,
    AccountRow,
    FeesRow,
    PositionRow,
    Sheet,
    Side,
    check_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from liqcalc.rules.symbol_files import ContractFile

Number = str | int | Decimal
_PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")

NUMBERS = (
    *("qty", "contracts", "notional", "entry_price", "leverage", "margin", "extra_margin"),
    *("wallet_balance", "mark_price", "taker", "mmr", "deduction", "max_leverage"),
    *("liquidation_fee", "index_price", "funding_rate"),
)
WORDS = ("as_of", "opened", "risk_level", "rules", "parameters")


def sheet_of(
    catalog: Catalog,
    exchange: str,
    symbol: str,
    side: str,
    given: Mapping[str, Any],
    *,
    sized: bool = True,
) -> Sheet:
    """Return the checked sheet of one position.

    Args:
        catalog: where exchanges are found.
        exchange: folder name.
        symbol: the exchange's own name, or ccxt's unified one.
        side: ``long`` or ``short``.
        given: by name, what `price` takes; None or left out: not given.
        sized: False if the question is how large the position should be; one
            lot then stands for it.

    Raises:
        InputError: every input that cannot be used.
    """
    with exact():
        numbers, meant, mode, own = together(
            lambda: read_numbers({name: given.get(name) for name in NUMBERS}),
            lambda: read_side(side),
            lambda: read_mode(given.get("margin_mode") or "isolated"),
            lambda: catalog.exchange(exchange).find_symbol(symbol),
        )
        loaded = catalog.exchange(exchange)
        entry = _needed(numbers, "entry_price")
        row = PositionRow(
            symbol=own,
            side=meant,
            entry_price=entry,
            qty=_qty(loaded, own, numbers) if sized else _one_lot(loaded, own),
            contracts=numbers["contracts"] if sized else None,
            mark_price=numbers["mark_price"],
            leverage=numbers["leverage"],
            margin=numbers["margin"],
            extra_margin=numbers["extra_margin"] or ZERO,
            max_leverage=numbers["max_leverage"],
            index_price=numbers["index_price"],
            funding_rate=numbers["funding_rate"],
            opened=given.get("opened"),
            risk_level=given.get("risk_level"),
        )
        sheet = Sheet(
            exchange=loaded.id,
            positions=(row,),
            as_of=given.get("as_of"),
            account=AccountRow(margin_mode=mode, wallet_balance=numbers["wallet_balance"]),
            tiers=_own_tier(own, numbers),
            fees=FeesRow(taker=numbers["taker"], liquidation=numbers["liquidation_fee"]),
            rules=given.get("rules"),
            parameters=dict(given.get("parameters") or {}),
        )
        check_sheet(sheet, where="price")
    return sheet


def _one_lot(loaded: LoadedExchange, symbol: str) -> Decimal:
    contract = loaded.contract(symbol)
    return (lot_of(contract) if contract is not None else None) or ONE


def together(*readers: Callable[[], Any]) -> list[Any]:
    """Return what each of `readers` returns, or raise with the faults of all of them."""
    found: list[Any] = []
    faults: list[Fault] = []
    for read in readers:
        try:
            found.append(read())
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*faults)
    return found


def read_numbers(given: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Return all inputs as decimals, or raise with all that are not."""
    found: dict[str, Decimal | None] = {}
    faults = []
    for name, value in given.items():
        if value is None:
            found[name] = None
            continue
        fault = number_fault(name, value)
        if fault is not None:
            faults.append(fault)
        else:
            found[name] = Decimal(value)
    if faults:
        raise InputError(*faults)
    return found


def number_fault(name: str, value: Any) -> Fault | None:  # noqa: ANN401 - whatever was passed
    """Return what is wrong with an input that should be a number; None if nothing."""
    if isinstance(value, float):
        message = f"is the binary float {value!r}, which is not exact"
        return Fault("LQ104", name, message, f'write it as text: {name}="{value!r}"')
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return Fault("LQ104", name, f"should be text, int or Decimal, not {value!r}")
    if isinstance(value, str) and not _PLAIN.fullmatch(value.strip()):
        hint = "write a plain decimal number such as 0.005"
        if value.strip().endswith("%"):
            hint = "rates are fractions: 0.5% is 0.005"
        elif value.strip().lower() in {"nan", "inf", "-inf", "infinity"}:
            hint = "only finite numbers make a position"
        elif "," in value or "_" in value:
            hint = "leave thousands separators out"
        return Fault("LQ104", name, f"is {value!r}, not a number", hint)
    try:
        number = Decimal(value)
    except InvalidOperation:
        return Fault("LQ104", name, f"is {value!r}, not a number")
    if number.is_finite() and number and not SMALLEST <= number.copy_abs() <= LARGEST:
        hint = "check the unit and the decimal point"
        message = f"is {number:.3E}, numbers from 1e-24 to 1e24 are read"
        return Fault("LQ105", name, message, hint)
    return None


def _needed(given: Mapping[str, Decimal | None], name: str) -> Decimal:
    value = given[name]
    if value is None:
        raise InputError(Fault("LQ105", name, "is needed"))
    return value


def _qty(
    loaded: LoadedExchange, symbol: str, given: Mapping[str, Decimal | None]
) -> Decimal | None:
    """Return the quantity, counted from the notional if that was given."""
    named = [name for name in ("qty", "contracts", "notional") if given[name] is not None]
    if len(named) != 1:
        state = " and ".join(named) + " are given together" if named else "no size is given"
        hint = "give exactly one of qty, contracts and notional"
        raise InputError(Fault("LQ105", "qty", state, hint))
    notional = given["notional"]
    if notional is None:
        return given["qty"]
    entry = _needed(given, "entry_price")
    contract = loaded.contract(symbol)
    if notional <= 0 or entry <= 0 or contract is None:
        raise InputError(Fault("LQ105", "notional", "and entry_price must be above 0"))
    qty = notional if contract.product is Product.INVERSE else notional / entry
    lot = lot_of(contract)
    if lot is not None:
        qty = to_step(qty, lot, "down")
    if not qty:
        message = f"of {plain(notional)} is less than one lot of {plain(lot or ZERO)}"
        raise InputError(Fault("LQ105", "notional", message))
    return qty


def lot_of(contract: ContractFile) -> Decimal | None:
    """Return the step of a contract's quantity; None if it is not known."""
    return in_quantity(contract, contract.lot_size)


def in_quantity(contract: ContractFile, size: Decimal | None) -> Decimal | None:
    """Return a size in a contract's own unit as a quantity; None if either is not known."""
    if size is None or contract.size_unit != "contracts":
        return size
    return None if contract.contract_size is None else size * contract.contract_size


def read_side(side: str) -> Side:
    """Return a side that was typed.

    Raises:
        InputError: neither long nor short.
    """
    try:
        return Side(side.lower())
    except (ValueError, AttributeError):
        words = {"buy": "long", "sell": "short"}
        meant = words.get(str(side).lower())
        hint = f"did you mean {meant}?" if meant else nearest(str(side), ["long", "short"])
        raise InputError(Fault("LQ114", "side", f"is {side!r}, not long or short", hint)) from None


def read_mode(mode: str) -> MarginMode:
    """Return a margin mode that was typed.

    Raises:
        InputError: neither isolated nor cross.
    """
    try:
        return MarginMode(mode)
    except ValueError:
        hint = nearest(str(mode), ["isolated", "cross"])
        message = f"is {mode!r}, not isolated or cross"
        raise InputError(Fault("LQ114", "margin_mode", message, hint)) from None


def _own_tier(symbol: str, given: Mapping[str, Decimal | None]) -> dict[str, tuple[TierRow, ...]]:
    mmr, deduction = given["mmr"], given["deduction"]
    if mmr is None:
        if deduction is not None:
            hint = "give mmr with it"
            raise InputError(Fault("LQ105", "deduction", "is given without mmr", hint))
        return {}
    return {symbol: (TierRow(floor=ZERO, mmr=mmr, deduction=deduction),)}
