"""The same function on many machines: Arrow in, Arrow out, with Spark or Ray Data.

    found = evaluate_spark(spark.read.parquet("positions"))
    found = evaluate_ray(ray.data.read_parquet("positions"))

Both keep each account in one piece, since its cross positions share their
margin, and both return the columns given and those of `liqcalc.batch.question`,
in whatever order the rows come.  See docs/scale.md.
"""

from __future__ import annotations

import os
import time
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack
from zlib import crc32

import numpy as np
import pyarrow as pa

from liqcalc.batch import tables
from liqcalc.batch.accounts import ACCOUNT, sorted_accounts, whole_accounts
from liqcalc.batch.arrow import flat, plain
from liqcalc.batch.columns import RESULTS
from liqcalc.batch.extras import need
from liqcalc.batch.names import INPUTS
from liqcalc.batch.question import evaluate_columns
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.names import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType
    from ray.data import Dataset

ROWS = 100_000
"""Rows that are evaluated at once: a few dozen megabytes, and no cost for each call."""

GROUPS = 200
"""Parts that Ray makes of rows with accounts; one must fit in a worker's memory."""

_GROUP = "liqcalc_group"


class Options(TypedDict, total=False):
    """How a job evaluates.

    Attributes:
        given: values that hold for every row, by the name of the input.
        exchanges: folders of your own exchanges, at the same place on each machine.
        today: ISO date, against which the age of tables is counted.
        compiled: True: workers have numba compile with their first batches; see
            `liqcalc.batch.question.evaluate`.
    """

    given: Mapping[str, Any] | None
    exchanges: Iterable[str | Path]
    today: str | None
    compiled: bool | None


class ForSpark(NamedTuple):
    """What ``DataFrame.mapInArrow`` takes, in its order.

    Attributes:
        function: batches in, batches out.
        schema: of the batches out, a ``StructType``.
    """

    function: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
    schema: StructType


def evaluate_batch(batch: pa.Table | pa.RecordBatch, **options: Unpack[Options]) -> pa.Table:
    """Return what `liqcalc.batch.question` does, as a table with the same schema each time.

    Words are plain texts, not dictionaries, and rules are read once a process.
    The batch must hold all rows of its accounts.

    Args:
        batch: of positions.
        options: see `Options`; today is this machine's day if not given.

    Raises:
        InputError: a column is missing, misspelt or cannot be read.

    >>> found = evaluate_batch(pa.table({
    ...     "exchange": ["binance"], "symbol": ["BTCUSDT"], "side": ["long"],
    ...     "qty": [0.5], "entry_price": [60000], "leverage": [20],
    ... }), today="2026-11-22")
    >>> found["liquidation_price"].to_pylist()
    [57259.03614458]
    """
    columns, written = tables.read(batch, options.get("given") or {})
    catalog = _catalog(tuple(str(path) for path in options.get("exchanges", ())))
    day, compiled = options.get("today") or _today(), options.get("compiled")
    found = written(evaluate_columns(columns, catalog, day, compiled=compiled))
    return pa.table({name: plain(found[name]) for name in found.schema.names})


def evaluate_batches(
    batches: Iterable[pa.RecordBatch], **options: Unpack[Options]
) -> Iterator[pa.RecordBatch]:
    """Yield what is found about the rows of `batches`, which are sorted by account.

    Args:
        batches: of one partition.
        options: see `Options`.

    Raises:
        InputError: not sorted.
    """
    parts = sorted_accounts(pa.Table.from_batches([batch]) for batch in batches)
    for table in whole_accounts(parts, rows=ROWS):
        found = evaluate_batch(table, **options).combine_chunks()
        yield from found.to_batches(max_chunksize=ROWS)


def spark_function(schema: StructType, **options: Unpack[Options]) -> ForSpark:
    """Return what ``frame.mapInArrow`` takes, for a frame with this schema.

    Keep each account in one partition, sorted by it, as `evaluate_spark` does.

    Args:
        schema: of the frame, a ``StructType``.
        options: see `Options`; today is the day of the machine that starts the job.

    Raises:
        InputError: a column is missing or misspelt, or pyspark is not installed.
    """
    need("pyspark", "pandas", extra="spark", where="spark_function")
    from pyspark.sql import types

    options = _settled(options)
    empty = pa.table({name: pa.nulls(0) for name in schema.names})
    kinds = {pa.float64(): types.DoubleType(), pa.int16(): types.ShortType()}
    fields = [
        types.StructField(field.name, kinds.get(field.type, types.StringType()))
        if field.name in RESULTS
        else schema[field.name]
        for field in evaluate_batch(empty, **options).schema
    ]
    return ForSpark(partial(evaluate_batches, **options), types.StructType(fields))


def evaluate_spark(frame: DataFrame, **options: Unpack[Options]) -> DataFrame:
    """Return a frame of Spark with what is found about each row.

    Rows with an account are sent where their account is; a frame without that
    column is not moved.

    Args:
        frame: a ``DataFrame``.
        options: see `Options`; today is the day of the machine that starts the job.

    Raises:
        InputError: a column is missing or misspelt, or pyspark is not installed.
    """
    ready = spark_function(frame.schema, **options)
    return by_account(frame).mapInArrow(*ready)


def by_account(frame: DataFrame) -> DataFrame:
    """Return a frame of Spark with each account in one partition, sorted by it.

    Rows without an account go anywhere: else one worker would get them all.
    """
    if ACCOUNT not in frame.columns:
        return frame
    from pyspark.sql import functions as F  # noqa: N812 - its name everywhere

    inputs = [name for name in frame.columns if name in INPUTS]
    anywhere = F.xxhash64(*inputs).cast("string")
    owner = F.coalesce(F.col(ACCOUNT).cast("string"), anywhere)
    return frame.repartition(owner).sortWithinPartitions(ACCOUNT)


def evaluate_ray(dataset: Dataset, *, groups: int = GROUPS, **options: Unpack[Options]) -> Dataset:
    """Return a dataset of Ray with what is found about each row.

    Rows of one account go into the same of `groups` groups; a dataset without
    that column is not moved.

    Args:
        dataset: a ``ray.data.Dataset``.
        groups: how many; each is evaluated at once.
        options: see `Options`; today is the day of the machine that starts the job.

    Raises:
        InputError: a column is missing or misspelt, or ray is not installed.
    """
    need("ray", "pandas", extra="ray", where="evaluate_ray")
    options = _settled(options)
    schema = dataset.schema().base_schema
    if isinstance(schema, pa.Schema):
        evaluate_batch(schema.empty_table(), **options)
    if ACCOUNT not in schema.names:
        function = partial(evaluate_batch, **options)
        return dataset.map_batches(function, batch_format="pyarrow", batch_size=ROWS)
    return in_groups(dataset, partial(evaluate_batch, **options), groups)


def in_groups(dataset: Dataset, function: Callable[[pa.Table], pa.Table], groups: int) -> Dataset:
    """Return what `function` makes of each group; all rows of an account are in one.

    Groups are of many accounts, since each costs a call.
    """
    grouped = dataset.map_batches(partial(_with_group, groups=groups), batch_format="pyarrow")
    without = partial(_without_group, function)
    parts = grouped.groupby(_GROUP, num_partitions=groups)
    return parts.map_groups(without, batch_format="pyarrow")


def _without_group(function: Callable[[pa.Table], pa.Table], table: pa.Table) -> pa.Table:
    return function(table.drop_columns(_GROUP))


def _with_group(table: pa.Table, *, groups: int) -> pa.Table:
    """Return rows with their group: the same for all of an account, any for rows without one."""
    coded = flat(plain(table[ACCOUNT])).dictionary_encode()
    of_account = [crc32(str(account).encode()) % groups for account in coded.dictionary.to_pylist()]
    anywhere = np.arange(table.num_rows) % groups
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    found = np.where(codes < 0, anywhere, np.array([*of_account, 0])[codes])
    return table.append_column(_GROUP, pa.array(found))


@cache
def _catalog(exchanges: tuple[str, ...]) -> Catalog:
    """Return the catalogue of this process, which keeps what it has read."""
    return Catalog(exchanges)


def _settled(options: Options) -> Options:
    """Return options that mean the same on every machine."""
    given = dict(options.get("given") or {})
    if ACCOUNT in given:
        message = "is given for every row: all would have to be on one machine"
        raise InputError(Fault("LQ130", ACCOUNT, message, "give it in a column"))
    named = filter(None, os.environ.get(ENVIRONMENT, "").split(os.pathsep))
    exchanges = tuple(str(path) for path in (*options.get("exchanges", ()), *named))
    today = options.get("today") or _today()
    compiled = options.get("compiled")
    return Options(given=given, exchanges=exchanges, today=today, compiled=compiled)


def _today() -> str:
    return time.strftime("%Y-%m-%d")
