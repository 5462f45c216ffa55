"""Tables as Parquet, CSV and lines of JSON, chunk by chunk."""

from __future__ import annotations

import base64
from typing import IO, TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet

from liqcalc.batch import csv_lines, json_lines
from liqcalc.batch.arrow import type_of
from liqcalc.batch.columns import NUMBERS
from liqcalc.batch.formats import CSV, PARQUET

if TYPE_CHECKING:
    from collections.abc import Collection


class Writer(Protocol):
    """Writes tables to a stream."""

    def write(self, table: Any) -> None:  # noqa: ANN401 - an Arrow table
        """Write rows."""

    def close(self) -> None:
        """Write what stands at the end of the file."""


def writer_of(kind: str, stream: IO[bytes], schema: Any, tokens: Collection[str]) -> Writer:  # noqa: ANN401
    """Return the writer of a kind of file.

    Args:
        kind: of file.
        stream: where its bytes go.
        schema: what columns are to those who read the file.
        tokens: columns that hold JSON.
    """
    if kind == PARQUET:
        return _Parquet(stream, schema)
    return _Csv(stream, schema.names) if kind == CSV else _JsonLines(stream, tokens)


class _Parquet:
    """Parquet, packed by snappy.

    Words keep their dictionaries. Floats have none: few of them are equal, and
    looking for equal ones would take half of the time.
    """

    def __init__(self, stream: IO[bytes], schema: Any) -> None:  # noqa: ANN401
        self._stream = stream
        self._shown = schema
        self._file: Any = None
        self._schema: Any = None

    def write(self, table: Any) -> None:  # noqa: ANN401
        """Write rows as a row group; words may be a dictionary here and plain in the schema."""
        if self._file is None:
            self._schema = table.schema
            self._file = pa.parquet.ParquetWriter(
                self._stream,
                self._schema,
                compression="snappy",
                use_dictionary=[f.name for f in table.schema if not type_of.is_floating(f.type)],
                store_schema=False,
            )
        if not table.schema.equals(self._schema):
            table = table.cast(self._schema)
        if len(table):
            self._file.write_table(table, row_group_size=len(table))

    def close(self) -> None:
        schema = base64.b64encode(self._shown.serialize().to_pybytes()).decode()
        known = {**(self._shown.metadata or {}), "ARROW:schema": schema}
        self._file.add_key_value_metadata(known)
        self._file.close()


class _Csv:
    def __init__(self, stream: IO[bytes], names: list[str]) -> None:
        self._stream = stream
        stream.write(csv_lines.head(names))

    def write(self, table: Any) -> None:  # noqa: ANN401
        self._stream.write(csv_lines.lines(table.columns))

    def close(self) -> None:
        """Do nothing: the last row is the end."""


class _JsonLines:
    def __init__(self, stream: IO[bytes], tokens: Collection[str]) -> None:
        self._stream = stream
        self._tokens = tokens

    def write(self, table: Any) -> None:  # noqa: ANN401
        self._stream.write(json_lines.as_lines(table, tokens=self._tokens, numbers=NUMBERS))

    def close(self) -> None:
        """Do nothing: the last row is the end."""
