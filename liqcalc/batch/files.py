"""Files of positions of any size: read, evaluated and written in parts, all at once."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

from liqcalc.batch.beside import check, written_whole
from liqcalc.batch.columns import RESULTS
from liqcalc.batch.formats import PARQUET, STANDARD, Format, format_of
from liqcalc.batch.job import Job, Progress
from liqcalc.batch.reading import opened, refused
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from liqcalc.batch.summary import Summary


def evaluate_file(
    source: str | Path,
    target: str | Path,
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
    columns: Sequence[str] = RESULTS,
    read_as: str | None = None,
    write_as: str | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Evaluate every position of a file, and write them with what was found to another.

    The file may be larger than memory. What is written appears whole at the
    end, or not at all.

    Args:
        source: Parquet, CSV or lines of JSON, with the columns of `evaluate`;
            ``-`` is standard input. The cross positions of an account stand
            together, which sorting by account_id ensures.
        target: the file to write; ``-`` is standard output.
        given: values that hold for every row, by name.
        exchanges: folders of exchanges of your own.
        today: ISO date against which the age of tables is counted; default: now.
        columns: the results that are written.
        read_as: ``parquet``, ``csv`` or ``jsonl``; default: by the suffix.
        write_as: the same of what is written; default for ``-``: as it is read.
        force: replace `target` if it exists.
        progress: called after each part.

    Returns:
        Counts of statuses, warnings, reasons and rule sets.

    Raises:
        InputError: a file cannot be read or written, a column is missing or
            unknown, or the cross positions of an account are not together.
    """
    started = time.monotonic()
    source, target = str(source), str(target)
    _check_columns(columns)
    read, write = _formats(source, target, read_as, write_as)
    check(target, force=force)
    catalog, day = Catalog(exchanges), _day(today)
    with (
        closing(opened(source, read)) as rows,
        written_whole(target, force=force, gzip=write.gzip) as stream,
    ):
        job = Job(rows, write.kind, columns, given=dict(given or {}), catalog=catalog, today=day)
        job.run(stream, progress or (lambda _: None))
    return job.counts.summary(time.monotonic() - started)


def _day(today: str | None) -> str:
    if today is None:
        return time.strftime("%Y-%m-%d")
    try:
        return date.fromisoformat(today).isoformat()
    except ValueError:
        message = f"is {today!r}, not a date"
        raise refused("today", message, "write it as 2026-10-01") from None


def _check_columns(columns: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in RESULTS]
    if unknown:
        hint = f"results are {', '.join(RESULTS)}"
        raise refused("columns", f"there is no result {unknown[0]!r}", hint)


def _formats(
    source: str, target: str, read_as: str | None, write_as: str | None
) -> tuple[Format, Format]:
    form = format_of(source, read_as, "--format")
    if target == STANDARD and write_as is None and form.kind != PARQUET:
        write_as = form.kind
    return form, format_of(target, write_as, "--to")
