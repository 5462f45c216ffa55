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
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.progress import Progress

from benchmarks.positions import TODAY
from liqcalc.batch.evaluate import evaluate_columns
from liqcalc.batch.exactly import FIGURES, ExactRows
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from liqcalc.batch.columns import Results
    from liqcalc.batch.exactly import Found
    from tests.batch.changes import Row

ROWS, SEED, CHUNK, PROCESSES, SHOWN = 1_000_000, 1, 10_000, 2, 5
WORDS = ("status", "reason", "rule_set", "warnings")


class Difference(NamedTuple):
    """A row on which the two do not agree.

    Attributes:
        row: what was given.
        beside: the other rows of its account.
        columns, exact: what each found, where it is not the same.
    """

    row: Row
    beside: list[Row]
    columns: dict[str, Any]
    exact: dict[str, Any]

    def __str__(self) -> str:
        given = [_written(self.row), *(f"  with {_written(row)}" for row in self.beside)]
        wrong = [
            f"    {name}: columns {self.columns[name]!r}, exact {self.exact[name]!r}"
            for name in self.exact
        ]
        return "\n".join(given + wrong)


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
    with ProcessPoolExecutor(PROCESSES) as pool, Progress(transient=True) as progress:
        task = progress.add_task("comparing", total=rows)
        for size, chunk in zip(sizes, pool.map(chunk_of, sizes, seeds), strict=True):
            found.append(chunk)
            progress.advance(task, size)
    differences = list(chain.from_iterable(chunk.differences for chunk in found))
    yield f"{rows:,} rows: {len(differences):,} differ from the exact engine"
    for difference in differences[:SHOWN]:
        yield str(difference)
    if differences:
        columns = Counter(name for difference in differences for name in difference.exact)
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
    exact = ExactRows(columns, catalog, TODAY).find(range(size))
    ours = as_mappings(found, size)
    differences = [
        Difference(row, _beside(row, rows), ours[at], wrong)
        for at, row in enumerate(rows)
        if (wrong := differing(ours[at], expected(exact[at])))
    ]
    redone = found.about.get("redone", 0)
    count = int(redone) if isinstance(redone, int) else len(redone)
    return Compared(differences, count, Counter(f.status for f in exact.values()))


def as_mappings(found: Results, size: int) -> list[dict[str, Any]]:
    """Return each row of results, None where there is nothing."""
    lists: dict[str, list[Any]] = {
        **{name: found.numbers[name].tolist() for name in FIGURES},
        "tier": found.whole["tier"].tolist(),
        **{name: found.words[name].texts() for name in WORDS},
    }
    return [
        {name: None if (v := values[at]) != v else v for name, values in lists.items()}
        for at in range(size)
    ]


def expected(found: Found) -> dict[str, Any]:
    """Return what the columns must hold for a row that the exact engine has answered."""
    figures = {
        name: None if (value := found.figures.get(name)) is None else float(value)
        for name in FIGURES
    }
    return figures | {
        "tier": found.tier,
        "status": found.status,
        "reason": found.reason or None,
        "rule_set": found.rule_set or None,
        "warnings": " ".join(found.warnings) or None,
    }


def differing(ours: Mapping[str, Any], exact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the exact engine says where the columns do not say the same."""
    return {name: value for name, value in exact.items() if ours[name] != value}


def _beside(row: Row, rows: list[Row]) -> list[Row]:
    account = row.get("account_id")
    if account is None:
        return []
    return [other for other in rows if other.get("account_id") == account and other is not row]


def _written(row: Row) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())


@cache
def _setting() -> tuple[Catalog, RowMaker]:
    catalog = Catalog()
    return catalog, RowMaker(catalog)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


if __name__ == "__main__":
    count, first = (*map(int, sys.argv[1:]), *(ROWS, SEED)[len(sys.argv) - 1 :])
    print(*compare(count, first), sep="\n")
