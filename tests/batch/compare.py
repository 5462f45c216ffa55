"""Columns beside the exact engine: what differs, and which row it was."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.batch.exactly import FIGURES, ExactRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from liqcalc.batch.columns import Columns, Results
    from liqcalc.batch.exactly import Found
    from liqcalc.rules.catalog import Catalog
    from tests.batch.changes import Row

WORDS = ("status", "reason", "rule_set", "warnings")


class Difference(NamedTuple):
    """A row on which the two do not agree.

    Attributes:
        row: what was given.
        beside: the other rows of its account.
        columns: what the columns found.
        exact: what the exact engine found, where it is not the same.
    """

    row: Row
    beside: list[Row]
    columns: dict[str, Any]
    exact: dict[str, Any]

    def __str__(self) -> str:
        given = [_written(self.row), *(f"  with {_written(row)}" for row in self.beside)]
        wrong = [
            f"    {name}: columns {self.columns[name]!r}, exact {value!r}"
            for name, value in self.exact.items()
        ]
        return "\n".join(given + wrong)


def differences(
    rows: Sequence[Row], columns: Columns, found: Results, catalog: Catalog, today: str
) -> list[Difference]:
    """Return the rows for which `found` is not what the exact engine finds, as floats."""
    exact = ExactRows(columns, catalog, today).find(range(len(rows)))
    ours = mappings(found)
    assert len(ours) == len(rows)
    return [
        Difference(row, _beside(row, rows), ours[at], wrong)
        for at, row in enumerate(rows)
        if (wrong := _differing(ours[at], _expected(exact[at])))
    ]


def mappings(found: Results) -> list[dict[str, Any]]:
    """Return each row of results, None where there is nothing."""
    lists: dict[str, list[Any]] = {
        **{name: found.numbers[name].tolist() for name in FIGURES},
        "tier": found.whole["tier"].tolist(),
        **{name: found.words[name].texts() for name in WORDS},
    }
    rows = zip(*lists.values(), strict=True)
    return [{name: _known(v) for name, v in zip(lists, row, strict=True)} for row in rows]


def _known(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and isnan(value) else value


def _expected(found: Found) -> dict[str, Any]:
    """Return what the columns must hold for a row that the exact engine has answered."""
    figures = {
        name: None if (value := found.figures.get(name)) is None else float(value)
        for name in FIGURES
    }
    return figures | {
        "tier": found.tier,
        "status": str(found.status),
        "reason": found.reason or None,
        "rule_set": found.rule_set or None,
        "warnings": " ".join(found.warnings) or None,
    }


def _differing(ours: Mapping[str, Any], exact: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in exact.items() if ours[name] != value}


def _beside(row: Row, rows: Sequence[Row]) -> list[Row]:
    account = row.get("account_id")
    if account is None:
        return []
    return [other for other in rows if other.get("account_id") == account and other is not row]


def _written(row: Row) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())
