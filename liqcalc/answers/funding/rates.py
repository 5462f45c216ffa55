"""Reads funding rates with times, as exchanges export them: CSV with a header, or JSON."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.request import number_fault
from liqcalc.engine.funding import HOUR
from liqcalc.engine.numbers import ONE, plain
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

Row = tuple[str, "Mapping[str, Any]"]

_TIMES = (
    *("time", "timestamp", "datetime", "date", "ts", "t", "fundingtime", "fundingtimestamp"),
    *("fundingratetimestamp", "calctime", "settletime", "settlementtime", "effectiveat"),
    "timepoint",
)
_RATES = (  # what was charged before what was announced, shares before money
    *("realizedrate", "relativefundingrate", "fundingrate", "lastfundingrate", "rate"),
    *("interest1h", "interest8h", "fundingfeerate", "value", "r"),
)
_RATE_HOURS = {"interest1h": Decimal(1), "interest8h": Decimal(8)}
_SYMBOLS = ("symbol", "instid", "contractcode", "contract", "instrumentname", "ticker", "coin")
_SECONDS, _MILLISECONDS = 10, 13  # digits of a time since 1970
_SECOND = 1000  # exports are a few milliseconds late
_MOST_FAULTS = 50
_LONGEST = 30


class RatePoint(NamedTuple):
    """A funding rate.

    Attributes:
        rate: a fraction; above 0 longs pay.
        at: milliseconds since 1970, UTC; None = in its turn, one an interval.
        hours: that the rate is for; None = as the exchange has it.
    """

    rate: Decimal
    at: int | None = None
    hours: Decimal | None = None


class Rates(NamedTuple):
    """What a file of rates holds, oldest first.

    Attributes:
        points: one a payment.
        notes: what was left out or may not fit.
    """

    points: tuple[RatePoint, ...]
    notes: tuple[str, ...] = ()


def read_rates(text: str, where: str = "rates", *, symbol: str | None = None) -> Rates:
    r"""Return the rates of a file.

    CSV with a header, or JSON: a list of objects, also one that lies inside
    an answer of an API. Columns are found by the names that exports have
    (time, fundingTime, calc_time; rate, fundingRate, last_funding_rate and so
    on). Times are ISO 8601 (UTC if no zone is given), or seconds or
    milliseconds since 1970; they are taken to the second. Rates are fractions.

    Args:
        text: of the file.
        where: what messages call it.
        symbol: whose rows to take where the rows say whose they are.

    Raises:
        InputError: everything that is wrong, each with its line.

    >>> read_rates("time,rate\n2026-01-01T08:00Z,0.0001\n").points
    (RatePoint(rate=Decimal('0.0001'), at=1767254400000, hours=None),)
    """
    rows = list(_json(text, where) if text.lstrip()[:1] in {"[", "{"} else _csv(text, where))
    if not rows:
        hint = "the first line names the columns, such as time,rate"
        raise InputError(Fault("LQ121", where, "holds no rates", hint))
    rows, notes = _of_symbol(rows, symbol, where)
    found: dict[int, RatePoint] = {}
    faults: list[Fault] = []
    repeated = 0
    for place, row in rows:
        point, wrong = _point(row, f"{where}:{place}")
        faults += wrong
        if point is None or point.at is None:
            continue
        before = found.setdefault(point.at, point)
        repeated += before is not point
        if before.rate != point.rate:
            message = f"rate {plain(point.rate)}, but {plain(before.rate)} above at the same time"
            faults.append(Fault("LQ121", f"{where}:{place}", message, "leave one of them out"))
    if faults:
        if len(faults) > _MOST_FAULTS:
            more = f"{len(faults) - _MOST_FAULTS} more faults of the same kinds"
            faults = [*faults[:_MOST_FAULTS], Fault("LQ121", where, more)]
        raise InputError(*faults)
    if repeated:
        notes.append(f"{where}: {repeated} rows that stand twice are counted once")
    return Rates(tuple(found[at] for at in sorted(found)), tuple(notes))


def _csv(text: str, where: str) -> Iterator[Row]:
    import csv

    head = text.lstrip("\ufeff\r\n").partition("\n")[0]
    mark = max(",;\t", key=head.count)
    lines = csv.reader(text.splitlines(), delimiter=mark)
    names: list[str] = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = [cell.strip() for cell in cells]
            _check_names(names, f"{where}:{lines.line_num}")
            continue
        yield str(lines.line_num), dict(zip(names, map(str.strip, cells), strict=False))


def _json(text: str, where: str) -> Iterator[Row]:
    import json

    try:
        data = json.loads(text, parse_float=str, parse_constant=str)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        message = f"is not JSON: {getattr(error, 'msg', error)}"
        raise InputError(Fault("LQ121", f"{where}:{line}", message)) from None
    except RecursionError:
        raise InputError(Fault("LQ121", where, "is nested too deeply")) from None
    found = _list_in(data)
    if found is None:
        message = "holds no list of objects with a time and a rate"
        raise InputError(Fault("LQ121", where, message))
    for i, row in enumerate(found):
        yield f"[{i}]", row


def _list_in(data: Any, depth: int = 4) -> list[Any] | None:  # noqa: ANN401 - parsed JSON
    """Return the list of objects of an answer, wherever it lies."""
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        return data
    if isinstance(data, dict) and depth:
        inner = (_list_in(value, depth - 1) for value in data.values())
        return next((rows for rows in inner if rows is not None), None)
    return None


def _check_names(names: list[str], where: str) -> None:
    known = {_folded(name) for name in names}
    faults = []
    for what, fits, example in (("times", _TIMES, "time"), ("rates", _RATES, "rate")):
        if not known & set(fits):
            message = f"names no column of {what}: {', '.join(names)[: _LONGEST * 3]}"
            faults.append(Fault("LQ121", where, message, f"call it {example}"))
    if faults:
        raise InputError(*faults)


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _of_symbol(rows: list[Row], symbol: str | None, where: str) -> tuple[list[Row], list[str]]:
    """Return the rows of `symbol`, and what was left out."""
    whose = [str(_cell(row, _SYMBOLS)[1] or "") for _, row in rows]
    named = sorted({name for name in whose if name})
    if symbol is None or not named:
        return rows, []
    wanted = _folded(symbol)
    kept = [row for row, name in zip(rows, whose, strict=True) if _folded(name) == wanted]
    if kept:
        left = len(rows) - len(kept)
        return kept, [f"{where}: {left} rows of other symbols are left out"] if left else []
    if len(named) > 1:
        message = f"holds rates of {', '.join(named[:5])}, none of {symbol}"
        raise InputError(Fault("LQ121", where, message))
    return rows, [f"{where}: the rates are those of {named[0]}, taken for {symbol}"]


def _cell(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """Return the first cell that is filled, of the columns called so."""
    folded = {_folded(name): value for name, value in row.items()}
    for name in names:
        if folded.get(name) not in (None, ""):
            return name, folded[name]
    return "", None


def _point(row: Mapping[str, Any], where: str) -> tuple[RatePoint | None, list[Fault]]:
    _, time = _cell(row, _TIMES)
    name, rate = _cell(row, _RATES)
    faults = []
    at = None
    for what, value in (("time", time), ("rate", rate)):
        if value is None:
            faults.append(Fault("LQ121", where, f"has no {what}"))
    if time is not None:
        at = read_time(str(time))
        if at is None:
            hint = "write 2026-01-31T08:00Z, or milliseconds since 1970"
            message = f"time {str(time)[:_LONGEST]!r} cannot be read"
            faults.append(Fault("LQ121", where, message, hint))
    if rate is not None:
        wrong = rate_fault(rate, where)
        if wrong is not None:
            faults.append(wrong)
    if faults:
        return None, faults
    whole = None if at is None else (at + _SECOND // 2) // _SECOND * _SECOND
    return RatePoint(Decimal(str(rate)), whole, _RATE_HOURS.get(name)), []


def rate_fault(rate: Any, where: str, code: str = "LQ121") -> Fault | None:  # noqa: ANN401
    """Return what is wrong with a rate; None if nothing."""
    fault = number_fault("rate", rate)
    if fault is not None:
        return Fault(code, where, f"rate {fault.message}", fault.hint)
    if abs(Decimal(rate)) >= ONE:
        hint = "rates are fractions: 0.01% is 0.0001; a funding rate in money per contract is none"
        return Fault(code, where, f"rate is {plain(Decimal(rate))}, which is 100% or more", hint)
    return None


def read_time(text: str) -> int | None:
    """Return a time as milliseconds since 1970, UTC; None if it cannot be read.

    >>> read_time("2026-01-01 08:00"), read_time("1767254400"), read_time("soon")
    (1767254400000, 1767254400000, None)
    """
    from datetime import UTC, datetime

    text = text.strip()
    if re.fullmatch(r"\d+(\.0+)?", text):
        digits = text.partition(".")[0]
        if len(digits) == _MILLISECONDS:
            return int(digits)
        return int(digits) * 1000 if len(digits) == _SECONDS else None
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return _milliseconds(found)


def _milliseconds(moment: datetime) -> int | None:
    from datetime import UTC, datetime, timedelta

    try:
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except OverflowError:
        return None


def shown_time(at: int) -> str | None:
    """Return a time as text, to the minute where it is whole; None beyond the calendar.

    >>> shown_time(1767254400000), shown_time(1767254400008)
    ('2026-01-01T08:00Z', '2026-01-01T08:00:00.008Z')
    """
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    except OverflowError:
        return None
    exactness = "milliseconds" if at % 1000 else "minutes" if at % 60_000 == 0 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=exactness) + "Z"


def milliseconds(hours: Decimal) -> int:
    """Return a span in whole milliseconds."""
    return round(hours * HOUR)


def hours_of(span: int) -> Decimal:
    """Return a span in hours."""
    return Decimal(span) / HOUR
