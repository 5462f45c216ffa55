"""Does a stop fire before liquidation, and what does either cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note, PositionAnswer
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.request import together
from liqcalc.answers.stops.fit import Furthest, furthest_fit
from liqcalc.answers.stops.order import Trigger
from liqcalc.answers.stops.outcome import (
    StopOutcome,
    Verdict,
    after_funding,
    check_stops,
    stop_outcome,
)
from liqcalc.answers.stops.terms import StopTerms, as_data, read_stops, read_terms
from liqcalc.answers.stops.trace import funding_steps, furthest_steps, outcome_steps
from liqcalc.engine.numbers import ZERO, exact, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.request import Number
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.rules.sheet import Sheet

CODE = "LQ125"
_HEAD = ("exchange", "symbol", "side", "margin_mode", "product", "quote", "settle")
_NUMBERS = ("qty", "entry_price", "mark_price", "leverage", "liquidation_price")


class StopRow(NamedTuple):
    """One stop, fired by the mark and by the last price.

    Attributes:
        asked: which of the two was asked about.
        by_mark, by_last: what becomes of each.
    """

    asked: Trigger
    by_mark: StopOutcome
    by_last: StopOutcome

    @property
    def outcome(self) -> StopOutcome:
        """Return what becomes of the one that was asked about."""
        return self.by_mark if self.asked is Trigger.MARK else self.by_last


class StopAnswer(NamedTuple):
    """What becomes of a position's stops.

    Attributes:
        position: the position after the funding until the stop.
        terms: how stops fire and fill.
        funding: until the stop; None if no time was given.
        stops: one row a price, in the order given.
        furthest: the farthest stop that still fires first, by the same terms.
        basis: warnings, assumptions, provenance, derivation.
    """

    position: PositionAnswer
    terms: StopTerms
    funding: FundingCost | None
    stops: tuple[StopRow, ...]
    furthest: Furthest
    basis: Basis

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        data = head(self.position) | {"terms": as_data(self.terms)}
        data["funding"] = as_data(self.funding)
        data["stops"] = [_row_data(row) for row in self.stops]
        data["furthest"] = as_data(self.furthest)
        return data | self.basis.to_dict()


def head(position: PositionAnswer) -> dict[str, Any]:
    """Return what a position is, as plain data."""
    data: dict[str, Any] = {name: getattr(position, name) for name in _HEAD}
    data |= {name: as_data(getattr(position, name)) for name in _NUMBERS}
    return data | {"status": str(position.status)}


def outcome_data(outcome: StopOutcome) -> dict[str, Any]:
    """Return the outcome of a stop as plain data."""
    data: dict[str, Any] = as_data(outcome)
    data["loss"]["total"] = as_data(outcome.loss.total)
    if outcome.gapped is not None:
        data["gapped"]["loss"]["total"] = as_data(outcome.gapped.loss.total)
    return data


def _row_data(row: StopRow) -> dict[str, Any]:
    other = row.by_last if row.asked is Trigger.MARK else row.by_mark
    return outcome_data(row.outcome) | {"other_trigger": outcome_data(other)}


def stop_verdict(
    sheet: Mapping[str, Any] | Sheet,
    stop: Number | Iterable[Number] | None = None,
    *,
    position: str | int | None = None,
    trigger: str | None = None,
    slippage_bps: Number | None = None,
    basis: Number | None = None,
    gap: Number | None = None,
    holding_hours: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> StopAnswer:
    """Return whether a stop fires before liquidation, by how much, and what it costs.

    Formula:
        s is +1 for a long, -1 for a short
        fill = stop*(1 - s*slippage_bps/10000)
        worst mark = fill*(1 - s*basis) where the last price fires it, else fill
        it fires first if the position survives the worst mark

    Args:
        sheet: a mapping with the keys of docs/sheet.md, or a checked sheet.
        stop: its price, or several; default: the position's `stop_price`.
        position: which of the sheet: number, ``SYMBOL`` or ``SYMBOL:long``.
        trigger: ``last`` (default) or ``mark``, the price that fires it.
        slippage_bps: how far beyond the stop it fills; default 10.
        basis: how far the mark may stand beyond the last price, as a share;
            default 0.001.
        gap: a jump past the stop, as a share of it.
        holding_hours: until the stop, for funding at the position's `funding_rate`.
        exchanges: further folders of exchanges.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        A frozen answer. Without a stop it has no rows, and tells the farthest.

    Raises:
        InputError: a stop that is not on the losing side of the mark, and
            every other input that cannot be used.

    >>> held = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5",
    ...         "entry_price": "60000", "leverage": "20"}
    >>> answer = stop_verdict({"exchange": "binance", "positions": [held]}, "58000")
    >>> row = answer.stops[0].outcome
    >>> str(row.verdict), str(row.fill_price.normalize()), str(row.loss.total.normalize())
    ('fires_first', '57942', '1058.4855')
    >>> str(answer.furthest.price)
    '57373.8'
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    given = {
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "gap": gap,
        "holding_hours": holding_hours,
    }
    return stops_of(case, case.index(position), stop, given)


def stops_of(
    case: Case, i: int, stop: Number | Iterable[Number] | None, given: Mapping[str, Any]
) -> StopAnswer:
    """Return what becomes of the stops of position `i`.

    Args:
        case: the sheet.
        i: which position.
        stop: one or several prices; None for the sheet's.
        given: the terms, by name.
    """
    with exact():
        terms, prices = together(
            lambda: read_terms(given, CODE, buffered=False), lambda: read_stops(stop, CODE)
        )
        own = case.sheet.positions[i].stop_price
        if not prices and own is not None:
            prices = [own]
        check_stops(case, i, prices)
        funding = terms.funding(case, i)
        paid = ZERO if funding is None else funding.total
        rows = tuple(_row(case, i, price, terms, paid) for price in prices)
        after = after_funding(case, i, paid)
        held, order = after.figures.positions[i], terms.order(ZERO)
        furthest = furthest_fit(case, i, order, funding=paid)
        end = after.ends(i).losing(case.sheet.positions[i].side)
        steps = [step for row in rows for step in outcome_steps(held, row.outcome)]
        basis = Basis.of(
            case.answer.positions[i],
            warnings=[note for row in rows for note in warnings_of(held, row.outcome)],
            assumptions=[*terms.notes(), *funding_notes(funding, held)],
            trace=[
                *held.trace,
                *funding_steps(funding),
                *steps,
                *furthest_steps(held, furthest, order, end),
            ],
        )
    return StopAnswer(held, terms, funding, rows, furthest, basis)


def _row(case: Case, i: int, price: Decimal, terms: StopTerms, funding: Decimal) -> StopRow:
    order = terms.order(price)
    mark, last = (
        stop_outcome(case, i, order._replace(trigger=trigger), funding=funding, gap=terms.gap)
        for trigger in Trigger
    )
    return StopRow(terms.trigger, mark, last)


def warnings_of(position: PositionAnswer, outcome: StopOutcome) -> Iterator[Note]:
    """Yield what a user must know of a stop."""
    price = plain(outcome.stop.price)
    if outcome.verdict is Verdict.LIQUIDATED_FIRST:
        text = f"{position.symbol}: liquidation comes before the stop at {price}"
        yield Note("LQ414", text)
    elif outcome.verdict is Verdict.TOO_NEAR:
        text = f"{position.symbol}: liquidation lies too near the stop at {price}: it comes first"
        yield Note("LQ414", f"{text} with the slippage and basis that are allowed for")
    elif outcome.verdict is Verdict.ALREADY_LIQUIDATABLE:
        text = f"{position.symbol} is liquidatable now: the stop at {price} comes too late"
        yield Note("LQ414", text)


def funding_notes(funding: FundingCost | None, position: PositionAnswer) -> Iterator[Note]:
    """Yield what is assumed about funding."""
    if funding is None:
        return
    if not funding.rate:
        yield Note("LQ415", "no funding rate was given: none is paid (--funding-rate)")
    elif funding.payment < 0:
        text = f"a {position.side} receives funding at this rate; it is not counted on"
        yield Note("LQ415", text)
    else:
        text = (
            f"funding: {plain(funding.intervals)} payments at an unchanged mark and rate, "
            "taken from what backs the position"
        )
        yield Note("LQ415", text)
