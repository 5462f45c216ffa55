"""Where an exchange's levels lie: at which marks, and which common moves, a ratio reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.account import joint_move
from liqcalc.answers.health.answer import LevelMarks, LevelMoves
from liqcalc.engine.health import Demand
from liqcalc.engine.liquidation import net_side, solved
from liqcalc.engine.numbers import ONE, ZERO, to_step
from liqcalc.engine.ratios import factor_at
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.health.gauge import Gauge
    from liqcalc.answers.pools import PoolPlan
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.pool import Pool
    from liqcalc.rules.schema import Level


def _demand(gauge: Gauge, level: Level, pool: Pool, fees: Decimal) -> Demand | None:
    """Return what a pool's backing comes down to at a level of the displayed ratio.

    Formula:
        (equity - o - f)/(requirement - o) = F at the level, so
        equity - F*requirement - (o*(1 - F) + f) = 0
        o, f: opening fees that the condition, and the display, take off.
    """
    factor = factor_at(gauge.kind, level.at)
    if factor is None:
        return None
    return Demand(factor, less=pool.opening_fees * (ONE - factor) + fees)


def _display_fees(found: Resolved, plan: PoolPlan) -> Decimal:
    return plan.orders.fees if found.rules.orders.displayed_ratio_pays_fee else ZERO


_NO_FACTOR = "the displayed ratio is not a multiple of the requirement"


def marks_of_levels(
    found: Resolved, m: Marked, plan: PoolPlan, answer: PositionAnswer
) -> Iterator[LevelMarks]:
    """Yield each level of a position's displayed ratio, with the marks that reach it."""
    pool = plan.pool
    for level in answer.gauge.warnings:
        if pool is None or answer.status is Status.INDETERMINATE:
            reason = answer.reasons.get("liquidation_price", plan.reason)
            yield LevelMarks(level, None, reason=reason)
            continue
        demand = _demand(answer.gauge, level, pool, _display_fees(found, plan))
        yield (
            LevelMarks(level, None, reason=_NO_FACTOR)
            if demand is None
            else _solved_marks(pool, m, level, demand)
        )


def _solved_marks(pool: Pool, m: Marked, level: Level, demand: Demand) -> LevelMarks:
    _, solution = solved(pool, m, demand, net_side(pool, m))
    tick, symbol = m.contract.tick_size, m.contract.symbol
    found = LevelMarks(
        level, reached=solution.health_at_mark <= 0, factor=demand.factor, less=demand.less
    )
    if found.reached:
        clears = solution.chosen.price if solution.chosen else None
        toward = "up" if clears is not None and clears > m.position.mark_price else "down"
        return found._replace(
            clears_at=_ticked(clears, tick, toward),
            exact=(None, None, clears),
            reason="" if clears is not None else f"no mark of {symbol} leaves the level",
        )
    lower, upper = (end.price if end else None for end in (solution.lower, solution.upper))
    return found._replace(
        lower=_ticked(lower, tick, "up"),
        upper=_ticked(upper, tick, "down"),
        exact=(lower, upper, None),
        reason=f"no mark of {symbol} reaches it" if lower is None and upper is None else "",
    )


def _ticked(price: Decimal | None, tick: Decimal | None, toward: str) -> Decimal | None:
    return price if price is None or tick is None else to_step(price, tick, toward)


def moves_to_levels(found: Resolved, plan: PoolPlan, gauge: Gauge) -> Iterator[LevelMoves]:
    """Yield each level of a pool's displayed ratio, with the common moves that reach it."""
    pool = plan.pool
    for level in gauge.warnings:
        if pool is None:
            yield LevelMoves(level, None, reason=plan.reason)
            continue
        demand = _demand(gauge, level, pool, _display_fees(found, plan))
        if demand is None:
            yield LevelMoves(level, None, reason=_NO_FACTOR)
            continue
        move = joint_move(plan, demand)
        past = move.status is Status.ALREADY_LIQUIDATABLE
        known = None if move.status is Status.INDETERMINATE else past
        reason = "the ratio is past it at the marks" if past else move.reason
        yield LevelMoves(level, known, move.down, move.up, reason)
