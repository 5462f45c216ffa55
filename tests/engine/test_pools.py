"""Pools of every kind, solved by hand: one long of 1 at 100 with a rate of 10%, unless said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import liqcalc

D = Decimal
Row = dict[str, Any]
LINEAR = {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT"}
INVERSE = {"product": "inverse", "base": "COIN", "quote": "USD", "settle": "COIN"}
TEN_PERCENT = [{"floor": "0", "mmr": "0.1", "deduction": "0"}]


def long(symbol: str = "X", **more: Any) -> Row:
    return {"symbol": symbol, "side": "long", "qty": "1", "entry_price": "100"} | more


def coin(asset: str, qty: str, price: str = "1", weight: str = "1", **more: str) -> Row:
    row = {"asset": asset, "qty": qty, "price": price}
    return row | {"initial_weight": weight, "maintenance_weight": weight} | more


def evaluate(exchange: str, *positions: Row, **more: Any) -> liqcalc.AccountAnswer:
    contract = more.pop("contract", LINEAR) | {"contract_size": "1", "tick_size": "0.01"}
    tiers = more.pop("tiers", TEN_PERCENT)
    orders = more.pop("orders", [])
    held = positions or (long(),)
    symbols = {row["symbol"] for row in (*held, *orders)}
    taker = more.pop("taker", "0")
    rest = {key: more.pop(key) for key in ("parameters", "rules") if key in more}
    sheet = {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "account": {"margin_mode": "cross"} | more,
        "positions": list(held),
        "orders": orders,
        "contracts": dict.fromkeys(symbols, contract),
        "tiers": dict.fromkeys(symbols, tiers),
        "fees": {"taker": taker},
    }
    return liqcalc.evaluate(sheet | rest)


def lower(found: liqcalc.AccountAnswer, at: int = 0) -> Decimal:
    price = found.positions[at].lower_liquidation_price
    assert price is not None
    return price.quantize(D("1e-8"))


class TestOneCurrency:
    def test_cash(self) -> None:
        # 30 + p - 100 = p/10
        assert D("77.77777778") == lower(evaluate("binance", wallet_balance="30"))

    def test_equity_at_another_mark(self) -> None:
        # 20 + (p - 90) = p/10
        found = evaluate("binance", long(mark_price="90"), equity="20")

        assert D("77.77777778") == lower(found)
        assert D(30) == found.account.figures["wallet_balance"]  # type: ignore[union-attr]

    def test_everything_that_is_not_listed(self) -> None:
        # 30 - 5 + 2 - 3 + p - 100 = p/10
        found = evaluate(
            "binance",
            wallet_balance="30",
            options_value="5",
            other_unrealized_pnl="2",
            other_maintenance_margin="3",
        )

        assert D("84.44444444") == lower(found)

    def test_fees_that_are_owed(self) -> None:
        # 30 - 5 + p - 100 = p/10
        for money in ({"wallet_balance": "30"}, {"equity": "30"}):
            assert D("83.33333333") == lower(evaluate("binance", long(accrued_fees="5"), **money))

    def test_another_symbol_is_held_at_its_mark(self) -> None:
        # 50 + p - 100 - 5 (loss of Y) - 9.5 (of Y) = p/10
        found = evaluate("binance", long(), long("Y", mark_price="95"), wallet_balance="50")

        assert D("71.66666667") == lower(found)

    def test_a_longer_leg_whose_requirement_outgrows_its_profit(self) -> None:
        # long 2, short 1, both at 100, rate 40%: 130 + 2*(p - 100) - (p - 100) = 3*p*0.4
        tiers = [{"floor": "0", "mmr": "0.4", "deduction": "0"}]
        pair = [long(qty="2"), long(side="short")]
        found = evaluate(
            "binance", *pair, tiers=tiers, wallet_balance="130", position_mode="hedge"
        ).positions[0]

        assert (None, D(150)) == (found.lower_liquidation_price, found.upper_liquidation_price)
        assert D(150) == found.liquidation_price

    def test_nothing_is_left(self) -> None:
        found = evaluate("binance", long(mark_price="70"), wallet_balance="20")
        position, account = found.positions[0], found.account

        assert account is not None
        assert position.status == "already_liquidatable"
        assert (position.margin_ratio, account.liquidatable) == (None, True)
        assert position.reasons["margin_ratio"] == "nothing is left that backs the position"
        # 20 + p - 100 = p/10: there it would be safe again
        assert D("88.88888889") == position.liquidation_price

    def test_the_ratios(self) -> None:
        found = evaluate("binance", wallet_balance="40")
        account = found.account

        assert account is not None
        assert D("0.25") == found.positions[0].margin_ratio == account.figures["margin_ratio"]
        assert D("0.25") == found.positions[0].displayed_margin_ratio
        assert account.liquidatable is False

    def test_a_price_that_is_printed_as_zero_is_none(self) -> None:
        # long at 0.00000001 with nearly all of its value behind it
        row = long(qty="100000000", entry_price="0.00000001", mark_price="0.00000001")
        position = evaluate("binance", row, wallet_balance="0.9").positions[0]

        # (0.9 - 1)/10^8 + p = p/10
        assert (position.liquidation_price, position.bankruptcy_price) == (None, None)
        assert D("1.111E-9") == position.exact["liquidation_price"].quantize(D("1E-12"))  # type: ignore[union-attr]
        assert "below the smallest price" in position.reasons["liquidation_price"]
        assert position.status == "liquidatable_at_price"

    def test_no_price_has_a_reason(self) -> None:
        position = evaluate("binance", wallet_balance="101").positions[0]

        assert position.status == "cannot_be_liquidated"
        assert position.reasons["liquidation_price"] == "no positive price liquidates this position"
        assert position.reasons["liquidation_ratio"] == "there is no liquidation price"

    def test_an_inverse_pool_counts_coins(self) -> None:
        # 100 USD at 10: 2 + 10 - 100/p = 10/p; bankrupt at 100/12
        row = long(qty="100", entry_price="10")
        found = evaluate("binance", row, contract=INVERSE, wallet_balance="2").positions[0]

        assert D("9.16666667") == found.liquidation_price
        assert D("8.33333333") == found.bankruptcy_price

    def test_what_is_required_at_the_end(self) -> None:
        # 60 + p - 100 = p/10 below 50: p = 44.44444444, which requires 4.44444444.
        tiers = [
            {"floor": "0", "cap": "50", "mmr": "0.1", "deduction": "0"},
            {"floor": "50", "mmr": "0.2", "deduction": "5"},
        ]
        found = evaluate("binance", wallet_balance="60", tiers=tiers).positions[0]

        assert D("44.44444444") == found.liquidation_price
        assert D("4.44444444") == found.figures["maintenance_margin_at_liquidation"]
        assert (D(15), D(2)) == (found.maintenance_margin, found.tier)


class TestSeveralCoins:
    def test_weights_and_prices(self) -> None:
        # 40*0.99*0.9 + (p - 100)*0.99*0.9 = p/10*0.99
        rows = [coin("USDT", "40", "0.99", "0.9")]
        found = evaluate("binance", collateral_mode="multi", collateral=rows)

        assert D("67.50000000") == lower(found)
        assert D("35.64") == found.account.figures["equity"]  # type: ignore[union-attr]

    def test_initial_weights_count_for_what_is_free(self) -> None:
        rows = [coin("USDT", "40", initial_weight="0.5")]
        row = long(leverage="10")
        account = evaluate("binance", row, collateral_mode="multi", collateral=rows).account

        assert account is not None
        assert (D(40), D(10)) == (account.figures["equity"], account.figures["available_balance"])

    def test_a_coin_costs_more_when_owed(self) -> None:
        # below 80 the equity in USDT is negative: 30 + (p - 80)*1.01 = p/10*1.01
        found = evaluate(
            "binance",
            collateral_mode="multi",
            collateral=[coin("USDT", "20", weight="0.95"), coin("OTHER", "30")],
            parameters={"ask_buffer": {"USDT": "0.01"}},
        )

        assert D("55.88558856") == lower(found)
        assert D("10.1") == found.account.figures["maintenance_margin"]  # type: ignore[union-attr]

    def test_the_base_moves_with_the_price(self) -> None:
        # 0.5*p*0.8 + p - 100 + 30 = p/10
        rows = [coin("USDT", "30"), coin("COIN", "0.5", "100", "0.8")]

        assert D("53.84615385") == lower(
            evaluate("binance", collateral_mode="multi", collateral=rows)
        )

    def test_an_owed_base_moves_with_it_too(self) -> None:
        # 60 - 0.5*p*1.1 + p - 100 = p/10
        rows = [coin("USDT", "60"), coin("COIN", "-0.5", "100", "1.1")]

        assert D("114.28571429") == (
            evaluate("binance", collateral_mode="multi", collateral=rows)
            .positions[0]
            .liquidation_price
        )

    def test_a_debt_in_the_base_that_is_larger_than_the_position(self) -> None:
        # 250 - 2*p + p - 100 = p/10, above the mark although the position is long
        rows = [coin("USDT", "250"), coin("COIN", "-2", "100")]
        found = evaluate("binance", collateral_mode="multi", collateral=rows).positions[0]

        assert (None, D("136.36363636")) == (
            found.lower_liquidation_price,
            found.liquidation_price,
        )

    def test_fees_owed_are_owed_in_the_coin(self) -> None:
        # (60 - 10 + p - 100)*0.5 = p/10*0.5, and so with an equity of 30
        moneys: tuple[Row, ...] = (
            {"collateral": [coin("USDT", "60", "0.5")]},
            {"collateral": [coin("USDT", "0", "0.5")], "equity": "30"},
        )
        for money in moneys:
            found = evaluate("binance", long(accrued_fees="10"), collateral_mode="multi", **money)

            assert D("55.55555556") == lower(found)
            assert found.account is not None
            assert D(25) == found.account.figures["equity"]

    def test_a_loss_of_an_owed_coin_counts_at_its_ask(self) -> None:
        # 10 - 20 USDT at 1.01, beside 50 of another coin
        found = evaluate(
            "binance",
            long(mark_price="80"),
            collateral_mode="multi",
            collateral=[coin("USDT", "10", weight="0.9"), coin("OTHER", "50")],
            parameters={"ask_buffer": {"USDT": "0.01"}},
        ).account

        assert found is not None
        assert (D("-20.2"), D("39.9")) == (
            found.figures["unrealized_pnl"],
            found.figures["equity"],
        )

    def test_coin_and_inverse_position_move_together(self) -> None:
        # (2 + 10 - 100/p)*p*0.9 = 100/p/10*p
        found = evaluate(
            "binance",
            long(qty="100", entry_price="10"),
            contract=INVERSE,
            collateral_mode="multi",
            collateral=[coin("COIN", "2", "10", "0.9")],
        )

        assert D("9.25925926") == lower(found)


class TestEquityWithCoins:
    """Equity is given at the marks; rows say prices, weights and debts."""

    def test_profit_counts_at_the_coins_price_and_weight(self) -> None:
        # 50 + (p - 100)*0.99*0.9 = p/10*0.99
        rows = [coin("USDT", "1000", "0.99", "0.9")]
        found = evaluate("binance", collateral_mode="multi", collateral=rows, equity="50")

        assert D("49.36868687") == lower(found)

    def test_a_debt_in_the_base_moves(self) -> None:
        # 40 + 10*(p - 10) - 2*(p - 10) = 10*p/10
        found = evaluate(
            "binance",
            long(qty="10", entry_price="10"),
            collateral_mode="multi",
            collateral=[coin("USDT", "0"), coin("COIN", "-2", "10")],
            equity="40",
        )

        assert D("5.71428571") == lower(found)

    def test_profits_in_a_moving_coin_move(self) -> None:
        # Y has made 100/8 - 100/10 = 2.5 coins, 25 USD; X from 10 to p, and the coin with it:
        # 60 + (10 - 100/p)*p + 2.5*p - 25 = 10 + p
        found = evaluate(
            "binance",
            long(qty="100", entry_price="10"),
            long("Y", qty="100", entry_price="8", mark_price="10"),
            contract=INVERSE,
            collateral_mode="multi",
            collateral=[coin("COIN", "0", "10")],
            equity="60",
        )

        assert D("6.52173913") == lower(found)


class TestBorrowing:
    """What is owed requires maintenance of its own, and the debt grows with the loss."""

    def answer(self, mark: str) -> liqcalc.AccountAnswer:
        return evaluate(
            "bybit",
            long(mark_price=mark),
            collateral_mode="multi",
            collateral=[coin("USDT", "20"), coin("OTHER", "30")],
            parameters={"borrow_mmr": {"USDT": "0.04"}},
        )

    @pytest.mark.parametrize("mark", ["100", "75"])
    def test_the_trigger(self, mark: str) -> None:
        # 30 + (p - 80) - (80 - p)*0.04 = p/10
        found = self.answer(mark)

        assert D("56.59574468") == lower(found)
        trigger = found.positions[0].trigger_price
        assert trigger is not None
        assert D("56.59574468") == trigger.quantize(D("1e-8"))

    @pytest.mark.parametrize(
        ("mark", "shown", "required"),
        [
            ("100", "60", "10"),  # 100 - (50 - 10)
            ("75", "58.36538462", "7.7"),  # 75 - (25 - 7.5 - 5*0.04)/1.04, up
        ],
    )
    def test_the_price_that_is_shown(self, mark: str, shown: str, required: str) -> None:
        found = self.answer(mark)

        assert D(shown) == found.positions[0].liquidation_price
        account = found.account
        assert account is not None
        assert D(required) == account.figures["maintenance_margin"]

    def test_a_shown_price_is_rounded_by_the_side_of_the_position(self) -> None:
        # short 3 at 100, backed by 6 coins less 530: shown above, at 100 + (70 - 30)/3, down
        row = long(side="short", qty="3")
        rows = [coin("USDT", "-530"), coin("COIN", "6", "100")]
        found = evaluate("bybit", row, collateral_mode="multi", collateral=rows).positions[0]

        assert D("113.33333333") == found.liquidation_price
        # but it ends below: -530 + 6*p + 300 - 3*p = 3*p/10
        assert D("85.18518519") == (found.trigger_price or D(0)).quantize(D("1e-8"))

    def test_a_debt_beside_a_given_equity(self) -> None:
        # 30 + (p - 100) = p/10 + 5*0.04
        found = evaluate(
            "bybit",
            collateral_mode="multi",
            collateral=[coin("USDT", "-5")],
            equity="30",
            parameters={"borrow_mmr": {"USDT": "0.04"}},
        )

        assert D("78.00000000") == lower(found)
        # shown: 100 - (30 - 10 - 0.2)/1.04, up
        assert D("80.96153847") == found.positions[0].liquidation_price


class TestOpenOrders:
    """Bybit counts open orders in the requirement, and in the tier of what they add to."""

    ORDER: Row = {"side": "long", "qty": "1", "price": "50", "leverage": "10"}  # noqa: RUF012

    def test_one_that_adds_to_the_position(self) -> None:
        # 30 + p - 100 = p/10 + 5
        orders = [self.ORDER | {"symbol": "X"}]

        assert D("83.33333333") == lower(evaluate("bybit", wallet_balance="30", orders=orders))

    def test_one_in_another_symbol(self) -> None:
        orders = [self.ORDER | {"symbol": "Y"}]
        found = evaluate("bybit", long(leverage="10"), wallet_balance="30", orders=orders)

        assert D("83.33333333") == lower(found)
        account = found.account
        assert account is not None
        assert [D(15), D(15)] == [
            account.figures[name] for name in ("maintenance_margin", "initial_margin")
        ]

    def test_one_in_another_symbol_counts_in_the_ratio(self) -> None:
        orders = [self.ORDER | {"symbol": "Y"}]
        found = evaluate("bybit", wallet_balance="30", orders=orders)
        coins = evaluate(
            "bybit",
            orders=orders,
            collateral_mode="multi",
            collateral=[coin("USDT", "30", "0.5")],
        )

        for each in (found, coins):
            assert each.account is not None
            assert D("0.5") == each.account.figures["margin_ratio"]  # (10 + 5)/30
            assert D("83.33333333") == lower(each)

    def test_one_whose_coin_moves(self) -> None:
        # order of 50 USD at 10 in Y: 5 coins, 10% of them required, 0.5*p USD:
        # (2 + 10 - 100/p)*p = 100/p/10*p + 0.5*p
        found = evaluate(
            "bybit",
            long(qty="100", entry_price="10"),
            contract=INVERSE,
            collateral_mode="multi",
            collateral=[coin("COIN", "2", "10")],
            orders=[self.ORDER | {"symbol": "Y", "qty": "50", "price": "10"}],
        )

        assert D("9.56521739") == lower(found)

    def test_on_okx_they_pick_the_tier_of_a_cross_position_only(self) -> None:
        tiers = [
            {"floor": "0", "cap": "12", "mmr": "0.1", "deduction": "0"},
            {"floor": "13", "mmr": "0.2", "deduction": "0"},
        ]
        contract = LINEAR | {"contract_size": "0.1"}  # 10 contracts, and 5 on order
        orders = [self.ORDER | {"symbol": "X", "qty": "0.5"}]
        found = [
            liqcalc.evaluate(
                {
                    "exchange": "okx",
                    "account": {"margin_mode": mode, "wallet_balance": "50"},
                    "positions": [long(leverage="2")],
                    "orders": orders,
                    "contracts": {"X": contract},
                    "tiers": {"X": tiers},
                    "fees": {"taker": "0"},
                }
            ).positions[0]
            for mode in ("cross", "isolated")
        ]

        assert [D(2), D(1)] == [position.tier for position in found]
        assert [D(20), D(10)] == [position.maintenance_margin for position in found]

    def test_one_that_reduces_the_position(self) -> None:
        orders = [self.ORDER | {"symbol": "X", "side": "short"}]

        assert D("77.77777778") == lower(evaluate("bybit", wallet_balance="30", orders=orders))

    def test_its_fees_to_open_and_to_close(self) -> None:
        # fee of the position 100*0.9*0.1% = 0.09, of the order 50*(0.1% + 0.9*0.1%) = 0.095:
        # 30 + p - 100 = p/10 + 0.09 + 5 + 0.095
        orders = [self.ORDER | {"symbol": "X"}]
        found = evaluate(
            "bybit", long(leverage="10"), wallet_balance="30", orders=orders, taker="0.001"
        )

        assert D("83.53888889") == lower(found)

    def test_it_lifts_the_tier(self) -> None:
        # 100 + 50 lie in the row above 120: 0.2*150 - 12 = 18, of which 10 are the order's.
        tiers = [
            {"floor": "0", "cap": "120", "mmr": "0.1", "deduction": "0"},
            {"floor": "120", "mmr": "0.2", "deduction": "12"},
        ]
        orders = [self.ORDER | {"symbol": "X"}]
        found = evaluate("bybit", wallet_balance="30", orders=orders, tiers=tiers)

        position, account = found.positions[0], found.account
        assert account is not None
        assert (D(2), D(8)) == (position.tier, position.maintenance_margin)
        assert D(18) == account.figures["maintenance_margin"]
        # From 120 - 50 = 70 down the lower row holds: 30 + p - 100 = 0.2*(p + 50) - 12 at 85.
        assert D("85.00000000") == lower(found)


class TestOtherThresholds:
    def test_okx_warns_at_three_times_the_requirement(self) -> None:
        # 60 + p - 100 = 3*p/10
        found = evaluate("okx", wallet_balance="60").positions[0]

        assert D("57.142857142857143") == found.figures["margin_call_price"]

    def test_hyperliquid_takes_over_at_two_thirds(self) -> None:
        # 30 + p - 100 = 2/3*p/10
        found = evaluate("hyperliquid", wallet_balance="30").positions[0]

        assert (D("77.7777777778"), D(75)) == (found.liquidation_price, found.backstop_price)

    def test_hyperliquid_cuts_the_requirement_at_the_mark(self) -> None:
        # 1.00000003 requires 10.0000003, of which 0.0000003 are cut off:
        # 30 + 1.00000003*(p - 100) = 0.100000003*p - 0.0000003, 0.900000027*p = 70.0000027
        row = long(qty="1.00000003")
        found = evaluate("hyperliquid", row, wallet_balance="30").positions[0]

        assert D(10) == found.maintenance_margin
        assert D("77.7777784444") == found.liquidation_price

    def test_bybit_leaves_the_fee_to_close_at_bankruptcy(self) -> None:
        # isolated: 30 + p - 100 = p/100 at 70.7070..., up to the tick
        row = long(margin="30", margin_mode="isolated")
        found = evaluate("bybit", row, taker="0.01").positions[0]

        assert D("70.71") == found.bankruptcy_price
        # 30 + p - 100 = p/10 + 0.70707070...
        assert D("78.57") == found.liquidation_price

    def test_okx_counts_the_fee_at_the_mark_and_steps_a_tick(self) -> None:
        # 30 + p - 100 = p*(0.1 + 0.02) at 79.5454..., + 0.01
        row = long(margin="30", margin_mode="isolated")
        found = evaluate("okx", row, taker="0.02").positions[0]

        assert D("79.555454545454545") == found.liquidation_price
        assert D(12) / D(30) == found.margin_ratio
        assert D("2.5") == found.displayed_margin_ratio

    def test_no_price_is_shown_for_a_full_hedge(self) -> None:
        pair = [long(), long(side="short")]
        found = evaluate("bybit", *pair, wallet_balance="30", position_mode="hedge").positions[0]

        # 30 = 2*p/10
        assert (None, D(150)) == (found.liquidation_price, found.trigger_price)

    def test_coins_behind_an_isolated_position(self) -> None:
        # 10 + 20 + p - 100 = p/10
        row = long(margin="10", margin_mode="isolated", collateral=[coin("OTHER", "20")])

        assert D("77.77777778") == evaluate("binance", row).positions[0].liquidation_price


class TestRowsThatAreNotKnown:
    """Beyond the known rows of an incomplete table there is no price, before them there is.

    The first table of a linear contract that is known to lack rows serves, with its last cap.
    """

    def table(self) -> tuple[str, str, Decimal]:
        for exchange in ("bybit", "binance", "hyperliquid"):
            loaded = liqcalc.load_exchange(exchange)
            for symbol in loaded.symbols():
                table, contract = loaded.tier_table(symbol, None), loaded.contract(symbol)
                if contract is None or contract.product != "linear":
                    continue
                if table is not None and not table.complete and table.tiers[-1].cap:
                    return exchange, symbol, table.tiers[-1].cap
        pytest.skip("every table is complete")

    def position(self, side: str, share: str) -> liqcalc.PositionAnswer:
        exchange, symbol, cap = self.table()
        row = {"symbol": symbol, "side": side, "entry_price": "1"}
        row |= {
            "leverage": "2" if side == "long" else "1",
            "qty": str(cap * D(share)),
            "margin_mode": "isolated",
        }
        sheet = {"exchange": exchange, "positions": [row], "fees": {"taker": "0"}}
        return liqcalc.evaluate(
            sheet | {"rules": "mark_based"} if exchange == "bybit" else sheet
        ).positions[0]

    @pytest.mark.parametrize(("side", "share"), [("long", "1"), ("long", "0.5"), ("short", "0.5")])
    def test_inside_there_is_a_price(self, side: str, share: str) -> None:
        assert self.position(side, share).status == "liquidatable_at_price"

    @pytest.mark.parametrize(("side", "share"), [("long", "1.01"), ("short", "0.9")])
    def test_beyond_at_the_mark_or_at_the_end_there_is_none(self, side: str, share: str) -> None:
        found = self.position(side, share)

        assert (found.status, found.liquidation_price) == ("indeterminate", None)
        assert "beyond the known rows" in found.reasons["liquidation_price"]
        assert found.bankruptcy_price is not None


class TestWhatIsNotKnown:
    """A figure without its inputs is None with a reason; the others are still there."""

    def test_without_cash(self) -> None:
        found = evaluate("binance", long(mark_price="110", leverage="10"))
        position, account = found.positions[0], found.account

        assert position.status == "indeterminate"
        assert position.liquidation_price is None
        assert "wallet_balance" in position.reasons["liquidation_price"]
        assert account is not None
        assert (D(10), D(11), None) == (
            account.figures["unrealized_pnl"],
            account.figures["maintenance_margin"],
            account.figures["equity"],
        )
        assert account.liquidatable is None

    def test_without_a_table_the_bankruptcy_price_is_still_known(self) -> None:
        sheet = {
            "exchange": "binance",
            "account": {"margin_mode": "cross", "wallet_balance": "30"},
            "positions": [long("NONE")],
            "contracts": {"NONE": LINEAR},
            "fees": {"taker": "0"},
        }
        found = liqcalc.evaluate(sheet).positions[0]

        assert (None, D(70)) == (found.liquidation_price, found.bankruptcy_price)
        assert "tiers" in found.reasons["liquidation_price"]
        assert "bankruptcy_price" not in found.reasons

    def test_a_wallet_without_cross_positions_is_an_account(self) -> None:
        row = long(margin="30", margin_mode="isolated")
        account = evaluate("binance", row, wallet_balance="12").account

        assert account is not None
        assert (D(12), D(12)) == (
            account.figures["equity"],
            account.figures["wallet_balance"],
        )

    def test_two_currencies_need_two_amounts(self) -> None:
        found = liqcalc.evaluate(
            {
                "exchange": "binance",
                "account": {
                    "margin_mode": "cross",
                    "collateral": [{"asset": "USDT", "qty": "30"}, {"asset": "COIN", "qty": "2"}],
                },
                "positions": [long(), long("Y", qty="100", entry_price="10")],
                "contracts": {"X": LINEAR, "Y": INVERSE},
                "tiers": {"X": TEN_PERCENT, "Y": TEN_PERCENT},
                "fees": {"taker": "0"},
            }
        )

        prices = [position.liquidation_price for position in found.positions]
        assert [D("77.77777778"), D("9.16666667")] == prices
        assert [pool.currency for pool in found.pools] == ["USDT", "COIN"]
