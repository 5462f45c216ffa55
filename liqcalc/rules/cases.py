"""Golden cases: sheets with what the exchange itself says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import exact
from liqcalc.engine.vocabulary import NOTHING_GIVEN
from liqcalc.errors import CaseError, Fault, InputError
from liqcalc.rules import build, strict_yaml
from liqcalc.rules.checks import files
from liqcalc.rules.sheet import Sheet, read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from liqcalc.rules.checks.files import DataFile

SHEET_KEYS = frozenset(Sheet._fields)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


class SourceKind(StrEnum):
    """What an expected figure rests on; the kinds are counted apart."""

    API_RESPONSE = "api-response"
    OFFICIAL_DOC = "official-doc"
    PEER_TEST = "peer-test"
    DERIVED = "derived"


class Confidence(StrEnum):
    """How well the exchange's figures were recomputed by hand."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class CaseSource(NamedTuple):
    """Where the expected figures were read."""

    kind: SourceKind
    title: str
    url: str | None = None
    date: str | None = None


class Expectations(NamedTuple):
    """The figures of a case by place, as printed; null = there is none."""

    position: Mapping[str, Any] = NOTHING_GIVEN
    positions: Mapping[str, dict[str, Any]] = NOTHING_GIVEN
    account: Mapping[str, Any] = NOTHING_GIVEN


class CaseHead(NamedTuple):
    """What a case says besides its sheet."""

    id: str
    source: CaseSource
    confidence: Confidence
    expected: Expectations
    tolerance: Mapping[str, Decimal] = NOTHING_GIVEN
    expected_failure: str | None = None
    rounding: str = ""
    working: str = ""
    notes: str = ""


class Expected(NamedTuple):
    """One expected figure.

    Attributes:
        place: ``position`` (the first), ``account``, or the key of a position.
        name: of the figure.
        text: as printed; None = there is none.
        tolerance: largest difference that still agrees; None where the text
            is not a number.
        keys: where it stands in the case.
    """

    place: str
    name: str
    text: str | None
    tolerance: Decimal | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A golden case, read and proven.

    Attributes:
        head: what it says besides the sheet.
        sheet: what is held.
        expected: the figures, in the file's order.
        file: the file it stands in.
        index: its place there, from 0.
    """

    head: CaseHead
    sheet: Sheet
    expected: tuple[Expected, ...]
    file: DataFile = field(repr=False, compare=False)
    index: int

    @property
    def id(self) -> str:
        """Return the case's own name."""
        return self.head.id

    def line(self, *keys: str) -> int:
        """Return the line of the case, or of one of its keys."""
        return strict_yaml.line_of(self.file.text, (self.index, *keys)) or 1


def load(path: Path) -> tuple[list[Case], DataFile]:
    """Return the sound cases of a file, and the file with all that is wrong in it."""
    file = files.read(path)
    if file.data is None:
        return [], file
    if not isinstance(file.data, list) or not all(isinstance(row, dict) for row in file.data):
        hint = "begin each case with '- id: ...'"
        file.say("LQ501", (), "a file of cases is a list of mappings", hint)
        return [], file
    heads = [{k: v for k, v in row.items() if k not in SHEET_KEYS} for row in file.data]
    with exact():
        proven, faults = build.validate(
            tuple[CaseHead, ...], heads, text=file.text, where=file.where, code="LQ502"
        )
        file.faults += faults
        sheets = [_sheet(file, i) for i in range(len(heads))]
    cases = []
    for i, (head, sheet) in enumerate(zip(proven or (), sheets, strict=False)):
        expected = tuple(_expected(file, head, i))
        if sheet is not None and expected:
            cases.append(Case(head, sheet, expected, file, i))
    return cases, file


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Return all cases of the files at `paths`.

    Raises:
        CaseError: everything that is wrong, each with file and line.
    """
    cases: list[Case] = []
    faults: list[Fault] = []
    for path in paths:
        found, file = load(path)
        cases += found
        faults += file.faults
    if faults:
        raise CaseError(*faults)
    return cases


def case_files(paths: Iterable[Path]) -> list[Path]:
    """Return the case files at `paths`: files, folders of cases, (folders of) exchanges.

    Raises:
        CaseError: for each path at which there is no case.
    """
    found: list[Path] = []
    faults = []
    for path in paths:
        inside = [path] if path.is_file() else _files_in(path)
        if not inside:
            reason = "holds no file of cases" if path.is_dir() else "does not exist"
            hint = "give a file of cases, a folder of them, or a folder of an exchange"
            faults.append(Fault("LQ510", str(path), reason, hint))
        found += inside
    if faults:
        raise CaseError(*faults)
    return list(dict.fromkeys(found))


def _files_in(folder: Path) -> list[Path]:
    for pattern in ("cases/*.yaml", "*/cases/*.yaml"):
        if inside := sorted(folder.glob(pattern)):
            return inside
    if (folder / "exchange.yaml").is_file():
        return []
    return sorted(folder.glob("*.yaml"))


def _sheet(file: DataFile, i: int) -> Sheet | None:
    data = {key: value for key, value in file.data[i].items() if key in SHEET_KEYS}
    try:
        return read_sheet(data, where=file.where)
    except InputError:
        pass
    try:
        read_sheet(data, text=_alone(file.text, i), where=file.where)
    except InputError as error:
        line = strict_yaml.line_of(file.text, (i,))
        for fault in error.faults:
            known = fault.where.rpartition(":")[2].isdigit()
            where = fault.where if known else f"{file.where}:{line}"
            file.faults.append(fault._replace(where=where))
    return None


def _alone(text: str, i: int) -> str:
    """Return the text of one case on its own, on the lines where it stands."""
    lines = text.splitlines()
    start = strict_yaml.line_of(text, (i,)) or 1
    end = strict_yaml.line_of(text, (i + 1,)) or 1
    end = end - 1 if end > start else len(lines)
    first = lines[start - 1].replace("-", " ", 1)
    return "\n" * (start - 1) + "\n".join([first, *lines[start:end]])


def _expected(file: DataFile, head: CaseHead, i: int) -> Iterator[Expected]:
    """Yield the expected figures of a case; say which cannot be used."""
    found = head.expected
    places: list[tuple[str, tuple[str, ...], Mapping[str, Any]]] = [
        ("position", ("expected", "position"), found.position),
        *((key, ("expected", "positions", key), row) for key, row in found.positions.items()),
        ("account", ("expected", "account"), found.account),
    ]
    count = 0
    for place, keys, figures in places:
        for name, value in figures.items():
            count += 1
            figure = _figure(place, name, value, head, (*keys, name))
            if figure is None:
                message = f"is {value!r}, not a number as printed, text or null"
                file.say("LQ506", (i, *keys, name), message)
            else:
                yield figure
    if not count:
        file.say("LQ506", (i, "expected"), "is empty, a case expects at least one figure")


def _figure(
    place: str,
    name: str,
    value: Any,  # noqa: ANN401 - parsed YAML
    head: CaseHead,
    keys: tuple[str, ...],
) -> Expected | None:
    if value is None:
        return Expected(place, name, None, None, keys)
    if isinstance(value, bool):
        return Expected(place, name, str(value).lower(), None, keys)
    text = format(value, "f") if isinstance(value, Decimal) else value
    if not isinstance(text, str):
        return None
    if not _NUMBER.fullmatch(text):
        return Expected(place, name, text, None, keys) if name == "status" else None
    tolerance = head.tolerance.get(name)
    return Expected(place, name, text, half_unit(text) if tolerance is None else tolerance, keys)


def unit(text: str) -> Decimal:
    """Return one unit of the last printed digit.

    >>> unit("176.8900"), unit("30")
    (Decimal('0.0001'), Decimal('1'))
    """
    exponent = Decimal(text).as_tuple().exponent
    return Decimal((0, (1,), int(exponent)))


def half_unit(text: str) -> Decimal:
    """Return half a unit of the last printed digit: what rounding can hide."""
    return unit(text) / 2
