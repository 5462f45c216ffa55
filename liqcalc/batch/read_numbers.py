"""Numbers out of a column: floats, and the exact decimal where a float loses digits."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import CODE, as_arrow, flat, plain, to_numpy, type_of
from liqcalc.batch.columns import Coded
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask

_WHOLE = 2**53
_SURE = 15
_SURE_WHOLE = 10**_SURE
_DECIMALS = 9
_HALF_OR_LONG = "eg"
_AS_TEXT = (
    *(type_of.is_string, type_of.is_large_string, type_of.is_string_view),
    *(type_of.is_decimal, type_of.is_floating, type_of.is_boolean, type_of.is_null),
)
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_NOTHING = pa.array(["", "nan"])


class Numbers(NamedTuple):
    """A column of numbers.

    Attributes:
        values: NaN where there is none.
        inexact: rows whose digits a float does not hold.
        original: a row's exact number; None if every float holds it.
        faults: what is wrong with a cell.
    """

    values: Floats
    inexact: NDArray[np.intp] | None = None
    original: Callable[[int], Decimal | None] | None = None
    faults: Coded | None = None


def read_numbers(name: str, column: Any) -> Numbers:  # noqa: ANN401 - numpy or Arrow
    """Return a column as numbers.

    Raises:
        InputError: its cells are dates, lists, records or bytes.
    """
    if isinstance(column, Coded):
        column = pa.array(column.texts(), type=pa.string())
    if isinstance(column, np.ndarray):
        if column.dtype == np.float64:
            return _finite(name, np.ascontiguousarray(column))
        column = as_arrow(column.astype(str) if column.dtype.char in _HALF_OR_LONG else column)
    column = plain(flat(column))
    kind = column.type
    if type_of.is_float64(kind):
        return _finite(name, to_numpy(column))
    if type_of.is_integer(kind):
        return _of_whole(column)
    if not any(is_kind(kind) for is_kind in _AS_TEXT):
        raise InputError(Fault(CODE, name, f"holds {kind}, not numbers"))
    if type_of.is_decimal(kind) and (values := _quotients(column)) is not None:
        return Numbers(values)
    if type_of.is_float16(kind):
        return read_numbers(name, to_numpy(column))
    return _of_texts(name, column.cast(pa.string()))


def _finite(name: str, values: Floats) -> Numbers:
    """Return floats; those without end are faults."""
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()) or not (endless := np.isinf(values)).any():
            return Numbers(values)
    faults = _faults(name, pa.array(values).cast(pa.string()), endless)
    return Numbers(np.where(endless, np.nan, values), faults=faults)


def _of_whole(column: Any) -> Numbers:  # noqa: ANN401 - an Arrow array
    values = to_numpy(column.cast(pa.float64(), safe=False))
    large = np.flatnonzero(np.abs(values) >= _WHOLE)
    return Numbers(values, large, _originals(column)) if large.size else Numbers(values)


def _quotients(column: Any) -> Floats | None:  # noqa: ANN401 - an Arrow array
    """Return decimals as whole numbers divided by a power of ten; None if one is too long.

    A float holds both exactly, so that the quotient is the float nearest to the decimal.
    """
    try:
        column = column.cast(pa.decimal128(38, min(max(column.type.scale, 0), _DECIMALS)))
    except pa.ArrowInvalid:
        return None
    halves = np.frombuffer(column.buffers()[1], dtype="<i8").reshape(-1, 2)
    low, high = halves[column.offset : column.offset + len(column)].T
    given = to_numpy(column.is_valid())
    fits = (high == low >> 63) & (low <= _SURE_WHOLE) & (low >= -_SURE_WHOLE)
    if not (fits | ~given).all():
        return None
    return np.where(given, low / 10.0**column.type.scale, np.nan)


def _of_texts(name: str, texts: Any) -> Numbers:  # noqa: ANN401 - an Arrow array
    """Return texts as numbers; those that are none are faults."""
    faults = None
    try:
        values = to_numpy(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        values = np.full(len(texts), np.nan)
    if len(texts) - np.count_nonzero(np.isfinite(values)) != texts.null_count:
        texts, faults = _sifted(name, texts)
        values = to_numpy(texts.cast(pa.float64()))
    inexact = _long(texts, values)
    if not inexact.size:
        return Numbers(values, faults=faults)
    return Numbers(values, inexact, _originals(texts), faults)


def _sifted(name: str, texts: Any) -> tuple[Any, Coded | None]:  # noqa: ANN401 - Arrow arrays
    """Return texts with null for all that is no number, and what is wrong with those."""
    texts = pc.utf8_trim_whitespace(texts)
    number = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), fill_value=False)
    kept = pc.if_else(number, texts, pa.scalar(None, texts.type))
    endless = np.isinf(to_numpy(kept.cast(pa.float64())))
    if endless.any():
        kept = pc.if_else(pa.array(~endless), kept, pa.scalar(None, texts.type))
    nothing = pc.is_in(pc.utf8_lower(texts), _NOTHING)
    bad = to_numpy(pc.and_(kept.is_null(), pc.and_not(texts.is_valid(), nothing)))
    return kept, _faults(name, texts, bad) if bad.any() else None


def _faults(name: str, texts: Any, bad: Mask) -> Coded:  # noqa: ANN401 - an Arrow array
    """Return what is wrong with the bad rows."""
    shown = texts.filter(pa.array(bad)).dictionary_encode()
    codes = np.full(len(bad), -1, dtype=np.int32)
    codes[bad] = to_numpy(shown.indices)
    words = (f"{name} is {text[:40]!r}, not a number" for text in shown.dictionary.to_pylist())
    return Coded(codes, tuple(words))


def _long(texts: Any, values: Floats) -> NDArray[np.intp]:  # noqa: ANN401 - an Arrow array
    """Return the rows whose text says more than the float that was made of it."""
    length = to_numpy(pc.fill_null(pc.binary_length(texts), 0))
    rows = np.flatnonzero(length > _SURE)
    if rows.size:
        digits = pc.utf8_rtrim(pc.utf8_ltrim(texts.take(pa.array(rows)), "+-0."), "0")
        rows = rows[to_numpy(pc.binary_length(digits)) > _SURE]
    said = zip(texts.take(pa.array(rows)).to_pylist(), values[rows].tolist(), strict=True)
    lost = np.array([Decimal(t) != Decimal(repr(v)) for t, v in said], dtype=np.bool_)
    found: NDArray[np.intp] = rows[lost]
    return found


def _originals(column: Any) -> Callable[[int], Decimal | None]:  # noqa: ANN401 - an Arrow array
    def original(row: int) -> Decimal | None:
        value = column[row].as_py()
        return None if value is None else Decimal(value)

    return original
