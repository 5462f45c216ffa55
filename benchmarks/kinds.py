"""Ways to hold the same rows, and what evaluates them; what memory they take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmarks.positions import TODAY, Words
from liqcalc.batch.columns import Coded, Columns
from liqcalc.batch.question import evaluate, evaluate_columns
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from benchmarks.positions import Table


def _as_arrays() -> tuple[Callable[[Table], Any], Callable[[Any, bool | None], Any]]:
    """Take a dict of numpy arrays, words as texts."""

    def given(table: Table) -> Any:  # noqa: ANN401
        return {
            name: np.array(column.words)[column.codes] if isinstance(column, Words) else column
            for name, column in table.items()
        }

    return given, lambda table, compiled: evaluate(table, today=TODAY, compiled=compiled)


def _as_arrow() -> tuple[Callable[[Table], Any], Callable[[Any, bool | None], Any]]:
    """Take a table of pyarrow, words as dictionaries, as Parquet files hold them."""

    def column(values: Any, rows: int) -> Any:  # noqa: ANN401
        if isinstance(values, Words):
            return pa.DictionaryArray.from_arrays(values.codes, list(values.words))
        if isinstance(values, str):
            return pa.DictionaryArray.from_arrays(
                pa.repeat(pa.scalar(0, pa.int32()), rows), [values]
            )
        return pa.array(values)

    def given(table: Table) -> Any:  # noqa: ANN401
        rows = _rows(table)
        return pa.table({name: column(values, rows) for name, values in table.items()})

    return given, lambda table, compiled: evaluate(table, today=TODAY, compiled=compiled)


def _as_columns() -> tuple[Callable[[Table], Any], Callable[[Any, bool | None], Any]]:
    """Take the columns themselves: the calculation without reading and writing a table."""
    catalog = Catalog()

    def given(table: Table) -> Any:  # noqa: ANN401
        columns = Columns(_rows(table))
        for name, values in table.items():
            if isinstance(values, Words):
                columns.words[name] = Coded(values.codes, values.words)
            elif isinstance(values, str):
                columns.words[name] = Coded(np.zeros(columns.rows, dtype=np.int32), (values,))
            elif isinstance(values, np.ndarray):
                columns.numbers[name] = values
        return columns

    def found(columns: Columns, compiled: bool | None) -> Any:  # noqa: ANN401, FBT001
        return evaluate_columns(columns, catalog, TODAY, compiled=compiled)

    return given, found


KINDS = {"arrays": _as_arrays, "arrow": _as_arrow, "columns": _as_columns}


def _rows(table: Table) -> int:
    return len(table["qty"])  # type: ignore[arg-type]


# What is in a table


def memory(of: Any) -> Iterator[NDArray[Any]]:  # noqa: ANN401 - a table of any kind
    """Yield the memory of a table as numpy arrays."""
    if hasattr(of, "itercolumns"):
        for column in of.itercolumns():
            for chunk in column.chunks:
                for buffer in chunk.buffers():
                    if buffer is not None:
                        yield np.frombuffer(buffer, dtype=np.uint8)
        return
    names = ("numbers", "whole", "words")
    groups = [of] if isinstance(of, dict) else [getattr(of, name, {}) for name in names]
    for group in groups:
        for column in dict.values(group):
            array = getattr(column, "codes", column)
            if isinstance(array, np.ndarray):
                yield array


def new_memory(result: Any, given: Any) -> Iterator[NDArray[Any]]:  # noqa: ANN401
    """Yield the memory that a result has and its input has not."""
    known = {array.__array_interface__["data"][0] for array in memory(given)}
    for array in memory(result):
        if array.__array_interface__["data"][0] not in known:
            yield array


def about(result: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a result says of itself."""
    if hasattr(result, "schema"):
        told = result.schema.metadata or {}
        return json.loads(told.get(b"liqcalc", b"{}")) if told else {}
    found: dict[str, Any] = getattr(result, "about", {})
    return found
