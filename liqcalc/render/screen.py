"""One way onto every screen: terminal, pipe, file, dumb terminal.

A terminal gets colours (unless NO_COLOR or TERM=dumb says otherwise) and its
own width; everything else gets plain text that is not wrapped, so that lines
can be searched and cut.
"""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

UNWRAPPED = 100_000
WIDEST = 110
INDENT = 2

Cell = str | Text
_EVIDENCE = {"reproduced": "green", "derived": "yellow", "assumed": "red"}


def draw(parts: Iterable[RenderableType]) -> str:
    """Return `parts` one below the other, as text for this process's stdout."""
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    console.width = width()
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=False)
    lines = capture.get().split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


def width() -> int:
    """Return how many characters a line may have."""
    if not sys.stdout.isatty():
        return UNWRAPPED
    return min(get_terminal_size().columns, WIDEST)


def columns(
    *justify: str, header: tuple[str, ...] = (), wrap: int | None = None, gap: int = INDENT
) -> Table:
    """Return a table without lines.

    Args:
        justify: ``left`` or ``right``, a column each.
        header: names of the columns, if it has a head.
        wrap: the column that gives way on a narrow screen; default: the last.
        gap: spaces between columns.
    """
    table = Table(
        box=None,
        show_header=bool(header),
        show_edge=False,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        header_style="dim",
    )
    gives_way = len(justify) - 1 if wrap is None else wrap
    for i, side in enumerate(justify):
        name = header[i] if header else ""
        right = side == "right"
        table.add_column(
            name,
            justify="right" if right else "left",
            no_wrap=i != gives_way,
            overflow="fold",
        )
    return table


def title(text: str, rest: str = "") -> Text:
    """Return a heading."""
    return Text.assemble((text, "bold"), (f"  {rest}" if rest else "", "dim"))


def dim(text: str) -> Text:
    """Return text that stands back."""
    return Text(text, "dim")


def strong(text: str) -> Text:
    """Return text that stands out."""
    return Text(text, "bold")


def evidence(name: str) -> Text:
    """Return an evidence class in its colour."""
    return Text(name, _EVIDENCE.get(name, ""))
