"""Pictures of a stressed sheet as PNG or SVG; needs matplotlib, the extra `charts`."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liqcalc.errors import Fault, InputError
from liqcalc.render import heat
from liqcalc.render.stress import headline
from liqcalc.render.stress_words import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.answers.stress.answer import Liquidation, Point, Stress

SUFFIXES = (".png", ".svg")
INSTALL = 'pip install "liqcalc[charts]"'
_COLOURS = ("#e3f1e3", "#b9dfb3", "#fbe08b", "#f4a35a", "#d9534f", "#a99bc9", "#6b2737")
_UNKNOWN = "#dddddd"
_WORDS = (
    *("below 25", "25 to 50", "50 to 80", "80 to 100"),
    *("100: liquidatable", "part is liquidated", "all is liquidated"),
)
_LEVELS = (*heat.LEVELS, heat.PART, heat.GONE)
_RED = "#b02a37"
_INK = "#333333"
_LINES = ("#1f5fa8", "#8a5a00", "#2e7d32", "#6a3d9a")
_MOST_NUMBERS = 27
_MOST_LABELS = 9


def check(name: str) -> None:
    """Refuse a picture that could not be written, before anything is computed.

    Raises:
        InputError: another suffix, no such folder, or matplotlib is missing.
    """
    from importlib.util import find_spec

    path = Path(name)
    where = "--picture"
    if path.suffix.lower() not in SUFFIXES:
        message = f"is {name!r}, not a name that ends in .png or .svg"
        raise InputError(Fault("LQ126", where, message))
    if not path.parent.is_dir():
        raise InputError(Fault("LQ126", where, f"there is no folder {str(path.parent)!r}"))
    if find_spec("matplotlib") is None:
        raise InputError(Fault("LQ126", where, "needs matplotlib, which is not installed", INSTALL))


def write(answer: Stress, name: str) -> None:
    """Write the picture of `answer`; the file appears whole or not at all.

    Args:
        answer: what is drawn.
        name: of the file, ending in .png or .svg.

    Raises:
        InputError: as `check`, or the file cannot be written.
    """
    check(name)
    path = Path(name)
    figure = _figure(answer)
    kind = path.suffix.lower().removeprefix(".")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        figure.savefig(beside, format=kind, dpi=160, metadata=_METADATA[kind])
        beside.replace(path)
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise InputError(Fault("LQ126", "--picture", message)) from None
    finally:
        beside.unlink(missing_ok=True)


_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "liqcalc"},
    "svg": {"Creator": "liqcalc", "Date": None},
}


def _figure(answer: Stress) -> Any:  # noqa: ANN401 - matplotlib's
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9, "axes.edgecolor": _INK, "text.color": _INK}):
        if answer.kind == "plane":
            figure = Figure(figsize=(7.6, 6.4), layout="constrained")
            FigureCanvasAgg(figure)
            _draw_plane(figure.subplots(), answer)
        else:
            lines = len(answer.units)
            figure = Figure(figsize=(8.4, 4.4 + 0.35 * lines), layout="constrained")
            FigureCanvasAgg(figure)
            above, below = figure.subplots(
                2, 1, sharex=True, height_ratios=[3.2, 0.5 + 0.35 * lines]
            )
            _draw_equity(above, answer)
            _draw_strip(below, answer)
        _label(figure, answer)
        return figure


def _label(figure: Any, answer: Stress) -> None:  # noqa: ANN401
    from matplotlib.patches import Patch

    rules = answer.basis.provenance
    title = f"{answer.exchange}, {headline(answer)}"
    figure.suptitle(title, fontsize=11, x=0.02, ha="left", fontweight="bold")
    patches = [Patch(fc=c, label=w) for c, w in zip(_COLOURS, _WORDS, strict=True)]
    stands_on = f"{rules.rule_set} rules since {rules.rule_from}, {rules.evidence}"
    figure.legend(
        handles=patches,
        loc="outside lower left",
        ncols=4,
        frameon=False,
        fontsize=8,
        title=f"requirement / equity, in %   ({stands_on})",
        title_fontsize=8,
        alignment="left",
    )


# Equity


def _draw_equity(axes: Any, answer: Stress) -> None:  # noqa: ANN401
    from matplotlib.ticker import StrMethodFormatter

    places = _places(answer)
    for at, currency in enumerate(answer.points[0].equity):
        values = [_float(point.equity[currency]) for point in answer.points]
        colour = _LINES[at % len(_LINES)]
        dots = "o" if len(places) <= _MOST_NUMBERS else ""
        axes.plot(places, values, dots + "-", color=colour, ms=3.5, lw=1.4, label=currency)
    currencies = list(answer.points[0].equity)
    axes.set_ylabel(f"equity, {' and '.join(currencies)}")
    axes.axhline(0, color=_INK, lw=0.6)
    if len(currencies) > 1:
        axes.legend(frameon=False, fontsize=8)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    axes.grid(axis="y", color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _mark_ends(axes, answer)


def _mark_ends(axes: Any, answer: Stress) -> None:  # noqa: ANN401
    """Draw a line where something is liquidated, with its name beside it."""
    for at, (place, text) in enumerate(_falls(answer)):
        axes.axvline(place, color=_RED, lw=1, ls="--")
        axes.annotate(
            text,
            (place, 0.97 - 0.09 * (at % 6)),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            color=_RED,
            fontsize=8,
            va="top",
            bbox={"fc": "white", "ec": "none", "pad": 0.8, "alpha": 0.85},
        )


def _falls(answer: Stress) -> list[tuple[float, str]]:
    found = []
    for at, point in enumerate(answer.points):
        for event in point.liquidations:
            place = _between(answer, at, event) if event.move is None else float(event.move)
            where = "" if event.move is None else f" at {event.move:+.1%}"
            names = ", ".join(words_of(name) for name in event.closed)
            found.append((place, f"{event.number}. {names}{where}"))
    return sorted(found)


def _between(answer: Stress, at: int, event: Liquidation) -> float:
    """Return where between two rows of a path something was liquidated."""
    if not at:
        return 0.0
    before, after = answer.points[at - 1].marks, answer.points[at].marks
    symbol = max(event.marks, key=lambda name: abs(after[name] / before[name] - 1))
    way = after[symbol] - before[symbol]
    return at - 1 + float((event.marks[symbol] - before[symbol]) / way) if way else float(at)


def _places(answer: Stress) -> list[float]:
    if answer.kind == "path":
        return [float(at) for at in range(len(answer.points))]
    return [float(point.move or 0) for point in answer.points]


# Heat


def _draw_strip(axes: Any, answer: Stress) -> None:  # noqa: ANN401
    places = _places(answer)
    edges = _edges(places)
    count = len(answer.units)
    for row in range(count):
        for at, point in enumerate(answer.points):
            cell = heat.cell_of([point.units[row]])
            left, wide = edges[at], edges[at + 1] - edges[at]
            _field(axes, (left, count - 1 - row, wide, 1.0), cell, len(places) <= _MOST_NUMBERS)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, count)
    names = [words_of(unit.name) for unit in answer.units]
    axes.set_yticks([count - 0.5 - row for row in range(count)], names)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _label_places(axes, answer, places)


def _field(
    axes: Any,  # noqa: ANN401
    box: tuple[float, float, float, float],
    cell: heat.Cell,
    numbered: bool,  # noqa: FBT001
) -> None:
    from matplotlib.patches import Rectangle

    left, low, wide, high = box
    colour = _UNKNOWN if cell.level is heat.UNKNOWN else _COLOURS[_LEVELS.index(cell.level)]
    line = "white" if numbered else colour
    axes.add_patch(Rectangle((left, low), wide, high, fc=colour, ec=line, lw=0.8))
    text = cell.number or {heat.GONE.sign: "x", heat.UNKNOWN.sign: "?"}.get(cell.sign, "")
    if numbered and text:
        dark = cell.level is heat.GONE or cell.level is heat.LEVELS[-1]
        ink = "white" if dark else _INK
        part = "x " if cell.level is heat.PART else ""
        axes.text(
            left + wide / 2, low + high / 2, part + text, ha="center", va="center",
            fontsize=7.5, color=ink,
        )  # fmt: skip


def _edges(places: Sequence[float]) -> list[float]:
    """Return the borders of the fields around points, halfway between them."""
    if len(places) == 1:
        return [places[0] - 0.5, places[0] + 0.5]
    inner = [(a + b) / 2 for a, b in pairwise(places)]
    first = places[0] - (inner[0] - places[0])
    return [first, *inner, places[-1] + (places[-1] - inner[-1])]


def _label_places(axes: Any, answer: Stress, places: list[float]) -> None:  # noqa: ANN401
    if answer.kind == "path":
        step = max(1, -(-len(places) // _MOST_LABELS))
        chosen = range(0, len(places), step)
        labels = [answer.points[at].time for at in chosen]
        axes.set_xticks([places[at] for at in chosen], labels, rotation=20, ha="right")
        axes.set_xlabel("time, a row of the path each")
        return
    from matplotlib.ticker import PercentFormatter

    what = f"move of {answer.symbol}" if answer.symbol else "move of all prices"
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.set_xlabel(f"{what} from the marks")


def _draw_plane(axes: Any, answer: Stress) -> None:  # noqa: ANN401
    from matplotlib.ticker import PercentFormatter

    across = sorted({point.move for point in answer.points if point.move is not None})
    upward = sorted({point.by_move for point in answer.points if point.by_move is not None})
    columns, rows = _edges([float(m) for m in across]), _edges([float(m) for m in upward])
    cells: dict[Any, Point] = {(point.move, point.by_move): point for point in answer.points}
    numbered = len(across) <= _MOST_NUMBERS // 2
    for i, rest in enumerate(across):
        for j, own in enumerate(upward):
            box = (columns[i], rows[j], columns[i + 1] - columns[i], rows[j + 1] - rows[j])
            _field(axes, box, heat.cell_of(cells[rest, own].units), numbered)
    axes.set_xlim(columns[0], columns[-1])
    axes.set_ylim(rows[0], rows[-1])
    axes.plot(0, 0, "+", color=_INK, ms=9) if not numbered else None
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.set_xlabel("move of all others from the marks")
    axes.set_ylabel(f"move of {answer.by} from its mark")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _float(value: Any) -> float:  # noqa: ANN401 - a Decimal or None
    return float("nan") if value is None else float(value)
