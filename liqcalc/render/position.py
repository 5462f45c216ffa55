"""One position as a table of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.render import derivation, health, notes, screen, words
from liqcalc.render.health import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.health.answer import AccountHealth


def render(answer: PositionAnswer, found: AccountHealth, *, trace: bool) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        found: its levels, and how near liquidation is.
        trace: also the derivation.
    """
    return screen.draw(parts(answer, found, trace=trace))


def parts(answer: PositionAnswer, found: AccountHealth, *, trace: bool) -> Iterator[RenderableType]:
    """Yield the heading, the figures, the notes and the derivation."""
    yield screen.title(f"{answer.exchange} {answer.symbol}", words.headline(answer))
    yield ""
    yield _figures(answer, found)
    yield ""
    assumptions = (*answer.assumptions, *found.assumptions)
    yield notes.below(answer.warnings, assumptions, answer.provenance)
    if trace:
        yield from derivation.parts(answer)
        yield from health.derived(found, answer.provenance)


def _figures(answer: PositionAnswer, found: AccountHealth) -> Table:
    table = screen.columns("left", "right", "left", "left")
    nearness = health.nearness(found.positions[0], found.horizon_hours)
    groups = (_prices(answer), nearness, _money(answer), _ratio(answer, found), _tier(answer))
    for group in map(list, groups):
        if not group:
            continue
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
        rate = health.distance(answer.figures.get("distance_rate"))
        yield Row("distance from mark", rate, "", money)
    yield _row(answer, "bankruptcy price", "bankruptcy_price", answer.quote)
    for name, text in _LATER:
        if name == "margin_call_price" and answer.gauge.warnings:
            continue
        if answer.figures.get(name) is not None:
            yield _row(answer, name.replace("_", " "), name, answer.quote, text)


_LATER = (
    ("backstop_price", "second threshold: the backstop takes over"),
    ("margin_call_price", "the exchange warns"),
)


def _money(answer: PositionAnswer) -> Iterator[Row]:
    settle, figures = answer.settle, answer.figures
    yield _row(answer, "notional", "notional", settle)
    yield _row(answer, "initial margin", "initial_margin", settle)
    yield _row(answer, "maintenance margin", "maintenance_margin", settle, _rates(answer))
    if figures.get("margin") is not None:
        text = "set aside for this position, without profit"
        yield _row(answer, "margin", "margin", settle, text)
    if figures.get("unrealized_pnl"):
        yield _row(answer, "unrealized profit", "unrealized_pnl", settle)


def _rates(answer: PositionAnswer) -> str:
    mmr, deduction = answer.figures.get("mmr"), answer.figures.get("deduction")
    if mmr is None:
        return ""
    less = f", less {plain(deduction)}" if deduction else ""
    return f"{words.rate(mmr)} of the notional{less}"


def _ratio(answer: PositionAnswer, found: AccountHealth) -> Iterator[Row]:
    """Yield the ratio that the exchange displays, and its warning levels."""
    gauge, shown = answer.gauge, answer.figures.get("displayed_margin_ratio")
    ratio = answer.figures.get("margin_ratio")
    if shown is not None:
        yield Row(gauge.name, words.rate(shown), "", health.meaning(gauge))
    elif ratio is not None:
        yield Row("margin ratio", words.rate(ratio), "", "requirement / backing; 100% liquidates")
    else:
        yield Row(gauge.name, words.NONE, "", answer.reasons.get("margin_ratio", ""))
    yield from health.levels(found.positions[0])
    if gauge.not_published:
        yield Row("", "", "", gauge.not_published)


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
