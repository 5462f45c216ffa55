"""One file of positions on its way: read, cut into parts, evaluated, written."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from liqcalc.batch import json_lines, tables
from liqcalc.batch.accounts import ACCOUNT, whole_accounts
from liqcalc.batch.columns import NUMBERS, RESULTS, WORDS, Columns
from liqcalc.batch.formats import JSON_LINES, PARQUET
from liqcalc.batch.grouped import Grouped
from liqcalc.batch.question import evaluate_columns
from liqcalc.batch.reading import Source, in_chunks, refused
from liqcalc.batch.stages import Behind, ahead
from liqcalc.batch.summary import Counts
from liqcalc.batch.writing import Writer, writer_of
from liqcalc.batch.written import arrow_columns
from liqcalc.errors import InputError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import IO

    from liqcalc.rules.catalog import Catalog

_INPUTS = frozenset((*WORDS, *NUMBERS))


class Progress(NamedTuple):
    """How far a file has come.

    Attributes:
        rows: evaluated so far.
        share: of the file that is read, 0 to 1; None if that is not known.
    """

    rows: int
    share: float | None


class Job:
    """Evaluates a file.

    Args:
        source: the file.
        kind: of the file that is written.
        chosen: the results that are written.
        given: values that hold for every row, by name.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(
        self,
        source: Source,
        kind: str,
        chosen: Collection[str],
        *,
        given: dict[str, Any],
        catalog: Catalog,
        today: str,
    ) -> None:
        self.counts = Counts()
        self._source = source
        self._kind = kind
        self._chosen = [name for name in RESULTS if name in chosen]
        self._given = given
        self._catalog = catalog
        self._today = today
        self._grouped = Grouped(source.where)
        self._seen: dict[str, None] = {}
        self._names: list[str] = []

    def run(self, stream: IO[bytes], progress: Callable[[Progress], None]) -> None:
        """Evaluate everything and write it to `stream`, each in a thread of its own."""
        writer: Writer | None = None

        def write(table: Any) -> None:  # noqa: ANN401 - an Arrow table
            nonlocal writer
            writer = writer or self._writer(stream, table)
            try:
                writer.write(table)
            except pa.ArrowException as error:
                message = f"has a column that {self._kind} cannot hold: {error}"
                raise refused(self._source.where, message) from None

        try:
            with Behind(write) as behind, ahead(in_chunks(self._source)) as chunks:
                for table in self._parts(chunks):
                    behind.put(self._evaluated(table))
                    progress(Progress(self.counts.rows, self._source.share()))
        finally:
            if writer is not None:
                writer.close()

    def _writer(self, stream: IO[bytes], table: Any) -> Writer:  # noqa: ANN401 - an Arrow table
        schema = table.schema
        if self._source.kind == self._kind == PARQUET:
            kept = self._source.schema
            fields = [kept.field(f.name) if f.name not in self._chosen else f for f in schema]
            schema = pa.schema(fields, metadata=kept.metadata)
        tokens = {*schema.names} - {*self._chosen} if self._source.kind == JSON_LINES else set()
        return writer_of(self._kind, stream, schema, tokens)

    def _parts(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the file in parts that hold whole accounts; at least one."""
        some = list(islice(chunks, 2))
        chunks = chain(some, chunks)
        if len(some) == 1 or not self._may_be_cross(some[0]):
            yield from chunks
        elif ACCOUNT in self._given:
            yield pa.concat_tables(chunks, promote_options="default")
        else:
            yield from whole_accounts(chunks)

    def _may_be_cross(self, first: Any) -> bool:  # noqa: ANN401 - an Arrow table
        """Return True if positions may share the margin of an account."""
        mode = self._given.get("margin_mode")
        if mode is not None:
            return bool(mode != MarginMode.ISOLATED)
        return self._source.schema is None or "margin_mode" in first.column_names

    def _evaluated(self, table: Any) -> Any:  # noqa: ANN401 - Arrow tables
        """Return a part with its results."""
        if self._source.kind == JSON_LINES:
            table, asked = self._decoded(table)
        else:
            asked = table
        first_row = self.counts.rows + 1
        columns = self._columns(asked)
        self._grouped.add(columns, first_row)
        results = evaluate_columns(columns, self._catalog, self._today)
        self.counts.add(results)
        if self._kind == PARQUET and self._source.kind != PARQUET:
            table = self._with_floats(table, columns)
        found = arrow_columns(results)
        kept = [name for name in table.column_names if name not in self._chosen]
        table = table.select(kept)
        for name in self._chosen:
            table = table.append_column(name, found[name])
        return table

    def _columns(self, asked: Any) -> Columns:  # noqa: ANN401 - an Arrow table
        try:
            return tables.read(asked, self._given)[0]
        except InputError as error:
            faults = (f._replace(where=f"{self._source.where}: {f.where}") for f in error.faults)
            raise InputError(*faults) from None

    def _decoded(self, table: Any) -> tuple[Any, Any]:  # noqa: ANN401 - Arrow tables
        """Return what is written of lines of JSON, and what is asked about.

        Rows may have other names than rows before them.
        """
        self._seen |= dict.fromkeys(name for name in table.column_names if name in _INPUTS)
        if self._kind != JSON_LINES:
            table = self._aligned(table)
        names = dict.fromkeys((*table.column_names, *self._seen))
        texts = {
            name: json_lines.texts(table[name])
            if name in table.column_names
            else pa.nulls(len(table), pa.string())
            for name in names
            if name in _INPUTS or self._kind != JSON_LINES
        }
        asked = pa.table(texts)
        return table if self._kind == JSON_LINES else asked.select(self._names), asked

    def _aligned(self, table: Any) -> Any:  # noqa: ANN401 - Arrow tables
        """Return lines of JSON with the columns of the first part, for files that have a head."""
        self._names = self._names or table.column_names
        more = [name for name in table.column_names if name not in self._names]
        if more:
            where = f"{self._source.where}, after row {self.counts.rows}"
            message = f"{more[0]!r} is not among the names of the rows before"
            hint = "name it in the first row too, with null; or write jsonl"
            raise refused(where, message, hint)
        for name in self._names:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), pa.string()))
        return table.select(self._names)

    def _with_floats(self, table: Any, columns: Columns) -> Any:  # noqa: ANN401 - Arrow tables
        """Return a table with its texts that are numbers as floats."""
        if columns.inexact is not None and not columns.originals.keys().isdisjoint(
            table.column_names
        ):
            self.counts.shortened += int(columns.inexact.sum())
        for at, name in enumerate(table.column_names):
            if name in NUMBERS:
                values = columns.numbers[name]
                floats = pa.array(values, pa.float64(), mask=np.isnan(values))
                table = table.set_column(at, name, floats)
        return table
