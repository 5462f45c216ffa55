"""What is assumed about a stop: read from what was passed, with defaults that are said."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.near import percent
from liqcalc.answers.request import read_numbers, together
from liqcalc.answers.stops.loss import FundingCost, funding_cost
from liqcalc.answers.stops.order import StopOrder, Trigger
from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from liqcalc.answers.case import Case
    from liqcalc.answers.request import Number

DEFAULTS = {
    "slippage_bps": Decimal(10),
    "basis": Decimal("0.001"),
    "buffer": Decimal("0.1"),
    "holding_hours": ZERO,
}
_BELOW = {
    "slippage_bps": Decimal(10_000),
    "basis": ONE,
    "gap": ONE,
    "buffer": Decimal(100),
    "holding_hours": Decimal(1_000_000),
}
_HINTS = {
    "slippage_bps": "in basis points: 10 is 0.1%",
    "basis": "a share: 0.1% is 0.001",
    "gap": "a share of the stop: 2% is 0.02",
    "buffer": "a share of the distance from the mark to the stop: 10% is 0.1",
    "holding_hours": "in hours: a day is 24",
}


class StopTerms(NamedTuple):
    """How stops are taken to fire and fill, and how long the position is held.

    Attributes:
        trigger, slippage_bps, basis, buffer: of every stop (see `StopOrder`).
        gap: jump past the stop that is asked about; None if none is.
        holding_hours: until the stop, for funding.
        assumed: which of these were not given.
    """

    trigger: Trigger
    slippage_bps: Decimal
    basis: Decimal
    buffer: Decimal
    gap: Decimal | None
    holding_hours: Decimal
    assumed: tuple[str, ...]

    def order(self, price: Decimal) -> StopOrder:
        """Return the stop at a price."""
        return StopOrder(price, self.trigger, self.slippage_bps, self.basis, self.buffer)

    def notes(self) -> list[Note]:
        """Return what was assumed, in one sentence."""
        words = {
            "trigger": "the stop fires on the last price (--trigger)",
            "slippage_bps": f"it fills {plain(self.slippage_bps)} bps beyond (--slippage-bps)",
            "basis": (
                f"the mark may then stand {percent(self.basis)} beyond the last price (--basis)"
            ),
            "buffer": (
                f"liquidation must lie another {percent(self.buffer)} of the stop's distance "
                "beyond (--buffer)"
            ),
        }
        told = [text for name, text in words.items() if name in self.assumed]
        if self.trigger is Trigger.MARK:
            told = [text for text in told if text != words["basis"]]
        return [Note("LQ415", f"not given: {'; '.join(told)}")] if told else []

    def funding(self, case: Case, i: int) -> FundingCost | None:
        """Return the funding until the stop; None if no time was given."""
        return funding_cost(case, i, self.holding_hours) if self.holding_hours else None


def read_terms(given: Mapping[str, Any], code: str, *, buffered: bool) -> StopTerms:
    """Return the terms that were passed, defaults for the others.

    Args:
        given: by name; None or left out: not given.
        code: of the faults.
        buffered: the default holds a buffer.

    Raises:
        InputError: every one that cannot be meant.
    """
    typed = {name: given.get(name) for name in _BELOW}
    numbers, trigger = together(
        lambda: _bounded(read_numbers(typed), code),
        lambda: read_trigger(given.get("trigger"), code),
    )
    assumed = [] if given.get("trigger") is not None else ["trigger"]
    found = dict(numbers)
    for name, default in DEFAULTS.items():
        if found[name] is not None:
            continue
        found[name] = default
        if name == "buffer" and not buffered:
            found[name] = ZERO
        elif name != "holding_hours":
            assumed.append(name)
    return StopTerms(trigger=trigger, assumed=tuple(assumed), **found)


def _bounded(numbers: dict[str, Decimal | None], code: str) -> dict[str, Decimal | None]:
    faults = [
        Fault(code, name, f"is {plain(value)}, it must be from 0 to below {_BELOW[name]}", hint)
        for name, hint in _HINTS.items()
        if (value := numbers[name]) is not None and not 0 <= value < _BELOW[name]
    ]
    if faults:
        raise InputError(*faults)
    return numbers


def read_trigger(word: Any, code: str) -> Trigger:  # noqa: ANN401 - whatever was passed
    """Return the price that fires a stop; the last price if it was not given."""
    if word is None:
        return Trigger.LAST
    try:
        return Trigger(word)
    except ValueError:
        hint = nearest(str(word), list(Trigger)) or "write mark or last"
        message = f"is {word!r}, not mark or last"
        raise InputError(Fault(code, "trigger", message, hint)) from None


def read_stops(stop: Number | Iterable[Number] | None, code: str) -> list[Decimal]:
    """Return the prices of one or several stops.

    Raises:
        InputError: every one that is not a price.
    """
    one = stop is None or isinstance(stop, str | int | float | Decimal)
    given: list[Any] = [stop] if one else list(stop)  # type: ignore[arg-type]
    prices: list[Decimal] = []
    faults: list[Fault] = []
    for item in given:
        try:
            price = read_numbers({"stop": item})["stop"]
        except InputError as error:
            faults += error.faults
            continue
        if price is not None and price <= 0:
            faults.append(Fault(code, "stop", f"is {plain(price)}, a price must be above 0"))
        elif price is not None:
            prices.append(price)
    if faults:
        raise InputError(*faults)
    return prices


def as_data(value: Any) -> Any:  # noqa: ANN401 - an answer or a part of one
    """Return an answer's part as plain data: decimals as text, named tuples by name."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, StrEnum):
        return str(value)
    if hasattr(value, "_asdict"):
        return {name: as_data(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple | list):
        return [as_data(item) for item in value]
    return value
