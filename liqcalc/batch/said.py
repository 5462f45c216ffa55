"""What columns say in words of each row: status, reason, rules and warnings, as codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.exactly import INVALID
from liqcalc.batch.fast import position
from liqcalc.batch.fast.run import CHUNK, on_cores
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes, Columns
    from liqcalc.batch.exactly import Found
    from liqcalc.batch.fast.keys import Keys
    from liqcalc.batch.fast.plans import Plan, Plans
    from liqcalc.batch.fast.run import Output

STATUSES = (
    *(Status.CANNOT_BE_LIQUIDATED, Status.LIQUIDATABLE_AT_PRICE, Status.ALREADY_LIQUIDATABLE),
    *(Status.INDETERMINATE, INVALID),
)
REASONS = (
    "no positive price liquidates this position",
    "it lies below the smallest price that the exchange prints",
)
_OF_TABLES = ("LQ301", "LQ302")
_MARGIN, _FLAGS = 32, 64
_CODES = (
    (position.ABOVE_CAP, "LQ304"),
    (position.ABOVE_LEVERAGE, "LQ305"),
    (position.INFERRED, "LQ306"),
    (position.NO_LOT, "LQ307"),
)


class Said(NamedTuple):
    """Codes of each row, and the words that they stand for."""

    tier: NDArray[np.int16]
    status: Codes
    reason: Codes
    rule_set: Codes
    warnings: Codes
    reasons: dict[str, int]
    rule_sets: dict[str, int]
    texts: dict[str, int]

    def put(self, at: int, found: Found) -> None:
        """Say of a row what the exact engine found."""
        self.tier[at] = found.tier
        self.status[at] = STATUSES.index(found.status)
        self.reason[at] = _code(self.reasons, found.reason)
        self.rule_set[at] = _code(self.rule_sets, found.rule_set)
        self.warnings[at] = _code(self.texts, " ".join(found.warnings))


def _code(words: dict[str, int], word: str) -> int:
    return words.setdefault(word, len(words)) if word else -1


def said_of(columns: Columns, keys: Keys, plans: Plans, out: Output, used: list[int]) -> Said:
    """Return what is said of each row of a table that uses some of the plans."""
    rows = columns.rows
    reasons = {reason: i for i, reason in enumerate(REASONS)}
    sets: dict[str, int] = {}
    texts: dict[str, int] = {}
    of_plan = np.full(len(plans.plans) + 1, -1, dtype=np.int32)
    of_flags = np.full((len(plans.plans) + 1, _FLAGS), -1, dtype=np.int32)
    for place in used:
        plan = plans.plans[place]
        of_plan[place] = _code(sets, plan.rule_set)
        of_flags[place] = [_code(texts, _warnings(plan, flags)) for flags in range(_FLAGS)]
    status, reason, rule_set, warnings = np.empty((4, rows), dtype=np.int32)
    tier = np.empty(rows, dtype=np.int16)
    said = Said(tier, status, reason, rule_set, warnings, reasons, sets, texts)
    margin = columns.numbers.get("margin")
    every = of_flags.ravel()

    def say(start: int) -> None:
        part = slice(start, start + CHUNK)
        said.tier[part] = out.tier[part]
        said.status[part] = out.status[part]
        said.reason[part] = out.reason[part]
        plan = keys.plan[part]
        said.rule_set[part] = of_plan[plan]
        flags = out.flags[part] & (_MARGIN - 1)
        both = plan * _FLAGS + flags
        if margin is not None:
            both += _MARGIN * ~np.isnan(margin[part])
        said.warnings[part] = every[both]

    on_cores(say, range(0, rows, CHUNK))
    return said


def _warnings(plan: Plan, flags: int) -> str:
    """Return the codes of what is to be said of rows of a plan."""
    own = () if flags & position.OWN_RATE else _OF_TABLES
    codes = {word for word in plan.warnings if word in own or word not in _OF_TABLES}
    codes |= {code for flag, code in _CODES if flags & flag}
    if flags & _MARGIN and not plan.isolated:
        codes.add("LQ407")
    return " ".join(sorted(codes))
