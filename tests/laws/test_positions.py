"""Laws of one isolated position, on free positions of every exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.compare import SHOWN_AS, answer
from tests.laws.disturb import opposite
from tests.laws.folders import (
    ISOLATED,
    Sheet,
    grain,
    keeps_a_reserve,
    rules_of,
    setting,
    slack,
    tier_stays,
    valued_at_entry,
    values_products_alike,
)
from tests.strategies import few, isolated, on_grid, scale_sheet, turned, without_fees

on_every_exchange = pytest.mark.parametrize("exchange", ISOLATED)
ALIKE = [name for name in ISOLATED if values_products_alike(name)]
LIQUIDATABLE = "liquidatable_at_price"
CLOSE = Decimal("1e-20")


def first(sheet: Sheet) -> dict[str, str]:
    """Return the answer about the only position."""
    found: dict[str, str] = answer(sheet)["positions"][0]
    return found


def unrounded(found: dict[str, str], name: str = "liquidation_price") -> Decimal | None:
    """Return a figure before the exchange's rounding."""
    exact: dict[str, str | None] = found["exact"]  # type: ignore[assignment]
    value = exact.get(name)
    return None if value is None else Decimal(value)


def known(found: dict[str, str], name: str = "liquidation_price") -> Decimal:
    """Return a figure before rounding; an example without it says nothing."""
    value = unrounded(found, name)
    assume(value is not None)
    assert value is not None
    return value


def close(left: Decimal, right: Decimal, slack: Decimal = Decimal(0)) -> bool:
    """Return whether two unrounded figures are one."""
    return abs(left - right) <= max(CLOSE * max(abs(left), abs(right)), slack)


def only(sheet: Sheet) -> dict[str, str]:
    """Return the only position of a sheet."""
    row: dict[str, str] = sheet["positions"][0]
    return row


class TestMoreMargin:
    """Adding margin never brings liquidation nearer, below or above the mark."""

    @on_every_exchange
    @few
    @given(st.data(), on_grid("0.01", 1, 10**6))
    def test_the_prices_move_away_or_are_gone(
        self, exchange: str, data: st.DataObject, more: Decimal
    ) -> None:
        sheet = data.draw(isolated(exchange))
        before, after = first(sheet), first(_with(sheet, extra_margin=str(more)))
        assume(before["status"] == LIQUIDATABLE)

        for side, name in zip((1, -1), SHOWN_AS.values(), strict=True):
            if after.get(name) is not None:
                assert (Decimal(before[name]) - Decimal(after[name])) * side >= 0

    @on_every_exchange
    @few
    @given(st.data(), on_grid("0.01", 1, 10**6))
    def test_a_position_that_cannot_be_liquidated_stays_so(
        self, exchange: str, data: st.DataObject, more: Decimal
    ) -> None:
        sheet = data.draw(isolated(exchange, side="long", product="linear"))
        value = Decimal(only(sheet)["qty"]) * Decimal(only(sheet)["entry_price"])
        enough = 2 * value + 4 * grain(sheet, only(sheet))
        safe = _with(sheet, margin=str(enough))
        safer = _with(sheet, margin=str(enough + more))

        assert [first(each)["status"] for each in (safe, safer)] == ["cannot_be_liquidated"] * 2


class TestTheMirror:
    """A short ends as far above its entry as the long ends below, in value and per requirement.

    With margin m, entry value v, rate r, deduction d and no fee, a long of the linear contract
    ends at value (v - m - d)/(1 - r), a short at (v + m + d)/(1 + r): one is the other with the
    signs of m + d and r turned. In one tier that is p_long*(1 - r) + p_short*(1 + r) = 2*entry,
    and p_long + p_short = 2*entry where the requirement is counted at entry and stands still.
    """

    @on_every_exchange
    @few
    @given(st.data())
    def test_both_ends_lie_evenly_around_the_entry(
        self, exchange: str, data: st.DataObject
    ) -> None:
        free = isolated(exchange, product="linear", several_tiers=False)
        sheet = without_fees(data.draw(free))
        rate = Decimal(sheet["tiers"]["X"][0]["mmr"])
        below, above = first(sheet), first(turned(sheet))
        if only(sheet)["side"] == "short":
            below, above = above, below
        low, high = known(below), known(above)

        moving = Decimal(0) if valued_at_entry(sheet, only(sheet)) else rate
        middle = 2 * Decimal(only(sheet)["entry_price"])
        off = slack(sheet, only(sheet))
        assert close(low * (1 - moving) + high * (1 + moving), middle, off)


class TestLinearAndInverse:
    """An inverse long is the linear short of the money: at 1/p, with the sides exchanged.

    An inverse position of q USD settles in the coin; seen from the coin, it is a linear position
    of q in the price 1/p. So the inverse long at entry e ends at 1/p where the linear short of
    the same size at entry 1/e ends at p, if both products are valued alike.
    """

    @pytest.mark.parametrize("exchange", ALIKE)
    @few
    @given(
        st.sampled_from(("long", "short")),
        st.sampled_from(("2", "4", "5", "8", "10", "20")),
        st.sampled_from(("2", "2.5", "8", "12.5", "50")),
    )
    def test_the_prices_are_reciprocal(
        self, exchange: str, side: str, leverage: str, entry: str
    ) -> None:
        reciprocal = str(1 / Decimal(entry))
        row = {"symbol": "X", "side": side, "qty": "1000", "entry_price": entry}
        row |= {"leverage": leverage, "margin": str(1000 / Decimal(entry) / Decimal(leverage))}
        exchanged = row | {"entry_price": reciprocal, "side": opposite(side)}
        inverse = _plain_sheet(exchange, row, "inverse")
        linear = _plain_sheet(exchange, exchanged, "linear")

        one = known(first(inverse)) * known(first(linear))
        assert close(one, Decimal(1), slack(linear, exchanged) * Decimal(entry))


class TestBankruptcy:
    """Bankruptcy lies beyond liquidation, or at it where nothing is required."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_the_margin_is_gone_later(self, exchange: str, data: st.DataObject) -> None:
        found = first(data.draw(isolated(exchange)))
        assume(found["status"] == LIQUIDATABLE)
        liquidation, bankruptcy = known(found), known(found, "bankruptcy_price")

        side = 1 if found["side"] == "long" else -1
        assert (liquidation - bankruptcy) * side >= 0


class TestScaling:
    """Quantity, money and tiers times k leave every price and multiply every amount."""

    @on_every_exchange
    @few
    @given(st.data(), st.sampled_from(("2", "10", "0.5", "0.1", "1000")))
    def test_the_price_stays(self, exchange: str, data: st.DataObject, k: str) -> None:
        sheet = data.draw(isolated(exchange))
        larger = scale_sheet(sheet, Decimal(k))
        before, after = first(sheet), first(larger)
        off = max(slack(each, only(each)) for each in (sheet, larger))

        for name in ("liquidation_price", "bankruptcy_price"):
            old, new = unrounded(before, name), unrounded(after, name)
            assert (old is None) == (new is None)
            assert old is None or new is None or close(old, new, off)
        for name in ("notional", "unrealized_pnl", "maintenance_margin", "margin"):
            apart = 8 * grain(sheet, only(sheet)) * (1 + Decimal(k))
            assert close(known(before, name) * Decimal(k), known(after, name), apart)


class TestAFarTier:
    """A tier that is never reached changes nothing."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_no_figure_moves(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(isolated(exchange))
        rows = sheet["tiers"]["X"]
        far = "1000000000000000"
        last = rows[-1] | {"cap": far}
        beyond = {"floor": far, "mmr": "0.9", "deduction": "0"}
        longer = sheet | {"tiers": {"X": [*rows[:-1], last, beyond]}}
        before, after = first(sheet), first(longer)

        for name in ("tier_range", "max_notional", "max_contracts", "max_qty"):
            before.pop(name, None)
            after.pop(name, None)
        for found in (before, after):
            for name in ("max_notional", "max_contracts", "max_qty"):
                found["exact"].pop(name, None)  # type: ignore[attr-defined]
        assert before == after


class TestUnusedKeys:
    """Optional keys at their defaults change nothing, and neither does asking again."""

    DEFAULTS: tuple[dict[str, object], ...] = (
        {"extra_margin": "0"},
        {"funding_paid": "0"},
        {"fee_reserve": "0"},
        {"accrued_fees": "0"},
        {"collateral": []},
        {"margin_mode": "isolated"},
    )

    @on_every_exchange
    @few
    @given(st.data(), st.sampled_from(DEFAULTS))
    def test_a_default_says_nothing(
        self, exchange: str, data: st.DataObject, default: dict[str, object]
    ) -> None:
        sheet = data.draw(isolated(exchange))
        assume("fee_reserve" not in default or not keeps_a_reserve(sheet, only(sheet)))

        assert answer(sheet) == answer(_with(sheet, **default))

    @on_every_exchange
    @few
    @given(st.data())
    def test_the_same_question_has_the_same_answer(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(isolated(exchange))

        assert answer(sheet) == answer(sheet)

    @on_every_exchange
    @few
    @given(st.data())
    def test_the_mark_says_nothing_about_an_isolated_price(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(isolated(exchange))
        assume(tier_stays(sheet, only(sheet)))
        other = _with(sheet, mark_price=only(sheet)["entry_price"])

        assert close(known(first(sheet)), known(first(other)), slack(sheet, only(sheet)))


class TestEquality:
    """Equity equal to the requirement: inclusive triggers have fired, strict ones have not.

    A long of 1 at 100 with margin 51 and rate 2%: at mark 50 its equity is 1 = 50*2%; where the
    requirement is counted at entry, at mark 51 its equity is 2 = 100*2%.
    """

    @on_every_exchange
    def test_at_the_root_itself(self, exchange: str) -> None:
        sheet = self.sheet(exchange)
        inclusive = rules_of(sheet, "linear").inclusive
        found = first(sheet)

        assert ("already_liquidatable" if inclusive else LIQUIDATABLE) == found["status"]
        assert Decimal(only(sheet)["mark_price"]) == unrounded(found)

    @on_every_exchange
    def test_a_step_above_is_safe(self, exchange: str) -> None:
        assert first(self.sheet(exchange, "0.00000001"))["status"] == LIQUIDATABLE

    @on_every_exchange
    def test_a_step_below_is_liquidatable(self, exchange: str) -> None:
        assert first(self.sheet(exchange, "-0.00000001"))["status"] == "already_liquidatable"

    def sheet(self, exchange: str, step: str = "0") -> Sheet:
        row = {"symbol": "X", "side": "long", "qty": "1", "entry_price": "100", "margin": "51"}
        sheet = _plain_sheet(exchange, row | {"leverage": "2"}, "linear", rate="0.02")
        root = 51 if valued_at_entry(sheet, row) else 50
        return _with(sheet, mark_price=str(root + Decimal(step)))


def _with(sheet: Sheet, **changes: object) -> Sheet:
    return sheet | {"positions": [sheet["positions"][0] | changes]}


def _plain_sheet(exchange: str, row: dict[str, str], product: str, *, rate: str = "0.005") -> Sheet:
    """Return a sheet with one tier and without fees, ticks or minimum."""
    settle = "USDT" if product == "linear" else "COIN"
    contract = {"product": product, "base": "COIN", "quote": "USDT", "settle": settle}
    off = ("isolated.ticks_against_holder", "minimum_requirement")
    sheet = {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "account": {"margin_mode": "isolated"},
        "positions": [row],
        "contracts": {"X": contract | {"contract_size": "1"}},
        "tiers": {"X": [{"floor": "0", "mmr": rate, "deduction": "0"}]},
        "parameters": {name: "0" for path in off for name in setting(exchange, path)},
    }
    return without_fees(sheet)
