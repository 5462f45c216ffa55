"""What a stressed sheet comes to; expected numbers are worked out by hand."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import liqcalc
from liqcalc.answers.stress.answer import RepairKind, UnitStatus
from liqcalc.errors import InputError

D = Decimal

# Two cross positions, rate 0.01 and no deduction, 5000 in the wallet. Equity after a move of x is
# 5000 + 0.5*(61000*(1 + x) - 60000) + 5*(3000 - 2900*(1 + x)), that is 6000 + 16000*x. Required is
# 0.01*(30500 + 14500)*(1 + x), that is 450*(1 + x). They meet at x = -5550/15550.
LINEAR = {"product": "linear", "quote": "USDT", "settle": "USDT", "tick_size": "0.01"}
CONTRACTS = {
    "BTC": {**LINEAR, "base": "BTC", "lot_size": "0.001"},
    "ETH": {**LINEAR, "base": "ETH", "lot_size": "0.01"},
}
TIERS = {"BTC": [{"floor": "0", "mmr": "0.01"}], "ETH": [{"floor": "0", "mmr": "0.01"}]}
LONG = {"symbol": "BTC", "side": "long", "qty": "0.5", "entry_price": "60000"}
LONG |= {"mark_price": "61000", "leverage": "20"}
SHORT = {"symbol": "ETH", "side": "short", "qty": "5", "entry_price": "3000"}
SHORT |= {"mark_price": "2900", "leverage": "20"}
CROSS = {
    "exchange": "binance",
    "as_of": "2026-10-01",
    "account": {"margin_mode": "cross", "wallet_balance": "5000"},
    "positions": [LONG, SHORT],
    "contracts": CONTRACTS,
    "tiers": TIERS,
    "fees": {"taker": "0.0005"},
}
# An isolated long of 1 at 100 with margin 10: 10 + p - 100 = 0.01*p at p = 90/0.99.
ISOLATED = CROSS | {
    "account": {"margin_mode": "isolated"},
    "positions": [
        {"symbol": "ETH", "side": "long", "qty": "1", "entry_price": "100", "margin": "10"}
    ],
}
MIXED = CROSS | {"positions": [LONG, {**SHORT, "margin_mode": "isolated", "margin": "1000"}]}
DIGITS = D("1e-24")


def stress(sheet, **asked):
    return liqcalc.stress(sheet, **asked)


def at(answer, move):
    return next(point for point in answer.points if point.move == D(move))


def near(expected, actual, digits=DIGITS):
    return abs(expected - actual) <= digits


class TestGrid:
    """Equity and ratio at the moved marks."""

    def test_a_fall_of_a_tenth(self):
        point = at(stress(CROSS, moves="-0.1"), "-0.1")

        assert point.marks == {"BTC": D(54900), "ETH": D(2610)}
        assert point.equity == {"USDT": D(4400)}
        assert near(D(405) / D(4400), point.units[0].margin_ratio)
        assert point.units[0].status is UnitStatus.HOLDS

    def test_the_marks_themselves_are_always_among_the_points(self):
        answer = stress(CROSS, moves=["-0.2", "0.3"])

        assert [point.move for point in answer.points] == [D("-0.2"), D(0), D("0.3")]

    def test_no_move_changes_nothing(self):
        point = at(stress(CROSS, moves="-0.4,0.4"), 0)
        account = liqcalc.evaluate(CROSS).account

        assert account is not None
        assert point.units[0].equity == account.exact["equity"] == D(6000)
        assert point.units[0].margin_ratio == account.exact["margin_ratio"]
        assert point.liquidated == ()

    def test_a_range_goes_up_to_its_end(self):
        moves = [point.move for point in stress(CROSS, moves="-0.2:0.2:0.1").points]

        assert moves == [D("-0.2"), D("-0.1"), D(0), D("0.1"), D("0.2")]

    def test_one_symbol_alone(self):
        point = at(stress(CROSS, moves="-0.1", symbol="ETH"), "-0.1")

        assert point.marks == {"BTC": D(61000), "ETH": D(2610)}
        assert point.equity == {"USDT": D(6000 + 1450)}

    def test_a_price_is_held_above_zero_and_it_is_said(self):
        answer = stress(CROSS, moves="-0.6", betas={"BTC": "2"})

        assert at(answer, "-0.6").marks["BTC"] == D("6.1")
        assert any("ten-thousandth" in note.message for note in answer.basis.assumptions)

    def test_a_plane_moves_one_symbol_against_the_others(self):
        answer = stress(CROSS, by="BTC", moves="-0.1,0.2")
        points = {(point.by_move, point.move): point for point in answer.points}

        assert len(points) == 9
        assert points[D("0.2"), D("-0.1")].marks == {"BTC": D(73200), "ETH": D(2610)}
        assert points[D("0.2"), D("-0.1")].equity == {"USDT": D(6000 + 6100 + 1450)}
        # 50 of equity would be left, less than the 448.5 that is required
        assert points[D("-0.1"), D("0.2")].units[0].status is UnitStatus.LIQUIDATED

    def test_isolated_and_cross_money_is_summed_by_currency(self):
        # 5000 + 500 in the pool, and 1000 + 5*(3000 - 2900) behind the isolated short
        assert at(stress(MIXED, moves="-0.1"), 0).equity == {"USDT": D(7000)}


class TestLiquidation:
    """What is liquidated, where, and in which order."""

    def test_the_whole_account_at_the_joint_move(self):
        answer = stress(CROSS, moves="-0.35,-0.36")
        (event,) = answer.liquidations

        assert near(D(-5550) / D(15550), event.move)
        assert event.positions == ("BTC:long", "ETH:short")
        assert at(answer, "-0.35").liquidated == ()
        assert set(at(answer, "-0.36").liquidated) == {"BTC:long", "ETH:short"}
        assert at(answer, "-0.36").units[0].status is UnitStatus.LIQUIDATED

    def test_an_isolated_position_by_itself(self):
        # the long has 5500 + 30500*x and needs 305*(1 + x);
        # the short has 1500 - 14500*x and needs 145*(1 + x)
        answer = stress(MIXED, moves="-0.2,0.2")
        down, up = answer.liquidations

        assert (down.unit, up.unit) == ("account", "ETH:short")
        assert near(D(-5195) / D(30195), down.move)
        assert near(D(1355) / D(14645), up.move)
        assert at(answer, "0.2").liquidated == ("ETH:short",)
        assert at(answer, "0.2").equity == {"USDT": D(5000 + 500 + 6100)}

    def test_the_nearer_end_comes_first(self):
        rows = [{**SHORT, "side": "long", "margin_mode": "isolated", "margin": "3000"}, LONG]
        sheet = CROSS | {"positions": rows}
        answer = stress(sheet, moves="-0.4")

        # ETH has 3000 - 500 + 14500*x and needs 145*(1 + x)
        assert [event.unit for event in answer.liquidations] == ["ETH:long", "account"]
        assert [event.number for event in answer.liquidations] == [1, 2]
        assert near(D(-2355) / D(14355), answer.liquidations[0].move)

    def test_what_is_liquidatable_at_the_marks_is_shown_there_and_gone_beyond(self):
        account = {"margin_mode": "cross", "wallet_balance": "-600"}
        answer = stress(CROSS | {"account": account}, moves="0.1")

        assert at(answer, 0).units[0].status is UnitStatus.LIQUIDATABLE
        assert at(answer, 0).liquidated == ()
        assert at(answer, "0.1").liquidations[0].move == 0
        assert answer.ends[0].nearest == 0

    def test_what_is_not_known_is_said(self):
        sheet = CROSS | {"account": {"margin_mode": "cross"}}
        answer = stress(sheet, moves="-0.5", survive="-0.3")

        assert {point.units[0].status for point in answer.points} == {UnitStatus.UNKNOWN}
        assert "wallet_balance" in answer.points[0].units[0].reason
        assert answer.points[0].equity == {"USDT": None}
        assert answer.ends[0].nearest is None
        assert "wallet_balance" in answer.ends[0].reason
        assert answer.repairs.options[0].amount is None
        assert json.dumps(answer.to_dict())

    def test_liquidations_may_fill_worse_than_the_mark(self):
        hyperliquid = {
            "exchange": "hyperliquid",
            "account": {"margin_mode": "cross", "wallet_balance": "1000"},
            "positions": [{"symbol": "BTC", "side": "long", "qty": "0.2", "entry_price": "60000"}],
            "fees": {"taker": "0"},
        }
        plain, worse = (
            stress(hyperliquid, moves="-0.2", slippage_bps=bps).liquidations[0]
            for bps in ("0", "50")
        )

        price = plain.rows[0].closing.price
        assert near(price * D("0.995"), worse.rows[0].closing.price, D("1e-18"))
        assert near(plain.equity - worse.equity, price * D("0.005") * D("0.2"), D("1e-6"))


class TestEnds:
    """The move that ends the account, and what brings it down."""

    def test_both_directions(self):
        (end,) = stress(CROSS, moves="-0.1").ends

        assert near(D(-5550) / D(15550), end.down)
        assert end.up is None
        assert end.reason == "no move up ends it"

    def test_betas_in_one_pool(self):
        # ETH moves half as far: 6000 + 30500*x - 7250*x = 450 + 305*x + 72.5*x
        (end,) = stress(CROSS, moves="-0.1", betas={"ETH": "0.5"}).ends

        assert near(D(-5550) / D("22872.5"), end.down, D("1e-20"))

    def test_a_beta_of_an_isolated_position(self):
        once, twice = (
            stress(ISOLATED, moves="-0.1", betas={"ETH": beta}).ends[0].down for beta in ("1", "2")
        )

        assert near(D(90) / D(99) - 1, once)
        assert near(once, 2 * twice)

    def test_a_negative_beta_swaps_the_directions(self):
        (end,) = stress(ISOLATED, moves="-0.1", betas={"ETH": "-1"}).ends

        assert end.down is None
        assert near(1 - D(90) / D(99), end.up)

    def test_an_inverse_pool(self):
        # 50 + 10000/100 - 10000/p = 0.01*10000/p at p = 10100/150
        contract = {"product": "inverse", "base": "X", "quote": "USD", "settle": "X"}
        sheet = {
            "exchange": "binance",
            "account": {"margin_mode": "cross", "wallet_balance": "50"},
            "positions": [{"symbol": "XUSD", "side": "long", "qty": "10000", "entry_price": "100"}],
            "contracts": {"XUSD": contract | {"contract_size": "1"}},
            "tiers": {"XUSD": [{"floor": "0", "mmr": "0.01"}]},
            "fees": {"taker": "0"},
        }
        answer = stress(sheet, moves="-0.5")

        assert near(D(101) / D(150) - 1, answer.ends[0].down)
        assert at(answer, 0).equity == {"X": D(50)}

    def test_the_position_without_which_it_lasts_longest(self):
        answer = stress(CROSS, moves="-0.1")
        btc, eth = answer.causes

        assert answer.culprit == "BTC:long"
        # without BTC the short alone never ends in a fall; without ETH, fee 7.25 paid:
        # 5000 + 500 - 7.25 + 500 + 30500*x = 305*(1 + x)
        assert btc.end_without is None
        assert near(D("-5687.75") / D(30195), eth.end_without)
        assert near(D(30500) * D(-5550) / D(15550), btc.change, D("1e-18"))
        assert near(D(305) * (1 - D(5550) / D(15550)), btc.maintenance_margin, D("1e-18"))

    def test_a_position_closed_where_equity_was_given_keeps_its_profit_in_it(self):
        given = CROSS | {"account": {"margin_mode": "cross", "equity": "6000"}}

        by_wallet, by_equity = (stress(sheet, moves="-0.1").causes for sheet in (CROSS, given))
        assert near(by_wallet[1].end_without, by_equity[1].end_without)

    def test_the_isolated_position_that_ends_first_is_the_culprit(self):
        assert stress(MIXED, moves="-0.1").culprit == "ETH:short"


class TestRepair:
    """The least that survives a wanted move."""

    def test_cash(self):
        # at -0.4: equity -400, requirement 270; equality liquidates, so a cent more
        add = stress(CROSS, moves="-0.1", survive="-0.4").repairs.options[0]

        assert (add.kind, add.amount, add.currency) == (RepairKind.ADD, D("670.01"), "USDT")
        assert add.kept

    def test_closing(self):
        # closing q of BTC at 61000 saves 24400*q of loss and 366*q of requirement, and costs
        # 30.5*q: 24735.5*q > 670 from q = 0.0271 on, in lots 0.028; its fee is 0.028*30.5
        options = stress(CROSS, moves="-0.1", survive="-0.4").repairs.options
        btc, eth = options[1:]

        assert (btc.position, btc.amount, btc.cost) == ("BTC:long", D("0.028"), D("0.854"))
        assert (eth.amount, eth.reason) == (None, "not enough, even all of it")

    def test_the_cheapest_leaves_the_least_money_now(self):
        repairs = stress(CROSS, moves="-0.1", survive="-0.4").repairs

        assert repairs.at_risk == ("account",)
        assert repairs.cheapest["account"].position == "BTC:long"

    def test_margin_of_an_isolated_position(self):
        # at 80: 10 - 20 = -10, requirement 0.8
        repairs = stress(ISOLATED, moves="-0.1", survive="-0.2").repairs

        assert repairs.options[0].amount == D("10.81")
        # its margin leaves with what is closed, so only all of it helps
        assert repairs.options[1].amount == D(1)

    def test_nothing_to_do(self):
        repairs = stress(CROSS, moves="-0.1", survive="-0.35").repairs

        assert repairs.at_risk == repairs.options == ()


PATH = "time,BTC,ETH\n1,61000,2900\n2,40000,\n3,50000,1000\n4,70000,9000\n"


LONG_JSON = """[{"time": "1", "symbol": "BTC", "price": "54900"},
{"time": "1", "symbol": "ETH", "price": "2610"}]"""


class TestPath:
    """A file of prices is walked row by row."""

    def test_equity_along_it_and_the_row_that_ends_it(self):
        answer = stress(CROSS, path="time,BTC,ETH\n1,61000,2900\n2,55000,\n3,51000,4000\n")

        # 3: 5000 + 0.5*(51000 - 60000) - 5*1000 < 0, reached from 3000
        assert [point.equity["USDT"] for point in answer.points] == [D(6000), D(3000), D(0)]
        assert [point.time for point in answer.points if point.liquidations] == ["3"]

    def test_what_is_gone_does_not_come_back(self):
        answer = stress(CROSS, path="time,BTC\n1,45000\n2,61000\n")

        assert answer.points[-1].units[0].status is UnitStatus.LIQUIDATED
        assert len(answer.liquidations) == 1

    def test_prices_move_straight_between_rows(self):
        # BTC alone: 5000 + 0.5*(p - 60000) + 500 = 0.01*0.5*p + 145
        (event,) = stress(CROSS, path="time,BTC\n1,61000\n2,30000\n").liquidations

        assert near(D(24645) / D("0.495"), event.marks["BTC"], D("1e-18"))
        assert event.marks["ETH"] == D(2900)
        assert event.move is None

    @pytest.mark.parametrize(
        "text",
        [
            "time;BTC;ETH\n1;54900;2610\n",
            "time,symbol,price\n1,BTC,54900\n1,ETH,2610\n",
            '[{"time": 1, "BTC": 54900, "ETH": "2610"}]',
            LONG_JSON,
            "# prices of a day\nTime, BTC, ETH\n\n1, 54900, 2610\n",
        ],
    )
    def test_forms(self, text):
        (point,) = stress(CROSS, path=text).points

        assert (point.time, point.equity) == ("1", {"USDT": D(4400)})

    def test_mappings(self):
        (point,) = stress(CROSS, path=[{"time": 1, "BTC": "54900", "ETH": 2610}]).points

        assert point.equity == {"USDT": D(4400)}

    def test_symbols_on_one_side_only_are_told(self):
        answer = stress(CROSS, path="time,BTC,DOGE\n1,54900,0.1\n")
        told = " ".join(note.message for note in answer.basis.assumptions)

        assert "DOGE, which the sheet does not hold: left out" in told
        assert "no price of ETH: held at the mark" in told

    def test_all_faults_at_once_with_their_lines(self):
        text = "time,BTC,ETH\n2,x,0\n1,1\n,5,5\n1,7,nan\n"
        with pytest.raises(InputError) as raised:
            stress(CROSS, path=text)

        places = {(fault.where, fault.code) for fault in raised.value.faults}
        assert places == {(f"path:{line}", "LQ126") for line in (2, 3, 4, 5)}
        assert "must be above 0" in str(raised.value)
        assert "comes after 2" in str(raised.value)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("BTC,ETH\n1,2\n", "no column time"),
            ("time\n1\n", "no column of prices"),
            ("time,BTC,BTC\n1,2,3\n", "names a column twice"),
            ("time,symbol\n1,BTC\n", "one of symbol and price"),
            ("time,BTC\n", "holds no price"),
            ("time,BTD\n1,2\n", "none of which the sheet holds"),
            ("{}", "is not a list"),
            ("[1]", "should be an object"),
            ('[{"BTC": 1}]', "has no time"),
            ("[", "not valid JSON"),
            ("time,BTC\n1,2\n1,3\n", "has a price at 1 already"),
            ("time,BTC\n2026-10-02,2\n2026-10-01,3\n", "the later one"),
        ],
    )
    def test_refusals(self, text, message):
        with pytest.raises(InputError, match="LQ126") as raised:
            stress(CROSS, path=text)

        assert message in str(raised.value)


class TestRefusals:
    """Bad moves, betas and symbols; all of them at once."""

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"moves": "-30%"}, "rates are fractions"),
            ({"moves": "-1"}, "would leave no price"),
            ({"moves": "0:1"}, "not FROM:TO:STEP"),
            ({"moves": "0:1:0"}, "no end"),
            ({"moves": "0:1:0.0001"}, "at most 401"),
            ({"moves": [0.1]}, "binary float"),
            ({"moves": "x"}, "not a number"),
            ({"by": "BTC", "moves": "-0.5:0.5:0.01"}, "at most 2500"),
            ({"symbol": "BTX"}, "did you mean BTC?"),
            ({"by": "X"}, "known are: BTC, ETH"),
            ({"betas": {"ETC": "1"}}, "did you mean ETH or BTC?"),
            ({"betas": {"ETH": "x"}}, "not a number"),
            ({"betas": {"ETH": "101"}}, "from -100 to 100"),
            ({"survive": "0"}, "not a move above -1"),
            ({"symbol": "BTC", "by": "ETH"}, "beside by"),
            ({"path": PATH, "moves": "0.1"}, "beside moves"),
            ({"fill": "proces"}, "did you mean process?"),
            ({"slippage_bps": "10000"}, "below 10000"),
        ],
    )
    def test_each(self, asked, message):
        with pytest.raises(InputError, match="LQ126") as raised:
            stress(CROSS, **asked)

        assert message in str(raised.value)

    def test_several(self):
        with pytest.raises(InputError) as raised:
            stress(CROSS, moves="x", betas={"A": "1", "B": "y"}, survive="-2")

        assert len(raised.value.faults) == 4

    def test_an_account_without_positions(self):
        with pytest.raises(InputError, match="LQ119"):
            stress(CROSS | {"positions": []})


def test_the_answer_as_plain_data_has_text_for_every_number():
    data = stress(CROSS, moves="-0.4", survive="-0.4").to_dict()

    assert data["points"][0]["liquidations"][0]["rows"][0]["qty_closed"] == "0.5"
    assert data["repairs"]["options"][0]["amount"] == "670.01"
    assert data["provenance"]["exchange"] == "binance"
    assert json.loads(json.dumps(data)) == data


def test_the_trace_ends_with_a_health_of_zero():
    steps = stress(CROSS, moves="-0.1").basis.trace

    assert [step.name for step in steps[:2]] == ["price of BTC", "price of ETH"]
    assert steps[-1].name == "health at p"
    assert abs(D(steps[-1].result)) < D("1e-18")
