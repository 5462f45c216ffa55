"""Where answers go: text to standard output, JSON by the standard library."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class Answer(Protocol):
    """What can be written as plain data."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""


def is_terminal() -> bool:
    """Return True if a person reads the output."""
    return sys.stdout.isatty()


def emit(text: str) -> None:
    """Write an answer."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def emit_json(data: Any, *, lines: bool = False) -> None:  # noqa: ANN401 - plain data
    """Write plain data as JSON: indented for a person, else one line.

    Args:
        data: what json.dumps takes.
        lines: always one line, because several documents follow each other.
    """
    import json

    if is_terminal() and not lines:
        emit(json.dumps(data, indent=2))
    else:
        emit(json.dumps(data, separators=(",", ":")))


def emit_answer(answer: Answer) -> None:
    """Write an answer as JSON, with the version of its shape."""
    from liqcalc.answers.answer import SCHEMA_VERSION

    emit_json({"schema_version": SCHEMA_VERSION, **answer.to_dict()})


def emit_csv(rows: Iterable[Iterable[str]]) -> None:
    """Write rows as comma-separated values, the names first."""
    import csv

    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)


def complain(text: str) -> None:
    """Write something that is not the answer."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
