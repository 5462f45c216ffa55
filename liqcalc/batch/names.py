"""The names of a table's columns: what is missing, misspelt or given twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from liqcalc.batch.arrow import CODE
from liqcalc.batch.columns import NEEDED, NUMBERS, WORDS
from liqcalc.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INPUTS = (*WORDS, *NUMBERS)
_EITHER = (("qty", "contracts"), ("entry_price", "mark_price"))
_FOR_ALL = "add a column, or give it for every row: given={{{!r}: ...}}"


def check_names(
    names: Sequence[Any], given: Iterable[str], more: Sequence[str] = ()
) -> list[Fault]:
    """Return everything that is wrong with the names of columns and of what is given.

    Args:
        names: of the columns.
        given: of the values that hold for every row.
        more: inputs of the question beside those of every question.
    """
    present = {*names, *given}
    known = (*INPUTS, *more)
    misspelt = {n: right for n in present if (right := _meant(n, known)) and right not in present}
    return [
        *(
            Fault(CODE, str(n), "is the name of two columns")
            for n, k in Counter(names).items()
            if k > 1
        ),
        *_given_wrongly(given, names, misspelt, known),
        *(
            Fault(CODE, repr(name), f"would not be read: {right} is meant", f"call it {right}")
            for name, right in misspelt.items()
        ),
        *_missing(present | {*misspelt.values()}),
    ]


def _meant(name: Any, known: Iterable[str]) -> str | None:  # noqa: ANN401 - of any type in pandas
    """Return the input that a name is but for case, spaces, dashes and underscores."""
    if not isinstance(name, str) or name in known:
        return None
    plain = _plain(name)
    return next((right for right in known if _plain(right) == plain), None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " -_")


def _given_wrongly(
    given: Iterable[str], names: Sequence[Any], misspelt: Iterable[Any], known: Iterable[str]
) -> Iterator[Fault]:
    for name in given:
        if name in names:
            message = "is both a column and given for every row"
            yield Fault(CODE, name, message, "leave one of them out")
        elif name not in known and name not in misspelt:
            hint = f"inputs are {', '.join(known)}"
            yield Fault(CODE, str(name), "is given, but is not an input", hint)


def _missing(names: set[Any]) -> Iterator[Fault]:
    for name in NEEDED:
        if name not in names:
            yield Fault(CODE, name, "is missing", _FOR_ALL.format(name))
    for one, other in _EITHER:
        if not {one, other} & names:
            yield Fault(CODE, f"{one} or {other}", "is missing")
