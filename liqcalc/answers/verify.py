"""Do the answers equal the exchanges' own?  `liqcalc verify` asks this.

Each golden case is evaluated like any sheet, and each of its expected figures
compared as printed.  Kinds of evidence are counted apart: a case derived from
the rules proves less than a recorded answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from liqcalc.answers.account import evaluate_sheet
from liqcalc.engine.numbers import exact, plain
from liqcalc.errors import LiqcalcError
from liqcalc.rules.cases import Case, Expected, SourceKind, case_files, read_cases, unit
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.names import built_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA_VERSION = 1
MISSING = "not computed"


class Outcome(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    EXPECTED_FAILURE = "expected_failure"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FigureResult:
    """One figure compared.

    Attributes:
        expected: what the exchange printed, and where.
        got: what was computed, as text; None if there is none.
        units: computed minus expected, in units of the expected text's last
            digit; None where the two cannot be subtracted.
        agrees: True if they differ by no more than the tolerance.
        line: where the expectation stands; only if it is not met.
    """

    expected: Expected
    got: str | None
    units: Decimal | None
    agrees: bool
    line: int | None

    @property
    def name(self) -> str:
        """Return the figure's name with its place."""
        return f"{self.expected.place}.{self.expected.name}"

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data, decimals as text."""
        return {
            "figure": self.name,
            "expected": self.expected.text,
            "got": self.got,
            "units": None if self.units is None else plain(self.units),
            "tolerance": None
            if self.expected.tolerance is None
            else plain(self.expected.tolerance),
            "agrees": self.agrees,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case compared.

    Attributes:
        case: what was asked.
        figures: every expected figure; empty if there is no answer.
        error: why there is no answer; "" if there is one.
    """

    case: Case
    figures: tuple[FigureResult, ...]
    error: str = ""

    @property
    def wrong(self) -> tuple[FigureResult, ...]:
        """Return the figures that are not as the case says, agreeing or not."""
        surprising = self.case.head.expected_failure is not None
        return tuple(figure for figure in self.figures if figure.agrees is surprising)

    @property
    def outcome(self) -> Outcome:
        """Return what became of the case."""
        if self.error or self.wrong:
            return Outcome.FAILED
        marked = self.case.head.expected_failure is not None
        return Outcome.EXPECTED_FAILURE if marked else Outcome.PASSED

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain data."""
        return {
            "id": self.case.id,
            "exchange": self.case.sheet.exchange,
            "kind": str(self.case.head.source.kind),
            "confidence": str(self.case.head.confidence),
            "file": self.case.file.where,
            "line": self.case.line(),
            "outcome": str(self.outcome),
            "expected_failure": self.case.head.expected_failure,
            "error": self.error or None,
            "figures": [figure.to_dict() for figure in self.figures],
        }


@dataclass(slots=True)
class Tally:
    """The cases of one exchange and kind of evidence."""

    exchange: str
    kind: SourceKind
    cases: int = 0
    figures: int = 0
    passed: int = 0
    expected_failures: int = 0
    failed: int = 0

    def add(self, result: CaseResult) -> None:
        """Count a case."""
        self.cases += 1
        self.figures += len(result.case.expected)
        self.passed += result.outcome is Outcome.PASSED
        self.expected_failures += result.outcome is Outcome.EXPECTED_FAILURE
        self.failed += result.outcome is Outcome.FAILED

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {
            "exchange": self.exchange,
            "kind": str(self.kind),
            "cases": self.cases,
            "figures": self.figures,
            "passed": self.passed,
            "expected_failures": self.expected_failures,
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """All cases compared."""

    results: tuple[CaseResult, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """Return the cases that are not as they should be."""
        return tuple(r for r in self.results if r.outcome is Outcome.FAILED)

    @property
    def expected_failures(self) -> tuple[CaseResult, ...]:
        """Return the cases that are known not to be reproduced, and are not."""
        return tuple(r for r in self.results if r.outcome is Outcome.EXPECTED_FAILURE)

    def tallies(self) -> list[Tally]:
        """Return the counts by exchange and kind of evidence, strongest first."""
        found: dict[tuple[str, int], Tally] = {}
        kinds = list(SourceKind)
        for result in self.results:
            exchange, kind = result.case.sheet.exchange, result.case.head.source.kind
            key = (exchange, kinds.index(kind))
            found.setdefault(key, Tally(exchange, kind)).add(result)
        return [found[key] for key in sorted(found)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, decimals as text."""
        return {
            "schema_version": SCHEMA_VERSION,
            "passed": not self.failed,
            "summary": [tally.to_dict() for tally in self.tallies()],
            "cases": [result.to_dict() for result in self.results],
        }


def verify_paths(paths: Iterable[Path] = (), exchanges: Iterable[str | Path] = ()) -> Verification:
    """Return how the cases at `paths` fare.

    Args:
        paths: files of cases, folders of them, exchange folders or folders of
            those; default: everything in the catalogue.
        exchanges: folders of exchanges of the user's own.  A folder of
            exchanges in which a path lies is read besides.

    Raises:
        CaseError: a path without cases, or everything that is wrong with them.
        InputError: a folder of exchanges that does not exist.
    """
    given = list(paths)
    if given:
        beside = [folder for path in given if (folder := _exchanges_around(path)) is not None]
        catalog = Catalog([*exchanges, *dict.fromkeys(beside)])
        files = case_files(given)
    else:
        catalog = Catalog(exchanges)
        folders = [layer.folder for layer in reversed(catalog.layers)]
        files = sorted({path for folder in folders for path in folder.glob("*/cases/*.yaml")})
    return verify(read_cases(files), catalog)


def verify(cases: Iterable[Case], catalog: Catalog) -> Verification:
    """Return how `cases` fare with the rules and tables of `catalog`."""
    return Verification(tuple(verify_case(case, catalog) for case in cases))


def verify_case(case: Case, catalog: Catalog) -> CaseResult:
    """Return how one case fares; an error is a failure of the case."""
    today = case.sheet.as_of or "2000-01-01"  # only the age of tables depends on it
    try:
        with exact():
            answer = evaluate_sheet(case.sheet, catalog, today=today).to_dict(trace=False)
            figures = tuple(_compare(case, expected, answer) for expected in case.expected)
    except LiqcalcError as error:
        return CaseResult(case, (), str(error))
    return CaseResult(case, figures)


def _compare(case: Case, expected: Expected, answer: dict[str, Any]) -> FigureResult:
    place = _place(case, expected.place, answer)
    if place is None or expected.name not in place:
        got: str | None = MISSING
        units, agrees = None, False
    else:
        got = _shown(place[expected.name])
        units, agrees = compare(expected, got)
    marked = case.head.expected_failure is not None
    line = case.line(*expected.keys) if agrees is marked else None
    return FigureResult(expected, got, units, agrees, line)


def compare(expected: Expected, got: str | None) -> tuple[Decimal | None, bool]:
    """Return by how many units two figures differ, and whether they agree."""
    if expected.text is None or got is None or expected.tolerance is None:
        return None, expected.text == got
    difference = Decimal(got) - Decimal(expected.text)
    return difference / unit(expected.text), abs(difference) <= expected.tolerance


def _place(case: Case, place: str, answer: dict[str, Any]) -> dict[str, Any] | None:
    """Return the part of an answer that holds the figures of `place`."""
    positions: list[dict[str, Any]] = answer["positions"]
    if place == "account":
        found: dict[str, Any] | None = answer["account"]
        return found
    if place == "position":
        return positions[0]
    for row, position in zip(case.sheet.positions, positions, strict=True):
        if place in {row.symbol, f"{row.symbol}:{row.side}"}:
            return position
    return None


def _shown(value: Any) -> str | None:  # noqa: ANN401 - plain data
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _exchanges_around(path: Path) -> Path | None:
    """Return the folder of exchanges that `path` is or lies in, if it is not the built-in one."""
    full = path.resolve()
    if any(full.glob("*/exchange.yaml")):
        found = full
    else:
        inside = (full, *full.parents[:2])
        exchange = next((f for f in inside if (f / "exchange.yaml").is_file()), None)
        if exchange is None:
            return None
        found = exchange.parent
    return None if found == built_in().resolve() else found
