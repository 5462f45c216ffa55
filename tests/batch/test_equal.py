"""Columns equal the exact engine: every figure the float nearest to its own, every word the same.

A million rows are compared by ``python -m benchmarks.differential``.
"""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqcalc.batch.exactly import INVALID
from liqcalc.batch.fast import pools, run
from liqcalc.batch.question import evaluate_columns
from liqcalc.engine.solve import Status
from liqcalc.rules.catalog import Catalog
from tests.batch.compare import differences, mappings
from tests.batch.rows import RowMaker, columns_of
from tests.strategies import few

TODAY = "2026-11-22"
CATALOG = Catalog()
TRADED = [name for name in CATALOG.names() if CATALOG.exchange(name).symbols()]
SEEDS = st.integers(0, 2**32)


@cache
def maker(*exchanges):
    return RowMaker(CATALOG, exchanges)


def without_accounts(rows):
    return [row for row in rows if "account_id" not in row]


def mapped(rows):
    return mappings(evaluate_columns(columns_of(rows), CATALOG, TODAY))


def compared(rows):
    columns = columns_of(rows)
    found = evaluate_columns(columns, CATALOG, TODAY)
    return [str(d) for d in differences(rows, columns, found, CATALOG, TODAY)]


class TestColumnsAreExact:
    """What the columns find about a row is what the exact engine finds."""

    @few
    @given(seed=SEEDS)
    @pytest.mark.parametrize("exchange", TRADED)
    def test_on_every_exchange(self, exchange, seed):
        assert compared(maker(exchange).rows(40, seed)) == []

    @few
    @given(seed=SEEDS)
    def test_on_all_exchanges_mixed(self, seed):
        assert compared(maker().rows(200, seed)) == []

    @few
    @given(seed=SEEDS)
    def test_on_wrong_and_extreme_rows(self, seed):
        assert compared(maker().rows(100, seed, hostile=1)) == []

    def test_on_no_rows(self):
        assert compared([]) == []


class TestARowStandsAlone:
    """What is found about a position does not depend on the rows around it."""

    @few
    @given(seed=SEEDS)
    def test_one_by_one(self, seed):
        rows = without_accounts(maker().rows(30, seed))

        alone = [found for row in rows for found in mapped([row])]

        assert alone == mapped(rows)

    def test_among_more_than_are_worked_on_at_once(self):
        rows = without_accounts(maker("binance", "bybit").rows(250, seed=1, hostile=0))

        assert mapped(rows * 50) == mapped(rows) * 50

    @pytest.mark.parametrize("size", [1, 7])
    def test_in_whatever_parts_they_are_worked_on(self, size, monkeypatch):
        rows = maker("binance", "hyperliquid").rows(120, seed=5, hostile=0)
        whole = mapped(rows)
        monkeypatch.setattr(run, "CHUNK", size)
        monkeypatch.setattr(pools, "CHUNK", size)

        assert any("account_id" in row for row in rows)
        assert mapped(rows) == whole

    def test_in_many_threads_at_once(self):
        tables = [without_accounts(maker().rows(60, seed, hostile=0)) for seed in range(8)]
        fresh = Catalog()

        def found(rows):
            return mappings(evaluate_columns(columns_of(rows), fresh, TODAY))

        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(found, tables))

        assert together == [mapped(rows) for rows in tables]


class TestTheRows:
    """The rows that all this is shown on are not all of one kind."""

    def test_every_exchange_and_every_answer_is_among_them(self):
        rows = maker().rows(3_000, seed=1)
        found = mapped(rows)
        priced = {row.get("exchange") for row, f in zip(rows, found, strict=True) if f["tier"]}
        warned = {word for f in found for word in (f["warnings"] or "").split()}

        assert set(TRADED) - {"drift"} <= priced  # drift has no tiers
        assert {f["status"] for f in found} == {*map(str, Status), INVALID}
        assert max(f["tier"] for f in found) > 50
        assert warned >= {"LQ301", "LQ302", "LQ303", "LQ304", "LQ305", "LQ306", "LQ307", "LQ407"}
