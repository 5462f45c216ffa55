"""Every position of a table: margins, ratio and where it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.columns import Coded, Results
from liqcalc.batch.exactly import FIGURES, ExactRows
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from liqcalc.batch.columns import Columns
    from liqcalc.batch.exactly import Found


def evaluate(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return `table` with what was found about each row."""
    columns, written = tables.read(table, given or {})
    day = today or time.strftime("%Y-%m-%d")
    return written(evaluate_columns(columns, Catalog(exchanges), day))


def evaluate_columns(columns: Columns, catalog: Catalog, today: str) -> Results:
    """Return what is found about each row of `columns`."""
    found = ExactRows(columns, catalog, today).find(range(columns.rows))
    return _results([found[row] for row in range(columns.rows)])


def _results(found: list[Found]) -> Results:
    results = Results()
    for name in FIGURES:
        values = [f.figures.get(name) for f in found]
        results.numbers[name] = np.array([np.nan if v is None else float(v) for v in values])
    results.whole["tier"] = np.array([f.tier for f in found], dtype=np.int16)
    results.words["status"] = Coded.of([f.status for f in found])
    results.words["reason"] = Coded.of([f.reason or None for f in found])
    results.words["rule_set"] = Coded.of([f.rule_set or None for f in found])
    results.words["warnings"] = Coded.of([" ".join(f.warnings) or None for f in found])
    return results
