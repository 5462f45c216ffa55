"""What a file of positions came to: counts of statuses, warnings, reasons and rule sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.batch.exactly import INVALID

if TYPE_CHECKING:
    from liqcalc.batch.columns import Coded, Mask, Results

MOST_REASONS = 10
_KEPT = 10_000


class Reason(NamedTuple):
    """Why rows are invalid.

    Attributes:
        reason: in words.
        rows: how many rows say it.
        first_row: the first of them; rows count from 1.
    """

    reason: str
    rows: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file came to.

    Attributes:
        rows: how many were written.
        seconds: how long it took.
        statuses: rows by status.
        warnings: rows by code of a warning, e.g. ``LQ301``.
        reasons: why rows are invalid, the most frequent ten.
        rule_sets: rows by rule set.
        redone: rows that the exact engine did, for floats could not decide them.
        shortened: rows with a number of more digits than the file that was
            written can hold; they were computed with all digits.
    """

    rows: int
    seconds: float
    statuses: dict[str, int]
    warnings: dict[str, int]
    reasons: tuple[Reason, ...]
    rule_sets: dict[str, int]
    redone: int = 0
    shortened: int = 0

    @property
    def invalid(self) -> int:
        """Return how many rows could not be evaluated."""
        return self.statuses.get(INVALID, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "statuses": self.statuses,
            "warnings": self.warnings,
            "reasons": [reason._asdict() for reason in self.reasons],
            "rule_sets": self.rule_sets,
            "redone": self.redone,
            "shortened": self.shortened,
        }


class Counts:
    """Counts results, part by part of a file."""

    def __init__(self) -> None:
        self.rows = 0
        self.redone = 0
        self.shortened = 0
        self._statuses: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._rule_sets: Counter[str] = Counter()
        self._reasons: dict[str, Reason] = {}

    def add(self, results: Results) -> None:
        """Count the results of the next part."""
        words = results.words
        status = words["status"]
        for word, rows in _counted(status).items():
            self._statuses[word] += rows
        for word, rows in _counted(words["rule_set"]).items():
            self._rule_sets[word] += rows
        for word, rows in _counted(words["warnings"]).items():
            for code in word.split():
                self._warnings[code] += rows
        bad = np.isin(status.codes, [i for i, word in enumerate(status.words) if word == INVALID])
        if bad.any():
            self._add_reasons(words["reason"], bad)
        self.rows += len(status.codes)
        self.redone += results.about.get("redone", 0)

    def _add_reasons(self, reason: Coded, bad: Mask) -> None:
        at = np.flatnonzero(bad)
        codes, first, rows = np.unique(reason.codes[at], return_index=True, return_counts=True)
        for code, i, count in zip(codes.tolist(), first.tolist(), rows.tolist(), strict=True):
            word = "" if code < 0 else reason.words[code]
            known = self._reasons.get(word, Reason(word, 0, self.rows + int(at[i]) + 1))
            if known.rows or len(self._reasons) < _KEPT:
                self._reasons[word] = known._replace(rows=known.rows + count)

    def summary(self, seconds: float) -> Summary:
        """Return what was counted."""
        reasons = sorted(self._reasons.values(), key=lambda r: (-r.rows, r.first_row))
        return Summary(
            rows=self.rows,
            seconds=seconds,
            statuses=_by_count(self._statuses),
            warnings=dict(sorted(self._warnings.items())),
            reasons=tuple(reasons[:MOST_REASONS]),
            rule_sets=_by_count(self._rule_sets),
            redone=self.redone,
            shortened=self.shortened,
        )


def _counted(column: Coded) -> dict[str, int]:
    """Return how many rows have each word."""
    rows = np.bincount(column.codes + 1, minlength=1)[1:].tolist()
    return {column.words[code]: count for code, count in enumerate(rows) if count}


def _by_count(found: Counter[str]) -> dict[str, int]:
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
