"""Results as columns of each kind of table."""

from __future__ import annotations

import json
from collections.abc import ItemsView, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from liqcalc.batch.arrow import valid_bits
from liqcalc.batch.columns import RESULTS, Coded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.batch.columns import Results


class Found(dict[str, Any]):
    """A dict of columns; its words become texts only when they are looked at.

    ``found["status"]`` is an array of texts, "" where there is none.  To
    count or compare many rows, `codes` is cheaper: a code for each row, and
    the words they stand for.

    Args:
        columns: arrays, and words as they were found.
        about: what the codes of warnings and rule sets stand for.
    """

    def __init__(self, columns: dict[str, Any], about: dict[str, Any]) -> None:
        super().__init__(columns)
        self.about = about
        self._coded = {name: c for name, c in columns.items() if isinstance(c, Coded)}

    def codes(self, name: str) -> Coded:
        """Return a column of words as ``codes`` (-1 = none) and ``words``.

        Raises:
            KeyError: it is not one of the words that were found.
        """
        return self._coded[name]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - an array, or what was given
        column = super().__getitem__(name)
        if isinstance(column, Coded):
            column = np.array([*column.words, ""], dtype=object)[column.codes]
            self[name] = column
        return column

    # What dict does without asking __getitem__.

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def __repr__(self) -> str:
        return repr(dict(self))

    get = MutableMapping.get
    pop = MutableMapping.pop

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return names with columns."""
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the columns."""
        return ValuesView(self)


def as_dict(given: dict[str, Any], results: Results) -> Found:
    """Return columns with the results."""
    found = {**results.numbers, **results.whole, **results.words}
    kept = {name: column for name, column in given.items() if name not in found}
    return Found(kept | {name: found[name] for name in ordered(found)}, results.about)


def as_arrow(given: Any, results: Results) -> Any:  # noqa: ANN401 - tables of Arrow
    """Return a table of Arrow with the results."""
    columns = arrow_columns(results)
    fields = [(given.schema.field(i), given.column(i)) for i in range(given.num_columns)]
    fields = [(field, column) for field, column in fields if field.name not in columns]
    fields += [(pa.field(name, column.type), column) for name, column in columns.items()]
    about = {b"liqcalc": json.dumps(results.about, default=str).encode()}
    schema = pa.schema(
        [field for field, _ in fields], metadata=(given.schema.metadata or {}) | about
    )
    return type(given).from_arrays([column for _, column in fields], schema=schema)


def ordered(names: Any) -> list[str]:  # noqa: ANN401 - any names
    """Return names of results in their order; unknown ones last."""
    return sorted(names, key=lambda name: RESULTS.index(name) if name in RESULTS else len(RESULTS))


def arrow_columns(results: Results) -> dict[str, Any]:
    """Return results as Arrow arrays, by name; null where there is none."""
    found = {name: _array(pa.float64(), v, ~np.isnan(v)) for name, v in results.numbers.items()}
    found |= {name: _array(pa.int16(), v, v != 0) for name, v in results.whole.items()}
    found |= {name: _dictionary(words) for name, words in results.words.items()}
    return {name: found[name] for name in ordered(found)}


def _array(kind: Any, values: Any, given: Any) -> Any:  # noqa: ANN401 - Arrow around numpy
    values = np.ascontiguousarray(values)
    buffers = [valid_bits(given), pa.py_buffer(values)]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _dictionary(column: Coded) -> Any:  # noqa: ANN401 - an Arrow array
    codes = column.codes.astype(np.int32, copy=False)
    indices = _array(pa.int32(), codes, codes >= 0)
    words = pa.array(list(column.words), type=pa.string())
    return pa.DictionaryArray.from_arrays(indices, words)
