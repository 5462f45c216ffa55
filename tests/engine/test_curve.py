"""Zeros and crossings of a + b*p + c/p, worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liqcalc.engine.curve import (
    DOWN,
    UP,
    Coefficients,
    Crossing,
    Curve,
    Kink,
    Leg,
    Scaled,
    evaluate,
    plus,
    scaled,
    times,
    times_price,
    zeros,
)
from liqcalc.engine.numbers import exact

D = Decimal


def triple(a: str | int, b: str | int, c: str | int) -> Coefficients:
    return D(a), D(b), D(c)


class Steps:
    """A leg of constant pieces between edges."""

    def __init__(self, edges: list[str], pieces: list[Coefficients]) -> None:
        self.edges = [D(edge) for edge in edges]
        self.pieces = pieces

    def index_at(self, price: Decimal) -> int:
        return sum(edge < price for edge in self.edges)

    def edge(self, index: int, direction: int) -> Decimal | None:
        place = index if direction == UP else index - 1
        return self.edges[place] if 0 <= place < len(self.edges) else None

    def beyond(self, index: int, direction: int) -> int:
        return index + direction

    def coefficients(self, index: int) -> Coefficients:
        return self.pieces[index]


def cross(base: Coefficients, start: str, way: int, *legs: Leg) -> Crossing | None:
    with exact():
        curve = Curve(base, legs)
        return curve.crossing(curve.stand(D(start)), way)


class TestValue:
    def test_each_part_counts(self) -> None:
        assert D("13.5") == evaluate(triple(5, 3, "2.5"), D("2.5")) == D(5) + D("7.5") + D(1)

    def test_without_c_nothing_is_divided(self) -> None:
        assert D(5) == evaluate(triple(5, 3, 0), D(0))


class TestZeros:
    @pytest.mark.parametrize(
        ("coefficients", "expected"),
        [
            (triple(-6, 2, 0), ["3"]),  # 2*p = 6
            (triple(6, 2, 0), []),  # p = -3
            (triple(5, 0, 0), []),
            (triple(0, 0, 0), []),
            (triple(0, 0, 5), []),
            (triple(-4, 0, 10), ["2.5"]),  # 10/p = 4
            (triple(4, 0, 10), []),
            (triple(0, 2, 0), []),  # p = 0 is no price
            (triple(-5, 1, 6), ["2", "3"]),  # p^2 - 5p + 6
            (triple(5, -1, -6), ["2", "3"]),
            (triple(5, 1, 6), []),  # both negative
            (triple(-1, 1, -6), ["3"]),  # p^2 - p - 6: 3 and -2
            (triple(1, 1, -6), ["2"]),  # 2 and -3
            (triple(-4, 1, 4), ["2", "2"]),  # (p - 2)^2
            (triple(-1, 1, 1), []),  # no real root
            (triple(0, 1, -4), ["2"]),  # p^2 = 4
            (triple(0, 1, 4), []),
            (triple(0, -2, 8), ["2"]),
        ],
    )
    def test_the_positive_ones_in_order(
        self, coefficients: Coefficients, expected: list[str]
    ) -> None:
        with exact():
            assert [D(root) for root in expected] == zeros(coefficients)

    def test_no_digit_is_lost_where_the_roots_lie_far_apart(self) -> None:
        # p^2 - (10^20 + 10^-10)*p + 10^10 has the roots 10^-10 and 10^20.
        with exact():
            assert [D("1E-10"), D("1E+20")] == zeros((-D("1E+20") - D("1E-10"), D(1), D("1E+10")))

    def test_no_digit_is_lost_where_the_roots_lie_together(self) -> None:
        # (p - 1)*(p - 1.0000000000000001): sum 2.0000000000000001, product 1.0000000000000001.
        with exact():
            found = zeros((D("-2.0000000000000001"), D(1), D("1.0000000000000001")))

        assert [D(1), D("1.0000000000000001")] == found


class TestCrossing:
    def test_down_and_up_from_between_two_roots(self) -> None:
        # -(p - 2)*(p - 8)/p = 10 - p - 16/p is above zero between 2 and 8.
        curve = triple(10, -1, -16)

        assert [D(2), D(8)] == [
            found.price for way in (DOWN, UP) if (found := cross(curve, "4", way))
        ]

    def test_the_nearer_of_two_roots_is_met(self) -> None:
        curve = triple(10, -1, -16)

        assert [D(8), D(2)] == [
            found.price
            for start, way in (("10", DOWN), ("1", UP))
            if (found := cross(curve, start, way))
        ]

    def test_none_on_the_side_without_a_root(self) -> None:
        assert cross(triple(-6, 2, 0), "4", UP) is None
        assert cross(triple(-6, 2, 0), "2", DOWN) is None

    def test_the_start_itself_when_zero_there(self) -> None:
        for way in (UP, DOWN):
            found = cross(triple(-6, 2, 0), "3", way)
            assert found == Crossing(D(3), triple(-6, 2, 0), (), jump=False)

    def test_a_root_of_another_piece_does_not_count(self) -> None:
        # Up to 5 the curve is 1, beyond it 12 - p: the root is 12, not what 1 would have.
        leg = Steps(["5"], [triple(1, 0, 0), triple(12, -1, 0)])
        found = cross(triple(0, 0, 0), "2", UP, leg)

        assert found is not None
        assert (D(12), (1,), False) == (found.price, found.indexes, found.jump)

    def test_a_root_on_the_edge_belongs_to_the_piece_before(self) -> None:
        leg = Steps(["5"], [triple(5, -1, 0), triple(-3, 0, 0)])
        found = cross(triple(0, 0, 0), "2", UP, leg)

        assert found is not None
        assert (D(5), (0,), False) == (found.price, found.indexes, found.jump)

    @pytest.mark.parametrize("hair", ["1E-33", "0", "-1E-33"])
    @pytest.mark.parametrize(("start", "way"), [("2", UP), ("9", DOWN)])
    def test_a_root_on_the_edge_is_not_lost_by_its_last_digit(
        self, hair: str, start: str, way: int
    ) -> None:
        # 5 - p up to the edge, 10 - 2*p beyond it, each a hair off at its own side.
        with exact():
            pieces = [(D(5) + D(hair), D(-1), D(0)), (D(10) - 2 * D(hair), D(-2), D(0))]
        found = cross(triple(0, 0, 0), start, way, Steps(["5"], pieces))

        assert found is not None
        assert abs(found.price - 5) < D("1E-30")

    @pytest.mark.parametrize(("start", "way"), [("2", UP), ("9", DOWN)])
    def test_a_jump_over_zero_is_the_crossing(self, start: str, way: int) -> None:
        leg = Steps(["5"], [triple(1, 0, 0), triple(-1, 0, 0)])
        found = cross(triple(0, 0, 0), start, way, leg)
        behind = 1 if way == UP else 0

        assert found == Crossing(D(5), leg.pieces[behind], (behind,), jump=True)

    @pytest.mark.parametrize(("start", "way"), [("2", UP), ("9", DOWN)])
    def test_a_jump_to_exactly_zero_is_the_crossing(self, start: str, way: int) -> None:
        pieces = [triple(1, 0, 0), triple(0, 0, 0)][::way]
        found = cross(triple(0, 0, 0), start, way, Steps(["5"], pieces))

        assert found is not None
        assert D(5) == found.price

    @pytest.mark.parametrize(("start", "way"), [("2", UP), ("9", DOWN)])
    def test_a_recovery_that_begins_at_zero_on_the_edge(self, start: str, way: int) -> None:
        # -1 before the edge; p - 5 (or 5 - p) beyond it.
        pieces = [triple(-1, 0, 0), triple(-5 * way, way, 0)][::way]
        found = cross(triple(0, 0, 0), start, way, Steps(["5"], pieces))

        assert found is not None
        assert (D(5), False) == (found.price, found.jump)

    @pytest.mark.parametrize(("start", "way"), [("2", UP), ("9", DOWN)])
    def test_a_touch_of_zero_on_the_edge_is_not_lost_by_its_last_digit(
        self, start: str, way: int
    ) -> None:
        with exact():
            hair = D("1E-33")
            pieces = [(D(5) + hair, D(-1), D(0)), (D(-5) + hair, D(1), D(0))]
        found = cross(triple(0, 0, 0), start, way, Steps(["5"], pieces))

        assert found is not None
        assert abs(found.price - 5) < D("1E-30")

    @pytest.mark.parametrize(("start", "way"), [("1", UP), ("9", DOWN)])
    def test_the_nearest_edge_comes_first(self, start: str, way: int) -> None:
        # 3 up to 4, beyond it 5 - p with its root at 5; what 6 adds comes too late to help.
        # Downwards 3 down to 6, below it p - 5; what 4 adds comes too late.
        if way == UP:
            one = Steps(["4"], [triple(0, 0, 0), triple(2, -1, 0)])
            two = Steps(["6"], [triple(0, 0, 0), triple(10, 0, 0)])
        else:
            one = Steps(["6"], [triple(-8, 1, 0), triple(0, 0, 0)])
            two = Steps(["4"], [triple(10, 0, 0), triple(0, 0, 0)])
        found = cross(triple(3, 0, 0), start, way, one, two)

        assert found is not None
        assert (D(5), False) == (found.price, found.jump)

    @pytest.mark.parametrize(("start", "way", "expected"), [("1", UP, "6.5"), ("9", DOWN, "3.5")])
    def test_each_leg_changes_at_its_own_edge(self, start: str, way: int, expected: str) -> None:
        # Upwards: 3, from 4 on 3 + 4 - p, from 6 on that - 0.5 = 6.5 - p.
        # Downwards: 3, below 6 on 3 - 6 + p, below 4 on that - 0.5 = p - 3.5.
        if way == UP:
            one = Steps(["4"], [triple(0, 0, 0), triple(4, -1, 0)])
            two = Steps(["6"], [triple(0, 0, 0), triple("-0.5", 0, 0)])
        else:
            one = Steps(["6"], [triple(-6, 1, 0), triple(0, 0, 0)])
            two = Steps(["4"], [triple("-0.5", 0, 0), triple(0, 0, 0)])
        found = cross(triple(3, 0, 0), start, way, one, two)

        assert found is not None
        assert (D(expected), False) == (found.price, found.jump)

    def test_a_jump_that_stays_above_zero_is_passed(self) -> None:
        leg = Steps(["5", "7"], [triple(3, 0, 0), triple(1, 0, 0), triple(10, -1, 0)])
        found = cross(triple(0, 0, 0), "2", UP, leg)

        assert found is not None
        assert (D(10), (2,)) == (found.price, found.indexes)

    def test_two_legs_change_at_one_edge(self) -> None:
        # 4 up to 5; beyond it 4 - 1 - 1 = 2, sinking by 1: zero at 2 + 5 = 7.
        one = Steps(["5"], [triple(0, 0, 0), triple(-1, 0, 0)])
        two = Steps(["5"], [triple(0, 0, 0), triple(4, -1, 0)])
        found = cross(triple(4, 0, 0), "2", UP, one, two)

        assert found is not None
        assert (D(7), (1, 1), triple(7, -1, 0)) == (found.price, found.indexes, found.coefficients)

    def test_the_nearest_edge_comes_first_on_the_way_down(self) -> None:
        one = Steps(["3"], [triple(-9, 0, 0), triple(0, 0, 0)])
        two = Steps(["6"], [triple(-4, 1, 0), triple(0, 0, 0)])
        # Above 6: 2. From 6 to 3: 2 + (-4 + p) = p - 2 stays above 0. At 3: 3 - 2 - 9 < 0.
        found = cross(triple(2, 0, 0), "8", DOWN, one, two)

        assert found is not None
        assert (D(3), True) == (found.price, found.jump)

    def test_the_value_of_the_curve_sums_the_legs(self) -> None:
        leg = Steps(["5"], [triple(1, 0, 0), triple(0, 2, 0)])
        curve = Curve(triple(10, 0, 0), [leg])

        assert [D(11), D(11), D(22)] == [curve.at(D(price)) for price in (4, 5, 6)]


class TestTerms:
    def test_sums(self) -> None:
        assert triple(5, 7, 9) == plus(triple(1, 2, 3), triple(4, 5, 6))

    def test_multiples(self) -> None:
        assert triple(2, 4, 6) == times(triple(1, 2, 3), D(2))

    def test_coins_become_money_at_a_moving_price(self) -> None:
        # (10 + 6/p)*p/2 = 3 + 5*p
        assert triple(3, 5, 0) == times_price(triple(10, 0, 6), D(2))

    def test_a_price_in_units_of_its_mark(self) -> None:
        # 1 + 2*p + 8/p with p = 4*x: 1 + 8*x + 2/x
        assert triple(1, 8, 2) == scaled(triple(1, 2, 8), D(4))

    def test_a_leg_in_units_of_its_mark(self) -> None:
        leg = Scaled(Steps(["8"], [triple(1, 2, 8), triple(0, 0, 0)]), D(4))

        assert [leg.index_at(D(factor)) for factor in ("1", "2", "2.01")] == [0, 0, 1]
        assert [D(2), None, None, D(2)] == [
            leg.edge(index, way) for index in (0, 1) for way in (UP, DOWN)
        ]
        assert [leg.beyond(0, UP), leg.beyond(1, DOWN)] == [1, 0]
        assert triple(1, 8, 2) == leg.coefficients(0)


class TestKink:
    """A coin is worth 0.5 held and 2 owed."""

    def kink(self, amount: Coefficients, mark: str | None = None) -> Kink:
        at = None if mark is None else D(mark)
        with exact():
            return Kink(amount, positive=D("0.5"), negative=D(2), mark=at)

    def test_it_bends_where_the_amount_is_zero(self) -> None:
        kink = self.kink(triple(-10, 2, 0))  # zero at 5

        assert [D(-4), D(0), D(1)] == [
            evaluate(kink.coefficients(kink.index_at(D(p))), D(p)) for p in (4, 5, 6)
        ]
        assert [D(5), None] == [kink.edge(0, UP), kink.edge(0, DOWN)]
        assert [None, D(5)] == [kink.edge(1, UP), kink.edge(1, DOWN)]
        assert [kink.beyond(0, UP), kink.beyond(1, DOWN)] == [1, 0]

    def test_it_bends_twice_where_the_amount_has_two_zeros(self) -> None:
        kink = self.kink(triple(10, -1, -16))  # above zero between 2 and 8

        assert [D(-14), D(1), D("-3.2")] == [
            evaluate(kink.coefficients(kink.index_at(D(p))), D(p)) for p in (1, 4, 10)
        ]
        assert [D(2), D(8)] == [kink.edge(1, DOWN), kink.edge(1, UP)]

    def test_it_bends_between_zeros_that_lie_together(self) -> None:
        kink = self.kink(triple(9, -1, -20))  # above zero between 4 and 5

        assert D("0.5") == kink.coefficients(kink.index_at(D("4.5")))[0] / 9

    @pytest.mark.parametrize(("cash", "worth"), [("3", "1.5"), ("0.5", "0.25"), ("-3", "-6")])
    def test_a_constant_does_not_bend(self, cash: str, worth: str) -> None:
        kink = self.kink(triple(cash, 0, 0))

        assert D(worth) == evaluate(kink.coefficients(0), D(7))
        assert [kink.edge(0, UP), kink.edge(0, DOWN)] == [None, None]

    def test_the_coins_own_price_moves_too(self) -> None:
        kink = self.kink(triple(3, 0, 12), mark="2")  # (3 + 12/p)*0.5*p/2 at 4: 6*0.5*2

        assert D(6) == evaluate(kink.coefficients(0), D(4))

    def test_a_curve_is_solved_through_it(self) -> None:
        # cash 6 and an amount 2*p - 10: 6 + 2*(2*p - 10) = 0 at p = 3.5.
        found = cross(triple(6, 0, 0), "6", DOWN, self.kink(triple(-10, 2, 0)))

        assert found is not None
        assert (D("3.5"), (0,), False) == (found.price, found.indexes, found.jump)
