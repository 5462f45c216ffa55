"""Laws of one isolated position, on free positions of every exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.compare import Sheet, answer
from tests.strategies import EXCHANGES, isolated, on_grid, scale_sheet, turned

on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)
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


def close(left: Decimal, right: Decimal) -> bool:
    """Return whether two unrounded figures are one."""
    return abs(left - right) <= CLOSE * max(abs(left), abs(right))


class TestMoreMargin:
    """Adding margin never brings liquidation nearer."""

    @on_every_exchange
    @given(st.data(), on_grid("0.01", 1, 10**6))
    def test_the_price_moves_away_or_is_gone(
        self, exchange: str, data: st.DataObject, more: Decimal
    ) -> None:
        sheet = data.draw(isolated(exchange))
        richer = _with(sheet, extra_margin=str(more))
        side = 1 if sheet["positions"][0]["side"] == "long" else -1
        before, after = known(first(sheet)), unrounded(first(richer))

        assert after is None or (before - after) * side > 0

    @on_every_exchange
    @given(st.data(), on_grid("0.01", 1, 10**6))
    def test_a_position_that_cannot_be_liquidated_stays_so(
        self, exchange: str, data: st.DataObject, more: Decimal
    ) -> None:
        sheet = data.draw(isolated(exchange, side="long", product="linear"))
        row = sheet["positions"][0]
        value = Decimal(row["qty"]) * Decimal(row["entry_price"])
        safe = _with(sheet, margin=str(2 * value))
        safer = _with(sheet, margin=str(2 * value + more))

        assert [first(each)["status"] for each in (safe, safer)] == ["cannot_be_liquidated"] * 2


class TestTheMirror:
    """A short ends as far above its entry as the long ends below, in value and per requirement.

    With margin m, entry value v, rate r, deduction d and no fee, a long of the linear contract
    ends at value (v - m - d)/(1 - r), a short at (v + m + d)/(1 + r): one is the other with the
    signs of m + d and r turned. In one tier that is p_long*(1 - r) + p_short*(1 + r) = 2*entry.
    """

    @on_every_exchange
    @given(st.data())
    def test_both_ends_lie_evenly_around_the_entry(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(isolated(exchange, product="linear", taker="0", several_tiers=False))
        rate = Decimal(str(sheet["tiers"][sheet["positions"][0]["symbol"]][0]["mmr"]))
        below, above = first(sheet), first(turned(sheet))
        if sheet["positions"][0]["side"] == "short":
            below, above = above, below
        low, high = known(below), known(above)
        assume(exchange != "bybit" or sheet["rules"] == "mark_based")

        entry = Decimal(sheet["positions"][0]["entry_price"])
        assert close(low * (1 - rate) + high * (1 + rate), 2 * entry)


class TestLinearAndInverse:
    """An inverse long is the linear short of the money: at 1/p, with the sides exchanged.

    An inverse position of q USD settles in the coin; seen from the coin, it is a linear position
    of q in the price 1/p. So the inverse long at entry e ends at 1/p where the linear short of
    the same size at entry 1/e ends at p.
    """

    @given(
        st.sampled_from([name for name in EXCHANGES if name != "hyperliquid"]),
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
        opposite = row | {"entry_price": reciprocal, "side": _other(side)}
        inverse = _plain_sheet(exchange, row, "inverse")
        linear = _plain_sheet(exchange, opposite, "linear")

        assert close(known(first(inverse)) * known(first(linear)), Decimal(1))


class TestBankruptcy:
    """Bankruptcy lies beyond liquidation, or at it where nothing is required."""

    @on_every_exchange
    @given(st.data())
    def test_the_margin_is_gone_later(self, exchange: str, data: st.DataObject) -> None:
        found = first(data.draw(isolated(exchange)))
        assume(found["status"] == LIQUIDATABLE)
        liquidation, bankruptcy = known(found), known(found, "bankruptcy_price")

        side = 1 if found["side"] == "long" else -1
        assert (liquidation - bankruptcy) * side > 0


class TestScaling:
    """Quantity, money and tiers times k leave every price and multiply every amount."""

    @on_every_exchange
    @given(st.data(), st.sampled_from(("2", "10", "0.5", "0.1", "1000")))
    def test_the_price_stays(self, exchange: str, data: st.DataObject, k: str) -> None:
        sheet = data.draw(isolated(exchange))
        before, after = first(sheet), first(scale_sheet(sheet, Decimal(k)))

        for name in ("liquidation_price", "bankruptcy_price"):
            old, new = unrounded(before, name), unrounded(after, name)
            assert (old is None) == (new is None)
            assert old is None or new is None or close(old, new)
        for name in ("notional", "unrealized_pnl", "maintenance_margin", "margin"):
            assert close(known(before, name) * Decimal(k), known(after, name))


class TestAFarTier:
    """A tier that is never reached changes nothing."""

    @on_every_exchange
    @given(st.data())
    def test_no_figure_moves(self, exchange: str, data: st.DataObject) -> None:
        sheet = data.draw(isolated(exchange))
        symbol = sheet["positions"][0]["symbol"]
        rows = sheet["tiers"][symbol]
        far = "1000000000000000"
        last = rows[-1] | {"cap": far}
        beyond = {"floor": far, "mmr": "0.9", "deduction": "0"}
        longer = sheet | {"tiers": {symbol: [*rows[:-1], last, beyond]}}
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
    @given(st.data(), st.sampled_from(DEFAULTS))
    def test_a_default_says_nothing(
        self, exchange: str, data: st.DataObject, default: dict[str, object]
    ) -> None:
        sheet = data.draw(isolated(exchange))

        assert answer(sheet) == answer(_with(sheet, **default))

    @on_every_exchange
    @given(st.data())
    def test_the_same_question_has_the_same_answer(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(isolated(exchange))

        assert answer(sheet) == answer(sheet)

    @on_every_exchange
    @given(st.data())
    def test_the_mark_says_nothing_about_an_isolated_price(
        self, exchange: str, data: st.DataObject
    ) -> None:
        sheet = data.draw(isolated(exchange))
        other = _with(sheet, mark_price=sheet["positions"][0]["entry_price"])

        assert close(known(first(sheet)), known(first(other)))


class TestEquality:
    """Equity equal to the requirement: inclusive triggers have fired, strict ones have not.

    A long of 1 at 100 with margin 51 and rate 2% at mark 50: equity 1 = 50*2%.
    """

    STATUS: ClassVar[dict[str, str]] = {
        "binance": "already_liquidatable",
        "bybit": "already_liquidatable",
        "okx": "already_liquidatable",
        "hyperliquid": LIQUIDATABLE,
    }

    @pytest.mark.parametrize(("exchange", "status"), STATUS.items())
    def test_at_the_root_itself(self, exchange: str, status: str) -> None:
        found = first(self.sheet(exchange, "50"))

        assert status == found["status"]
        assert Decimal(50) == unrounded(found)

    @on_every_exchange
    def test_a_step_above_is_safe(self, exchange: str) -> None:
        assert first(self.sheet(exchange, "50.00000001"))["status"] == LIQUIDATABLE

    @on_every_exchange
    def test_a_step_below_is_liquidatable(self, exchange: str) -> None:
        assert first(self.sheet(exchange, "49.99999999"))["status"] == "already_liquidatable"

    def sheet(self, exchange: str, mark: str) -> Sheet:
        row = {"symbol": "X", "side": "long", "qty": "1", "entry_price": "100", "margin": "51"}
        found = _plain_sheet(exchange, row | {"mark_price": mark}, "linear", rate="0.02")
        return found | {"parameters": {"isolated_tick_steps": "0"} if exchange == "okx" else {}}


def _with(sheet: Sheet, **changes: object) -> Sheet:
    return sheet | {"positions": [sheet["positions"][0] | changes]}


def _other(side: str) -> str:
    return "short" if side == "long" else "long"


def _plain_sheet(exchange: str, row: dict[str, str], product: str, *, rate: str = "0.005") -> Sheet:
    """Return a sheet with one tier and without fees."""
    settle = "USDT" if product == "linear" else "COIN"
    contract = {"product": product, "base": "COIN", "quote": "USDT", "settle": settle}
    return {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "account": {"margin_mode": "isolated"},
        "positions": [row],
        "contracts": {"X": contract | {"contract_size": "1"}},
        "tiers": {"X": [{"floor": "0", "mmr": rate, "deduction": "0"}]},
        "fees": {"taker": "0"},
    }
