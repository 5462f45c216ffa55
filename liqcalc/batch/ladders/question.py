"""The first step of the liquidation ladder for every position of a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.cases import Cases
from liqcalc.batch.fast.columnar import EXACT_INPUTS
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.position import MOST, Terms
from liqcalc.batch.fast.run import Task
from liqcalc.batch.ladders.exact import first_step
from liqcalc.batch.ladders.kinds import kinds_of
from liqcalc.batch.ladders.results import Steps
from liqcalc.batch.ladders.run import run
from liqcalc.batch.question import evaluate_columns, plans_of
from liqcalc.engine.solve import Status
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from liqcalc.batch.columns import Coded, Columns, Mask, Results
    from liqcalc.batch.fast.plans import Plans


def ladder(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return `table` with what the exchange does first to each position that it liquidates.

    The mark moves on against each position to the first price at which its
    condition holds.  The step is the first one of `liqcalc.ladder` that closes
    something of it; of a cross position: while only its own symbol moves.

    Args:
        table: as for `evaluate`.
        given: values that hold for every row, by name.
        exchanges: folders with exchanges of your own.
        today: ISO date of the answer; default: the computer's.

    Raises:
        InputError: the table cannot be read.
    """
    columns, written = tables.read(table, given or {})
    day = today or time.strftime("%Y-%m-%d")
    return written(ladder_columns(columns, Catalog(exchanges), day))


def ladder_columns(columns: Columns, catalog: Catalog, today: str) -> Results:
    """Return the first step of each row of `columns`."""
    found = evaluate_columns(columns, catalog, today)
    plans = plans_of(catalog, today)
    task = Task(columns, keys_of(columns, plans), plans, compiled=False)
    kinds = kinds_of(columns, task.keys, plans)
    ending = _ending(found.words["status"])
    nothing = np.full(columns.rows, np.nan)
    wallet = columns.numbers.get("wallet_balance", nothing)
    block = run(task, kinds, ending & _single(columns, task, plans), wallet)
    liquidation = task.terms[Terms._fields.index("liquidation")]
    steps = Steps(block, kinds, np.isnan(liquidation)[task.keys.plan])
    cases = Cases(columns, catalog, today)
    asked = (ending & block.again) | _beside_due(columns, task, plans, found.words["status"])
    again = np.flatnonzero(asked).tolist()
    for at in again:
        steps.put(at, first_step(cases, at))
    return steps.results(found, len(again))


def _ending(status: Coded) -> Mask:
    """Return the rows that end at a price, or have."""
    ends = {Status.LIQUIDATABLE_AT_PRICE, Status.ALREADY_LIQUIDATABLE}
    return np.array([*(word in ends for word in status.words), False])[status.codes]


def _beside_due(columns: Columns, task: Task, plans: Plans, status: Coded) -> Mask:
    """Return the cross rows of accounts in which a condition holds at the marks."""
    account = columns.words.get("account_id")
    due = np.array([*(word == Status.ALREADY_LIQUIDATABLE for word in status.words), False])
    cross = ~plans.arrays().isolated[task.keys.plan]
    if account is None:
        return np.zeros(columns.rows, dtype=bool)
    cross &= account.codes >= 0
    touched = np.zeros(len(account.words) + 1, dtype=bool)
    touched[account.codes[cross & due[status.codes]]] = True
    return cross & touched[account.codes]


def _single(columns: Columns, task: Task, plans: Plans) -> Mask:
    """Return the rows that share their money with no other, and have no odd input."""
    isolated = plans.arrays().isolated
    found: Mask = isolated[task.keys.plan]
    account, wallet = columns.words.get("account_id"), columns.numbers.get("wallet_balance")
    if wallet is not None:
        found |= (np.abs(wallet) < MOST) & (account is None or account.codes < 0)
    for name in EXACT_INPUTS:
        if name in columns.numbers:
            found &= np.isnan(columns.numbers[name])
    return found if task.keys.irregular is None else found & ~task.keys.irregular
