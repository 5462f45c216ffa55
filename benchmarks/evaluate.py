"""One exact evaluation of an isolated position, against ccxt's own calculation."""

from __future__ import annotations

import statistics
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from liqcalc.answers import trace
from liqcalc.engine import margins
from liqcalc.engine.evaluate import evaluate_position
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import exact
from liqcalc.engine.pool import Pool
from liqcalc.engine.position import Coin, Position
from liqcalc.engine.tiers import Schedule, tiers_of
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS, CALLS = 15, 400


def run() -> Iterator[str]:
    """Yield evaluations per second, and the ratio to ccxt if it is installed."""
    ours = _liqcalc()
    with exact():
        speed = _speed(ours)
    what = "prices, margins and ratios, with the derivation"
    yield f"liqcalc, {what}: {speed:,.0f} a second on one core"
    theirs = _ccxt()
    if theirs is None:
        yield "ccxt is not installed: pip install -e '.[bench]'"
        return
    with exact():
        pairs = [(_once(ours), _once(theirs)) for _ in range(ROUNDS)]
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    yield f"liqcalc is {ratio:.2f} x as fast as ccxt's binance.parse_account_position"


def _liqcalc() -> Callable[[], object]:
    exchange = Catalog().exchange("binance")
    entry = exchange.rules_on(None)
    table = exchange.tier_table("BTCUSDT", None)
    contract = exchange.contract("BTCUSDT")
    assert table is not None
    assert contract is not None
    position = Position(
        contract=contract.contract(),
        side=1,
        qty=Decimal("0.5"),
        entry_price=Decimal(60000),
        mark_price=Decimal(61000),
        schedule=Schedule(tiers_of(table.rows, entry.choices.tier_applies)),
        taker=Decimal("0.0005"),
        leverage=Decimal(20),
        isolated=True,
        margin=Decimal(1485),  # the isolated wallet, which ccxt is given too
    )

    def evaluate() -> object:
        marked = Marked(position, entry.choices)
        cash = margins.cash(marked)
        assert cash is not None
        pool = Pool(entry.choices, [marked], {"USDT": Coin("USDT", cash)})
        return trace.derive(evaluate_position(marked, pool), entry.cites)

    return evaluate


def _ccxt() -> Callable[[], object] | None:
    try:
        import ccxt
    except ImportError:
        return None
    exchange: Any = ccxt.binance()
    symbol = "BTC/USDT:USDT"
    market = exchange.safe_market_structure(
        {
            "id": "BTCUSDT",
            "symbol": symbol,
            "base": "BTC",
            "quote": "USDT",
            "settle": "USDT",
            "type": "swap",
            "swap": True,
            "contract": True,
            "linear": True,
            "inverse": False,
            "contractSize": 1,
            "precision": {"price": 0.1, "amount": 0.001},
        }
    )
    exchange.set_markets([market])
    table = Catalog().exchange("binance").tier_table("BTCUSDT", None)
    assert table is not None
    rows = [[str(tier.floor), str(tier.mmr)] for tier in table.tiers]
    exchange.options["leverageBrackets"] = {symbol: rows}
    position = {
        "symbol": "BTCUSDT",
        "initialMargin": "1525",
        "maintMargin": "122",
        "unrealizedProfit": "500",
        "leverage": "20",
        "isolated": True,
        "entryPrice": "60000",
        "positionSide": "BOTH",
        "positionAmt": "0.5",
        "notional": "30500",
        "isolatedWallet": "1485",
        "updateTime": 0,
    }
    return lambda: exchange.parse_account_position(position, market)


def _once(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS


def _speed(call: Callable[[], object]) -> float:
    _once(call)
    return 1 / statistics.median(_once(call) for _ in range(ROUNDS))
