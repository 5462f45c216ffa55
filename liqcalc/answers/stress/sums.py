"""Liquidations that follow each other closely, summed up for the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ZERO, exact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from liqcalc.answers.ladder.answer import LadderRow
    from liqcalc.answers.stress.answer import Liquidation

_PLACES = (3, 2, 1, 0)
_MOST = 12


class Steps(NamedTuple):
    """Steps of one kind on one position.

    Attributes:
        action: what was done.
        position: ``SYMBOL side``.
        taken: how many.
        qty: closed by all of them.
        first, last: fill prices; None where nothing was closed.
        orders: cancelled by all of them.
        assumed: one of them is not published.
    """

    action: str
    position: str
    taken: int
    qty: Decimal
    first: Decimal | None
    last: Decimal | None
    orders: int
    assumed: bool


class Stretch(NamedTuple):
    """Liquidations of one unit at nearly one place."""

    events: tuple[Liquidation, ...]
    steps: tuple[Steps, ...]


def stretches(events: Iterable[Liquidation]) -> list[Stretch]:
    """Return events in order, with those of one unit close to each other taken together.

    Close is within 0.1% of a move, or as much more as makes the list short.
    """
    events = list(events)
    for places in _PLACES:
        groups: list[list[Liquidation]] = []
        for event in events:
            if groups and _together(groups[-1][-1], event, places):
                groups[-1].append(event)
            else:
                groups.append([event])
        if len(groups) <= _MOST:
            break
    return [Stretch(tuple(group), tuple(_summed(group))) for group in groups]


def _together(one: Liquidation, other: Liquidation, places: int) -> bool:
    if one.unit != other.unit or one.time != other.time:
        return False
    if one.move is None or other.move is None:
        return True
    return round(one.move, places) == round(other.move, places)


def _summed(events: Iterable[Liquidation]) -> Iterable[Steps]:
    found: dict[tuple[str, str], list[LadderRow]] = {}
    for event in events:
        for row in event.rows:
            found.setdefault((str(row.action), f"{row.symbol} {row.side}"), []).append(row)
    for (action, position), rows in found.items():
        prices = [row.closing.price for row in rows if row.closing.price is not None]
        with exact():
            qty = sum((row.closing.qty for row in rows), ZERO)
        yield Steps(
            action.replace("_", " "),
            position,
            len(rows),
            qty,
            prices[0] if prices else None,
            prices[-1] if prices else None,
            sum(row.orders for row in rows),
            any(row.evidence == "assumed" for row in rows),
        )
