"""Results as columns of each kind of table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from liqcalc.batch.arrow import valid_bits
from liqcalc.batch.columns import RESULTS
from liqcalc.batch.found import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Coded, Mask, Results


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
    found = {name: _array(pa.float64(), v, np.isnan(v)) for name, v in results.numbers.items()}
    found |= {name: _array(pa.int16(), v, v == 0) for name, v in results.whole.items()}
    found |= {name: _dictionary(words) for name, words in results.words.items()}
    return {name: found[name] for name in ordered(found)}


def _array(kind: Any, values: NDArray[Any], missing: Mask) -> Any:  # noqa: ANN401 - Arrow
    values = np.ascontiguousarray(values)
    buffers = [valid_bits(missing), pa.py_buffer(values)]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _dictionary(column: Coded) -> Any:  # noqa: ANN401 - an Arrow array
    codes = column.codes.astype(np.int32, copy=False)
    indices = _array(pa.int32(), codes, codes < 0)
    words = pa.array(list(column.words), type=pa.string())
    return pa.DictionaryArray.from_arrays(indices, words)
