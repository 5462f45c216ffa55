"""A stressed sheet as CSV: a row a point."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.stress.answer import Point, Stress


def render(answer: Stress) -> str:
    """Return the points as CSV with a head; empty where there is no number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    units = [unit.name for unit in answer.units]
    place = {"path": ["time"], "plane": [f"move_{answer.by}", "move_others"]}
    head = [*place.get(answer.kind, ["move"]), *(f"mark_{symbol}" for symbol in answer.betas)]
    head += [f"equity_{currency}" for currency in answer.points[0].equity]
    for name in units:
        head += [f"{name} {figure}" for figure in ("status", "margin_ratio", "displayed")]
    writer.writerow([*head, "liquidated"])
    for point in answer.points:
        writer.writerow(list(_row(answer, point)))
    return text.getvalue()


def _row(answer: Stress, point: Point) -> Iterator[str]:
    if answer.kind == "path":
        yield point.time
    else:
        if answer.kind == "plane":
            yield _text(point.by_move)
        yield _text(point.move)
    yield from (_text(point.marks[symbol]) for symbol in answer.betas)
    yield from (_text(value) for value in point.equity.values())
    for state in point.units:
        yield str(state.status)
        yield _text(state.margin_ratio)
        yield _text(state.displayed_margin_ratio)
    yield " ".join(point.liquidated)


def _text(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
