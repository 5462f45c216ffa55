"""The account sheet: its keys, how it is read, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.tiers import TierRow
from liqcalc.engine.vocabulary import NOTHING_GIVEN
from liqcalc.errors import Fault, InputError
from liqcalc.rules import build
from liqcalc.rules.schema import CollateralMode, MarginMode, PositionMode

LARGEST = Decimal("1e24")
SMALLEST = Decimal("1e-24")
MOST_DIGITS = 60


class Side(StrEnum):
    """Long or short."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """Return +1 for a long, -1 for a short."""
        return 1 if self is Side.LONG else -1


class CollateralRow(NamedTuple):
    """A coin that backs a pool; qty below 0 is a debt."""

    asset: str
    qty: Decimal
    price: Decimal | None = None
    initial_weight: Decimal | None = None
    maintenance_weight: Decimal | None = None


class CloseRow(NamedTuple):
    """A hypothetical closing step."""

    qty: Decimal | None = None
    price: Decimal | None = None
    impact: Decimal = ZERO


class PositionRow(NamedTuple):
    """One position as the user gives it; see docs/sheet.md."""

    symbol: str
    side: Side
    entry_price: Decimal | None = None
    qty: Decimal | None = None
    contracts: Decimal | None = None
    mark_price: Decimal | None = None
    index_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    margin: Decimal | None = None
    extra_margin: Decimal = ZERO
    funding_paid: Decimal = ZERO
    funding_rate: Decimal | None = None
    max_leverage: Decimal | None = None
    fee_reserve: Decimal | None = None
    accrued_fees: Decimal = ZERO
    collateral: tuple[CollateralRow, ...] = ()
    close: CloseRow | None = None
    opened: str | None = None
    risk_level: int | None = None
    stop_price: Decimal | None = None
    atr: Decimal | None = None
    volatility: Decimal | None = None

    @property
    def entry(self) -> Decimal:
        """Return the entry price, or the mark where only that was given."""
        price = self.entry_price if self.entry_price is not None else self.mark_price
        assert price is not None  # noqa: S101 - the sheet was checked
        return price


class OrderRow(NamedTuple):
    """One open order: long = buy, short = sell."""

    symbol: str
    side: Side
    price: Decimal
    qty: Decimal | None = None
    contracts: Decimal | None = None
    leverage: Decimal | None = None


class ContractRow(NamedTuple):
    """What the user says about a contract, over what the catalogue knows."""

    product: Product | None = None
    base: str | None = None
    quote: str | None = None
    settle: str | None = None
    contract_size: Decimal | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None


class FeesRow(NamedTuple):
    """The account's own fee rates."""

    taker: Decimal | None = None
    maker: Decimal | None = None
    liquidation: Decimal | None = None


class AccountRow(NamedTuple):
    """The account as the user gives it."""

    margin_mode: MarginMode = MarginMode.ISOLATED
    position_mode: PositionMode = PositionMode.ONE_WAY
    collateral_mode: CollateralMode = CollateralMode.SINGLE
    wallet_balance: Decimal | None = None
    equity: Decimal | None = None
    other_unrealized_pnl: Decimal = ZERO
    other_maintenance_margin: Decimal = ZERO
    other_initial_margin: Decimal = ZERO
    order_margin: Decimal = ZERO
    options_value: Decimal = ZERO
    collateral: tuple[CollateralRow, ...] | None = None


class Sheet(NamedTuple):
    """One account on one exchange."""

    exchange: str
    positions: tuple[PositionRow, ...]
    as_of: str | None = None
    account: AccountRow = AccountRow()
    orders: tuple[OrderRow, ...] = ()
    contracts: Mapping[str, ContractRow] = NOTHING_GIVEN
    tiers: Mapping[str, tuple[TierRow, ...]] = NOTHING_GIVEN
    fees: FeesRow = FeesRow()
    rules: str | None = None
    parameters: Mapping[str, Any] = NOTHING_GIVEN


def read_sheet(
    data: Any,  # noqa: ANN401 - parsed YAML, JSON or a dict of the user's
    *,
    text: str = "",
    where: str = "sheet",
    document: int = 0,
) -> Sheet:
    """Return `data` as a sheet, or raise with everything that is wrong with it.

    Args:
        data: a mapping with SHEET.md's keys; numbers as text, int or Decimal.
        text: what it was parsed from, for line numbers.
        where: name of the source, for messages.
        document: which document of `text`.

    Raises:
        InputError: every fault, each with its place.
    """
    if not isinstance(data, dict):
        kind = "empty" if data is None else f"a {type(data).__name__}"
        message = f"a sheet is a mapping that begins with exchange and positions, this is {kind}"
        raise InputError(Fault("LQ101", where, message, "see docs/sheet.md for an example"))
    faults = list(_float_faults(data, where, ()))
    if faults:
        raise InputError(*faults)
    sheet, faults = build.validate(
        Sheet, data, text=text, where=where, code="LQ101", document=document
    )
    if sheet is None:
        raise InputError(*faults)
    check_sheet(sheet, text=text, where=where, document=document)
    return sheet


def _float_faults(data: Any, where: str, path: tuple[str | int, ...]) -> list[Fault]:  # noqa: ANN401
    if isinstance(data, float | bool):
        return [_float_fault(build.dotted(path), data, where)]
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list | tuple):
        items = enumerate(data)
    return [fault for key, item in items for fault in _float_faults(item, where, (*path, key))]


def _float_fault(name: str, value: float, where: str) -> Fault:
    if isinstance(value, bool):
        message = f"{name} should be a number or text, not {value}"
        return Fault("LQ104", where, message)
    message = f"{name} is the binary float {value!r}, which is not exact"
    return Fault("LQ104", where, message, f'write it as text: "{value!r}"')


Faults = list[Fault]


class _Checker:
    """Collects what is wrong with the meaning of a sheet whose shape is right."""

    def __init__(self, text: str, where: str, document: int) -> None:
        self.text = text
        self.where = where
        self.document = document
        self.faults: Faults = []

    def say(
        self, path: tuple[str | int, ...], message: str, hint: str = "", code: str = "LQ105"
    ) -> None:
        from liqcalc.rules import strict_yaml

        line = strict_yaml.line_of(self.text, path, document=self.document) if self.text else None
        place = f"{self.where}:{line}" if line else self.where
        self.faults.append(Fault(code, place, f"{build.dotted(path)} {message}".strip(), hint))

    def number(
        self, value: Decimal | None, path: tuple[str | int, ...], least: str = "any"
    ) -> None:
        """Check one number; `least` is any, zero (>= 0) or above (> 0)."""
        if value is None:
            return
        if not value.is_finite():
            self.say(path, f"is {value}, not a finite number")
        elif least == "above" and value <= 0:
            self.say(path, f"is {value}, it must be above 0")
        elif least == "zero" and value < 0:
            self.say(path, f"is {value}, it must not be below 0")
        elif value and not SMALLEST <= value.copy_abs() <= LARGEST:
            hint = "check the unit and the decimal point"
            self.say(path, f"is {value:.3E}, numbers from 1e-24 to 1e24 are read", hint)
        elif len(value.as_tuple().digits) > MOST_DIGITS:
            self.say(path, f"has more than {MOST_DIGITS} digits")


def check_sheet(sheet: Sheet, *, text: str = "", where: str = "sheet", document: int = 0) -> None:
    """Raise InputError with every value of `sheet` that cannot be meant.

    Raises:
        InputError: e.g. a negative quantity, two sizes, tiers that overlap.
    """
    checker = _Checker(text, where, document)
    if not (sheet.positions or sheet.orders or sheet.account != AccountRow() or sheet.parameters):
        checker.say(("positions",), "is empty, and there is no account or order either")
    if sheet.as_of is not None and not is_date(sheet.as_of):
        checker.say(("as_of",), f"is {sheet.as_of!r}, not a date such as 2026-07-01")
    _check_account(checker, sheet)
    for i, row in enumerate(sheet.positions):
        _check_position(checker, row, i)
    _check_legs(checker, sheet)
    for i, order in enumerate(sheet.orders):
        _check_size(checker, order, ("orders", i))
        checker.number(order.price, ("orders", i, "price"), "above")
        checker.number(order.leverage, ("orders", i, "leverage"), "above")
    for symbol, rows in sheet.tiers.items():
        _check_tiers(checker, rows, symbol)
    for symbol, contract in sheet.contracts.items():
        for name in ("contract_size", "tick_size", "lot_size"):
            checker.number(getattr(contract, name), ("contracts", symbol, name), "above")
    for name in ("taker", "maker", "liquidation"):
        _check_fee(checker, getattr(sheet.fees, name), ("fees", name))
    if checker.faults:
        raise InputError(*checker.faults)


def _check_account(checker: _Checker, sheet: Sheet) -> None:
    account = sheet.account
    for name in (
        "wallet_balance",
        "equity",
        "other_unrealized_pnl",
        "order_margin",
        "options_value",
    ):
        checker.number(getattr(account, name), ("account", name))
    for name in ("other_maintenance_margin", "other_initial_margin"):
        checker.number(getattr(account, name), ("account", name), "zero")
    if account.wallet_balance is not None and account.equity is not None:
        hint = "give wallet_balance without unrealised PnL, or equity with it"
        checker.say(("account", "equity"), "is given beside wallet_balance", hint)
    if account.collateral and account.wallet_balance is not None:
        hint = "put the cash into collateral as a row of its own"
        checker.say(("account", "collateral"), "is given beside wallet_balance", hint)
    _check_collateral(checker, account.collateral or (), ("account", "collateral"))


def _check_collateral(
    checker: _Checker, rows: tuple[CollateralRow, ...], path: tuple[str | int, ...]
) -> None:
    seen: set[str] = set()
    for i, row in enumerate(rows):
        at = (*path, i)
        checker.number(row.qty, (*at, "qty"))
        checker.number(row.price, (*at, "price"), "above")
        checker.number(row.initial_weight, (*at, "initial_weight"), "zero")
        checker.number(row.maintenance_weight, (*at, "maintenance_weight"), "zero")
        if row.asset in seen:
            checker.say((*at, "asset"), f"{row.asset} is listed twice", "add the amounts up")
        seen.add(row.asset)


def _check_position(checker: _Checker, row: PositionRow, i: int) -> None:
    at = ("positions", i)
    _check_size(checker, row, at)
    for name in ("entry_price", "mark_price", "index_price", "leverage", "max_leverage", "atr"):
        checker.number(getattr(row, name), (*at, name), "above")
    checker.number(row.volatility, (*at, "volatility"), "above")
    if row.volatility is not None and row.volatility >= ONE:
        hint = "a day's standard deviation as a fraction: 3% is 0.03"
        checker.say((*at, "volatility"), f"is {row.volatility}, it must be below 1", hint)
    for name in ("margin", "extra_margin", "funding_paid", "funding_rate"):
        checker.number(getattr(row, name), (*at, name))
    for name in ("fee_reserve", "accrued_fees"):
        checker.number(getattr(row, name), (*at, name))
    if row.entry_price is None and row.mark_price is None:
        checker.say((*at, "entry_price"), "is missing, and so is mark_price", "give one of them")
    if row.opened is not None and not is_date(row.opened):
        checker.say((*at, "opened"), f"is {row.opened!r}, not a date such as 2026-07-01")
    if row.risk_level is not None and row.risk_level < 1:
        checker.say((*at, "risk_level"), f"is {row.risk_level}, the lowest level is 1")
    _check_stop(checker, row, (*at, "stop_price"))
    if row.close is not None:
        checker.number(row.close.qty, (*at, "close", "qty"), "above")
        checker.number(row.close.price, (*at, "close", "price"), "above")
        checker.number(row.close.impact, (*at, "close", "impact"))
    _check_collateral(checker, row.collateral, (*at, "collateral"))


def _check_stop(checker: _Checker, row: PositionRow, at: tuple[str | int, ...]) -> None:
    """Refuse a stop that is not on the side of the mark on which the position loses."""
    stop, mark = row.stop_price, row.mark_price or row.entry_price
    checker.number(stop, at, "above")
    if stop is None or mark is None or not (stop.is_finite() and mark.is_finite()) or stop <= 0:
        return
    if (mark - stop) * row.side.sign > 0:
        return
    lies = "below" if row.side is Side.LONG else "above"
    message = f"is {stop}, the stop of a {row.side} lies {lies} the mark {mark}"
    checker.say(at, message, "", "LQ125")


def _check_size(checker: _Checker, row: PositionRow | OrderRow, at: tuple[str | int, ...]) -> None:
    checker.number(row.qty, (*at, "qty"), "above")
    checker.number(row.contracts, (*at, "contracts"), "above")
    if (row.qty is None) is (row.contracts is None):
        state = "both given" if row.qty is not None else "both missing"
        checker.say(at, f"qty and contracts are {state}", "give exactly one of them")


def _check_legs(checker: _Checker, sheet: Sheet) -> None:
    """Refuse two cross positions that the exchange would hold as one."""
    seen: dict[tuple[str, MarginMode, Side], int] = {}
    hedge = sheet.account.position_mode is PositionMode.HEDGE
    for i, row in enumerate(sheet.positions):
        mode = row.margin_mode or sheet.account.margin_mode
        for side in (row.side,) if hedge else Side:
            first = seen.get((row.symbol, mode, side))
            if first is not None and not hedge and side is not row.side:
                hint = "set account.position_mode: hedge"
                message = f"is the other side of positions[{first}] in one_way mode"
                checker.say(("positions", i, "side"), message, hint)
        seen.setdefault((row.symbol, mode, row.side), i)


def _check_tiers(checker: _Checker, rows: tuple[TierRow, ...], symbol: str) -> None:
    at: tuple[str | int, ...] = ("tiers", symbol)
    if not rows:
        checker.say(at, "is empty")
    for i, row in enumerate(rows):
        checker.number(row.floor, (*at, i, "floor"), "zero")
        checker.number(row.cap, (*at, i, "cap"), "above")
        checker.number(row.mmr, (*at, i, "mmr"), "zero")
        checker.number(row.deduction, (*at, i, "deduction"))
        if row.mmr > ONE:
            hint = "rates are fractions: 0.5% is 0.005"
            checker.say((*at, i, "mmr"), f"is {row.mmr}, it must not be above 1", hint)
        if i and rows[i - 1].cap is None:
            checker.say((*at, i), "comes after a tier without a cap")
        elif i and row.floor < (rows[i - 1].cap or ZERO):
            checker.say((*at, i, "floor"), f"is {row.floor}, below the cap of the tier before")
        if row.cap is not None and row.cap <= row.floor:
            checker.say((*at, i, "cap"), f"is {row.cap}, not above its floor {row.floor}")


def _check_fee(checker: _Checker, rate: Decimal | None, path: tuple[str | int, ...]) -> None:
    checker.number(rate, path)
    if rate is not None and abs(rate) >= ONE:
        hint = "rates are fractions: 0.05% is 0.0005"
        checker.say(path, f"is {rate}, it must be below 1", hint)


_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def is_date(text: str) -> bool:
    """Return True for a day of the calendar written as 2026-07-01."""
    from datetime import date

    if not _DATE.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
