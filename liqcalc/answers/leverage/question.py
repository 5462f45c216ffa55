"""The largest leverage at which a stop fires before liquidation, and the farthest stop of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.leverage.answer import LeverageAnswer, LeverageRow, LeverageStepUsed
from liqcalc.answers.leverage.basis import basis_of
from liqcalc.answers.leverage.inputs import Asked, read_asked
from liqcalc.answers.leverage.search import Binds, LeverageSearch, Try
from liqcalc.answers.stops.fit import furthest_fit
from liqcalc.answers.stops.outcome import Verdict, stop_outcome
from liqcalc.engine.numbers import ONE, ZERO, exact, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.request import Number
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.rules.sheet import Sheet

_USUAL = (1, 2, 3, 5, 10, 15, 20, 25, 50, 75, 100, 125, 150, 200, 300, 500, 1000)
_CENTS = ONE / 100
_COIN_CENTS = ONE / 10**8


def safe_leverage(
    sheet: Mapping[str, Any] | Sheet,
    stop: Number | None = None,
    *,
    position: str | int | None = None,
    leverage: Number | None = None,
    risk: Number | None = None,
    risk_rate: Number | None = None,
    trigger: str | None = None,
    slippage_bps: Number | None = None,
    basis: Number | None = None,
    buffer: Number | None = None,
    holding_hours: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> LeverageAnswer:
    """Return the largest leverage at which a stop fires before liquidation.

    The position is one to be opened: an isolated margin is what the leverage
    sets aside, and the opening fee of a cross position leaves the wallet.

    Formula:
        s is +1 for a long, -1 for a short
        needed = stop*(1 - s*slippage_bps/10000)*(1 - s*basis)
            - s*buffer*|mark - stop|; basis counts where the last price fires
        the largest leverage, in steps of the exchange and within its limit,
        at which the position survives the mark `needed`

    Args:
        sheet: a mapping with the keys of docs/sheet.md, or a checked sheet.
        stop: its price; default: the position's `stop_price`.
        position: which of the sheet: number, ``SYMBOL`` or ``SYMBOL:long``.
        leverage: one to judge, default the position's; without a stop, the
            answer is the farthest stop at it (see `furthest_stop`).
        risk: money to lose at the stop, fees and funding included, in the
            settle currency; the quantity follows from it, not from the sheet.
        risk_rate: the same as a share of the account's wallet or equity.
        trigger: ``last`` (default) or ``mark``, the price that fires it.
        slippage_bps: how far beyond the stop it fills; default 10.
        basis: how far the mark may stand beyond the last price; default 0.001.
        buffer: how far liquidation must lie beyond, as a share of the
            distance from the mark to the stop; default 0.1.
        holding_hours: until the stop, for funding at the position's `funding_rate`.
        exchanges: further folders of exchanges.
        today: ISO date for the age of tables; default: the clock's.

    Raises:
        InputError: every input that cannot be used.

    >>> held = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000"}
    >>> answer = safe_leverage({"exchange": "binance", "positions": [held]}, "58000")
    >>> str(answer.leverage), str(answer.binds)
    ('23', 'liquidation')
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    given = {
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "buffer": buffer,
        "holding_hours": holding_hours,
        "leverage": leverage,
        "risk": risk,
        "risk_rate": risk_rate,
    }
    return leverage_of(case, case.index(position), stop, given)


def furthest_stop(
    sheet: Mapping[str, Any] | Sheet,
    *,
    position: str | int | None = None,
    leverage: Number | None = None,
    trigger: str | None = None,
    slippage_bps: Number | None = None,
    basis: Number | None = None,
    buffer: Number | None = None,
    holding_hours: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> LeverageAnswer:
    """Return the farthest stop that still fires before liquidation, at a leverage.

    Args:
        sheet: a mapping with the keys of docs/sheet.md, or a checked sheet.
        position: which of the sheet: number, ``SYMBOL`` or ``SYMBOL:long``.
        leverage: default: the position's.
        trigger: ``last`` (default) or ``mark``, the price that fires it.
        slippage_bps: how far beyond the stop it fills; default 10.
        basis: how far the mark may stand beyond the last price; default 0.001.
        buffer: how far liquidation must lie beyond, as a share of the
            distance from the mark to the stop; default 0.1.
        holding_hours: until the stop, for funding at the position's `funding_rate`.
        exchanges: further folders of exchanges.
        today: ISO date for the age of tables; default: the clock's.

    Raises:
        InputError: every input that cannot be used.

    >>> held = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000",
    ...         "leverage": "20"}
    >>> answer = furthest_stop({"exchange": "binance", "positions": [held]}, buffer=0)
    >>> str(answer.furthest.price)
    '57373.8'
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    i = case.index(position)
    given = {
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "buffer": buffer,
        "holding_hours": holding_hours,
        "leverage": leverage,
    }
    return leverage_of(case.with_position(i, stop_price=None), i, None, given)


def leverage_of(
    case: Case, i: int, stop: Number | None, given: Mapping[str, Any]
) -> LeverageAnswer:
    """Return the largest safe leverage of position `i`, or the farthest stop.

    Args:
        case: the sheet.
        i: which position.
        stop: None for the sheet's, or for none if a leverage is given.
        given: leverage, risk, risk_rate and the terms, by name.
    """
    with exact():
        asked = read_asked(case, i, stop, given)
        return _answer(asked, i)


class Decided(NamedTuple):
    """What the search has found.

    Attributes:
        search: with everything that was tried.
        step: of the leverage setting.
        funding: until the stop; None if no time was given.
        best: at the largest safe leverage; None if none is safe, or without a stop.
        shown: at `best`, else at the leverage asked about, else at the smallest.
        binds: what keeps it from being larger; None without a stop.
        reason: why none is safe; "" if one is.
    """

    search: LeverageSearch
    step: LeverageStepUsed
    funding: FundingCost | None
    best: Try | None
    shown: Try
    binds: Binds | None
    reason: str


def decided(asked: Asked, i: int) -> Decided:
    """Return the largest safe leverage of position `i`, and what binds, without a table."""
    case, terms, step = asked.case, asked.terms, _step(asked.case)
    funding = terms.funding(case, i)
    paid = ZERO if funding is None else funding.total
    mark = case.position(i).mark_price
    order = terms.order(mark if asked.stop is None else asked.stop)
    search = LeverageSearch(case, i, order, step=step.step, funding=paid)
    best = search.largest() if asked.stop is not None else None
    shown = _shown(search, best, asked)
    binds = None if asked.stop is None else _binds(search, best, shown, i)
    reason = "" if best is not None or binds is None else _reason(binds, shown)
    return Decided(search, step, funding, best, shown, binds, reason)


def _step(case: Case) -> LeverageStepUsed:
    found = case.resolved.exchange.leverage_step_on(case.resolved.day)
    if found is None:
        return LeverageStepUsed(ONE, known=False)
    return LeverageStepUsed(found.step, known=True, source=found.source)


def _answer(asked: Asked, i: int) -> LeverageAnswer:
    case, terms = asked.case, asked.terms
    search, step, funding, best, shown, binds, reason = decided(asked, i)
    order = search.stop
    held = shown.case.figures.positions[i]
    outcome = None
    if asked.stop is not None:
        outcome = stop_outcome(shown.opened, i, order, funding=search.funding)
    if binds is Binds.INDETERMINATE:
        held = replace(held, leverage=asked.leverage)
    moves, needed = search.moves(), None
    if asked.stop is not None and (best is None or not case.position(i).isolated):
        unit = _CENTS if case.position(i).contract.linear else _COIN_CENTS
        needed = search.needed(shown.leverage, unit)
    furthest = furthest_fit(shown.case, i, order)
    found = LeverageAnswer(
        position=held,
        terms=terms,
        stop=asked.stop,
        risk=asked.risk,
        asked=asked.leverage,
        leverage=None if best is None else best.leverage,
        above=None if best is None else best.leverage + step.step,
        binds=binds,
        reason=reason,
        limit=shown.limit,
        step=step,
        moves=moves,
        outcome=outcome,
        needed=needed,
        least_opening=None if held.margin_mode == "isolated" else search.least_opening(),
        furthest=furthest,
        funding=funding,
        rows=tuple(_rows(search, best, asked, i)),
        basis=Basis.of(held),
    )
    return found._replace(basis=basis_of(found, search, shown, i))


def _shown(search: LeverageSearch, best: Try | None, asked: Asked) -> Try:
    if best is not None:
        return best
    if asked.leverage is not None and asked.stop is None:
        return search.at(asked.leverage)
    isolated = asked.case.position(search.i).isolated
    return search.at(ONE if isolated else search.highest())


_REASONS = {
    Binds.NOTHING_WORKS: "liquidation comes before the stop even at 1x",
    Binds.WALLET: "what backs the position is too little, at any leverage",
    Binds.INDETERMINATE: "the liquidation price is not known",
}


def _reason(binds: Binds, shown: Try) -> str:
    if binds is Binds.WALLET and shown.verdict is Verdict.FIRES_FIRST:
        return f"what is free does not carry the initial margin even at {plain(shown.leverage)}x"
    return _REASONS[binds]


def _binds(search: LeverageSearch, best: Try | None, shown: Try, i: int) -> Binds:
    if best is None:
        if shown.verdict is Verdict.INDETERMINATE:
            return Binds.INDETERMINATE
        isolated = search.case.position(i).isolated
        return Binds.NOTHING_WORKS if isolated else Binds.WALLET
    above = best.leverage + search.step
    if above > best.limit.leverage:
        return best.limit.of
    beyond = search.at(above)
    return beyond.limit.of if above > beyond.limit.leverage else Binds.LIQUIDATION


def _rows(search: LeverageSearch, best: Try | None, asked: Asked, i: int) -> Iterator[LeverageRow]:
    """Yield the position at the usual leverages, the one asked about, the answer and its next."""
    top = search.highest()
    wanted = {ONE * usual for usual in _USUAL if usual <= top} | {top}
    if asked.leverage is not None:
        wanted.add(asked.leverage)
    if best is not None:
        wanted |= {best.leverage, best.leverage + search.step}
    for leverage in sorted(wanted):
        yield _row(search, search.at(leverage), i, asked.stop)


def _row(search: LeverageSearch, at: Try, i: int, stop: Decimal | None) -> LeverageRow:
    side, mark = at.case.sheet.positions[i].side, at.case.position(i).mark_price
    end = at.case.ends(i).losing(side)
    planned = at.opened.figures.positions[i].exact
    isolated = at.case.position(i).isolated
    return LeverageRow(
        leverage=at.leverage,
        allowed=at.leverage <= at.limit.leverage,
        opens=at.opens,
        margin=planned.get("margin" if isolated else "initial_margin"),
        liquidation_price=end,
        distance_rate=None if end is None else abs(end - mark) / mark,
        room=None if end is None or stop is None else (search.needed_mark - end) * side.sign,
        verdict=None if stop is None else at.verdict,
    )
