"""First steps one by one by the exact question: the judge of the columns, and their last resort."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.guard import computable
from liqcalc.answers.ladder.end import no_rows
from liqcalc.answers.ladder.path import ONWARD, Journey
from liqcalc.answers.ladder.question import AS_PUBLISHED
from liqcalc.answers.ladder.steps import Walk, process_of
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.exactly import said
from liqcalc.engine.numbers import exact
from liqcalc.errors import LiqcalcError

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.answers.ladder.answer import LadderRow

NOT_CHARGED = "LQ411"


class Exact(NamedTuple):
    """What the exact question says of a row.

    Attributes:
        row: of the ladder; None if nothing happens.
        reason: why.
        uncharged: something is charged that is not known.
    """

    row: LadderRow | None
    reason: str = ""
    uncharged: bool = False


class FirstStep(Walk):
    """A walk that ends when something of one position is closed.

    Args:
        case: where it begins.
        number: of the position.
    """

    def __init__(self, case: Case, number: int) -> None:
        super().__init__(case, AS_PUBLISHED)
        self.number = number

    @property
    def full(self) -> bool:
        """Return True if no more rows are walked."""
        return self.row is not None or super().full

    @property
    def row(self) -> LadderRow | None:
        """Return the first row in which something of the position is closed."""
        for row in self.rows:
            if row.position == self.number and row.closing.qty:
                return row
        return None


def first_step(cases: Cases, at: int) -> Exact:
    """Return the first step of a row."""
    try:
        return computable(_first_step)(*cases.of(at))
    except Unasked as wrong:
        return Exact(None, wrong.reason)
    except LiqcalcError as error:
        return Exact(None, said(error))


def _first_step(case: Case, i: int) -> Exact:
    with exact():
        case = case.settled()
        walk = FirstStep(case, i)
        Journey(walk, i, ONWARD).follow()
        row = walk.row
        if row is None:
            return Exact(None, no_rows(case, i, process_of(case, i)))
        notes = any(note.code == NOT_CHARGED for note in walk.notes)
        return Exact(row, uncharged=bool(row.fee_missing) or notes)
