"""The rules of each exchange, one module an exchange, each written from its own facts."""

from __future__ import annotations

from tests.slow.exchanges.base import Rules
from tests.slow.exchanges.binance import Binance
from tests.slow.exchanges.bybit import Bybit
from tests.slow.exchanges.hyperliquid import Hyperliquid
from tests.slow.exchanges.okx import Okx

RULES: dict[str, type[Rules]] = {
    "binance": Binance,
    "bybit": Bybit,
    "hyperliquid": Hyperliquid,
    "okx": Okx,
}

__all__ = ["RULES", "Rules"]
