"""What an exchange does to a position from the trigger on: partial liquidation, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.ladder_path import Way, follow
from liqcalc.answers.ladder_steps import Walk, liquidate
from liqcalc.engine.numbers import exact
from liqcalc.engine.steps import Fill

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.answers.ladder_answer import LadderRun

AS_PUBLISHED = Fill()


def run_at_marks(case: Case, fill: Fill = AS_PUBLISHED) -> LadderRun:
    """Return what every exchange process that is due does at the marks of a case.

    Nothing is due if no position's condition holds: the rows are then empty.

    Args:
        case: a sheet at its marks, of any number of positions.
        fill: at which prices steps close.
    """
    with exact():
        walk = Walk(case, fill)
        liquidate(walk)
        return walk.run()


def run_ladder(case: Case, i: int, fill: Fill = AS_PUBLISHED, way: Way = Way()) -> LadderRun:  # noqa: B008 - an immutable tuple
    """Return what is liquidated while the mark of position `i` goes its way.

    Args:
        case: a sheet of any number of positions.
        i: the position whose mark moves.
        fill: at which prices steps close.
        way: of the mark; by default on against the position until it is gone.
    """
    with exact():
        walk = Walk(case, fill)
        follow(walk, i, way)
        return walk.run()
