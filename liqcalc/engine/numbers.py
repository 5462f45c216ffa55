"""Exact numbers: the one decimal context, and rounding with a named direction."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ZERO = Decimal(0)
ONE = Decimal(1)

CONTEXT = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.FloatOperation,
    ],
)
"""34 digits, half even, and an error for every use of a binary float."""

# Rounding must hold more digits than the arithmetic, and must not be pushed over
# by the last of 34 digits: it first drops the digits beyond the 30th, so that
# 2567.82000...0001 counts as the tick it stands on, and 0.1249...9 as a half.
_WIDE = decimal.Context(prec=120, rounding=decimal.ROUND_HALF_EVEN)
_settled = decimal.Context(prec=30, rounding=decimal.ROUND_HALF_EVEN).plus

_MODES = {
    "zero": decimal.ROUND_DOWN,
    "away": decimal.ROUND_UP,
    "up": decimal.ROUND_CEILING,
    "down": decimal.ROUND_FLOOR,
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
}


def exact() -> AbstractContextManager[decimal.Context]:
    """Return the context manager in which every public call computes."""
    return decimal.localcontext(CONTEXT)


class Rounding(NamedTuple):
    """How an exchange prints a figure.

    Attributes:
        to: ``decimals``, ``significant`` (digits), ``tick`` or ``none``.
        digits: how many, for ``decimals`` and ``significant``.
        toward: ``zero``, ``away`` (from zero), ``up``, ``down``, ``half_up``,
            ``half_even``, or ``entry``: up for a long, down for a short.
    """

    to: Literal["none", "decimals", "significant", "tick"] = "none"
    digits: int = 0
    toward: Literal["zero", "away", "up", "down", "half_up", "half_even", "entry"] = "half_even"

    @property
    def rounds(self) -> bool:
        """Return False if a figure is printed as it is."""
        return self.to != "none"

    def apply(self, value: Decimal, *, side: int = 1, tick: Decimal | None = None) -> Decimal:
        """Return `value` as the exchange prints it.

        Args:
            value: the unrounded figure.
            side: +1 long, -1 short; decides the direction of ``entry``.
            tick: price step of the contract; without one a figure that goes
                to the tick stays unrounded.

        >>> Rounding("decimals", 2, "zero").apply(Decimal("-1.239"))
        Decimal('-1.23')
        >>> Rounding("tick", 0, "entry").apply(Decimal("100.31"), side=-1, tick=Decimal("0.5"))
        Decimal('100.0')
        """
        to, digits, toward = self
        if toward == "entry":
            toward = "up" if side > 0 else "down"
        if to == "decimals":
            return _settled(value).quantize(_STEPS[digits], _MODES[toward], _WIDE)
        if to == "tick" and tick is not None:
            return to_step(value, tick, toward)
        if to == "significant" and value:
            step = Decimal((0, (1,), value.adjusted() - digits + 1))
            return _settled(value).quantize(step, _MODES[toward], _WIDE)
        return value


_STEPS = {digits: Decimal((0, (1,), -digits)) for digits in range(31)}

UNROUNDED = Rounding()


def to_step(value: Decimal, step: Decimal, toward: str) -> Decimal:
    """Return the multiple of `step` that `value` rounds to in direction `toward`."""
    if step.as_tuple().digits == (1,):
        return _settled(value).quantize(step, _MODES[toward], _WIDE)
    count = _WIDE.divide(_settled(value), step).quantize(ONE, _MODES[toward], _WIDE)
    return _WIDE.multiply(count, step)


def plain(value: Decimal) -> str:
    """Return `value` as text without an exponent and without trailing zeros.

    >>> plain(Decimal("72670.46254980"))
    '72670.4625498'
    """
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
