"""Stops against liquidation, by numbers redone by hand."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

import liqcalc
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.errors import InputError

FIRES, NEAR, LATE = Verdict.FIRES_FIRST, Verdict.TOO_NEAR, Verdict.LIQUIDATED_FIRST
TODAY = "2026-10-01"
BARE: dict[str, Any] = {"trigger": "mark", "slippage_bps": 0}


def near(value, text):
    """Return True if `value` has the digits of `text`."""
    return value.quantize(Decimal(text)) == Decimal(text)


def binance(**row):
    held = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000"}
    return {"exchange": "binance", "positions": [{**held, "leverage": "20", **row}]}


def verdict(sheet, stop=None, **given):
    return liqcalc.stop_verdict(sheet, stop, today=TODAY, **given)


def outcome(sheet, stop=None, **given):
    return verdict(sheet, stop, **given).stops[0].outcome


class TestLinear:
    """Binance, isolated: margin 30000/20 - 15 = 1485, liquidation 28515/0.498."""

    def test_fill_and_mark_are_counted_on_from_the_stop(self):
        found = outcome(binance(), "58000")

        assert found.fill_price == Decimal(57942)  # 58000*(1 - 0.001)
        assert found.worst_mark == Decimal("57884.058")  # 57942*(1 - 0.001)
        assert near(found.liquidation_price, "57259.03614458")
        assert near(found.room, "625.02185542")
        assert near(found.room_rate, "0.31251093")  # 625.02 of 2000
        assert near(found.room_money, "312.51092771")
        assert found.verdict is FIRES

    def test_the_loss_is_split_into_its_parts(self):
        loss = outcome(binance(), "58000").loss

        assert loss.price_loss == 1000  # 0.5*2000
        assert loss.slippage_cost == 29  # 0.5*58
        assert loss.fee_to_close == Decimal("14.4855")  # 0.0005*0.5*57942
        assert loss.fee_to_open == 15
        assert loss.total == Decimal("1058.4855")

    def test_liquidation_costs_the_margin_and_the_opening_fee(self):
        assert outcome(binance(), "58000").liquidation_loss == 1500

    def test_funding_leaves_the_margin_and_is_lost_either_way(self):
        found = outcome(binance(funding_rate="0.0001"), "58000", holding_hours=20)

        assert found.loss.funding == 9  # 3 times 0.5*60000*0.0001
        assert near(found.liquidation_price, "57277.10843373")  # (28515 + 9)/0.498
        assert found.liquidation_loss == 1500  # 1476 + 15 + 9

    def test_a_short_that_receives_funding_does_not_count_on_it(self):
        sheet = binance(side="short", funding_rate="0.0001")
        answer = verdict(sheet, "61000", holding_hours=20)

        assert answer.funding.total == 0
        assert answer.funding.payment == -3
        assert any("not counted on" in note.message for note in answer.basis.assumptions)

    def test_funding_already_paid_is_part_of_the_loss(self):
        assert outcome(binance(funding_paid="4"), "58000").loss.total == Decimal("1062.4855")

    def test_a_stop_that_locks_a_gain_has_a_loss_below_0(self):
        found = outcome(binance(mark_price="63000"), "62000")

        assert found.loss.price_loss == -1000
        assert found.verdict is FIRES

    def test_the_farthest_stop_survives_and_a_tick_further_does_not(self):
        furthest = verdict(binance()).furthest

        assert near(furthest.bound, "57373.72622330")  # 57259.0361/(0.999*0.999)
        assert furthest.price == Decimal("57373.8")
        assert outcome(binance(), "57373.8").verdict is FIRES
        assert outcome(binance(), "57373.7").verdict is NEAR


class TestTrigger:
    """A stop on the mark needs no basis, one on the last price does."""

    @pytest.mark.parametrize(("basis", "by_last"), [("0.0015", FIRES), ("0.0016", NEAR)])
    def test_the_basis_decides(self, basis, by_last):
        # 57350*(1 - 0.0015) = 57263.98, 57350*(1 - 0.0016) = 57258.24
        row = verdict(binance(), "57350", slippage_bps=0, basis=basis).stops[0]

        assert row.by_mark.verdict is FIRES
        assert row.by_last.verdict is by_last
        assert row.outcome is row.by_last

    def test_what_was_not_given_is_said(self):
        notes = [note.message for note in verdict(binance(), "58000").basis.assumptions]

        (text,) = [note for note in notes if note.startswith("not given")]
        assert "last price (--trigger)" in text
        assert "10 bps beyond (--slippage-bps)" in text
        assert "0.1% beyond the last price (--basis)" in text

    def test_what_was_given_is_not(self):
        given = verdict(binance(), "58000", trigger="last", slippage_bps=5, basis=0)

        assert not any(note.code == "LQ415" for note in given.basis.assumptions)


class TestGap:
    """The price jumps past the stop: 58000 down to the mark 57259.04."""

    @pytest.mark.parametrize(
        ("gap", "first", "lost"),
        [
            ("0.01", FIRES, "1348.050645"),  # 1290 + 28.71 + 14.340645 + 15
            ("0.0107", FIRES, "1368.32020515"),  # 1310.3 + 28.6897 + 14.33050515 + 15
            ("0.0108", LATE, "1500"),
        ],
    )
    def test_it_decides_what_comes_first(self, gap, first, lost):
        found = outcome(binance(), "58000", gap=gap).gapped

        assert found.verdict is first
        assert near(found.lost, lost)

    def test_the_largest_gap_reaches_to_liquidation(self):
        found = outcome(binance(), "58000")

        assert near(found.largest_gap, "0.01079782")  # 1 - 57259.03614/57884.058


class TestInverse:
    """OKX, isolated short of 6000 USD: 0.005 - 0.1 + (6000 - 27)/p = 0."""

    SHEET: ClassVar[dict[str, Any]] = {
        "exchange": "okx",
        "positions": [
            {
                "symbol": "BTC-USD-SWAP",
                "side": "short",
                "qty": "6000",
                "entry_price": "60000",
                "leverage": "20",
            }
        ],
        "tiers": {"BTC-USD-SWAP": [{"floor": "0", "mmr": "0.004"}]},
        "fees": {"taker": "0.0005"},
    }

    def test_prices_and_losses(self):
        found = outcome(self.SHEET, "61000")

        assert found.fill_price == Decimal(61061)
        assert found.worst_mark == Decimal("61122.061")
        assert near(found.liquidation_price, "62873.68421053")  # 5973/0.095
        assert near(found.loss.price_loss, "0.00163934426230")  # 0.1 - 6000/61000
        assert near(found.loss.fee_to_close, "0.00004913119667")  # 0.0005*6000/61061
        assert found.liquidation_loss == Decimal("0.00505")

    def test_the_farthest_stop_is_rounded_down_for_a_short(self):
        # 62873.68421/(1.001*1.001) = 62748.1252
        assert verdict(self.SHEET).furthest.price == Decimal("62748.1")


class TestCross:
    """Hyperliquid, cross: 700 + 2(p - 3000) = 2p*0.02 at 2704.0816."""

    SHEET: ClassVar[dict[str, Any]] = {
        "exchange": "hyperliquid",
        "account": {"margin_mode": "cross", "wallet_balance": "700"},
        "positions": [{"symbol": "ETH", "side": "long", "qty": "2", "entry_price": "3000"}],
        "tiers": {"ETH": [{"floor": "0", "mmr": "0.02", "max_leverage": "25"}]},
        "fees": {"taker": "0.00045"},
    }

    def test_liquidation_costs_what_backs_the_account(self):
        found = outcome(self.SHEET, "2800")

        assert near(found.liquidation_price, "2704.08163265")  # 5300/1.96
        assert found.verdict is FIRES
        assert found.liquidation_loss == Decimal("702.7")  # 700, and the fee of 2.7 paid before

    def test_funding_leaves_the_wallet(self):
        sheet = self.SHEET | {"positions": [self.SHEET["positions"][0] | {"funding_rate": "0.001"}]}
        found = outcome(sheet, "2800", holding_hours=10)

        assert found.loss.funding == 60  # 10 hours, 6000*0.001 each
        assert near(found.liquidation_price, "2734.69387755")  # (6000 - 640)/1.96


class TestEquality:
    """Liquidation at exactly the mark that must be survived, and a tick beside it.

    Entry 99, 10x, rate 1%: liquidation at 99*0.9/0.99 = 90.
    """

    @pytest.mark.parametrize(
        ("exchange", "at_90"), [("binance", LATE), ("okx", LATE), ("hyperliquid", FIRES)]
    )
    @pytest.mark.parametrize(("stop", "first"), [("90.01", FIRES), ("90", None), ("89.99", LATE)])
    def test_an_inclusive_condition_liquidates_there(self, exchange, at_90, stop, first):
        sheet = {
            "exchange": exchange,
            "positions": [
                {
                    "symbol": "X",
                    "side": "long",
                    "qty": "1",
                    "entry_price": "99",
                    "margin": "9.9",
                    "stop_price": stop,
                }
            ],
            "contracts": {
                "X": {
                    "product": "linear",
                    "base": "X",
                    "quote": "USDT",
                    "settle": "USDT",
                    "contract_size": "1",
                    "tick_size": "0.01",
                }
            },
            "tiers": {"X": [{"floor": "0", "mmr": "0.01"}]},
            "fees": {"taker": "0"},
        }
        expected = first or at_90

        assert outcome(sheet, **BARE).verdict is expected
        late = any(n.code == "LQ414" for n in liqcalc.evaluate(sheet, today=TODAY).warnings)
        assert late is (expected is LATE)
        farthest = verdict(sheet, **BARE).furthest.price
        assert farthest == (Decimal("90.01") if at_90 is LATE else 90)


class TestNoVerdict:
    """An answer without a liquidation price says why."""

    def test_already_liquidatable(self):
        answer = verdict(binance(mark_price="57000"), "56000")

        assert answer.stops[0].outcome.verdict is Verdict.ALREADY_LIQUIDATABLE
        assert answer.furthest.price is None
        assert "already" in answer.furthest.reason
        assert any(note.code == "LQ414" for note in answer.basis.warnings)

    def test_indeterminate(self):
        found = outcome(binance(leverage=None), "58000")

        assert found.verdict is Verdict.INDETERMINATE
        assert "leverage or margin" in found.reason
        assert found.loss.total == Decimal("1058.4855")  # what the stop costs is known all the same

    def test_no_price_liquidates(self):
        sheet = binance(margin="40000")
        found = outcome(sheet, "58000", gap="0.5")

        assert found.verdict is FIRES
        assert found.liquidation_price is None
        assert found.largest_gap is None
        assert "every stop fires first" in verdict(sheet).furthest.reason


class TestSheetKey:
    """A position's stop_price."""

    def test_it_is_the_stop_if_none_is_given(self):
        assert outcome(binance(stop_price="58000")).stop.price == 58000
        assert outcome(binance(stop_price="58000"), "57500").stop.price == 57500

    @pytest.mark.parametrize("stop", ["60000", "60001", "0", "-1"])
    def test_nonsense_is_refused(self, stop):
        with pytest.raises(InputError):
            liqcalc.evaluate(binance(stop_price=stop))

    def test_evaluate_warns_if_it_comes_too_late(self):
        def codes(stop):
            answer = liqcalc.evaluate(binance(stop_price=stop), today=TODAY)
            return [note.code for note in answer.positions[0].warnings]

        assert "LQ414" in codes("57259")
        assert "LQ414" not in codes("57260")


class TestBadInput:
    """Everything that is wrong is told at once."""

    @pytest.mark.parametrize(("side", "stop"), [("long", "60001"), ("short", "59999")])
    def test_the_winning_side_is_explained(self, side, stop):
        with pytest.raises(InputError, match=f"where a {side} gains") as caught:
            verdict(binance(side=side), stop)

        assert caught.value.code == "LQ125"

    def test_the_mark_itself_is_explained(self):
        with pytest.raises(InputError, match="would fire at once"):
            verdict(binance(), "60000")

    def test_all_faults_come_together(self):
        with pytest.raises(InputError) as caught:
            verdict(binance(), ["x", "-1"], trigger="lst", basis="1", gap="2%", slippage_bps=1.5)

        assert {f.where for f in caught.value.faults} >= {"stop", "trigger", "gap", "slippage_bps"}


def test_the_dictionary_holds_text_and_the_other_trigger():
    data = verdict(binance(), ["58000", "57300"], gap="0.01").to_dict()

    assert data["stops"][0]["verdict"] == "fires_first"
    assert data["stops"][0]["loss"]["total"] == "1058.4855"
    assert data["stops"][0]["other_trigger"]["stop"]["trigger"] == "mark"
    assert data["stops"][1]["verdict"] == "too_near"
    assert data["furthest"]["price"] == "57373.8"
    assert data["trace"][-1]["result"] == "57373.8"


def test_a_rate_for_eight_hours_that_is_due_hourly_is_counted_in_eighths():
    sheet = {
        "exchange": "lighter",
        "positions": [
            {"symbol": "BTC", "side": "long", "qty": "1", "entry_price": "60000"}
            | {"leverage": "10", "funding_rate": "0.0008"}
        ],
    }

    funding = liqcalc.stop_verdict(sheet, "58000", holding_hours="8", today="2026-11-01").funding

    assert funding is not None
    assert funding.intervals == 8
    assert funding.payment == 6  # 60000*0.0008/8
    assert funding.total == 48
    assert funding.rate_hours == 8
    assert funding.interval_hours == 1
