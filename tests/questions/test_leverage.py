"""The largest safe leverage, by numbers redone by hand."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc
from liqcalc.answers.leverage.search import Binds
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.errors import InputError

TODAY = "2026-10-01"
BARE: dict[str, Any] = {"trigger": "mark", "slippage_bps": 0, "buffer": 0}
CONTRACT = {
    "product": "linear",
    "base": "X",
    "quote": "USDT",
    "settle": "USDT",
    "contract_size": "1",
    "tick_size": "0.01",
    "lot_size": "0.001",
}
TIERS = [
    {"floor": "0", "cap": "50000", "mmr": "0.005", "max_leverage": "100"},
    {"floor": "50000", "cap": "200000", "mmr": "0.01", "max_leverage": "50"},
]


def sheet(exchange, symbol, *, side="long", qty="0.5", entry="60000", mode="isolated", **more):
    row = {"symbol": symbol, "side": side, "qty": qty, "entry_price": entry, **more.pop("row", {})}
    account = {"margin_mode": mode, **more.pop("account", {})}
    return {"exchange": exchange, "account": account, "positions": [row], **more}


BINANCE = sheet("binance", "BTCUSDT")


def own(exchange="binance", *, tiers=TIERS, taker="0", **more):
    """Return a sheet with a contract and tiers of its own."""
    more = {"contracts": {"X": CONTRACT}, "tiers": {"X": tiers}, "fees": {"taker": taker}, **more}
    return sheet(exchange, "X", **more)


def search(given, stop=None, **terms):
    return liqcalc.safe_leverage(given, stop, today=TODAY, **terms)


class TestByHand:
    """The stop's mark is survived at the answer, and not one step above it."""

    def test_binance_pays_the_opening_fee_out_of_the_margin(self):
        # needed: 57884.058 - 0.1*2000 = 57684.058; liquidation at L: (30015 - 30000/L)/0.498
        # 23: 57651.91, 24: 57761.04
        found = search(BINANCE, "58000")

        assert found.outcome.needed_mark == Decimal("57684.058")
        assert (found.leverage, found.above, found.binds) == (23, 24, Binds.LIQUIDATION)
        assert round(found.outcome.liquidation_price, 2) == Decimal("57651.91")
        assert found.limit.leverage == 150

    def test_okx_inverse_in_steps_of_a_hundredth(self):
        # needed: 61122.061 + 100; 0.1/L > 0.1 - 5973/61222.061 = 0.00243713
        given = sheet("okx", "BTC-USD-SWAP", side="short", qty="6000")
        given |= {"tiers": {"BTC-USD-SWAP": [{"floor": "0", "mmr": "0.004"}]}}
        given |= {"fees": {"taker": "0.0005"}}
        found = search(given, "61000")

        assert found.outcome.needed_mark == Decimal("61222.061")
        assert (found.leverage, found.above) == (Decimal("41.03"), Decimal("41.04"))

    def test_bybit_keeps_its_closing_fee_beside_the_margin(self):
        # needed: 61623.0615 + 150; liquidation at 60000*(1 + 1/L)/(1 + 0.005) by the facts
        # 1/L > 61773.0615*1.005/60000 - 1 = 0.03469878, L < 28.8194
        given = sheet("bybit", "BTCUSDT", side="short", qty="0.061")
        given |= {"tiers": {"BTCUSDT": [{"floor": "0", "mmr": "0.005", "max_leverage": "100"}]}}
        found = search(given, "61500")

        assert found.leverage == Decimal("28.81")

    def test_funding_brings_the_answer_down(self):
        # 10 intervals of 3 leave (30045 - 30000/L)/0.498: at 22 57593.10, at 23 57712.15
        row = {"funding_rate": "0.0001"}
        found = search(sheet("binance", "BTCUSDT", row=row), "58000", holding_hours=80)

        assert found.funding.total == 30
        assert found.leverage == 22
        assert found.outcome.loss.funding == 30
        assert round(found.outcome.liquidation_price, 2) == Decimal("57593.10")

    def test_margin_by_hand_raises_it(self):
        # (30015 - 100 - 30000/L)/0.498: at 25 57660.64, at 26 57753.32
        found = search(sheet("binance", "BTCUSDT", row={"extra_margin": "100"}), "58000")

        assert found.leverage == 25


class TestTerms:
    """Each of them brings the answer down, and defaults are said."""

    @pytest.mark.parametrize(
        ("terms", "leverage"),
        [
            # (30015 - 30000/L)/0.498 must lie below:
            (BARE, 26),  # 58000: 26 57953.97, 27 58039.94
            ({**BARE, "slippage_bps": 10}, 25),  # 57942: 25 57861.45
            ({**BARE, "buffer": "0.1"}, 24),  # 57800: 24 57761.04, 25 57861.45
            ({**BARE, "trigger": "last", "basis": "0.001"}, 25),  # 57942
        ],
    )
    def test_one_at_a_time(self, terms, leverage):
        assert search(BINANCE, "58000", **terms).leverage == leverage

    def test_the_defaults_are_told(self):
        notes = [note.message for note in search(BINANCE, "58000").basis.assumptions]

        assert any("(--buffer)" in note and "(--basis)" in note for note in notes)

    def test_an_unknown_step_is_told(self):
        found = search(own("kucoin", entry="100", qty="1"), "95", **BARE)

        assert found.step.known is False
        assert any("step of the leverage" in note.message for note in found.basis.assumptions)


class TestEquality:
    """Entry 99, rate 1%: liquidation at 99*(1 - 1/L)/0.99, at 10x just 90."""

    TIERS = ({"floor": "0", "mmr": "0.01", "max_leverage": "50"},)

    @pytest.mark.parametrize(("exchange", "at_90"), [("binance", 9), ("hyperliquid", 10)])
    @pytest.mark.parametrize(("stop", "leverage"), [("90.01", 10), ("90", None), ("89.99", 9)])
    def test_the_condition_decides_there(self, exchange, at_90, stop, leverage):
        given = own(exchange, tiers=list(self.TIERS), entry="99", qty="1")

        assert search(given, stop, **BARE).leverage == (leverage or at_90)


class TestLimits:
    """The tier's maximum at the size, the contract's, the one that is given."""

    @pytest.mark.parametrize(("qty", "leverage"), [("499.999", 100), ("500", 100), ("500.001", 50)])
    def test_one_lot_more_than_the_cap_halves_it(self, qty, leverage):
        found = search(own(qty=qty, entry="100"), "99.9", **BARE)

        assert found.leverage == leverage
        assert found.binds is Binds.TIER

    def test_the_tier_is_that_of_the_entry(self):
        # 501 at the mark 99 is worth 49599, at the entry 50100
        found = search(own(qty="501", entry="100", row={"mark_price": "99"}), "98.9", **BARE)

        assert found.limit.leverage == 50

    def test_a_reported_maximum_counts(self):
        found = search(own(qty="1", entry="100", row={"max_leverage": "7"}), "99", **BARE)

        assert (found.leverage, found.binds) == (7, Binds.REPORTED)

    def test_without_any_the_search_ends(self):
        given = own(tiers=[{"floor": "0", "mmr": "0"}], qty="1", entry="100")
        found = search(given, "99.99", **BARE)

        assert found.binds is Binds.SEARCH
        assert found.leverage == 1000
        assert any("no maximum leverage" in note.message for note in found.basis.assumptions)


class TestNothingWorks:
    """A stop beyond the liquidation price of 1x."""

    def test_it_is_said_with_what_would_do(self):
        # short 1x: liquidation at 100*2/1.005 = 199.005; at 230 the loss is 130 + 1.15,
        # and a margin that equals it is liquidated: 31.15 and a cent
        found = search(own(side="short", qty="1", entry="100"), "230", **BARE)

        assert found.leverage is None
        assert found.binds is Binds.NOTHING_WORKS
        assert "even at 1x" in found.reason
        assert found.needed == Decimal("31.16")
        assert any(note.code == "LQ414" for note in found.basis.warnings)

    def test_an_unknown_table_is_indeterminate(self):
        given = sheet("binance", "X", qty="1", entry="100", contracts={"X": CONTRACT})
        found = search(given, "90")

        assert found.leverage is None
        assert found.binds is Binds.INDETERMINATE


class TestCross:
    """Hyperliquid: 697.3 after the fee; leverage moves nothing."""

    @staticmethod
    def given(wallet):
        tiers = {"ETH": [{"floor": "0", "mmr": "0.02", "max_leverage": "25"}]}
        return sheet(
            "hyperliquid",
            "ETH",
            qty="2",
            entry="3000",
            mode="cross",
            account={"wallet_balance": wallet},
            tiers=tiers,
            fees={"taker": "0.00045"},
        )

    def test_the_limit_is_the_answer_and_the_wallet_decides(self):
        # needed: 2800*0.999*0.999 - 20 = 2774.4028: 697.3 - 451.1944 - 110.976112 = 135.129488
        found = search(self.given("700"), "2800")

        assert found.moves is False
        assert (found.leverage, found.binds) == (25, Binds.TIER)
        assert found.needed == Decimal("-135.12")
        assert found.least_opening == 9  # 6000/697.3 = 8.6

    def test_too_small_a_wallet_says_how_much_is_missing(self):
        found = search(self.given("500"), "2800")

        assert (found.leverage, found.binds) == (None, Binds.WALLET)
        assert found.needed == Decimal("64.88")  # 200 less than above
        assert search(self.given("564.88"), "2800").leverage == 25
        assert search(self.given("564.87"), "2800").leverage is None

    def test_a_wallet_that_does_not_open_it_is_told(self):
        found = search(self.given("240"), "2990")  # 6000/25 = 240, and the fee of 2.7

        assert found.leverage is None
        assert "initial margin" in found.reason
        assert found.needed == Decimal("2.7")


class TestRisk:
    """The quantity follows from what may be lost: 2116.971 a coin at 58000."""

    def test_money(self):
        # 2000 + 58 + 0.0005*57942 + 30 = 2116.971; 100/2116.971 = 0.04723
        found = search(BINANCE, "58000", risk="100")

        assert found.position.qty == Decimal("0.047")
        assert found.outcome.loss.total == Decimal("99.497637")

    def test_a_share_of_the_wallet(self):
        given = sheet("binance", "BTCUSDT", account={"wallet_balance": "10000"})

        assert search(given, "58000", risk_rate="0.01").position.qty == Decimal("0.047")

    def test_less_than_a_lot_is_refused(self):
        with pytest.raises(InputError, match=r"less than one lot of 0\.001"):
            search(BINANCE, "58000", risk="2")

    def test_a_share_of_an_unknown_wallet_is_refused(self):
        with pytest.raises(InputError, match="wallet that is not known"):
            search(BINANCE, "58000", risk_rate="0.01")


class TestReverse:
    """The farthest stop of a leverage."""

    def test_bare_it_lies_one_tick_before_liquidation(self):
        given = sheet("binance", "BTCUSDT", row={"leverage": "20"})
        found = liqcalc.furthest_stop(given, today=TODAY, **BARE)

        assert found.furthest.price == Decimal("57259.1")
        assert found.leverage is None
        assert found.binds is None

    def test_with_all_terms_it_survives_and_a_tick_further_does_not(self):
        # (57259.03614 + 0.1*60000)/(0.999*0.999 + 0.1) = 57612.913
        given = sheet("binance", "BTCUSDT")
        found = liqcalc.furthest_stop(given, leverage="20", today=TODAY)

        assert found.furthest.price == Decimal(57613)
        assert search(given, "57613.0").leverage == 20
        assert search(given, "57612.9").leverage == 19

    def test_the_table_shows_the_leverage_that_was_given(self):
        found = liqcalc.furthest_stop(BINANCE, leverage="37", today=TODAY)

        assert Decimal(37) in [row.leverage for row in found.rows]


class TestTable:
    """Leverage against liquidation, and the answer with the step above it."""

    def test_verdicts_turn_at_the_answer(self):
        found = search(BINANCE, "58000")
        safe = {row.leverage: row.verdict is Verdict.FIRES_FIRST for row in found.rows}

        assert {23, 24, 1, 150} <= set(safe)
        assert all(good == (leverage <= 23) for leverage, good in safe.items())

    def test_a_given_leverage_that_is_too_high_is_a_warning(self):
        given = sheet("binance", "BTCUSDT", row={"leverage": "30"})
        warnings = search(given, "58000").basis.warnings

        assert any("at 30x liquidation comes before the stop" in n.message for n in warnings)


class TestBadInput:
    """What stands in the way is named, with what to do."""

    @pytest.mark.parametrize(
        ("row", "stop", "terms", "where"),
        [
            ({}, None, {}, "stop"),
            ({"margin": "1500"}, "58000", {}, "margin"),
            ({}, "58000", {"risk": "1", "risk_rate": "0.1"}, "risk_rate"),
            ({}, "58000", {"risk_rate": "2"}, "risk_rate"),
            ({}, "58000", {"risk": "-1"}, "risk"),
            ({}, "58000", {"buffer": "-0.1"}, "buffer"),
            ({}, "58000", {"leverage": "0"}, "leverage"),
        ],
    )
    def test_it_has_its_code(self, row, stop, terms, where):
        with pytest.raises(InputError) as caught:
            search(sheet("binance", "BTCUSDT", row=row), stop, **terms)

        assert caught.value.code == "LQ122"
        assert where in {fault.where for fault in caught.value.faults}


def test_the_dictionary_holds_text():
    data = search(BINANCE, "58000").to_dict()

    assert data["leverage"] == "23"
    assert data["binds"] == "liquidation"
    assert data["limit"] == {"leverage": "150", "of": "tier"}
    assert data["rows"][0]["leverage"] == "1"
    assert data["furthest"]["price"]


def test_tables_for_one_leverage_each_are_judged_one_by_one():
    # HTX's older rules: tables of 2022 are known for 30x, 125x and 200x alone
    given = sheet("htx", "BTC-USDT", rules="legacy", as_of="2022-03-01")
    found = search(given, "59000")

    assert found.leverage == 30
    assert any("one leverage each" in note.message for note in found.basis.assumptions)
