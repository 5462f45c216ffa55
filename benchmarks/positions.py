"""Many ordinary positions, as columns: what a backtest or a risk desk would send."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.engine.contract import Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes, Floats
    from liqcalc.rules.catalog import Catalog, LoadedExchange

SYMBOLS, MANY_TIERS = 100, 10
IN_POOL = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "LINK", "LTC", "AVAX", "DOT")
POOL = len(IN_POOL)
TODAY = "2026-11-22"
PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "BNB": 600.0, "SOL": 150.0, "LTC": 80.0, "XRP": 0.6}


class Words(NamedTuple):
    """A column of words that repeat: a place in `words` a row."""

    codes: Codes
    words: tuple[str, ...]


class Market(NamedTuple):
    """A symbol and what its sizes and prices look like.

    Attributes:
        exchange: that it trades on.
        symbol: its name there.
        caps: upper ends of its tiers in quote currency; the last is the largest position.
        leverages: the most that each tier allows.
        tick, lot: steps of price and quantity.
        price: about which it trades.
    """

    exchange: str
    symbol: str
    caps: Floats
    leverages: Floats
    tick: float
    lot: float
    price: float


Table = dict[str, "str | float | Floats | Words"]


def one_symbol(catalog: Catalog, rows: int, seed: int) -> Table:
    """Return isolated positions in BTCUSDT of Binance."""
    return _positions([bitcoin(catalog)], rows, np.random.default_rng(seed))


def mixed(catalog: Catalog, rows: int, seed: int) -> Table:
    """Return isolated positions in a hundred symbols, of every exchange that has tiers."""
    return _positions(_hundred(catalog), rows, np.random.default_rng(seed))


def pools(catalog: Catalog, rows: int, seed: int) -> Table:
    """Return cross positions, ten an account, in ten symbols of Binance."""
    rng = np.random.default_rng(seed)
    binance = catalog.exchange("binance")
    held = [market for coin in IN_POOL if (market := _market(binance, f"{coin}USDT"))]
    accounts = -(-rows // POOL)
    symbols = np.tile(np.arange(POOL, dtype=np.int32), accounts)[:rows]
    table = _positions(held, rows, rng, symbols, largest=1e5)
    owner = (np.arange(rows) // POOL).astype(np.int32)
    names = tuple(f"account-{i}" for i in range(accounts))
    wallet = np.round(rng.lognormal(10, 1, accounts), 2)
    more: Table = {
        "account_id": Words(owner, names),
        "margin_mode": "cross",
        "wallet_balance": wallet[owner],
    }
    return table | more


def bitcoin(catalog: Catalog) -> Market:
    """Return BTCUSDT of Binance."""
    market = _market(catalog.exchange("binance"), "BTCUSDT")
    assert market is not None
    return market


def _hundred(catalog: Catalog) -> list[Market]:
    """Return symbols of all exchanges in turn, first those with many tiers."""
    exchanges = [_markets(catalog.exchange(name)) for name in catalog.names()]
    in_turn = [m for m in chain.from_iterable(zip_longest(*exchanges)) if m is not None]
    return sorted(in_turn, key=lambda m: len(m.caps) < MANY_TIERS)[:SYMBOLS]


def _markets(exchange: LoadedExchange) -> Iterator[Market]:
    markets = [m for symbol in exchange.symbols() if (m := _market(exchange, symbol))]
    yield from sorted(markets, key=lambda m: -len(m.caps))


def _market(exchange: LoadedExchange, symbol: str) -> Market | None:
    """Return a linear contract that everything is known of; None if it is another."""
    contract, table = exchange.contract(symbol), exchange.tier_table(symbol, None, today=TODAY)
    if contract is None or contract.product is not Product.LINEAR:
        return None
    if contract.contract_size is None or table is None or not table.rows:
        return None
    tick = float(contract.tick_size or 0)
    price = PRICES.get(contract.base, tick * 20_000 or 1.0)
    file = exchange.tiers(symbol)
    by_contract = file is not None and file.unit == "contracts"
    unit = float(contract.contract_size) * price if by_contract else 1.0
    caps = [float(row.cap) * unit for row in table.rows if row.cap is not None]
    most = [float(row.max_leverage or 10) for row in table.rows]
    caps = caps or [1e7]
    lot = float(contract.lot_size or 0) or 10.0 ** -np.ceil(np.log10(price))
    return Market(
        exchange.id,
        symbol,
        np.array(caps),
        np.array(most[: len(caps)]),
        tick or 10.0 ** (np.floor(np.log10(price)) - 5),
        lot,
        price,
    )


def _positions(
    markets: list[Market],
    rows: int,
    rng: np.random.Generator,
    which: Codes | None = None,
    largest: float = 1e9,
) -> Table:
    """Return positions of all sizes, at no more than their tier's leverage."""
    if which is None:
        which = rng.integers(len(markets), size=rows, dtype=np.int32)
    qty, entry, mark, leverage = (np.empty(rows) for _ in range(4))
    for place, market in enumerate(markets):
        at = np.flatnonzero(which == place) if len(markets) > 1 else slice(None)
        n = rows if isinstance(at, slice) else len(at)
        top = min(market.caps[-1] * 0.9, largest)
        value = np.exp(rng.uniform(np.log(min(100.0, top / 10)), np.log(top), n))
        entry[at] = price = _on(market.price * rng.lognormal(0, 0.2, n), market.tick)
        mark[at] = _on(price * rng.normal(1, 0.01, n), market.tick)
        qty[at] = _on(value / price, market.lot)
        most = market.leverages[np.minimum(market.caps.searchsorted(value), len(market.caps) - 1)]
        leverage[at] = np.maximum(1.0, np.floor(most * rng.uniform(0.05, 1, n)))
    names = tuple(dict.fromkeys(market.exchange for market in markets))
    places = np.array([names.index(market.exchange) for market in markets], dtype=np.int32)
    sides = Words(rng.integers(2, size=rows, dtype=np.int32), ("long", "short"))
    one = len(markets) == 1
    return {
        "exchange": names[0] if len(names) == 1 else Words(places[which], names),
        "symbol": markets[0].symbol if one else Words(which, tuple(m.symbol for m in markets)),
        "side": sides,
        "qty": qty,
        "entry_price": entry,
        "mark_price": mark,
        "leverage": leverage,
    }


def _on(values: Floats, step: float) -> Floats:
    """Return the float that is written shortest for each multiple of `step`; never 0."""
    steps: NDArray[np.float64] = np.maximum(1.0, np.rint(values / step))
    whole = 1 / step
    near = np.rint(whole)
    if abs(whole - near) < 1e-6 * whole:
        on_grid: Floats = steps / near
    else:
        on_grid = np.round(steps * step, 12)
    return on_grid
