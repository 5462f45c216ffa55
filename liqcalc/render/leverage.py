"""The largest safe leverage, and leverage against liquidation as a table."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.leverage.search import Binds
from liqcalc.answers.stops.outcome import Verdict
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.stop import funding_row, furthest, liquidation, shown, terms_in_words, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.leverage.answer import LeverageAnswer, LeverageRow

_LIMITS = {
    Binds.TIER: "the maximum at this size",
    Binds.CONTRACT: "the maximum of the contract",
    Binds.REPORTED: "the maximum that was given",
    Binds.SEARCH: "no maximum is known",
}


def render(answer: LeverageAnswer, *, trace: bool) -> str:
    """Return the answer as text; `trace` adds the derivation."""
    return screen.draw(_parts(answer, trace=trace))


def _parts(answer: LeverageAnswer, *, trace: bool) -> Iterator[RenderableType]:
    position, basis = answer.position, answer.basis
    yield screen.title(f"{position.exchange} {position.symbol}", words.headline(position))
    yield ""
    yield _head(answer)
    yield ""
    yield _table(answer)
    yield ""
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _head(answer: LeverageAnswer) -> Table:
    table = screen.columns("left", "right", "left", "left")
    position, outcome = answer.position, answer.outcome
    if outcome is not None:
        table.add_row(*_best(answer))
    if answer.needed is not None:
        table.add_row(*_needed(answer))
    liquidation(table, position)
    if outcome is not None:
        text = screen.dim(f"{words.rate(outcome.distance_rate)} from the mark")
        table.add_row("stop", plain(outcome.stop.price), position.quote, text)
        table.add_row(*_needed_mark(outcome.needed_mark, position.quote))
        lost = f"{shown(outcome.liquidation_loss)} {position.settle} if liquidated"
        total = shown(outcome.loss.total)
        table.add_row("loss at the stop", total, position.settle, screen.dim(lost))
    furthest(table, position, answer.furthest, buffered=bool(answer.terms.buffer))
    if answer.risk is not None:
        text = screen.dim(f"{plain(position.qty)} loses at most that at the stop")
        table.add_row("risk", shown(answer.risk), position.settle, text)
    if answer.funding is not None:
        table.add_row(*funding_row(answer.funding, position.settle))
    table.add_row("stops", "", "", screen.dim(terms_in_words(answer.terms)))
    return table


def _needed_mark(mark: Decimal, quote: str) -> tuple[str, str, str, Text]:
    if mark <= 0:
        text = "the buffer reaches below 0: no price may liquidate the position"
        return "needed mark", words.NONE, "", screen.dim(text)
    text = "the mark that must be survived, all terms below counted"
    return "needed mark", shown(mark), quote, screen.dim(text)


def _comes(answer: LeverageAnswer) -> str:
    """Return how liquidation stands to the stop one step above the answer."""
    above = {row.verdict for row in answer.rows if row.leverage == answer.above}
    return "lies too near" if Verdict.TOO_NEAR in above else "comes before"


def _best(answer: LeverageAnswer) -> tuple[str, Text, str, Text]:
    if answer.leverage is None or answer.above is None:
        return "safe leverage", Text(words.NONE, "bold red"), "", Text(answer.reason, "red")
    limit = f"{_LIMITS.get(answer.limit.of, '')}, {shown(answer.limit.leverage)}x"
    remark = limit
    if answer.binds is Binds.LIQUIDATION:
        remark = f"at {plain(answer.above)}x liquidation {_comes(answer)} the stop; {limit}"
    if not answer.moves:
        remark += "; leverage does not move liquidation here"
    if answer.least_opening is not None:
        remark += f"; {plain(answer.least_opening)}x or more opens it"
    return "safe leverage", Text(f"{plain(answer.leverage)}x", "bold green"), "", screen.dim(remark)


def _needed(answer: LeverageAnswer) -> tuple[str, str, str, Text]:
    settle, amount = answer.position.settle, answer.needed
    assert amount is not None  # noqa: S101 - the caller has looked
    cross = answer.position.margin_mode == "cross"
    if amount > 0:
        what = f"more margin at {_at(answer)}, for the stop to fire first"
        if cross:
            what = "more in the account, to open it and for the stop to fire first"
        return "needed", plain(amount), settle, screen.dim(what)
    text = "of the account could go before liquidation came first"
    return "to spare", plain(abs(amount)), settle, screen.dim(text)


def _at(answer: LeverageAnswer) -> str:
    leverage = answer.position.leverage
    return "this leverage" if leverage is None else f"{plain(leverage)}x"


def _table(answer: LeverageAnswer) -> Table:
    settle = answer.position.settle
    header = ("leverage", f"margin, {settle}", "liquidation", "away", "room", "comes first")
    table = screen.columns(*["right"] * 5, "left", header=header)
    for row in answer.rows:
        strong = row.leverage in {answer.leverage, answer.asked}
        name = f"{plain(row.leverage)}x"
        table.add_row(
            screen.strong(name) if strong else name,
            shown(row.margin),
            shown(row.liquidation_price),
            _rate(row.distance_rate),
            shown(row.room),
            _verdict(answer, row),
        )
    return table


def _verdict(answer: LeverageAnswer, row: LeverageRow) -> Text:
    text = Text("") if row.verdict is None else verdict(row.verdict).copy()
    for fails, what in (
        (not row.allowed, "above the maximum"),
        (not row.opens, "not enough free to open"),
    ):
        if fails:
            text.append(f"{', ' if text else ''}{what}", "yellow")
    if row.leverage == answer.leverage:
        text.append("  <- the largest safe", "bold")
    elif row.leverage == answer.asked:
        text.append("  <- as given", "dim")
    return text


def _rate(value: Decimal | None) -> str:
    return "-" if value is None else words.rate(value)


def table_rows(answer: LeverageAnswer) -> list[list[str]]:
    """Return leverage against liquidation as rows of a file, names first, with all digits."""
    rows = [list(answer.rows[0]._fields)]
    return rows + [[_cell(value) for value in row] for row in answer.rows]


def _cell(value: Decimal | str | bool | None) -> str:  # noqa: FBT001 - a cell of a file
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if isinstance(value, Decimal) else str(value)
