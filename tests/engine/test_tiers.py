"""Tables of tiers and what they require."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.curve import DOWN, UP
from liqcalc.engine.tiers import Schedule, Tier, TierLeg

D = Decimal
LINEAR = Contract("X", Product.LINEAR, "COIN", "USDT", "USDT")
INVERSE = Contract("X", Product.INVERSE, "COIN", "USD", "COIN")
ROWS = (
    Tier(floor=D(0), cap=D(100), mmr=D("0.1"), max_leverage=D(5)),
    Tier(floor=D(100), cap=D(200), mmr=D("0.2"), deduction=D(10), max_leverage=D(2)),
    Tier(floor=D(200), cap=D(500), mmr=D("0.3"), deduction=D(30), max_leverage=D(1)),
)
TABLE = Schedule(ROWS)


class TestTheRowOfASize:
    def test_a_cap_belongs_to_its_row(self) -> None:
        assert [TABLE.index_at(D(s)) for s in ("99.9", "100", "100.1", "200", "201")] == [
            0,
            0,
            1,
            1,
            2,
        ]

    def test_or_to_the_next_one(self) -> None:
        table = TABLE._replace(edge_in_lower=False)

        assert [table.index_at(D(s)) for s in ("99.9", "100", "199.9", "200")] == [0, 1, 1, 2]

    def test_the_last_row_goes_on(self) -> None:
        assert [TABLE.index_at(D(s)) for s in ("500", "10000")] == [2, 2]

    def test_a_row_without_a_cap_holds_all(self) -> None:
        assert Schedule((Tier(floor=D(0), mmr=D("0.1")),)).index_at(D(10) ** 9) == 0


class TestBeyondTheTable:
    def test_only_above_the_last_cap(self) -> None:
        assert [TABLE.beyond(D(s)) for s in ("499", "500", "500.1")] == [False, False, True]

    def test_unknown_only_if_rows_are_missing(self) -> None:
        table = TABLE._replace(complete=False)

        assert [each.unknown_beyond(D(501)) for each in (TABLE, table)] == [False, True]
        assert not table.unknown_beyond(D(500))

    def test_never_without_a_last_cap(self) -> None:
        assert not Schedule((Tier(floor=D(0), mmr=D("0.1")),)).beyond(D(10) ** 9)


class TestTheLargestSize:
    @pytest.mark.parametrize(
        ("leverage", "size"),
        [("1", 500), ("1.5", 200), ("2", 200), ("3", 100), ("5", 100), ("6", 0)],
    )
    def test_is_the_cap_of_the_last_row_that_allows_the_leverage(
        self, leverage: str, size: int
    ) -> None:
        assert D(size) == TABLE.largest_for(D(leverage))

    def test_without_leverage_it_is_the_last_cap(self) -> None:
        assert D(500) == TABLE.largest_for(None)

    def test_without_a_cap_it_is_unlimited(self) -> None:
        assert Schedule((Tier(floor=D(0), mmr=D("0.1")),)).largest_for(D(9)) is None


class TestMaintenanceAsThePriceMoves:
    def leg(self, contract: Contract = LINEAR, factor: str = "1", **more: Decimal) -> TierLeg:
        return TierLeg(contract, D(2), TABLE, factor=D(factor), **more)

    def test_the_edges_of_a_linear_position_of_two(self) -> None:
        leg = self.leg()

        assert [D(50), D(100), None] == [leg.edge(index, UP) for index in range(3)]
        assert [None, D(50), D(100)] == [leg.edge(index, DOWN) for index in range(3)]
        assert [leg.beyond(0, UP), leg.beyond(1, DOWN)] == [1, 0]

    def test_the_edges_of_an_inverse_position_of_two(self) -> None:
        leg = self.leg(INVERSE)  # value 2/p falls as the price rises

        assert [None, D("0.02"), D("0.01")] == [leg.edge(index, UP) for index in range(3)]
        assert [D("0.02"), D("0.01"), None] == [leg.edge(index, DOWN) for index in range(3)]
        assert [leg.beyond(1, UP), leg.beyond(0, DOWN)] == [0, 1]

    def test_what_is_required(self) -> None:
        assert (D(10), D("-0.4"), D(0)) == self.leg().coefficients(1)  # -(2*p*0.2 - 10)
        assert (D(30), D(0), D("-0.6")) == self.leg(INVERSE).coefficients(2)

    def test_a_share_of_it(self) -> None:
        assert (D(5), D("-0.2"), D(0)) == self.leg(factor="0.5").coefficients(1)

    def test_orders_move_the_edges(self) -> None:
        leg = self.leg(orders=D(40))  # 2*p + 40 = 100 at 30

        assert [D(30), D(80), None] == [leg.edge(index, UP) for index in range(3)]
        assert [leg.index_at(D(p)) for p in ("29", "30", "31")] == [0, 0, 1]

    def test_orders_above_a_cap_leave_no_edge(self) -> None:
        assert self.leg(orders=D(100)).edge(1, DOWN) is None

    def test_orders_that_require_margin_pay_the_rate_of_the_row(self) -> None:
        leg = self.leg(orders=D(40), required_orders=D(40))

        # -(0.2*(2*p + 40) - 10) = 2 - 0.4*p, continuous with -0.1*(2*p + 40) at p = 30
        assert (D(2), D("-0.4"), D(0)) == leg.coefficients(1)
        assert (D(-4), D("-0.2"), D(0)) == leg.coefficients(0)
