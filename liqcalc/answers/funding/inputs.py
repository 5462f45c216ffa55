"""What was given about funding, read: rates, times, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.funding.rates import RatePoint, rate_fault, read_time
from liqcalc.answers.request import read_numbers, together
from liqcalc.engine import funding as engine
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from liqcalc.answers.funding.rates import Rates
    from liqcalc.answers.request import Number

DAY = 24
LONGEST = 100 * 365 * DAY * engine.HOUR
"""No answer looks further ahead: 100 years, in milliseconds."""


class Asked(NamedTuple):
    """What was given about funding, read.

    Attributes:
        rate, points: one rate, or several; neither: what the sheet says.
        notes: on the file of the points.
        hours: to be held; None: by default.
        start: milliseconds since 1970; None: just after a payment.
        interval: hours between payments; None: the exchange's.
        path: marks, evenly over the time held; none: it stands still.
        free: balance beside an isolated margin; None: what the sheet says.
    """

    rate: Decimal | None = None
    points: tuple[RatePoint, ...] = ()
    notes: tuple[str, ...] = ()
    hours: Decimal | None = None
    start: int | None = None
    interval: Decimal | None = None
    path: tuple[Decimal, ...] = ()
    free: Decimal | None = None

    @property
    def timed(self) -> bool:
        """Return True if the rates have times."""
        return any(point.at is not None for point in self.points)


def read_asked(
    *,
    funding_rate: Number | None,
    rates: Sequence[Number] | Rates | None,
    holding_hours: Number | None,
    start: str | None,
    interval_hours: Number | None,
    path: Sequence[Number],
    free_balance: Number | None,
) -> Asked:
    """Return what was given about funding.

    Raises:
        InputError: everything that cannot be used.
    """
    given = {
        "holding_hours": holding_hours,
        "interval_hours": interval_hours,
        "free_balance": free_balance,
    }
    numbers, marks, points, at, rate = together(
        lambda: read_numbers(given),
        lambda: read_numbers({f"path[{i}]": price for i, price in enumerate(path)}),
        lambda: _points(rates),
        lambda: _start(start),
        lambda: _rate(funding_rate, given_too=rates is not None),
    )
    faults = [
        Fault("LQ105", name, "must be above 0")
        for name, number in {**numbers, **marks}.items()
        if number is not None and number <= 0 and name != "free_balance"
    ]
    faults += [
        Fault("LQ105", name, "is longer than 100 years")
        for name in ("holding_hours", "interval_hours")
        if numbers[name] is not None and numbers[name] * engine.HOUR > LONGEST
    ]
    if numbers["free_balance"] is not None and numbers["free_balance"] < 0:
        faults.append(Fault("LQ105", "free_balance", "must not be below 0"))
    if faults:
        raise InputError(*faults)
    return Asked(
        rate=rate,
        points=points,
        notes=getattr(rates, "notes", ()),
        hours=numbers["holding_hours"],
        start=at,
        interval=numbers["interval_hours"],
        path=tuple(marks.values()),
        free=numbers["free_balance"],
    )


def _rate(rate: Number | None, *, given_too: bool) -> Decimal | None:
    if rate is None:
        return None
    if given_too:
        raise InputError(Fault("LQ105", "funding_rate", "is given beside rates", "give one"))
    fault = rate_fault(rate, "funding_rate", "LQ105")
    if fault is not None:
        raise InputError(fault)
    return read_numbers({"funding_rate": rate})["funding_rate"]


def _points(rates: Sequence[Number] | Rates | None) -> tuple[RatePoint, ...]:
    if rates is None:
        return ()
    points = getattr(rates, "points", None)
    if points is not None:
        return tuple(points)
    if isinstance(rates, str) or not rates:
        message = "needs at least one rate, one for each interval"
        raise InputError(Fault("LQ105", "rates", message))
    faults = [rate_fault(rate, f"rates[{i}]", "LQ105") for i, rate in enumerate(rates)]
    wrong = [fault for fault in faults if fault is not None]
    if wrong:
        raise InputError(*wrong)
    read = read_numbers({str(i): rate for i, rate in enumerate(rates)})
    return tuple(RatePoint(rate) for rate in read.values() if rate is not None)


def _start(text: str | None) -> int | None:
    if text is None:
        return None
    at = read_time(text)
    if at is None:
        hint = "write 2026-01-31T08:00, UTC if no zone is given"
        raise InputError(Fault("LQ105", "start", f"is {text!r}, not a time", hint))
    return at
