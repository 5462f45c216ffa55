"""The ladder: numbers worked out by hand, or taken from an exchange's own tests."""
# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from liqcalc.answers.case import Case
from liqcalc.answers.ladder import steps
from liqcalc.answers.ladder.question import ladder, run_at_marks, run_ladder
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.engine.steps import Action, Fill, FillAt
from liqcalc.errors import InputError
from liqcalc.rules.schema import MarginMode, Process, Step
from liqcalc.rules.sheet import CollateralRow

D = Decimal
TODAY = "2026-06-01"
COIN = {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT"}
COIN |= {"contract_size": "1", "tick_size": "0.01", "lot_size": "1"}
TWO_ROWS = [
    {"floor": "0", "cap": "1000", "mmr": "0.01"},
    {"floor": "1000", "mmr": "0.02", "deduction": "10"},
]
FOUR_ROWS = [
    {"floor": "0", "cap": "10", "mmr": "0.01"},
    {"floor": "10", "cap": "20", "mmr": "0.02"},
    {"floor": "20", "cap": "30", "mmr": "0.03"},
    {"floor": "30", "mmr": "0.04"},
]

DYDX: dict[str, Any] = {
    "exchange": "dydx",
    "as_of": "2026-03-04",
    "account": {"margin_mode": "cross", "equity": "499"},
    "positions": [{"symbol": "BTC-USD", "side": "long", "qty": "0.1", "mark_price": "50000"}],
    "tiers": {"BTC-USD": [{"floor": "0", "mmr": "0.1", "imr": "0.2"}]},
}


def sheet(exchange: str, rows: list[dict[str, str]], **position: str) -> dict[str, Any]:
    """Return a sheet of one position in an invented coin, without fees."""
    row = {"symbol": "COIN", "side": "long", "entry_price": "100", **position}
    return {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "positions": [row],
        "contracts": {"COIN": COIN},
        "tiers": {"COIN": rows},
        "fees": {"taker": "0", "liquidation": "0"},
    }


def told(answer: Any) -> list[tuple[Any, ...]]:
    """Return (mark, action, closed, fill, realised, qty left, margin left) of each row."""
    with exact():
        return [
            (
                row.mark_price,
                str(row.action),
                row.closing.qty,
                row.closing.price,
                row.closing.pnl,
                row.qty_left,
                row.margin_left,
            )
            for row in answer.rows
        ]


class TestTierByTier:
    """The size comes down to the caps of lower rows, and what is left lives on."""

    def test_one_row_down_at_the_mark_then_taken_over_at_bankruptcy(self):
        # 200 + 20(p - 100) = 0.02*20p - 10 at 91.3265...; 1000/91.32 = 10.95..., 10 stay;
        # 113.2 + 10(p - 100) = 0.01*10p at 89.5757...; bankrupt at 100 - 113.2/10
        answer = ladder(sheet("gate", TWO_ROWS, qty="20", margin="200"), today=TODAY)

        assert told(answer) == [
            (D("91.32"), "reduce", 10, D("91.32"), D("-86.8"), 10, D("113.2")),
            (D("89.57"), "take_over", 10, D("88.68"), D("-113.2"), 0, 0),
        ]
        assert [row.tier for row in answer.rows] == [1, None]
        assert answer.end is not None
        assert answer.end.fund_gain == D("8.9")  # 10 coins bought at 88.68, worth 89.57
        assert answer.end.margin_after == 0

    def test_two_rows_down_while_the_margin_meets_the_lowest_row(self):
        # 250 + 25(p - 100) = 0.03*25p at 92.7835...; equity 69.5, lowest row 23.195;
        # 10 stay with 250 - 15*7.22; 141.7 + 10(p - 100) = 0.01*10p at 86.6969...
        answer = ladder(sheet("okx", FOUR_ROWS, qty="25", margin="250"), today=TODAY)

        assert told(answer) == [
            (D("92.78"), "reduce", 15, D("92.78"), D("-108.3"), 10, D("141.7")),
            (D("86.69"), "take_over", 10, D("85.83"), D("-141.7"), 0, 0),
        ]

    @pytest.mark.parametrize(("qty", "left"), [("20", 0), ("21", 10), ("30", 10), ("31", 20)])
    def test_two_rows_down_needs_the_third_row(self, qty, left):
        answer = ladder(sheet("okx", FOUR_ROWS, qty=qty, leverage="10"), today=TODAY)

        assert answer.rows[0].qty_left == left
        assert (answer.rows[0].action is Action.TAKE_OVER) is (left == 0)

    def test_a_margin_below_the_lowest_row_is_taken_over_at_once(self):
        # at 90.5 the equity is 12.5, the lowest row needs 22.625
        answer = ladder(
            sheet("okx", FOUR_ROWS, qty="25", margin="250"), to="90.5", jump=True, today=TODAY
        )

        assert [row.action for row in answer.rows] == [Action.TAKE_OVER]

    def test_the_highest_lower_cap_that_restores_is_taken_in_one_order(self):
        # at 91.4 (a leap): 290 - 30*8.6 = 32; row 3 at 30 needs 54.84 (deduction 30 - ...)
        rows = [
            {"floor": "0", "cap": "1000", "mmr": "0.01"},
            {"floor": "1000", "cap": "2000", "mmr": "0.02", "deduction": "10"},
            {"floor": "2000", "mmr": "0.05", "deduction": "70"},
        ]
        # value 2742, needs 67.1; cap 2000: 21 stay (1919.4), need 28.388 <= 32
        answer = ladder(
            sheet("bybit", rows, qty="30", margin="290"), to="91.4", jump=True, today=TODAY
        )

        assert told(answer) == [
            (D("91.4"), "reduce", 9, D("91.4"), D("-77.4"), 21, D("212.6")),
        ]

    def test_the_part_over_the_cap_is_taken_over_at_the_bankruptcy_price(self):
        # entry 100, 25 contracts, margin 250: bankrupt at 90; levels by contracts, one down
        answer = ladder(sheet("mexc", FOUR_ROWS, qty="25", margin="250"), today=TODAY)

        closed = [[row.closing.qty, row.closing.price] for row in answer.rows]
        assert closed == [[5, 90], [10, 90], [10, 90]]
        assert [row.margin_left for row in answer.rows] == [200, 100, 0]

    def test_a_set_level_comes_down_with_the_size(self):
        position = {"qty": "25", "margin": "250", "risk_level": "4"}
        rows = [dict(row) | {"floor": f"{int(row['floor'])}00"} for row in FOUR_ROWS]
        for row in rows[:3]:
            row["cap"] += "00"
        answer = ladder(sheet("kucoin", rows, **position), today=TODAY)

        assert [[row.closing.qty, row.tier] for row in answer.rows[:2]] == [[0, 3], [5, 2]]
        assert answer.rows[0].qty_left == 25


class TestAtTheEdge:
    """At a cap nothing is over it; a lot above, that lot is."""

    @pytest.mark.parametrize(
        ("qty", "first", "left"),
        [("9", "take_over", 0), ("10", "take_over", 0), ("11", "reduce", 10)],
    )
    def test_a_position_of_exactly_the_cap(self, qty, first, left):
        case = sheet("gate", TWO_ROWS, qty=qty, margin="1")
        answer = ladder(case, to="100", today=TODAY)  # liquidatable at the mark of 100

        assert (str(answer.rows[0].action), answer.rows[0].qty_left) == (first, left)

    @pytest.mark.parametrize(
        ("qty", "first", "closed"),
        [("999", "close", 999), ("1000", "close", 1000), ("1001", "reduce", 200)],
    )
    def test_above_100000_the_first_order_is_a_fifth(self, qty, first, closed):
        # maintenance 1%, equity 0.9% of the value: below it, above two thirds
        rows = [{"floor": "0", "mmr": "0.01"}]
        margin = str(D(qty) * D("0.9"))
        answer = ladder(sheet("hyperliquid", rows, qty=qty, margin=margin), to="100", today=TODAY)

        assert str(answer.rows[0].action) == first
        assert answer.rows[0].closing.qty == closed
        assert answer.rows[0].pause_seconds == (30 if first == "reduce" else None)

    @pytest.mark.parametrize(
        ("margin", "first"), [("599.99", "backstop"), ("600", "close"), ("600.01", "close")]
    )
    def test_below_two_thirds_of_maintenance_the_vault_takes_it(self, margin, first):
        rows = [{"floor": "0", "mmr": "0.009"}]  # 900 of 100000
        case = sheet("hyperliquid", rows, qty="1000", margin=margin)
        answer = ladder(case, to="100", today=TODAY)

        assert str(answer.rows[0].action) == first
        assert answer.end is not None
        assert answer.end.margin_after == (0 if first == "backstop" else D(margin))
        assert answer.end.fund == (D(margin) if first == "backstop" else 0)

    def test_after_the_first_fifth_every_order_is_for_all(self):
        rows = [{"floor": "0", "mmr": "0.01"}]
        answer = ladder(sheet("hyperliquid", rows, qty="2000", margin="10000"), today=TODAY)

        assert [str(row.action) for row in answer.rows] == ["reduce", "close"]
        assert [row.closing.qty for row in answer.rows] == [400, 1600]


class TestWhole:
    """What is closed whole returns what is left; what is missing someone pays."""

    def _gmx(self, **more: Any) -> Any:
        case = sheet(
            "gmx", [{"floor": "0", "mmr": "0.005"}], qty="1", entry_price="1000", margin="50"
        )
        return ladder(case | {"fees": {"taker": "0.0006", "liquidation": "0.002"}}, **more)

    def test_fees_are_on_the_size_at_entry_and_the_rest_returns(self):
        # 50 + p - 1000 - 0.6 < 5 below 955.6; fees 0.06% + 0.2% of 1000
        answer = self._gmx(today=TODAY)

        assert told(answer) == [
            (D("955.59"), "close", 1, D("955.59"), D("-44.41"), 0, D("2.99")),
        ]
        assert answer.rows[0].closing.fee == D("2.6")

    def test_a_gap_through_bankruptcy_is_borne_by_the_pool(self):
        answer = self._gmx(to="940", jump=True, today=TODAY)

        assert answer.rows[0].closing.fee == 0  # limited by what is left
        assert answer.rows[0].closing.fund == -10
        assert answer.end.margin_after == 0

    def test_slippage_is_lost_too(self):
        answer = self._gmx(slippage_bps=10, today=TODAY)

        assert answer.rows[0].closing.price == D("954.63441")  # 955.59*(1 - 0.001)
        assert answer.end.margin_after == D("2.03441")

    def test_a_short_fills_above_the_mark(self):
        case = sheet("hyperliquid", [{"floor": "0", "mmr": "0.01"}], side="short", qty="10")
        case["positions"][0]["margin"] = "9"
        answer = ladder(case, to="100", slippage_bps=20, today=TODAY)

        assert told(answer) == [(100, "close", 10, D("100.2"), -2, 0, 7)]

    def test_a_takeover_filled_at_the_trigger_leaves_the_rest_to_the_fund(self):
        case = sheet("gate", TWO_ROWS, qty="10", margin="100")
        # 100 + 10(p - 100) = 0.1p at 90.9090...; 90.9 leaves 100 - 91 = 9
        answer = ladder(case, fill="trigger", today=TODAY)

        assert told(answer) == [(D("90.90"), "take_over", 10, D("90.90"), -91, 0, 0)]
        assert answer.rows[0].closing.fund == 9


class TestRecordedSteps:
    """Steps of exchanges' own test suites (facts of dYdX and Drift)."""

    @pytest.mark.parametrize(
        ("spread", "price"), [("0.1", "49999"), ("1", "49990")], ids=["a tenth", "whole"]
    )
    def test_dydx_orders_are_limited_by_the_fillable_price(self, spread, price):
        given = {"parameters": {"spread_to_maintenance_margin_ratio": spread}}
        row = run_at_marks(Case.of(DYDX | given, today=TODAY)).rows[0]

        assert row.closing.price == D(price)
        assert row.closing.qty == D("0.02")  # 1,000 of 5,000 USDC: a tenth would be less

    def test_dydx_takes_at_most_the_gain_over_bankruptcy(self):
        # bankruptcy of 0.02: 1000 - 499*100/500 = 900.2; the fill brings 999.98;
        # 1.5% of it is 14.9997, below the gain of 99.78
        given = {"parameters": {"spread_to_maintenance_margin_ratio": "0.1"}}
        row = run_at_marks(Case.of(DYDX | given, today=TODAY)).rows[0]

        assert row.closing.fee == D("14.9997")
        assert row.margin_left == D("483.9803")  # 499 - 0.02 - 14.9997

    def _drift(self, fee: str, fund: str, qty: str = "100", equity: str = "990") -> Any:
        case = {
            "exchange": "drift",
            "as_of": "2026-04-01",
            "account": {"margin_mode": "cross", "collateral_mode": "multi", "equity": equity},
            "positions": [{"symbol": "TEST-PERP", "side": "long", "qty": qty, "mark_price": "100"}],
            "contracts": {
                "TEST-PERP": COIN | {"quote": "USD", "settle": "USDC", "lot_size": "0.01"}
            },
            "tiers": {"TEST-PERP": [{"floor": "0", "mmr": "0.1"}]},
            "parameters": {
                "liquidation_margin_buffer": "0",
                "quote_price": "1",
                "liquidator_fee": fee,
                "insurance_fund_fee": fund,
            },
        }
        return run_at_marks(Case.of(case, today=TODAY))

    def test_drift_covers_a_shortage_of_ten_with_one(self):
        run = self._drift("0", "0")

        assert [(row.closing.qty, row.qty_left) for row in run.rows] == [(1, 99)]

    def test_drift_fees_make_it_more(self):
        run = self._drift("0.01", "0.01")
        row = run.rows[0]

        assert (row.closing.qty, row.closing.price) == (D("1.25"), 99)
        assert row.closing.fee == D("1.25")
        assert row.margin_left == D("987.5")  # 990 - 1.25 - 1.25: a tenth of 98.75 at 100

    @pytest.mark.parametrize(
        ("qty", "equity", "closed"),
        [("0.49", "4.8", "0.49"), ("0.50", "4.9", "0.01"), ("0.51", "4.95", "0.02")],
    )
    def test_drift_takes_what_is_worth_less_than_50_whole(self, qty, equity, closed):
        # needs a tenth of the value; 0.15 short at 10 a coin is 0.015, in lots 0.02
        run = self._drift("0", "0", qty, equity)

        assert run.rows[0].closing.qty == D(closed)

    def test_kucoin_cross_keeps_at_most_600000(self):
        case = {
            "exchange": "kucoin",
            "account": {"margin_mode": "cross", "wallet_balance": "200000"},
            "positions": [
                {"symbol": "XBTUSDTM", "side": "long", "qty": "60", "entry_price": "60000"}
            ],
        }
        row = run_ladder(Case.of(case, today=TODAY), 0).rows[0]

        assert (
            row.qty_left * row.mark_price <= 600_000 < (row.qty_left + D("0.001")) * row.mark_price
        )


class TestCross:
    """A pool is liquidated in the published order, its orders and hedges first."""

    def _pool(self, exchange: str, wallet: str, *rows: dict[str, str], **more: Any) -> Any:
        case = sheet(exchange, TWO_ROWS)
        positions = [{"entry_price": "100"} | row for row in rows]
        names = {row["symbol"] for row in rows}
        return (
            case
            | {
                "account": {"margin_mode": "cross", "wallet_balance": wallet}
                | more.pop("account", {}),
                "positions": positions,
                "contracts": {name: COIN | {"base": name} for name in names},
                "tiers": dict.fromkeys(names, TWO_ROWS),
            }
            | more
        )

    def test_a_hedge_is_netted_before_anything_is_lost(self):
        long = {"symbol": "COIN", "side": "long", "qty": "20"}
        short = {"symbol": "COIN", "side": "short", "qty": "12"}
        case = self._pool("mexc", "30", long, short, account={"position_mode": "hedge"})
        answer = ladder(case, position="COIN:long", today=TODAY)

        first, second = answer.rows[:2]
        assert (first.action, second.action) == (Action.NET_HEDGE, Action.NET_HEDGE)
        assert [first.side, first.closing.qty, second.closing.qty] == ["long", 12, 12]
        assert first.closing.pnl == -second.closing.pnl

    def test_the_largest_maintenance_margin_goes_first(self):
        small = {"symbol": "ONE", "side": "long", "qty": "5"}
        large = {"symbol": "TWO", "side": "long", "qty": "8"}
        answer = ladder(self._pool("okx", "1", small, large), position="ONE", to="99", today=TODAY)

        assert answer.rows[0].symbol == "TWO"

    def test_an_unpublished_order_is_said(self):
        small = {"symbol": "ONE", "side": "long", "qty": "5"}
        large = {"symbol": "TWO", "side": "long", "qty": "8"}
        case = self._pool("gate", "1", small, large)
        answer = ladder(case, position="ONE", to="99", today=TODAY)

        assert "which position is taken first is not published" in str(answer.basis.assumptions)

    def test_orders_are_cancelled_first_and_may_save_the_account(self):
        # bybit counts orders in the account's requirement
        row = {"symbol": "COIN", "side": "long", "qty": "5", "leverage": "10"}
        order = {"symbol": "COIN", "side": "long", "qty": "20", "price": "99", "leverage": "10"}
        case = self._pool("bybit", "10", row, orders=[order], fees={"taker": "0"})
        answer = ladder(case, to="100", today=TODAY)

        assert [(str(row.action), row.orders) for row in answer.rows] == [("cancel_orders", 1)]
        assert answer.end is not None
        assert answer.end.qty_left == 5

    def test_orders_of_other_contracts_stay_where_only_its_own_go(self):
        case = sheet("gate", TWO_ROWS, qty="10", margin="1")
        case["contracts"] = {"COIN": COIN, "OTHER": COIN | {"base": "OTHER"}}
        orders = [
            {"symbol": symbol, "side": "long", "qty": "1", "price": "9"}
            for symbol in ("COIN", "OTHER")
        ]
        run = run_at_marks(Case.of(case | {"orders": orders}, today=TODAY))

        assert run.rows[0].orders == 1
        assert [order.symbol for order in run.left.sheet.orders] == ["OTHER"]

    def test_the_vault_takes_all_positions_and_the_wallet(self):
        one = {"symbol": "ONE", "side": "long", "qty": "5"}
        two = {"symbol": "TWO", "side": "short", "qty": "8"}
        case = self._pool("hyperliquid", "13", one, two)  # needs 5 + 8
        answer = ladder(case, position="ONE", to="99.1", jump=True, today=TODAY)  # 8.5 left

        assert [str(row.action) for row in answer.rows] == ["backstop", "backstop"]
        assert answer.end is not None
        assert answer.end.margin_after == 0
        assert answer.end.fund == D("8.5")

    def test_isolated_positions_go_along_with_the_others(self):
        # ONE falls to a half: TWO, isolated at 10x, ends at 90.9, when ONE is at 45.45
        one = {"symbol": "ONE", "side": "long", "qty": "5", "entry_price": "50"}
        two = {"symbol": "TWO", "side": "long", "qty": "5", "margin_mode": "isolated"}
        case = self._pool("gate", "1000", one, two | {"margin": "50"})
        answer = ladder(case, position="ONE", to="30", together=True, today=TODAY)

        assert [(row.symbol, row.mark_price) for row in answer.rows] == [("TWO", D("90.90"))]

    def test_all_prices_may_move_together(self):
        one = {"symbol": "ONE", "side": "long", "qty": "5"}
        two = {"symbol": "TWO", "side": "long", "qty": "5"}
        # 100 + 10(p - 100) = 0.1p at 90.9090... when both fall; one alone may fall to 81.6...
        case = self._pool("gate", "100", one, two)
        answer = ladder(case, position="ONE", together=True, today=TODAY)

        assert answer.rows[0].mark_price == D("90.90")


class TestMoney:
    """What closing settles, and whose purse pays."""

    ONE_ROW: ClassVar = [{"floor": "0", "mmr": "0.01"}]

    def test_pending_fees_are_paid_with_the_first_closing(self):
        # 1001 coins, equity 900.9 of 1001 needed; 50 pending: a fifth closes at the mark
        case = sheet("hyperliquid", self.ONE_ROW, qty="1001", margin="950.9", accrued_fees="50")
        row = run_at_marks(Case.of(case, today=TODAY)).rows[0]

        assert row.closing.fee == 50
        assert row.margin_left == D("900.9")
        assert row.left.position(0).accrued_fees == 0

    def test_pending_fees_come_off_what_is_returned(self):
        case = sheet("hyperliquid", self.ONE_ROW, qty="10", margin="14", accrued_fees="5")
        answer = ladder(case, to="100", today=TODAY)

        assert answer.end is not None
        assert answer.end.margin_after == 9

    def test_a_given_equity_holds_the_profit_already(self):
        # equity 900 at the mark of 100 with 1000 coins of 110: a fill at 99.9 costs 100, not 10100
        case = sheet("hyperliquid", self.ONE_ROW, qty="1000", entry_price="110", mark_price="100")
        case["account"] = {"margin_mode": "cross", "equity": "900"}
        answer = ladder(case, to="100", slippage_bps=10, today=TODAY)

        assert answer.end is not None
        assert [answer.end.realized_pnl, answer.end.margin_after] == [-10100, 800]

    def test_a_fee_reserve_shrinks_with_the_position(self):
        case = sheet("mexc", FOUR_ROWS, qty="25", margin="250", fee_reserve="25")
        run = run_ladder(Case.of(case, today=TODAY), 0)

        assert run.rows[0].left.sheet.positions[0].fee_reserve == 20

    def test_a_pool_without_the_settle_coin_owes_it(self):
        case = sheet("hyperliquid", self.ONE_ROW, qty="1100", mark_price="99.1")
        btc = {"asset": "BTC", "qty": "1", "price": "1800"}
        case["account"] = {"margin_mode": "cross", "collateral_mode": "multi", "collateral": [btc]}
        row = run_at_marks(Case.of(case, today=TODAY)).rows[0]  # 1800 - 990, 1090.1 is due
        debt = (row.left.sheet.account.collateral or ())[-1]

        assert row.closing.qty == 220
        assert debt == CollateralRow("USDT", D("-198"))

    def test_the_vault_takes_the_coins_of_a_pool_too(self):
        case = sheet("hyperliquid", self.ONE_ROW, qty="1001", mark_price="99")
        btc = {"asset": "BTC", "qty": "1", "price": "1500"}
        case["account"] = {"margin_mode": "cross", "collateral_mode": "multi", "collateral": [btc]}
        run = run_at_marks(Case.of(case, today=TODAY))

        assert [str(row.action) for row in run.rows] == ["backstop"]
        assert run.left.sheet.account.collateral == ()
        assert run.rows[0].closing.fund == 499  # 1500 - 1001

    def test_what_an_unlisted_position_has_is_left_alone(self):
        case = sheet("gate", self.ONE_ROW, qty="10", mark_price="95")
        other = {"other_unrealized_pnl": "7", "other_maintenance_margin": "1"}
        case["account"] = {"margin_mode": "cross", "wallet_balance": "50"} | other
        answer = ladder(case, to="95", today=TODAY)  # bankrupt where 50 + 7 are gone

        assert answer.rows[0].closing.price == D("94.3")
        assert answer.rows[0].margin_left == -7

    def test_an_unknown_fee_is_said_and_not_charged(self):
        case = sheet("binance", self.ONE_ROW, qty="25", margin="250") | {"fees": {"taker": "0"}}
        answer = ladder(case, today=TODAY)

        assert "liquidation fee rate of COIN is not known" in str(answer.basis.warnings)
        assert answer.rows[0].closing.fee == 0


class TestWays:
    """The mark goes where it is told; what does not happen is told, too."""

    def test_a_way_that_stops_before_the_trigger_has_no_rows(self):
        case = sheet("gate", TWO_ROWS, qty="10", margin="100")
        answer = ladder(case, to="91", today=TODAY)

        assert answer.rows == ()
        assert answer.reason == "the way of the mark does not reach 90.91"
        assert answer.end is None

    def test_a_way_may_turn(self):
        case = sheet("gate", TWO_ROWS, qty="20", margin="200")
        answer = ladder(case, path=["91", "120", "90"], today=TODAY)

        assert [row.mark_price for row in answer.rows] == [D("91.32")]
        assert answer.end is not None
        assert [answer.end.qty_left, answer.end.unrealized_pnl] == [10, -100]

    def test_a_covered_short_has_no_ladder(self):
        inverse = {"product": "inverse", "quote": "USD", "settle": "COIN", "contract_size": "100"}
        case = sheet("gate", [{"floor": "0", "mmr": "0.01"}], side="short", qty="1000", margin="50")
        answer = ladder(case | {"contracts": {"COIN": COIN | inverse}}, today=TODAY)

        assert answer.rows == ()
        assert answer.reason == "no positive price liquidates this position"

    def test_an_inverse_position_ends_in_coins(self):
        # 1000 USD at 100, 1 coin: 1 + 10 - 1000/p = 0.01*1000/p at 1010/11 = 91.8181...
        inverse = {"product": "inverse", "quote": "USD", "settle": "COIN", "lot_size": "100"}
        case = sheet("gate", [{"floor": "0", "mmr": "0.01"}], qty="1000", margin="1")
        answer = ladder(case | {"contracts": {"COIN": COIN | inverse}}, today=TODAY)
        row = answer.rows[0]

        assert row.mark_price == D("91.81")
        assert row.closing.price is not None
        assert abs(row.closing.price - D(1000) / 11) < D("1e-25")
        assert abs(row.closing.pnl + 1) < D("1e-25")

    def test_fills_at_bankruptcy_are_no_better_than_a_market_beyond_it(self):
        case = sheet("hyperliquid", [{"floor": "0", "mmr": "0.01"}], qty="10", margin="9")
        found = run_at_marks(Case.of(case, today=TODAY), Fill(FillAt.BANKRUPTCY))

        assert found.rows[0].closing.price == D("99.1")


class TestDays:
    """The process of the day is walked; before the first known one that one, and it is said."""

    def _kraken(self, day: str, product: str) -> Any:
        case = sheet("kraken", [{"floor": "0", "mmr": "0.01"}], qty="100", margin="99")
        contract = COIN | {"product": product}
        if product == "inverse":
            contract |= {"quote": "USD", "settle": "COIN"}
            case["positions"][0]["margin"] = "0.009"
        case |= {"contracts": {"COIN": contract}, "as_of": day}
        return ladder(case, to="100", today=TODAY)

    def test_linear_and_inverse_contracts_have_their_own(self):
        linear = self._kraken("2026-05-01", "linear")
        inverse = self._kraken("2026-05-01", "inverse")

        assert (linear.rows[0].action, inverse.rows[0].action) == (Action.REDUCE, Action.CLOSE)
        assert [linear.process_from, inverse.process_from] == ["2026-03-26", "2022-04-12"]

    @pytest.mark.parametrize(("day", "said"), [("2026-03-25", True), ("2026-03-26", False)])
    def test_a_day_before_the_first_process_is_said(self, day, said):
        notes = str(self._kraken(day, "linear").basis.assumptions)

        assert ("the process of 2026-03-25 is not known" in notes) is said


class TestRefusals:
    """Every input that contradicts another is told, all at once."""

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"to": "90", "path": ["80"]}, "path: is given beside to"),
            ({"jump": True}, "jump: is given without a price"),
            ({"to": "0"}, "to: holds 0, a price must be above 0"),
            ({"path": []}, "path: holds no price"),
            ({"fill": "market"}, "is 'market', which is no way to fill"),
            ({"slippage_bps": "-1"}, "must be from 0 to below 10000"),
            ({"slippage_bps": "10000"}, "must be from 0 to below 10000"),
        ],
    )
    def test_it_says_what_is_wrong(self, given, says):
        case = sheet("gate", TWO_ROWS, qty="10", margin="100")

        with pytest.raises(InputError, match="LQ127") as caught:
            ladder(case, today=TODAY, **given)

        assert says in str(caught.value)

    def test_everything_is_told_at_once(self):
        case = sheet("gate", TWO_ROWS, qty="10", margin="100")

        with pytest.raises(InputError) as caught:
            ladder(case, path=["-1", "x"], fill="soon", slippage_bps="-3", today=TODAY)

        assert len(caught.value.faults) == 4


def test_a_process_that_does_not_help_ends_without_taking_its_steps_for_ever(monkeypatch):
    cancel = Step(Action.CANCEL_ORDERS, "the condition holds")
    process = Process("2020-01-01", "none", MarginMode.ISOLATED, (cancel,))
    monkeypatch.setattr(steps, "process_of", lambda _case, _k: process)
    case = Case.of(sheet("gate", TWO_ROWS, qty="20", margin="200", mark_price="90"), today=TODAY)

    found = run_at_marks(case, Fill())

    assert found.rows == ()
    assert found.left.figures.positions[0].status is Status.ALREADY_LIQUIDATABLE
