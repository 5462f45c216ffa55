"""Compiled columns equal those of numpy alone, to the last bit."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import os
from decimal import Decimal
from importlib.util import find_spec

import numpy as np
import pytest

from liqcalc.batch.question import evaluate_columns
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of

TODAY = "2026-11-22"
CATALOG = Catalog()
MUST = "LIQCALC_CLUSTERS" in os.environ

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MUST and find_spec("numba") is None, reason="needs liqcalc[fast]"),
]


def both(columns):
    return (
        evaluate_columns(columns, CATALOG, TODAY, compiled=False),
        evaluate_columns(columns, CATALOG, TODAY, compiled=True),
    )


@pytest.mark.parametrize("exchange", ["binance", "hyperliquid"])
def test_every_result_is_the_same(exchange):
    columns = columns_of(RowMaker(CATALOG, (exchange,)).rows(4000, seed=1))
    plain, compiled = both(columns)

    for name, values in plain.numbers.items():
        assert np.array_equal(values, compiled.numbers[name], equal_nan=True), name
    for name, words in plain.words.items():
        assert words.texts() == compiled.words[name].texts(), name
    assert np.array_equal(plain.whole["tier"], compiled.whole["tier"])
    assert plain.about["redone"] == compiled.about["redone"]
    assert plain.about["redone"] < columns.rows


def test_it_is_compiled_on_request_and_from_then_on(monkeypatch):
    from liqcalc.batch.fast import kernel

    calls = []
    isolated = kernel.isolated

    def counted(*given):
        calls.append(given)
        isolated(*given)

    monkeypatch.setattr(kernel, "isolated", counted)
    catalog = Catalog()
    words = {"exchange": "kraken", "symbol": "PF_XBTUSD", "side": "long"}
    numbers = {"qty": Decimal(1), "entry_price": Decimal(60_000), "leverage": Decimal(5)}
    columns = columns_of([words | numbers])

    evaluate_columns(columns, catalog, TODAY)
    assert not calls  # few rows are not worth it
    evaluate_columns(columns, catalog, TODAY, compiled=True)
    assert calls
    calls.clear()
    evaluate_columns(columns, catalog, TODAY)
    assert calls
    calls.clear()
    evaluate_columns(columns, catalog, TODAY, compiled=False)
    assert not calls
