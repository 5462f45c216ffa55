"""Laws of cross pools, on disturbed recorded accounts and on free ones."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liqcalc.engine.words import CrossPool, FeeBasis, Share, ShownPrice
from tests.laws.compare import SHOWN_AS, answer
from tests.laws.disturb import opposite, text
from tests.laws.folders import (
    CROSS,
    HEDGING,
    ISOLATED,
    Sheet,
    mode_of,
    mode_rules,
    product_of,
    rules_of,
    slack,
)
from tests.strategies import cross, disturbed_cases, few, on_grid, without_fees

on_every_exchange = pytest.mark.parametrize("exchange", CROSS)
WITH_BOTH_MODES = [name for name in CROSS if name in ISOLATED]
CLOSE = Decimal("1e-20")


class TestMoreCash:
    """More cash in a pool never brings a liquidation price nearer, below or above the mark."""

    @on_every_exchange
    @few
    @given(st.data(), on_grid("0.01", 1, 10**6))
    def test_both_prices_move_away_or_are_gone(
        self, exchange: str, data: st.DataObject, more: Decimal
    ) -> None:
        sheet = data.draw(disturbed_cases(exchange))
        key = next((k for k in ("wallet_balance", "equity") if k in sheet["account"]), None)
        assume(key is not None)
        richer = copy.deepcopy(sheet)
        richer["account"][key] = text(Decimal(str(richer["account"][key])) + more)
        pairs = zip(answer(sheet)["positions"], answer(richer)["positions"], strict=True)
        for before, after in pairs:
            if before["status"] != "liquidatable_at_price" or before["margin_mode"] == "isolated":
                continue
            low, high = (_number(before, name) for name in SHOWN_AS.values())
            lower, higher = (_number(after, name) for name in SHOWN_AS.values())
            assert lower is None or (low is not None and lower <= low)
            assert higher is None or (high is not None and higher >= high)


class TestSplitting:
    """A cross position split into two of one symbol and side, at one entry, changes nothing.

    Maintenance is linear in the size only inside one row, and both halves pick their own rows:
    so the law is stated for a table of one row, where it holds for every split.
    """

    @on_every_exchange
    @few
    @given(st.data(), st.sampled_from(("0.1", "0.25", "0.5", "0.9")))
    def test_the_prices_stay(self, exchange: str, data: st.DataObject, share: str) -> None:
        whole = _without_shared_fee(data.draw(cross(exchange)))
        row = whole["positions"][0]
        part = Decimal(row["qty"]) * Decimal(share)
        rest = Decimal(row["qty"]) - part
        halves = [row | {"qty": text(part)}, row | {"qty": text(rest)}]
        found, split = answer(whole), answer(whole | {"positions": halves})

        step = 2 * slack(whole, halves[0])
        for half in split["positions"]:
            assert found["positions"][0]["status"] == half["status"]
            for name in SHOWN_AS.values():
                _assert_close(_number(found["positions"][0], name), _number(half, name), step)
        for name in ("down", "up"):
            before, after = (each["joint"].get(name) for each in (found, split))
            mark = Decimal(row["mark_price"])
            _assert_close(_decimal(before), _decimal(after), step / mark)

    def test_halves_in_a_lower_tier_require_less(self) -> None:
        # One position of value 200 in the row above 100: 200*4% - 3 = 5. Two of 100: 1 each.
        tiers = [
            {"floor": "0", "cap": "100", "mmr": "0.01", "deduction": "0"},
            {"floor": "100", "mmr": "0.04", "deduction": "3"},
        ]
        whole = _cross_sheet("binance", {"qty": "2"}, wallet="50", tiers=tiers)
        half = whole["positions"][0] | {"qty": "1"}
        split = answer(whole | {"positions": [half, half]})

        assert answer(whole)["account"]["maintenance_margin"] == "5"
        assert split["account"]["maintenance_margin"] == "2"


class TestHedgedPairs:
    """Equal legs lose nothing to the price, only to the requirement, which grows with it.

    Cash w, legs of q at entries a (long) and b (short), one rate r on each leg:
    w + q*(b - a) = 2*q*p*r, so there is one price, above the mark: p = (w + q*(b - a))/(2*q*r).
    """

    def test_a_full_hedge_ends_above(self) -> None:
        # w = 10, q = 1, a = 100, b = 104, r = 5%: p = (10 + 4)/(2*5%) = 140.
        sheet = _hedge("binance", qty="1", wallet="10", rate="0.05")
        found = answer(sheet)["positions"]

        assert [each["lower_liquidation_price"] for each in found] == [None, None]
        assert [Decimal(140)] * 2 == [_number(each, "upper_liquidation_price") for each in found]
        assert [each["liquidation_price"] for each in found] == ["140", "140"]

    def test_a_hedge_that_is_longer_ends_below(self) -> None:
        # long 2 at 100, short 1 at 104: 10 + 2*(p-100) - (p-104) = 3*p*5%, 0.85*p = 86.
        sheet = _hedge("binance", qty="2", wallet="10", rate="0.05")
        found = answer(sheet)["positions"]

        assert [each["liquidation_price"] for each in found] == ["101.17647059"] * 2

    @pytest.mark.parametrize("exchange", HEDGING)
    @few
    @given(st.data())
    def test_both_legs_have_the_same_prices(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(cross(exchange))
        leg = sheet["positions"][0]
        other = leg | {"side": opposite(leg["side"])}
        other["qty"] = text(Decimal(leg["qty"]) * data.draw(st.sampled_from((1, 2, 5))))
        account = sheet["account"] | {"position_mode": "hedge"}
        pair = answer(sheet | {"positions": [leg, other], "account": account})["positions"]

        names = [*SHOWN_AS.values(), "status"]
        rules = mode_rules(sheet, leg)
        if rules.shown_price is ShownPrice.CONDITION:
            names.append("liquidation_price")
        if rules.bankruptcy_share is Share.ALL:
            names.append("bankruptcy_price")
        for name in names:
            assert pair[0].get(name) == pair[1].get(name)


class TestOtherPositions:
    """A position of another symbol counts only with its profit and its requirement."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_sums_replace_it(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(cross(exchange, taker="0"))
        row = sheet["positions"][0]
        other = row | {"symbol": "Y", "side": data.draw(st.sampled_from(("long", "short")))}
        both = sheet | {
            "positions": [row, other],
            "contracts": {"X": sheet["contracts"]["X"], "Y": sheet["contracts"]["X"]},
            "tiers": {"X": sheet["tiers"]["X"], "Y": sheet["tiers"]["X"]},
        }
        found = answer(both)["positions"]
        sums = {"other_unrealized_pnl": found[1]["exact"]["unrealized_pnl"]}
        if rules_of(sheet, product_of(sheet, row)).cross_pool is CrossPool.SEPARATE:
            sums["other_initial_margin"] = found[1]["exact"]["margin"]
        else:
            sums["other_maintenance_margin"] = found[1]["exact"]["maintenance_margin"]
        alone = answer(sheet | {"account": sheet["account"] | sums})["positions"][0]

        step = 2 * slack(sheet, row)
        for name in SHOWN_AS.values():
            _assert_close(_number(found[0], name), _number(alone, name), step)


class TestIsolatedPositions:
    """An isolated position and a cross pool leave each other alone."""

    @pytest.mark.parametrize("exchange", WITH_BOTH_MODES)
    @few
    @given(st.data())
    def test_the_pool_does_not_see_it(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(disturbed_cases(exchange, mixed=True))
        sheet.pop("orders", None)  # whose they are depends on the positions
        rows = sheet["positions"]
        kept = [at for at, row in enumerate(rows) if mode_of(sheet, row) == "cross"]
        found = answer(sheet)
        alone = answer(sheet | {"positions": [rows[at] for at in kept]})
        for each in (*found["positions"], *alone["positions"]):
            del each["provenance"]  # it tells a hedge from a single position
            each["warnings"] = [w for w in each["warnings"] if w["code"] != "LQ406"]  # of the sheet

        assert [found["positions"][at] for at in kept] == alone["positions"]
        assert (found["account"], found["joint"]) == (alone["account"], alone["joint"])


def _without_shared_fee(sheet: Sheet) -> Sheet:
    """Return `sheet` without a fee that each half would count at a bankruptcy of its own."""
    basis = mode_rules(sheet, sheet["positions"][0]).fee_in_requirement
    return without_fees(sheet) if basis is FeeBasis.BANKRUPTCY else sheet


def _number(found: dict[str, Any], name: str) -> Decimal | None:
    return _decimal(found.get(name))


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _assert_close(left: Decimal | None, right: Decimal | None, step: Decimal) -> None:
    assert (left is None) == (right is None)
    if left is not None and right is not None:
        assert abs(left - right) <= max(CLOSE * max(abs(left), abs(right)), step)


def _cross_sheet(
    exchange: str, row: dict[str, str], *, wallet: str, tiers: list[dict[str, str]]
) -> Sheet:
    contract = {"product": "linear", "base": "COIN", "quote": "USDT", "settle": "USDT"}
    position = {"symbol": "X", "side": "long", "entry_price": "100"} | row
    return {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "account": {"margin_mode": "cross", "wallet_balance": wallet},
        "positions": [position],
        "contracts": {"X": contract | {"contract_size": "1", "tick_size": "0.01"}},
        "tiers": {"X": tiers},
        "fees": {"taker": "0"},
    }


def _hedge(exchange: str, *, qty: str, wallet: str, rate: str) -> Sheet:
    tiers = [{"floor": "0", "mmr": rate, "deduction": "0"}]
    sheet = _cross_sheet(exchange, {"qty": qty, "mark_price": "103"}, wallet=wallet, tiers=tiers)
    leg = sheet["positions"][0]
    short = leg | {"side": "short", "qty": "1", "entry_price": "104"}
    account = sheet["account"] | {"position_mode": "hedge"}
    return sheet | {"positions": [leg, short], "account": account}
