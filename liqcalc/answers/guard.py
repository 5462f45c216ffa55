"""Numbers that no exchange would print are an input fault, not a crash."""

from __future__ import annotations

from decimal import DecimalException
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


def computable(evaluate: Callable[P, T]) -> Callable[P, T]:
    """Return `evaluate`, with an InputError where its numbers leave all bounds.

    A price below the exchange's smallest step becomes 0 when it is printed as
    the exchange prints it; 1e24 beside 1e-24 leaves the 34 digits.
    """

    @wraps(evaluate)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return evaluate(*args, **kwargs)
        except DecimalException:
            message = "the numbers are too large or too small beside each other to be computed"
            hint = "check units and decimal points; a price may lie below the exchange's step"
            raise InputError(Fault("LQ105", "", message, hint)) from None

    return guarded
