"""Is a position nearer to liquidation than a limit?"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, exact, plain
from liqcalc.engine.solve import Status
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from liqcalc.answers.answer import PositionAnswer

_PRICES = (
    "liquidation_price",
    "trigger_price",
    "lower_liquidation_price",
    "upper_liquidation_price",
)


_PLAIN = 15


def read_limit(text: str) -> Decimal:
    """Return a distance from the mark as a fraction.

    Args:
        text: ``10%`` or ``0.1``.

    Raises:
        InputError: no number, or not from 0 to below 1.

    >>> read_limit("2.5%")
    Decimal('0.025')
    """
    percent = text.strip().endswith("%")
    try:
        number = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        number = Decimal("NaN")
    rate = number.scaleb(-2) if percent else number
    if rate.is_finite() and 0 <= rate < ONE:
        return rate
    hint = "write 10% or 0.1"
    if not percent and rate.is_finite() and rate >= ONE:
        hint = f"did you mean {text}%?"
    message = f"is {text!r}, not a distance from 0% to below 100%"
    raise InputError(Fault("LQ105", "--fail-below", message, hint))


def too_near(answer: PositionAnswer, limit: Decimal) -> str | None:
    """Return a sentence if `answer` is nearer to liquidation than `limit`; else None.

    The nearest of all prices that end the position counts: the one that the
    exchange shows, the true trigger where the two differ, and the one on the
    other side of the mark.  What cannot be told is not proven safe.
    """
    name = f"{answer.symbol} {answer.side}"
    if answer.status is Status.CANNOT_BE_LIQUIDATED:
        return None
    if answer.status is Status.ALREADY_LIQUIDATABLE:
        return f"{name} is already liquidatable"
    if answer.status is Status.INDETERMINATE:
        reason = answer.reasons.get("liquidation_price", "its liquidation price is not known")
        return f"{name} cannot be proven safe: {reason}"
    with exact():
        distances = [
            (abs(price - answer.mark_price) / answer.mark_price, price)
            for field in _PRICES
            if (price := answer.figures.get(field)) is not None
        ]
        if not distances:
            return f"{name} cannot be proven safe: it has no liquidation price to measure from"
        distance, price = min(distances)
        if distance >= limit:
            return None
        shown = percent(distance)
        return f"{name} is {shown} from liquidation at {plain(price)}, below {percent(limit)}"


def percent(rate: Decimal) -> str:
    """Return a fraction as percent, with two decimals or two digits, for display only.

    >>> percent(Decimal("0.0456827")), percent(Decimal("0.00001234")), percent(Decimal("0.1"))
    ('4.57%', '0.0012%', '10%')
    """
    shown = rate.scaleb(2)
    if shown.adjusted() > _PLAIN:
        return f"{shown:.2E}%"
    if shown and abs(shown) < Decimal("0.1"):
        step = Decimal((0, (1,), shown.adjusted() - 1))
    else:
        step = Decimal("0.01")
    return f"{plain(shown.quantize(step))}%"
