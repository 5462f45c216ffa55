"""Funding: every payment, what it does to the liquidation price, and when it ends the position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Note
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.funding.answer import FundingAnswer, RunOut, TermsUse
from liqcalc.answers.funding.inputs import read_asked
from liqcalc.answers.funding.plan import UNLIKELY, make_plan
from liqcalc.answers.funding.purse import Purses
from liqcalc.answers.funding.rates import hours_of
from liqcalc.answers.funding.run_out import run_out
from liqcalc.answers.funding.trace import cited, derive
from liqcalc.answers.funding.walk import Walk, way
from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.funding.inputs import Asked
    from liqcalc.answers.funding.plan import Plan
    from liqcalc.answers.funding.rates import Rates
    from liqcalc.answers.request import Number
    from liqcalc.rules.sheet import Sheet


def funding(
    sheet: Mapping[str, Any] | Sheet,
    *,
    position: str | int | None = None,
    funding_rate: Number | None = None,
    rates: Sequence[Number] | Rates | None = None,
    holding_hours: Number | None = None,
    start: str | None = None,
    interval_hours: Number | None = None,
    path: Sequence[Number] = (),
    free_balance: Number | None = None,
    every_position: bool = False,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> FundingAnswer:
    """Return what a position pays for being held, and what that does to its liquidation price.

    Args:
        sheet: a mapping with the keys of docs/sheet.md, or a checked sheet.
        position: which one, as in the sheet; None = the only one.
        funding_rate: held all the time; default: the sheet's `funding_rate`,
            or what the exchange's formula gives.
        rates: instead of it, a rate for each interval, or what `read_rates`
            has read of a file.
        holding_hours: default: as long as the rates last; a day for one rate.
        start: ISO 8601; default: just after a payment.
        interval_hours: between payments, where the contract's differ from
            those of the exchange.
        path: marks, evenly over the time held, straight lines between; with
            as many as there are payments, one each; none: it stands still.
        free_balance: money beside an isolated margin, where that pays first.
        every_position: all positions of the sheet that have a funding_rate
            pay, not the one alone.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer with each payment, their sum, and when funding alone
        would liquidate at an unchanged mark.

    Raises:
        InputError: everything that cannot be used.

    >>> answer = funding({"exchange": "binance", "positions": [
    ...     {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000",
    ...      "leverage": "20", "funding_rate": "0.0001"}]})
    >>> [str(payment.amount.normalize()) for payment in answer.payments]
    ['3', '3', '3']
    >>> answer.run_out.payments
    455
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    with exact():
        asked = read_asked(
            funding_rate=funding_rate,
            rates=rates,
            holding_hours=holding_hours,
            start=start,
            interval_hours=interval_hours,
            path=path,
            free_balance=free_balance,
        )
        i = focus(case, position, every_position=every_position)
        return funding_of(case, i, asked, every_position=every_position)


def focus(case: Case, position: str | int | None, *, every_position: bool) -> int:
    """Return the position that the answer is about: the one named, or the first that pays."""
    paying = [k for k, row in enumerate(case.sheet.positions) if row.funding_rate is not None]
    if every_position and position is None and paying:
        return paying[0]
    return case.index(position)


def funding_of(case: Case, i: int, asked: Asked, *, every_position: bool = False) -> FundingAnswer:
    """Return the answer about position `i` of a case, with inputs that have been read."""
    with exact():
        plan, purses = planned(case, i, asked, every_position=every_position)
        walk = Walk(plan, purses, i, way(plan, asked.path, purses.case, i)).go()
        return _answer(walk, run_out(plan, purses, i))


def planned(
    case: Case, i: int, asked: Asked, *, every_position: bool = False
) -> tuple[Plan, Purses]:
    """Return what is due about position `i`, and what it is paid from, before the first payment."""
    with exact():
        payers = _payers(case, i, asked) if every_position else [i]
        settled = case.settled()
        plan = make_plan(settled, payers, asked)
        for k in plan.rules:
            settled = settled.with_position(k, funding_rate=plan.first_rate(k))
        return plan, Purses.of(settled, plan.terms, asked.free)


def _payers(case: Case, i: int, asked: Asked) -> list[int]:
    """Return all positions that have a rate, the one asked about first."""
    if asked.points or asked.rate is not None:
        message = "is for one position; for all of them, give each its funding_rate in the sheet"
        raise InputError(Fault("LQ105", "rates" if asked.points else "funding_rate", message))
    rows = case.sheet.positions
    paying = [k for k, row in enumerate(rows) if row.funding_rate is not None]
    if not paying:
        message = "no position of the sheet has a funding_rate"
        raise InputError(Fault("LQ105", "funding_rate", message))
    return sorted(paying, key=lambda k: k != i)


def _answer(walk: Walk, end: RunOut) -> FundingAnswer:
    plan, i, start = walk.plan, walk.i, walk.start
    about, position = start.case.answer.positions[i], start.case.position(i)
    rule = plan.rules.get(i, start.case.resolved.rules_of[i].funding)
    value = position.contract.value(position.qty, engine.base_price(position, rule))
    basis = Basis.of(
        about,
        warnings=[*plan.warnings, *_silent(walk)],
        assumptions=[*plan.assumptions, *start.assumptions(walk.watched)],
        trace=derive(walk, end),
    )
    return FundingAnswer(
        exchange=about.exchange,
        symbol=about.symbol,
        side=about.side,
        margin_mode=about.margin_mode,
        product=about.product,
        quote=about.quote,
        settle=about.settle,
        qty=about.qty,
        mark_price=about.mark_price,
        base=str(rule.base_price),
        interval_hours=rule.interval_hours,
        rate_hours=engine.rate_hours(rule),
        continuous=rule.continuous,
        purse=plan.terms.purse,
        terms=TermsUse(plan.terms.from_, plan.terms.source, str(plan.terms.evidence)),
        left_is=start.left_is(i),
        start=plan.time(0),
        holding_hours=hours_of(plan.length),
        ended=walk.ended,
        end=walk.end,
        payments=tuple(walk.payments),
        total=walk.totals[i],
        total_rate=walk.totals[i] / value,
        totals=_totals(walk),
        before=start.standing(i),
        after=walk.purses.standing(i),
        run_out=end,
        basis=basis._replace(provenance=cited(basis.provenance, start.case, plan)),
    )


def _totals(walk: Walk) -> dict[str, Decimal]:
    """Return what all positions have paid, by settle currency."""
    totals: dict[str, Decimal] = {}
    for k, paid in walk.totals.items():
        settle = walk.start.case.position(k).contract.settle
        totals[settle] = totals.get(settle, ZERO) + paid
    return totals


def _silent(walk: Walk) -> list[Note]:
    """Return what is said of positions of the same pool that pay nothing."""
    case = walk.start.case
    if case.position(walk.i).isolated:
        return []
    silent = [
        f"{row.symbol} {row.side}"
        for k, row in enumerate(case.sheet.positions)
        if k not in walk.plan.rules and not case.position(k).isolated
    ]
    if not silent:
        return []
    text = f"the funding of {', '.join(silent)} is not counted: "
    text += "no funding_rate is given" if len(walk.plan.rules) > 1 else "--all counts it"
    return [Note(UNLIKELY, text)]
