"""Stops as tables: what comes first, what is lost, what a gap does."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.stops.order import Trigger
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.stops.fit import Furthest
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.answers.stops.question import StopAnswer
    from liqcalc.answers.stops.terms import StopTerms

VERDICT = {
    Verdict.FIRES_FIRST: ("fires first", "green"),
    Verdict.TOO_NEAR: ("too near", "yellow"),
    Verdict.LIQUIDATED_FIRST: ("liquidated first", "bold red"),
    Verdict.ALREADY_LIQUIDATABLE: ("liquidatable now", "bold red"),
    Verdict.INDETERMINATE: ("not determined", "yellow"),
}
_DIGITS = 8
_NOTHING = "-"


def render(answer: StopAnswer, *, trace: bool) -> str:
    """Return the answer as text; `trace` adds the derivation."""
    return screen.draw(_parts(answer, trace=trace))


def _parts(answer: StopAnswer, *, trace: bool) -> Iterator[RenderableType]:
    position, basis = answer.position, answer.basis
    yield screen.title(f"{position.exchange} {position.symbol}", words.headline(position))
    yield ""
    yield _head(answer)
    if answer.stops:
        yield ""
        yield _verdicts(answer)
        yield ""
        yield _losses(answer)
    if any(row.outcome.gapped for row in answer.stops):
        yield ""
        yield _gaps(answer)
    yield ""
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    for text in dict.fromkeys(row.outcome.liquidation_loss_is for row in answer.stops):
        yield screen.dim(f"if liquidated: {text}")
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _head(answer: StopAnswer) -> Table:
    table = screen.columns("left", "right", "left", "left")
    liquidation(table, answer.position)
    furthest(table, answer.position, answer.furthest)
    table.add_row("stops", "", "", screen.dim(terms_in_words(answer.terms)))
    if answer.funding is not None:
        table.add_row(*funding_row(answer.funding, answer.position.settle))
    return table


def liquidation(table: Table, position: PositionAnswer) -> None:
    """Add where the position is liquidated."""
    price = position.liquidation_price
    remark = words.STATUS[position.status]
    if price is None:
        reason = position.reasons.get("liquidation_price")
        remark = f"{remark}: {reason}" if reason else remark
    elif position.distance_rate is not None:
        remark = f"{words.rate(position.distance_rate)} from the mark"
    unit = "" if price is None else position.quote
    table.add_row("liquidation", screen.strong(words.number(price)), unit, screen.dim(remark))
    if position.trigger_price is not None:
        text = screen.dim("mark at which the condition truly holds; stops are judged by it")
        table.add_row("condition", words.number(position.trigger_price), position.quote, text)


def furthest(
    table: Table, position: PositionAnswer, found: Furthest, *, buffered: bool = False
) -> None:
    """Add the farthest stop that fires first; `buffered`: with its buffer."""
    if found.price is None:
        table.add_row("furthest stop", words.NONE, "", screen.dim(found.reason))
        return
    step = "tick" if found.step_known else f"step of {plain(found.step)}"
    beyond = "leaves less than the buffer" if buffered else "is too near"
    remark = f"{words.rate(found.distance_rate)} from the mark; one {step} further {beyond}"
    table.add_row(
        "furthest stop", screen.strong(plain(found.price)), position.quote, screen.dim(remark)
    )


def terms_in_words(terms: StopTerms) -> str:
    """Return how stops fire and fill."""
    text = "fire on the mark" if terms.trigger is Trigger.MARK else "fire on the last price"
    text += f", fill {plain(terms.slippage_bps)} bps beyond"
    if terms.trigger is Trigger.LAST:
        text += f"; the mark is then up to {words.rate(terms.basis)} beyond the last price"
    if terms.buffer:
        text += f"; liquidation another {words.rate(terms.buffer)} of the distance beyond"
    return text


def funding_row(funding: FundingCost, settle: str) -> tuple[str, str, str, Text]:
    """Return what is paid in funding until the stop."""
    text = (
        f"{shown(funding.intervals)} x {shown(funding.payment)} in {plain(funding.hours)} h "
        f"at {plain(funding.rate)} every {plain(funding.interval_hours)} h"
    )
    if funding.rate_hours != funding.interval_hours:
        text += f", a rate for {plain(funding.rate_hours)} h"
    return "funding", shown(funding.total), settle, screen.dim(text)


def verdict(found: Verdict, *, asked: bool = True) -> Text:
    """Return a verdict in its colour; one that was not asked about stands back."""
    text, style = VERDICT[found]
    return Text(text, style if asked else "dim")


def _verdicts(answer: StopAnswer) -> Table:
    header = ("stop", "away", "last price", "mark", "fill", "room", "of distance", "largest gap")
    table = screen.columns(*["right"] * 2, *["left"] * 2, *["right"] * 4, header=header, wrap=3)
    for row in answer.stops:
        outcome, asked = row.outcome, row.asked
        table.add_row(
            screen.strong(plain(outcome.stop.price)),
            words.rate(outcome.distance_rate),
            verdict(row.by_last.verdict, asked=asked is Trigger.LAST),
            verdict(row.by_mark.verdict, asked=asked is Trigger.MARK),
            shown(outcome.fill_price),
            shown(outcome.room),
            _rate(outcome.room_rate),
            _rate(outcome.largest_gap),
        )
    return table


def _losses(answer: StopAnswer) -> Table:
    unit = answer.position.settle
    header = (
        *(f"loss, {unit}", "price", "slippage", "fee to close", "fee to open", "funding"),
        *("total", "if liquidated"),
    )
    table = screen.columns(*["right"] * len(header), header=header, wrap=0)
    for row in answer.stops:
        outcome = row.outcome
        table.add_row(
            plain(outcome.stop.price),
            *(shown(part) for part in outcome.loss),
            screen.strong(shown(outcome.loss.total)),
            shown(outcome.liquidation_loss),
        )
    return table


def _gaps(answer: StopAnswer) -> Table:
    gap = answer.terms.gap
    header = ("stop", f"after a gap of {words.rate(gap)}", "fill", "comes first", "lost")
    sides = ("right", "right", "right", "left", "right")
    table = screen.columns(*sides, header=header, wrap=3)
    for row in answer.stops:
        found = row.outcome.gapped
        if found is not None:
            table.add_row(
                plain(row.outcome.stop.price),
                shown(found.price),
                shown(found.fill_price) if found.verdict is Verdict.FIRES_FIRST else _NOTHING,
                verdict(found.verdict),
                screen.strong(shown(found.lost)),
            )
    return table


def shown(value: Decimal | None) -> str:
    """Return a figure with up to 8 digits; JSON has them all."""
    if value is None:
        return _NOTHING
    extra = len(value.as_tuple().digits) - _DIGITS
    if value and extra > 0 and value.adjusted() < _DIGITS:
        value = value.quantize(Decimal((0, (1,), value.adjusted() - _DIGITS + 1)))
    return plain(value)


def _rate(value: Decimal | None) -> str:
    return _NOTHING if value is None else words.rate(value)


def table_rows(answer: StopAnswer) -> list[list[str]]:
    """Return the stops as rows of a file, names first, with all digits."""
    names = ["stop", "trigger", "verdict", "fill_price", "worst_mark", "liquidation_price"]
    names += ["room", "price_loss", "slippage_cost", "fee_to_close", "fee_to_open", "funding"]
    names += ["total", "liquidation_loss", "largest_gap", "gap_verdict", "gap_lost"]
    rows = [names]
    for row in answer.stops:
        for outcome in (row.by_mark, row.by_last):
            gapped = outcome.gapped
            values: list[Decimal | str | None] = [outcome.stop.price]
            values += [outcome.stop.trigger, outcome.verdict]
            values += [outcome.fill_price, outcome.worst_mark, outcome.liquidation_price]
            values += [outcome.room, *outcome.loss, outcome.loss.total]
            values += [outcome.liquidation_loss, outcome.largest_gap]
            values += [gapped.verdict, gapped.lost] if gapped else [None, None]
            rows.append([_cell(value) for value in values])
    return rows


def _cell(value: Decimal | str | None) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)
