"""Numbers redone by hand: a position before and after a change."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc
from liqcalc import InputError, position_sheet

TODAY = "2026-11-23"


def what_if(data, change, **options):
    return liqcalc.what_if(data, change, today=TODAY, **options)


def binance(side="long", **given):
    inputs: Any = {"entry_price": 60000, "as_of": "2026-09-29", "taker": "0.0005"} | given
    return position_sheet("binance", "BTCUSDT", side, inputs.pop("qty", 1), **inputs)


def okx(**given):
    inputs: Any = {"entry_price": 60000, "as_of": "2026-09-18", "taker": "0.0005"} | given
    return position_sheet("okx", "BTC-USD-SWAP", "long", 60000, leverage=10, **inputs)


class TestAdding:
    """The average is by value: arithmetic for linear contracts, harmonic for inverse ones."""

    def test_linear_isolated(self):
        found = what_if(binance(leverage=20), "add", qty=1, price=50000)

        assert found.after.entry_price == 55000
        # 2970 + 50000/20 - 25; the end is (110000 - 5445)/(2*0.996)
        assert found.after.cash == 5445
        assert found.after.liquidation_price == Decimal("52487.44979920")
        assert found.fee == 25
        # 2500 leave the free balance: 2475 into the margin, 25 for the fee
        assert found.free == -2500

    def test_inverse_isolated(self):
        found = what_if(okx(), "add", qty=40000, price=50000)

        # 60000/60000 + 40000/50000 = 1.8 BTC of entry value for 100000 USD
        assert round(found.after.entry_price, 6) == Decimal("55555.555556")
        assert found.after.cash == Decimal("0.1") + Decimal("0.08")
        assert found.fee == Decimal("0.0004")

    def test_cross_pays_from_the_wallet(self):
        found = what_if(binance(margin_mode="cross", wallet_balance=5000), "add", qty=1)

        assert found.after.cash == 4970
        assert found.free is None
        # the entry value of 120000 less 4970, over 2*0.996
        assert found.after.liquidation_price == Decimal("57745.98393574")

    def test_what_the_exchange_would_refuse_is_told(self):
        found = what_if(
            binance(margin_mode="cross", wallet_balance=5000, leverage=20), "add", qty=1
        )

        assert any("initial margins" in note.message for note in found.basis.warnings)


class TestAverageEntry:
    """The quantity to add for an average entry, rounded up to the lot."""

    def test_linear(self):
        # (60000 + 55000*q)/(1 + q) = 57000: q = 3000/2000
        found = what_if(binance(leverage=20), "average", entry_price=57000, price=55000)

        assert found.qty == Decimal("1.5")
        assert found.after.entry_price == 57000

    def test_inverse(self):
        # (60000 + q)/(1 + q/50000) = 55000: q = 5000/(55000/50000 - 1)
        found = what_if(okx(), "average", entry_price=55000, price=50000)

        assert found.qty == 50000

    @pytest.mark.parametrize("entry", [55000, 60000, 54000, 61000])
    def test_it_lies_between_entry_and_price(self, entry):
        with pytest.raises(InputError, match="keeps the average between"):
            what_if(binance(leverage=20), "average", entry_price=entry, price=55000)


class TestReducing:
    """Profit and fee are realised."""

    def test_isolated_gives_margin_back_in_proportion_and_ends_where_it_did(self):
        found = what_if(binance(leverage=20, mark_price=62000), "reduce", qty="0.4")

        assert found.realised == 800
        assert found.fee == Decimal("12.4")
        assert found.put_in == -1188
        assert found.free == Decimal("1975.6")
        assert found.after.liquidation_price == found.before.liquidation_price
        assert found.difference["qty"] == Decimal("-0.4")

    def test_cross_pays_into_the_wallet(self):
        sheet = binance("short", margin_mode="cross", wallet_balance=9000, mark_price=61000)
        found = what_if(sheet, "reduce", qty="0.4", price=60500)

        # a loss of 200 and a fee of 12.1
        assert found.after.cash == Decimal("8787.9")

    def test_all_of_it(self):
        found = what_if(binance(leverage=20, mark_price=62000), "reduce", qty=1)

        assert found.after.status is None
        assert found.after.qty == 0
        assert found.free == 2970 + 2000 - 31

    def test_no_more_than_is_held(self):
        with pytest.raises(InputError, match="more than the 1 that is held"):
            what_if(binance(leverage=20), "reduce", qty="1.001")


class TestFlipping:
    """All is closed, and the other side opened."""

    def test_inverse(self):
        found = what_if(okx(mark_price=58000), "flip")

        # 1 BTC at the entry, 60000/58000 BTC at the mark
        assert round(found.realised, 10) == Decimal("-0.0344827586")
        assert round(found.fee, 10) == Decimal("0.0010344828")
        assert found.after.side == "short"
        assert found.after.entry_price == 58000
        assert round(found.after.cash, 10) == Decimal("0.1034482759")

    def test_another_quantity(self):
        found = what_if(binance(leverage=20), "flip", qty="0.5")

        assert found.after.qty == Decimal("0.5")
        # the fees for closing 1 and opening 0.5
        assert found.fee == 45

    def test_a_hedge_pair_is_not_made_one_sided(self):
        row = {"symbol": "BTCUSDT", "qty": "1", "entry_price": "60000", "leverage": "20"}
        sheet = {
            "exchange": "binance",
            "account": {"margin_mode": "isolated", "position_mode": "hedge"},
            "positions": [row | {"side": "long"}, row | {"side": "short"}],
        }
        with pytest.raises(InputError, match="the other side of BTCUSDT is held"):
            what_if(sheet, "flip", position="BTCUSDT:long")


class TestLeverageAndMoney:
    """Neither trades."""

    def test_another_leverage_sets_the_margin_anew(self):
        found = what_if(binance(leverage=20), "leverage", leverage=5)

        assert found.after.cash == 12000 - 30
        assert found.put_in == 9000
        assert found.fee == 0

    def test_money_into_the_margin(self):
        found = what_if(binance(leverage=20), "money", money=7230)

        assert found.after.liquidation_price == 50000

    def test_money_out_of_the_wallet(self):
        sheet = binance("short", margin_mode="cross", wallet_balance=5000)
        found = what_if(sheet, "money", money=-1748)

        assert found.after.liquidation_price == 63000

    def test_more_than_the_margin_cannot_be_taken_out(self):
        with pytest.raises(InputError, match="but the margin is 2970"):
            what_if(binance(leverage=20), "money", money="-2970.01")

    def test_what_must_stay_for_the_initial_margin_is_told(self):
        found = what_if(binance(leverage=20, extra_margin=1000), "money", money=-971)

        # 3970 - 3000
        assert any("at most 970 to take out" in note.message for note in found.basis.warnings)


class TestAGivenEquity:
    """An equity holds the profit already: realising it changes nothing but the fee."""

    def test_closing_at_the_mark_costs_the_fee(self):
        row = {"symbol": "BTCUSDT", "side": "long", "qty": "1", "entry_price": "60000"}
        sheet = {
            "exchange": "binance",
            "account": {"margin_mode": "cross", "equity": "7000"},
            "positions": [row | {"mark_price": "62000"}],
            "fees": {"taker": "0.0005"},
        }
        found = what_if(sheet, "reduce", qty="0.5")

        assert found.after.equity == Decimal("6984.5")


class TestRefusals:
    """Each change takes its own numbers."""

    @pytest.mark.parametrize(
        ("change", "options", "message"),
        [
            ("grow", {}, "one of add, average, reduce, flip, leverage, money"),
            ("add", {}, "qty: is needed to add"),
            ("add", {"qty": 0}, "must be above 0"),
            ("add", {"qty": 1, "leverage": 5}, "leverage: is not taken by add"),
            ("average", {"price": 1}, "entry_price: is needed"),
            ("leverage", {"leverage": -1}, "must be above 0"),
            ("money", {}, "money: is needed"),
        ],
    )
    def test_it_is_refused(self, change, options, message):
        with pytest.raises(InputError, match=message) as caught:
            what_if(binance(leverage=20), change, **options)

        assert {fault.code for fault in caught.value.faults} == {"LQ124"}

    def test_what_opens_needs_a_leverage(self):
        with pytest.raises(InputError, match="the margin of what BTCUSDT opens"):
            what_if(binance(margin=3000), "add", qty=1)
