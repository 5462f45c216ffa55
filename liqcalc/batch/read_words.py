"""Words and days out of a column: each once, and a code for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import CODE, codes_of, flat, to_numpy, type_of
from liqcalc.batch.columns import Coded
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_FEW = 4096
_SIDES = {
    **dict.fromkeys(("long", "1", "+1", "1.0", "+1.0"), "long"),
    **dict.fromkeys(("short", "-1", "-1.0"), "short"),
}


class ManyWords(Sequence[str]):
    """Words that stay in Arrow until one is asked for.

    Args:
        texts: each word once.
    """

    def __init__(self, texts: Any) -> None:  # noqa: ANN401 - an Arrow array
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        found = self._texts[at]
        return ManyWords(found) if isinstance(at, slice) else str(found.as_py())

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts.to_pylist())


class CountedWords(Sequence[str]):
    """Whole numbers that follow each other, as words.

    Args:
        numbers: which.
    """

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return CountedWords(self._numbers[at]) if isinstance(at, slice) else str(self._numbers[at])


def read_words(name: str, column: Any) -> Coded:  # noqa: ANN401 - numpy or Arrow
    """Return a column as words.

    Raises:
        InputError: its cells are lists, records or bytes.
    """
    if isinstance(column, np.ndarray):
        counted = _counted(column)
        if counted is not None and name != "side":
            return counted
        column = pa.array(column, from_pandas=True)
    kind = column.type
    if type_of.is_null(kind):
        return Coded(np.full(len(column), -1, dtype=np.int32), ())
    if type_of.is_nested(kind) and not type_of.is_run_end_encoded(kind):
        raise InputError(Fault(CODE, name, f"holds {kind}, not words"))
    if type_of.is_run_end_encoded(kind):
        column = pc.run_end_decode(flat(column))
    if type_of.is_integer(kind) and not column.null_count:
        counted = _counted(to_numpy(column))
        if counted is not None and name != "side":
            return counted
    return _cleaned(_encoded(column), name)


def _counted(numbers: NDArray[Any]) -> Coded | None:
    """Return whole numbers that lie close together as words, without looking for doubles."""
    if numbers.dtype.kind not in "iu" or not numbers.size:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    if high - low > 4 * numbers.size:
        return None
    codes = (numbers - numbers.dtype.type(low)).astype(np.int32)
    return Coded(codes, CountedWords(range(low, high + 1)))


def _encoded(column: Any) -> Any:  # noqa: ANN401 - Arrow in, Arrow's dictionary out
    kind = column.type
    if type_of.is_dictionary(kind):
        return flat(column)
    if type_of.is_timestamp(kind):
        if kind.tz is not None:
            column = column.cast(pa.timestamp(kind.unit))
        column = column.cast(pa.date32(), safe=False)
    elif type_of.is_date64(kind):
        column = column.cast(pa.date32())
    return flat(column.dictionary_encode())


def _cleaned(encoded: Any, name: str) -> Coded:  # noqa: ANN401 - an Arrow dictionary
    """Return a dictionary with each word once, without spaces around it."""
    codes = codes_of(encoded.indices)
    texts = pc.utf8_trim_whitespace(_texts(encoded.dictionary, name))
    if name == "side":
        lower = (None if t is None else t.lower() for t in texts.to_pylist())
        texts = pa.array([t and _SIDES.get(t, t) for t in lower], type=pa.string())
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)
    once = texts.dictionary_encode()
    if texts.null_count or len(once.dictionary) != len(texts):
        codes = np.append(codes_of(once.indices), np.int32(-1))[codes]
        texts = once.dictionary
    return Coded(codes, tuple(texts.to_pylist()) if len(texts) <= _FEW else ManyWords(texts))


def _texts(values: Any, name: str) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return the values of a dictionary as text."""
    if type_of.is_timestamp(values.type):
        values = values.cast(pa.timestamp(values.type.unit)).cast(pa.date32(), safe=False)
    try:
        return values.cast(pa.string())
    except pa.ArrowException:
        raise InputError(Fault(CODE, name, f"holds {values.type}, not words")) from None
