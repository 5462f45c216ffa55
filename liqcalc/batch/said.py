"""What columns say in words of each row: status, reason, rules and warnings, as codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.columns import Coded
from liqcalc.batch.exactly import INVALID
from liqcalc.batch.fast import outcome
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from liqcalc.batch.exactly import Found
    from liqcalc.batch.fast.plans import Plans
    from liqcalc.batch.fast.run import Output

STATUSES = (
    *(Status.CANNOT_BE_LIQUIDATED, Status.LIQUIDATABLE_AT_PRICE, Status.ALREADY_LIQUIDATABLE),
    *(Status.INDETERMINATE, INVALID),
)
REASONS = (
    "no positive price liquidates this position",
    "it lies below the smallest price that the exchange prints",
    "the size lies beyond the known rows of the tier table",
)
_OF_TABLES = ("LQ301", "LQ302")
_FLAGS = 64
_CODES = (
    (outcome.ABOVE_CAP, "LQ304"),
    (outcome.ABOVE_LEVERAGE, "LQ305"),
    (outcome.INFERRED, "LQ306"),
    (outcome.NO_LOT, "LQ307"),
    (outcome.NO_MARGIN, "LQ407"),
)


class Said:
    """The words that stand for the codes of a table's results.

    Args:
        plans: of all rows.
        used: places of those that the table uses.

    Attributes:
        of_flags: codes of warnings by plan and sum of flags.
        of_plan: codes of rule sets by plan.
        reasons, rule_sets, texts: codes by word.
    """

    def __init__(self, plans: Plans, used: list[int]) -> None:
        self.reasons = {reason: i for i, reason in enumerate(REASONS)}
        self.rule_sets: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.of_flags = np.full((len(plans.plans), _FLAGS), -1, dtype=np.int16)
        self.of_plan = np.full(len(plans.plans), -1, dtype=np.int16)
        codes: dict[tuple[str, ...], list[int]] = {}
        for place in used:
            plan = plans.plans[place]
            self.of_plan[place] = _code(self.rule_sets, plan.rule_set)
            if plan.warnings not in codes:
                codes[plan.warnings] = [_code(self.texts, text) for text in _texts(plan.warnings)]
            self.of_flags[place] = codes[plan.warnings]

    def put(self, out: Output, at: int, found: Found) -> None:
        """Say of a row what the exact engine found."""
        out.tier[at] = found.tier
        out.status[at] = STATUSES.index(found.status)
        out.reason[at] = _code(self.reasons, found.reason)
        out.rule_set[at] = _code(self.rule_sets, found.rule_set)
        out.warnings[at] = _code(self.texts, " ".join(found.warnings))

    def words(self, out: Output) -> dict[str, Coded]:
        """Return the columns of words."""
        return {
            "status": Coded(out.status, tuple(map(str, STATUSES))),
            "rule_set": Coded(out.rule_set, tuple(self.rule_sets)),
            "reason": Coded(out.reason, tuple(self.reasons)),
            "warnings": Coded(out.warnings, tuple(self.texts)),
        }


def _code(words: dict[str, int], word: str) -> int:
    return words.setdefault(word, len(words)) if word else -1


@cache
def _texts(warnings: tuple[str, ...]) -> list[str]:
    """Return what is to be said of rows by the sum of their flags.

    Args:
        warnings: codes that hold for the plan, whatever the size.
    """
    texts = []
    for flags in range(_FLAGS):
        own = () if flags & outcome.OWN_RATE else _OF_TABLES
        codes = {word for word in warnings if word in own or word not in _OF_TABLES}
        codes |= {code for flag, code in _CODES if flags & flag}
        texts.append(" ".join(sorted(codes)))
    return texts
