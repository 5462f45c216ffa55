"""Tables of every kind: read into columns, and written back as the same kind.

A table is a dict of columns, a table of pyarrow, or a frame of polars or
pandas.  Columns with the names of inputs are read without copies where that
can be; all others are carried along as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from liqcalc.batch.arrow import CODE, as_column, home_of
from liqcalc.batch.columns import CHOICES, TIMES, WORDS, Coded, Columns
from liqcalc.batch.found import Found
from liqcalc.batch.frames import Pandas, Polars
from liqcalc.batch.names import INPUTS, check_names
from liqcalc.batch.read_numbers import Numbers, read_numbers
from liqcalc.batch.read_words import read_words
from liqcalc.batch.written import as_arrow, as_dict
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from liqcalc.batch.columns import Results

    class Kind(Protocol):
        """A kind of table."""

        names: Sequence[Any]
        rows: int

        def column(self, name: str) -> Any:  # noqa: ANN401
            """Return a column, or the value that stands for every row."""

        def written(self, results: Results) -> Any:  # noqa: ANN401
            """Return the table with the results."""


_KINDS = "a dict of columns, a pyarrow Table, or a DataFrame of polars or pandas"
_HINTS = {
    "LazyFrame": "give its rows: table.collect()",
    "RecordBatchReader": "give its rows: table.read_all()",
    "list": "make a table of a list of dicts: pyarrow.Table.from_pylist(rows)",
    "str": "read the file first, or use the command: liqcalc batch IN OUT",
    "PosixPath": "read the file first, or use the command: liqcalc batch IN OUT",
}
_ONE = (str, bytes, int, float, complex)


class _Dict:
    """A dict of columns; a value that is no column stands for every row."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table.raw() if isinstance(table, Found) else dict(table)
        self.names: Sequence[Any] = tuple(table)
        sizes = {name: _length(v) for name, v in self.table.items() if not is_one(v)}
        if len(set(sizes.values())) > 1:
            raise InputError(_unequal(sizes))
        self.rows = next(iter(sizes.values()), 1)

    def column(self, name: str) -> Any:  # noqa: ANN401 - a column or a value
        return self.table[name]

    def written(self, results: Results) -> Found:
        return as_dict(self.table, results)


class _Arrow:
    """A table or a batch of pyarrow."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self.table = table
        self.names: Sequence[Any] = table.schema.names
        self.rows = table.num_rows

    def column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        return self.table.column(name)

    def written(self, results: Results) -> Any:  # noqa: ANN401 - pyarrow has no types
        return as_arrow(self.table, results)


def read(
    table: Any,  # noqa: ANN401 - of several kinds
    given: Mapping[str, Any],
    more: Sequence[str] = (),
) -> tuple[Columns, Callable[[Results], Any]]:
    """Return a table's columns, and the function that adds results to it.

    Args:
        table: dict of columns, pyarrow Table or RecordBatch, frame of polars
            or pandas.
        given: values that hold for every row, by name.
        more: inputs of the question beside those of every question.

    Raises:
        InputError: no such kind, columns that are missing, misspelt, given
            twice, of different lengths, or of a kind that cannot be read.
    """
    kind = _kind_of(table)
    faults = [
        *check_names(kind.names, given, more),
        *(
            Fault(CODE, n, "is given as a column, not as one value")
            for n in given
            if not is_one(given[n])
        ),
    ]
    if faults:
        raise InputError(*faults)
    columns = Columns(kind.rows)
    for name in (*INPUTS, *more):
        if name in given:
            _add(columns, name, given[name])
        elif name in kind.names:
            _add(columns, name, kind.column(name))
    return columns, kind.written


def is_one(value: Any) -> bool:  # noqa: ANN401 - any value
    """Return True for a value that stands for every row."""
    sized = hasattr(value, "__len__") and not isinstance(value, (*_ONE, Mapping))
    return not sized or getattr(value, "ndim", 1) == 0


def _length(column: Any) -> int:  # noqa: ANN401 - any column
    return len(column.codes) if isinstance(column, Coded) else len(column)


def _kind_of(table: Any) -> Kind:  # noqa: ANN401 - any object
    if isinstance(table, Mapping):
        return _Dict(table)
    if isinstance(table, (pa.Table, pa.RecordBatch)):
        return _Arrow(table)
    home, name = home_of(table), type(table).__qualname__
    if (home, name) == ("polars", "DataFrame"):
        return Polars(table)
    if (home, name) == ("pandas", "DataFrame"):
        return Pandas(table)
    hint = _HINTS.get(name, f"give {_KINDS}")
    raise InputError(Fault(CODE, "table", f"is a {name}, not {_KINDS}", hint))


def _add(columns: Columns, name: str, value: Any) -> None:  # noqa: ANN401 - a column or a value
    """Read one column into `columns`.

    Raises:
        InputError: it cannot be read.
    """
    try:
        _put(columns, name, value)
    except pa.ArrowException as error:
        why = str(error).splitlines()[0]
        raise InputError(Fault(CODE, name, f"cannot be read: {why}")) from None


def _put(columns: Columns, name: str, value: Any) -> None:  # noqa: ANN401 - a column or a value
    one = is_one(value)
    column = as_column([value] if one else value, name)
    if name in (*WORDS, *TIMES, *CHOICES):
        words = read_words(name, column)
        columns.words[name] = _spread_words(words, columns.rows) if one else words
        return
    numbers = read_numbers(name, column)
    numbers = _spread(numbers, columns.rows) if one else numbers
    columns.numbers[name] = numbers.values
    if numbers.original is not None and numbers.inexact is not None:
        columns.originals[name] = numbers.original
        if columns.inexact is None:
            columns.inexact = np.zeros(columns.rows, dtype=np.bool_)
        columns.inexact[numbers.inexact] = True
    if numbers.faults is not None:
        columns.faults = _joined(columns.faults, numbers.faults)


def _spread_words(one: Coded, rows: int) -> Coded:
    return Coded(np.full(rows, one.codes[0], dtype=np.int32), one.words)


def _spread(one: Numbers, rows: int) -> Numbers:
    """Return the number of one row as that of every row."""
    original = one.original
    return Numbers(
        np.full(rows, one.values[0]),
        None if one.inexact is None else np.arange(rows),
        None if original is None else lambda _: original(0),
        None if one.faults is None else _spread_words(one.faults, rows),
    )


def _joined(some: Coded | None, more: Coded) -> Coded:
    """Return two columns of faults as one; a row may have both."""
    if some is None:
        return more
    pairs, codes = np.unique(np.stack([some.codes, more.codes]), axis=1, return_inverse=True)
    texts = ["; ".join(filter(None, (_at(some, a), _at(more, b)))) for a, b in pairs.T.tolist()]
    none = np.array([not text for text in texts])[codes]
    return Coded(np.where(none, -1, codes).astype(np.int32), tuple(texts))


def _at(words: Coded, code: int) -> str:
    return "" if code < 0 else words.words[code]


def _unequal(sizes: dict[str, int]) -> Fault:
    (first, size), *rest = sizes.items()
    other, length = next((n, s) for n, s in rest if s != size)
    message = f"has {length} rows, but {first} has {size}"
    return Fault(CODE, other, message, "columns of one table have one length")
