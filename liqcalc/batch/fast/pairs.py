"""Numbers of twice a float's precision: the unevaluated sum of two floats.

A pair holds about 32 digits, so that a result lies within about 1e-31 of the
exact one: close enough to know on which side of a tick it lies, or that it
stands on one.  Everything here uses ``+ - * /`` alone and works on columns
(numpy) as well as on single numbers.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import numpy as np

Value = Any
"""A float, or a column of floats."""

_SPLIT = 134217729.0  # 2**27 + 1
_WIDE = Context(prec=60)


class Pair:
    """The sum of `hi` and `lo`, where `hi` is the float nearest to it."""

    __slots__ = ("hi", "lo")
    __array_ufunc__ = None  # numpy leaves column * pair to __rmul__

    def __init__(self, hi: Value, lo: Value) -> None:
        self.hi = hi
        self.lo = lo

    @classmethod
    def of(cls, number: Decimal | int) -> Pair:
        """Return an exact number as a pair."""
        hi = float(number)
        return cls(hi, float(_WIDE.subtract(Decimal(number), Decimal.from_float(hi))))  # noqa: FURB164 - the context forbids Decimal(float)

    def __neg__(self) -> Pair:
        return Pair(-self.hi, -self.lo)

    def __add__(self, other: Any) -> Pair:  # noqa: ANN401 - a pair, or a value
        return add(self, other) if isinstance(other, Pair) else add_float(self, other)

    def __radd__(self, other: Value) -> Pair:
        return add_float(self, other)

    def __sub__(self, other: Any) -> Pair:  # noqa: ANN401 - a pair, or a value
        return add(self, -other) if isinstance(other, Pair) else add_float(self, -other)

    def __rsub__(self, other: Value) -> Pair:
        return add_float(-self, other)

    def __mul__(self, other: Any) -> Pair:  # noqa: ANN401 - a pair, or a value
        return multiply(self, other) if isinstance(other, Pair) else multiply_float(self, other)

    def __rmul__(self, other: Value) -> Pair:
        return multiply_float(self, other)

    def __truediv__(self, other: Any) -> Pair:  # noqa: ANN401 - a pair, or a value
        return divide(self, other) if isinstance(other, Pair) else divide_float(self, other)

    def __rtruediv__(self, other: Value) -> Pair:
        return divide(Pair(other, other * 0.0), self)


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """Return a + b as a float, and exactly what that leaves out."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Value, b: Value) -> tuple[Value, Value]:
    """Return a * b as a float, and exactly what that leaves out."""
    product = a * b
    t = _SPLIT * a
    a_hi = t - (t - a)
    a_lo = a - a_hi
    t = _SPLIT * b
    b_hi = t - (t - b)
    b_lo = b - b_hi
    return product, ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def settled(hi: Value, lo: Value) -> Pair:
    """Return hi + lo as a pair, where `hi` is the larger."""
    total = hi + lo
    return Pair(total, lo - (total - hi))


def add(a: Pair, b: Pair) -> Pair:
    """Return a + b; the error is some 1e-32 of the larger of them."""
    hi, e = two_sum(a.hi, b.hi)
    return settled(hi, e + (a.lo + b.lo))


def add_float(a: Pair, b: Value) -> Pair:
    """Return a + b."""
    hi, e = two_sum(a.hi, b)
    return settled(hi, e + a.lo)


def multiply(a: Pair, b: Pair) -> Pair:
    """Return a * b."""
    product = multiply_loosely(a, b)
    return settled(product.hi, product.lo)


def multiply_loosely(a: Pair, b: Pair) -> Pair:
    """Return a * b, whose `hi` need not be the nearest float."""
    hi, e = two_product(a.hi, b.hi)
    return Pair(hi, e + (a.hi * b.lo + a.lo * b.hi))


def multiply_float(a: Pair, b: Value) -> Pair:
    """Return a * b."""
    hi, e = two_product(a.hi, b)
    return settled(hi, e + a.lo * b)


def divide(a: Pair, b: Pair) -> Pair:
    """Return a / b."""
    first = a.hi / b.hi
    product, e = two_product(first, b.hi)
    rest = (((a.hi - product) - e) + a.lo) - first * b.lo
    return settled(first, rest / b.hi)


def divide_float(a: Pair, b: Value) -> Pair:
    """Return a / b."""
    first = a.hi / b
    product, e = two_product(first, b)
    rest = ((a.hi - product) - e) + a.lo
    return settled(first, rest / b)


def where(condition: Value, yes: Any, no: Any) -> Any:  # noqa: ANN401 - pairs, or values
    """Return `yes` where `condition` holds, else `no`."""
    if isinstance(yes, Pair):
        return Pair(np.where(condition, yes.hi, no.hi), np.where(condition, yes.lo, no.lo))
    return np.where(condition, yes, no)


def where_rare(condition: Value, yes: Any, of: Value, otherwise: Value) -> Value:  # noqa: ANN401
    """Return `yes(of)` in the few rows where `condition` holds, else `otherwise`."""
    if not condition.any():
        return otherwise
    found = np.array(otherwise)
    found[condition] = yes(of[condition])
    return found


def take(table: Value, place: Value) -> Value:
    """Return the entries of a table at places that are whole numbers."""
    return table[np.asarray(place, dtype=np.int64)]


def every(condition: Value) -> Value:
    """Return True if a condition holds in every row."""
    return condition.all()


def exponent(x: Value) -> Value:
    """Return n where 2^n <= x < 2^(n + 1)."""
    return np.frexp(x)[1] - 1.0


def half_step(x: Value) -> Value:
    """Return half the distance from x to the next larger float."""
    return 0.5 * np.spacing(np.abs(x))
