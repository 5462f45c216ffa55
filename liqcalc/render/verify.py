"""What `liqcalc verify` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from liqcalc.answers.verify import Outcome
from liqcalc.engine.numbers import exact
from liqcalc.render.github import error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.verify import CaseResult, FigureResult, Tally, Verification

_HEAD = ("exchange", "evidence", "cases", "figures", "passed", "expected failures", "failed")


def text(found: Verification) -> str:
    """Return a line a failing figure, the expected failures, the counts and a last line."""
    lines = [line for result in found.failed for line in _failures(result)]
    if lines:
        lines.append("")
    if found.expected_failures:
        lines.append("expected failures (known not to be reproduced):")
        lines += [f"  {r.case.id}: {r.case.head.expected_failure}" for r in found.expected_failures]
        lines.append("")
    lines += _table(found.tallies())
    return "\n".join([*lines, "", _last_line(found)])


def notices(found: Verification) -> Iterator[str]:
    """Yield a GitHub annotation for each failing figure."""
    for result in found.failed:
        file = result.case.file.where
        if result.error:
            yield error(result.error, title=result.case.id, file=file, line=result.case.line())
        for figure in result.wrong:
            yield error(_said(result, figure), title=result.case.id, file=file, line=figure.line)


def junit(found: Verification) -> str:
    """Return the report as JUnit XML: a suite by exchange and kind of evidence."""
    root = ET.Element("testsuites", name="liqcalc verify")
    for tally in found.tallies():
        suite = ET.SubElement(
            root,
            "testsuite",
            name=f"{tally.exchange} {tally.kind}",
            tests=str(tally.cases),
            failures=str(tally.failed),
            errors="0",
            skipped=str(tally.expected_failures),
        )
        for result in found.results:
            case = result.case
            if (case.sheet.exchange, case.head.source.kind) == (tally.exchange, tally.kind):
                _junit_case(suite, result)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _junit_case(suite: ET.Element, result: CaseResult) -> None:
    name = f"{result.case.sheet.exchange}.{result.case.head.source.kind}"
    case = ET.SubElement(
        suite, "testcase", name=result.case.id, classname=name, file=result.case.file.where
    )
    if result.outcome is Outcome.FAILED:
        lines = list(_failures(result))
        failure = ET.SubElement(case, "failure", message=lines[0])
        failure.text = "\n".join(lines)
    elif result.outcome is Outcome.EXPECTED_FAILURE:
        reason = f"expected failure: {result.case.head.expected_failure}"
        ET.SubElement(case, "skipped", message=reason)


def _failures(result: CaseResult) -> Iterator[str]:
    """Yield one line for each thing that is wrong with a case, with its place."""
    case = result.case
    if result.error:
        yield f"{case.id}: {result.error} ({case.file.where}:{case.line()})"
    for figure in result.wrong:
        yield f"{case.id}: {_said(result, figure)} ({case.file.where}:{figure.line})"


def _said(result: CaseResult, figure: FigureResult) -> str:
    expected, got = (shown or "none" for shown in (figure.expected.text, figure.got))
    if result.case.head.expected_failure is not None:
        return (
            f"{figure.name} passes although marked expected_failure: expected {expected}, got {got}"
        )
    units = "" if figure.units is None else f", {rounded(figure.units)} units of the last digit"
    return f"{figure.name} expected {expected}, got {got}{units}"


def rounded(units: Decimal) -> str:
    """Return a difference in units as people read it.

    >>> from decimal import Decimal
    >>> rounded(Decimal("0.834")), rounded(Decimal("-12")), rounded(Decimal("0.0002"))
    ('+0.83', '-12', '+2.0e-4')
    """
    with exact():
        short = f"{units:+.2f}"
        if units and not float(short):
            return f"{units:+.1e}"
    return short.rstrip("0").rstrip(".")


def _table(tallies: list[Tally]) -> list[str]:
    rows = [_HEAD, *(_row(tally) for tally in tallies)]
    total = [str(sum(int(row[i]) for row in rows[1:])) for i in range(2, len(_HEAD))]
    rows.append(("total", "", *total))
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    return ["  ".join(_cells(row, widths)).rstrip() for row in rows]


def _row(tally: Tally) -> tuple[str, ...]:
    counts = (tally.cases, tally.figures, tally.passed, tally.expected_failures, tally.failed)
    return (tally.exchange, str(tally.kind), *(str(count) for count in counts))


def _cells(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if i < 2 else cell.rjust(width)  # noqa: PLR2004 - text, then counts


def _last_line(found: Verification) -> str:
    counts = (
        (len(found.results), "case"),
        (sum(len(result.case.expected) for result in found.results), "figure"),
        (len(found.expected_failures), "expected failure"),
    )
    state = f"{len(found.failed)} failed" if found.failed else "all as they should be"
    shown = (f"{count} {noun}" if count == 1 else f"{count} {noun}s" for count, noun in counts)
    return f"{', '.join(shown)}: {state}"
