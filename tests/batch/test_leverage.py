"""The safe leverage in columns equals the exact question, asked about each row."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from functools import cache
from math import isnan, nan
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import liqcalc
from liqcalc import batch
from liqcalc.answers.leverage.question import leverage_of
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.columns import Coded
from liqcalc.batch.exactly import INVALID, said
from liqcalc.batch.leverages.question import leverage_columns
from liqcalc.batch.leverages.terms import INPUTS, MISSING, STOP
from liqcalc.errors import InputError, LiqcalcError
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of
from tests.strategies import few

TODAY = "2026-11-22"
CATALOG = Catalog()
TRADED = [name for name in CATALOG.names() if CATALOG.exchange(name).symbols()]
SEEDS = st.integers(0, 2**32)
HELD = {"symbol": "BTCUSDT", "side": "long", "qty": 0.5, "entry_price": 60000}
LONG = HELD | {"exchange": "binance"}
NOTHING_MORE = {"buffer": 0, "basis": 0, "slippage_bps": 0}

TERMS = {
    "slippage_bps": (0, 5, 50, 10_000),
    "basis": (0, 0.002, 1),
    "buffer": (0, 0.5, -1),
    "holding_hours": (0, 0, 8, 100),
}


@cache
def maker(*exchanges):
    return RowMaker(CATALOG, exchanges)


def planned(rows, seed):
    """Return rows as columns, each with a stop: mostly where it can be meant."""
    rng = Random(seed)  # noqa: S311 - not a secret
    columns = columns_of(rows)
    columns.numbers[STOP] = np.array([stop(row, rng) for row in rows])
    for name, values in TERMS.items():
        columns.numbers[name] = np.array(
            [rng.choice(values) if rng.random() < 0.1 else nan for _ in rows]
        )
    words = [rng.choice(("mark", "last", "index")) if rng.random() < 0.1 else None for _ in rows]
    columns.words["trigger"] = Coded.of(words)
    return columns


def stop(row, rng):
    price = float(row.get("mark_price") or row.get("entry_price") or nan)
    away = min(rng.lognormvariate(-3, 1), 0.95) * (-1 if row.get("side") == "long" else 1)
    if rng.random() < 0.04:
        return nan if rng.random() < 0.5 else price * (1 - away)
    return float(f"{price * (1 + away):.{rng.choice((3, 4, 6, 17))}g}")


def shown(columns):
    """Return what the columns find, row by row."""
    found = leverage_columns(columns, CATALOG, TODAY)
    names = ("safe_leverage", "max_leverage", "liquidation_price")
    numbers = [found.numbers[name].tolist() for name in names]
    words = [found.words[name].texts() for name in ("binds", "status", "reason")]
    rows = zip(*numbers, *words, strict=True)
    return [tuple(None if v != v else v for v in row) for row in rows]  # noqa: PLR0124 - NaN


def asked(columns):
    """Return what the exact question answers about each row."""
    cases = Cases(columns, CATALOG, TODAY)
    return [one(columns, cases, at) for at in range(columns.rows)]


def one(columns, cases, at):
    try:
        case, i = cases.of(at)
        terms = {name: columns.number(name, at) for name in INPUTS if name != "trigger"}
        price = terms.pop(STOP)
        if price is None:
            return (None, None, None, None, INVALID, MISSING)
        answer = leverage_of(case, i, price, terms | {"trigger": columns.word("trigger", at)})
    except Unasked as unasked:
        return (None, None, None, None, str(unasked.status), unasked.reason)
    except LiqcalcError as error:
        return (None, None, None, None, INVALID, said(error))
    safe = answer.leverage is not None
    unknown = answer.binds == "indeterminate"
    return (
        as_float(answer.leverage),
        as_float(answer.limit.leverage),
        as_float(answer.position.liquidation_price) if safe else None,
        str(answer.binds),
        "safe" if safe else "indeterminate" if unknown else "none",
        answer.reason or None,
    )


def as_float(number):
    return None if number is None else float(number)


def compared(rows, seed):
    columns = planned(rows, seed)
    pairs = zip(rows, shown(columns), asked(columns), strict=True)
    return [(row, ours, exact) for row, ours, exact in pairs if ours != exact]


def alone(rows):
    """Return rows without those that only the exact question takes, of which there are many."""
    return [row for row in rows if row.get("margin_mode") != "cross" and "margin" not in row]


class TestTheLeverageIsExact:
    """What is found about a row is what `liqcalc.safe_leverage` answers."""

    @few
    @given(seed=SEEDS)
    @pytest.mark.parametrize("exchange", TRADED)
    def test_on_every_exchange(self, exchange, seed):
        assert compared(alone(maker(exchange).rows(10, seed, hostile=0)), seed) == []

    @few
    @given(seed=SEEDS)
    def test_on_cross_pools_and_wrong_rows(self, seed):
        assert compared(maker("binance", "okx", "bybit").rows(15, seed, hostile=0.5), seed) == []

    def test_ordinary_rows_are_not_asked_one_by_one(self):
        stops = np.linspace(40000.1, 59990, 500).round(1)

        assert batch.leverage(LONG | {STOP: stops}, today=TODAY).about["redone"] == 0


class TestByHand:
    """Numbers worked out on paper: 0.5 BTC on Binance, taker 0.0005."""

    def test_a_long(self):
        # needed 57884.058 - 0.1*2000 = 57684.058; at L (30015 - 30000/L)/0.498:
        # 23: 57651.91 survives, 24: 57761.04 does not.
        found = batch.leverage(LONG | {STOP: 58000}, today=TODAY)

        assert found["safe_leverage"].tolist() == [23]
        assert found["liquidation_price"].tolist() == [57651.91199581]
        assert found["binds"].tolist() == ["liquidation"]
        assert found["status"].tolist() == ["safe"]

    def test_a_short(self):
        # needed 62000*1.001*1.001 + 0.1*2000 = 62324.062; at L (29985 + 30000/L)/0.502:
        # 23: 62329.378 survives, 24: 62221.116 does not.
        found = batch.leverage(LONG | {"side": "short", STOP: 62000}, today=TODAY)

        assert found["safe_leverage"].tolist() == [23]

    def test_a_stop_so_near_that_the_tier_binds(self):
        # 30000 is in the first tier, which since 2026-01 is up to 150x.
        found = batch.leverage(LONG | NOTHING_MORE | {STOP: 59999}, today=TODAY)

        assert found["safe_leverage"].tolist() == found["max_leverage"].tolist() == [150]
        assert found["binds"].tolist() == ["tier"]

    def test_on_the_needed_mark_itself_the_condition_decides(self):
        # At 20x liquidation is at 28515/0.498 = 57259.036144578313...; a stop there,
        # with nothing allowed for, is liquidated by what lies behind its 16 digits.
        stops = [57259.03, 57259.036144578313, 57259.04]
        found = batch.leverage(LONG | NOTHING_MORE | {STOP: stops}, today=TODAY)

        terms = {name: str(value) for name, value in NOTHING_MORE.items()}
        on_it = liqcalc.safe_leverage(sheet(), repr(stops[1]), **terms)
        assert found["safe_leverage"].tolist() == [19, float(str(on_it.leverage)), 20]
        assert found.about["redone"] == 1


def sheet():
    row = {name: str(value) for name, value in HELD.items()}
    return {"exchange": "binance", "positions": [row]}


class TestWrongRows:
    """A row that cannot be answered says why; the others are answered."""

    def test_what_is_said(self):
        rows = {STOP: [58000, 61000, None, 60000, -1], "margin": [1000, None, None, None, None]}

        found = batch.leverage(LONG | rows, today=TODAY)

        assert found["status"].tolist() == ["invalid"] * 5
        assert found["reason"].tolist() == [
            "margin is given, so that no leverage moves the liquidation price (LQ122)",
            "stop is 61000, above the mark 60000, where a long gains (LQ125)",
            "stop_price is missing (LQ122)",
            "stop is 60000, the mark itself: it would fire at once (LQ125)",
            "stop is -1, a price must be above 0 (LQ122)",
        ]
        assert all(isnan(value) for value in found["safe_leverage"])

    def test_a_table_without_stops_is_refused(self):
        with pytest.raises(InputError, match="stop_price: is missing"):
            batch.leverage(LONG)

    def test_no_rows(self):
        assert len(batch.leverage(LONG | {STOP: []})["safe_leverage"]) == 0


class TestWhatIsAssumed:
    """The defaults are those of `safe_leverage`, and are told in its words."""

    def test_all(self):
        exact = liqcalc.safe_leverage(sheet(), "58000")

        found = batch.leverage(LONG | {STOP: 58000}, today=TODAY)

        assert found.about["assumptions"] == [note.message for note in exact.terms.notes()]

    def test_only_what_some_row_leaves_out(self):
        terms = {"trigger": "last", "basis": 0.001, "buffer": [0.1, 0.2], "slippage_bps": [5, None]}

        found = batch.leverage(LONG | terms | {STOP: 58000}, today=TODAY)

        assert found.about["assumptions"] == ["not given: it fills 10 bps beyond (--slippage-bps)"]
