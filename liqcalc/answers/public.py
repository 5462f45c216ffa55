"""The library's entry points: price, evaluate, load_exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.request import NUMBERS, WORDS, sheet_of
from liqcalc.engine.numbers import exact
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog, LoadedExchange, nearest
from liqcalc.rules.sheet import Sheet, read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from liqcalc.answers.answer import AccountAnswer, PositionAnswer
    from liqcalc.answers.request import Number


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
    given = dict(locals())
    catalog = Catalog(exchanges)
    sheet = sheet_of(catalog, exchange, symbol, side, given)
    return _evaluate(sheet, catalog, today).positions[0]


def position_sheet(
    exchange: str,
    symbol: str,
    side: str,
    qty: Number | None = None,
    *,
    exchanges: Iterable[str | Path] = (),
    **inputs: Any,  # noqa: ANN401 - those of `price`
) -> Sheet:
    """Return the sheet of one position, for the questions that take a sheet.

    Args:
        exchange: folder name.
        symbol: the exchange's own name, or ccxt's unified one.
        side: ``long`` or ``short``.
        qty: as `price` takes it.
        exchanges: folders of exchanges of your own.
        inputs: any other input of `price`, under its name there.

    Raises:
        InputError: every input that cannot be used.

    >>> sheet = position_sheet("binance", "BTCUSDT", "long", "0.5", entry_price=60000, leverage=20)
    >>> evaluate(sheet, today="2026-11-22").positions[0].liquidation_price
    Decimal('57259.03614458')
    """
    unknown = [name for name in inputs if name not in {*NUMBERS, *WORDS, "margin_mode"}]
    if unknown:
        hint = nearest(unknown[0], [*NUMBERS, *WORDS, "margin_mode"])
        raise InputError(Fault("LQ105", unknown[0], "is not an input of a position", hint))
    return sheet_of(Catalog(exchanges), exchange, symbol, side, {"qty": qty, **inputs})


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
