"""Funding on the screen: payments, their sum, when they end the position, and a picture."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.funding_answer import Ended
from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.funding_picture import picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.funding_answer import FundingAnswer, Payment, Standing

_MOST_ROWS = 24
_SHOWN = 8
_DAY = 24
_SECONDS = Decimal("0.001")
_COLUMNS = (
    *("number", "position", "time", "hours", "rate", "base_price", "notional", "amount"),
    *("total", "from_free", "left", "free", "mark_price", "liquidation_price", "distance_rate"),
    *("status", "spared"),
)


def render(answer: FundingAnswer, *, trace: bool, chart: bool = True) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        trace: also the derivation.
        chart: also the picture.
    """
    return screen.draw(_parts(answer, trace=trace, chart=chart))


def table_rows(answer: FundingAnswer) -> Iterator[list[str]]:
    """Yield the payments as rows of text, with a head."""
    yield list(_COLUMNS)
    for payment in answer.payments:
        data = payment.to_dict() | {"position": f"{payment.symbol}:{payment.side}"}
        cells = (data[name] for name in _COLUMNS)
        yield ["" if cell is None else str(cell) for cell in cells]


def _parts(answer: FundingAnswer, *, trace: bool, chart: bool) -> Iterator[RenderableType]:
    size = f"{answer.side} {plain(answer.qty)}, mark {words.number(answer.mark_price)}"
    yield screen.title(
        f"{answer.exchange} {answer.symbol}", f"funding of {size}, {answer.margin_mode}"
    )
    yield ""
    yield _given(answer)
    yield ""
    yield _payments(answer)
    yield ""
    yield _sums(answer)
    drawn = picture(answer) if chart else []
    if drawn:
        yield ""
        yield from map(Text, drawn)
    yield ""
    basis = answer.basis
    below = notes.below(basis.warnings, basis.assumptions, basis.provenance)
    terms = f"terms of {answer.terms.source} since {answer.terms.from_}, {answer.terms.evidence}"
    below.add_row(screen.dim("funding"), screen.dim(terms))
    yield below
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _given(answer: FundingAnswer) -> Table:
    table = screen.columns("left", "left")
    hours = _hours(answer.rate_hours)
    if answer.continuous:
        when = f"all the time, in exact shares of the {hours} that a rate is for"
    else:
        when = f"every {_hours(answer.interval_hours)}, by who holds at that instant"
        if answer.rate_hours != answer.interval_hours:
            when += f"; a rate is for {hours}"
    table.add_row(screen.dim("paid"), f"{when}, on the value at the {answer.base}")
    table.add_row(screen.dim("from"), answer.purse)
    start = answer.start
    if start is None and not answer.continuous:
        start = "just after a payment"
    held = f"for {_span(answer.holding_hours)}" + (f" from {start}" if start else "")
    mark = "moves as given" if _moving(answer) else "stands still"
    table.add_row(screen.dim("held"), f"{held}; the mark {mark}")
    return table


# The payments


def _moving(answer: FundingAnswer) -> bool:
    marks = {p.after.mark_price for p in _own(answer)}
    return not marks <= {answer.mark_price} or answer.ended is Ended.BY_PRICE


def _own(answer: FundingAnswer) -> list[Payment]:
    """Return the payments of the position that was asked about."""
    return [p for p in answer.payments if (p.symbol, p.side) == (answer.symbol, answer.side)]


def _payments(answer: FundingAnswer) -> Table:
    several = len({(p.symbol, p.side) for p in answer.payments}) > 1
    beside = answer.before.free is not None or any(p.after.free for p in answer.payments)
    moving = _moving(answer)
    head = ["#", "time" if answer.start else "after", "rate", "value", "payment", "total"]
    sides = ["right", "left", "right", "right", "right", "right"]
    if several:
        head.insert(1, "position")
        sides.insert(1, "left")
    if moving:
        head.insert(-3, "mark")
        sides.insert(-3, "right")
    head += [answer.left_is, *(["free"] if beside else []), "liquidation", "distance", ""]
    sides += ["right"] * (3 + beside) + ["left"]
    table = screen.columns(*sides, header=tuple(head))
    first = [""] * (len(head) - 4 - beside)
    first[1] = "at the start"
    if moving:
        first[-4] = words.number(answer.before.mark_price)
    table.add_row(*first, *_standing(answer.before, beside=beside))
    for payment in _some(answer.payments):
        if payment is None:
            table.add_row("...", f"{len(answer.payments) - 2 * _SHOWN} more")
            continue
        table.add_row(*_row(answer, payment, several=several, moving=moving, beside=beside))
    return table


def _some(payments: tuple[Payment, ...]) -> Iterable[Payment | None]:
    """Return all payments, or of many the first and the last with None between."""
    if len(payments) <= _MOST_ROWS:
        return payments
    return (*payments[:_SHOWN], None, *payments[-_SHOWN:])


def _row(
    answer: FundingAnswer, payment: Payment, *, several: bool, moving: bool, beside: bool
) -> list[str | Text]:
    cells: list[str | Text] = [str(payment.number)]
    if several:
        cells.append(f"{payment.symbol} {payment.side}")
    cells.append(_span(payment.hours) if answer.start is None else payment.time or "")
    cells.append(words.exact_rate(payment.rate))
    if moving:
        cells.append(_figure(payment.after.mark_price))
    paid = Text("left out", "yellow") if payment.spared else Text(_figure(payment.amount))
    cells += [_figure(payment.notional), paid, _figure(payment.total)]
    return [*cells, *_standing(payment.after, beside=beside)]


def _standing(standing: Standing, *, beside: bool) -> list[str | Text]:
    cells: list[str | Text] = ["" if standing.left is None else _figure(standing.left)]
    if beside:
        cells.append("" if standing.free is None else _figure(standing.free))
    over = standing.status is Status.ALREADY_LIQUIDATABLE
    price = words.number(standing.liquidation_price)
    cells.append(Text(price, "bold red" if over else "bold"))
    cells.append("" if standing.distance_rate is None else words.rate(standing.distance_rate))
    cells.append(Text(words.SHORT_STATUS[standing.status], "red" if over else "dim"))
    return cells


def _figure(value: Decimal | None) -> str:
    return "" if value is None else words.short(value)


# What it comes to


def _sums(answer: FundingAnswer) -> Table:
    table = screen.columns("left", "left")
    table.add_row(screen.strong("total"), _total(answer))
    if len(answer.totals) > 1 or answer.totals.get(answer.settle) != answer.total:
        texts = (f"{_amount(total)} {settle}" for settle, total in answer.totals.items())
        table.add_row(screen.strong("all together"), ", ".join(texts))
    table.add_row(screen.strong("in this time"), _ended(answer))
    table.add_row(screen.strong("funding alone"), _run_out(answer))
    return table


def _amount(value: Decimal) -> str:
    return f"{'received' if value < 0 else 'paid'} {words.short(abs(value))}"


def _total(answer: FundingAnswer) -> str:
    count = len(_own(answer))
    share = words.exact_rate(abs(answer.total_rate)) if count < _MOST_ROWS else ""
    share = words.rate(abs(answer.total_rate)) if len(share) > len("0.000000%") else share
    times = "over the time held" if answer.continuous else f"in {count} payments"
    text = f"{_amount(answer.total)} {answer.settle} {times}"
    return f"{text}, {share} of the value at the start" if share else text


def _ended(answer: FundingAnswer) -> Text:
    if answer.ended is Ended.HELD:
        return Text(_moved(answer))
    if answer.ended is Ended.ALREADY:
        return Text("liquidatable at the mark before any payment", "bold red")
    if answer.ended is Ended.UNKNOWN or answer.end is None:
        return Text(f"liquidation cannot be determined: {answer.before.reason}", "yellow")
    end = answer.end
    when = f"on {end.time}" if end.time else f"after {_span(end.hours)}"
    what = f"{end.symbol} {end.side} is liquidated {when}"
    if answer.ended is Ended.BY_FUNDING:
        how = "by funding" if answer.continuous else f"by payment {end.payments}"
        return Text(f"{what} {how}, at the mark {words.number(end.mark_price)}", "bold red")
    paid = f"after {end.payments} payments" if not answer.continuous else "with what had accrued"
    text = f"{what} when the mark reaches {_figure(end.mark_price)}, {paid}"
    return Text(text, "bold red")


def _moved(answer: FundingAnswer) -> str:
    """Return how far the liquidation price has come."""
    before, after = answer.before.liquidation_price, answer.after.liquidation_price
    if before is None and after is None:
        return f"not liquidated; {words.SHORT_STATUS[answer.after.status]}"
    if before is None or after is None:
        return f"not liquidated; liquidation from {words.number(before)} to {words.number(after)}"
    if before == after:
        return f"not liquidated; the liquidation price stays {words.number(after)}"
    return f"not liquidated; liquidation from {words.number(before)} to {words.number(after)}"


def _run_out(answer: FundingAnswer) -> str:
    end = answer.run_out
    if end.hours is None:
        never = "cannot be told" if _unknown(answer) else "never liquidates it"
        at = "" if end.rate is None else f", at a rate of {words.rate(end.rate)}"
        return f"{never}: {end.reason}{at}"
    held = "unchanged mark"
    if end.rate is not None:
        mean = "mean rate" if len({p.rate for p in answer.payments}) > 1 else "rate"
        held = f"{mean} {words.rate(end.rate)}, {held}"
    own = (end.symbol, end.side) == (answer.symbol, answer.side)
    what = "liquidates" if own else f"liquidates {end.symbol} {end.side}"
    if end.payments is not None:
        what = f"payment {end.payments} {what},"
    at = f", on {end.time}" if end.time else ""
    return f"{what} after {_span(end.hours)}{at} ({held})"


def _unknown(answer: FundingAnswer) -> bool:
    return answer.ended is Ended.UNKNOWN or answer.before.left is None


def _hours(count: Decimal) -> str:
    return "hour" if count == 1 else f"{plain(count)} hours"


def _shown(hours: Decimal) -> Decimal:
    """Return a time as it is shown: to a few seconds."""
    return hours.quantize(_SECONDS)


def _span(hours: Decimal) -> str:
    """Return a time as days and hours."""
    hours = _shown(hours)
    if hours != hours.to_integral_value():
        return f"{plain(hours)} h" if hours < _DAY else f"{hours / _DAY:.1f} days"
    days, rest = divmod(int(hours), _DAY)
    if not days or (days == 1 and rest):
        return f"{plain(hours)} h"
    name = "day" if days == 1 else "days"
    return f"{days} {name} {rest} h" if rest else f"{days} {name}"
