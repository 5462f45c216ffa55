"""How healthy a position or account is: the exchange's levels, distance, chance of the end."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.account import joint_move, pools_of
from liqcalc.answers.answer import Note, Short, TraceStep
from liqcalc.answers.guard import computable
from liqcalc.answers.health.answer import (
    AccountHealth,
    End,
    LevelMarks,
    PoolHealth,
    PositionHealth,
)
from liqcalc.answers.health.levels import marks_of_levels, moves_to_levels
from liqcalc.answers.request import read_numbers
from liqcalc.engine import formulas
from liqcalc.engine.numbers import ONE, ZERO, exact, plain
from liqcalc.engine.solve import Status
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.case import Case
    from liqcalc.answers.health.gauge import Gauge
    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.request import Number
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.position import Position
    from liqcalc.rules.sheet import PositionRow, Sheet

DAY_HOURS = Decimal(24)
LONGEST_HOURS = Decimal(87_600)
_SMALLEST_CHANCE = Decimal("1e-12")


class Asked(NamedTuple):
    """What was asked beside the sheet, which then holds for every position.

    Attributes:
        atr: average true range, a price difference in quote.
        volatility: standard deviation of a day's returns, as a fraction.
        horizon_hours: for the chance; None means 24.
    """

    atr: Decimal | None = None
    volatility: Decimal | None = None
    horizon_hours: Decimal | None = None


def health(
    sheet: Mapping[str, Any] | Sheet,
    *,
    atr: Number | None = None,
    volatility: Number | None = None,
    horizon_hours: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> AccountHealth:
    """Return how far everything on a sheet is from its levels and from liquidation.

    Formula:
        distance in ATRs: |end - mark|/atr
        in daily moves: (|end - mark|/mark)/volatility
        chance of touching an end within the horizon, a price without drift:
        s = volatility*sqrt(horizon_hours/24), x = ln(end/mark),
        below: N((x + s*s/2)/s) + (mark/end)*N((x - s*s/2)/s)
        above: N((-x - s*s/2)/s) + (mark/end)*N((-x + s*s/2)/s)

    Args:
        sheet: as `liqcalc.evaluate` takes it; its positions may give `atr`
            and `volatility` of their own.
        atr: average true range in quote; only where all positions are in one
            symbol.
        volatility: a day's standard deviation as a fraction (3% is 0.03; an
            annual one divided by the square root of 365), of every position.
        horizon_hours: within which an end is touched; default 24.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Raises:
        InputError: everything that cannot be used.
    """
    from liqcalc.answers.case import Case

    case = Case.of(sheet, exchanges=exchanges, today=today)
    return health_of(case, read_asked(atr, volatility, horizon_hours))


def read_asked(
    atr: Number | None, volatility: Number | None, horizon_hours: Number | None
) -> Asked:
    """Return what was typed or passed.

    Raises:
        InputError: every number that cannot be meant.
    """
    with exact():
        names = {"atr": atr, "volatility": volatility, "horizon_hours": horizon_hours}
        asked = Asked(**read_numbers(names))
        faults = [
            Fault("LQ105", name, f"is {plain(value)}, it must be above 0")
            for name, value in asked._asdict().items()
            if value is not None and value <= 0
        ]
        if asked.volatility is not None and asked.volatility >= ONE:
            hint = "a day's standard deviation as a fraction: 3% is 0.03"
            message = f"is {plain(asked.volatility)}, it must be below 1"
            faults.append(Fault("LQ105", "volatility", message, hint))
        if asked.horizon_hours is not None and asked.horizon_hours > LONGEST_HOURS:
            message = f"is {plain(asked.horizon_hours)}, more than ten years"
            faults.append(Fault("LQ105", "horizon_hours", message))
    if faults:
        raise InputError(*faults)
    return asked


@computable
def health_of(case: Case, asked: Asked = Asked()) -> AccountHealth:  # noqa: B008 - a constant
    """Return how far everything in `case` is from its levels and from liquidation.

    Raises:
        InputError: an atr for several symbols, a horizon without a volatility.
    """
    from liqcalc.answers.resolve import resolve

    rows = tuple(_given(row, asked) for row in case.sheet.positions)
    _check(rows, asked)
    with exact():
        answer = case.answer
        found = resolve(case.sheet, case.catalog, today=case.today)
        hours = None
        if any(row.volatility is not None for row in rows):
            hours = DAY_HOURS if asked.horizon_hours is None else asked.horizon_hours
        marked, plans = pools_of(found)
        positions = tuple(
            _position(answer.positions[i], found.positions[i], rows[i], hours)._replace(
                levels=tuple(marks_of_levels(found, m, plan, answer.positions[i]))
            )
            for i, (m, plan) in enumerate(zip(marked, plans.by_position, strict=True))
        )
        volatility_of = {id(m): row.volatility for m, row in zip(marked, rows, strict=True)}
        pools = tuple(
            _pool(found, plan, gauge.gauge, volatility_of, hours)
            for plan, gauge in zip(plans.cross, answer.pools, strict=True)
            if plan.marked
        )
        return AccountHealth(
            positions,
            pools,
            hours,
            tuple(_assumptions(asked, hours)),
            tuple(_trace(positions, pools, hours)),
            answer.provenance,
        )


def _given(row: PositionRow, asked: Asked) -> PositionRow:
    """Return a position with what was asked for all of them."""
    if asked.atr is not None:
        row = row._replace(atr=asked.atr)
    return row if asked.volatility is None else row._replace(volatility=asked.volatility)


def _check(rows: tuple[PositionRow, ...], asked: Asked) -> None:
    symbols = list(dict.fromkeys(row.symbol for row in rows))
    if asked.atr is not None and len(symbols) > 1:
        message = f"is one price range, but the positions are in {', '.join(symbols)}"
        hint = "give each position of the sheet its own atr"
        raise InputError(Fault("LQ105", "atr", message, hint))
    if asked.horizon_hours is not None and all(row.volatility is None for row in rows):
        hint = "give the volatility of a day, e.g. 0.03 for 3%"
        raise InputError(Fault("LQ105", "horizon_hours", "is given without a volatility", hint))


# Distances and chances


def _position(
    answer: PositionAnswer, position: Position, row: PositionRow, hours: Decimal | None
) -> PositionHealth:
    found = PositionHealth(
        symbol=answer.symbol,
        side=row.side,
        settle=answer.settle,
        quote=answer.quote,
        mark_price=answer.mark_price,
        status=answer.status,
        levels=(),
        atr=row.atr,
        volatility=row.volatility,
    )
    if answer.status is not Status.LIQUIDATABLE_AT_PRICE:
        reason = answer.reasons.get("liquidation_price", "")
        return found._replace(reason=reason or _WHY[answer.status])
    below, above = (answer.exact.get(f"{at}_liquidation_price") for at in ("lower", "upper"))
    lower, upper = (None if p is None else _end(position, row, p, hours) for p in (below, above))
    found = found._replace(lower=lower, upper=upper)
    if row.volatility is None or hours is None:
        return found
    mark = answer.mark_price
    factors = [None if price is None else price / mark for price in (below, above)]
    return found._replace(chance=_chance(row.volatility, hours, *factors))


_WHY = {
    Status.ALREADY_LIQUIDATABLE: "the condition holds at the mark",
    Status.CANNOT_BE_LIQUIDATED: "no price liquidates it",
    Status.INDETERMINATE: "its liquidation price is not known",
}


def _end(position: Position, row: PositionRow, price: Decimal, hours: Decimal | None) -> End:
    mark, contract = position.mark_price, position.contract
    gap = abs(price - mark)
    rate = gap / mark
    now, then = (contract.value(position.qty, at) for at in (mark, price))
    lost = -formulas.pnl(contract.drift(position.side), then, now)
    end = End(price, rate, lost, atrs=None if row.atr is None else gap / row.atr)
    if row.volatility is None or hours is None:
        return end
    sides = (price / mark, None) if price <= mark else (None, price / mark)
    chance = _chance(row.volatility, hours, *sides)
    return end._replace(volatilities=rate / row.volatility, chance=chance)


def _spread(volatility: Decimal, hours: Decimal) -> Decimal:
    """Return the standard deviation of the price's logarithm over the horizon."""
    return volatility * (hours / DAY_HOURS).sqrt()


def _chance(
    volatility: Decimal, hours: Decimal, below: Decimal | None, above: Decimal | None
) -> Decimal:
    """Return the estimated chance of touching one of two ends, given over the mark."""
    from liqcalc.answers.health.touch import touch_chance

    low, high = (None if factor is None else float(factor.ln()) for factor in (below, above))
    chance = touch_chance(float(_spread(volatility, hours)), low, high)
    shown = Decimal(f"{chance:.3g}")
    return shown if shown >= _SMALLEST_CHANCE else ZERO


def _pool(
    found: Resolved,
    plan: PoolPlan,
    gauge: Gauge,
    volatility_of: Mapping[int, Decimal | None],
    hours: Decimal | None,
) -> PoolHealth:
    levels = tuple(moves_to_levels(found, plan, gauge))
    result = PoolHealth(plan.currency, levels, joint_move(plan))
    given = [volatility_of[id(m)] for m in plan.marked]
    known = [volatility for volatility in given if volatility is not None]
    if hours is None or len(known) < len(given):
        return result
    highest, nearest = max(known), result.nearest
    if nearest is None:
        return result._replace(volatility=highest)
    low, high = (None if move is None else ONE + move for move in result.move[:2])
    return result._replace(
        volatility=highest,
        volatilities=nearest / highest,
        chance=_chance(highest, hours, low, high),
    )


# What it stands on


def _assumptions(asked: Asked, hours: Decimal | None) -> Iterator[Note]:
    if hours is None:
        return
    text = (
        "the chance is an estimate for a price without drift and with constant volatility, "
        "watched all the time, without funding"
    )
    yield Note("LQ419", text)
    if asked.horizon_hours is None:
        yield Note("LQ419", f"horizon_hours was not given: {plain(hours)}")


def _trace(
    positions: tuple[PositionHealth, ...], pools: tuple[PoolHealth, ...], hours: Decimal | None
) -> Iterator[TraceStep]:
    for position in positions:
        for level in position.levels:
            yield from _level_steps(position, level)
        for end in position.ends:
            yield from _end_steps(position, end, hours)
    for pool in pools:
        if pool.nearest is not None and pool.volatilities is not None:
            yield _move_step(pool, pool.nearest, pool.volatilities)


def _level_steps(position: PositionHealth, found: LevelMarks) -> Iterator[TraceStep]:
    name = f"{position.symbol} {position.side} at {plain(found.level.at)}"
    formula = "health is 0 at p, with F times the requirement"
    numbers: dict[str, Decimal | Short] = {"F": Short(found.factor or ZERO)}
    if found.less:
        formula += " and fees off the equity"
        numbers["fees"] = Short(found.less)
    for mark in found.exact:
        if mark is not None:
            yield TraceStep("level", name, formula, numbers, Short(mark), found.level.source)


def _end_steps(position: PositionHealth, end: End, hours: Decimal | None) -> Iterator[TraceStep]:
    mark, name = position.mark_price, f"{position.symbol} {position.side}"
    prices = {"end": Short(end.price), "mark": mark}
    if position.atr is not None and end.atrs is not None:
        numbers = {**prices, "atr": position.atr}
        yield TraceStep("distance", f"{name} in ATRs", "|end - mark|/atr", numbers, Short(end.atrs))
    if position.volatility is None or hours is None or end.volatilities is None:
        return
    numbers = {**prices, "volatility": position.volatility}
    formula = "|end - mark|/mark/volatility"
    yield TraceStep("distance", f"{name} in daily moves", formula, numbers, Short(end.volatilities))
    spread = _spread(position.volatility, hours)
    numbers = {"volatility": position.volatility, "hours": hours}
    yield TraceStep("chance", "s", "volatility*sqrt(hours/24)", numbers, Short(spread))
    log = (end.price / mark).ln()
    yield TraceStep("chance", "x", "ln(end/mark)", prices, Short(log))
    sign = "" if end.price <= mark else "-"
    other = "-" if end.price <= mark else "+"
    opposed = "+" if end.price <= mark else "-"
    formula = f"N(({sign}x {opposed} s*s/2)/s) + (mark/end)*N(({sign}x {other} s*s/2)/s)"
    yield TraceStep(
        "chance",
        f"{name} touches {'below' if end.price <= mark else 'above'}",
        formula,
        {**prices, "x": Short(log), "s": Short(spread)},
        f"{plain(end.chance)} (estimate)" if end.chance else "less than 0.000000000001 (estimate)",
    )


def _move_step(pool: PoolHealth, nearest: Decimal, count: Decimal) -> TraceStep:
    numbers = {"move": Short(nearest), "volatility": pool.volatility}
    formula = "|move|/volatility"
    return TraceStep("distance", "all prices in daily moves", formula, numbers, Short(count))
