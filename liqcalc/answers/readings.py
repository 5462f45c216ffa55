"""What an answer would be if a question that no source settles were read the other way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liqcalc.answers.answer import AccountAnswer, Note, PositionAnswer, Short, worded
from liqcalc.answers.resolved import mode_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from liqcalc.answers.resolved import Resolved
    from liqcalc.rules.schema import OpenQuestion
    from liqcalc.rules.sheet import Sheet

_COMPARED = ("liquidation_price", "maintenance_margin")


def with_other_readings(
    answer: AccountAnswer, found: Resolved, evaluate: Callable[[Sheet], AccountAnswer]
) -> AccountAnswer:
    """Return `answer` with a note for each open question that bears on a position.

    Args:
        answer: by the readings that are the default.
        found: what it stands on.
        evaluate: gives the answer to another sheet, without such notes.
    """
    questions = dict.fromkeys(
        question
        for entry in found.entries
        for question in entry.open_questions
        if question.parameter not in found.sheet.parameters
    )
    if not questions:
        return answer
    notes: list[list[Note]] = [[] for _ in answer.positions]
    for question in questions:
        given = {**found.sheet.parameters, question.parameter: question.other}
        other = evaluate(found.sheet._replace(parameters=given))
        for i, position in enumerate(found.positions):
            asked = question in found.entries[i].open_questions
            if asked and question.mode in {None, mode_of(position)}:
                notes[i] += _difference(question, answer.positions[i], other.positions[i])
    positions = tuple(
        replace(position, assumptions=(*position.assumptions, *more)) if more else position
        for position, more in zip(answer.positions, notes, strict=True)
    )
    said = tuple(dict.fromkeys([*answer.assumptions, *(note for more in notes for note in more)]))
    return answer._replace(positions=positions, assumptions=said)


def _difference(question: OpenQuestion, now: PositionAnswer, other: PositionAnswer) -> list[Note]:
    """Return a note if the other reading gives other figures."""
    changed = [
        f"{name} {_worded(other, name)}"
        for name in _COMPARED
        if now.figures.get(name) != other.figures.get(name)
    ]
    if not changed:
        return []
    reading = f"{question.parameter}: {question.other}"
    message = f"{now.symbol}: {question.says}; read as {reading} it gives {', '.join(changed)}"
    return [Note("LQ408", message)]


def _worded(answer: PositionAnswer, name: str) -> str:
    value = answer.figures.get(name)
    return "none" if value is None else worded(Short(value))
