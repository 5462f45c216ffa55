"""What a whole sheet comes to: positions, account, joint move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers import trace
from liqcalc.answers.answer import AccountAnswer, AccountFigures, JointMove, Note, PositionAnswer
from liqcalc.answers.guard import computable
from liqcalc.answers.health.gauge import gauge
from liqcalc.answers.pools import Plans, PoolPlan, plan_pools
from liqcalc.answers.readings import with_other_readings
from liqcalc.answers.resolve import resolve
from liqcalc.engine.evaluate import add_further_figures, evaluate_position
from liqcalc.engine.health import LIQUIDATION
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, exact, plain
from liqcalc.engine.pool_health import joint_health
from liqcalc.engine.solve import Status, solve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from liqcalc.answers.answer import TraceStep
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.health import Demand
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.result import PositionResult
    from liqcalc.rules.catalog import Catalog
    from liqcalc.rules.sheet import Sheet


@computable
def evaluate_sheet(sheet: Sheet, catalog: Catalog, *, today: str) -> AccountAnswer:
    """Return every figure of a checked sheet, and what open questions would change.

    Args:
        sheet: what is held.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tier tables is counted.

    Raises:
        InputError: the sheet names something that does not exist, or does not
            fit the exchange.
    """
    return complete(*evaluate_once(sheet, catalog, today), catalog, today)


def complete(answer: AccountAnswer, found: Resolved, catalog: Catalog, today: str) -> AccountAnswer:
    """Return an answer by the default readings with what open questions would change."""
    return with_other_readings(answer, found, lambda other: evaluate_once(other, catalog, today)[0])


def evaluate_once(sheet: Sheet, catalog: Catalog, today: str) -> tuple[AccountAnswer, Resolved]:
    """Return every figure of a checked sheet by the default readings, and what it stands on."""
    with exact():
        found = resolve(sheet, catalog, today=today)
        return evaluate_found(found), found


def evaluate_found(found: Resolved) -> AccountAnswer:
    """Return every figure of a sheet in which everything has been filled in."""
    with exact():
        marked, plans = pools_of(found)
        results = [
            evaluate_position(m, plan.pool, plan.backing)
            for m, plan in zip(marked, plans.by_position, strict=True)
        ]
        for result in results:
            add_further_figures(result)
        answers = tuple(_position(found, i, result) for i, result in enumerate(results))
        pools = tuple(_account(found, plan, results) for plan in plans.cross)
        joint = _joint(plans.cross)
    return AccountAnswer(
        exchange=found.exchange.id,
        as_of=found.sheet.as_of,
        positions=answers,
        account=pools[0] if pools else None,
        pools=pools,
        joint=joint,
        warnings=_distinct(note for answer in answers for note in answer.warnings),
        assumptions=_distinct(note for answer in answers for note in answer.assumptions),
        provenance=found.provenance(None),
    )


def pools_of(found: Resolved) -> tuple[list[Marked], Plans]:
    """Return the positions of a sheet at their marks, and the pools that they share."""
    pairs = zip(found.positions, found.rules_of, strict=True)
    marked = [Marked(position, rules) for position, rules in pairs]
    return marked, plan_pools(found, marked)


def _distinct(notes: Any) -> tuple[Note, ...]:  # noqa: ANN401 - an iterable of notes
    return tuple(dict.fromkeys(notes))


def _position(found: Resolved, i: int, result: PositionResult) -> PositionAnswer:
    m = result.marked
    position, contract = m.position, m.contract
    figures = result.figures
    _side_figures(result)
    _distance(result)
    warnings = [*found.warnings[i], *size_warnings(result)]
    cites = found.entries[i].cites
    row = found.sheet.positions[i]
    if row.stop_price is not None:
        from liqcalc.answers.stops.note import too_late

        late = too_late(result, row.stop_price)
        warnings += [] if late is None else [late]
    if row.contracts is not None:
        figures.put("contracts", row.contracts)
    elif contract.contract_size is not None:
        figures.put("contracts", position.qty / contract.contract_size)
    return PositionAnswer(
        exchange=found.exchange.id,
        symbol=contract.symbol,
        side="long" if position.side > 0 else "short",
        margin_mode="isolated" if position.isolated else "cross",
        product=str(contract.product),
        quote=contract.quote,
        settle=contract.settle,
        qty=position.qty,
        entry_price=position.entry_price,
        mark_price=position.mark_price,
        leverage=position.leverage,
        status=result.status,
        figures=figures.shown,
        exact=figures.exact,
        reasons=figures.reasons,
        tier_range=(m.tier.floor, m.tier.cap) if m.tier else None,
        tier_unit="contracts" if m.rules.by_contracts else contract.settle,
        provenance=found.provenance(position),
        warnings=_distinct(warnings),
        assumptions=_distinct(found.assumptions[i]),
        gauge=gauge(found.exchange.meta, m.rules, isolated=position.isolated),
        derive=_deriver(result, cites),
    )


def _deriver(
    result: PositionResult, cites: Mapping[str, str]
) -> Callable[[], tuple[TraceStep, ...]]:
    def derive() -> tuple[TraceStep, ...]:
        with exact():
            return trace.derive(result, cites)

    return derive


def _side_figures(result: PositionResult) -> None:
    solution, figures = result.solution, result.figures
    if solution is None or result.unknown_rows:
        return
    for name, crossing in (
        ("lower_liquidation_price", solution.lower),
        ("upper_liquidation_price", solution.upper),
    ):
        figures.put(name, crossing.price if crossing else None)
        if crossing is None:
            figures.reasons[name] = "no price on that side of the mark liquidates the pool"


def _distance(result: PositionResult) -> None:
    """Add how far the printed liquidation price is; below 0 if it has been passed."""
    m, figures = result.marked, result.figures
    price = figures.shown.get("liquidation_price")
    if price is None:
        reason = figures.reasons.get("liquidation_price", "there is no liquidation price")
        figures.none("distance_rate", reason)
        figures.none("distance_money", reason)
        return
    mark = m.position.mark_price
    gap = abs(price - mark) / mark
    value = m.contract.value(m.position.qty, price)
    money = abs(value - m.value)
    passed = result.status is Status.ALREADY_LIQUIDATABLE
    figures.put("distance_rate", -gap if passed else gap)
    rounding = m.rules.amounts.of("distance_money", linear=m.contract.linear)
    figures.put_rounded("distance_money", -money if passed else money, rounding)


def size_warnings(result: PositionResult) -> list[Note]:
    """Return what is to be said of a position's size beside its tier table and lot."""
    m = result.marked
    schedule, leverage, tier = m.schedule, m.position.leverage, m.tier
    notes: list[Note] = []
    symbol = m.contract.symbol
    if schedule is None or tier is None or m.size is None:
        return notes
    if schedule.unknown_beyond(m.size):
        text = f"{symbol}: {plain(m.size)} lies beyond the known rows of the tier table"
        notes.append(Note("LQ303", text))
    elif schedule.beyond(m.size):
        text = f"{symbol}: {plain(m.size)} is above the last cap; the last tier was continued"
        notes.append(Note("LQ304", text))
    elif not schedule.complete and tier.cap is None and schedule.tiers[-1] is tier:
        text = f"{symbol}: the last known row has no known end; a higher rate may hold at this size"
        notes.append(Note("LQ304", text))
    if leverage and tier.max_leverage and leverage > tier.max_leverage:
        text = (
            f"{symbol}: leverage {plain(leverage)} is above the maximum of "
            f"{plain(tier.max_leverage)} at this size; the exchange would refuse it"
        )
        notes.append(Note("LQ305", text))
    if tier.basis:
        text = f"{symbol}: tier {(m.tier_index or 0) + 1} was not read itself ({tier.basis})"
        notes.append(Note("LQ306", text))
    step = m.contract.lot_size
    if step and m.position.qty % step:
        text = f"{symbol}: {plain(m.position.qty)} is not a multiple of the lot of {plain(step)}"
        notes.append(Note("LQ307", text))
    return notes


def _account(found: Resolved, plan: PoolPlan, results: list[PositionResult]) -> AccountFigures:
    from liqcalc.answers.totals import account_figures

    mine = [result for result in results if result.marked in plan.marked]
    return account_figures(found, plan, mine)


def _joint(plans: list[PoolPlan]) -> JointMove | None:
    moves = [joint_move(plan) for plan in plans if plan.marked]
    if not moves:
        return None

    def nearness(move: JointMove) -> Decimal:
        steps = [abs(step) for step in (move.down, move.up) if step is not None]
        return min(steps, default=ONE * 10**9)

    return min(moves, key=nearness)


def joint_move(plan: PoolPlan, demand: Demand = LIQUIDATION) -> JointMove:
    """Return the common move of all prices after which a pool no longer meets `demand`."""
    pool = plan.pool
    if pool is None:
        return JointMove(None, None, Status.INDETERMINATE, plan.reason)
    if _coin_settled_linear(pool):
        text = "a linear contract settled in a coin that moves is not solved jointly"
        return JointMove(None, None, Status.INDETERMINATE, text)
    inclusive = pool.rules.inclusive
    ends = [
        solve(h, net=1, inclusive=inclusive, both_sides=True) for h in joint_health(pool, demand)
    ]
    if any(end.status is Status.ALREADY_LIQUIDATABLE for end in ends):
        text = "the pool is liquidatable at the marks"
        return JointMove(None, None, Status.ALREADY_LIQUIDATABLE, text)
    lower = max((end.lower.price for end in ends if end.lower), default=None)
    upper = min((end.upper.price for end in ends if end.upper), default=None)
    factors = [factor for factor in (lower, upper) if factor is not None]
    if any(_rows_unknown(pool, factor) for factor in factors):
        text = "a size lies beyond the known rows of its tier table"
        return JointMove(None, None, Status.INDETERMINATE, text)
    down = lower - ONE if lower is not None else None
    up = upper - ONE if upper is not None else None
    if factors:
        return JointMove(down, up, Status.LIQUIDATABLE_AT_PRICE)
    text = "no common move liquidates the pool"
    return JointMove(None, None, Status.CANNOT_BE_LIQUIDATED, text)


def _coin_settled_linear(pool: Pool) -> bool:
    bases = {m.contract.base for m in pool.marked}
    return pool.multi is not None and any(
        m.contract.linear and m.contract.settle in bases for m in pool.marked
    )


def _rows_unknown(pool: Pool, factor: Decimal) -> bool:
    for m in pool.marked:
        if m.schedule is None or m.size is None or m.schedule.complete:
            continue
        size = m.size
        if m.tier_moves:
            size = m.contract.value(m.size_qty, m.position.mark_price * factor)
        if m.schedule.unknown_beyond(max(size, m.size)):
            return True
    return False
