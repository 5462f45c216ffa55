"""Words and days out of a column: each once, and a code for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import CODE, as_arrow, codes_of, flat, plain, to_numpy, type_of
from liqcalc.batch.columns import TIMES, Coded
from liqcalc.batch.fixed_text import distinct_words
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes

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
        InputError: its cells are lists or records, or codes have no word.
    """
    if isinstance(column, Coded):
        return _of_codes(name, column)
    if isinstance(column, np.ndarray):
        found = distinct_words(column) if column.dtype.kind == "U" else None
        if found is not None:
            return _cleaned(name, found[0], pa.array(found[1], type=pa.string()))
        column = as_arrow(column)
    if type_of.is_integer(column.type) and name == "account_id" and not column.null_count:
        counted = _counted(to_numpy(column))
        if counted is not None:
            return counted
    encoded = _encoded(name, column)
    return _cleaned(name, codes_of(encoded.indices), _texts(name, encoded.dictionary))


def _of_codes(name: str, column: Coded) -> Coded:
    """Return words that came with their codes, checked."""
    codes = np.asarray(column.codes).astype(np.int32, copy=False)
    if codes.size and not -1 <= codes.min() <= codes.max() < len(column.words):
        raise InputError(Fault(CODE, name, "has codes without a word"))
    return _cleaned(name, codes, pa.array(list(column.words), type=pa.string()))


def _counted(numbers: NDArray[Any]) -> Coded | None:
    """Return whole numbers that lie close together as words, without looking for doubles."""
    if not numbers.size:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    if high - low > 4 * numbers.size:
        return None
    wide = numbers if numbers.itemsize >= np.int32().itemsize else numbers.astype(np.int32)
    codes = (wide - wide.dtype.type(low)).astype(np.int32, copy=False)
    return Coded(codes, CountedWords(range(low, high + 1)))


def _encoded(name: str, column: Any) -> Any:  # noqa: ANN401 - Arrow in, Arrow's dictionary out
    column = plain(column) if type_of.is_run_end_encoded(column.type) else column
    kind = column.type
    if type_of.is_dictionary(kind):
        return flat(column)
    if type_of.is_nested(kind):
        raise InputError(Fault(CODE, name, f"holds {kind}, not words"))
    if type_of.is_null(kind):
        column = column.cast(pa.string())
    return flat((_written(name, column) if _timed(kind) else column).dictionary_encode())


def _timed(kind: Any) -> bool:  # noqa: ANN401 - an Arrow type
    return bool(type_of.is_timestamp(kind) or type_of.is_date64(kind))


def _written(name: str, column: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return times as days, or as times where the input is one."""
    if name not in TIMES:
        return _days(column)
    return column.cast(pa.timestamp("ms"), safe=False).cast(pa.string())


def _days(column: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return the days of times, those of UTC where they have a zone."""
    kind = column.type
    if type_of.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit))
    return column.cast(pa.date32(), safe=False)


def _texts(name: str, values: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return the values of a dictionary as text."""
    try:
        return (_written(name, values) if _timed(values.type) else values).cast(pa.string())
    except pa.ArrowException:
        raise InputError(Fault(CODE, name, f"holds {values.type}, not words")) from None


def _cleaned(name: str, codes: Codes, texts: Any) -> Coded:  # noqa: ANN401 - an Arrow array
    """Return words without spaces around them and each once; "" is none."""
    texts = pc.utf8_trim_whitespace(texts)
    if name == "side":
        lower = (text and text.lower() for text in texts.to_pylist())
        texts = pa.array([text and _SIDES.get(text, text) for text in lower], type=pa.string())
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)
    once = texts.dictionary_encode()
    if texts.null_count or len(once.dictionary) != len(texts):
        codes = np.append(codes_of(once.indices), np.int32(-1))[codes]
        texts = once.dictionary
    return Coded(codes, tuple(texts.to_pylist()) if len(texts) <= _FEW else ManyWords(texts))
