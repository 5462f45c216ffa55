"""What a file of positions came to, on the screen, and how far it has come."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.text import Text

from liqcalc.render import screen

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from rich.console import RenderableType

    from liqcalc.batch.job import Progress
    from liqcalc.batch.summary import Summary

_STEPS = 10_000


def render(summary: Summary, target: str, meaning: Callable[[str], str]) -> str:
    """Return the counts as text.

    Args:
        summary: what is shown.
        target: the file that was written.
        meaning: from the code of a warning to one line about it.
    """
    return screen.draw(_parts(summary, target, meaning))


def _parts(
    summary: Summary, target: str, meaning: Callable[[str], str]
) -> Iterator[RenderableType]:
    rate = summary.rows / max(summary.seconds, 1e-9)
    took = f"{summary.seconds:.1f} s, {_rounded(rate)} rows a second"
    written = "standard output" if target == "-" else target
    yield screen.title(f"{_rows(summary.rows)} written to {written}", took)
    if summary.shortened:
        text = f"{_rows(summary.shortened)} computed with more digits than the file can hold"
        yield Text(f"{text}: it has the nearest floats", "yellow")
    yield from _counts("status", summary.statuses)
    yield from _counts("rules", summary.rule_sets)
    yield from _counts("warnings", summary.warnings, lambda code: f"{code}  {meaning(code)}")
    if summary.reasons:
        yield ""
        table = screen.columns("right", "right", "left", header=("invalid", "first row", "reason"))
        for reason in summary.reasons:
            table.add_row(f"{reason.rows:,}", f"{reason.first_row:,}", Text(reason.reason))
        yield table


def _counts(
    title: str, counts: Mapping[str, int], shown: Callable[[str], str] = str
) -> Iterator[RenderableType]:
    if counts:
        yield ""
        table = screen.columns("right", "left", header=("rows", title))
        for word, rows in counts.items():
            table.add_row(f"{rows:,}", shown(word))
        yield table


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _rounded(rate: float) -> str:
    return f"{float(f'{rate:.2g}'):,.0f}"


@contextmanager
def bar(*, quiet: bool) -> Generator[Callable[[Progress], None] | None]:
    """Give what shows progress on a terminal; nothing if nobody looks at one.

    Args:
        quiet: show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns: list[Any] = [TextColumn("{task.fields[rows]}"), BarColumn(), TimeRemainingColumn()]
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, rows="reading")

        def show(now: Any) -> None:  # noqa: ANN401 - rich has a Progress too
            elapsed = progress.tasks[0].elapsed or 0
            rate = f", {_rounded(now.rows / elapsed)} a second" if elapsed else ""
            known = now.share is not None
            progress.update(
                task,
                rows=f"{_rows(now.rows)}{rate}",
                total=_STEPS if known else None,
                completed=_STEPS * (now.share or 0),
            )

        yield show
