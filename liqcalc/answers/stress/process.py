"""What the exchange does where a condition holds on the way: its process, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers import request
from liqcalc.answers.ladder import end as ladder_end
from liqcalc.answers.ladder.question import run_at_marks
from liqcalc.answers.ladder.steps import process_of
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.steps import Fill, FillAt
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from liqcalc.answers.answer import Note
    from liqcalc.answers.case import Case
    from liqcalc.answers.ladder.answer import LadderRun

_MOST_BPS = 10_000


class Outcome(NamedTuple):
    """What the exchange's process leaves, and what was taken for granted in it."""

    run: LadderRun
    warnings: tuple[Note, ...]
    assumptions: tuple[Note, ...]


def run_process(case: Case, due: int, fill: Fill) -> Outcome:
    """Return what is left once every step that is due at the marks of a case has been taken.

    Args:
        case: at its marks.
        due: a position whose condition holds.
        fill: at which prices steps close.
    """
    run = run_at_marks(case, fill)
    warned = [*ladder_end.warnings(run), *(n for n in run.notes if n.code == "LQ411")]
    assumed = ladder_end.assumptions(case, run, process_of(case, due))
    told = [*assumed, *(n for n in run.notes if n.code != "LQ411")]
    return Outcome(run, tuple(warned), tuple(told))


def read_fill(fill: str, slippage_bps: Any) -> Fill:  # noqa: ANN401 - whatever was passed
    """Return where liquidation steps close.

    Raises:
        InputError: no such word, or no basis points.
    """
    words = [str(word) for word in FillAt]
    if fill not in words:
        hint = nearest(str(fill), words) or f"one of {', '.join(words)}"
        raise InputError(Fault("LQ126", "fill", f"is {fill!r}, which is no way to fill", hint))
    slippage = request.read_numbers({"slippage_bps": slippage_bps})["slippage_bps"] or ZERO
    if not 0 <= slippage < _MOST_BPS:
        message = f"is {plain(slippage)}, it must be from 0 to below {_MOST_BPS}"
        hint = "basis points: 10 is 0.1%"
        raise InputError(Fault("LQ126", "slippage_bps", message, hint))
    return Fill(FillAt(fill), slippage)
