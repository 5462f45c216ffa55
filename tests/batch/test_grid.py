"""Cells of a grid equal the exact engine at that price, with the margins of today."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import liqcalc
from liqcalc import batch
from liqcalc.batch.grid import grid_columns
from liqcalc.batch.grid_exactly import ExactGrid
from liqcalc.batch.grid_found import NUMBERS, STATUSES
from liqcalc.batch.grid_points import read_points
from liqcalc.errors import InputError
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of
from tests.strategies import few

TODAY = "2026-11-22"
CATALOG = Catalog()
TRADED = [name for name in CATALOG.names() if CATALOG.exchange(name).symbols()]
SEEDS = st.integers(0, 2**32)
MOVES = (-0.97, -0.3, -0.0123456, 0, 0.05, 1.7)


@cache
def maker(*exchanges):
    return RowMaker(CATALOG, exchanges)


def differing(columns, points):
    """Return the cells that are not what the exact engine says of them."""
    found = grid_columns(columns, points, CATALOG, TODAY)
    judge = ExactGrid(columns, points, CATALOG, TODAY)
    wrong = []
    for row in range(columns.rows):
        for point in range(points.count):
            exact = judge.cell(row, point)
            ours = {name: getattr(found, name)[row, point] for name in NUMBERS}
            for name, value in ours.items():
                expected = getattr(exact, name)
                if value != value if expected is None else value == float(expected):
                    continue
                wrong.append((row, point, name, value, expected))
            if found.status[row, point] != exact.status:
                wrong.append((row, point, STATUSES[found.status[row, point]], exact))
    return wrong


class TestColumnsAreExact:
    """A cell is what the exact engine finds about the settled position at that mark."""

    @few
    @given(seed=SEEDS)
    @pytest.mark.parametrize("exchange", TRADED)
    def test_on_every_exchange(self, exchange, seed):
        columns = columns_of(maker(exchange).rows(12, seed))

        assert differing(columns, read_points(MOVES, None, columns)) == []

    @few
    @given(seed=SEEDS)
    def test_at_the_same_prices_for_all(self, seed):
        columns = columns_of(maker("binance", "bybit").rows(12, seed))

        assert differing(columns, read_points(None, (0.5, "2950.05", 60_000), columns)) == []
