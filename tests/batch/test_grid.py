"""Cells of a grid equal the exact engine at that price, with the margins of today."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from functools import cache
from math import isnan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import liqcalc
from liqcalc import batch
from liqcalc.batch.grids.exact import ExactGrid
from liqcalc.batch.grids.found import NUMBERS, STATUSES
from liqcalc.batch.grids.points import read_points
from liqcalc.batch.grids.question import grid_columns
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
    wrong: list[object] = []
    for row in range(columns.rows):
        for point in range(points.size):
            exact = judge.cell(row, point)
            ours = {name: getattr(found, name)[row, point] for name in NUMBERS}
            for name, value in ours.items():
                expected = getattr(exact, name)
                same = isnan(value) if expected is None else value == float(expected)
                if not same:
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

    def test_compiled_cells_are_those_of_columns(self):
        pytest.importorskip("numba")
        columns = columns_of(maker("binance").rows(100, 3, hostile=0))
        points = read_points(MOVES, None, columns)
        ways = [grid_columns(columns, points, CATALOG, TODAY, compiled=c) for c in (True, False)]

        for name in (*NUMBERS, "status"):
            one, other = (np.nan_to_num(getattr(way, name), nan=-1.0) for way in ways)
            assert one.tolist() == other.tolist()


HAND = {
    "exchange": "binance", "symbol": "BTCUSDT", "side": ["long", "short"], "qty": 0.5,
    "entry_price": 60_000, "leverage": 20,
}  # fmt: skip


class TestByHand:
    """0.5 BTC at 60000 have 1485 of margin; 4% are 1200, 5% are 1500."""

    def test_margins_stay_what_they_are_when_the_mark_moves(self):
        found = batch.grid(HAND, moves=[-0.05, -0.04, 0, 0.05])

        assert found["price"][0].tolist() == [57_000, 57_600, 60_000, 63_000]
        assert found["unrealized_pnl"].tolist() == [[-1500, -1200, 0, 1500], [1500, 1200, 0, -1500]]
        assert found["equity"].tolist() == [[-15, 285, 1485, 2985], [2985, 2685, 1485, -15]]
        assert found["margin_ratio"][0, 1] == float(Decimal("115.2") / 285)  # 57600*0.5*0.004
        assert found["status"][:, 0].tolist() == ["liquidatable", "holds"]

    def test_it_is_what_stress_says(self):
        position = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "leverage": "20"}
        sheet = {"exchange": "binance", "positions": [position | {"entry_price": "60000"}]}
        answer = liqcalc.stress(sheet, moves="-0.04,0.3", today=TODAY)
        found = batch.grid(HAND, moves=[-0.04, 0, 0.3], today=TODAY)

        equity = [point.units[0].equity for point in answer.points]
        assert found["equity"][0].tolist() == [float(money or 0) for money in equity]

    def test_a_long_table_has_a_line_for_each_row_and_price(self):
        desk = pa.table(
            {name: v if isinstance(v, list) else [v] * 2 for name, v in HAND.items()}
            | {"desk": ["a", "b"]}
        )
        found = batch.grid(desk, prices={"BTCUSDT": ["57000", 63_000]})

        assert found.column_names == [
            *("row", "exchange", "symbol", "side", "desk"),
            *("price", "unrealized_pnl", "equity", "margin_ratio", "status"),
        ]
        assert found["row"].to_pylist() == [0, 0, 1, 1]
        assert found["desk"].to_pylist() == ["a", "a", "b", "b"]
        assert found["price"].to_pylist() == [57_000, 63_000] * 2
        assert found["margin_ratio"].null_count == 2

    @pytest.mark.parametrize(
        ("points", "why"),
        [
            ({"moves": [-1]}, "would leave no price"),
            ({"moves": []}, "is empty"),
            ({"prices": [0]}, "must be above 0"),
            ({"prices": {"ETHUSDT": [1]}}, "has none for BTCUSDT"),
            ({"moves": [0.1], "prices": [1]}, "is given beside prices"),
        ],
    )
    def test_points_that_are_none_are_told(self, points, why):
        with pytest.raises(InputError, match=why):
            batch.grid(HAND, **points)


class TestAnEntryThatIsNotGiven:
    """It is the mark of today, and stays that when the mark moves."""

    def test_profit_follows_the_mark(self):
        position = {"symbol": "BTCUSDT", "side": "long", "qty": "1", "margin": "9000"}
        sheet = {"exchange": "binance", "positions": [position | {"mark_price": "60000"}]}
        point, _ = liqcalc.stress(sheet, moves="-0.1", today=TODAY).points

        assert point.units[0].equity == Decimal(3000)
