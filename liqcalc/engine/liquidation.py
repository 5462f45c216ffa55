"""Where a position ends: liquidation, bankruptcy and further thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import fees, formulas
from liqcalc.engine.closing import shared_price
from liqcalc.engine.figures import isolated_figures
from liqcalc.engine.health import BANKRUPTCY, BANKRUPTCY_WITH_FEE, LIQUIDATION, Demand
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.pool_health import symbol_health
from liqcalc.engine.rates import sloped
from liqcalc.engine.ratios import condition_parts, displayed_ratio, margin_ratio, total_initial
from liqcalc.engine.solve import Solution, solve
from liqcalc.engine.words import DisplayedRatio, FeeBasis, Share, ShownPrice

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.health import Health
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.result import PositionResult


def liquidation_figures(result: PositionResult) -> None:
    """Solve for the liquidation price and add what follows from it."""
    m, figures, pool, backing = result.marked, result.figures, result.pool, result.backing
    if m.position.isolated:
        isolated_figures(result)
    missing = list(dict.fromkeys(m.missing))
    if backing is None and not m.position.isolated:
        missing.append("wallet_balance, equity or collateral of the account")
    if missing or pool is None:
        reason = "not known: " + ", ".join(missing)
        for name in _CONDITION_FIGURES:
            if name not in figures.shown:
                figures.none(name, reason)
        if backing is not None and None not in {m.position.taker, m.reserve}:
            del figures.reasons["bankruptcy_price"]
            _bankruptcy(result, backing, net_side(backing, m))
        return
    _ratio_figures(result, pool)
    net = net_side(pool, m)
    health, solution = solved(pool, m, LIQUIDATION, net)
    result.health, result.solution = health, solution
    result.unknown_rows = _rows_unknown(pool, m, solution)
    if result.unknown_rows:
        for name in ("liquidation_price", "trigger_price", "liquidation_ratio"):
            figures.none(name, "the size lies beyond the known rows of the tier table")
        _bankruptcy(result, pool, net)
        return
    result.status = solution.status
    _show_price(result, pool, net)
    _bankruptcy(result, pool, net)


_CONDITION_FIGURES = (
    "liquidation_price",
    "bankruptcy_price",
    "margin_ratio",
    "displayed_margin_ratio",
    "liquidation_ratio",
    "maintenance_margin_at_liquidation",
)


def net_side(pool: Pool, m: Marked) -> int:
    """Return the sign of what the pool holds in the symbol of `m`."""
    if len(pool.marked) == 1:
        return m.position.side
    symbol = m.contract.symbol
    net = sum(
        (o.position.side * o.position.qty for o in pool.marked if o.contract.symbol == symbol),
        ZERO,
    )
    return 1 if net > 0 else -1 if net < 0 else 0


def _opposed(pool: Pool, m: Marked) -> bool:
    """Return True if something in the pool gains where `m` loses."""
    if pool.multi is not None:
        return True
    symbol = m.contract.symbol
    return any(o is not m and o.contract.symbol == symbol for o in pool.marked)


def _rows_unknown(pool: Pool, m: Marked, solution: Solution) -> bool:
    """Return True if the answer would use rows that are not known."""
    for other in pool.marked:
        schedule = other.schedule
        if schedule is None or schedule.complete or other.size is None:
            continue
        if schedule.unknown_beyond(other.size):
            return True
        same = other.contract.symbol == m.contract.symbol
        if not same or solution.chosen is None or not other.tier_moves:
            continue
        value = other.contract.value(other.size_qty, solution.chosen.price)
        if schedule.unknown_beyond(value + other.orders_size):
            return True
    return False


def _ratio_figures(result: PositionResult, pool: Pool) -> None:
    m, figures = result.marked, result.figures
    equity, requirement = condition_parts(pool)
    ratio = margin_ratio(equity, requirement)
    if ratio is None:
        figures.none("margin_ratio", "nothing is left that backs the position")
    else:
        figures.put("margin_ratio", ratio)
    kind, shown = m.mode.displayed_ratio, ratio
    if kind is not DisplayedRatio.REQUIREMENT_TO_EQUITY:
        shown = displayed_ratio(kind, equity, requirement, initial=total_initial(pool))
    rounding = m.rules.amounts.of("displayed_margin_ratio")
    figures.put_rounded("displayed_margin_ratio", shown, rounding)


def _show_price(result: PositionResult, pool: Pool, net: int) -> None:
    m, figures, solution = result.marked, result.figures, result.solution
    assert solution is not None  # noqa: S101 - the caller has solved
    chosen = solution.chosen
    trigger = chosen.price if chosen else None
    mode, contract = m.mode, m.contract
    if mode.shown_price is ShownPrice.FROZEN_REQUIREMENT and contract.linear:
        figures.put("trigger_price", trigger)
        price = frozen_requirement_price(pool, m)
        side = 1 if net > 0 else -1
    elif mode.shown_price is ShownPrice.SHARED_LOSS and not m.position.isolated:
        figures.put("trigger_price", trigger)
        price = shared_loss_price(pool, m)
        side = 1 if net > 0 else -1
    else:
        price = trigger
        side = rounding_side(solution, net)
    if price is None or price <= 0:
        figures.none("liquidation_price", "no positive price liquidates this position")
        figures.none("liquidation_ratio", "there is no liquidation price")
        return
    exact = price
    if mode.ticks_against_holder and contract.tick_size is not None:
        price = price + side * mode.ticks_against_holder * contract.tick_size
    printed = m.printed(price, mode.liquidation_price, side)
    figures.put_price("liquidation_price", exact, printed)
    figures.put("liquidation_ratio", exact / m.position.mark_price)


def rounding_side(solution: Solution, net: int) -> int:
    """Return +1 if the price lies where a long ends, -1 where a short ends."""
    if solution.chosen is solution.lower and solution.lower is not None:
        return 1
    if solution.chosen is solution.upper and solution.upper is not None:
        return -1
    return 1 if net > 0 else -1


def maintenance_at_liquidation(result: PositionResult) -> None:
    """Add the maintenance margin at the price where the condition holds.

    It includes the fee on the value there, where the printed one at the mark has it.
    """
    m, solution = result.marked, result.solution
    schedule, tier = m.schedule, m.tier
    if result.figures.shown.get("liquidation_price") is None or m.maintenance is None:
        return
    if solution is None or solution.chosen is None or schedule is None or tier is None:
        return
    price = solution.chosen.price
    if not m.requirement_moves:
        required = m.maintenance
    else:
        value = m.contract.value(m.required_qty, price)
        if m.sloped and schedule.slope is not None:
            tier = sloped(schedule.slope, value) or tier
        elif m.tier_moves:
            size = m.contract.value(m.size_qty, price) + m.orders_size
            tier = schedule.tiers[schedule.index_at(size)]
        if m.rules.by_contracts:
            required = value * m.held_rate
        else:
            required = formulas.maintenance(value, tier.mmr, tier.deduction)
    if m.mode.fee_in_maintenance_margin is FeeBasis.MARK:
        required += m.contract.value(m.position.qty, price) * m.fee_on_value
    if m.mode.fee_in_maintenance_margin is FeeBasis.RESERVE:
        required += m.reserve or ZERO
    rounding = m.rules.amounts.of("maintenance_margin", linear=m.contract.linear)
    result.figures.put_rounded("maintenance_margin_at_liquidation", required, rounding)


def frozen_requirement_price(pool: Pool, m: Marked) -> Decimal | None:
    """Return the price an exchange prints that holds its requirement constant.

    Formula:
        mark - (equity - requirement) / (net*(1 + b))
        net: signed quantity of the symbol; b: maintenance rate on borrowing of
        the settle currency if its equity is negative, else 0.
    """
    net, rate = frozen_requirement_parts(pool, m)
    if not net:
        return None
    free = pool.equity() - pool.requirement()
    return m.position.mark_price - free / (net * (ONE + rate))


def frozen_requirement_parts(pool: Pool, m: Marked) -> tuple[Decimal, Decimal]:
    """Return net and b of `frozen_requirement_price`."""
    symbol, settle = m.contract.symbol, m.contract.settle
    net = ZERO
    for o in pool.marked:
        if o.contract.symbol == symbol:
            net += o.position.side * o.position.qty
    rate = ZERO
    if pool.multi and pool.held().get(settle, ZERO) < 0:
        rate = pool.multi.borrow_mmr.get(settle, ZERO)
    return net, rate


def shared_loss_price(pool: Pool, m: Marked) -> Decimal | None:
    """Return the price an exchange prints that lets every position lose alike.

    Formula:
        value = v*(1 - drift*equity/sum of all values) / (1 - drift*(mmr + fee))
        v: value at the mark; all prices move against the holder by one share.
    """
    if m.tier is None:
        return None
    return shared_price(pool, m, Share.VALUE, m.tier.mmr + m.fee_on_value)


def _bankruptcy(result: PositionResult, pool: Pool, net: int) -> None:
    m, figures = result.marked, result.figures
    share = m.mode.bankruptcy_share
    if m.position.isolated and not pool.multi:
        price = m.bankruptcy_price()
    elif share is not Share.ALL:
        price = shared_price(pool, m, share, fees.bankruptcy_rate(m))
    else:
        demand = BANKRUPTCY_WITH_FEE if m.mode.bankruptcy_pays_fee else BANKRUPTCY
        price = threshold_price(pool, m, demand, net)
    if price is None:
        figures.none("bankruptcy_price", "no positive price uses up what backs this position")
        return
    side = 1 if net > 0 else -1
    printed = m.printed(price, m.mode.bankruptcy_price, side)
    figures.put_price("bankruptcy_price", price, printed)


def threshold_price(pool: Pool, m: Marked, demand: Demand, net: int) -> Decimal | None:
    """Return where the backing equals `demand`, on the side where `m` loses."""
    _, solution = solved(pool, m, demand, net)
    return solution.chosen.price if solution.chosen else None


def solved(pool: Pool, m: Marked, demand: Demand, net: int) -> tuple[Health, Solution]:
    """Return a pool's health as the price of `m` moves, and where it ends.

    Positions that share a symbol and a mark share the answer.
    """
    overtaken = m.requirement_leaps or m.rules.profit is not None
    if len(pool.marked) == 1 and not pool.multi:
        health = symbol_health(pool, m, demand)
        return health, solve(health, net=net, inclusive=m.rules.inclusive, both_sides=overtaken)
    key = (m.contract.symbol, m.position.mark_price, demand)
    if key not in pool.solutions:
        health = symbol_health(pool, m, demand)
        both = overtaken or _opposed(pool, m)
        solution = solve(health, net=net, inclusive=m.rules.inclusive, both_sides=both)
        pool.solutions[key] = (health, solution)
    return pool.solutions[key]


def threshold_figures(result: PositionResult) -> None:
    """Add the margin call and the backstop, where the exchange has them."""
    m, figures, pool, rules = result.marked, result.figures, result.pool, result.marked.rules
    for name, factor in (
        ("margin_call_price", rules.margin_call_factor),
        ("backstop_price", rules.backstop_factor),
    ):
        if factor is None:
            continue
        if pool is None or result.solution is None or result.unknown_rows:
            figures.none(name, "see liquidation_price")
            continue
        net = net_side(pool, m)
        price = threshold_price(pool, m, Demand(factor), net)
        if price is None:
            figures.none(name, "no positive price reaches it")
            continue
        side = 1 if net > 0 else -1
        printed = m.printed(price, m.mode.liquidation_price, side)
        figures.put_price(name, price, printed)
