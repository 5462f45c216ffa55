"""A whole sheet: positions, the account, the joint move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.render import derivation, health, notes, screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import (
        AccountAnswer,
        AccountFigures,
        JointMove,
        PositionAnswer,
    )
    from liqcalc.answers.health.answer import AccountHealth

_ROWS = (
    ("equity", "equity"),
    ("wallet_balance", "wallet balance"),
    ("unrealized_pnl", "unrealized profit"),
    ("initial_margin", "initial margin"),
    ("maintenance_margin", "maintenance margin"),
    ("order_margin", "order margin"),
    ("available_balance", "available balance"),
)


def render(answer: AccountAnswer, found: AccountHealth, *, trace: bool) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        found: its levels, and how near liquidation is.
        trace: also the derivation of every position.
    """
    return screen.draw(_parts(answer, found, trace=trace))


def _parts(answer: AccountAnswer, found: AccountHealth, *, trace: bool) -> Iterator[RenderableType]:
    yield screen.title(answer.exchange, f"as of {answer.as_of}" if answer.as_of else "")
    yield ""
    yield _positions(answer)
    yield from _meanings(answer)
    for pool in answer.pools:
        yield ""
        yield _account(pool)
    nearest = health.nearest(found)
    if nearest is not None or answer.joint is not None:
        yield ""
    if nearest is not None:
        yield nearest
    if answer.joint is not None:
        yield _joint(answer.joint)
    yield from _health(found)
    yield ""
    assumptions = (*answer.assumptions, *found.assumptions)
    yield notes.below(answer.warnings, assumptions, answer.provenance)
    if trace:
        for position in answer.positions:
            yield ""
            yield screen.title(f"{position.symbol} {position.side}", words.headline(position))
            yield from derivation.parts(position)
        yield from health.derived(found, answer.provenance)


def _meanings(answer: AccountAnswer) -> Iterator[RenderableType]:
    """Yield what the ratio of isolated positions is; that of a pool stands beside it."""
    gauges = {p.gauge: None for p in answer.positions if p.margin_mode == "isolated"}
    for gauge in gauges:
        yield ""
        yield screen.dim(f"{gauge.name} = {health.meaning(gauge)}")
        if gauge.not_published:
            yield screen.dim(gauge.not_published)


def _health(found: AccountHealth) -> Iterator[RenderableType]:
    levels = health.levels_table(found)
    if levels is not None:
        yield ""
        yield levels
    if found.measured:
        yield ""
        yield health.nearness_table(found)


def _positions(answer: AccountAnswer) -> Table:
    isolated = any(position.margin_mode == "isolated" for position in answer.positions)
    ratio = ["ratio"] if isolated else []
    header = ("position", "size", "entry", "mark", "liquidation", "distance", *ratio, "")
    table = screen.columns("left", *["right"] * (len(header) - 2), "left", header=header)
    for position in answer.positions:
        red = position.status is Status.ALREADY_LIQUIDATABLE
        table.add_row(
            f"{position.symbol} {position.side}",
            plain(position.qty),
            plain(position.entry_price),
            plain(position.mark_price),
            Text(words.number(position.liquidation_price), "bold red" if red else "bold"),
            health.distance(position.distance_rate),
            *([_own_ratio(position)] if isolated else []),
            screen.dim(_remark(position)),
        )
    return table


def _own_ratio(position: PositionAnswer) -> str:
    """Return the ratio of an isolated position; that of a pool stands below."""
    isolated = position.margin_mode == "isolated"
    return words.rate(position.displayed_margin_ratio) if isolated else ""


def _remark(position: PositionAnswer) -> str:
    short = words.SHORT_STATUS[position.status]
    reason = position.reasons.get("liquidation_price")
    told = {Status.INDETERMINATE, Status.CANNOT_BE_LIQUIDATED}
    if position.status in told and reason:
        return f"{short}: {reason}"
    parts = [position.margin_mode]
    if position.trigger_price is not None:
        parts.append(f"truly at {words.short(position.trigger_price)}")
    return ", ".join([short, *parts] if short else parts)


def _account(pool: AccountFigures) -> Table:
    table = screen.columns("left", "right", "left", "left")
    for name, label in _ROWS:
        value = pool.figures.get(name)
        reason = pool.reasons.get(name, "")
        unit = pool.currency if value is not None else ""
        table.add_row(label, words.number(value), unit, screen.dim("" if unit else reason))
    ratio = pool.figures.get("displayed_margin_ratio")
    reason = pool.reasons.get("displayed_margin_ratio", "")
    remark = health.meaning(pool.gauge) if ratio is not None else reason
    table.add_row(pool.gauge.name, words.rate(ratio), "", screen.dim(remark))
    if pool.gauge.not_published:
        table.add_row("", "", "", screen.dim(pool.gauge.not_published))
    if pool.liquidatable:
        table.add_row("liquidatable", Text("yes", "bold red"), "", "")
    return table


def _joint(move: JointMove) -> Text:
    text = health.moves(move.down, move.up)
    if not text:
        none = words.NONE
        if move.status is not Status.CANNOT_BE_LIQUIDATED:
            none = words.SHORT_STATUS[move.status] or none
        return Text.assemble("joint move  ", (none, "bold"), (f"  {move.reason}", "dim"))
    note = "  of all prices together liquidates the account"
    return Text.assemble("joint move  ", (text, "bold"), (note, "dim"))
