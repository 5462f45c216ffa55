"""Which liquidation process holds for each row."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.errors import LiqcalcError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plan, Plans
    from liqcalc.rules.schema import Process


class Kinds(NamedTuple):
    """What happens to each row.

    Attributes:
        processes: all of them.
        process: place of each row's; -1 where none is known.
    """

    processes: list[Process]
    process: NDArray[np.int32]


def kinds_of(columns: Columns, keys: Keys, plans: Plans) -> Kinds:
    """Return the process of each row; before the first known day the first one stands for it."""
    processes: list[Process] = []
    known = [_places(plan, plans, processes) for plan in plans.plans]
    latest = np.array([places[-1] if places else -1 for places in known] or [-1], dtype=np.int32)
    process = latest[keys.plan]
    as_of = columns.words.get("as_of")
    for plan, places in enumerate(known):
        if as_of is None or len(places) <= 1:
            continue
        days = [processes[place].from_ for place in places]
        rows = np.flatnonzero(keys.plan == plan)
        at = [max(0, bisect.bisect_right(days, day) - 1) for day in as_of.words]
        of_code = np.array([*(places[i] for i in at), places[-1]], dtype=np.int32)
        process[rows] = of_code[as_of.codes[rows]]
    return Kinds(processes, process)


def _places(plan: Plan, plans: Plans, processes: list[Process]) -> list[int]:
    """Return the processes that hold for a plan from one day on after another, as places."""
    if plan.shape < 0:
        return []
    mode = MarginMode.ISOLATED if plan.isolated else MarginMode.CROSS
    try:
        loaded = plans.catalog.exchange(plan.rule_set.partition(":")[0])
        product = loaded.contract(plan.symbol)
    except LiqcalcError:
        return []
    if product is None:
        return []
    fits = [
        process
        for process in loaded.meta.liquidation
        if process.mode is mode and (not process.products or product.product in process.products)
    ]
    places = []
    for process in sorted(fits, key=lambda process: process.from_):
        if process not in processes:
            processes.append(process)
        places.append(processes.index(process))
    return places
