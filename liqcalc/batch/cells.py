"""Columns of Arrow as the texts that stand in files of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def as_texts(cells: Any, quoted: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return an array as texts: numbers and truths plain, the rest `quoted`, lists as JSON.

    Args:
        cells: any array; the words of a dictionary are looked at once.
        quoted: from texts to texts, as the file wants them.
    """
    kind = cells.type
    if type_of.is_dictionary(kind):
        return as_texts(cells.dictionary, quoted).take(cells.indices)
    if type_of.is_nested(kind):
        given = (None if c is None else json.dumps(c, default=str) for c in cells.to_pylist())
        return pa.array(given, pa.string())
    if type_of.is_floating(kind):
        cells = pc.if_else(pc.is_finite(cells), cells, pa.scalar(None, kind))
    texts = cells.cast(pa.string())
    number = type_of.is_integer(kind) or type_of.is_floating(kind) or type_of.is_decimal(kind)
    return texts if number or type_of.is_boolean(kind) else quoted(texts)


def joined(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - a buffer of Arrow
    """Return what stands in each row, one part behind the other and row behind row.

    Args:
        parts: arrays of texts without nulls, and texts that hold for every row.
    """
    rows = pc.binary_join_element_wise(*parts, "")
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int32)
    start, end = int(offsets[rows.offset]), int(offsets[rows.offset + len(rows)])
    return (rows.buffers()[2] or pa.py_buffer(b"")).slice(start, end - start)
