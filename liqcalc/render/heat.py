"""A heat picture in the terminal: how near each part of an account is to liquidation.

Colours where they are allowed; the signs in front of the numbers say the same
without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.answers.stress.answer import UnitStatus
from liqcalc.render import screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from rich.console import RenderableType

    from liqcalc.answers.stress.answer import Point, UnitState


class Level(NamedTuple):
    """Ratios from `least` percent on."""

    least: int
    sign: str
    style: str


LEVELS = (
    Level(0, "·", "white on dark_green"),
    Level(25, "░", "black on green3"),
    Level(50, "▒", "black on gold1"),
    Level(80, "▓", "black on dark_orange"),
    Level(100, "█", "white on red3"),
)
PART = Level(101, "x", "white on purple4")
GONE = Level(102, "X", "white on dark_red")
UNKNOWN = Level(-1, "?", "dim")
LEGEND = "ratio: · 0%  ░ 25%  ▒ 50%  ▓ 80%  x partly, X wholly liquidated  ? not known"
_NUMBER = 3
_MOST = 999
_NARROWEST = 4
_DOUBLE = 2
_PIPE = 100
_FEWEST = 20


class Cell(NamedTuple):
    """One field: how near, and what stands in it."""

    level: Level
    sign: str
    number: str


def cell_of(states: Iterable[UnitState]) -> Cell:
    """Return the field of what is nearest to liquidation, or has been liquidated."""
    states = list(states)
    held = [s for s in states if s.status is not UnitStatus.LIQUIDATED]
    if not held:
        return Cell(GONE, GONE.sign, "")
    if any(s.status is UnitStatus.LIQUIDATABLE for s in held):
        return Cell(LEVELS[-1], LEVELS[-1].sign, "now")
    ratios = [s.margin_ratio for s in held if s.margin_ratio is not None]
    part = len(held) < len(states) or any(s.status is UnitStatus.REDUCED for s in held)
    if not ratios or any(s.status is UnitStatus.UNKNOWN for s in held):
        return Cell(UNKNOWN, UNKNOWN.sign, "")
    whole = _whole(max(ratios))
    level = max((lv for lv in LEVELS if whole >= lv.least), key=lambda lv: lv.least)
    level = PART if part else level
    return Cell(level, level.sign, str(min(whole, _MOST)))


def _whole(ratio: Decimal) -> int:
    """Return a ratio in whole percent, below 100 unless it is reached."""
    return int(ratio.scaleb(2)) if ratio > 0 else 0


def draw(
    rows: Sequence[tuple[str, Sequence[Cell]]], heads: Sequence[str], corner: str = ""
) -> list[RenderableType]:
    """Return a picture with a line a row and a head above the columns.

    Args:
        rows: label and fields.
        heads: of the columns; without them the fields have no numbers.
        corner: what stands over the labels.
    """
    margin = max(len(label) for label, _ in [*rows, (corner, ())]) + screen.INDENT
    if not heads:
        return [_line(label, cells, margin, 0) for label, cells in rows]
    wide = max(max(len(head) for head in heads) + 1, _NARROWEST + 1)
    top = corner.ljust(margin) + "".join(head.rjust(wide) for head in heads)
    return [screen.dim(top), *(_line(label, cells, margin, wide) for label, cells in rows)]


def _line(label: str, cells: Iterable[Cell], margin: int, wide: int) -> Text:
    line = Text(label.ljust(margin), no_wrap=True)
    for cell in cells:
        text = cell.sign * _DOUBLE
        if wide:
            line.append(" " * (wide - _NARROWEST))
            text = f"{cell.sign}{cell.number.rjust(_NUMBER)}"
        line.append(text, cell.level.style)
    return line


def fits(heads: Sequence[str], margin: int) -> bool:
    """Return whether columns with these heads stand side by side on the screen."""
    wide = max(max(map(len, heads), default=0) + 1, _NARROWEST + 1)
    return margin + wide * len(heads) <= min(screen.width(), _PIPE)


def thinned(points: Sequence[Point], label: str) -> list[list[Point]]:
    """Return a path in as many parts as the screen has columns."""
    most = max(min(screen.width(), _PIPE) - len(label) - screen.INDENT, _FEWEST) // _DOUBLE
    each = -(-len(points) // most)
    return [list(points[at : at + each]) for at in range(0, len(points), each)]
