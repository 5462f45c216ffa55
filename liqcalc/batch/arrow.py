"""Arrow arrays from whatever a column is, and numpy from Arrow without copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.columns import Coded
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes, Mask

CODE = "LQ131"

type_of = pa.types


def home_of(value: object) -> str:
    """Return the package that a value's class comes from."""
    return type(value).__module__.partition(".")[0]


def as_column(value: Any, name: str) -> Any:  # noqa: ANN401 - arrays of three packages
    """Return a column as a numpy array of numbers or texts, or else as an Arrow array.

    Raises:
        InputError: it has more than one dimension, or is no column.
    """
    if isinstance(value, (pa.Array, pa.ChunkedArray, Coded)):
        return value
    home = home_of(value)
    if home == "polars":
        return value.to_arrow()
    if home == "pandas":
        plain = isinstance(value.dtype, np.dtype) and value.dtype.kind in "fiu"
        return value.to_numpy() if plain else as_arrow(value)
    if isinstance(value, (list, tuple, np.ma.MaskedArray)):
        return as_arrow(value)
    value = np.asarray(value)
    if value.ndim != 1:
        raise InputError(Fault(CODE, name, f"has {value.ndim} dimensions, not one"))
    if not value.dtype.isnative:
        value = value.astype(value.dtype.newbyteorder("="))
    other = {"T": object, "S": str}.get(value.dtype.kind)
    if other is not None:
        value = value.astype(other)
    return value if value.dtype.kind in "fiuU" else as_arrow(value)


def as_arrow(values: Iterable[Any]) -> Any:  # noqa: ANN401 - an Arrow array, maybe in chunks
    """Return Python's objects as Arrow; as texts if they are of several kinds."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError):
        return pa.array([_text(value) for value in values], type=pa.string())


def _text(value: Any) -> str | None:  # noqa: ANN401 - any object
    """Return an object as text; None for what stands for nothing."""
    text = str(value.isoformat())[:10] if hasattr(value, "isoformat") else str(value)
    if value is None or text in {"nan", "NaN", "NaT", "<NA>"}:
        return None
    return text.encode(errors="replace").decode()


def flat(array: Any) -> Any:  # noqa: ANN401 - an Arrow array
    """Return an Arrow array in one piece."""
    if isinstance(array, pa.ChunkedArray):
        if type_of.is_dictionary(array.type):
            array = array.unify_dictionaries()
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    return array


def plain(array: Any) -> Any:  # noqa: ANN401 - an Arrow array
    """Return an Arrow array without an encoding around its values."""
    if type_of.is_run_end_encoded(array.type):
        return pc.run_end_decode(array)
    if type_of.is_dictionary(array.type):
        return array.cast(array.type.value_type)
    return array


def to_numpy(array: Any) -> NDArray[Any]:  # noqa: ANN401 - an Arrow array
    """Return an Arrow array as numpy; nulls of floats become NaN."""
    found: NDArray[Any] = flat(array).to_numpy(zero_copy_only=False)
    return found


def codes_of(indices: Any) -> Codes:  # noqa: ANN401 - an Arrow array of whole numbers
    """Return the places of a dictionary; -1 for null."""
    if not indices.null_count:
        return to_numpy(indices).astype(np.int32, copy=False)
    given = to_numpy(indices.is_valid())
    return np.where(given, to_numpy(indices.fill_null(0)), -1).astype(np.int32, copy=False)


def valid_bits(missing: Mask) -> Any:  # noqa: ANN401 - a buffer of Arrow
    """Return which rows are not missing as Arrow's bitmap; None if all are there."""
    bits = np.packbits(missing, bitorder="little")
    return pa.py_buffer(~bits) if bits.any() else None
