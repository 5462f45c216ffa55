"""Health: levels and chances redone by hand, and what has none."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc
from liqcalc import InputError, position_sheet

D = Decimal
TODAY = "2026-11-23"


def health(data, **options):
    return liqcalc.health(data, today=TODAY, **options)


def binance(side="long", **given):
    """Return a position of 0.5 from 60000, 20x: margin 1485 (test of the level says why)."""
    inputs: Any = {"entry_price": 60000, "leverage": 20, "as_of": "2026-10-01"} | given
    return position_sheet("binance", "BTCUSDT", side, "0.5", **inputs)


def okx(**given):
    inputs: Any = {"entry_price": 60000, "leverage": 10, "as_of": "2026-09-18"} | given
    return position_sheet("okx", "BTC-USDT-SWAP", "short", contracts=100, **inputs)


def cross(**account):
    return {
        "exchange": "kucoin",
        "as_of": "2026-06-01",
        "account": {"margin_mode": "cross", "wallet_balance": "1000"} | account,
        "positions": [
            {"symbol": "COIN", "side": "long", "qty": "100", "entry_price": "100", "leverage": "10"}
        ],
        "contracts": {
            "COIN": {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT"}
            | {"contract_size": "1", "tick_size": "0.01"}
        },
        "tiers": {"COIN": [{"floor": "0", "mmr": "0.01"}]},
        "fees": {"taker": "0"},
    }


class TestLevels:
    """margin + s*qty*(p - entry) = F*requirement(p): F = 1/level, or the level if it falls."""

    def test_a_rising_ratio(self):
        # 1485 + 0.5*(p - 60000) = 0.5*p*0.004/0.8, so p = 28515/0.4975 = 57316.5829...
        [position] = health(binance()).positions
        [level] = position.levels

        assert level.exact[0].quantize(D("0.0001")) == D("57316.5829")
        assert level.lower == D("57316.6")  # up to the tick: the level comes first
        assert (level.upper, level.reached) == (None, False)
        assert level.level.at == D("0.8")

    def test_a_falling_ratio(self):
        # 6000 + 60000 - p = 3*p*(0.004 + 0.0005), so p = 66000/1.0135 = 65120.8682...
        [position] = health(okx()).positions
        [level] = position.levels

        assert level.exact[1].quantize(D("0.0001")) == D("65120.8683")
        assert level.upper == D("65120.8")
        assert (level.level.at, level.reached) == (D(3), False)

    @pytest.mark.parametrize(
        ("mark", "reached"), [("65000", False), ("65120.8", False), ("65120.9", True)]
    )
    def test_it_is_reached_from_its_mark_on(self, mark, reached):
        [position] = health(okx(mark_price=mark, margin=6000)).positions

        assert position.levels[0].reached is reached

    def test_equality_reaches_it(self):
        # margin 1485, wanted mark 57000: 1485 + x - 1500 = 0.5*57000*0.004/0.8 = 142.5
        [at] = health(binance(mark_price=57000, margin="1642.5", taker=0)).positions
        [above] = health(binance(mark_price=57000, margin="1642.51", taker=0)).positions

        assert at.levels[0].reached is True
        assert above.levels[0].reached is False

    def test_a_level_that_is_past_says_where_it_is_left(self):
        [level] = health(binance(mark_price=57300, margin=1485)).positions[0].levels

        assert level.reached is True
        assert level.clears_at == D("57316.6")
        assert (level.lower, level.upper) == (None, None)

    def test_the_common_move_of_a_pool(self):
        # KuCoin's 95%: 1000 + 100*(p - 100) = 100*p*0.01/0.95, so p = 90.957446808...
        found = health(cross())
        [pool], [position] = found.pools, found.positions

        assert position.levels[0].level.at == D("0.95")
        assert position.levels[0].exact[0].quantize(D("1e-9")) == D("90.957446809")
        assert pool.levels[0].down.quantize(D("1e-9")) == D("-0.090425532")

    def test_isolated_positions_have_no_level_of_cross(self):
        sheet = cross(margin_mode="isolated")
        del sheet["account"]["wallet_balance"]

        assert health(sheet).positions[0].levels == ()

    def test_the_trace_says_what_it_solved(self):
        [step] = health(okx()).trace

        assert step.numbers == {"F": "3"}
        assert step.result == "65120.86827824"
        assert step.source == "api-docs-2025-11"


class TestDistances:
    """Mark 60000, end 57259.036144...: distance 2740.963855..., 4.5682...% of the mark."""

    def test_multiples(self):
        [position] = health(binance(), atr=1000, volatility="0.03").positions
        end = position.lower

        assert position.upper is None
        assert end.distance_money.quantize(D("0.0001")) == D("1370.4819")  # 0.5 of it
        assert end.atrs.quantize(D("0.0001")) == D("2.7410")
        assert end.volatilities.quantize(D("0.0001")) == D("1.5228")

    def test_the_chance_by_hand(self):
        # s = 0.03, x = ln(57259.0361/60000) = -0.0467591
        # N((x + s*s/2)/s) = N(-1.54364) = 0.06134
        # (mark/end)*N((x - s*s/2)/s) = 1.04787*N(-1.57364) = 1.04787*0.05779 = 0.06056
        found = health(binance(), volatility="0.03")

        assert found.positions[0].chance == D("0.122")
        assert found.horizon_hours == 24

    def test_four_days_are_twice_the_spread_of_one(self):
        [days] = health(binance(), volatility="0.03", horizon_hours=96).positions
        [one] = health(binance(), volatility="0.06", horizon_hours=24).positions

        assert days.chance == one.chance

    def test_a_short_ends_above(self):
        [position] = health(okx(), volatility="0.03").positions

        assert position.lower is None
        assert position.upper.distance_money > 0

    def test_what_was_not_asked_is_not_said(self):
        found = health(binance())

        assert (found.horizon_hours, found.assumptions) == (None, ())
        assert [step.step for step in found.trace] == ["level"]
        assert found.positions[0].lower.chance is None
        assert not found.measured

    def test_assumptions_are_said(self):
        found = health(binance(), volatility="0.03")
        given = health(binance(), volatility="0.03", horizon_hours=24)

        assert [note.code for note in found.assumptions] == ["LQ419", "LQ419"]
        assert len(given.assumptions) == 1

    def test_the_trace_can_be_redone(self):
        steps = {step.name: step for step in health(binance(), volatility="0.03").trace}

        assert steps["s"].result == "0.03"
        assert steps["x"].result == "-0.0467591"
        assert steps["BTCUSDT long touches below"].result == "0.122 (estimate)"

    def test_the_highest_volatility_is_the_pools(self):
        sheet = cross()
        other = sheet["positions"][0] | {"symbol": "COIN2", "volatility": "0.08"}
        sheet["positions"] = [sheet["positions"][0] | {"volatility": "0.02"}, other]
        for part in ("contracts", "tiers"):
            sheet[part]["COIN2"] = sheet[part]["COIN"]
        sheet["contracts"]["COIN2"] = sheet["contracts"]["COIN"] | {"base": "COIN2"}
        [pool] = health(sheet).pools

        # 1000 + 200*(p - 100) = 200*p*0.01, so p = 19000/198 and the move 4.0404...%
        assert pool.volatility == D("0.08")
        assert pool.volatilities.quantize(D("1e-6")) == D("0.505051")


class TestWithoutAnEnd:
    """Words instead of numbers."""

    def test_already_liquidatable(self):
        [position] = health(binance(mark_price=57000, margin=1485), volatility="0.03").positions

        assert position.ends == ()
        assert position.chance is None
        assert position.reason == "the condition holds at the mark"
        assert position.levels[0].reached is True

    def test_cannot_be_liquidated(self):
        [position] = health(binance(margin=40000, leverage=None), volatility="0.03").positions

        assert (position.ends, position.chance) == ((), None)
        assert "no positive price" in position.reason
        assert "no mark" in position.levels[0].reason

    def test_not_determined(self):
        [position] = health(binance(leverage=None), volatility="0.03").positions

        assert "not known" in position.reason
        assert position.levels[0].reached is None


class TestRefusals:
    """Every number that cannot be meant."""

    @pytest.mark.parametrize(
        ("options", "where"),
        [
            ({"volatility": "3"}, "volatility"),
            ({"volatility": 0}, "volatility"),
            ({"volatility": "3%"}, "volatility"),
            ({"volatility": 0.03}, "volatility"),
            ({"atr": -1}, "atr"),
            ({"volatility": "0.03", "horizon_hours": 0}, "horizon_hours"),
            ({"volatility": "0.03", "horizon_hours": 100_000}, "horizon_hours"),
            ({"horizon_hours": 24}, "horizon_hours"),
        ],
    )
    def test_options(self, options, where):
        with pytest.raises(InputError) as caught:
            health(binance(), **options)

        assert [fault.where for fault in caught.value.faults] == [where]

    def test_all_at_once(self):
        with pytest.raises(InputError) as caught:
            health(binance(), atr=0, volatility=-1, horizon_hours=0)

        assert len(caught.value.faults) == 3

    def test_one_range_for_two_symbols(self):
        sheet = cross()
        sheet["positions"].append(sheet["positions"][0] | {"symbol": "COIN2"})
        for part in ("contracts", "tiers"):
            sheet[part]["COIN2"] = sheet[part]["COIN"]

        with pytest.raises(InputError, match="COIN, COIN2"):
            health(sheet, atr=3)

    @pytest.mark.parametrize("key", ["atr", "volatility"])
    def test_a_sheet_is_checked_too(self, key):
        sheet = cross()
        sheet["positions"][0][key] = "-1"

        with pytest.raises(InputError, match=key):
            health(sheet)


class TestTheGauge:
    """An answer says which way its ratio runs and where it ends."""

    @pytest.mark.parametrize(
        ("sheet", "shown"),
        [
            (binance(), ("margin ratio", "rising", "1", True)),
            (okx(), ("mgnRatio", "falling", "1", True)),
            (cross(), ("risk rate", "rising", "1", True)),
        ],
    )
    def test_of_a_position(self, sheet, shown):
        gauge = liqcalc.evaluate(sheet, today=TODAY).to_dict()["positions"][0]["displayed_ratio"]

        assert (
            gauge["name"],
            gauge["direction"],
            gauge["liquidates_at"],
            gauge["inclusive"],
        ) == shown

    def test_a_surplus_ends_at_nothing(self):
        sheet = position_sheet(
            "htx",
            "BTC-USDT",
            "long",
            "0.1",
            entry_price=60000,
            leverage=10,
            as_of="2025-01-01",
        )
        gauge = liqcalc.evaluate(sheet, today=TODAY).positions[0].gauge

        assert (gauge.direction.value, gauge.liquidates_at) == ("falling", D(0))
