"""Several sheets at once: all answers, or all faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from liqcalc.answers.case import Case
    from liqcalc.rules.sheet import Sheet


T = TypeVar("T")


def ask_all(
    ask: Callable[[Case], T],
    sheets: Sequence[Sheet],
    *,
    where: str,
    today: str,
    as_of: str | None = None,
    exchanges: Iterable[str | Path] = (),
) -> list[T]:
    """Return what `ask` says of each of `sheets`, in order; folders are read once.

    Args:
        ask: the question.
        sheets: checked.
        where: name of their source, for messages.
        today: ISO date, against which the age of tables is counted.
        as_of: the day that all sheets are answered for, instead of their own.
        exchanges: folders of exchanges of the user's own.

    Raises:
        InputError: every fault of every sheet.
    """
    from liqcalc.answers.case import Case
    from liqcalc.rules.sheet import is_date

    if as_of is not None:
        if not is_date(as_of):
            message = f"is {as_of!r}, not a date such as 2026-07-01"
            raise InputError(Fault("LQ105", "as_of", message))
        sheets = [sheet._replace(as_of=as_of) for sheet in sheets]
    catalog = Catalog(exchanges)
    answers, faults = [], []
    for number, sheet in enumerate(sheets, start=1):
        try:
            answers.append(ask(Case(sheet, catalog, today)))
        except InputError as error:
            place = f"{where}, sheet {number}" if len(sheets) > 1 else where
            faults += [
                fault._replace(where=f"{place}: {fault.where}" if fault.where else place)
                for fault in error.faults
            ]
    if faults:
        raise InputError(*faults)
    return answers
