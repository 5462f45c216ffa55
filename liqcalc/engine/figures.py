"""The figures of a position and of an account, unrounded and as printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.pool import BANKRUPTCY, BANKRUPTCY_WITH_FEE, LIQUIDATION, Demand
from liqcalc.engine.solve import Solution, Status, solve
from liqcalc.engine.vocabulary import ShortLimitPrice, ShownPrice, ValuedAt

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.numbers import Rounding
    from liqcalc.engine.pool import Health, Pool
    from liqcalc.engine.position import Marked


class Figures:
    """Named figures: `exact` unrounded, `shown` as the exchange prints them.

    `reasons` says why a figure is None.
    """

    __slots__ = ("exact", "reasons", "shown")

    def __init__(self) -> None:
        self.exact: dict[str, Decimal | None] = {}
        self.shown: dict[str, Decimal | None] = {}
        self.reasons: dict[str, str] = {}

    def put(self, name: str, value: Decimal | None, shown: Decimal | None = None) -> None:
        """Record `value`; printed as `shown`, or as it is."""
        self.exact[name] = value
        self.shown[name] = value if shown is None else shown

    def put_rounded(self, name: str, value: Decimal | None, rounding: Rounding) -> None:
        """Record `value`, printed by `rounding`."""
        self.exact[name] = value
        if value is None or not rounding.rounds:
            self.shown[name] = value
        else:
            self.shown[name] = rounding.apply(value)

    def none(self, name: str, reason: str) -> None:
        """Record that there is no such figure, and why."""
        self.exact[name] = None
        self.shown[name] = None
        self.reasons[name] = reason


class PositionResult:
    """A position's figures with the curve and solution they came from."""

    __slots__ = ("figures", "health", "marked", "pool", "solution", "status", "unknown_rows")

    def __init__(self, marked: Marked, pool: Pool | None) -> None:
        self.marked = marked
        self.pool = pool
        self.figures = Figures()
        self.health: Health | None = None
        self.solution: Solution | None = None
        self.status = Status.INDETERMINATE
        self.unknown_rows = False


def evaluate_position(marked: Marked, pool: Pool | None) -> PositionResult:
    """Return every figure of one position.

    Args:
        marked: the position at its mark.
        pool: what it shares margin with; None if what backs it is not known.
    """
    result = PositionResult(marked, pool)
    _value_figures(result)
    _margin_figures(result)
    _liquidation_figures(result)
    _threshold_figures(result)
    _size_figures(result)
    return result


def _value_figures(result: PositionResult) -> None:
    m, figures = result.marked, result.figures
    position, amounts, linear = m.position, m.rules.amounts, m.contract.linear
    at_mark = m.rules.notional_at is ValuedAt.MARK
    notional = m.value if at_mark else m.entry_value
    figures.put_rounded("notional", notional, amounts.of("notional", linear=linear))
    rounding = amounts.of("entry_notional", linear=linear)
    figures.put_rounded("entry_notional", m.entry_value, rounding)
    rounding = amounts.of("unrealized_pnl", linear=linear)
    figures.put_rounded("unrealized_pnl", m.pnl, rounding)
    if position.leverage is None:
        figures.none("roe", "leverage was not given")
    else:
        figures.put("roe", m.pnl * position.leverage / m.entry_value)
    if position.taker is None:
        figures.none("fee_to_open", "the taker fee is not known")
    else:
        fee = m.entry_value * position.taker
        figures.put_rounded("fee_to_open", fee, amounts.of("fee_to_open", linear=linear))
    if m.fee_to_close is None:
        figures.none("fee_to_close", "it needs the leverage or margin, and the taker fee")
    else:
        rounding = amounts.of("fee_to_close", linear=linear)
        figures.put_rounded("fee_to_close", m.fee_to_close, rounding)


def _margin_figures(result: PositionResult) -> None:
    m, figures = result.marked, result.figures
    amounts, linear = m.rules.amounts, m.contract.linear
    tier = m.tier
    if tier is None or m.maintenance is None or m.tier_index is None:
        for name in ("tier", "mmr", "deduction", "imr", "max_leverage", "maintenance_margin"):
            figures.none(name, "no tier table is known for this symbol and day")
    else:
        figures.put("tier", ONE * (m.tier_index + 1))
        figures.put("mmr", tier.mmr)
        figures.put("deduction", tier.deduction)
        figures.put("imr", tier.imr)
        figures.put("max_leverage", tier.max_leverage)
        shown: Decimal | None = m.maintenance + m.residue
        if m.mode.fee_in_shown_margins:
            fee = m.leverage_fee
            shown = None if fee is None else m.maintenance + m.residue + fee
        rounding = amounts.of("maintenance_margin", linear=linear)
        if shown is None:
            figures.none("maintenance_margin", "it contains a fee that needs the leverage")
        else:
            figures.put_rounded("maintenance_margin", shown, rounding)
    initial = _shown_initial_margin(m)
    if initial is None:
        figures.none("initial_margin", "leverage was not given")
    else:
        rounding = amounts.of("initial_margin", linear=linear)
        figures.put_rounded("initial_margin", initial, rounding)


def _shown_initial_margin(m: Marked) -> Decimal | None:
    if m.initial_margin is None:
        return None
    initial = m.initial_margin
    leverage = m.position.leverage
    if m.rules.leverage_rate.rounds and leverage is not None:
        value = m.value if m.mode.initial_margin_at is ValuedAt.MARK else m.entry_value
        initial = value * m.rules.leverage_rate.apply(ONE / leverage)
    if m.mode.fee_in_shown_margins:
        if m.leverage_fee is None:
            return None
        initial += m.leverage_fee
    return initial


def _shown_margin(m: Marked) -> Decimal | None:
    """Return the isolated margin with the rates rounded as the exchange rounds them."""
    position, rules = m.position, m.rules
    default = position.margin is None and m.margin is not None
    if not default or not rules.fee_rate.rounds or not m.mode.margin_adds:
        return m.margin
    if position.leverage is None or m.leverage_fee is None:
        return m.margin
    rate = rules.leverage_rate.apply(ONE / position.leverage)
    base = (
        m.entry_value / position.leverage
        if not rules.leverage_rate.rounds
        else m.entry_value * rate
    )
    return base + m.leverage_fee + position.extra_margin - position.funding_paid


def _isolated_figures(result: PositionResult) -> None:
    m, figures, pool = result.marked, result.figures, result.pool
    amounts, linear = m.rules.amounts, m.contract.linear
    margin = _shown_margin(m)
    if margin is None or pool is None:
        for name in ("margin", "margin_balance", "margin_ratio"):
            figures.none(name, "neither margin nor leverage was given")
        return
    figures.put_rounded("margin", margin, amounts.of("margin", linear=linear))
    printed = (figures.shown["margin"] or ZERO) + (figures.shown["unrealized_pnl"] or ZERO)
    figures.put("margin_balance", (m.margin or ZERO) + m.pnl, printed)


def _liquidation_figures(result: PositionResult) -> None:
    m, figures, pool = result.marked, result.figures, result.pool
    if m.position.isolated:
        _isolated_figures(result)
    missing = list(dict.fromkeys(m.missing))
    if pool is None and not m.position.isolated:
        missing.append("account.wallet_balance or account.equity")
    if missing or pool is None:
        reason = "not known: " + ", ".join(missing)
        for name in _CONDITION_FIGURES:
            if name not in figures.shown:
                figures.none(name, reason)
        return
    _ratio_figures(result, pool)
    health = pool.symbol(m, LIQUIDATION)
    net = net_side(pool, m)
    alone = len(pool.marked) == 1 and not pool.multi
    solution = solve(
        health,
        net=net,
        inclusive=m.rules.inclusive,
        both_sides=not alone and _opposed(pool, m),
    )
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
        if not same or solution.chosen is None or other.rules.by_contracts:
            continue
        value = other.contract.value(other.position.qty, solution.chosen.price)
        at_mark = other.rules.maintenance_at is ValuedAt.MARK
        if at_mark and schedule.unknown_beyond(value + other.orders_size):
            return True
    return False


def _ratio_figures(result: PositionResult, pool: Pool) -> None:
    figures, rules = result.figures, result.marked.rules
    equity, requirement = pool.equity(), pool.requirement()
    ratio = requirement / equity if equity > 0 else None
    if ratio is None:
        figures.none("margin_ratio", "nothing is left that backs the position")
    else:
        figures.put("margin_ratio", ratio)
    shown: Decimal | None = ratio
    if rules.ratio_inverted:
        shown = equity / requirement if requirement else None
    rounding = rules.amounts.of("displayed_margin_ratio")
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
    else:
        price = trigger
    side = _rounding_side(solution, net)
    if price is None or price <= 0:
        figures.none("liquidation_price", "no positive price liquidates this position")
        figures.none("liquidation_ratio", "there is no liquidation price")
        return
    exact = price
    if mode.ticks_against_holder and contract.tick_size is not None:
        price = price + side * mode.ticks_against_holder * contract.tick_size
    printed = mode.liquidation_price.apply(price, side=side, tick=contract.tick_size)
    figures.put("liquidation_price", exact, printed)
    figures.put("liquidation_ratio", exact / m.position.mark_price)
    if trigger is not None and m.tier is not None:
        _maintenance_at(result, trigger)


def _rounding_side(solution: Solution, net: int) -> int:
    """Return +1 if the price lies where a long ends, -1 where a short ends."""
    if solution.chosen is solution.lower and solution.lower is not None:
        return 1
    if solution.chosen is solution.upper and solution.upper is not None:
        return -1
    return 1 if net > 0 else -1


def _maintenance_at(result: PositionResult, price: Decimal) -> None:
    m = result.marked
    schedule, tier = m.schedule, m.tier
    if schedule is None or tier is None or m.maintenance is None:
        return
    if m.rules.maintenance_at is ValuedAt.ENTRY:
        required = m.maintenance
    else:
        value = m.contract.value(m.position.qty, price)
        if not m.rules.by_contracts:
            tier = schedule.tiers[schedule.index_at(value + m.orders_size)]
        required = value * tier.mmr - tier.deduction
    rounding = m.rules.amounts.of("maintenance_margin", linear=m.contract.linear)
    result.figures.put_rounded("maintenance_margin_at_liquidation", required, rounding)


def frozen_requirement_price(pool: Pool, m: Marked) -> Decimal | None:
    """Return the price an exchange prints that holds its requirement constant.

    Formula:
        mark - (equity - requirement) / (net*(1 + b))
        net: signed quantity of the symbol; b: maintenance rate on borrowing of
        the settle currency if its equity is negative, else 0.
    """
    symbol, settle = m.contract.symbol, m.contract.settle
    net = ZERO
    for o in pool.marked:
        if o.contract.symbol == symbol:
            net += o.position.side * o.position.qty
    if not net:
        return None
    rate = ZERO
    if pool.multi and pool.equity_given is None and pool.amounts().get(settle, ZERO) < 0:
        rate = pool.multi.borrow_mmr.get(settle, ZERO)
    free = pool.equity() - pool.requirement()
    return m.position.mark_price - free / (net * (ONE + rate))


def _bankruptcy(result: PositionResult, pool: Pool, net: int) -> None:
    m, figures = result.marked, result.figures
    if m.position.isolated and not pool.multi:
        price = m.bankruptcy_price()
    else:
        demand = BANKRUPTCY_WITH_FEE if m.mode.bankruptcy_pays_fee else BANKRUPTCY
        price = threshold_price(pool, m, demand, net)
    if price is None:
        figures.none("bankruptcy_price", "no positive price uses up what backs this position")
        return
    side = 1 if net > 0 else -1
    tick = m.contract.tick_size
    figures.put(
        "bankruptcy_price", price, m.mode.bankruptcy_price.apply(price, side=side, tick=tick)
    )


def threshold_price(pool: Pool, m: Marked, demand: Demand, net: int) -> Decimal | None:
    """Return where the backing equals `demand`, on the side where `m` loses."""
    alone = len(pool.marked) == 1 and not pool.multi
    health = pool.symbol(m, demand)
    both = not alone and _opposed(pool, m)
    found = solve(health, net=net, inclusive=m.rules.inclusive, both_sides=both).chosen
    return found.price if found else None


def _threshold_figures(result: PositionResult) -> None:
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
        tick = m.contract.tick_size
        figures.put(name, price, m.mode.liquidation_price.apply(price, side=side, tick=tick))


def _size_figures(result: PositionResult) -> None:
    m, figures = result.marked, result.figures
    position, rules = m.position, m.rules
    if position.funding_rate is not None:
        figures.put("funding_payment", funding_payment(m))
    if m.schedule is None:
        return
    largest = m.schedule.largest_for(position.leverage)
    if largest is None:
        return
    size = m.contract.contract_size
    if rules.by_contracts:
        figures.put("max_contracts", largest)
        if size is not None:
            figures.put("max_qty", largest * size)
    else:
        figures.put("max_notional", largest)
        mark = position.mark_price
        figures.put("max_qty", largest / mark if m.contract.linear else largest * mark)


def funding_payment(m: Marked) -> Decimal:
    """Return what the position pays at the next funding, + = paid.

    Formula:
        side * value(base price) * rate, the base price being mark or index
        as the exchange has it; longs pay when the rate is positive.
    """
    position = m.position
    base = position.mark_price
    if m.rules.funding.base_price == "index" and position.index_price is not None:
        base = position.index_price
    rate = position.funding_rate or ZERO
    return position.side * m.contract.value(position.qty, base) * rate


def order_cost(m: Marked, figures: Figures) -> None:
    """Add what a limit order at the entry price costs to place.

    Formula:
        order_initial_margin = value(price)/leverage
        open_loss = qty*|min(0, side*(mark - price))|
        order_cost = order_initial_margin + open_loss
        price: the order's own; for a short limit order under the newer rule
        an assumed price that needs the last traded price.
    """
    rule, position = m.rules.short_limit_price, m.position
    if rule is None or position.leverage is None or not m.contract.linear:
        return
    names = ("order_initial_margin", "open_loss", "order_cost")
    if position.side < 0 and rule is ShortLimitPrice.BUFFERED_LAST:
        for name in names:
            figures.none(name, "a short limit order is priced from the last trade, not given")
        return
    price = position.entry_price
    initial = m.contract.value(position.qty, price) / position.leverage
    loss = position.qty * abs(min(ZERO, position.side * (position.mark_price - price)))
    for name, value in zip(names, (initial, loss, initial + loss), strict=True):
        figures.put_rounded(name, value, m.rules.amounts.of(name))


def funding_rate_figures(m: Marked, figures: Figures) -> None:
    """Add the funding rate that the impact prices give, where the formula is known.

    Formula:
        funding_premium = (max(bid - index, 0) - max(index - ask, 0)) / index
        funding_rate_8h = premium + clamp(interest_rate_8h - premium, -clamp, +clamp)
        funding_rate = funding_rate_8h / rate_divisor
        funding_payment = side * value(base price) * funding_rate
    """
    rule, position = m.rules.funding, m.position
    bid, ask = rule.impact_bid_price, rule.impact_ask_price
    if bid is None and ask is None:
        return
    index = position.index_price or position.mark_price
    above = max(bid - index, ZERO) if bid is not None else ZERO
    below = max(index - ask, ZERO) if ask is not None else ZERO
    premium = (above - below) / index
    figures.put("funding_premium", premium)
    interest, clamp, divisor = rule.interest_rate_8h, rule.clamp, rule.rate_divisor
    if interest is None or clamp is None or divisor is None or position.funding_rate is not None:
        return
    rate = premium + max(-clamp, min(clamp, interest - premium))
    figures.put("funding_rate_8h", rate)
    figures.put("funding_rate", rate / divisor)
    base = index if rule.base_price == "index" else position.mark_price
    payment = position.side * m.contract.value(position.qty, base) * rate / divisor
    figures.put("funding_payment", payment)
