"""One position as a table of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.render import derivation, notes, screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.rules.schema import Display


class Row(NamedTuple):
    """One line: name, value, unit, and what there is to say about it."""

    name: str
    value: str = ""
    unit: str = ""
    remark: str = ""


def render(answer: PositionAnswer, display: Display, *, trace: bool) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        display: how the exchange names its margin ratio.
        trace: also the derivation.
    """
    return screen.draw(parts(answer, display, trace=trace))


def parts(answer: PositionAnswer, display: Display, *, trace: bool) -> Iterator[RenderableType]:
    """Yield the heading, the figures, the notes and the derivation."""
    yield screen.title(f"{answer.exchange} {answer.symbol}", words.headline(answer))
    yield ""
    yield _figures(answer, display)
    yield ""
    yield notes.below(answer.warnings, answer.assumptions, answer.provenance)
    if trace:
        yield from derivation.parts(answer)


def _figures(answer: PositionAnswer, display: Display) -> Table:
    table = screen.columns("left", "right", "left", "left")
    for group in (_prices(answer), _money(answer, display), _tier(answer)):
        if table.row_count:
            table.add_row("")
        for row in group:
            first = row.name == "liquidation price"
            value = Text(row.value, _style(answer, row) if first else "")
            table.add_row(row.name, value, row.unit, screen.dim(row.remark))
    return table


def _style(answer: PositionAnswer, row: Row) -> str:
    if answer.status is Status.ALREADY_LIQUIDATABLE:
        return "bold red"
    return "bold" if row.value != words.NONE else ""


def _prices(answer: PositionAnswer) -> Iterator[Row]:
    remark = words.STATUS[answer.status]
    reason = answer.reasons.get("liquidation_price")
    if answer.liquidation_price is None and reason:
        remark = f"{remark}: {reason}"
    yield _row(answer, "liquidation price", "liquidation_price", answer.quote, remark)
    if answer.trigger_price is not None:
        text = "first mark at which the condition truly holds"
        yield _row(answer, "trigger price", "trigger_price", answer.quote, text)
    if answer.liquidation_price is not None:
        money = f"{words.number(answer.figures.get('distance_money'))} {answer.settle}"
        rate = words.rate(answer.figures.get("distance_rate"))
        yield Row("distance from mark", rate, "", money)
    yield _row(answer, "bankruptcy price", "bankruptcy_price", answer.quote)
    for name, text in _LATER:
        if answer.figures.get(name) is not None:
            yield _row(answer, name.replace("_", " "), name, answer.quote, text)


_LATER = (
    ("backstop_price", "second threshold: the backstop takes over"),
    ("margin_call_price", "the exchange warns"),
)


def _money(answer: PositionAnswer, display: Display) -> Iterator[Row]:
    settle, figures = answer.settle, answer.figures
    yield _row(answer, "notional", "notional", settle)
    yield _row(answer, "initial margin", "initial_margin", settle)
    yield _row(answer, "maintenance margin", "maintenance_margin", settle, _rates(answer))
    if figures.get("margin") is not None:
        text = "set aside for this position, without profit"
        yield _row(answer, "margin", "margin", settle, text)
    if figures.get("unrealized_pnl"):
        yield _row(answer, "unrealized profit", "unrealized_pnl", settle)
    yield _ratio(answer, display)


def _rates(answer: PositionAnswer) -> str:
    mmr, deduction = answer.figures.get("mmr"), answer.figures.get("deduction")
    if mmr is None:
        return ""
    less = f", less {plain(deduction)}" if deduction else ""
    return f"{words.rate(mmr)} of the notional{less}"


def _ratio(answer: PositionAnswer, display: Display) -> Row:
    shown = answer.figures.get("displayed_margin_ratio")
    if shown is not None:
        return Row(display.ratio, words.rate(shown), "", display.meaning)
    ratio = answer.figures.get("margin_ratio")
    if ratio is not None:
        return Row("margin ratio", words.rate(ratio), "", "requirement / backing; 100% liquidates")
    return Row(display.ratio, words.NONE, "", answer.reasons.get("margin_ratio", ""))


def _tier(answer: PositionAnswer) -> Iterator[Row]:
    yield _row(answer, "tier", "tier", "", _range(answer))
    text = "" if answer.figures.get("max_leverage") is None else "at this size"
    yield _row(answer, "maximum leverage", "max_leverage", "", text)


def _range(answer: PositionAnswer) -> str:
    if answer.tier_range is None:
        return ""
    floor, cap = answer.tier_range
    if cap is None:
        return f"from {plain(floor)} {answer.tier_unit}"
    return f"{plain(floor)} to {plain(cap)} {answer.tier_unit}"


def _row(answer: PositionAnswer, name: str, figure: str, unit: str, remark: str = "") -> Row:
    value: Decimal | None = answer.figures.get(figure)
    if value is None:
        return Row(name, words.NONE, "", remark or answer.reasons.get(figure, ""))
    return Row(name, words.number(value), unit, remark)
