"""How an answer about funding was reached, in steps to be redone on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Citation, TraceStep
from liqcalc.answers.funding.run_out import Steady
from liqcalc.engine import funding as engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.answers.answer import Provenance
    from liqcalc.answers.case import Case
    from liqcalc.answers.funding.answer import Payment, RunOut
    from liqcalc.answers.funding.plan import Plan
    from liqcalc.answers.funding.walk import Walk


def derive(walk: Walk, end: RunOut) -> Iterator[TraceStep]:
    """Yield the steps of an answer."""
    yield from _first_payments(walk)
    yield from _sums(walk)
    if end.hours is not None:
        yield from _run_out(walk, end)


def _first_payments(walk: Walk) -> Iterator[TraceStep]:
    """Yield the first payment of each position."""
    case, seen = walk.start.case, set()
    for due, paid in zip(walk.plan.dues, walk.payments, strict=False):
        if due.position in seen:
            continue
        seen.add(due.position)
        rule = walk.plan.rules[due.position]
        position = case.position(due.position)
        value, numbers = _value(paid, position.contract.product, position)
        source = walk.plan.terms.source
        yield TraceStep("inputs", f"value at the {rule.base_price}", value, numbers, paid.notional)
        if paid.given_rate is not None:
            numbers = {"rate": paid.given_rate, "cap": abs(paid.rate)}
            formula = "clamp(rate, -cap, cap)"
            yield TraceStep("inputs", "rate charged", formula, numbers, paid.rate, source)
        formula, per = "side*value*rate", engine.rate_hours(rule)
        numbers = {"side": position.side, "value": paid.notional, "rate": paid.rate}
        if due.hours != per:
            formula += "*hours/rate_hours"
            numbers |= {"hours": due.hours, "rate_hours": per}
        if not paid.spared:
            name = f"payment 1, {paid.symbol} {paid.side}"
            yield TraceStep("sum", name, formula, numbers, paid.amount, source)


def _value(paid: Payment, product: str, position: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    formula = "qty/price" if product == "inverse" else "qty*price"
    return formula, {"qty": position.qty, "price": paid.base_price}


def _sums(walk: Walk) -> Iterator[TraceStep]:
    """Yield what the position asked about has paid, and what is left."""
    i, start, now = walk.i, walk.start, walk.purses
    count, total = walk.counts[i], walk.totals[i]
    if not count:
        return
    yield TraceStep("sum", "total", f"sum of {count} payments", {}, total)
    before, after = start.left(i), now.left(i)
    if before is None or after is None or len(walk.plan.rules) > 1 or walk.path:
        return
    name = start.left_is(i)
    formula, numbers = f"{name} - total", {name: before, "total": total}
    if start.standing(i).free != now.standing(i).free or before - total != after:
        formula = f"{name} - (total - from_free)"
        numbers["from_free"] = total - (before - after)
    yield TraceStep("sum", f"{name} left", formula, numbers, after)


def _run_out(walk: Walk, end: RunOut) -> Iterator[TraceStep]:
    """Yield the last payment that the position survives, and the first that it does not."""
    i = walk.i
    steady = Steady.of(walk.plan, walk.start, i)
    if end.amount is None or end.payments is None or len(steady.amounts) > 1:
        return
    name = walk.start.left_is(i)
    left = walk.start.left(i)
    for what, count in (("survives", end.payments - 1), ("is liquidated", end.payments)):
        after = steady.after(count)
        standing = after.standing(i)
        if left is None or standing.left is None:
            return
        formula = f"{name} - payments*payment"
        numbers: dict[str, Any] = {name: left, "payments": count, "payment": end.amount}
        if standing.free is not None:
            formula = f"{name} - (payments*payment - from_free)"
            numbers["from_free"] = count * end.amount - (left - standing.left)
        yield TraceStep("sum", f"{what} after {count}", formula, numbers, standing.left)
    figures = steady.after(end.payments).case.figures
    needed = figures.positions[i].exact.get("margin_needed")
    if needed is not None:
        formula = "requirement - profit + fees owed, at the mark"
        yield TraceStep("requirement", "margin needed", formula, {}, needed)
        return
    pool = figures.account if not walk.start.case.position(i).isolated else None
    ratio = (pool or figures.positions[i]).exact.get("margin_ratio")
    if ratio is not None:
        yield TraceStep("requirement", "margin ratio then", "requirement/equity", {}, ratio)


def cited(provenance: Provenance, case: Case, plan: Plan) -> Provenance:
    """Return the provenance with the source of the funding terms among its citations."""
    name = plan.terms.source
    found = case.resolved.exchange.sources.get(name)
    if found is None or any(citation.id == name for citation in provenance.citations):
        return provenance
    citation = Citation(name, found.title, found.url, found.date)
    return provenance._replace(citations=(*provenance.citations, citation))
