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


def check_names(names: Sequence[Any], given: Iterable[str]) -> list[Fault]:
    """Return everything that is wrong with the names of columns and of what is given."""
    present = {*names, *given}
    misspelt = {n: right for n in present if (right := _meant(n)) and right not in present}
    return [
        *(
            Fault(CODE, str(n), "is the name of two columns")
            for n, k in Counter(names).items()
            if k > 1
        ),
        *_given_wrongly(given, names, misspelt),
        *(
            Fault(CODE, repr(name), f"would not be read: {right} is meant", f"call it {right}")
            for name, right in misspelt.items()
        ),
        *_missing(present | {*misspelt.values()}),
    ]


def _meant(name: Any) -> str | None:  # noqa: ANN401 - pandas has names of any type
    """Return the input that a name is but for case, spaces, dashes and underscores."""
    if not isinstance(name, str) or name in INPUTS:
        return None
    return _PLAIN.get(_plain(name))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " -_")


_PLAIN = {_plain(name): name for name in INPUTS}


def _given_wrongly(
    given: Iterable[str], names: Sequence[Any], misspelt: Iterable[Any]
) -> Iterator[Fault]:
    for name in given:
        if name in names:
            message = "is both a column and given for every row"
            yield Fault(CODE, name, message, "leave one of them out")
        elif name not in INPUTS and name not in misspelt:
            hint = f"inputs are {', '.join(INPUTS)}"
            yield Fault(CODE, str(name), "is given, but is not an input", hint)


def _missing(names: set[Any]) -> Iterator[Fault]:
    for name in NEEDED:
        if name not in names:
            yield Fault(CODE, name, "is missing", _FOR_ALL.format(name))
    for one, other in _EITHER:
        if not {one, other} & names:
            yield Fault(CODE, f"{one} or {other}", "is missing")
