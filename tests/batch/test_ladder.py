"""The first step of the ladder in columns is the first one of `liqcalc.ladder`."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from functools import cache
from math import isnan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqcalc import batch
from liqcalc.answers.ladder.question import ladder_of
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.ladders.question import ladder_columns
from liqcalc.errors import LiqcalcError
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of
from tests.strategies import few

LARGE = ("binance", "bybit", "okx", "hyperliquid")
TODAY = "2026-11-22"
CATALOG = Catalog()
TRADED = [name for name in CATALOG.names() if CATALOG.exchange(name).symbols()]
SEEDS = st.integers(0, 2**32)
NUMBERS = {
    "trigger_price": "mark_price",
    "qty_closed": "qty_closed",
    "fill_price": "fill_price",
    "realized_pnl": "realized_pnl",
    "fees": "liquidation_fee",
    "fund": "fund",
    "qty_left": "qty_left",
    "margin_left": "margin_left",
    "next_liquidation_price": "next_liquidation_price",
}
WORDS = {"action": "action", "fill_at": "fill_at", "evidence": "evidence", "assumes": "assumes"}


@cache
def maker(*exchanges):
    return RowMaker(CATALOG, exchanges)


def first_row(cases, at, trigger):
    """Return the first row of the ladder in which something of the position is closed.

    The mark of a single position goes to `trigger` only: beyond it the ladder is long, and
    before it nothing may happen.
    """
    try:
        case, i = cases.of(at)
        alone = len(case.sheet.positions) == 1
        found = ladder_of(case, i, {"to": trigger if alone else None})
    except (Unasked, LiqcalcError):
        return None
    return next((r for r in found.rows if r.position == i and r.closing.qty), None)


def expected(row):
    if row is None:
        return dict.fromkeys((*NUMBERS, *WORDS, "status_left")) | {"tier_left": 0}
    shown = row.to_dict()
    return {
        **{name: _float(shown[theirs]) for name, theirs in NUMBERS.items()},
        **{name: shown[theirs] or None for name, theirs in WORDS.items()},
        "status_left": shown["status"] or "gone",
        "tier_left": row.tier or 0,
    }


def _known(value):
    return None if isinstance(value, float) and isnan(value) else value


def _float(text):
    return None if text is None else float(text)


def found(columns):
    results = ladder_columns(columns, CATALOG, TODAY)
    lists = {name: column.tolist() for name, column in results.numbers.items()}
    lists |= {name: words.texts() for name, words in results.words.items()}
    lists["tier_left"] = results.whole["tier_left"].tolist()
    return [
        {name: _known(value) for name, value in zip(lists, row, strict=True)}
        for row in zip(*lists.values(), strict=True)
    ]


def differences(rows):
    columns = columns_of(rows)
    cases = Cases(columns, CATALOG, TODAY)
    wrong = []
    for at, ours in enumerate(found(columns)):
        trigger = ours["trigger_price"]
        exact = expected(first_row(cases, at, None if trigger is None else repr(trigger)))
        unlike = {name: (ours[name], v) for name, v in exact.items() if ours[name] != v}
        if unlike:
            wrong.append((rows[at], unlike))
    return wrong


class TestColumnsAreExact:
    """What the columns find is the first step of the exact ladder."""

    @few
    @given(seed=SEEDS)
    @pytest.mark.parametrize("exchange", TRADED)
    def test_on_every_exchange(self, exchange, seed):
        assert differences(maker(exchange).rows(12, seed)) == []

    def test_on_no_rows(self):
        assert differences([]) == []


def one(**row):
    """Return what is found about one position."""
    table = {name: [value] for name, value in row.items()}
    results = batch.ladder(table, today=TODAY)
    return {name: results[name][0] for name in results}


class TestByHand:
    """Steps redone on paper from what the exchanges publish."""

    def test_hyperliquid_closes_a_fifth_of_a_large_position_first(self):
        """60000 + 10(p - 60000) = 0.0125 * 10p gives 54683.5443; worth more than 100,000 there."""
        step = one(
            exchange="hyperliquid",
            symbol="BTC",
            side="long",
            qty=10,
            entry_price=60_000,
            margin=60_000,
            taker=0.00045,
        )

        assert step["trigger_price"] == 54683.544
        assert (step["action"], step["qty_closed"], step["qty_left"]) == ("reduce", 2, 8)
        assert step["realized_pnl"] == -10632.912  # 2 * (54683.544 - 60000)
        assert step["fees"] == 49.2151896  # 2 * 54683.544 * 0.00045
        assert step["margin_left"] == 49317.8728104
        # 49317.8728104 + 8(p - 60000) = 0.0125 * 8p: p = 430682.1271896 / 7.9
        assert step["next_liquidation_price"] == pytest.approx(54516.7249607, rel=1e-12)

    def test_hyperliquid_closes_the_whole_of_a_small_one(self):
        step = one(
            exchange="hyperliquid",
            symbol="BTC",
            side="long",
            qty=1,
            entry_price=60_000,
            margin=6_000,
            taker=0,
        )

        assert (step["action"], step["qty_left"], step["status_left"]) == ("close", 0, "gone")
        assert step["margin_left"] == 683.544  # 6000 + 54683.544 - 60000 goes back
        assert np.isnan(step["next_liquidation_price"])

    def test_gate_lowers_the_risk_limit_by_one_tier(self):
        """60000 + 20(p - 60000) = 0.0045 * 20p - 500 gives 1139500 / 19.91 = 57232.5465.

        1,000,000 / 57232.5 = 17.47259 stay, in lots of 0.0001.
        """
        step = one(
            exchange="gate",
            symbol="BTC_USDT",
            side="long",
            qty=20,
            entry_price=60_000,
            margin=60_000,
            taker=0,
            as_of="2025-08-01",
        )

        assert step["trigger_price"] == 57232.5
        assert (step["qty_closed"], step["qty_left"], step["tier_left"]) == (2.5275, 17.4725, 1)
        assert step["realized_pnl"] == -6994.85625
        assert step["margin_left"] == 53005.14375
        assert step["next_liquidation_price"] == 57195.1  # 995344.85625 / 17.40261 = 57195.15

    def test_bybit_leaves_the_cap_of_a_tier_that_is_met(self):
        step = one(
            exchange="bybit",
            symbol="BTCUSDT",
            side="long",
            qty=100,
            entry_price=60_000,
            margin=300_000,
            taker=0,
        )

        assert step["action"] == "reduce"
        assert step["qty_left"] == 97.623  # 5,600,000 / 57363.5 = 97.62305
        assert step["realized_pnl"] == -6266.9605  # 2.377 * (57363.5 - 60000)
        assert step["margin_left"] == 293_733.0395

    def test_okx_goes_two_tiers_down(self):
        """Tiers of BTC-USDT-SWAP end every 20,000 contracts of 0.01 up there."""
        step = one(
            exchange="okx",
            symbol="BTC-USDT-SWAP",
            side="long",
            qty=1_000,
            entry_price=60_000,
            margin=12_000_000,
            taker=0,
        )

        assert (step["action"], step["qty_closed"], step["tier_left"]) == ("reduce", 400, 5)
        assert step["warnings"].endswith("LQ411")  # a cost without a published rate

    def test_binance_takes_a_small_position_over_at_the_bankruptcy_price(self):
        step = one(
            exchange="binance",
            symbol="BTCUSDT",
            side="short",
            qty=0.5,
            entry_price=60_000,
            margin=1_500,
        )

        assert (step["action"], step["fill_at"]) == ("take_over", "bankruptcy")
        assert step["fill_price"] == 63_000  # 60000 + 1500/0.5
        assert (step["realized_pnl"], step["margin_left"]) == (-1_500, 0)

    def test_a_position_that_is_due_already_is_closed_at_its_mark(self):
        step = one(
            exchange="hyperliquid",
            symbol="BTC",
            side="long",
            qty=1,
            entry_price=60_000,
            mark_price=54_600,
            margin=6_000,
            taker=0,
        )

        assert step["status"] == "already_liquidatable"
        assert (step["trigger_price"], step["margin_left"]) == (54_600, 600)

    def test_equity_of_exactly_the_maintenance_margin_is_no_reason_yet_on_hyperliquid(self):
        """5687.5 + 55000 - 60000 = 0.0125 * 55000; prices have eight digits there."""
        step = one(
            exchange="hyperliquid",
            symbol="BTC",
            side="long",
            qty=1,
            entry_price=60_000,
            margin=5_687.5,
        )

        assert step["liquidation_price"] == 55_000
        assert step["trigger_price"] == 54_999.999

    def test_kraken_reduces_linear_contracts_and_closes_inverse_ones(self):
        common = {"exchange": "kraken", "side": "long", "entry_price": 60_000, "leverage": 10}

        linear = one(symbol="PF_XBTUSD", qty=2, **common)
        inverse = one(symbol="PI_XBTUSD", qty=120_000, **common)

        assert (linear["action"], linear["qty_closed"]) == ("reduce", 0.2)  # a tenth
        assert (inverse["action"], inverse["qty_closed"]) == ("close", 120_000)


class TestNothingToDo:
    """Rows without a step say why, and stop no other row."""

    def test_rows_that_cannot_be_read_and_positions_that_cannot_be_liquidated(self):
        table = pa.table(
            {
                "exchange": ["binance", "nowhere", "binance"],
                "symbol": ["BTCUSDT", "BTCUSDT", "BTCUSDT"],
                "side": ["long", "long", "long"],
                "qty": [0.5, 0.5, 0.5],
                "entry_price": [60_000.0, 60_000.0, 60_000.0],
                "margin": [30_000.0, 1_500.0, 1_500.0],
            }
        )

        steps = batch.ladder(table, today=TODAY).to_pylist()

        assert [row["status"] for row in steps] == [
            "cannot_be_liquidated",
            "invalid",
            "liquidatable_at_price",
        ]
        assert [row["action"] for row in steps] == [None, None, "take_over"]
        assert [row["trigger_price"] is None for row in steps] == [True, True, False]
        assert "nowhere" in steps[1]["reason"]

    def test_an_account_with_two_fee_rates_is_walked(self):
        table = {
            "exchange": "binance",
            "symbol": ["BTCUSDT", "ETHUSDT"],
            "side": "long",
            "qty": [0.5, 5.0],
            "entry_price": [60_000.0, 3_000.0],
            "taker": [0.0004, 0.0005],
            "wallet_balance": 3_000.0,
            "margin_mode": "cross",
            "account_id": "a",
        }

        steps = batch.ladder(table, today=TODAY)

        assert steps["status"].tolist() == ["liquidatable_at_price"] * 2
        assert steps["action"].tolist() == ["take_over", "take_over"]
        assert steps["fill_price"][0] == 60_000 - 3_000 / 0.5  # the whole wallet is lost on it


class TestTheRows:
    """The rows that all this is shown on are done in columns, and have every kind of step."""

    def test_most_are_not_redone(self):
        rows = maker(*LARGE).rows(400, seed=1, hostile=0)
        columns = columns_of([row for row in rows if "account_id" not in row])
        results = ladder_columns(columns, CATALOG, TODAY)
        action = results.words["action"].texts()

        assert {"reduce", "close", "take_over", "backstop"} <= set(action)
        assert results.about["steps_redone"] < 0.2 * (len(action) - action.count(None))
