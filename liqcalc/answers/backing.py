"""What stands behind a position, and the money that just survives a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.answer import TraceStep, polynomial
from liqcalc.answers.pools import plan_pools
from liqcalc.engine.curve import NOTHING, evaluate
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, ZERO, exact
from liqcalc.engine.pool_health import symbol_health

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.engine.health import Health
    from liqcalc.engine.pool import Pool


class Behind(NamedTuple):
    """A position with the pool that backs it.

    Attributes:
        marked: the position at its mark.
        pool: what it shares margin with; None if that, or what is required of
            it, is not known.
        cash: what backs the pool, without profit; None if not known, or of
            several coins.
        equity: with profit, in the pool's money; None if not known.
        value: of all positions of the pool, in its money.
        currency: of the pool's money.
    """

    marked: Marked
    pool: Pool | None
    cash: Decimal | None
    equity: Decimal | None
    value: Decimal
    currency: str

    @property
    def effective_leverage(self) -> Decimal | None:
        """Return the value of the pool's positions over what backs it; None without backing."""
        if self.equity is None or self.equity <= 0:
            return None
        return self.value / self.equity


def behind(case: Case, i: int) -> Behind:
    """Return position `i` of `case` with the pool that backs it."""
    with exact():
        found = case.resolved
        pairs = zip(found.positions, found.rules_of, strict=True)
        marked = [Marked(position, rules) for position, rules in pairs]
        plan = plan_pools(found, marked).by_position[i]
        m, pool = marked[i], plan.pool or plan.backing
        if pool is None:
            return Behind(m, None, None, None, m.value, plan.currency)
        worth = (o.value * pool.requirement_price(o.contract.settle) for o in pool.marked)
        cash = None
        if pool.multi is None and pool.equity_given is None:
            cash = sum((coin.qty for coin in pool.coins.values()), ZERO)
        known = not any(o.missing for o in pool.marked)
        held = plan.pool if known else None
        return Behind(m, held, cash, pool.equity(), sum(worth, ZERO), plan.currency)


class Needed(NamedTuple):
    """The money that just survives a price, as the health curve has it.

    Attributes:
        amount: in the settle currency; below 0: so much could go.
        steps: the terms of health at the price, and their sum.
    """

    amount: Decimal
    steps: tuple[TraceStep, ...]


def needed_at(case: Case, i: int, price: Decimal) -> Needed | None:
    """Return the money that must come to what backs position `i` for it to survive `price`.

    None if the pool is not known.  It is what the curve demands at that price
    alone; where the requirement leaps at a tier's edge on the way, or follows
    the margin itself, the caller must look at the sheet that results.

    Formula:
        needed = -health(price), over the health that one unit of money adds
    """
    with exact():
        found = behind(case, i)
        if found.pool is None:
            return None
        health = symbol_health(found.pool, found.marked)
        value = health.curve.at(price)
        needed = -value / _worth(found, found.pool, health, price)
        return Needed(needed, tuple(_steps(health, price, value)))


def _worth(found: Behind, pool: Pool, health: Health, price: Decimal) -> Decimal:
    """Return the health that one unit of the settle currency adds at `price`."""
    if pool.multi is None:
        return price if any(m.sloped for m in health.legs) else ONE
    contract = found.marked.contract
    worth = pool.held_price(contract.settle, ONE)
    return (worth * price / health.start if contract.settle == contract.base else worth) or ONE


def _steps(health: Health, price: Decimal, value: Decimal) -> list[TraceStep]:
    """Return the terms of health at a price, and their sum."""
    steps = []
    in_quote = any(m.sloped for m in health.legs)
    for term in health.terms:
        if term.coefficients == NOTHING:
            continue
        result = evaluate(term.coefficients, price)
        numbers = {**dict(term.numbers), "p": price}
        formula = f"({term.formula})*p" if in_quote else term.formula
        steps.append(TraceStep("backing", term.name, formula, numbers, result))
    for place, leg in enumerate(health.curve.legs):
        index = leg.index_at(price)
        coefficients = leg.coefficients(index)
        name = "coins"
        if place < len(health.legs):
            name = f"maintenance_margin ({health.legs[place].contract.symbol}, tier {index + 1})"
        result = evaluate(coefficients, price)
        steps.append(TraceStep("requirement", name, polynomial(coefficients), {"p": price}, result))
    formula = "sum of the terms" + (", in quote" if in_quote else "")
    return [*steps, TraceStep("sum", "health at p", formula, {"p": price}, value)]
