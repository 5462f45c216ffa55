"""A stop in the sheet that comes too late: what every answer about the position says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import Note
from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.result import PositionResult


def too_late(result: PositionResult, stop: Decimal) -> Note | None:
    """Return a warning if the position is liquidated before the mark reaches `stop`."""
    solution, side = result.solution, result.marked.position.side
    symbol, mark = result.marked.contract.symbol, result.marked.position.mark_price
    if solution is None or result.unknown_rows or (mark - stop) * side <= 0:
        return None
    if result.status is Status.ALREADY_LIQUIDATABLE:
        text = f"{symbol} is liquidatable now: the stop at {plain(stop)} comes too late"
        return Note("LQ414", text)
    end = solution.lower if side > 0 else solution.upper
    if end is None or (end.price - stop) * side < 0:
        return None
    if end.price == stop and not result.marked.rules.inclusive:
        return None
    return Note("LQ414", f"{symbol}: liquidation comes before the stop at {plain(stop)}")
