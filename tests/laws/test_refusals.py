"""A binary float is refused wherever a number is read, with the fix in the message."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import liqcalc
from liqcalc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHEET: dict[str, Any] = {
    "exchange": "bybit",
    "as_of": "2026-05-01",
    "account": {
        "margin_mode": "cross",
        "collateral_mode": "multi",
        "other_unrealized_pnl": "1",
        "other_maintenance_margin": "1",
        "other_initial_margin": "1",
        "order_margin": "1",
        "options_value": "1",
        "collateral": [
            {"asset": "USDT", "qty": "100", "price": "1", "initial_weight": "1",
             "maintenance_weight": "1"}
        ],
    },
    "positions": [
        {"symbol": "X", "side": "long", "qty": "1", "entry_price": "100", "mark_price": "101",
         "index_price": "100", "leverage": "10", "extra_margin": "1", "funding_paid": "1",
         "funding_rate": "0.0001", "max_leverage": "50", "fee_reserve": "1", "accrued_fees": "1"},
    ],
    "orders": [{"symbol": "X", "side": "long", "qty": "1", "price": "99", "leverage": "10"}],
    "contracts": {
        "X": {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT",
              "contract_size": "1", "tick_size": "0.1", "lot_size": "1"}
    },
    "tiers": {"X": [{"floor": "0", "cap": "1000", "mmr": "0.01", "deduction": "0", "imr": "0.02",
                     "max_leverage": "50"}]},
    "fees": {"taker": "0.0005", "maker": "0.0002", "liquidation": "0"},
    "parameters": {"borrow_mmr": {"USDT": "0.04"}},
}  # fmt: skip
WORDS = {"exchange", "as_of", "margin_mode", "collateral_mode", "asset", "symbol", "side",
         "product", "base", "quote", "settle"}  # fmt: skip


def numbers(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every number of a sheet."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from numbers(value, (*path, key))
        elif key not in WORDS:
            yield (*path, key)


class TestFloatsAreRefused:
    """A float is off by a tick where a price lands on one, so none is taken silently."""

    def test_the_sheet_itself_is_a_sheet(self) -> None:
        assert liqcalc.evaluate(SHEET).positions[0].liquidation_price is not None

    @pytest.mark.parametrize(
        "path", list(numbers(SHEET)), ids=lambda path: ".".join(map(str, path))
    )
    def test_in_every_key_of_a_sheet(self, path: tuple[Any, ...]) -> None:
        sheet = copy.deepcopy(SHEET)
        place: Any = sheet
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = float(place[path[-1]])

        with pytest.raises(InputError, match="binary float"):
            liqcalc.evaluate(sheet)

    @pytest.mark.parametrize(
        "name",
        ["qty", "entry_price", "leverage", "margin", "extra_margin", "wallet_balance",
         "mark_price", "taker", "mmr", "deduction", "max_leverage"],
    )  # fmt: skip
    def test_in_every_argument_of_price(self, name: str) -> None:
        arguments: dict[str, Any] = {"qty": "1", "entry_price": "100", name: 0.5}

        with pytest.raises(InputError, match="binary float"):
            liqcalc.price("binance", "BTCUSDT", "long", **arguments)
