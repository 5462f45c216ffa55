"""Where positions end at any leverage: unrounded, as the condition has it."""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast import columnar, shapes
from liqcalc.batch.fast.grid import NONE, Print
from liqcalc.batch.fast.keys import Keys
from liqcalc.batch.fast.outcome import ALREADY, UNKNOWN
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.batch.fast.run import Output, Task, can_compile, isolated, worth_compiling
from liqcalc.batch.said import Said
from liqcalc.engine.numbers import UNROUNDED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats, Mask
    from liqcalc.batch.fast.columnar import Book
    from liqcalc.batch.fast.plans import Plan, Plans
    from liqcalc.batch.fast.shapes import Shape

    Rows = NDArray[np.int64]

_PRICE = columnar.FIGURES.index("liquidation_price")
_TRIES = 3
"""How often a row is evaluated, about."""

_SEEN: Counter[Shape] = Counter()


class Ends(NamedTuple):
    """Where rows end.

    Attributes:
        price: at which the condition begins to hold; NaN where none does.
        already: it holds at the mark.
        tier: row of the table that holds the size, 1 = lowest.
        doubt: to be looked at by the exact question.
    """

    price: Floats
    already: Mask
    tier: NDArray[np.int16]
    doubt: Mask


class Trials:
    """Isolated positions of a table, at any leverage.

    Args:
        columns: of the table.
        keys: plan and side of each row.
        plans: of all rows.

    Attributes:
        keys: as given.
        exact: of each plan: its rows are left to the exact question.
        inverse: of each plan: its contract is inverse.
        ends_unknown: of each plan: rows above the last of its table are missing.
        entry_digits: of each plan: decimals to which the exchange cuts entry
            prices; -1 where it does not.
    """

    def __init__(self, columns: Columns, keys: Keys, plans: Plans) -> None:
        self.keys = keys
        self.plans = plans
        self._task = task = Task(columns, keys, plans, compiled=False)
        task.shapes = [_bare(shape) for shape in task.shapes]
        per_plan = np.bincount(keys.plan, minlength=len(task.shape))
        tries = [_TRIES * int(per_plan[of].sum()) for of in task.plans_of]
        task.compiled = [
            can_compile() and worth_compiling(shape, rows, _SEEN)
            for shape, rows in zip(task.shapes, tries, strict=True)
        ]
        kinds = [plans.shapes[plan.shape] if _is_fast(plan) else None for plan in plans.plans]
        self.exact = np.array([kind is None for kind in kinds], dtype=bool)
        self.inverse = np.array(
            [kind is not None and not kind.linear for kind in kinds], dtype=bool
        )
        said = Said(plans, [])
        self._nothing_said = said.of_flags, said.of_plan
        terms = Terms(*task.terms)
        self.ends_unknown = (terms.complete == 0) & np.isfinite(terms.last_cap)
        self.entry_digits = np.array(
            [-1 if kind is None else _kept(kind) for kind in kinds], dtype=np.int64
        )

    @property
    def book(self) -> Book:
        """Return the tables of all plans."""
        return self._task.book

    def number(self, name: str, rows: Rows | slice) -> Floats:
        """Return an input of some rows; NaN where it is not given."""
        column = self._task.numbers[Raw._fields.index(name)]
        return column if len(column) == 1 else column[rows]

    def at(self, rows: Rows | slice, leverage: Floats, **others: Floats) -> Ends:
        """Return where rows end at a leverage each.

        Args:
            rows: which.
            leverage: of each of them.
            others: inputs in place of theirs.
        """
        task, count = copy(self._task), len(leverage)
        given = {**others, "leverage": leverage}
        task.numbers = [
            np.ascontiguousarray(given[name] if name in given else self.number(name, rows))
            for name in Raw._fields
        ]
        task.keys = Keys(self.keys.plan[rows], self.keys.side[rows], None, self.keys.used)
        out = Output.empty(count, *self._nothing_said)
        isolated(task, self.plans, out)
        doubt = out.again | (out.status == UNKNOWN)
        return Ends(out.figures[_PRICE], out.status == ALREADY, out.tier, doubt)


def _bare(shape: Shape) -> Shape:
    """Return a shape that prints nothing: its price is where the condition begins to hold."""
    unrounded = Print.of(UNROUNDED)
    return shape._replace(
        shown=shapes.CONDITION,
        ticks_against=0,
        liquidation_price=unrounded,
        bankruptcy_price=unrounded,
        notional=unrounded,
        initial=unrounded,
        maintenance=unrounded,
    )


def _kept(shape: Shape) -> int:
    return -1 if shape.entry.to == NONE else shape.entry.digits


def _is_fast(plan: Plan) -> bool:
    return plan.shape >= 0 and plan.isolated
