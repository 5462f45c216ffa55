"""Every position of a table: margins, ratio and where it ends."""

from __future__ import annotations

import os
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.columns import Results
from liqcalc.batch.exactly import FIGURES, ExactRows, Found, whole_pools
from liqcalc.batch.fast import columnar, pools, position
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.pairs import Pair
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fast.position import Raw
from liqcalc.batch.fast.run import Output, Task, isolated
from liqcalc.batch.fast.shapes import Inputs
from liqcalc.batch.said import Said
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.names import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Mask


def evaluate(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
    compiled: bool | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return `table` with the figures of every position.

    Formula:
        Those of `liqcalc.price` and `liqcalc.evaluate`; every figure is the
        float nearest to theirs.  Cross positions of one account_id and exchange
        share its wallet_balance.

    Args:
        table: a dict of columns, a pyarrow Table, or a polars or pandas frame.
            Columns have the names and units of docs/sheet.md: rates are
            fractions, money is in the settle currency, prices in quote.
        given: values that hold for every row, by the name of the input.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.
        compiled: True: have numba compile for these rows now, whatever it takes;
            False: never; None: where it pays.  The results are the same.

    Returns:
        The same kind of table with the columns of `columns.RESULTS` added. A row
        that cannot be read has the status ``invalid`` and a reason.  Which rules,
        tables and assumptions it stands on is in its `about` (dict), its metadata
        (Arrow) or attrs (pandas).

    Raises:
        InputError: columns are missing, misspelt or of different lengths;
            `compiled` is True and numba is not installed.

    Source: the exchange's own, as for `liqcalc.price`.
    """
    columns, written = tables.read(table, given or {})
    day = today or time.strftime("%Y-%m-%d")
    return written(evaluate_columns(columns, catalog_of(exchanges), day, compiled=compiled))


def evaluate_columns(
    columns: Columns, catalog: Catalog, today: str, *, compiled: bool | None = None
) -> Results:
    """Return what is found about each row of `columns`.

    Args:
        columns: of positions.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
        compiled: with numba or without it; None where it pays.

    Raises:
        InputError: `compiled` is True and numba is not installed.
    """
    with np.errstate(all="ignore"):
        return _Evaluation(columns, catalog, today).results(compiled=compiled)


@lru_cache(maxsize=8)
def plans_of(catalog: Catalog, today: str) -> Plans:
    """Return the plans of a catalogue; those of the last few are kept."""
    return Plans(catalog, today)


@cache
def _built_in() -> Catalog:
    return Catalog()


def catalog_of(exchanges: Iterable[str | Path]) -> Catalog:
    """Return the exchanges that come with liqcalc, read once, or a catalogue with the user's."""
    folders = list(exchanges)
    own = folders or os.environ.get(ENVIRONMENT)
    return Catalog(folders) if own else _built_in()


class _Evaluation:
    """One table on its way from columns to results."""

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.exact = ExactRows(columns, catalog, today)
        self.plans = plans_of(catalog, today)
        self.keys = keys_of(columns, self.plans)
        self.said = Said(self.plans, self.keys.used)
        self.out = Output.empty(columns.rows, self.said.of_flags, self.said.of_plan)

    def results(self, *, compiled: bool | None) -> Results:
        """Return everything: rows by shape first, then what only the exact engine decides."""
        task = Task(self.columns, self.keys, self.plans, compiled=compiled)
        isolated(task, self.plans, self.out)
        with np.errstate(all="ignore"):
            pools.run(task, self.columns, self.plans, self.out)
        for name in columnar.EXACT_INPUTS:
            if name in self.columns.numbers:
                self.out.again[~np.isnan(self.columns.numbers[name])] = True
        return self._assembled(self._again(task))

    def _again(self, task: Task) -> dict[int, Found]:
        """Return what the exact engine finds about the rows that are left, pools whole."""
        wanted = np.flatnonzero(self.out.again)
        if not len(wanted):
            return {}
        alike = self._faulty(task, wanted)
        others = wanted[~alike].tolist()
        found: dict[int, Found] = {}
        of_plan: dict[int, Found] = {}
        for at, plan in zip(wanted[alike].tolist(), self.keys.plan[wanted[alike]], strict=True):
            if plan not in of_plan:
                of_plan[plan] = self.exact.find([at])[at]
            found[at] = of_plan[plan]
        return found | self.exact.find(whole_pools(self.columns, others))

    def _faulty(self, task: Task, rows: NDArray[np.int64]) -> Mask:
        """Return which of some rows have no fault but that of their plan, which is always said."""
        alike: Mask = self.plans.arrays().fault[self.keys.plan[rows]]
        if not alike.any():
            return alike
        if self.keys.irregular is not None:
            alike &= ~self.keys.irregular[rows]
        for name in columnar.EXACT_INPUTS:
            if name in self.columns.numbers:
                alike &= np.isnan(self.columns.numbers[name][rows])
        raw = Raw(*(Pair(number, np.zeros(1)) for number in task.inputs(rows)[0]))
        alike &= position.usable(Inputs(), raw)
        return alike

    def _assembled(self, exact: dict[int, Found]) -> Results:
        figures = dict(zip(columnar.FIGURES, self.out.figures, strict=True))
        for at, found in exact.items():
            for name in FIGURES:
                value = found.figures.get(name)
                figures[name][at] = np.nan if value is None else float(value)
            self.said.put(self.out, at, found)
        return Results(
            numbers=figures,
            whole={"tier": self.out.tier},
            words=self.said.words(self.out),
            about={"redone": len(exact), "rule_sets": self.plans.about(self.keys.used)},
        )
