"""Laws of tier tables: triples at every edge of real ones, and crossings of invented ones."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import liqcalc
from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.curve import DOWN, UP, Curve
from liqcalc.engine.numbers import exact
from liqcalc.engine.tiers import Schedule, Tier, TierLeg
from tests.laws.compare import TODAY
from tests.strategies import EXCHANGES, text

if TYPE_CHECKING:
    from liqcalc.rules.schema import TierTable

D = Decimal
TABLES = {
    "binance": "BTCUSDT",
    "bybit": "BTCUSDT",
    "okx": "BTC-USDT-SWAP",
    "hyperliquid": "BTC",
}
UPPER_OWNS_EDGE = {"hyperliquid"}  # floor <= size < cap; all others floor < size <= cap


def table(exchange: str, symbol: str) -> TierTable:
    found = liqcalc.load_exchange(exchange).tier_table(symbol, None)
    assert found is not None
    return found


def edges(exchange: str, symbol: str) -> list[int]:
    """Return the row numbers, from 1, that have a row above."""
    return list(range(1, len(table(exchange, symbol).tiers)))


TRIPLES = [
    (exchange, symbol, row)
    for exchange, symbol in TABLES.items()
    if exchange in EXCHANGES
    for row in edges(exchange, symbol)
]


class TestEveryEdgeOfRealTables:
    """A step below an edge the lower row holds, a step above the upper one, at it one of them."""

    STEP = D("0.01")

    def figures(self, exchange: str, symbol: str, size: Decimal) -> tuple[Decimal, Decimal]:
        """Return tier and maintenance of a position of `size` at price 1 (100 for contracts)."""
        unit = "contracts" if exchange == "okx" else "qty"
        row = {"symbol": symbol, "side": "long", unit: text(size), "entry_price": "1"}
        sheet = {"exchange": exchange, "fees": {"taker": "0"}, "positions": [row]}
        found = liqcalc.evaluate(
            sheet | {"positions": [row | {"leverage": "1", "margin_mode": "isolated"}]}, today=TODAY
        ).positions[0]
        assert found.tier is not None
        required = found.exact["maintenance_margin"]
        assert required is not None
        return found.tier, required

    @pytest.mark.parametrize(("exchange", "symbol", "row"), TRIPLES)
    def test_the_number_of_the_tier(self, exchange: str, symbol: str, row: int) -> None:
        cap = table(exchange, symbol).tiers[row - 1].cap
        assert cap is not None
        sizes = (cap - self.STEP, cap, cap + self.STEP)
        numbers = [int(self.figures(exchange, symbol, size)[0]) for size in sizes]

        assert [row, row + (exchange in UPPER_OWNS_EDGE), row + 1] == numbers

    @pytest.mark.parametrize(("exchange", "symbol", "row"), TRIPLES)
    def test_the_maintenance(self, exchange: str, symbol: str, row: int) -> None:
        lower, upper = table(exchange, symbol).tiers[row - 1 : row + 1]
        assert lower.cap is not None
        below, at, above = (lower.cap + step for step in (-self.STEP, D(0), self.STEP))
        value = D("0.01") if exchange == "okx" else D(1)  # of a contract, of a coin
        found = [self.figures(exchange, symbol, size)[1] for size in (below, at, above)]
        owner = upper if exchange in UPPER_OWNS_EDGE else lower

        assert [
            below * value * lower.mmr - lower.deduction,
            at * value * owner.mmr - owner.deduction,
            above * value * upper.mmr - upper.deduction,
        ] == found

    @pytest.mark.parametrize(("exchange", "symbol", "row"), TRIPLES)
    def test_only_whole_rates_jump(self, exchange: str, symbol: str, row: int) -> None:
        lower, upper = table(exchange, symbol).tiers[row - 1 : row + 1]
        cap = lower.cap
        assert cap is not None
        jump = (cap * upper.mmr - upper.deduction) - (cap * lower.mmr - lower.deduction)

        if exchange == "okx":
            assert jump > 0
        else:
            assert abs(jump) < D("1e-6")  # a third of a cent is not a finite decimal


LINEAR = Contract("X", Product.LINEAR, "COIN", "USDT", "USDT")
INVERSE = Contract("X", Product.INVERSE, "COIN", "USD", "COIN")
LOW = Tier(floor=D(0), cap=D(100), mmr=D("0.1"))
HIGH = Tier(floor=D(100), cap=D(200), mmr=D("0.2"))
WHOLE = (LOW, HIGH)
MARGINAL = (LOW, HIGH._replace(deduction=D(10)))


def maintenance(contract: Contract, rows: tuple[Tier, ...], qty: int, **kind: bool) -> TierLeg:
    return TierLeg(contract, D(qty), Schedule(rows, **kind), factor=D(1))


class TestNoJumpAtAContinuousEdge:
    """Marginal maintenance is the same from both rows at their edge."""

    @pytest.mark.parametrize("contract", [LINEAR, INVERSE])
    def test_health_is_continuous(self, contract: Contract) -> None:
        leg = maintenance(contract, MARGINAL, 2)
        edge = leg.edge(0, UP if contract.linear else DOWN)
        assert edge is not None
        curve = Curve((D(0), D(0), D(0)), [leg])
        around = [curve.at(edge * factor) for factor in (D("0.999999999"), D(1), D("1.000000001"))]

        assert D(-10) == around[1]
        assert all(abs(value + 10) < D("1e-7") for value in around)

    def test_a_root_at_the_edge_is_found_from_both_sides(self) -> None:
        # health = 2*p - 90 - maintenance; at p = 50: 100 - 90 - 10 = 0.
        for start, direction in ((D(60), DOWN), (D(40), UP)):
            curve = Curve((D(-90), D(2), D(0)), [maintenance(LINEAR, MARGINAL, 2)])
            crossing = curve.crossing(curve.stand(start), direction)
            assert crossing is not None
            assert D(50) == crossing.price


class TestTheRightSideOfAJump:
    """Where a whole rate jumps over the backing at an edge, the edge itself is the price."""

    def crossing(self, contract: Contract, cash: str, slope: int, start: int, way: int) -> object:
        with exact():
            curve = Curve((D(cash), D(slope), D(0)), [maintenance(contract, WHOLE, 2)])
            found = curve.crossing(curve.stand(D(start)), way)
        return None if found is None else (found.price, found.jump)

    def test_a_short_that_grows_into_the_higher_row(self) -> None:
        # cash 115 - 2*p - rate*2*p: at 50 from below 115 - 100 - 10 = 5, from above -5.
        assert (D(50), True) == self.crossing(LINEAR, "115", -2, 40, UP)

    def test_a_short_whose_root_lies_before_the_edge(self) -> None:
        # cash 99 - 2.2*p = 0 at p = 45.
        assert (D(45), False) == self.crossing(LINEAR, "99", -2, 40, UP)

    def test_a_short_whose_root_lies_behind_the_edge(self) -> None:
        # cash 132 - 2.4*p = 0 at p = 55; at the edge 132 - 120 = 12 is left.
        assert (D(55), False) == self.crossing(LINEAR, "132", -2, 40, UP)

    def test_an_inverse_position_meets_the_edge_as_the_price_falls(self) -> None:
        # value 2/p: above 100 below p = 0.02; cash 15, required 10 before and 20 behind it.
        assert (D("0.02"), True) == self.crossing(INVERSE, "15", 0, 1, DOWN)

    @pytest.mark.parametrize(("edge_in_lower", "row"), [(True, 0), (False, 1)])
    def test_the_edge_belongs_to_one_row(self, edge_in_lower: bool, row: int) -> None:  # noqa: FBT001
        leg = maintenance(LINEAR, WHOLE, 2, edge_in_lower=edge_in_lower)

        assert [0, row, 1] == [leg.index_at(D(price)) for price in ("49.99", "50", "50.01")]
