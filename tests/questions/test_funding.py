"""What funding costs, and when it alone ends a position: numbers by hand, from the rules."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal

import pytest

import liqcalc
from liqcalc import InputError, Status, funding
from liqcalc.answers.funding.answer import Ended

D = Decimal
TIER = [{"floor": "0", "mmr": "0.005", "imr": "0.01"}]


HOURLY = "time,rate\n2026-01-01T00:00,0.004\n2026-01-01T01:00,0.004\n"


def sheet(exchange, row=(), *, product="linear", tiers=TIER, **more):
    """Return one long of 1 coin (or 100 dollars) at 100, leverage 10, without fees."""
    linear = product == "linear"
    contract = {"product": product, "base": "COIN", "quote": "USD", "contract_size": "1"}
    contract |= {"settle": "USD" if linear else "COIN", "tick_size": "0.0001"}
    position = {"symbol": "COIN", "side": "long", "qty": "1" if linear else "100"}
    position |= {"entry_price": "100", "margin": "10", "leverage": "10"}
    return {
        "exchange": exchange,
        "positions": [position | dict(row)],
        "contracts": {"COIN": contract},
        "tiers": {"COIN": tiers},
        "fees": {"taker": "0", "liquidation": "0"},
        **more,
    }


def ask(*args, **given):
    return funding(*args, **given)


def amounts(answer):
    return [payment.amount for payment in answer.payments]


def codes(notes):
    return {note.code for note in notes}


class TestPublishedExamples:
    """Numbers that exchanges print."""

    def test_hyperliquid_pays_on_the_oracle_price_each_hour(self):
        row = {"qty": "10", "entry_price": "10100", "index_price": "10000", "margin": "9999"}
        answer = ask(sheet("hyperliquid", row), funding_rate="0.0011875", holding_hours=2)

        assert amounts(answer) == [D("118.75"), D("118.75")]
        assert answer.base == "index"

    def test_deribit_accrues_one_eighth_in_an_hour_at_the_rate_of_its_formula(self):
        row = {"qty": "100000", "entry_price": "50050", "index_price": "50000"}
        given = sheet("deribit", row, product="inverse", as_of="2026-08-03")
        given |= {"account": {"margin_mode": "cross", "wallet_balance": "1"}}
        answer = ask(given, holding_hours=1)

        assert answer.continuous
        assert round(answer.total, 12) == D("0.000187312687")
        assert any("formula" in note.message for note in answer.basis.assumptions)

    def test_kucoin_inverse_pays_in_coin(self):
        row = {"qty": "10000", "entry_price": "5000", "margin": "1", "risk_level": 1}
        answer = ask(
            sheet("kucoin", row, product="inverse"), funding_rate="0.00025", holding_hours=8
        )

        assert amounts(answer) == [D("0.0005")]
        assert answer.settle == "COIN"

    def test_mexc_pays_the_long_when_the_rate_is_negative(self):
        row = {"entry_price": "41.8899"}
        answer = ask(sheet("mexc", row), funding_rate="-0.002", holding_hours=8)

        assert amounts(answer) == [D("-0.0837798")]

    @pytest.mark.parametrize(
        ("free", "price", "margin"),
        [(None, "19900", "200"), ("0", "19900", "200"), ("50", "19850", "250"),
         ("199.99", "19700.01", "399.99"), ("200", "19700", "400"), ("200.01", "19700", "400")],
    )  # fmt: skip
    def test_bybit_takes_from_the_margin_what_the_balance_cannot_cover(self, free, price, margin):
        row = {"entry_price": "20000", "margin": None, "leverage": "50"}
        given = sheet("bybit", row, rules="entry_based", parameters={"price_rounding": "none"})
        answer = ask(given, funding_rate="0.01", holding_hours=8, free_balance=free)

        assert answer.before.liquidation_price == D(19700)
        assert answer.after.liquidation_price == D(price)
        assert answer.after.left == D(margin)

    def test_okx_position_of_2024_has_a_price_once_it_has_paid(self):
        row = {"qty": "0.0165", "entry_price": "60346.5", "mark_price": "60349.6"}
        row |= {"leverage": "1"}
        given = sheet(
            "okx",
            row | {"margin": None},
            tiers=[{"floor": "0", "mmr": "0.004"}],
            as_of="2024-08-09",
        )
        given["fees"]["taker"] = "0.0005"
        given["contracts"]["COIN"]["tick_size"] = "0.1"
        rate = D("0.1491539875899736") / (D("0.0165") * D("60349.6"))
        answer = ask(given, funding_rate=rate, holding_hours=8)

        assert answer.before.status is Status.CANNOT_BE_LIQUIDATED
        assert answer.before.left == D("995.71725")
        assert abs(answer.after.liquidation_price - D("9.180497851849454")) < D("1e-9")


class TestTimes:
    """When funding is due."""

    @pytest.mark.parametrize(
        ("start", "hours", "times"),
        [
            ("2026-01-05T03:59", "8", ["2026-01-05T04:00Z"]),
            ("2026-01-05T04:00", "8", ["2026-01-05T12:00Z"]),
            ("2026-01-05T04:01", "7", []),
            ("2026-01-05T04:01", "16", ["2026-01-05T12:00Z", "2026-01-05T20:00Z"]),
            ("2026-01-05T13:00+09:00", "8", ["2026-01-05T12:00Z"]),
        ],
    )
    def test_bitmex_charges_who_holds_at_4_12_and_20(self, start, hours, times):
        answer = ask(sheet("bitmex"), funding_rate=0, start=start, holding_hours=hours)

        assert [payment.time for payment in answer.payments] == times

    def test_without_a_start_the_first_is_a_whole_interval_away_and_that_is_said(self):
        answer = ask(sheet("binance"), funding_rate="0.0001")

        assert [payment.hours for payment in answer.payments] == [8, 16, 24]
        assert answer.start is None
        assert "LQ412" in codes(answer.basis.assumptions)

    def test_kraken_accrues_within_the_hour(self):
        answer = ask(sheet("kraken"), funding_rate="0.001", holding_hours="1.25")

        assert amounts(answer) == [D("0.1"), D("0.025")]

    def test_lighter_pays_an_eighth_of_its_rate_each_hour(self):
        answer = ask(sheet("lighter"), funding_rate="0.0008", holding_hours=3)

        assert amounts(answer) == [D("0.01")] * 3

    def test_another_interval_of_the_contract(self):
        answer = ask(sheet("bybit"), funding_rate="0.0001", interval_hours=4, holding_hours=8)

        assert [payment.hours for payment in answer.payments] == [4, 8]

    def test_a_schedule_pays_in_its_turn_and_then_its_last(self):
        answer = ask(sheet("binance"), rates=["0.001", "-0.002"], holding_hours=32)

        assert amounts(answer) == [D("0.1"), D("-0.2"), D("-0.2"), D("-0.2")]
        assert any("is held" in note.message for note in answer.basis.assumptions)


class TestCaps:
    """A rate beyond the cap is cut off where the exchange does so, else only warned of."""

    @pytest.mark.parametrize(
        ("rate", "charged"), [("0.0399", "0.0399"), ("0.04", "0.04"), ("0.05", "0.04")]
    )
    def test_hyperliquid_charges_at_most_4_percent_an_hour(self, rate, charged):
        answer = ask(sheet("hyperliquid"), funding_rate=rate, holding_hours=1)

        assert answer.payments[0].rate == D(charged)
        assert ("LQ413" in codes(answer.basis.warnings)) == (rate != charged)

    @pytest.mark.parametrize(("rate", "charged"), [("-0.006", "-0.006"), ("-0.0061", "-0.006")])
    def test_dydx_charges_an_eighth_of_600_percent_of_the_difference_of_its_rates(
        self, rate, charged
    ):
        tiers = [{"floor": "0", "mmr": "0.012", "imr": "0.02"}]  # 6*(0.02 - 0.012)/8 = 0.006
        answer = ask(sheet("dydx", tiers=tiers), funding_rate=rate, holding_hours=1)

        assert answer.payments[0].rate == D(charged)
        assert answer.payments[0].given_rate == (None if rate == charged else D(rate))

    @pytest.mark.parametrize(
        ("day", "charged"), [("2026-09-24", "0.0025"), ("2026-09-25", "0.005")]
    )
    def test_the_day_picks_krakens_cap(self, day, charged):
        answer = ask(sheet("kraken", as_of=day), funding_rate="0.02", holding_hours=1)

        assert answer.payments[0].rate == D(charged)

    @pytest.mark.parametrize(("rate", "warned"), [("0.00375", False), ("0.00376", True)])
    def test_binance_warns_beyond_three_quarters_of_the_first_maintenance_rate(self, rate, warned):
        answer = ask(sheet("binance"), funding_rate=rate, holding_hours=8)

        assert answer.payments[0].rate == D(rate)
        assert ("LQ413" in codes(answer.basis.warnings)) == warned


class TestRunOut:
    """The payment that liquidates: 10 - n*payment <= 0.005*100."""

    @pytest.mark.parametrize(
        ("margin", "payments"), [("9.99", 95), ("10", 95), ("10.01", 96), ("0.51", 1)]
    )
    def test_equality_liquidates_where_the_rule_is_inclusive(self, margin, payments):
        given = sheet("binance", {"margin": margin})  # requirement 0.5, payment 0.1
        end = ask(given, funding_rate="0.001", start="2026-01-01").run_out

        assert end.payments == payments
        assert end.hours == 8 * payments

    def test_it_has_a_day(self):
        end = ask(sheet("binance"), funding_rate="0.001", start="2026-01-01T23:00").run_out

        assert (end.payments, end.time) == (95, "2026-02-02T08:00Z")

    def test_held_so_long_the_walk_ends_there(self):
        answer = ask(sheet("binance"), funding_rate="0.001", holding_hours=8 * 200)

        assert answer.ended is Ended.BY_FUNDING
        assert len(answer.payments) == answer.end.payments == 95
        assert answer.total == D("9.5")

    @pytest.mark.parametrize(
        ("exchange", "rate", "reason"),
        [
            ("binance", "-0.001", "funding is received"),
            ("binance", "0", "nothing is paid"),
            ("mexc", "0.001", "payments leave the free balance, not the margin"),
            ("htx", "0.001", "a payment that would liquidate is left out"),
        ],
    )
    def test_never_and_why(self, exchange, rate, reason):
        end = ask(sheet(exchange), funding_rate=rate).run_out

        assert (end.hours, end.payments, end.reason) == (None, None, reason)

    @pytest.mark.parametrize(
        "given_rates",
        [{"funding_rate": "0.004"}, {"rates": liqcalc.read_rates(HOURLY), "start": "2026-01-01"}],
    )
    def test_where_it_accrues_the_end_is_a_moment(self, given_rates):
        given = sheet("deribit", product="inverse", as_of="2026-08-03")
        given |= {"account": {"margin_mode": "cross", "wallet_balance": "1"}}
        given["parameters"] = {"imr_base": "0.02", "mmr_base": "0.01", "slope": "0"}
        del given["tiers"]
        end = ask(given, **given_rates).run_out

        assert end.payments is None
        # equity below 0.01 of the value of 1 coin: more than (1 - 0.01)/0.004*8 hours
        assert round(end.hours * 3_600_000) == 1980 * 3_600_000 + 1


class TestPurses:
    """What pays."""

    def test_a_payment_that_would_liquidate_is_left_out_where_the_exchange_spares(self):
        given = sheet("htx", {"margin": "1"}, rules="v5")
        answer = ask(given, funding_rate="0.004", holding_hours=24)

        assert amounts(answer) == [D("0.4"), 0, 0]
        assert [payment.spared for payment in answer.payments] == [False, True, True]
        assert answer.ended is Ended.HELD

    @pytest.mark.parametrize(
        ("day", "ended"), [("2024-06-30", Ended.HELD), ("2024-07-01", Ended.BY_FUNDING)]
    )
    def test_okx_collects_in_full_since_the_middle_of_2024(self, day, ended):
        answer = ask(
            sheet("okx", {"margin": "1"}, as_of=day), funding_rate="0.009", holding_hours=8
        )

        assert answer.ended is ended

    def test_gmx_owes_it_at_once_and_keeps_the_collateral(self):
        answer = ask(sheet("gmx", {"margin": "10"}), funding_rate="0.00005", holding_hours=10)

        assert answer.total == D("0.05")
        assert answer.after.left == D("9.95")
        assert answer.after.liquidation_price > answer.before.liquidation_price

    def test_cross_pays_from_the_wallet_and_every_leg_has_its_part(self):
        given = sheet("binance", {"margin": None, "funding_rate": "0.001"})
        given["positions"].append(
            {"symbol": "COIN", "side": "short", "qty": "0.5", "entry_price": "100",
             "leverage": "10", "funding_rate": "0.001"}
        )  # fmt: skip
        given["account"] = {
            "margin_mode": "cross", "position_mode": "hedge", "wallet_balance": "10"
        }  # fmt: skip
        answer = ask(given, position="COIN:long", every_position=True, holding_hours=8)
        alone = ask(given, position="COIN:long", holding_hours=8)

        assert amounts(answer) == [D("0.1"), D("-0.05")]
        assert (answer.total, answer.totals) == (D("0.1"), {"USD": D("0.05")})
        assert answer.after.left == D("9.95")
        assert alone.after.left == D("9.9")
        assert "LQ413" in codes(alone.basis.warnings)

    def test_without_a_wallet_payments_are_known_and_the_price_is_not(self):
        given = sheet("binance", {"margin": None}, account={"margin_mode": "cross"})
        answer = ask(given, funding_rate="0.001", holding_hours=8)

        assert amounts(answer) == [D("0.1")]
        assert answer.ended is Ended.UNKNOWN
        assert answer.run_out.hours is None
        assert answer.run_out.reason


class TestPath:
    """Along given marks."""

    def test_a_mark_for_each_payment(self):
        answer = ask(sheet("binance"), funding_rate="0.001", path=["102", "98", "101"])

        assert [payment.mark_price for payment in map(_after, answer.payments)] == [102, 98, 101]
        assert amounts(answer) == [D("0.102"), D("0.098"), D("0.101")]

    def test_one_mark_is_reached_in_a_straight_line(self):
        answer = ask(sheet("binance"), funding_rate="0.001", path=["97"])

        assert [payment.base_price for payment in answer.payments] == [99, 98, 97]

    def test_the_mark_ends_it_on_its_way(self):
        # (10 - 0.0 - 100)/(1 - 0.005)... the price before any payment: 90/0.995
        answer = ask(
            sheet("binance"), funding_rate=0, path=["80"], start="2026-01-01", holding_hours=8
        )

        assert answer.ended is Ended.BY_PRICE
        assert not answer.payments
        assert abs(answer.end.mark_price - D(90) / D("0.995")) < D("1e-20")
        assert answer.end.time == "2026-01-01T03:49:08.743Z"  # 8 h * (100 - 90.452...)/20

    def test_exactly_reached_liquidates_and_a_step_above_does_not(self):
        tiers = [{"floor": "0", "mmr": "0.04", "imr": "0.05"}]  # 90/0.96 = 93.75
        for price, ended in (("93.76", Ended.HELD), ("93.75", Ended.BY_PRICE)):
            answer = ask(sheet("binance", tiers=tiers), rates=[0], path=[price])

            assert answer.ended is ended

    def test_more_marks_than_payments_are_refused(self):
        with pytest.raises(InputError, match="at most one for each payment"):
            ask(sheet("binance"), funding_rate=0, holding_hours=8, path=["99", "98"])


def _after(payment):
    return payment.after


class TestFiles:
    """Rates with times."""

    def test_an_export_of_binance(self):
        text = "calc_time,funding_interval_hours,last_funding_rate\n"
        text += "1772380800002,8,0.0002\n1772352000008,8,0.0001\n"
        answer = ask(sheet("binance"), rates=liqcalc.read_rates(text))

        assert amounts(answer) == [D("0.01"), D("0.02")]
        assert [payment.time for payment in answer.payments] == [
            "2026-03-01T08:00Z", "2026-03-01T16:00Z"
        ]  # fmt: skip
        assert (answer.start, answer.holding_hours) == ("2026-03-01T00:00Z", 16)

    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ('[{"fundingTime": 1772352000000, "fundingRate": "0.0001"}]', "0.0001"),
            ('{"result": {"list": [{"fundingRate": "0.3", "timestamp": 1772352000}]}}', "0.3"),
            ('[{"date": "2026-03-01T08Z", "fundingRate": 9, "relativeFundingRate": 0.5}]', "0.5"),
            ('[{"t": 1772352000, "funding_rate": "0.0004", "realized_rate": "0.0002"}]', "0.0002"),
            ("time;rate\n2026-03-01 08:00;0.0001\n", "0.0001"),
            ("t\tr\n1772352000\t-0.0001\n", "-0.0001"),
        ],
    )  # fmt: skip
    def test_names_of_many_exchanges(self, text, rate):
        (point,) = liqcalc.read_rates(text).points

        assert (point.rate, point.at) == (D(rate), 1772352000000)

    def test_deribits_rate_of_an_hour_is_an_eighth_of_its_interval(self):
        text = '[{"timestamp": 1772352000000, "interest_8h": 0.5, "interest_1h": 0.0001}]'
        given = sheet("deribit", product="inverse", as_of="2026-08-03")
        given |= {"account": {"margin_mode": "cross", "wallet_balance": "1"}}
        answer = ask(given, rates=liqcalc.read_rates(text), holding_hours=1)

        assert answer.total == D("0.0001")

    def test_where_it_accrues_a_rate_of_a_file_holds_until_the_next(self):
        text = "time,rate\n2026-01-01T00:00,0.004\n2026-01-01T01:00,0.008\n"
        text += "2026-01-01T02:00,0\n"
        given = sheet("deribit", product="inverse", as_of="2026-08-03")
        given |= {"account": {"margin_mode": "cross", "wallet_balance": "1"}}
        rates = liqcalc.read_rates(text)
        whole = ask(given, rates=rates)
        part = ask(given, rates=rates, start="2026-01-01T00:30", holding_hours="0.75")

        assert amounts(whole) == [D("0.0005"), D("0.001"), 0]
        assert amounts(part) == [D("0.00025"), D("0.00025")]
        assert whole.holding_hours == 3

    def test_all_faults_at_once_each_with_its_line(self):
        text = "time,rate\n2026-01-01,0.0001\n\nsoon,0.1%\n2026-01-01,0.0002\n2026-01-03,1.5\n,1"
        with pytest.raises(InputError) as caught:
            liqcalc.read_rates(text, "r.csv")
        wheres = [fault.where for fault in caught.value.faults]

        assert wheres == ["r.csv:4", "r.csv:4", "r.csv:5", "r.csv:6", "r.csv:7", "r.csv:7"]
        assert {fault.code for fault in caught.value.faults} == {"LQ121"}

    @pytest.mark.parametrize(
        "text",
        ["", "0.0001\n0.0002\n", "time\n2026-01-01\n", "{", "[]", "[1, 2]", '{"a": {"b": 1}}',
         "time,rate\n", '[{"time": true, "rate": "0.1"}]', '[{"time": 1e999, "rate": 0.1}]'],
    )  # fmt: skip
    def test_what_holds_no_rates_is_refused(self, text):
        with pytest.raises(InputError) as caught:
            liqcalc.read_rates(text)

        assert caught.value.code == "LQ121"

    def test_rows_of_other_symbols_are_left_out_and_that_is_said(self):
        text = "symbol,time,rate\nCOIN,2026-01-01,0.0001\nOTHER,2026-01-01,0.0002\n"
        found = liqcalc.read_rates(text, symbol="COIN")

        assert [point.rate for point in found.points] == [D("0.0001")]
        assert "1 rows of other symbols" in found.notes[0]
        with pytest.raises(InputError, match="none of THIRD"):
            liqcalc.read_rates(text, symbol="THIRD")

    def test_gaps_and_times_that_are_not_covered_are_warned_of(self):
        text = "time,rate\n2026-01-01,0.0001\n2026-01-01T08:00,0.0001\n2026-01-02,0.0001\n"
        rates = liqcalc.read_rates(text)
        answer = ask(sheet("binance"), rates=rates, holding_hours=240)
        messages = " ".join(note.message for note in answer.basis.warnings)

        assert len(answer.payments) == 3
        assert "1 payments are missing" in messages
        assert "is not counted" in messages

    def test_none_in_the_time_held_is_refused(self):
        rates = liqcalc.read_rates("time,rate\n2026-01-01,0.0001\n")
        with pytest.raises(InputError, match="none of the rates falls into"):
            ask(sheet("binance"), rates=rates, start="2026-02-01", holding_hours=24)


class TestRefusals:
    """What cannot be asked."""

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "funding rate of COIN is not known"),
            ({"funding_rate": "0.01%"}, "rates are fractions"),
            ({"funding_rate": "1"}, "100% or more"),
            ({"funding_rate": 0.1}, "binary float"),
            ({"funding_rate": "0.1", "rates": ["0.1"]}, "beside rates"),
            ({"rates": []}, "at least one rate"),
            ({"rates": "0.1"}, "at least one rate"),
            ({"funding_rate": 0, "start": "soon"}, "not a time"),
            ({"funding_rate": 0, "holding_hours": "-1"}, "must be above 0"),
            ({"funding_rate": 0, "holding_hours": "1e9"}, "100 years"),
            ({"funding_rate": 0, "interval_hours": "0.001"}, "the most is"),
            ({"funding_rate": 0, "free_balance": "-1"}, "below 0"),
            ({"funding_rate": 0, "path": ["0"]}, "must be above 0"),
            ({"every_position": True}, "no position of the sheet has a funding_rate"),
            ({"every_position": True, "funding_rate": 0}, "is for one position"),
        ],
    )
    def test_is_told(self, given, says):
        with pytest.raises(InputError, match=says):
            ask(sheet("binance"), **given)

    def test_all_at_once(self):
        with pytest.raises(InputError) as caught:
            ask(sheet("binance"), funding_rate="x", start="soon", holding_hours="y", path=["z"])

        assert len(caught.value.faults) == 4

    def test_liquidatable_before_any_payment(self):
        answer = ask(sheet("binance", {"margin": "0.1"}), funding_rate="0.001")

        assert answer.ended is Ended.ALREADY
        assert not answer.payments
        assert answer.run_out.reason == "liquidatable before any payment"


class TestDerivation:
    """Every number can be redone on paper."""

    def test_the_last_payment_survived_and_the_first_not(self):
        answer = ask(sheet("binance"), funding_rate="0.001", holding_hours=8)
        results = {step.name: step.result for step in answer.basis.trace}

        assert results["payment 1, COIN long"] == "0.1"
        assert results["margin left"] == "9.9"
        assert results["survives after 94"] == "0.6"
        assert results["is liquidated after 95"] == results["margin needed"] == "0.5"

    def test_it_is_plain_data(self):
        answer = ask(sheet("binance"), funding_rate="0.001", holding_hours=8)
        data = answer.to_dict()

        assert data["payments"][0]["amount"] == "0.1"
        assert data["payments"][0]["left"] == "9.9"
        assert data["run_out"]["payments"] == 95
        assert data["run_out"]["course"][-1]["liquidation_price"] == data["mark_price"] == "100"
        assert data["ended"] == "held"
