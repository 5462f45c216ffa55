"""cases/*.yaml: ids, names of figures, tolerances, evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.rules.cases import Confidence
from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks.figures import ACCOUNT_FIGURES, POSITION_FIGURES

if TYPE_CHECKING:
    from liqcalc.rules.cases import Case
    from liqcalc.rules.checks.context import Context


def check_cases(cases: list[Case], context: Context) -> None:
    """Say everything that is wrong with the cases of an exchange beyond their shape."""
    seen: dict[str, Case] = {}
    for case in cases:
        at = (case.index,)
        file = case.file
        if case.id in seen:
            first = seen[case.id]
            message = f"is {case.id!r}, as in {first.file.where}:{first.line('id')}"
            file.say("LQ503", (*at, "id"), message, "an id is used once")
        seen.setdefault(case.id, case)
        if case.sheet.exchange != context.name:
            message = f"is {case.sheet.exchange!r}, but the folder is called {context.name!r}"
            file.say("LQ508", (*at, "exchange"), message)
        file.date((*at, "source", "date"), case.head.source.date)
        _check_confidence(case)
        _check_figures(case, context)


def _check_confidence(case: Case) -> None:
    low = case.head.confidence is Confidence.LOW
    if low and not case.head.expected_failure:
        hint = "say in expected_failure why the figures are not reproduced"
        case.file.say("LQ507", (case.index, "confidence"), "is low without expected_failure", hint)
    if not low and case.head.expected_failure is not None:
        message = f"is given, but the confidence is {case.head.confidence}"
        case.file.say("LQ507", (case.index, "expected_failure"), message)


def _check_figures(case: Case, context: Context) -> None:
    file, i = case.file, case.index
    own = context.meta.figures if context.meta is not None else {}
    for figure in case.expected:
        known = ACCOUNT_FIGURES if figure.place == "account" else POSITION_FIGURES
        if context.meta is not None and figure.name not in known and figure.name not in own:
            message = "is not the name of a figure"
            hint = nearest(figure.name, sorted({*known, *own}))
            file.say("LQ504", (i, *figure.keys), message, hint)
    names = {figure.name for figure in case.expected}
    for name, value in case.head.tolerance.items():
        if name not in names:
            file.say("LQ505", (i, "tolerance", name), "is given, but no such figure is expected")
        elif value < 0:
            file.say("LQ505", (i, "tolerance", name), f"is {value}, it must not be below 0")
    legs = [(row.symbol, f"{row.symbol}:{row.side}") for row in case.sheet.positions]
    for key in case.head.expected.positions:
        count = sum(key in leg for leg in legs)
        if count != 1:
            state = "is no position" if not count else f"fits {count} positions"
            file.say("LQ509", (i, "expected", "positions", key), f"{state} of the sheet")
