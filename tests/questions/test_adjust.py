"""Numbers redone by hand: what moves a liquidation price to where it is wanted."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc
from liqcalc import InputError, position_sheet
from liqcalc.answers.change.ways import Verdict

TODAY = "2026-11-23"
ROWS = [
    {"floor": "0", "cap": "50000", "mmr": "0.01"},
    {"floor": "50000", "mmr": "0.02", "deduction": "500"},
]


def adjust(data, **options):
    return liqcalc.adjust(data, today=TODAY, **options)


def binance(side="long", **given):
    inputs: Any = {"entry_price": 60000, "as_of": "2026-09-29", "taker": "0.0005"} | given
    return position_sheet("binance", "BTCUSDT", side, inputs.pop("qty", 1), **inputs)


def sheet(**row):
    position = {"symbol": "COIN", "side": "long", "qty": "1", "entry_price": "60000"}
    contract = {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT"}
    return {
        "exchange": "binance",
        "account": {"margin_mode": "isolated"},
        "positions": [position | row],
        "contracts": {"COIN": contract | {"tick_size": "0.1", "lot_size": "0.001"}},
        "tiers": {"COIN": ROWS},
        "fees": {"taker": "0"},
    }


class TestALinearLong:
    """1 BTC at 60000, 20x: margin 3000 - 30 = 2970; wanted 50000, tier rate 0.004."""

    found = adjust(binance(leverage=20), liquidation_price=50000)

    def test_the_margin_to_add(self):
        # 50000*0.004 + 10000 - 2970
        assert self.found.margin.amount == Decimal("7230.00")
        assert self.found.margin.after.liquidation_price == Decimal(50000)

    def test_the_quantity_to_close(self):
        # 2970 - 30*q - 10000*(1 - q) = 200*(1 - q): q = 7230/10170 = 0.7109
        assert self.found.quantity.amount == Decimal("0.711")
        assert self.found.quantity.fee == Decimal("21.33")
        # 2970*0.711 - 21.33 comes free, and goes back in
        assert self.found.quantity.put_back == Decimal("2090.34")
        assert self.found.quantity.after.cash == Decimal("2948.67")

    def test_the_leverage_to_set(self):
        # 60000/L - 30 >= 10200: L <= 5.86
        assert self.found.leverage.amount == 5
        assert self.found.leverage.verdict is Verdict.REFUSED  # Binance: not while it is open
        assert self.found.leverage.after.cash == 11970

    def test_before_and_after_stand_side_by_side(self):
        assert self.found.before.liquidation_price == Decimal("57259.03614458")
        assert round(self.found.before.effective_leverage, 6) == Decimal("20.202020")
        assert round(self.found.margin.after.effective_leverage, 6) == Decimal("5.882353")

    def test_the_margin_is_derived_term_by_term(self):
        steps = {step.name: step.result for step in self.found.basis.trace}

        assert steps["cash"] == "2970"
        assert steps["unrealized_pnl (BTCUSDT)"] == "-10000"
        assert steps["maintenance_margin (BTCUSDT, tier 1)"] == "-200"
        assert steps["health at p"] == "-7230"
        assert steps["margin to add"] == "7230"


class TestACrossShort:
    """1 BTC short at 60000 with a wallet of 5000."""

    def test_more_distance_needs_a_larger_wallet(self):
        found = adjust(
            binance("short", margin_mode="cross", wallet_balance=5000), liquidation_price=69000
        )

        assert found.margin.amount == Decimal(9000) + 276 - 5000
        # 5000 - 30*q - 9276*(1 - q) >= 0: q = 4276/9246 = 0.4625
        assert found.quantity.amount == Decimal("0.463")
        assert found.leverage.verdict is Verdict.NOT_REACHED
        assert "does not move" in found.leverage.reason

    def test_less_distance_frees_money_and_lets_the_position_grow(self):
        found = adjust(
            binance("short", margin_mode="cross", wallet_balance=5000, leverage=20),
            liquidation_price=63000,
        )

        assert found.margin.amount == Decimal(3000) + 252 - 5000
        # 5000 - 30*q - 3252*(1 + q) >= 0: q = 1748/3282 = 0.5326
        assert found.quantity.amount == Decimal("-0.532")

    def test_what_must_stay_for_the_initial_margin_is_not_free(self):
        found = adjust(
            binance("short", margin_mode="cross", wallet_balance=5000, leverage=13),
            liquidation_price=63000,
        )

        # 60000/13 = 4615.38...; the price alone would free 1748
        assert found.margin.amount == Decimal("-384.61")
        assert "1748" in found.margin.reason

    def test_an_unknown_wallet_is_told(self):
        found = adjust(binance("short", margin_mode="cross"), liquidation_price=69000)

        assert found.margin.amount == 9276
        assert "wallet is not known" in found.margin.reason
        assert found.quantity.verdict is Verdict.NOT_KNOWN


class TestAnInverseLong:
    """60000 USD at 60000 on OKX, 10x: margin 0.1 BTC; rate 0.004 and taker 0.0005."""

    found = adjust(
        position_sheet(
            *("okx", "BTC-USD-SWAP", "long", 60000),
            entry_price=60000,
            leverage=10,
            taker="0.0005",
            as_of="2026-09-18",
        ),
        liquidation_price=48000,
    )

    def test_the_margin_is_in_the_coin(self):
        # value 1.25: requirement 1.25*0.0045, loss 0.25, less the margin of 0.1
        assert self.found.margin.amount == Decimal("0.155625")
        assert self.found.settle == "BTC"

    def test_the_quantity_is_in_quote(self):
        # 0.1 - 0.0005*x = 0.255625*(1 - x): x = 0.155625/0.255125, of 60000: 36599.7
        assert self.found.quantity.amount == 36600
        assert self.found.size_unit == "USD"

    def test_the_leverage(self):
        # the margin, 1 BTC over the leverage, must be 0.255625 or more: 3.912, in steps of 0.01
        assert self.found.leverage.amount == Decimal("3.91")

    def test_where_another_price_is_printed_the_true_one_is_meant(self):
        assert self.found.margin.after.trigger_price == 48000
        assert self.found.margin.after.liquidation_price == Decimal("48000.1")
        assert any("prints another" in note.message for note in self.found.basis.assumptions)


class TestTierEdges:
    """Two tiers that meet at 50000, of 1 and 2 percent."""

    @pytest.mark.parametrize(
        ("price", "needed"),
        [
            ("49999.9", Decimal("499.999") + Decimal("10000.1")),
            ("50000", Decimal(500) + Decimal(10000)),
            ("50000.1", Decimal("1000.002") - 500 + Decimal("9999.9")),
        ],
    )
    def test_each_side_of_an_edge_has_its_own_rate(self, price, needed):
        found = adjust(sheet(margin="1000"), liquidation_price=price)

        assert found.margin.unrounded == needed - 1000

    def test_a_leap_on_the_way_must_be_survived_too(self):
        rows = [ROWS[0], ROWS[1] | {"deduction": "0"}]
        found = adjust(sheet(margin="1000") | {"tiers": {"COIN": rows}}, liquidation_price="49990")

        # just above 50000 the requirement is still 1000, not the 499.9 of 49990; a health that
        # only touches zero there counts as reached
        assert found.margin.amount == Decimal("10000.01")
        assert found.margin.unrounded is None


class TestMoney:
    """Every step counts: one less does not reach it."""

    def test_margin_is_rounded_up_to_the_step(self):
        found = adjust(sheet(margin="1000"), liquidation_price="49999.9")

        assert found.margin.unrounded == Decimal("9500.099")
        assert found.margin.amount == Decimal("9500.10")


class TestAWallet:
    """What an isolated position is to be given must be there."""

    @pytest.mark.parametrize(("wallet", "warned"), [("7229.99", True), ("7230", False)])
    def test_more_than_the_wallet_is_told(self, wallet, warned):
        found = adjust(binance(leverage=20, wallet_balance=wallet), liquidation_price=50000)
        told = [note.message for note in found.basis.warnings if note.code == "LQ417"]

        assert any(text.startswith("margin: 7230 is more than") for text in told) is warned


class TestWhatMustStay:
    """Money that goes leaves the initial margin, or what the exchange says."""

    def test_a_tenth_of_the_notional_on_hyperliquid(self):
        inputs: Any = {"entry_price": 3000, "leverage": 20, "extra_margin": 500}
        inputs |= {"taker": "0.00045", "as_of": "2026-07-19"}
        data = position_sheet("hyperliquid", "ETH", "long", 2, **inputs)
        found = adjust(data, liquidation_price=2900)

        # margin 300 - 2.7 + 500; 316 would do at 2900, but 600 must stay
        assert found.margin.unrounded == Decimal("-481.3")
        assert found.margin.amount == Decimal("-197.30")
        assert not any("what stays" in note.message for note in found.basis.assumptions)

    def test_the_initial_margin_elsewhere_as_is_assumed(self):
        found = adjust(binance(leverage=20, extra_margin=1000), liquidation_price=58000)

        assert found.margin.unrounded == 2232 - 3970
        assert found.margin.amount == -970
        assert any("what stays" in note.message for note in found.basis.assumptions)


class TestAlreadyLiquidatable:
    """Below its liquidation price a position can still be saved."""

    found = adjust(sheet(margin="1000", mark_price="58000"), liquidation_price="50000")

    def test_money_saves_it(self):
        assert self.found.before.status.value == "already_liquidatable"
        assert self.found.margin.amount == 9500
        assert self.found.margin.after.liquidation_price == 50000

    def test_closing_at_a_loss_beyond_the_margin_does_not(self):
        assert self.found.quantity.amount == 1
        assert self.found.quantity.after.qty == 0
        assert "only closing it all" in self.found.quantity.reason


class TestRefusals:
    """One wanted price, where the position can end."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({}, "neither is given"),
            ({"liquidation_price": 5, "distance_rate": "0.1"}, "both are given"),
            ({"liquidation_price": 65000}, "this long ends below the mark of 60000"),
            ({"liquidation_price": 60000}, "is the mark itself"),
            ({"liquidation_price": 0}, "must be above 0"),
            ({"distance_rate": 0}, "above 0 and below 1"),
            ({"distance_rate": 1}, "above 0 and below 1"),
            ({"distance_rate": "20"}, "above 0 and below 1"),
        ],
    )
    def test_it_is_refused(self, options, message):
        with pytest.raises(InputError, match=message) as caught:
            adjust(binance(leverage=20), **options)

        assert {fault.code for fault in caught.value.faults} == {"LQ124"}

    def test_a_float_is_refused(self):
        with pytest.raises(InputError, match="binary float"):
            adjust(binance(leverage=20), distance_rate=0.2)
