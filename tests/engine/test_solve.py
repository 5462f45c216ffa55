"""From a health curve to prices and a status."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liqcalc.engine.curve import Coefficients, Curve
from liqcalc.engine.health import Health
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Solution, Status, solve

D = Decimal
BETWEEN = (D(10), D(-1), D(-16))  # above zero between 2 and 8
LONG = (D(-6), D(2), D(0))  # above zero above 3
SHORT = (D(6), D(-2), D(0))  # above zero below 3


def solved(
    curve: Coefficients, start: str, *, net: int = 1, inclusive: bool = True, both: bool = False
) -> Solution:
    with exact():
        health = Health(Curve(curve), [], [], D(start))
        return solve(health, net=net, inclusive=inclusive, both_sides=both)


def prices(found: Solution) -> list[Decimal | None]:
    ends = (found.lower, found.upper, found.chosen)
    return [None if end is None else end.price for end in ends]


class TestHealthyPositions:
    def test_a_long_ends_below(self) -> None:
        found = solved(LONG, "4")

        assert Status.LIQUIDATABLE_AT_PRICE is found.status
        assert [D(3), None, D(3)] == prices(found)
        assert D(2) == found.health_at_mark

    def test_a_short_ends_above(self) -> None:
        found = solved(SHORT, "2", net=-1)

        assert Status.LIQUIDATABLE_AT_PRICE is found.status
        assert [None, D(3), D(3)] == prices(found)

    def test_no_net_position_counts_as_short(self) -> None:
        assert [None, D(8), D(8)] == prices(solved(BETWEEN, "4", net=0))

    @pytest.mark.parametrize(("net", "chosen"), [(1, 2), (-1, 8)])
    def test_both_ends_if_asked_and_the_losing_one_chosen(self, net: int, chosen: int) -> None:
        assert [D(2), D(8), D(chosen)] == prices(solved(BETWEEN, "4", net=net, both=True))

    def test_the_other_end_where_the_losing_side_has_none(self) -> None:
        found = solved(SHORT, "2", net=1, both=True)

        assert Status.LIQUIDATABLE_AT_PRICE is found.status
        assert [None, D(3), D(3)] == prices(found)

    def test_none_at_all(self) -> None:
        found = solved((D(5), D(1), D(0)), "4", both=True)

        assert Status.CANNOT_BE_LIQUIDATED is found.status
        assert prices(found) == [None, None, None]


class TestTheTrigger:
    @pytest.mark.parametrize(
        ("inclusive", "status"),
        [(True, Status.ALREADY_LIQUIDATABLE), (False, Status.LIQUIDATABLE_AT_PRICE)],
    )
    def test_health_of_exactly_zero(self, inclusive: bool, status: Status) -> None:  # noqa: FBT001
        found = solved(LONG, "3", inclusive=inclusive)

        assert status is found.status
        assert D(3) == prices(found)[2]

    @pytest.mark.parametrize("inclusive", [True, False])
    def test_health_below_zero(self, inclusive: bool) -> None:  # noqa: FBT001
        found = solved(LONG, "2", inclusive=inclusive)

        assert Status.ALREADY_LIQUIDATABLE is found.status
        assert [None, None, D(3)] == prices(found)
        assert D(-2) == found.health_at_mark

    @pytest.mark.parametrize(("dust", "now"), [("1E-33", "0"), ("1E-27", "1E-27")])
    @pytest.mark.parametrize(("slope", "mark"), [("2", "3"), ("2000000", "0.000003")])
    def test_what_divisions_leave_counts_as_zero(
        self, dust: str, now: str, slope: str, mark: str
    ) -> None:
        with exact():
            cash = D(-6) + D(dust)
        found = solved((cash, D(slope), D(0)), mark)

        assert D(now) == found.health_at_mark

    def test_a_short_that_is_liquidatable_recovers_below(self) -> None:
        assert [None, None, D(3)] == prices(solved(SHORT, "4", net=-1))

    @pytest.mark.parametrize(("curve", "mark", "net"), [(SHORT, "4", 1), (LONG, "2", -1)])
    def test_it_recovers_on_the_losing_side_if_nowhere_else(
        self, curve: Coefficients, mark: str, net: int
    ) -> None:
        found = solved(curve, mark, net=net)

        assert Status.ALREADY_LIQUIDATABLE is found.status
        assert D(3) == prices(found)[2]

    def test_it_recovers_nowhere(self) -> None:
        found = solved((D(-5), D(0), D(0)), "4")

        assert Status.ALREADY_LIQUIDATABLE is found.status
        assert prices(found) == [None, None, None]
