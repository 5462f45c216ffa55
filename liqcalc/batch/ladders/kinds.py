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
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.rules.catalog import LoadedExchange
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
    reader = _Reader(columns, keys, plans)
    known = [reader.places(plan) for plan in range(len(plans.plans))]
    latest = np.array([places[-1] if places else -1 for places in known] or [-1], dtype=np.int32)
    process = latest[keys.plan]
    as_of = columns.words.get("as_of")
    for plan, places in enumerate(known):
        if as_of is None or len(places) <= 1:
            continue
        days = [reader.processes[place].from_ for place in places]
        at = [max(0, bisect.bisect_right(days, day) - 1) for day in as_of.words]
        of_code = np.array([*(places[i] for i in at), places[-1]], dtype=np.int32)
        rows = np.flatnonzero(keys.plan == plan)
        process[rows] = of_code[np.broadcast_to(as_of.codes, columns.rows)[rows]]
    return Kinds(reader.processes, process)


class _Reader:
    """Finds the processes of plans."""

    def __init__(self, columns: Columns, keys: Keys, plans: Plans) -> None:
        self.columns = columns
        self.keys = keys
        self.plans = plans
        self.processes: list[Process] = []

    def places(self, number: int) -> list[int]:
        """Return the processes of a plan, from one day on after another, as places."""
        plan = self.plans.plans[number]
        if plan.shape < 0:
            return []
        loaded = self.plans.catalog.exchange(plan.rule_set.partition(":")[0])
        mode = MarginMode.ISOLATED if plan.isolated else MarginMode.CROSS
        fits = [process for process in loaded.meta.liquidation if process.mode is mode]
        if any(process.products for process in fits):
            product = self._product(loaded, number)
            fits = [p for p in fits if not p.products or product in p.products]
        fits.sort(key=lambda process: process.from_)
        self.processes += [process for process in fits if process not in self.processes]
        return [self.processes.index(process) for process in fits]

    def _product(self, loaded: LoadedExchange, number: int) -> str | None:
        """Return the product of a plan, by the symbol of a row that has it."""
        rows = np.flatnonzero(self.keys.plan == number)
        if not len(rows):
            return None
        try:
            symbol = loaded.find_symbol(str(self.columns.word("symbol", int(rows[0]))))
        except LiqcalcError:
            return None
        contract = loaded.contract(symbol)
        return None if contract is None else contract.product
