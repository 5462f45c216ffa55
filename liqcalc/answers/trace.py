"""The derivation of a liquidation price, from the terms that produced it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Said, Short, TraceStep, polynomial
from liqcalc.engine import margins
from liqcalc.engine.curve import NOTHING, evaluate
from liqcalc.engine.liquidation import frozen_requirement_parts, rounding_side
from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.engine.words import ShownPrice, TierBy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.engine.curve import Coefficients
    from liqcalc.engine.health import Health
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.numbers import Rounding
    from liqcalc.engine.result import PositionResult
    from liqcalc.engine.solve import Solution
    from liqcalc.engine.terms import Term
    from liqcalc.engine.tiers import Tier


def derive(result: PositionResult, cites: Mapping[str, str]) -> tuple[TraceStep, ...]:
    """Return the steps from inputs to the printed liquidation price.

    The caller is inside `exact()`.

    Args:
        result: of the engine.
        cites: source id by name of a rule.
    """
    return tuple(_steps(result, cites))


def _steps(result: PositionResult, cites: Mapping[str, str]) -> list[TraceStep]:
    steps: list[TraceStep] = []
    steps += _inputs(result.marked, cites)
    health, solution = result.health, result.solution
    if health is None or solution is None:
        reason = result.figures.reasons.get("liquidation_price", "")
        steps.append(TraceStep("sum", "health", "not computed", {}, reason))
        return steps
    steps += [_term_step(term, cites) for term in health.terms]
    held = solution.chosen.indexes if solution.chosen else None
    at = solution.chosen.price if solution.chosen else health.start
    required: list[Coefficients] = []
    for place, m in enumerate(health.legs):
        leg = health.curve.legs[place]
        index = held[place] if held else leg.index_at(at)
        required.append(leg.coefficients(index))
        steps += _tier_steps(m, index, at, required[-1], cites)
    if any(m.sloped for m in health.legs):
        text = "health in the coin times its price: counted in the quote currency, zero where it is"
        steps.append(TraceStep("sum", "unit of health", "health(p)*p", {}, text))
    now = {"p": health.start}
    steps.append(TraceStep("sum", "health at the mark", "health(p)", now, solution.health_at_mark))
    steps += _root_steps(result, solution, _parts(health, required), cites)
    return steps


def _parts(health: Health, required: list[Coefficients]) -> list[tuple[str, Coefficients]]:
    """Return what health is the sum of; nothing where haircuts put kinks into it."""
    if len(health.curve.legs) > len(health.legs):
        return []
    parts = [(t.name, t.coefficients) for t in health.terms if t.coefficients != NOTHING]
    for m, coefficients in zip(health.legs, required, strict=True):
        parts.append((f"maintenance_margin ({m.contract.symbol})", coefficients))
    return parts


def _inputs(m: Marked, cites: Mapping[str, str]) -> list[TraceStep]:
    steps: list[TraceStep] = []
    position, contract = m.position, m.contract
    if m.entry != position.entry_price:
        numbers = {"entry_price": position.entry_price}
        formula = rounding_words(m.rules.entry)
        steps.append(TraceStep("inputs", "entry", formula, numbers, m.entry, _cite("entry", cites)))
    formula = "qty*mark_price" if contract.linear else "qty/mark_price"
    numbers = {"qty": position.qty, "mark_price": position.mark_price}
    steps.append(TraceStep("inputs", "value at the mark", formula, numbers, m.value))
    if position.isolated and position.margin is None and position.leverage and m.margin is not None:
        numbers = {"entry_value": m.entry_value}
        formula = "entry_value/leverage"
        numbers["leverage"] = position.leverage
        for part in m.mode.margin_adds:
            formula += f" + {part}"
            numbers[part] = margins.part_of(m, part)
        for part in m.mode.margin_less:
            if amount := margins.part_of(m, part):
                formula += f" - {part}"
                numbers[part] = amount
        if position.extra_margin:
            formula += " + extra_margin"
            numbers["extra_margin"] = position.extra_margin
        source = _cite("default_margin", cites)
        steps.append(TraceStep("inputs", "margin", formula, numbers, m.margin, source))
    return steps


_REQUIRED = ("fee", "locked", "maintenance", "requirement", "other_maint", "borrow")


def _term_step(term: Term, cites: Mapping[str, str]) -> TraceStep:
    required = term.name.startswith(_REQUIRED)
    return TraceStep(
        "requirement" if required else "backing",
        term.name,
        term.formula,
        dict(term.numbers),
        term.coefficients,
        _cite(term.name, cites),
    )


def _tier_steps(
    m: Marked,
    index: int,
    price: Decimal,
    coefficients: Coefficients,
    cites: Mapping[str, str],
) -> list[TraceStep]:
    """Return the test that picks the tier, and the maintenance that it gives."""
    schedule = m.schedule
    assert schedule is not None  # noqa: S101 - a leg has a schedule
    tier = schedule.tiers[index]
    name = f"maintenance_margin ({m.contract.symbol})"
    source = _cite(name, cites)
    rule = schedule.slope
    if rule is not None and m.sloped:
        numbers: dict[str, Any] = {"qty": m.required_qty, "mmr_base": rule.mmr_base}
        numbers["slope"] = rule.slope
        formula = "-(mmr_base + slope*qty/p)*qty/p, times p"
        return [TraceStep("requirement", name, formula, numbers, coefficients, source)]
    steps = [_rate_step(m, tier, cites) or _tier_test(m, index, price, cites)]
    value = "qty*p" if m.contract.linear else "qty/p"
    numbers = {"qty": m.required_qty, "mmr": tier.mmr}
    formula = f"-{value}*mmr"
    if tier.deduction and m.rules.by_contracts:
        formula = f"-{value}*(mmr - deduction/contracts)"
        numbers |= {"deduction": tier.deduction, "contracts": m.size}
    elif tier.deduction:
        formula = f"-({value}*mmr - deduction)"
        numbers["deduction"] = tier.deduction
    if m.orders_value:
        formula = f"-(({value} + orders)*mmr - deduction)"
        numbers |= {"orders": m.orders_value, "deduction": tier.deduction}
    steps.append(TraceStep("requirement", name, formula, numbers, coefficients, source))
    return steps


def _rate_step(m: Marked, tier: Tier, cites: Mapping[str, str]) -> TraceStep | None:
    """Return how a rate that is not a table's follows from the size; None for a table's."""
    given = m.position.schedule
    if given is None:
        return None
    name, source = f"mmr ({m.contract.symbol})", _cite("tier", cites)
    numbers: dict[str, Any] = {"size": m.size_qty}
    if given.continuous is not None:
        rule = given.continuous
        if not m.contract.linear:
            numbers = {"size": m.size_qty / (m.contract.contract_size or 1)}
        numbers |= {"m": rule.m, "lev_constant": rule.mmr_lev_constant, "limit": rule.mmr_limit}
        formula = "min((1 + size/m)/(2*lev_constant), limit)"
        return TraceStep("tier", name, formula, numbers, tier.mmr, source)
    if given.slope is not None:
        numbers |= {"mmr_base": given.slope.mmr_base, "slope": given.slope.slope}
        return TraceStep("tier", name, "mmr_base + slope*size", numbers, tier.mmr, source)
    if m.rules.size_premium:
        row = given.tiers[m.tier_index or 0]
        numbers |= {"row": row.mmr, "factor": m.rules.size_premium}
        formula = "max(row, 0.8*row + factor*sqrt(size))"
        return TraceStep("tier", name, formula, numbers, tier.mmr, source)
    return None


_SIZES = {
    TierBy.CONTRACTS: "contracts",
    TierBy.ENTRY_VALUE: "entry_value",
    TierBy.VALUE_AT_MARK: "value_at_mark",
}


def _tier_test(m: Marked, index: int, price: Decimal, cites: Mapping[str, str]) -> TraceStep:
    """Return the test that picks the tier, at the price that comes out below."""
    schedule = m.schedule
    assert schedule is not None  # noqa: S101 - a leg has a schedule
    tier = schedule.tiers[index]
    low, high = ("<", "<=") if schedule.edge_in_lower else ("<=", "<")
    numbers: dict[str, Any] = {"floor": tier.floor}
    holds: str | Said = "holds at every price"
    name = f"tier {index + 1} ({m.contract.symbol})"
    if not m.tier_moves:
        unit = _SIZES.get(m.rules.tier_by, "value_at_mark")
        numbers[unit] = m.size
        if m.position.risk_level is not None:
            numbers = {"risk_level": m.position.risk_level}
            return TraceStep("tier", name, "the level set", numbers, "holds at every price")
        if m.rules.by_contracts:
            low, high = "<=", "<="
    else:
        unit = "qty*p" if m.contract.linear else "qty/p"
        size = m.contract.value(m.size_qty, price)
        numbers |= {"qty": m.size_qty, "p": Short(price)}
        if m.orders_size:
            unit += " + orders"
            size += m.orders_size
            numbers["orders"] = m.orders_size
        holds = Said("holds: the size is {}", Short(size))
    test = f"floor {low} {unit}"
    if tier.cap is not None:
        test += f" {high} cap"
        numbers["cap"] = tier.cap
    return TraceStep("tier", name, test, numbers, holds, _cite("tier", cites))


def _root_steps(
    result: PositionResult,
    solution: Solution,
    parts: list[tuple[str, Coefficients]],
    cites: Mapping[str, str],
) -> list[TraceStep]:
    steps: list[TraceStep] = []
    chosen = solution.chosen
    if chosen is None:
        text = "health stays above 0 at every positive price"
        steps.append(TraceStep("root", "liquidation_price", "health(p) = 0", {}, text))
        return steps
    steps.append(_sum(chosen.coefficients, parts))
    if chosen.jump:
        before = plain(evaluate(chosen.coefficients, chosen.price))
        text = f"health jumps to {before} at the edge of a tier, {plain(chosen.price)}"
        steps.append(TraceStep("root", "p", "first price with health <= 0", {}, text))
    else:
        formula, numbers = _root_formula(chosen.coefficients)
        steps.append(TraceStep("root", "p", formula, numbers, chosen.price))
    if result.status is Status.ALREADY_LIQUIDATABLE:
        text = "the pool is liquidatable at the mark; p is where it no longer is"
        steps.append(TraceStep("root", "status", "health at the mark <= 0", {}, text))
    steps += _printed_steps(result, cites)
    return steps


def _sum(whole: Coefficients, parts: list[tuple[str, Coefficients]]) -> TraceStep:
    """Return health as the sum of its parts; a pool with haircuts has parts with kinks."""
    names = dict(parts)
    formula, numbers = "sum of the terms", {}
    if len(names) < len(parts):
        formula = " + ".join(f"({polynomial(c)})" for _, c in parts)
    elif parts:
        formula, numbers = " + ".join(names), names
    return TraceStep("sum", "health(p)", formula, numbers, whole)


def _root_formula(coefficients: Coefficients) -> tuple[str, dict[str, Any]]:
    a, b, c = coefficients
    if not c:
        return "-a/b", {"a": a, "b": b}
    if not b:
        return "-c/a", {"a": a, "c": c}
    return "root of b*p^2 + a*p + c", {"a": a, "b": b, "c": c}


def _printed_steps(result: PositionResult, cites: Mapping[str, str]) -> list[TraceStep]:
    steps: list[TraceStep] = []
    m, figures = result.marked, result.figures
    printed, unrounded = figures.shown.get("liquidation_price"), figures.exact["liquidation_price"]
    if printed is None or unrounded is None:
        return steps
    source = _cite("liquidation_price", cites)
    mode, tick = m.mode, m.contract.tick_size
    if mode.shown_price is ShownPrice.FROZEN_REQUIREMENT and m.contract.linear:
        steps.append(_frozen_step(result, unrounded, source))
    if mode.shown_price is ShownPrice.SHARED_LOSS and not m.position.isolated:
        steps.append(_shared_loss_step(result, unrounded, cites))
    if mode.ticks_against_holder and tick is not None and result.solution is not None:
        side = rounding_side(result.solution, m.position.side)
        moved = unrounded + side * mode.ticks_against_holder * tick
        numbers: dict[str, Any] = {"p": unrounded, "tick": tick}
        numbers["ticks"] = mode.ticks_against_holder
        formula = f"p {'+' if side > 0 else '-'} ticks*tick"
        steps.append(TraceStep("rounding", "tick step", formula, numbers, moved, source))
    formula = rounding_words(mode.liquidation_price, tick)
    steps.append(TraceStep("rounding", "liquidation_price", formula, {}, printed, source))
    return steps


def _frozen_step(result: PositionResult, price: Decimal, source: str) -> TraceStep:
    """Return the price that an exchange shows as if its requirement did not move."""
    m, pool = result.marked, result.pool
    assert pool is not None  # noqa: S101 - it was solved
    net, rate = frozen_requirement_parts(pool, m)
    numbers = {
        "mark": m.position.mark_price,
        "equity": pool.equity(),
        "requirement": pool.requirement(),
        "net_qty": net,
    }
    formula = "mark - (equity - requirement)/net_qty"
    if rate:
        formula = "mark - (equity - requirement)/(net_qty*(1 + borrow_mmr))"
        numbers["borrow_mmr"] = rate
    name = "price at constant requirement"
    return TraceStep("root", name, formula, numbers, price, source)


def _shared_loss_step(
    result: PositionResult, price: Decimal, cites: Mapping[str, str]
) -> TraceStep:
    """Return the price that an exchange shows as if all positions lost alike."""
    m, pool = result.marked, result.pool
    assert pool is not None  # noqa: S101 - it was solved
    numbers = {
        "value": m.value,
        "drift": m.drift,
        "equity": pool.equity(),
        "all_values": sum(o.value for o in pool.marked),
        "mmr": m.tier.mmr if m.tier else None,
        "fee": m.fee_on_value,
    }
    shape = "value*(1 - drift*equity/all_values)/(1 - drift*(mmr + fee))"
    formula = f"{shape}/qty" if m.contract.linear else f"qty/({shape})"
    source = _cite("shared_loss", cites) or _cite("liquidation_price", cites)
    return TraceStep("root", "price at an even loss", formula, numbers, price, source)


_DIRECTIONS = {
    "zero": "cut off",
    "away": "rounded away from zero",
    "up": "rounded up",
    "down": "rounded down",
    "half_up": "rounded half up",
    "half_even": "rounded to nearest",
    "entry": "rounded up for a long, down for a short",
}


def rounding_words(rounding: Rounding, tick: Decimal | None = None) -> str:
    """Return a rounding in words."""
    how = _DIRECTIONS[rounding.toward]
    if rounding.to == "decimals":
        return f"{how} at {rounding.digits} decimals"
    if rounding.to == "significant":
        return f"{how} at {rounding.digits} significant digits"
    if rounding.to == "tick" and tick is not None:
        return f"{how} at the tick of {plain(tick)}"
    return "not rounded"


def _cite(name: str, cites: Mapping[str, str]) -> str:
    return cites.get(name) or cites.get(name.partition(" (")[0], "")
