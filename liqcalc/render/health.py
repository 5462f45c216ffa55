"""Ratios with their direction, warning levels, and how near liquidation is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.answers.health.gauge import Direction
from liqcalc.engine.numbers import ONE, plain
from liqcalc.render import derivation, screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import Provenance
    from liqcalc.answers.health.answer import (
        AccountHealth,
        End,
        LevelMarks,
        PoolHealth,
        PositionHealth,
    )
    from liqcalc.answers.health.gauge import Gauge

_RARE = 5  # decimals below which a chance is no longer shown
_FAR = 10  # from here on a rise is shown as a multiple, not as percent
_CENT = Decimal("0.01")
_MANY = 1000


class Row(NamedTuple):
    """One line: name, value, unit, and what there is to say about it."""

    name: str
    value: str = ""
    unit: str = ""
    remark: str = ""


def derived(found: AccountHealth, provenance: Provenance) -> Iterator[RenderableType]:
    """Yield how levels, multiples and chances were reached; sources stand elsewhere."""
    text = "health and requirement as functions of p; sources: liqcalc exchanges NAME"
    if found.horizon_hours is not None:
        text = "N is the standard normal distribution, s the spread of ln(price) over the horizon"
    if found.trace:
        yield from derivation.below(found.trace, provenance._replace(citations=()), text)


def meaning(gauge: Gauge) -> str:
    """Return what a ratio is, which way it runs, and where it ends."""
    rising = gauge.direction is Direction.RISING
    edge = "at" if gauge.inclusive else "above" if rising else "below"
    way = "rises" if rising else "falls"
    return f"{gauge.meaning}; {way}, liquidates {edge} {words.rate(gauge.liquidates_at)}"


def levels(position: PositionHealth) -> Iterator[Row]:
    """Yield the warning levels of a position, each with the mark that reaches it."""
    for found in position.levels:
        value, remark = _reached(found)
        unit = position.quote if value[0].isdigit() else ""
        yield Row(f"  at {words.rate(found.level.at)}", value, unit, remark)


def nearness(position: PositionHealth, hours: Decimal | None) -> Iterator[Row]:
    """Yield the distance of a position in multiples, and the chance of its end."""
    for end in position.ends:
        if position.atr is not None and end.atrs is not None:
            yield Row("distance in ATRs", _count(end.atrs), "", f"of {plain(position.atr)}")
        if position.volatility is not None and end.volatilities is not None:
            volatility = words.exact_rate(position.volatility)
            yield Row("in daily moves", _count(end.volatilities), "", f"of {volatility}")
            remark = f"estimate that the mark touches {words.short(end.price)}"
            yield Row(f"chance in {plain(hours or end.price)} h", chance(end.chance), "", remark)
    if not position.ends and (position.atr is not None or position.volatility is not None):
        yield Row("distance in ATRs" if position.atr else "chance", words.NONE, "", position.reason)


def chance(value: Decimal | None) -> str:
    """Return an estimated chance as percent with three digits.

    >>> chance(Decimal("0.0312")), chance(Decimal("0.000000117")), chance(None)
    ('3.12%', '< 0.001%', 'none')
    """
    if value is None:
        return words.NONE
    if not value or value.adjusted() < -_RARE:
        return "< 0.001%"
    return f"{plain(value.scaleb(2))}%"


def move(value: Decimal) -> str:
    """Return a common move as percent; a far rise as a multiple of the marks.

    >>> move(Decimal("-0.368")), move(Decimal("0.25")), move(Decimal(107995))
    ('-36.8%', '+25%', 'x107995')
    """
    return words.signed(value) if value < _FAR else f"x{plain(value.quantize(ONE))}"


def distance(value: Decimal | None) -> str:
    """Return a distance from the mark as percent; what is far away is only that.

    >>> distance(Decimal("0.1916")), distance(Decimal(1835)), distance(None)
    ('19.16%', '> 1000%', 'none')
    """
    return words.rate(value) if value is None or value < _FAR else "> 1000%"


def nearest(found: AccountHealth) -> Text | None:
    """Return which position ends first if only its own price moves; None for a single one."""
    position = found.nearest
    if position is None or len(found.positions) == 1:
        return None
    name = f"{position.symbol} {position.side}"
    if not position.ends:
        return Text.assemble("nearest     ", (f"{name} is liquidatable now", "bold red"))
    end = position.ends[0]
    way = "-" if end.price < position.mark_price else "+"
    alone = f"  of {position.symbol} alone liquidates {name}"
    step = distance(end.distance_rate)
    text = f"{way}{step}" if step[0].isdigit() else step.replace(" ", f" {way}")
    return Text.assemble("nearest     ", (text, "bold"), (alone, "dim"))


def moves(down: Decimal | None, up: Decimal | None) -> str:
    """Return one or two common moves; nothing if there is none."""
    return " or ".join(move(step) for step in (down, up) if step is not None)


def levels_table(health: AccountHealth) -> Table | None:
    """Return where every level of a sheet lies; None if the exchange has none."""
    table = screen.columns("left", "right", "right", "left", header=_LEVELS)
    for position in health.positions:
        for found in position.levels:
            value, remark = _reached(found)
            name = f"{position.symbol} {position.side}"
            table.add_row(name, words.rate(found.level.at), _strong(value), screen.dim(remark))
    for pool in health.pools:
        for level in pool.levels:
            value = "reached" if level.reached else moves(level.down, level.up) or words.NONE
            name = _all_prices(pool, health)
            remark = "" if level.down is not None or level.up is not None else level.reason
            table.add_row(name, words.rate(level.level.at), _strong(value), screen.dim(remark))
    return table if table.row_count else None


_LEVELS = ("warning level", "at", "mark or move", "")


def nearness_table(health: AccountHealth) -> Table:
    """Return how near every end of a sheet is, in money and multiples, and its chance."""
    ranged = any(position.atr is not None for position in health.positions)
    hours = health.horizon_hours
    header = ["liquidation", "at", "distance", "loss until then", ""]
    header += ["ATRs"] if ranged else []
    header += ["daily moves", f"chance in {plain(hours)} h"] if hours is not None else []
    sides = ["left", "right", "right", "right", "left", *["right"] * (len(header) - 5), "left"]
    table = screen.columns(*sides, header=(*header, ""))
    for position in health.positions:
        name = f"{position.symbol} {position.side}"
        if not position.ends:
            cells = [""] * (len(header) - 2)
            none = words.SHORT_STATUS[position.status] or words.NONE
            table.add_row(name, none, *cells, screen.dim(position.reason))
        for end in position.ends:
            table.add_row(name, *_cells(end, position, ranged=ranged, hours=hours))
    for pool in health.pools:
        row = _pool_cells(pool, ranged=ranged, hours=hours)
        if row:
            table.add_row(_all_prices(pool, health), *row)
    return table


def _cells(
    end: End, position: PositionHealth, *, ranged: bool, hours: Decimal | None
) -> Iterator[str | Text]:
    yield _strong(words.short(end.price))
    yield distance(end.distance_rate)
    yield words.short(end.distance_money)
    yield position.settle
    if ranged:
        yield "" if end.atrs is None else _count(end.atrs)
    if hours is not None:
        given = end.volatilities is not None
        yield _count(end.volatilities) if end.volatilities is not None else ""
        yield chance(end.chance) if given else ""
    both = len(position.ends) > 1 and position.chance is not None
    yield screen.dim(f"either end: {chance(position.chance)}" if both else "")


def _pool_cells(pool: PoolHealth, *, ranged: bool, hours: Decimal | None) -> list[str | Text]:
    found = moves(pool.move.down, pool.move.up)
    if not found:
        return []
    cells: list[str | Text] = [_strong(found), distance(pool.nearest), "", ""]
    cells += [""] if ranged else []
    if pool.volatility is None or pool.volatilities is None:
        return [*cells, *([""] * 2 if hours is not None else []), ""]
    remark = f"if all move as one, by {words.exact_rate(pool.volatility)} a day"
    return [*cells, _count(pool.volatilities), chance(pool.chance), screen.dim(remark)]


def _reached(found: LevelMarks) -> tuple[str, str]:
    """Return the mark of a level as text, and what there is to say."""
    said = found.level.says
    if found.reached:
        left = "" if found.clears_at is None else f"; left at {plain(found.clears_at)}"
        return "reached", said + left
    marks = [plain(mark) for mark in (found.lower, found.upper) if mark is not None]
    if marks:
        return " or ".join(marks), said
    return words.NONE, f"{said}: {found.reason}"


def _all_prices(pool: PoolHealth, health: AccountHealth) -> str:
    return f"all prices, {pool.currency}" if len(health.pools) > 1 else "all prices"


def _strong(text: str) -> Text:
    return Text(text, "bold red" if text == "reached" else "bold")


def _count(value: Decimal) -> str:
    """Return a multiple with two decimals, for the eye."""
    return plain(value.quantize(_CENT)) if value < _MANY else "> 1000"
