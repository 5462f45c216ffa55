"""Account sheets as text: YAML with several documents, JSON, JSON lines.

Everything is read before anything is answered, and all faults of all
documents are reported at once, with file and line.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from liqcalc.engine.numbers import exact
from liqcalc.errors import Fault, InputError
from liqcalc.rules import strict_yaml
from liqcalc.rules.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.rules.sheet import Sheet

CASE_KEYS = frozenset(
    {
        *("id", "source", "confidence", "expected", "expected_failure", "tolerance"),
        *("rounding", "working", "notes"),
    }
)
"""What a golden case adds to a sheet; ignored where a sheet is read."""

_EXAMPLE = "see docs/sheet.md for an example"
_LOOKS_LIKE_JSON = re.compile(r"\s*(\[\s*)*(\{\s*[\"}]|[\]\"])")


class _Document(NamedTuple):
    """One sheet of a text.

    Attributes:
        data: parsed.
        number: which YAML document of the text it is.
        start, end: where it stands in the text, if that is JSON.
        item: which one, if the document is a list.
    """

    data: Any
    number: int = 0
    start: int = 0
    end: int | None = None
    item: int | None = None


class _JsonFault(ValueError):
    """What JSON allows, and a sheet does not."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_sheets(text: str, where: str) -> list[Sheet]:
    """Return all sheets of `text`, or raise with everything that is wrong.

    Args:
        text: YAML or JSON; a list counts as several sheets.
        where: name of the source, for messages.

    Raises:
        InputError: the text cannot be read, holds no sheet, or a sheet is
            wrong; every fault with file and line.
    """
    documents = [doc for doc in _documents(text, where) if doc.data is not None]
    if not documents:
        raise InputError(Fault("LQ115", where, "holds no sheet", _EXAMPLE))
    sheets: list[Sheet] = []
    faults: list[Fault] = []
    for doc in documents:
        data = doc.data
        if isinstance(data, dict):
            data = {key: value for key, value in data.items() if key not in CASE_KEYS}
        try:
            sheets.append(_read(data, doc, text, where))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*faults)
    return sheets


def read_parameters(given: list[str]) -> dict[str, Any]:
    """Return rule parameters written as NAME=VALUE; a value may be a YAML mapping.

    Raises:
        InputError: every one that is not of this form.

    >>> read_parameters(["price_rounding=none", "borrow_mmr={BTC: 0.1}"])
    {'price_rounding': 'none', 'borrow_mmr': {'BTC': Decimal('0.1')}}
    """
    found: dict[str, Any] = {}
    faults = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            hint = "write it as --parameter NAME=VALUE"
            faults.append(Fault("LQ106", "--parameter", f"is {text!r}", hint))
            continue
        try:
            with exact():
                found[name.strip()] = strict_yaml.parse(value, f"--parameter {name}")[0]
        except strict_yaml.YamlError as error:
            faults += error.faults
    if faults:
        raise InputError(*faults)
    return found


def _read(data: Any, doc: _Document, text: str, where: str) -> Sheet:  # noqa: ANN401
    """Read one sheet; only a faulty one is read again for its line numbers."""
    try:
        with exact():
            return read_sheet(data, where=where)
    except InputError:
        number = doc.number
        if doc.end is not None:
            text = _part(text, doc.start, doc.end)
        if doc.item is not None:
            start, end = strict_yaml.span_of(text, doc.item, document=number)
            text, number = _part(text, start, end), 0
        with exact():
            return read_sheet(data, text=text, where=where, document=number)


def _part(text: str, start: int, end: int) -> str:
    """Return a part of `text` at the line and column where it stands."""
    before = text[:start]
    column = start - (before.rfind("\n") + 1)
    return "\n" * before.count("\n") + " " * column + text[start:end]


def _documents(text: str, where: str) -> list[_Document]:
    faults: tuple[Fault, ...] = ()
    if _LOOKS_LIKE_JSON.match(text):
        try:
            return list(_json_documents(text))
        except json.JSONDecodeError as error:
            place = f"{where}:{error.lineno}"
            message = f"this is not valid JSON: {error.msg}, column {error.colno}"
            faults = (Fault("LQ102", place, message),)
        except _JsonFault as error:
            faults = (Fault(error.code, where, str(error)),)
        except RecursionError:
            faults = (Fault("LQ102", where, "the document is nested too deeply"),)
    try:
        return list(_yaml_documents(text, where))
    except strict_yaml.YamlError as error:
        if error.faults[0].code == "LQ103":
            faults = ()
        raise InputError(*(faults or error.faults)) from None


def _yaml_documents(text: str, where: str) -> Iterator[_Document]:
    with exact():
        parsed = strict_yaml.parse(text, where)
    for number, data in enumerate(parsed):
        if isinstance(data, list):
            for index, item in enumerate(data):
                yield _Document(item, number, item=index)
        else:
            yield _Document(data, number)


def _json_documents(text: str) -> Iterator[_Document]:
    """Yield the sheets of JSON or JSON lines, lists taken apart."""
    decoder = json.JSONDecoder(
        parse_float=Decimal,
        parse_int=Decimal,
        parse_constant=_refuse,
        object_pairs_hook=_distinct,
    )
    at = _skip(text, 0)
    while at < len(text):
        data, end = decoder.raw_decode(text, at)
        if isinstance(data, list):
            for index, item in enumerate(data):
                yield _Document(item, start=at, end=end, item=index)
        else:
            yield _Document(data, start=at, end=end)
        at = _skip(text, end)


_SPACE = re.compile(r"\s*")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _JsonFault("LQ103", f"the key {twice} is given twice")
    return data


def _refuse(name: str) -> NoReturn:
    raise _JsonFault("LQ102", f"{name} is not a number")
