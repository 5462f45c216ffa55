"""What an answer to a question stands on: what the user must know, and how it was reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.answers.answer import Note, PositionAnswer, Provenance, TraceStep


class Basis(NamedTuple):
    """Warnings, assumptions, provenance and derivation of an answer.

    Attributes:
        warnings, assumptions: of the position, then of the question.
        provenance: rules, tables, fees and evidence class of the position.
        trace: how the answer was reached, in steps to be redone on paper.
    """

    warnings: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    provenance: Provenance
    trace: tuple[TraceStep, ...] = ()

    @classmethod
    def of(
        cls,
        position: PositionAnswer,
        *,
        warnings: Iterable[Note] = (),
        assumptions: Iterable[Note] = (),
        trace: Iterable[TraceStep] = (),
    ) -> Basis:
        """Return the basis of an answer about `position`, with what the question adds."""
        return cls(
            tuple(dict.fromkeys([*position.warnings, *warnings])),
            tuple(dict.fromkeys([*position.assumptions, *assumptions])),
            position.provenance,
            tuple(trace),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the basis as plain data."""
        return {
            "warnings": [note.to_dict() for note in self.warnings],
            "assumptions": [note.to_dict() for note in self.assumptions],
            "provenance": self.provenance.to_dict(),
            "trace": [step.to_dict() for step in self.trace],
        }
