"""A path of prices, read from CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_ROWS = 20_000
MOST_FAULTS = 20
_LONG = ("symbol", "price")
_HINT = "columns time,BTCUSDT,ETHUSDT or time,symbol,price"


class PathRow(NamedTuple):
    """The prices at one time; symbols left out keep theirs."""

    time: str
    prices: Mapping[str, Decimal]


class PricePath(NamedTuple):
    """A path of prices.

    Attributes:
        rows: in order of time.
        others: symbols that the sheet does not hold; they are left out.
        still: symbols of the sheet that the path does not have; they keep their marks.
    """

    rows: tuple[PathRow, ...]
    others: tuple[str, ...]
    still: tuple[str, ...]


class _Cell(NamedTuple):
    """One price as it was written."""

    place: str
    time: str
    symbol: str
    text: Any


def read_path(text: str, symbols: Iterable[str], where: str = "path") -> PricePath:
    r"""Return the path that a text holds.

    Args:
        text: CSV with a head, columns ``time`` and one a symbol, or ``time``,
            ``symbol`` and ``price``; or JSON, a list of objects of either form.
        symbols: those of the sheet.
        where: name of the source, for messages.

    Raises:
        InputError: everything that is wrong, with its line.

    >>> path = read_path("time,BTC\n1,60000\n2,58000\n", ["BTC"])
    >>> [(row.time, row.prices["BTC"]) for row in path.rows]
    [('1', Decimal('60000')), ('2', Decimal('58000'))]
    """
    faults: list[Fault] = []
    read = _json_cells if text.lstrip()[:1] in {"[", "{"} else _csv_cells
    cells = list(read(text, where, faults))
    return _path_of(cells, list(dict.fromkeys(symbols)), where, faults)


def path_of_rows(rows: Iterable[Mapping[str, Any]], symbols: Iterable[str]) -> PricePath:
    """Return the path that mappings hold, each of either form.

    Raises:
        InputError: everything that is wrong, with its number.
    """
    faults: list[Fault] = []
    cells = [cell for at, row in enumerate(rows) for cell in _cells(row, f"path[{at}]", faults)]
    return _path_of(cells, list(dict.fromkeys(symbols)), "path", faults)


def _path_of(cells: list[_Cell], symbols: list[str], where: str, faults: list[Fault]) -> PricePath:
    rows: dict[str, dict[str, Decimal]] = {}
    places: dict[str, str] = {}
    others: dict[str, None] = {}
    for cell in cells:
        if cell.symbol not in symbols:
            others[cell.symbol] = None
            continue
        price = _price(cell, faults)
        row = rows.setdefault(cell.time, {})
        places.setdefault(cell.time, cell.place)
        if price is not None and cell.symbol in row:
            message = f"{cell.symbol} has a price at {cell.time} already"
            faults.append(Fault("LQ126", cell.place, message))
        elif price is not None:
            row[cell.symbol] = price
    faults += _order_faults(list(rows), places)
    if not rows and not faults:
        faults.append(_nothing(others, symbols, where))
    if len(rows) > MOST_ROWS:
        message = f"holds {len(rows)} times, at most {MOST_ROWS} are walked"
        faults.append(Fault("LQ126", where, message, "take every tenth row"))
    if faults:
        raise InputError(*_few(faults, where))
    seen = {symbol for row in rows.values() for symbol in row}
    still = tuple(symbol for symbol in symbols if symbol not in seen)
    return PricePath(tuple(PathRow(t, row) for t, row in rows.items()), tuple(others), still)


def _few(faults: list[Fault], where: str) -> list[Fault]:
    more = len(faults) - MOST_FAULTS
    if more <= 0:
        return faults
    return [*faults[:MOST_FAULTS], Fault("LQ126", where, f"and {more} more of this kind")]


def _nothing(others: Iterable[str], symbols: list[str], where: str) -> Fault:
    unheld = list(others)
    if not unheld:
        return Fault("LQ126", where, "holds no price", _HINT)
    near = next((hint for name in unheld if (hint := nearest(name, symbols))), "")
    message = f"has prices of {', '.join(unheld)}, none of which the sheet holds"
    return Fault("LQ126", where, message, near or f"the sheet holds {', '.join(symbols)}")


def _price(cell: _Cell, faults: list[Fault]) -> Decimal | None:
    try:
        price = Decimal(str(cell.text).strip())
    except InvalidOperation:
        price = Decimal("NaN")
    if isinstance(cell.text, float | bool) or not price.is_finite():
        hint = "write a plain decimal number such as 60000.5"
        message = f"the price of {cell.symbol} is {cell.text!r}, not a number"
        faults.append(Fault("LQ126", cell.place, message, hint))
        return None
    if price <= 0:
        message = f"the price of {cell.symbol} is {cell.text}, it must be above 0"
        faults.append(Fault("LQ126", cell.place, message))
        return None
    return price


def _order_faults(times: list[str], places: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what goes back in time, where the times can be compared."""
    keys = [_key(time) for time in times]
    if any(key is None for key in keys) or len({type(key) for key in keys}) > 1:
        return
    for at in range(1, len(times)):
        if keys[at] < keys[at - 1]:  # type: ignore[operator]
            message = f"{times[at]} comes after {times[at - 1]}, the later one"
            yield Fault("LQ126", places[times[at]], message, "sort the rows by time")


def _key(time: str) -> Decimal | datetime | None:
    try:
        return Decimal(time)
    except InvalidOperation:
        pass
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found.tzinfo is None else found.astimezone()


def _csv_cells(text: str, where: str, faults: list[Fault]) -> Iterator[_Cell]:
    separator = ";" if text.partition("\n")[0].count(";") else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    head: list[str] = []
    for row in reader:
        place = f"{where}:{reader.line_num}"
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not head:
            head = _head(cells, place)
            continue
        if len(cells) != len(head):
            message = f"has {len(cells)} columns, the head has {len(head)}"
            faults.append(Fault("LQ126", place, message))
            continue
        yield from _cells(dict(zip(head, cells, strict=True)), place, faults)


def _head(cells: list[str], place: str) -> list[str]:
    head = [cell.lower() if cell.lower() in {"time", *_LONG} else cell for cell in cells]
    message = ""
    if "time" not in head:
        message = "the head has no column time"
    elif len(set(head)) != len(head):
        message = "the head names a column twice"
    elif len(head) == 1:
        message = "the head has no column of prices"
    elif ("symbol" in head) is not ("price" in head):
        message = "the head has one of symbol and price, and not the other"
    if message:
        raise InputError(Fault("LQ126", place, message, _HINT))
    return head


def _json_cells(text: str, where: str, faults: list[Fault]) -> Iterator[_Cell]:
    try:
        data = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}"
        raise InputError(Fault("LQ126", place, f"this is not valid JSON: {error.msg}")) from None
    except RecursionError:
        raise InputError(Fault("LQ126", where, "the document is nested too deeply")) from None
    if not isinstance(data, list) or not data:
        message = "is not a list of objects with time and prices"
        raise InputError(Fault("LQ126", where, message, '[{"time": "1", "BTCUSDT": "60000"}]'))
    for at, row in enumerate(data):
        yield from _cells(row, f"{where}[{at}]", faults)


def _cells(row: Any, place: str, faults: list[Fault]) -> Iterator[_Cell]:  # noqa: ANN401
    """Yield the prices of one row, parsed from CSV or JSON or passed by the user."""
    if not isinstance(row, dict):
        faults.append(Fault("LQ126", place, f"should be an object, not {row!r}", _HINT))
        return
    time = row.get("time")
    if time is None or not str(time).strip():
        faults.append(Fault("LQ126", place, "has no time", _HINT))
        return
    when = str(time).strip()
    if set(_LONG) <= row.keys():
        yield _Cell(place, when, str(row["symbol"]), row["price"])
        return
    for symbol, price in row.items():
        if symbol != "time" and price is not None and str(price).strip():
            yield _Cell(place, when, symbol, price)
