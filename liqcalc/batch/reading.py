"""Files of positions, read in chunks; text files keep every cell as it is written."""

from __future__ import annotations

import csv
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from liqcalc.batch import json_lines
from liqcalc.batch.columns import WORDS
from liqcalc.batch.formats import CSV, JSON_LINES, PARQUET, STANDARD, Format
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CODE = "LQ128"
CHUNK = 1 << 18
BLOCK = 1 << 24
_SHOWN = 60


class Source(Protocol):
    """A file that is read.

    Attributes:
        kind: of file.
        where: its name in messages.
        schema: of its columns; None where rows may have other columns than those before.
    """

    kind: str
    where: str
    schema: Any

    def chunks(self) -> Generator[Any]:
        """Yield the file as Arrow tables of any size, at least one."""

    def share(self) -> float | None:
        """Return how much of the file is read, 0 to 1; None if that is not known."""

    def close(self) -> None:
        """Let go of the file."""


def opened(name: str, form: Format) -> Source:
    """Return the file called `name`, ready to be read.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    where = "standard input" if name == STANDARD else name
    with told(where):
        if form.kind == PARQUET:
            return _Parquet(name)
        stream = _Stream(name, gzip=form.gzip)
        try:
            return _Csv(stream, where) if form.kind == CSV else _JsonLines(stream, where)
        except BaseException:
            stream.close()
            raise


def in_chunks(source: Source) -> Generator[Any]:
    """Yield a file as Arrow tables of some size, whatever the size of its own parts."""
    waiting: list[Any] = []
    for table in source.chunks():
        waiting.append(table)
        if sum(map(len, waiting)) * 2 >= CHUNK:
            yield pa.concat_tables(waiting, promote_options="default")
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting, promote_options="default")


@contextmanager
def told(where: str) -> Generator[None]:
    """Say what goes wrong inside with the file's name."""
    try:
        yield
    except FileNotFoundError:
        raise refused(where, "there is no such file", "- reads standard input") from None
    except IsADirectoryError:
        raise refused(where, "is a folder, not a file") from None
    except pa.ArrowException as error:
        raise refused(where, f"cannot be read: {_first_line(error)}") from None
    except (EOFError, UnicodeDecodeError) as error:
        raise refused(where, f"cannot be read: {_first_line(error)}") from None
    except OSError as error:
        raise refused(where, f"cannot be read: {error.strerror or _first_line(error)}") from None


def refused(where: str, message: str, hint: str = "") -> InputError:
    """Return the error that says that a file cannot be used."""
    return InputError(Fault(CODE, where, message, hint))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


class _Parquet:
    kind = PARQUET

    def __init__(self, name: str) -> None:
        self.where = name
        if Path(name).is_dir():
            raise IsADirectoryError
        self.schema = pa.parquet.read_schema(name)
        _once(self.schema.names, name)
        # Read ahead by Arrow itself, what was read would be kept until the end.
        self._file = pa.parquet.ParquetFile(
            name, read_dictionary=_words_of(self.schema), pre_buffer=False
        )
        self._read = 0

    def chunks(self) -> Generator[Any]:
        with told(self.where):
            batch = None
            for batch in self._file.iter_batches(CHUNK):
                self._read += len(batch)
                yield pa.Table.from_batches([batch])
            if batch is None:
                yield self._file.schema_arrow.empty_table()

    def share(self) -> float | None:
        return self._read / (self._file.metadata.num_rows or 1)

    def close(self) -> None:
        self._file.close()


def _words_of(schema: Any) -> list[str]:  # noqa: ANN401 - Arrow's
    """Return the columns of words, whose few texts are read as a dictionary."""
    text = (pa.types.is_string, pa.types.is_large_string)
    return [f.name for f in schema if f.name in WORDS and any(of(f.type) for of in text)]


class _Stream:
    """Bytes of a text file, or of standard input.

    Attributes:
        bytes: what it holds, decompressed.
    """

    def __init__(self, name: str, *, gzip: bool) -> None:
        raw = _standard_input() if name == STANDARD else Path(name).open("rb")  # noqa: SIM115
        self._raw = raw
        self._own = name != STANDARD
        self._size = Path(name).stat().st_size if self._own else 0
        self.bytes: Any = raw
        if gzip:
            from gzip import GzipFile

            self.bytes = GzipFile(fileobj=raw)

    def share(self) -> float | None:
        try:
            return min(self._raw.tell() / self._size, 1.0) if self._size else None
        except ValueError:  # closed, for it is read to its end
            return 1.0

    def close(self) -> None:
        if self._own:  # closing standard input would wait for what is being read of it
            self.bytes.close()
            self._raw.close()


def _standard_input() -> Any:  # noqa: ANN401 - a binary file
    """Return standard input on its own, so that nothing waits for it at the end of Python."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:
        return sys.stdin.buffer


class _Csv:
    kind = CSV

    def __init__(self, stream: _Stream, where: str) -> None:
        self._stream, self.where = stream, where
        self.share, self.close = stream.share, stream.close
        self.schema = pa.schema([(name, pa.string()) for name in self._head()])

    def _head(self) -> list[str]:
        lines = (line.decode("utf-8-sig") for line in iter(self._stream.bytes.readline, b""))
        names = next(csv.reader(lines), [])
        if not any(names):
            raise refused(self.where, "is empty; the first line names the columns")
        _once(names, self.where)
        return names

    def chunks(self) -> Generator[Any]:
        rows = 0
        ragged: list[Any] = []
        empty = True
        with told(self.where):
            try:
                for batch in self._batches(ragged):
                    empty = False
                    rows += len(batch)
                    yield pa.Table.from_batches([batch])
            except pa.ArrowInvalid as error:
                raise self._said(error, ragged, rows) from None
            if empty:
                yield self.schema.empty_table()

    def _batches(self, ragged: list[Any]) -> Iterator[Any]:
        def keep(row: Any) -> str:  # noqa: ANN401 - pyarrow's InvalidRow
            ragged.append(row)
            return "error"

        parse = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep)
        read = pa.csv.ReadOptions(column_names=self.schema.names, block_size=BLOCK)
        kinds = pa.csv.ConvertOptions(
            column_types=self.schema, strings_can_be_null=True, null_values=[""]
        )
        try:
            reader = pa.csv.open_csv(
                self._stream.bytes, read_options=read, parse_options=parse, convert_options=kinds
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise
        yield from reader

    def _said(self, error: Exception, ragged: list[Any], rows: int) -> InputError:
        if not ragged:
            return refused(self.where, f"cannot be read after row {rows}: {_first_line(error)}")
        row = ragged[0]
        cells = f"{row.actual_columns} cells where the head has {row.expected_columns}"
        message = f"a line after row {rows} has {cells}: {row.text[:_SHOWN]!r}"
        return refused(self.where, message, "cells are separated by commas")


class _JsonLines:
    kind = JSON_LINES
    schema = None

    def __init__(self, stream: _Stream, where: str) -> None:
        self._stream, self.where = stream, where
        self.share, self.close = stream.share, stream.close

    def chunks(self) -> Generator[Any]:
        with told(self.where):
            table = None
            for table in json_lines.tables(self._stream.bytes, self.where):
                yield table
            if table is None:
                raise refused(self.where, "is empty; each line is a JSON object")


def _once(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refused(where, f"two columns are called {twice[0]!r}")
