"""A whole sheet: positions, the account, the joint move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status
from liqcalc.render import derivation, notes, screen, words

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
    from liqcalc.rules.schema import Display

_ROWS = (
    ("equity", "equity"),
    ("wallet_balance", "wallet balance"),
    ("unrealized_pnl", "unrealized profit"),
    ("initial_margin", "initial margin"),
    ("maintenance_margin", "maintenance margin"),
    ("order_margin", "order margin"),
    ("available_balance", "available balance"),
)


def render(answer: AccountAnswer, display: Display, *, trace: bool) -> str:
    """Return the whole answer as text.

    Args:
        answer: what is shown.
        display: how the exchange names its margin ratio.
        trace: also the derivation of every position.
    """
    return screen.draw(_parts(answer, display, trace=trace))


def _parts(answer: AccountAnswer, display: Display, *, trace: bool) -> Iterator[RenderableType]:
    yield screen.title(answer.exchange, f"as of {answer.as_of}" if answer.as_of else "")
    yield ""
    yield _positions(answer)
    for pool in answer.pools:
        yield ""
        yield _account(pool, display)
    if answer.joint is not None:
        yield ""
        yield _joint(answer.joint)
    yield ""
    yield notes.below(answer.warnings, answer.assumptions, answer.provenance)
    if trace:
        for position in answer.positions:
            yield ""
            yield screen.title(f"{position.symbol} {position.side}", words.headline(position))
            yield from derivation.parts(position)


def _positions(answer: AccountAnswer) -> Table:
    header = ("position", "size", "entry", "mark", "liquidation", "distance", "")
    sides = ("left", "right", "right", "right", "right", "right", "left")
    table = screen.columns(*sides, header=header)
    for position in answer.positions:
        red = position.status is Status.ALREADY_LIQUIDATABLE
        table.add_row(
            f"{position.symbol} {position.side}",
            plain(position.qty),
            plain(position.entry_price),
            plain(position.mark_price),
            Text(words.number(position.liquidation_price), "bold red" if red else "bold"),
            words.rate(position.distance_rate),
            screen.dim(_remark(position)),
        )
    return table


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


def _account(pool: AccountFigures, display: Display) -> Table:
    table = screen.columns("left", "right", "left", "left")
    for name, label in _ROWS:
        value = pool.figures.get(name)
        reason = pool.reasons.get(name, "")
        unit = pool.currency if value is not None else ""
        table.add_row(label, words.number(value), unit, screen.dim("" if unit else reason))
    ratio = pool.figures.get("displayed_margin_ratio")
    reason = pool.reasons.get("displayed_margin_ratio", "")
    remark = display.meaning if ratio is not None else reason
    table.add_row(display.ratio, words.rate(ratio), "", screen.dim(remark))
    if pool.liquidatable:
        table.add_row("liquidatable", Text("yes", "bold red"), "", "")
    return table


def _joint(move: JointMove) -> Text:
    steps = [words.signed(step) for step in (move.down, move.up) if step is not None]
    if not steps:
        none = words.NONE
        if move.status is not Status.CANNOT_BE_LIQUIDATED:
            none = words.SHORT_STATUS[move.status] or none
        return Text.assemble("joint move  ", (none, "bold"), (f"  {move.reason}", "dim"))
    text = " or ".join(steps)
    note = "  of all prices together liquidates the account"
    return Text.assemble("joint move  ", (text, "bold"), (note, "dim"))
