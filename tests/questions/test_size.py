"""Numbers redone by hand: how large a position may be for what it may lose."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc
from liqcalc import InputError, position_sheet
from liqcalc.answers.leverage.search import Binds
from liqcalc.answers.size.answer import Fit

TODAY = "2026-11-23"
BARE = {"slippage_bps": 0, "basis": 0, "buffer": 0}


def size(data, stop, **options):
    return liqcalc.size(data, stop, today=TODAY, **(BARE | options))


def binance(side="long", **given):
    """Return 1 BTC at 60000, tick 0.1, lot 0.001, first tier 0.004 to 300000, at most 150x."""
    inputs: Any = {"entry_price": 60000, "as_of": "2026-09-29", "taker": "0.0005"} | given
    return position_sheet("binance", "BTCUSDT", side, 1, **inputs)


class TestALinearLong:
    """60000 to 58000 loses 2000 and 0.0005 of 118000 in fees: 2059 for each BTC."""

    found = size(binance(), 58000, risk=500, target=66000)

    def test_the_size_is_cut_to_the_lot(self):
        # 500/2059 = 0.24283
        assert self.found.qty == Decimal("0.242")
        assert self.found.loss == Decimal("498.278")
        assert self.found.next_loss == Decimal("500.337")

    def test_the_leverage_is_the_largest_that_survives(self):
        # 60000/L - 30 - 2000 > 0.004*58000: L < 26.53
        assert self.found.leverage == 26
        assert self.found.binds is Binds.LIQUIDATION
        assert self.found.fit is Fit.FITS

    def test_what_it_costs_to_open(self):
        # 0.242*60000/26; the opening fee of 7.26 is taken out of it
        assert round(self.found.cost, 4) == Decimal("558.4615")
        assert round(self.found.margin, 4) == Decimal("551.2015")

    def test_what_is_lost_if_it_is_liquidated(self):
        assert self.found.outcome.liquidation_loss == self.found.cost

    def test_reward_to_risk_is_after_fees(self):
        gain = self.found.gain

        # 0.242*6000 - 0.0005*0.242*126000
        assert gain.total == Decimal("1436.754")
        assert round(gain.ratio, 4) == Decimal("2.8834")

    def test_the_derivation_holds_both_sides_of_the_risk(self):
        steps = {step.name: step for step in self.found.basis.trace}

        assert steps["within the risk"].numbers == {"loss": "498.278", "risk": "500"}
        assert steps["one lot more"].numbers["loss_of_one_lot_more"] == "500.337"


class TestWhatIsInTheLoss:
    """Slippage and funding make the size smaller."""

    @pytest.mark.parametrize(
        ("risk", "qty"), [("498.277", "0.241"), ("498.278", "0.242"), ("498.279", "0.242")]
    )
    def test_the_risk_itself_may_be_lost(self, risk, qty):
        assert size(binance(), 58000, risk=risk).qty == Decimal(qty)

    def test_slippage(self):
        # filled at 57942: 2058 and 0.0005*117942, 2116.971 a BTC
        found = size(binance(), 58000, risk=500, slippage_bps=10)

        assert found.qty == Decimal("0.236")

    def test_funding(self):
        # three payments of 6 a BTC in 24 hours: 2077 a BTC
        found = size(binance(funding_rate="0.0001"), 58000, risk=500, holding_hours=24)

        assert found.qty == Decimal("0.240")
        assert found.outcome.loss.funding == Decimal("4.32")

    def test_a_share_of_the_wallet(self):
        found = size(binance(wallet_balance=50000), 58000, risk_rate="0.01")

        assert found.risk == 500
        assert found.qty == Decimal("0.242")


class TestAnInverseLong:
    """One USD loses 1/58000 - 1/60000 BTC and fees: 5.91667e-7 BTC."""

    found = size(
        position_sheet(
            *("bybit", "BTCUSD", "long", 1),
            entry_price=60000,
            taker="0.0005",
            as_of="2025-11-08",
            wallet_balance="0.5",
        ),
        58000,
        risk="0.01",
    )

    def test_risk_is_in_the_coin_and_size_in_quote(self):
        # 0.01/0.000000591667 = 16901.4
        assert self.found.qty == 16901
        assert self.found.size_unit == "USD"
        assert round(self.found.loss, 10) == Decimal("0.0099997583")

    def test_it_says_so(self):
        assert any("counted in BTC" in note.message for note in self.found.basis.assumptions)


class TestRefused:
    """A size that is liquidated before its stop, or that cannot be opened."""

    def test_a_leverage_that_is_too_high(self):
        found = size(binance(leverage=30), 58000, risk=500)

        assert found.fit is Fit.LIQUIDATED_FIRST
        assert found.reason == "at 30x liquidation comes before the stop at 58000"
        assert found.nearest.leverage == 26
        # the end at 30x is 58030/0.996 = 58263.05
        assert found.nearest.stop == Decimal("58263.1")
        assert found.nearest.qty is None

    @pytest.mark.parametrize(("leverage", "fit"), [(26, Fit.FITS), (27, Fit.LIQUIDATED_FIRST)])
    def test_one_step_decides(self, leverage, fit):
        assert size(binance(), 58000, risk=500, leverage=leverage).fit is fit

    def test_a_leverage_above_the_maximum_of_the_size(self):
        # 250000/159.95 = 1562.9 BTC, 94 million, in a tier that takes 20x
        found = size(binance(leverage=25), 59900, risk=250000)

        assert found.fit is Fit.ABOVE_MAXIMUM
        assert found.reason == "25x is above the maximum of 20x at this size"
        assert found.nearest.leverage == 20
        # 25x is taken up to 70 million
        assert found.nearest.qty == Decimal("1166.666")

    def test_a_wallet_that_does_not_carry_it(self):
        # 0.971 BTC at 26x take 2240.77
        found = size(binance(wallet_balance=1000), 58000, risk=2000)

        assert found.fit is Fit.NOT_ENOUGH_MONEY
        assert found.nearest.money == Decimal("1240.77")
        # 1000*26/60000 = 0.4333
        assert found.nearest.qty == Decimal("0.433")

    def test_a_cross_wallet_that_is_gone_before_the_stop(self):
        found = size(binance(margin_mode="cross", wallet_balance=1000), 58000, risk=2000)

        assert found.fit is Fit.LIQUIDATED_FIRST
        assert found.reason.startswith("at any leverage")
        # 1000 - 30*q - 2000*q > 232*q: q < 0.442
        assert found.nearest.qty == Decimal("0.442")


class TestTooSmall:
    """The least risk is named."""

    def test_less_than_one_lot(self):
        with pytest.raises(InputError, match=r"smallest size of 0.001, which loses 2.06") as caught:
            size(binance(), 58000, risk=2)

        assert caught.value.faults[0].code == "LQ123"
        assert caught.value.faults[0].hint.startswith("risk 2.06 USDT or more")
        assert size(binance(), 58000, risk="2.06").qty == Decimal("0.001")

    def test_a_stop_that_locks_a_gain(self):
        with pytest.raises(InputError, match="is never lost"):
            size(binance(mark_price=65000), 62000, risk=500)


class TestRefusals:
    """A risk and a stop are needed; what the size gives must not be given."""

    @pytest.mark.parametrize(
        ("given", "stop", "options", "message"),
        [
            ({}, None, {"risk": 500}, "stop: is not given"),
            ({}, 58000, {}, "risk: is not given"),
            ({}, 58000, {"risk": 5, "risk_rate": "0.01"}, "risk: is given beside risk_rate"),
            ({}, 58000, {"risk_rate": "0.01"}, "share of a wallet that is not known"),
            ({"wallet_balance": 9}, 58000, {"risk_rate": "1.01"}, "risk_rate: is 1.01, above 1"),
            ({}, 58000, {"risk": 0}, "risk: is 0, it must be above 0"),
            ({}, 58000, {"risk": 500, "target": 59000}, "a long gains above its entry of 60000"),
            ({"margin": 500}, 58000, {"risk": 500}, "margin: is given"),
        ],
    )
    def test_it_is_refused(self, given, stop, options, message):
        with pytest.raises(InputError, match=message) as caught:
            size(binance(**given), stop, **options)

        assert {fault.code for fault in caught.value.faults} == {"LQ123"}

    def test_a_stop_on_the_gaining_side(self):
        with pytest.raises(InputError, match="where a long gains"):
            size(binance(), 61000, risk=500)
