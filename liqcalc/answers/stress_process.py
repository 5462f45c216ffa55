"""What the exchange does where a condition holds on the way: its process, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.ladder_steps import Walk as Process
from liqcalc.answers.ladder_steps import liquidate
from liqcalc.engine.steps import Fill

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import Note
    from liqcalc.answers.case import Case
    from liqcalc.answers.ladder_answer import LadderRow


class Outcome(NamedTuple):
    """What a liquidation leaves.

    Attributes:
        left: the case after it, at the same marks.
        kept: which of the positions before are still held, in the order of `left`.
        returned: margin that came back from isolated positions that are gone, by number.
        rows: the steps of the exchange's process that were taken.
        notes: what was taken for granted in them.
    """

    left: Case
    kept: tuple[int, ...]
    returned: dict[int, Decimal]
    rows: tuple[LadderRow, ...]
    notes: tuple[Note, ...]


def run_process(case: Case, fill: Fill | None = None) -> Outcome:
    """Return what is left once every step that is due at the marks of a case has been taken."""
    walk = Process(case, fill or Fill())
    liquidate(walk)
    found = walk.run()
    return Outcome(found.left, found.numbers, found.returned, found.rows, found.notes)
