"""Numbers, rounding and the account sheet, read the plain way.

Field names and defaults follow the description of the account sheet: the mark defaults to the
entry, the index to the mark, a missing cap is an open end, a missing deduction is counted.
Everything is a Decimal; the callers work in `CONTEXT` (60 digits).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
)
from typing import Any

CONTEXT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    traps=[DivisionByZero, FloatOperation, InvalidOperation, Overflow],
)
ZERO, ONE = Decimal(0), Decimal(1)
UP, DOWN, CUT = ROUND_CEILING, ROUND_FLOOR, ROUND_DOWN
NEAREST, NEAREST_EVEN = ROUND_HALF_UP, ROUND_HALF_EVEN
KEPT_DIGITS = Context(prec=30, rounding=ROUND_HALF_EVEN)


def number(value: str | int | Decimal) -> Decimal:
    """Return `value` as an exact Decimal; refuse binary floats."""
    if isinstance(value, (float, bool)):
        message = f"{value!r} is not an exact number"
        raise TypeError(message)
    return Decimal(value)


def maybe(value: str | int | Decimal | None) -> Decimal | None:
    """Return `value` as a Decimal, or None if it is not given."""
    return None if value is None else number(value)


def snap(value: Decimal) -> Decimal:
    """Return `value` with 30 digits: takes away what bisection leaves beside an exact root."""
    return KEPT_DIGITS.plus(value)


def to_decimals(value: Decimal, places: int, direction: str) -> Decimal:
    """Return `value` rounded to `places` decimals."""
    return snap(value).quantize(Decimal(1).scaleb(-places), rounding=direction)


def to_step(value: Decimal, step: Decimal, direction: str) -> Decimal:
    """Return `value` rounded to a multiple of `step`."""
    return (snap(value) / step).quantize(ONE, rounding=direction) * step


@dataclass(frozen=True)
class Contract:
    """What one contract of a symbol is."""

    product: str
    base: str
    settle: str
    contract_size: Decimal
    tick_size: Decimal | None


@dataclass(frozen=True)
class Tier:
    """One row of a maintenance table."""

    cap: Decimal | None
    mmr: Decimal
    deduction: Decimal
    max_leverage: Decimal | None
    floor: Decimal = ZERO
    imr: Decimal | None = None


@dataclass(frozen=True)
class Order:
    """An open order: long buys, short sells."""

    symbol: str
    side: Decimal
    qty: Decimal
    price: Decimal
    leverage: Decimal | None
    contract: Contract
    tiers: tuple[Tier, ...] | None

    @property
    def value(self) -> Decimal:
        """Return the value of the order at its own price."""
        return (
            self.qty / self.price if self.contract.product == "inverse" else self.qty * self.price
        )


@dataclass(frozen=True)
class Coin:
    """One row of collateral."""

    asset: str
    qty: Decimal
    price: Decimal | None
    initial_weight: Decimal
    maintenance_weight: Decimal


@dataclass(frozen=True)
class Close:
    """A hypothetical closing step: how much, at which price, with what price impact."""

    qty: Decimal | None = None
    price: Decimal | None = None
    impact: Decimal = ZERO


@dataclass(frozen=True)
class Position:
    """One position of the sheet; `side` is +1 or -1, `qty` base coins or face value.

    `row` is the row of the sheet, for keys that only one exchange uses.
    """

    index: int
    symbol: str
    side: Decimal
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    index_price: Decimal
    leverage: Decimal | None
    isolated: bool
    margin: Decimal | None
    extra_margin: Decimal
    funding_paid: Decimal
    funding_rate: Decimal | None
    max_leverage: Decimal | None
    fee_reserve: Decimal
    accrued_fees: Decimal
    contract: Contract
    tiers: tuple[Tier, ...] | None
    collateral: tuple[Coin, ...] = ()
    close: Close = Close()
    row: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def contracts(self) -> Decimal:
        """Return the number of contracts."""
        return self.qty / self.contract.contract_size

    @property
    def inverse(self) -> bool:
        """Return whether value and profit are in the base coin."""
        return self.contract.product == "inverse"

    def value(self, price: Decimal) -> Decimal:
        """Return the value of the position at `price` in its settle currency."""
        return self.qty / price if self.inverse else self.qty * price

    def pnl(self, price: Decimal) -> Decimal:
        """Return the unrealised profit at `price` in the settle currency."""
        if self.inverse:
            return self.side * (self.qty / self.entry_price - self.qty / price)
        return self.side * self.qty * (price - self.entry_price)


@dataclass(frozen=True)
class Account:
    """The account's part of the sheet."""

    collateral_mode: str
    hedge: bool
    wallet_balance: Decimal | None
    equity: Decimal | None
    other_unrealized_pnl: Decimal
    other_maintenance_margin: Decimal
    other_initial_margin: Decimal
    order_margin: Decimal
    options_value: Decimal
    collateral: tuple[Coin, ...]
    collateral_given: bool = False  # an empty list says that there is none


@dataclass(frozen=True)
class Sheet:
    """A whole account sheet; `raw` is the document, for keys that only one exchange uses."""

    exchange: str
    as_of: str | None
    rules: str | None
    taker: Decimal
    parameters: dict[str, Any]
    account: Account
    positions: tuple[Position, ...]
    orders: tuple[Order, ...]
    raw: dict[str, Any] = field(default_factory=dict, compare=False)


def read_sheet(raw: dict[str, Any]) -> Sheet:
    """Return the parsed YAML or JSON document `raw` as a Sheet."""
    as_of = raw.get("as_of")
    return Sheet(
        exchange=raw["exchange"],
        as_of=None if as_of is None else str(as_of)[:10],
        rules=raw.get("rules"),
        taker=number((raw.get("fees") or {}).get("taker", 0)),
        parameters=raw.get("parameters") or {},
        account=_account(raw.get("account") or {}),
        positions=tuple(_position(raw, at, row) for at, row in enumerate(raw["positions"])),
        orders=tuple(_order(raw, row) for row in raw.get("orders") or []),
        raw=raw,
    )


def _account(row: dict[str, Any]) -> Account:
    return Account(
        collateral_mode=row.get("collateral_mode", "single"),
        hedge=row.get("position_mode", "one_way") == "hedge",
        wallet_balance=maybe(row.get("wallet_balance")),
        equity=maybe(row.get("equity")),
        other_unrealized_pnl=number(row.get("other_unrealized_pnl", 0)),
        other_maintenance_margin=number(row.get("other_maintenance_margin", 0)),
        other_initial_margin=number(row.get("other_initial_margin", 0)),
        order_margin=number(row.get("order_margin", 0)),
        options_value=number(row.get("options_value", 0)),
        collateral=tuple(_coin(coin) for coin in row.get("collateral") or []),
        collateral_given=row.get("collateral") is not None,
    )


def _coin(row: dict[str, Any]) -> Coin:
    return Coin(
        asset=row["asset"],
        qty=number(row.get("qty", 0)),
        price=maybe(row.get("price")),
        initial_weight=number(row.get("initial_weight", 1)),
        maintenance_weight=number(row.get("maintenance_weight", 1)),
    )


def _contract(raw: dict[str, Any], symbol: str) -> Contract:
    row = raw["contracts"][symbol]
    if row["product"] not in {"linear", "inverse", "quanto"}:
        message = f"{symbol}: product {row['product']} is not judged here"
        raise NotImplementedError(message)
    return Contract(
        product=row["product"],
        base=row["base"],
        settle=row["settle"],
        contract_size=number(row.get("contract_size", 1)),
        tick_size=maybe(row.get("tick_size")),
    )


def _side(row: dict[str, Any]) -> Decimal:
    return {"long": ONE, "short": -ONE}[row["side"]]


def _qty(row: dict[str, Any], contract: Contract) -> Decimal:
    if "qty" in row:
        return number(row["qty"])
    return number(row["contracts"]) * contract.contract_size


def _tiers(raw: dict[str, Any], symbol: str) -> tuple[Tier, ...] | None:
    """Return a table; a deduction that is not given is what keeps the requirement continuous."""
    tiers: list[Tier] = []
    for row in (raw.get("tiers") or {}).get(symbol) or ():
        mmr, floor = number(row["mmr"]), number(row.get("floor") or 0)
        deduction = maybe(row.get("deduction"))
        if deduction is None:
            below = tiers[-1] if tiers else None
            deduction = below.deduction + floor * (mmr - below.mmr) if below else ZERO
        tier = Tier(
            cap=maybe(row.get("cap")),
            mmr=mmr,
            deduction=deduction,
            max_leverage=maybe(row.get("max_leverage")),
            floor=floor,
            imr=maybe(row.get("imr")),
        )
        tiers.append(tier)
    return tuple(tiers) or None


def _order(raw: dict[str, Any], row: dict[str, Any]) -> Order:
    contract = _contract(raw, row["symbol"])
    return Order(
        symbol=row["symbol"],
        side=_side(row),
        qty=_qty(row, contract),
        price=number(row["price"]),
        leverage=maybe(row.get("leverage")),
        contract=contract,
        tiers=_tiers(raw, row["symbol"]),
    )


def _position(raw: dict[str, Any], at: int, row: dict[str, Any]) -> Position:
    contract = _contract(raw, row["symbol"])
    given = row["mark_price"] if row.get("entry_price") is None else row["entry_price"]
    entry = _entry_price(raw, number(given))
    mark = number(row["mark_price"]) if row.get("mark_price") is not None else entry
    mode = row.get("margin_mode") or (raw.get("account") or {}).get("margin_mode", "isolated")
    return Position(
        index=at,
        symbol=row["symbol"],
        side=_side(row),
        qty=_qty(row, contract),
        entry_price=entry,
        mark_price=mark,
        index_price=number(row["index_price"]) if row.get("index_price") is not None else mark,
        leverage=maybe(row.get("leverage")),
        isolated=mode == "isolated",
        margin=maybe(row.get("margin")),
        extra_margin=number(row.get("extra_margin", 0)),
        funding_paid=number(row.get("funding_paid", 0)),
        funding_rate=maybe(row.get("funding_rate")),
        max_leverage=maybe(row.get("max_leverage")),
        fee_reserve=number(row.get("fee_reserve", 0)),
        accrued_fees=number(row.get("accrued_fees", 0)),
        contract=contract,
        tiers=_tiers(raw, row["symbol"]),
        collateral=tuple(_coin(coin) for coin in row.get("collateral") or []),
        close=_close(row.get("close") or {}),
        row=row,
    )


def _close(row: dict[str, Any]) -> Close:
    impact = number(row.get("impact", 0))
    return Close(qty=maybe(row.get("qty")), price=maybe(row.get("price")), impact=impact)


def _entry_price(raw: dict[str, Any], price: Decimal) -> Decimal:
    # Binance facts, section 0, rule 3: the entry is cut to 8 decimals before any use.
    if raw["exchange"] != "binance":
        return price
    places = int((raw.get("parameters") or {}).get("entry_price_decimals", 8))
    return price.quantize(Decimal(1).scaleb(-places), rounding=CUT)
