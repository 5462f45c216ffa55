"""Rounding and printing of exact numbers."""

from __future__ import annotations

from decimal import Decimal, FloatOperation, InvalidOperation

import pytest

from liqcalc.engine.numbers import UNROUNDED, Rounding, exact, plain, to_step

D = Decimal


class TestDecimals:
    """A figure is printed with so many decimals, in the direction of the rule."""

    @pytest.mark.parametrize(
        ("toward", "above", "below", "tie"),
        [
            ("zero", "1.23", "-1.23", "1.24"),
            ("away", "1.24", "-1.24", "1.25"),
            ("up", "1.24", "-1.23", "1.25"),
            ("down", "1.23", "-1.24", "1.24"),
            ("half_up", "1.24", "-1.24", "1.25"),
            ("half_even", "1.24", "-1.24", "1.24"),
        ],
    )
    def test_each_direction(self, toward: str, above: str, below: str, tie: str) -> None:
        rounding = Rounding("decimals", 2, toward)  # type: ignore[arg-type]

        assert D(above) == rounding.apply(D("1.236"))
        assert D(below) == rounding.apply(D("-1.236"))
        assert D(tie) == rounding.apply(D("1.245"))

    @pytest.mark.parametrize(("side", "expected"), [(1, "1.24"), (-1, "1.23")])
    def test_toward_the_entry_is_up_for_a_long(self, side: int, expected: str) -> None:
        assert D(expected) == Rounding("decimals", 2, "entry").apply(D("1.235"), side=side)

    @pytest.mark.parametrize("toward", ["zero", "up", "down", "away"])
    def test_a_number_on_the_grid_stays(self, toward: str) -> None:
        assert D("1.23") == Rounding("decimals", 2, toward).apply(D("1.23"))  # type: ignore[arg-type]

    def test_no_decimals_make_an_integer(self) -> None:
        assert D(7) == Rounding("decimals", 0, "up").apply(D("6.1"))


class TestTicks:
    """A price is printed on the tick, which need not be a power of ten."""

    @pytest.mark.parametrize(
        ("toward", "tick", "expected"),
        [
            ("up", "0.5", "100.5"),
            ("down", "0.5", "100.0"),
            ("half_up", "0.5", "100.5"),
            ("half_even", "0.5", "100.0"),
            ("up", "0.05", "100.25"),
            ("up", "10", "110"),
        ],
    )
    def test_each_direction(self, toward: str, tick: str, expected: str) -> None:
        rounding = Rounding("tick", 0, toward)  # type: ignore[arg-type]

        assert D(expected) == rounding.apply(D("100.25"), tick=D(tick))

    def test_without_a_tick_nothing_is_rounded(self) -> None:
        assert D("1.234567") == Rounding("tick", 0, "up").apply(D("1.234567"))

    def test_steps_far_below_one(self) -> None:
        assert D("0.000000015") == to_step(D("0.0000000149"), D("0.0000000005"), "up")


class TestSignificantDigits:
    """A figure is printed with so many digits, wherever its decimal point is."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("123456", "123500"),
            ("0.00123456", "0.001235"),
            ("9.99951", "10.00"),
            ("-1.23456", "-1.235"),
        ],
    )
    def test_four_of_them(self, value: str, expected: str) -> None:
        assert D(expected) == Rounding("significant", 4, "half_even").apply(D(value))

    def test_zero_stays_zero(self) -> None:
        assert D(0) == Rounding("significant", 4, "up").apply(D(0))


class TestSettling:
    """Digits beyond the thirtieth are what divisions leave, and push no rounding over."""

    def test_a_price_a_hair_above_its_tick_is_on_it(self) -> None:
        price = D("2567.820000000000000000000000000001")  # 34 digits

        assert D("2567.82") == to_step(price, D("0.01"), "up")
        assert D("2567.82") == to_step(price, D("0.02"), "up")

    def test_a_price_a_hair_below_its_tick_is_on_it(self) -> None:
        price = D("2567.819999999999999999999999999999")

        assert D("2567.82") == to_step(price, D("0.01"), "down")
        assert D("2567.82") == to_step(price, D("0.02"), "down")

    def test_a_half_with_a_hair_missing_is_a_half(self) -> None:
        assert D("0.13") == to_step(D("0.1249999999999999999999999999999999"), D("0.01"), "half_up")
        assert D("0.12") == to_step(
            D("0.1250000000000000000000000000000001"), D("0.01"), "half_even"
        )

    def test_the_twenty_ninth_digit_counts(self) -> None:
        assert D("2567.83") == to_step(D("2567.8200000000000000000000001"), D("0.01"), "up")

    def test_numbers_longer_than_the_arithmetic_are_rounded_too(self) -> None:
        assert D("1" * 30) == to_step(D("1" * 30), D("0.00000001"), "up")
        assert D("1" * 30 + "0" * 10) == to_step(D("1" * 30 + "0" * 10), D("0.5"), "up")


class TestUnrounded:
    """Some figures are printed as they are."""

    def test_it_returns_what_it_got(self) -> None:
        assert D("1.23456789012345678901234567890123456") == UNROUNDED.apply(
            D("1.23456789012345678901234567890123456")
        )

    def test_it_says_so(self) -> None:
        assert [UNROUNDED.rounds, Rounding("tick").rounds] == [False, True]


class TestPlain:
    """Text without an exponent and without trailing zeros."""

    @pytest.mark.parametrize(
        ("value", "text"),
        [("1E+3", "1000"), ("1.500", "1.5"), ("100", "100"), ("-0", "0"), ("-0.00", "0"),
         ("0E-8", "0"), ("1E-9", "0.000000001"), ("-2.50", "-2.5"), ("10.0", "10")],
    )  # fmt: skip
    def test_it_reads_as_written_by_hand(self, value: str, text: str) -> None:
        assert text == plain(D(value))


class TestTheContext:
    """34 digits, and no binary float gets in."""

    def test_it_holds_34_digits(self) -> None:
        with exact():
            assert str(D(1) / 3) == "0." + "3" * 34

    def test_a_float_is_an_error(self) -> None:
        with exact(), pytest.raises(FloatOperation):
            D(0.5)

    def test_nonsense_is_an_error(self) -> None:
        with exact(), pytest.raises(InvalidOperation):
            D(0) / 0
