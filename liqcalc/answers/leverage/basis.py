"""What an answer about leverage stands on: derivation, warnings, what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Note, TraceStep
from liqcalc.answers.basis import Basis
from liqcalc.answers.leverage.search import Binds, LeverageSearch, Try, after_opening
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.answers.stops.question import funding_notes
from liqcalc.answers.stops.trace import funding_steps, furthest_steps, outcome_steps
from liqcalc.engine.numbers import ZERO, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.answers.case import Case
    from liqcalc.answers.leverage.answer import LeverageAnswer


def basis_of(found: LeverageAnswer, search: LeverageSearch, shown: Try, i: int) -> Basis:
    """Return warnings, assumptions, provenance and derivation of an answer."""
    held, order = found.position, search.stop
    end = shown.case.ends(i).losing(shown.case.sheet.positions[i].side)
    steps = [*held.trace, *funding_steps(found.funding)]
    if found.outcome is not None:
        steps += outcome_steps(held, found.outcome)
        steps += _search_steps(found, search)
    steps += furthest_steps(held, found.furthest, order, end)
    return Basis.of(
        shown.case.answer.positions[i],
        warnings=_warnings(found),
        assumptions=[
            *found.terms.notes(),
            *funding_notes(found.funding, held),
            *_notes(found),
            *_table_note(search),
            *_opening_note(search.case, i),
        ],
        trace=steps,
    )


def _search_steps(found: LeverageAnswer, search: LeverageSearch) -> Iterator[TraceStep]:
    if found.leverage is None:
        return
    above = search.at(found.leverage + search.step)
    numbers: dict[str, Any] = {"leverage": found.leverage, "step": search.step}
    text = f"at {plain(above.leverage)}x the {found.limit.of} limit is passed"
    if found.binds is Binds.LIQUIDATION:
        text = f"at {plain(above.leverage)}x liquidation comes before the needed mark"
    yield TraceStep("stop", "one step above", "leverage + step", numbers, text)


def _warnings(found: LeverageAnswer) -> Iterator[Note]:
    if found.stop is not None and found.leverage is None:
        text = f"{found.position.symbol}: no leverage is safe with the stop at {plain(found.stop)}"
        yield Note("LQ414", f"{text}: {found.reason}")
    elif found.asked is not None and found.leverage is not None:
        row = next(row for row in found.rows if row.leverage == found.asked)
        if row.verdict is not Verdict.FIRES_FIRST:
            too_near = row.verdict is Verdict.TOO_NEAR
            what = "lies too near" if too_near else "comes before"
            text = f"at {plain(found.asked)}x liquidation {what} the stop"
            yield Note("LQ414", f"{found.position.symbol}: {text} at {plain(found.stop or ZERO)}")


def _notes(found: LeverageAnswer) -> Iterator[Note]:
    if found.risk is not None:
        text = f"the quantity {plain(found.position.qty)} follows from what may be lost at the stop"
        yield Note("LQ415", f"{text}, fees, slippage and funding included")
    if not found.step.known:
        yield Note("LQ415", "the step of the leverage setting is not known: 1")
    if found.limit.of is Binds.SEARCH:
        text = f"no maximum leverage is known; the search ends at {plain(found.limit.leverage)}"
        yield Note("LQ415", text)


def _table_note(search: LeverageSearch) -> Iterator[Note]:
    if search.own_tables:
        text = "tables are for one leverage each; a leverage without a known one was not judged"
        yield Note("LQ415", text)


def _opening_note(case: Case, i: int) -> Iterator[Note]:
    if case.position(i).isolated or not case.figures.positions[i].exact.get("fee_to_open"):
        return
    text = "the wallet is counted before the opening fee, which leaves it"
    if after_opening(case, i) is case:
        text = "the opening fee is not counted: the wallet that would pay it is not known"
    yield Note("LQ415", text)
