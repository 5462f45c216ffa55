"""Funding on the screen: payments, their sum, when they end the position, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.funding.answer import Ended
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.funding_picture import picture
from liqcalc.render.funding_table import MOST_ROWS, payments, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.funding.answer import FundingAnswer, Payment

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
    yield payments(answer, moving=_moving(answer))
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
    held = f"for {span(answer.holding_hours)}" + (f" from {start}" if start else "")
    mark = "moves as given" if _moving(answer) else "stands still"
    table.add_row(screen.dim("held"), f"{held}; the mark {mark}")
    return table


def _moving(answer: FundingAnswer) -> bool:
    marks = {p.after.mark_price for p in _own(answer)}
    return not marks <= {answer.mark_price} or answer.ended is Ended.BY_PRICE


def _own(answer: FundingAnswer) -> list[Payment]:
    """Return the payments of the position that was asked about."""
    return [p for p in answer.payments if (p.symbol, p.side) == (answer.symbol, answer.side)]


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
    own = _own(answer)
    count = sum(1 for payment in own if not payment.spared)
    share = words.exact_rate(abs(answer.total_rate)) if count < MOST_ROWS else ""
    share = words.rate(abs(answer.total_rate)) if len(share) > len("0.000000%") else share
    times = "over the time held" if answer.continuous else f"in {count} payments"
    if count < len(own):
        times += f" ({len(own) - count} left out)"
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
    when = f"on {end.time}" if end.time else f"after {span(end.hours)}"
    what = f"{end.symbol} {end.side} is liquidated {when}"
    if answer.ended is Ended.BY_FUNDING:
        how = "by funding" if answer.continuous else f"by payment {end.payments}"
        return Text(f"{what} {how}, at the mark {words.number(end.mark_price)}", "bold red")
    paid = f"after {end.payments} payments" if not answer.continuous else "with what had accrued"
    text = f"{what} when the mark reaches {words.short(end.mark_price)}, {paid}"
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
    return f"{what} after {span(end.hours)}{at} ({held})"


def _unknown(answer: FundingAnswer) -> bool:
    return answer.ended is Ended.UNKNOWN or answer.before.left is None


def _hours(count: Decimal) -> str:
    return "hour" if count == 1 else f"{plain(count)} hours"
