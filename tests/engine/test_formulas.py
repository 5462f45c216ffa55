"""The formulas, with numbers worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liqcalc.engine import formulas
from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.numbers import exact

D = Decimal
LINEAR = Contract("X", Product.LINEAR, "COIN", "USDT", "USDT")
INVERSE = Contract("X", Product.INVERSE, "COIN", "USD", "COIN")


class TestProfit:
    """A long of a linear contract gains as its value grows, of an inverse one as it falls."""

    @pytest.mark.parametrize(
        ("contract", "side", "expected"),
        [(LINEAR, 1, "20"), (LINEAR, -1, "-20"), (INVERSE, 1, "0.1"), (INVERSE, -1, "-0.1")],
    )
    def test_of_two_from_ten_to_twenty(self, contract: Contract, side: int, expected: str) -> None:
        entry, now = (contract.value(D(2), D(price)) for price in (10, 20))

        assert D(expected) == formulas.pnl(contract.drift(side), now, entry)


class TestMaintenance:
    def test_rate_less_deduction(self) -> None:
        assert D(15) == formulas.maintenance(D(500), D("0.05"), D(10))


class TestBankruptcy:
    """The value at which margin is gone: of the position's own margin, or of its leverage's."""

    def test_of_a_long_without_fee(self) -> None:
        assert D(900) == formulas.bankruptcy_value(1, D(1000), D(100), D(0))

    def test_of_a_short_without_fee(self) -> None:
        assert D(1100) == formulas.bankruptcy_value(-1, D(1000), D(100), D(0))

    def test_with_a_fee_to_close(self) -> None:
        # 800 left at v: 100 + (v - 1000) = 0.1*v at v = 1000; a short: 100 - (v - 1000) = 0.1*v
        assert D(1000) == formulas.bankruptcy_value(1, D(1000), D(100), D("0.1"))
        assert D(1000) == formulas.bankruptcy_value(-1, D(1000), D(100), D("0.1"))

    @pytest.mark.parametrize(("drift", "expected"), [(1, 800), (-1, 1200)])
    def test_at_five_times_leverage(self, drift: int, expected: int) -> None:
        assert D(expected) == formulas.leverage_bankruptcy_value(drift, D(1000), D(5))

    def test_it_divides_last(self) -> None:
        with exact():  # 1000/3*3 would not be 1000
            assert D("666.6666666666666666666666666666667") == (
                formulas.leverage_bankruptcy_value(1, D(1000), D(3))
            )


class TestContracts:
    def test_value(self) -> None:
        assert [D(20), D("0.2")] == [c.value(D(2), D(10)) for c in (LINEAR, INVERSE)]

    def test_the_price_of_a_value(self) -> None:
        assert [D(10), D("0.1")] == [c.price_of(D(20), D(2)) for c in (LINEAR, INVERSE)]

    @pytest.mark.parametrize("value", [0, -5])
    def test_no_price_of_a_value_that_is_not_above_zero(self, value: int) -> None:
        assert [c.price_of(D(value), D(2)) for c in (LINEAR, INVERSE)] == [None, None]

    def test_coefficients(self) -> None:
        assert (D(0), D(6), D(0)) == LINEAR.coefficients(D(2), D(3))
        assert (D(0), D(0), D(6)) == INVERSE.coefficients(D(2), D(3))

    def test_drift(self) -> None:
        assert [c.drift(side) for c in (LINEAR, INVERSE) for side in (1, -1)] == [1, -1, -1, 1]
