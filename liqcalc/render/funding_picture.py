"""A picture in the terminal: the liquidation price against time, beside the mark."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.funding.answer import Ended
from liqcalc.engine.numbers import plain
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from liqcalc.answers.funding.answer import FundingAnswer

_ROWS = 10
_WIDEST = 88
_NARROWEST = 24
_FEWEST = 3
_DAY = 24
_HELD = "in the time held"
_SHOWN = Decimal("0.001")  # of an hour


class Step(NamedTuple):
    """What holds from a time on, in hours since the start."""

    hours: Decimal
    mark: Decimal
    price: Decimal | None


class _Signs(NamedTuple):
    mark: str
    liquidation: str
    left: str
    corner: str
    foot: str


_DRAWN = _Signs("─", "●", "│", "└", "─")
_TYPED = _Signs("-", "o", "|", "+", "-")


def picture(answer: FundingAnswer) -> list[str]:
    """Return the lines of a picture; none where fewer than three times have a price.

    It shows the time held; where the liquidation price hardly moves in that,
    the way on until funding alone liquidates. Every column is a time, and
    shows what held then. A liquidation price stands still from one payment to
    the next, unless funding accrues all the time; a mark goes straight.
    """
    straight = answer.continuous
    steps, title = _held(answer), _HELD
    if _flat(steps) and answer.run_out.course:
        steps, title, straight = _course(answer), "until funding alone liquidates", True
    prices = [step.price for step in steps if step.price is not None]
    if len(prices) < _FEWEST:
        return []
    marks = [step.mark for step in steps]
    low, high = min(*prices, *marks), max(*prices, *marks)
    if low == high:
        return []
    labels = {0: words.short(high), _ROWS - 1: words.short(low)}
    margin = max(map(len, labels.values()))
    width = max(min(screen.width(), _WIDEST) - margin - 2, _NARROWEST)
    signs = _signs()
    columns = [_at(steps, steps[-1].hours * i / (width - 1), straight) for i in range(width)]
    canvas = _canvas(columns, low, high, signs)
    head = f"{title}:  {signs.mark * 3} mark  {signs.liquidation * 3} liquidation price"
    body = [f"{labels.get(i, ''):>{margin}} {signs.left}{line}" for i, line in enumerate(canvas)]
    foot = f"{'':{margin}} {signs.corner}{signs.foot * width}"
    begin, end = _feet(answer, steps, held=title == _HELD)
    return [head, *body, foot, f"{'':{margin}}  {begin}{end:>{width - len(begin)}}"]


def _signs() -> _Signs:
    """Return the signs that the output can carry."""
    try:
        "".join(_DRAWN).encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _TYPED
    return _DRAWN


def _held(answer: FundingAnswer) -> list[Step]:
    """Return what held from when, of the position that was asked about."""
    own = [p for p in answer.payments if (p.symbol, p.side) == (answer.symbol, answer.side)]
    times = [(answer.holding_hours * 0, answer.before), *((p.hours, p.after) for p in own)]
    steps = [Step(hours, at.mark_price, at.liquidation_price) for hours, at in times]
    if answer.ended is Ended.BY_PRICE and answer.end is not None:
        steps.append(Step(answer.end.hours, answer.end.mark_price, steps[-1].price))
    return steps


def _course(answer: FundingAnswer) -> list[Step]:
    points = answer.run_out.course
    return [Step(point.hours, answer.mark_price, point.liquidation_price) for point in points]


def _flat(steps: list[Step]) -> bool:
    """Return True if all stands in one row: the liquidation price, and the mark."""
    prices = [step.price for step in steps if step.price is not None]
    marks = [step.mark for step in steps]
    if len(prices) < _FEWEST:
        return True
    gap = (max(*prices, *marks) - min(*prices, *marks)) / _ROWS
    return max(prices) - min(prices) < gap and max(marks) - min(marks) < gap


def _at(steps: list[Step], time: Decimal, straight: bool) -> Step:  # noqa: FBT001
    """Return what holds at a time; `straight`: the liquidation price moves between two steps."""
    k = max(i for i, step in enumerate(steps) if step.hours <= time)
    here = steps[k]
    if k + 1 == len(steps):
        return here
    after = steps[k + 1]
    share = (time - here.hours) / (after.hours - here.hours)
    mark, price = here.mark + (after.mark - here.mark) * share, here.price
    if straight and price is not None and after.price is not None:
        price += (after.price - price) * share
    return Step(time, mark, price)


def _canvas(columns: list[Step], low: Decimal, high: Decimal, signs: _Signs) -> list[str]:
    rows = [[" "] * len(columns) for _ in range(_ROWS)]

    def row_of(price: Decimal) -> int:
        return round((high - price) * (_ROWS - 1) / (high - low))

    for i, step in enumerate(columns):
        rows[row_of(step.mark)][i] = signs.mark
        if step.price is not None:
            rows[row_of(step.price)][i] = signs.liquidation
    return ["".join(row).rstrip() for row in rows]


def _feet(answer: FundingAnswer, steps: list[Step], *, held: bool) -> tuple[str, str]:
    """Return what stands below the first and the last column."""
    last: str | None = answer.run_out.time
    if held and answer.payments:
        last = answer.end.time if answer.end is not None else answer.payments[-1].time
    if answer.start is None or last is None:
        return "start", _time(steps[-1].hours)
    return answer.start, last


def _time(hours: Decimal) -> str:
    """Return a time since the start."""
    if hours < 2 * _DAY:
        return f"{plain(hours.quantize(_SHOWN))} h"
    return f"{hours / _DAY:.1f} days"
