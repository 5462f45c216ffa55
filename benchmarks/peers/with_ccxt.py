"""Runs inside ccxt's environment: its own price for what Binance's account endpoint returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.peers.loop import Positions, main

if TYPE_CHECKING:
    from collections.abc import Callable

SYMBOL = "BTC/USDT:USDT"


def measure(of: Positions) -> tuple[Callable[[], list[float | None]], int]:
    """Return a loop over the positions, and how many there are."""
    import ccxt

    exchange: Any = ccxt.binance()
    market = exchange.safe_market_structure(_MARKET)
    exchange.set_markets([market])
    tiers = zip(of.floors, of.rates, strict=True)
    exchange.options["leverageBrackets"] = {SYMBOL: [[str(f), str(r)] for f, r in tiers]}
    answers = [_answer(*row) for row in zip(*of[:5], strict=True)]
    parse = exchange.parse_account_position
    return lambda: [parse(answer, market)["liquidationPrice"] for answer in answers], len(answers)


def _answer(long: bool, qty: float, entry: float, mark: float, leverage: float) -> dict[str, Any]:  # noqa: FBT001
    side = 1 if long else -1
    return {
        "symbol": "BTCUSDT",
        "initialMargin": f"{qty * mark / leverage:.8f}",
        "maintMargin": f"{qty * mark * 0.004:.8f}",  # does not enter the price
        "unrealizedProfit": f"{side * qty * (mark - entry):.8f}",
        "leverage": f"{leverage:.0f}",
        "isolated": True,
        "entryPrice": repr(entry),
        "positionSide": "BOTH",
        "positionAmt": repr(side * qty),
        "notional": f"{side * qty * mark:.8f}",
        "isolatedWallet": f"{qty * entry / leverage:.8f}",
        "updateTime": 0,
    }


_MARKET = {
    "id": "BTCUSDT",
    "symbol": SYMBOL,
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

if __name__ == "__main__":
    main(measure)
