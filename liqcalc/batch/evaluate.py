"""Every position of a table: margins, ratio and where it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.columns import Coded, Results
from liqcalc.batch.exactly import FIGURES, INVALID, ExactRows, Found
from liqcalc.batch.fast import columnar, position
from liqcalc.batch.fast.columnar import Block, Book
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fast.pools import cross_pools
from liqcalc.batch.fast.position import Raw, Terms
from liqcalc.engine.solve import Status
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats
    from liqcalc.batch.fast.keys import Keys

    Rows = NDArray[np.int64]

BLOCK = 8192
_EXACT_INPUTS = ("accrued_fees", "max_leverage", "funding_rate", "risk_level", "liquidation_fee")
_STATUSES = (
    *(Status.CANNOT_BE_LIQUIDATED, Status.LIQUIDATABLE_AT_PRICE, Status.ALREADY_LIQUIDATABLE),
    *(Status.INDETERMINATE, INVALID),
)
_OF_TABLES = ("LQ301", "LQ302")
_MARGIN = 32
_REASONS = (
    "no positive price liquidates this position",
    "it lies below the smallest price that the exchange prints",
)


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
    with np.errstate(all="ignore"):
        return _Evaluation(columns, catalog, today).results()


class _Evaluation:
    """One table on its way from columns to results."""

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        rows = columns.rows
        self.columns = columns
        self.exact = ExactRows(columns, catalog, today)
        self.plans = Plans(catalog, today)
        self.keys = keys_of(columns, self.plans)
        plans = self.plans
        self.book = Book(plans.table(), plans.most_leverage(), plans.tier_notes())
        self.terms = self.plans.terms()
        self.figures = {name: np.full(rows, np.nan) for name in FIGURES}
        self.tier = np.zeros(rows, dtype=np.int16)
        self.status = np.zeros(rows, dtype=np.int32)
        self.reason = np.full(rows, -1, dtype=np.int32)
        self.flags = np.zeros(rows, dtype=np.int8)
        shapeless = np.array([plan.shape < 0 for plan in self.plans.plans], dtype=bool)
        self.again = _irregular(columns, self.keys) | shapeless[self.keys.plan]

    def results(self) -> Results:
        """Return everything: rows by shape first, then what only the exact engine decides."""
        for place, shape in enumerate(self.plans.shapes):
            rows = self.keys.of_shape(place, self.plans)
            rows = rows[~self.again[rows]]
            if shape.isolated:
                for start in range(0, len(rows), BLOCK):
                    part = rows[start : start + BLOCK]
                    found = columnar.isolated(shape, *self._inputs(part), self.book)
                    self._put(part, found)
        for part, found in cross_pools(self.columns, self.keys, self.plans, self.again):
            self._put(part, found)
        return self._assembled(self._again())

    def _inputs(self, rows: Rows) -> tuple[list[Floats], Floats, Terms]:
        numbers, plan = self.columns.numbers, self.keys.plan[rows]
        nothing = np.full(len(rows), np.nan)
        inputs = [numbers[name][rows] if name in numbers else nothing for name in Raw._fields]
        return inputs, self.keys.side[rows], Terms(*(column[plan] for column in self.terms))

    def _put(self, rows: Rows, found: Block) -> None:
        standing, ending = found.standing, found.ending
        for name in FIGURES[1:]:
            self.figures[name][rows] = getattr(standing, name)
        self.figures["liquidation_price"][rows] = ending.liquidation_price
        self.tier[rows] = found.tier
        self.status[rows] = ending.status
        self.flags[rows] = standing.warnings
        self.reason[rows] = position.reason_of(ending)
        self.again[rows] = found.again

    def _again(self) -> dict[int, Found]:
        """Return what the exact engine finds about the rows that are left, pools whole."""
        again = self.again
        wanted = np.flatnonzero(again)
        if not len(wanted):
            return {}
        found: dict[int, Found] = {}
        faulty: dict[int, Found] = {}
        others = []
        for at in wanted.tolist():
            plan = int(self.keys.plan[at])
            if self.keys.irregular[at] or not self.plans.plans[plan].fault:
                others.append(at)
                continue
            if plan not in faulty:
                faulty[plan] = self.exact.find([at])[at]
            found[at] = faulty[plan]
        return found | self.exact.find(self.keys.whole_pools(others))

    def _assembled(self, exact: dict[int, Found]) -> Results:
        reasons = list(_REASONS)
        places = {reason: i for i, reason in enumerate(reasons)}
        sets = [plan.rule_set for plan in self.plans.plans]
        set_places: dict[str, int] = {}
        of_plan = np.array([set_places.setdefault(s, len(set_places)) for s in sets], dtype=np.int32)
        rule_set = of_plan[self.keys.plan] if len(sets) else np.zeros(0, dtype=np.int32)
        warnings, said = self._warnings()
        for at, f in exact.items():
            for name in FIGURES:
                value = f.figures.get(name)
                self.figures[name][at] = np.nan if value is None else float(value)
            self.tier[at] = f.tier
            self.status[at] = _STATUSES.index(f.status)
            self.reason[at] = places.setdefault(f.reason, len(places)) if f.reason else -1
            rule_set[at] = set_places.setdefault(f.rule_set, len(set_places)) if f.rule_set else -1
            text = " ".join(f.warnings)
            warnings[at] = said.setdefault(text, len(said)) if text else -1
        return Results(
            numbers=self.figures,
            whole={"tier": self.tier},
            words={
                "status": Coded(self.status, tuple(map(str, _STATUSES))),
                "rule_set": Coded(rule_set, tuple(set_places)),
                "reason": Coded(self.reason, tuple(places)),
                "warnings": Coded(warnings, tuple(said)),
            },
            about={"redone": len(exact)},
        )

    def _warnings(self) -> tuple[NDArray[np.int32], dict[str, int]]:
        flags = self.flags.astype(np.int32) + _MARGIN * (
            ~np.isnan(self.columns.numbers["margin"]) if "margin" in self.columns.numbers else 0
        )
        both = self.keys.plan * 64 + flags
        said: dict[str, int] = {}
        words = np.full((len(self.plans.plans) + 1) * 64, -1, dtype=np.int32)
        for code in np.flatnonzero(np.bincount(both, minlength=1)).tolist():
            plan = self.plans.plans[code // 64]
            known = () if code & position.OWN_RATE else _OF_TABLES
            kept = {word for word in plan.warnings if word in known or word not in _OF_TABLES}
            text = " ".join(sorted(kept | _codes(code % 64, plan.cross)))
            if text:
                words[code] = said.setdefault(text, len(said))
        return words[both], said


def _codes(flags: int, cross: bool) -> set[str]:  # noqa: FBT001 - a fact of the row
    said = (
        (position.ABOVE_CAP, "LQ304"),
        (position.ABOVE_LEVERAGE, "LQ305"),
        (position.INFERRED, "LQ306"),
        (position.NO_LOT, "LQ307"),
        (_MARGIN * cross, "LQ407"),
    )
    return {code for flag, code in said if flags & flag}


def _irregular(columns: Columns, keys: Keys) -> NDArray[np.bool_]:
    """Return the rows that the columns do not do: bad ones, and rare inputs."""
    numbers = columns.numbers
    again = keys.irregular.copy()
    if columns.faults is not None:
        again |= columns.faults.codes >= 0

    def lacks(name: str) -> Any:  # noqa: ANN401 - a column, or True for every row
        return np.isnan(numbers[name]) if name in numbers else True

    again |= lacks("qty") == lacks("contracts")
    again |= lacks("entry_price") & lacks("mark_price")
    for name in ("qty", "contracts", "entry_price", "mark_price", "index_price", "leverage"):
        if name in numbers:
            again |= ~lacks(name) & ~((numbers[name] > 1e-20) & (numbers[name] < 1e20))
    for name in ("margin", "extra_margin", "funding_paid", "wallet_balance"):
        if name in numbers:
            size = np.abs(numbers[name])
            again |= ~lacks(name) & ~((size < 1e20) & ((size > 1e-20) | (size == 0)))
    for name in ("taker", "mmr"):
        if name in numbers:
            again |= ~lacks(name) & ~((np.abs(numbers[name]) < 1) & (numbers[name] >= (0 if name == "mmr" else -1)))
    if "deduction" in numbers:
        again |= ~lacks("deduction") & lacks("mmr")
    for name in _EXACT_INPUTS:
        if name in numbers:
            again |= ~np.isnan(numbers[name])
    if columns.inexact is not None:
        again |= columns.inexact
    return again
