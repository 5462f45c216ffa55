"""What stands below a table: warnings, assumptions, provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from liqcalc.answers.answer import Note, Provenance


def below(warnings: Iterable[Note], assumptions: Iterable[Note], provenance: Provenance) -> Table:
    """Return the lines below an answer, with a hanging indent."""
    table = screen.columns("left", "left")
    for note in warnings:
        table.add_row(Text("warning", "yellow"), f"{note.message} ({note.code})")
    for note in assumptions:
        table.add_row(screen.dim("assumed"), screen.dim(f"{note.message} ({note.code})"))
    table.add_row(screen.dim("source"), screen.dim(words.sources(provenance)))
    if provenance.evidence_note:
        table.add_row(screen.dim("evidence"), screen.dim(provenance.evidence_note))
    return table
