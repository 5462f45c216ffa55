"""Who pays when, at which rate, and where the mark stands then: the inputs, made one list."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.funding.caps import cap_of
from liqcalc.answers.funding.inputs import DAY
from liqcalc.answers.funding.rates import (
    RatePoint,
    hours_of,
    milliseconds,
    rate_fault,
    shown_time,
)
from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.words import BasePrice
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.funding.caps import Cap
    from liqcalc.answers.funding.inputs import Asked
    from liqcalc.engine.vocabulary import Funding
    from liqcalc.rules.schema import FundingTerms

MOST_PAYMENTS = 20_000
ASSUMED, UNLIKELY = "LQ412", "LQ413"
_MINUTE = 60_000


class Due(NamedTuple):
    """A payment to come: when, by which position, at which rate, for how many hours."""

    at: int
    position: int
    rate: Decimal
    given: Decimal
    hours: Decimal


class Plan(NamedTuple):
    """All payments to come; times in milliseconds since the start.

    Attributes:
        rules: what a payment is, by position that pays.
        terms: of the exchange.
        start: milliseconds since 1970; None if none was given.
        length: of the time held.
        dues: in order of time.
        coming: the first beyond the time held, where nothing is due in it.
        every: between payments.
        first: time of the first payment, also where it lies beyond the time held.
        warnings, assumptions: what the reader must know.
    """

    rules: dict[int, Funding]
    terms: FundingTerms
    start: int | None
    length: int = 0
    dues: tuple[Due, ...] = ()
    coming: tuple[Due, ...] = ()
    every: int = 1
    first: int = 1
    warnings: tuple[Note, ...] = ()
    assumptions: tuple[Note, ...] = ()

    def time(self, at: int) -> str | None:
        """Return a time as text; None if no start was given."""
        return None if self.start is None else shown_time(self.start + at)

    def first_rate(self, i: int) -> Decimal:
        """Return the rate of the first payment of a position that pays."""
        return self._of(i)[0].rate

    def mean_rate(self, i: int) -> Decimal:
        """Return the mean rate of a position that pays, by hours."""
        dues = self._of(i)
        if len({due.rate for due in dues}) == 1:
            return dues[0].rate
        hours = sum((due.hours for due in dues), ZERO)
        return sum((due.rate * due.hours for due in dues), ZERO) / hours

    def _of(self, i: int) -> list[Due]:
        return [due for due in self.dues or self.coming if due.position == i]


def make_plan(case: Case, payers: Sequence[int], asked: Asked) -> Plan:
    """Return who pays when and at which rate.

    Args:
        case: settled.
        payers: the positions that pay; rates given are for the only one.
        asked: what was given.

    Raises:
        InputError: no rate is known, or none falls into the time held.
    """
    terms = case.resolved.exchange.funding_on(case.sheet.as_of)
    notes = _Notes()
    rules = {i: _rule(case, i, terms, asked, notes) for i in payers}
    notes.warnings += [Note(UNLIKELY, text) for text in asked.notes]
    span = _from_file if asked.timed else _in_turn
    plan = span(case, Plan(rules, terms, asked.start), asked, notes)
    caps = {i: cap_of(case, i, plan.rules[i], terms) for i in payers}
    dues, coming = (
        tuple(_capped(due, caps[due.position], case, notes) for due in part)
        for part in (plan.dues, plan.coming)
    )
    return plan._replace(
        dues=dues,
        coming=coming,
        warnings=tuple(dict.fromkeys(notes.warnings)),
        assumptions=tuple(dict.fromkeys(notes.assumptions)),
    )


class _Notes:
    def __init__(self) -> None:
        self.warnings: list[Note] = []
        self.assumptions: list[Note] = []

    def say(self, text: str) -> None:
        self.assumptions.append(Note(ASSUMED, text))


def _rule(case: Case, i: int, terms: FundingTerms, asked: Asked, notes: _Notes) -> Funding:
    """Return what a payment of position `i` is, and note what is taken for granted of it."""
    rule = case.resolved.rules_of[i].funding
    if asked.interval is not None:
        rule = rule._replace(interval_hours=asked.interval)
    elif terms.interval_varies and not asked.timed:
        hours = _hours(rule.interval_hours)
        notes.say(f"a payment every {hours}; contracts may have an interval of their own")
    mode = "isolated" if case.position(i).isolated else "cross"
    for item in terms.assumptions:
        if item.mode in {None, mode}:
            notes.say(item.says)
    if rule.base_price is BasePrice.INDEX and case.sheet.positions[i].index_price is None:
        notes.say("the index, on whose value funding is paid, stands at the mark")
    return rule


def _hours(count: Decimal) -> str:
    return "1 hour" if count == 1 else f"{plain(count)} hours"


def _step(rule: Funding) -> int:
    return max(milliseconds(rule.interval_hours), 1)


# Rates in their turn


def _in_turn(case: Case, plan: Plan, asked: Asked, notes: _Notes) -> Plan:
    """Return the plan of rates that have no times: one an interval, the last one held."""
    rule = next(iter(plan.rules.values()))
    every = _step(rule)
    first = _first(plan.start, plan.terms, rule, every)
    points = {i: _held(case, i, asked, notes) for i in plan.rules}
    length = _length(asked, every, first, rule, notes)
    _check_count(length // every)
    if plan.start is not None and not rule.continuous and plan.terms.first_hour is None:
        notes.say(f"payments fall on 00:00 UTC and every {_hours(rule.interval_hours)} after it")
    spans = _spans(first, length, every, rule)
    if 1 < len(asked.points) < len(spans):
        last = plain(asked.points[-1].rate)
        notes.say(f"after the {len(asked.points)} rates given the last, {last}, is held")
    dues = [
        _due(at, i, points[i][min(k, len(points[i]) - 1)], hours, plan.rules[i])
        for k, (at, hours) in enumerate(spans)
        for i in plan.rules
    ]
    if not dues:
        hours = rule.interval_hours
        coming = tuple(_due(first, i, own[0], hours, rule) for i, own in points.items())
        return plan._replace(length=length, every=every, first=first, coming=coming)
    return plan._replace(length=length, every=every, first=first, dues=tuple(dues))


def _first(start: int | None, terms: FundingTerms, rule: Funding, every: int) -> int:
    """Return when the first payment is due, from the start."""
    if start is None or rule.continuous:
        return every
    anchor = milliseconds(terms.first_hour or ZERO)
    return next(engine.instants(start, start + every, every, anchor)) - start


def _length(asked: Asked, every: int, first: int, rule: Funding, notes: _Notes) -> int:
    if asked.start is None and not rule.continuous:
        hours = _hours(rule.interval_hours)
        notes.say(f"opened just after a payment: the first is due after {hours}")
    if asked.hours is not None:
        return milliseconds(asked.hours)
    if len(asked.points) > 1:
        return first + (len(asked.points) - 1) * every
    length = max(DAY * engine.HOUR, every)
    notes.say(f"held for {_hours(hours_of(length))}")
    return length


def _check_count(count: int) -> None:
    if count > MOST_PAYMENTS:
        message = f"hold {count} payments, the most is {MOST_PAYMENTS}"
        raise InputError(Fault("LQ105", "holding_hours", message, "ask for a shorter time"))


def _spans(first: int, length: int, every: int, rule: Funding) -> list[tuple[int, Decimal]]:
    """Return when payments are due and the hours that each is for."""
    if not rule.continuous:
        return [(at, rule.interval_hours) for at in range(first, length + 1, every)]
    ends = [*range(every, length, every), length]
    return [(at, hours_of(at - before)) for before, at in zip([0, *ends], ends, strict=False)]


def _held(case: Case, i: int, asked: Asked, notes: _Notes) -> tuple[RatePoint, ...]:
    """Return the rates of a position in their turn: given, of the sheet, or of the formula."""
    if asked.points:
        return asked.points
    row = case.sheet.positions[i]
    rate = asked.rate if asked.rate is not None else row.funding_rate
    if rate is None:
        rate = case.figures.positions[i].exact.get("funding_rate")
        if rate is None:
            hint = "give funding_rate, rates, or a file of rates"
            message = f"the funding rate of {row.symbol} is not known"
            raise InputError(Fault("LQ105", "funding_rate", message, hint))
        notes.say(f"the rate {plain(rate)} of the exchange's formula at these prices is held")
    fault = rate_fault(rate, "funding_rate", "LQ105")
    if fault is not None:
        raise InputError(fault)
    return (RatePoint(rate),)


def _capped(due: Due, cap: Cap | None, case: Case, notes: _Notes) -> Due:
    """Return what is due at the rate that the exchange would charge."""
    text = "" if cap is None else cap.warning(due.rate)
    if cap is None or not text:
        return due
    symbol = case.sheet.positions[due.position].symbol
    notes.warnings.append(Note(UNLIKELY, f"{symbol}: {text}"))
    return due._replace(rate=cap.cut(due.rate))


def _due(at: int, i: int, point: RatePoint, hours: Decimal, rule: Funding) -> Due:
    rate = point.rate
    if point.hours is not None:
        rate = rate * engine.rate_hours(rule) / point.hours
    return Due(at, i, rate, rate, hours)


# Rates with times


def _file_step(points: tuple[RatePoint, ...], rule: Funding) -> int:
    """Return the usual time between the rates of a file, to the minute."""
    times = [point.at for point in points if point.at is not None]
    steps = sorted(late - early for early, late in pairwise(times))
    if not steps:
        return _step(rule)
    usual = steps[(len(steps) - 1) // 2]
    return max((usual + _MINUTE // 2) // _MINUTE * _MINUTE, _MINUTE)


def _odd_steps(asked: Asked, rule: Funding, terms: FundingTerms, every: int) -> Iterator[Note]:
    times = [point.at for point in asked.points if point.at is not None]
    gaps = [(late - early + every // 2) // every - 1 for early, late in pairwise(times)]
    missing = sum(gap for gap in gaps if gap > 0)
    if missing:
        text = f"{missing} payments are missing in gaps of the file; nothing is counted there"
        yield Note(UNLIKELY, text)
    if every != _step(rule) and not terms.interval_varies and asked.interval is None:
        text = f"the file has a rate every {plain(hours_of(every))} hours, the exchange one every"
        yield Note(UNLIKELY, f"{text} {plain(rule.interval_hours)}; each row is a payment")


def _from_file(_: Case, plan: Plan, asked: Asked, notes: _Notes) -> Plan:
    """Return the plan of rates that have times: what falls into the time held."""
    i, rule = next(iter(plan.rules.items()))
    every = _file_step(asked.points, rule)
    if not rule.continuous:
        notes.warnings += _odd_steps(asked, rule, plan.terms, every)
        if asked.interval is None and rule.rate_hours is None:
            rule = rule._replace(interval_hours=hours_of(every))
    timed = [(point.at, point) for point in asked.points if point.at is not None]
    opens = timed[0][0] if rule.continuous else timed[0][0] - every
    closes = timed[-1][0] + (every if rule.continuous else 0)
    start = opens if asked.start is None else asked.start
    length = closes - start if asked.hours is None else milliseconds(asked.hours)
    ends = [at for at, _ in timed[1:]] + [closes]
    if rule.continuous:
        notes.say("a rate of the file holds from its time until the next one's")
        found = _shares(timed, ends, start, length)
    else:
        hours = rule.interval_hours
        found = [(at - start, point, hours) for at, point in timed if 0 < at - start <= length]
    if not found:
        span = f"{shown_time(start)} to {shown_time(start + length)}"
        message = f"none of the rates falls into the time held, {span}"
        hint = f"they run from {shown_time(timed[0][0])} to {shown_time(timed[-1][0])}"
        raise InputError(Fault("LQ105", "rates", message, hint))
    if start < opens or start + length > closes:
        text = f"the rates run from {shown_time(timed[0][0])} to {shown_time(timed[-1][0])}; "
        notes.warnings.append(Note(UNLIKELY, f"{text}the rest of the time held is not counted"))
    _check_count(len(found))
    dues = tuple(_due(at, i, point, hours, rule) for at, point, hours in found)
    first = dues[0].at
    return Plan({i: rule}, plan.terms, start, length, dues, every=every, first=first)


def _shares(
    timed: list[tuple[int, RatePoint]], ends: list[int], start: int, length: int
) -> list[tuple[int, RatePoint, Decimal]]:
    """Return for each rate when it ends to hold, and for how long it has, in the time held."""
    found = []
    for (at, point), until in zip(timed, ends, strict=True):
        begin, end = max(at - start, 0), min(until - start, length)
        if end > begin:
            found.append((end, point, hours_of(end - begin)))
    return found
