"""The library's entry points: price, evaluate, load_exchange."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ZERO, exact, plain, to_step
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
    read_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from liqcalc.answers.answer import AccountAnswer, PositionAnswer
    from liqcalc.rules.schema import ContractFile

Number = str | int | Decimal
_PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def price(
    exchange: str,
    symbol: str,
    side: str,
    qty: Number | None = None,
    *,
    entry_price: Number,
    contracts: Number | None = None,
    notional: Number | None = None,
    leverage: Number | None = None,
    margin: Number | None = None,
    extra_margin: Number = 0,
    margin_mode: str = "isolated",
    wallet_balance: Number | None = None,
    mark_price: Number | None = None,
    as_of: str | None = None,
    taker: Number | None = None,
    mmr: Number | None = None,
    deduction: Number | None = None,
    max_leverage: Number | None = None,
    liquidation_fee: Number | None = None,
    index_price: Number | None = None,
    funding_rate: Number | None = None,
    opened: str | None = None,
    risk_level: int | None = None,
    rules: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> PositionAnswer:
    """Return the liquidation price of one position, with everything about it.

    Formula:
        The price p at which health(p) = backing(p) - requirement(p) = 0.
        Linear contract, side s, tier rate mmr and deduction d:
        margin + s*qty*(p - entry_price) = qty*p*mmr - d (+ fees where the
        exchange counts them).  `answer.trace` shows every term with its
        numbers and source.

    Args:
        exchange: folder name, e.g. ``binance``.
        symbol: the exchange's own name, or ccxt's unified one.
        side: ``long`` or ``short``.
        qty: size in base coins (linear) or face value in quote (inverse).
        entry_price: average entry, in quote.
        contracts: size in contracts, instead of `qty`.
        notional: value at entry in quote, instead of `qty`; the quantity is
            rounded down to the lot.
        leverage: the setting of the position.
        margin: isolated money set aside now, without profit, in the settle
            currency; default: what the exchange sets aside at opening.
        extra_margin: added by hand on top of it.
        margin_mode: ``isolated`` or ``cross``.
        wallet_balance: cash behind a cross position, without profit.
        mark_price: default `entry_price`.
        as_of: ISO date whose rules and tiers hold; default: the newest known.
        taker: fee rate as a fraction; default: the exchange's list rate.
        mmr: rate of one tier of your own, instead of the catalogue's table.
        deduction: of that tier; default 0.
        max_leverage: what the exchange reports for the position.
        liquidation_fee: rate charged on what is liquidated, where the
            condition holds it; default: the exchange's.
        index_price: spot index or oracle; default `mark_price`.
        funding_rate: coming rate per interval, + = longs pay.
        opened: ISO date on which the position was opened, where rules depend
            on it.
        risk_level: level that the user has set, 1 = lowest.
        rules: name of a rule set of the exchange.
        parameters: single rule parameters by name.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer; `liquidation_price` is None where there is none, and
        `status` and `reasons` say why.

    Raises:
        InputError: every input that cannot be used, each with what to do.

    Source: the exchange's own, named in `answer.provenance`.

    >>> answer = price("okx", "BTC-USDT-SWAP", "short", contracts=100,
    ...                entry_price=60000, leverage=10, as_of="2026-09-18")
    >>> answer.status.value, answer.liquidation_price
    ('liquidatable_at_price', Decimal('65704.230512692882'))
    """
    catalog = Catalog(exchanges)
    names = {
        "qty": qty,
        "contracts": contracts,
        "notional": notional,
        "entry_price": entry_price,
        "leverage": leverage,
        "margin": margin,
        "extra_margin": extra_margin,
        "wallet_balance": wallet_balance,
        "mark_price": mark_price,
        "taker": taker,
        "mmr": mmr,
        "deduction": deduction,
        "max_leverage": max_leverage,
        "liquidation_fee": liquidation_fee,
        "index_price": index_price,
        "funding_rate": funding_rate,
    }
    with exact():
        given, meant, mode, own = together(
            lambda: read_numbers(names),
            lambda: read_side(side),
            lambda: read_mode(margin_mode),
            lambda: catalog.exchange(exchange).find_symbol(symbol),
        )
        loaded = catalog.exchange(exchange)
        row = PositionRow(
            symbol=own,
            side=meant,
            entry_price=_needed(given, "entry_price"),
            qty=_qty(loaded, own, given),
            contracts=given["contracts"],
            mark_price=given["mark_price"],
            leverage=given["leverage"],
            margin=given["margin"],
            extra_margin=given["extra_margin"] or ZERO,
            max_leverage=given["max_leverage"],
            index_price=given["index_price"],
            funding_rate=given["funding_rate"],
            opened=opened,
            risk_level=risk_level,
        )
        sheet = Sheet(
            exchange=loaded.id,
            positions=(row,),
            as_of=as_of,
            account=AccountRow(margin_mode=mode, wallet_balance=given["wallet_balance"]),
            tiers=_own_tier(own, given),
            fees=FeesRow(taker=given["taker"], liquidation=given["liquidation_fee"]),
            rules=rules,
            parameters=dict(parameters or {}),
        )
        check_sheet(sheet, where="price")
    return _evaluate(sheet, catalog, today).positions[0]


def evaluate(
    sheet: Mapping[str, Any] | Sheet,
    *,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> AccountAnswer:
    """Return every figure of an account sheet.

    Args:
        sheet: a mapping with the keys of docs/sheet.md; numbers as text, int
            or Decimal.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer with positions in order, the account and the joint
        move: the common relative move of all prices that ends the cross pool.

    Raises:
        InputError: everything that is wrong with the sheet, each with its path.

    >>> answer = evaluate({
    ...     "exchange": "hyperliquid",
    ...     "as_of": "2026-07-19",
    ...     "account": {"margin_mode": "cross", "wallet_balance": "1000"},
    ...     "positions": [{"symbol": "ETH", "side": "long", "qty": "2",
    ...                    "entry_price": "3000", "leverage": "10"}],
    ... })
    >>> answer.positions[0].liquidation_price
    Decimal('2551.0204081633')
    """
    if not isinstance(sheet, Sheet):
        with exact():
            sheet = read_sheet(sheet if isinstance(sheet, dict) else dict(sheet))
    return _evaluate(sheet, Catalog(exchanges), today)


def load_exchange(name: str, *, exchanges: Iterable[str | Path] = ()) -> LoadedExchange:
    """Return what the catalogue knows about an exchange.

    Args:
        name: folder name, e.g. ``bybit``.
        exchanges: folders of exchanges of your own.

    Returns:
        `meta` (rules by date, fees, parameters), `symbols()`,
        `contract(symbol)`, `tier_table(symbol, day)` and `sources`.

    Raises:
        InputError: there is no such exchange.

    >>> load_exchange("okx").meta.name
    'OKX'
    """
    loaded = Catalog(exchanges).exchange(name)
    _ = loaded.meta
    return loaded


def _evaluate(sheet: Sheet, catalog: Catalog, today: str | None) -> AccountAnswer:
    from liqcalc.answers.account import evaluate_sheet

    return evaluate_sheet(sheet, catalog, today=today or _today())


def _today() -> str:
    import time

    return time.strftime("%Y-%m-%d")


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
