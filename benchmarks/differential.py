"""Columns against the exact engine: ``python -m benchmarks.differential [ROWS [SEED]]``.

Random rows over all exchanges, ordinary, on every edge, and hostile; each figure of the columns
must be the float nearest to the exact engine's, each word the same.
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.progress import Progress

from benchmarks.positions import TODAY
from liqcalc.batch.question import evaluate_columns
from liqcalc.rules.catalog import Catalog
from tests.batch.compare import differences
from tests.batch.rows import RowMaker, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.batch.compare import Difference

ROWS, SEED, CHUNK, PROCESSES, SHOWN = 1_000_000, 1, 10_000, 2, 5


class Compared(NamedTuple):
    """What a chunk of rows came to.

    Attributes:
        differences: rows that differ.
        redone: rows that the columns gave to the exact engine.
        statuses: how many rows have each.
    """

    differences: list[Difference]
    redone: int
    statuses: Counter[str]


def run() -> Iterator[str]:
    """Yield what a million rows come to."""
    return compare(ROWS, SEED)


def compare(rows: int, seed: int) -> Iterator[str]:
    """Yield how many of `rows` random rows differ, the first of them whole, and the counts."""
    sizes = [min(CHUNK, rows - start) for start in range(0, rows, CHUNK)]
    seeds = [seed * 1_000_003 + place for place in range(len(sizes))]
    found: list[Compared] = []
    screen = Progress(console=Console(stderr=True), transient=True)
    with ProcessPoolExecutor(PROCESSES) as pool, screen as progress:
        task = progress.add_task("comparing", total=rows)
        for size, chunk in zip(sizes, pool.map(chunk_of, sizes, seeds), strict=True):
            found.append(chunk)
            progress.advance(task, size)
    differing = list(chain.from_iterable(chunk.differences for chunk in found))
    yield f"{rows:,} rows: {len(differing):,} differ from the exact engine"
    for difference in differing[:SHOWN]:
        yield str(difference)
    if differing:
        columns = Counter(name for difference in differing for name in difference.exact)
        yield "differing columns: " + _counts(columns)
    redone = sum(chunk.redone for chunk in found)
    yield f"redone exactly: {redone:,} rows ({redone / max(rows, 1):.2%})"
    yield "statuses: " + _counts(sum((chunk.statuses for chunk in found), Counter()))


def chunk_of(size: int, seed: int) -> Compared:
    """Return what `size` rows come to."""
    catalog, maker = _setting()
    rows = maker.rows(size, seed)
    columns = columns_of(rows)
    found = evaluate_columns(columns, catalog, TODAY)
    differ = differences(rows, columns, found, catalog, TODAY)
    redone = found.about.get("redone", 0)
    statuses = Counter(str(status) for status in found.words["status"].texts())
    return Compared(differ, int(redone), statuses)


@cache
def _setting() -> tuple[Catalog, RowMaker]:
    catalog = Catalog()
    return catalog, RowMaker(catalog)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


if __name__ == "__main__":
    count, first = (*map(int, sys.argv[1:]), *(ROWS, SEED)[len(sys.argv) - 1 :])
    print(*compare(count, first), sep="\n")
