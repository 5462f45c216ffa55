"""What Spark and Ray add to the same function in one process, on this machine.

``python -m benchmarks.scale [--rows N] [--engines one spark ray] [--functions
nothing evaluate]``; needs ``pip install -e '.[test,spark,ray]'`` and, for Spark, Java 17.

Each job reads Parquet, calls a function with batches, and writes Parquet.  The
function ``nothing`` makes columns of the same kinds and calculates nothing, so
its time is what reading, sending and writing take.  Seconds of a core are those
of all processes together, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import positions
from benchmarks.kinds import KINDS
from liqcalc.batch.accounts import whole_accounts
from liqcalc.batch.columns import RESULTS
from liqcalc.batch.scale import (
    ROWS,
    by_account,
    evaluate_batch,
    in_groups,
    spark_function,
)
from liqcalc.rules.catalog import Catalog
from tests.batch.clusters import ray_cluster, spark_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Batch = Callable[[pa.Table], pa.Table]

WORKERS, FILES, SMALL, GROUP = 2, 8, 1_000, 250_000
TICKS = os.sysconf("SC_CLK_TCK")
TODAY = positions.TODAY
ENGINES = ("one", "spark", "ray")
WORDS = ("status", "reason", "rule_set", "warnings")


def nothing(batch: pa.Table | pa.RecordBatch) -> pa.Table:
    """Return a batch with columns as large as those that are found, without their calculation."""
    qty, word = np.asarray(batch.column("qty")), pa.repeat("liquidatable_at_price", batch.num_rows)
    numbers = {name: pa.array(qty * place) for place, name in enumerate(RESULTS, start=2)}
    tier = pa.array(np.ones(batch.num_rows, dtype=np.int16))
    found = numbers | dict.fromkeys(WORDS, word) | {"tier": tier}
    return pa.table({**{name: batch.column(name) for name in batch.schema.names}, **found})


FUNCTIONS: dict[str, Batch] = {
    "nothing": nothing,
    "evaluate": partial(evaluate_batch, today=TODAY),
}


class Time(NamedTuple):
    """How long a job took: by the clock, and of all cores together."""

    seconds: float
    cores: float


def report(rows: int, engines: Sequence[str], functions: Sequence[str]) -> Iterator[str]:
    """Yield the sizes of the files, and each engine's times.

    Args:
        rows: of each table.
        engines: those that are measured.
        functions: those that they call.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("mixed", "pools"):
            table = KINDS["arrow"]()[0](getattr(positions, name)(Catalog(), rows, 1))
            yield f"{name}: {_write(table, folder / name) / rows:.1f} bytes a row of Parquet in"
        for engine in engines:
            yield from (f"{engine}: {line}" for line in _MEASURES[engine](folder, rows, functions))


def _write(table: pa.Table, folder: Path) -> int:
    """Write a table as several files, with rows of an account in all of them; return bytes."""
    folder.mkdir()
    for at in range(FILES):
        part = table.take(np.arange(at, table.num_rows, FILES))
        pq.write_table(part, folder / f"{at}.parquet", row_group_size=ROWS)
    return _size(folder)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def _of_one(folder: Path, rows: int, functions: Sequence[str]) -> Iterator[str]:
    """Yield what one process does with the same files, one after the other."""

    def job(function: Batch, name: str) -> None:
        out = folder / "out"
        out.mkdir(exist_ok=True)
        for file in sorted((folder / name).iterdir()):
            batches = pq.ParquetFile(file).iter_batches(ROWS)
            tables = whole_accounts((pa.Table.from_batches([b]) for b in batches), rows=ROWS)
            found = map(function, tables)
            first = next(found)
            with pq.ParquetWriter(out / file.name, first.schema) as writer:
                writer.write_table(first)
                for table in found:
                    writer.write_table(table)

    table = pq.read_table(folder / "mixed", read_dictionary=["symbol"])
    for what in functions:
        function = FUNCTIONS[what]
        yield _line(f"{what}, in memory", rows, *_times(_in_batches(function, table)))
        yield _line(f"{what}, files", rows, *_times(partial(job, function, "mixed")))
        yield f"{what}: {_size(folder / 'out') / rows:.1f} bytes a row of Parquet out"
    for size in (1, SMALL, ROWS):
        seconds = min(_times(partial(FUNCTIONS[functions[-1]], table.slice(0, size)), 5)).seconds
        yield f"{functions[-1]}, one batch of {size:,} rows: {seconds * 1e3:.2f} ms"


def _in_batches(function: Batch, table: pa.Table) -> Callable[[], None]:
    def job() -> None:
        for at in range(0, table.num_rows, ROWS):
            function(table.slice(at, ROWS))

    return job


def _of_spark(folder: Path, rows: int, functions: Sequence[str]) -> Iterator[str]:
    """Yield what Spark does with two workers."""
    start = time.perf_counter()
    with spark_cluster() as spark:
        yield f"start: {time.perf_counter() - start:.1f} s"

        def mapped(function: Batch) -> None:
            frame = spark.read.parquet(str(folder / "mixed"))
            schema = spark_function(frame.schema, today=TODAY).schema
            save(frame.mapInArrow(partial(_each, function), schema))

        def accounts() -> None:
            frame = spark.read.parquet(str(folder / "pools"))
            schema = spark_function(frame.schema, today=TODAY).schema
            save(by_account(frame).mapInArrow(partial(_each, nothing), schema))

        def save(frame: Any) -> None:  # noqa: ANN401 - Spark may be missing
            frame.write.mode("overwrite").parquet(str(folder / "out_spark"))

        def sized(batch: int) -> None:
            spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", batch)
            mapped(nothing)

        yield from _of_engine(mapped, accounts, sized, rows, functions)


def _each(function: Batch, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from function(batch).combine_chunks().to_batches()


def _of_ray(folder: Path, rows: int, functions: Sequence[str]) -> Iterator[str]:
    """Yield what Ray Data does with two nodes."""
    start = time.perf_counter()
    with ray_cluster() as ray:
        yield f"start: {time.perf_counter() - start:.1f} s"

        def mapped(function: Batch, batch: int = ROWS) -> None:
            dataset = ray.data.read_parquet(str(folder / "mixed"))
            save(dataset.map_batches(function, batch_format="pyarrow", batch_size=batch))

        def accounts() -> None:
            dataset = ray.data.read_parquet(str(folder / "pools"))
            save(in_groups(dataset, nothing, max(WORKERS, rows // GROUP)))

        def save(dataset: Any) -> None:  # noqa: ANN401 - Ray may be missing
            dataset.write_parquet(str(folder / "out_ray"))

        yield from _of_engine(mapped, accounts, partial(mapped, nothing), rows, functions)


def _of_engine(
    mapped: Callable[[Batch], None],
    accounts: Callable[[], None],
    sized: Callable[[int], None],
    rows: int,
    functions: Sequence[str],
) -> Iterator[str]:
    """Yield the times of an engine's jobs: by function, with accounts, and with small batches."""
    for what in functions:
        yield _line(f"{what}, files", rows, *_times(partial(mapped, FUNCTIONS[what])))
    yield _line("nothing, accounts brought together", rows, *_times(accounts))
    large, small = (min(t.cores for t in _times(partial(sized, n), 2)) for n in (ROWS, SMALL))
    each = (small - large) / (rows / SMALL - rows / ROWS)
    yield f"nothing, a batch more: {each * 1e3:.2f} ms of a core"


def _times(job: Callable[[], Any], count: int = 3) -> list[Time]:
    """Return the time of each run."""
    times = []
    for _ in range(count):
        start, cores = time.perf_counter(), _core_seconds()
        job()
        times.append(Time(time.perf_counter() - start, _core_seconds() - cores))
    return times


def _core_seconds() -> float:
    """Return the seconds of cores that this process and all below it have used; Linux only."""
    parents, used = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = file.read_text().rpartition(")")[2].split()
            parents[int(file.parent.name)] = int(words[1])
            used[int(file.parent.name)] = sum(map(int, words[11:15]))
    return sum(ticks for pid, ticks in used.items() if _is_below(pid, parents)) / TICKS


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


def _line(what: str, rows: int, first: Time, *others: Time) -> str:
    best, cores = min(others).seconds, min(time.cores for time in others) * 1e6 / rows
    took = f"first {first.seconds:.2f} s, then {best:.2f} s, {rows / best:,.0f} rows a second"
    return f"{what}: {took}, {cores:.2f} s of a core a million rows"


_MEASURES = {"one": _of_one, "spark": _of_spark, "ray": _of_ray}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=tuple(FUNCTIONS))
    words = parser.parse_args()
    for line in report(words.rows, words.engines, words.functions):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
