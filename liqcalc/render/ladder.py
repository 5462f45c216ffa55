"""A ladder as a table: a line a step, and what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.steps import Action, FeeTo, FillAt, FillPrice
from liqcalc.render import derivation, notes, screen, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.ladder_answer import Ladder, LadderEnd, LadderRow

FIRST_ROWS, LAST_ROWS = 8, 3
_ACTION = {
    Action.CANCEL_ORDERS: "cancel orders",
    Action.NET_HEDGE: "net the hedge",
    Action.REDUCE: "reduce",
    Action.CLOSE: "close",
    Action.TAKE_OVER: "take over",
    Action.BACKSTOP: "backstop",
}
_AT = {
    FillPrice.MARK: "mark",
    FillPrice.BANKRUPTCY: "bankr.",
    FillPrice.FILLABLE: "limit",
    FillPrice.LIQUIDATOR: "liq'r",
}
_FILLS = {
    FillAt.PROCESS: "as the exchange's process says, orders in full",
    FillAt.TRIGGER: "at the mark, also what a fund takes over",
    FillAt.BANKRUPTCY: "at the bankruptcy price",
}
_HEADER = ("", "mark", "step", "closed", "fill", "at", "realised", "fee", "left", "margin left")
_SIDES = ("right", "right", "left", "right", "right", "left", *["right"] * 4)
_STEP = 2
_DIGITS = 8
_CENT = Decimal("0.01")
_LARGE = 1_000_000
_DUST = Decimal("1e-9")
_NARROW = 104


def render(answer: Ladder, *, trace: bool, every: bool) -> str:
    """Return the ladder as text.

    Args:
        answer: what is shown.
        trace: also the derivation.
        every: all rows of a long ladder.
    """
    return screen.draw(_parts(answer, trace=trace, every=every))


def _parts(answer: Ladder, *, trace: bool, every: bool) -> Iterator[RenderableType]:
    basis = answer.basis
    yield screen.title(f"{answer.exchange} {answer.symbol}", _headline(answer))
    yield ""
    yield _given(answer)
    if answer.rows:
        yield ""
        yield _rows(answer, every=every)
    if answer.end is not None:
        yield ""
        yield _end(answer, answer.end)
        if answer.after and not answer.end.qty_left:
            yield ""
            yield screen.title("then", "where an order does not fill, or the fund is short")
            yield _after(answer)
    yield ""
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _headline(answer: Ladder) -> str:
    parts = [f"{answer.side} {plain(answer.qty)}", f"entry {plain(answer.entry_price)}"]
    if answer.mark_price != answer.entry_price:
        parts.append(f"mark {plain(answer.mark_price)}")
    leverage = f" {plain(answer.leverage)}x" if answer.leverage is not None else ""
    return ", ".join([*parts, f"{answer.margin_mode}{leverage}"])


def _given(answer: Ladder) -> Table:
    table = screen.columns("left", "left")
    price = words.number(answer.liquidation_price)
    if answer.trigger_price is not None:
        price += f"; the condition holds from {words.short(answer.trigger_price)}"
    table.add_row("liquidation price", screen.strong(price))
    if answer.reason:
        table.add_row("no steps", answer.reason)
    table.add_row("the mark", _way(answer))
    fill = _FILLS[answer.fill.at]
    if answer.fill.slippage_bps:
        fill += f", orders {plain(answer.fill.slippage_bps)} basis points worse than the mark"
    table.add_row("steps fill", fill)
    if answer.process_source:
        text = f"{answer.process_source}, in force since {answer.process_from}"
        table.add_row("process", text)
    return table


def _way(answer: Ladder) -> str:
    if answer.path is None:
        return "moves on to where the position ends, until nothing is left of it"
    text = f"goes to {', then '.join(map(plain, answer.path))}"
    return text + (", all other prices by the same share" if answer.moved == "all" else "")


def _rows(answer: Ladder, *, every: bool) -> Table:
    rows = answer.rows
    several = len({row.position for row in rows}) > 1
    paid = any(abs(row.closing.fund) > _DUST for row in rows)
    header, sides = list(_HEADER), list(_SIDES)
    if paid:
        header.insert(8, "to fund")
        sides.insert(8, "right")
    if answer.margin_mode == "cross":
        header[-1] = "account left"
    header += ["tier", "next liq."]
    sides += ["right", "right"]
    gap = 1 if screen.width() < _NARROW else screen.INDENT
    table = screen.columns(*sides, header=tuple(header), wrap=_STEP, gap=gap)
    shown = _shown(rows, every=every)
    for row in shown:
        if row is None:
            table.add_row("", "", screen.dim(f"... {len(rows) - len(shown) + 1} more (--all)"))
        else:
            table.add_row(*_cells(row, several=several, paid=paid))
    return table


def _shown(rows: tuple[LadderRow, ...], *, every: bool) -> list[LadderRow | None]:
    """Return the rows to show; None stands for those between."""
    if every or len(rows) <= FIRST_ROWS + LAST_ROWS + 1:
        return list(rows)
    return [*rows[:FIRST_ROWS], None, *rows[-LAST_ROWS:]]


def _cells(row: LadderRow, *, several: bool, paid: bool) -> Iterator[str | Text]:
    closing = row.closing
    yield screen.dim(str(row.number))
    yield price(row.mark_price)
    yield _what(row, several=several)
    yield plain(closing.qty) if closing.qty else ""
    yield price(closing.price) if closing.price is not None else ""
    yield _AT[closing.at] if closing.at is not None else ""
    yield money(closing.pnl) if closing.qty else ""
    yield money(closing.fee) if closing.qty else ""
    if paid:
        yield money(closing.fund) if abs(closing.fund) > _DUST else ""
    yield plain(row.qty_left)
    yield words.NONE if row.margin_left is None else money(row.margin_left)
    yield "" if row.tier is None else str(row.tier)
    yield _next(row)


def _what(row: LadderRow, *, several: bool) -> Text:
    text = Text(_ACTION.get(row.action, str(row.action)))
    if row.orders:
        text.append(f" ({row.orders})")
    if several and not row.orders:
        text.append(f" {row.symbol} {row.side}")
    if row.evidence == "assumed":
        text.append(" assumed", "red")
    return text


def _next(row: LadderRow) -> str:
    if not row.qty_left:
        return ""
    if row.status == "already_liquidatable":
        return "at once"
    if row.next_liquidation_price is None:
        return words.NONE
    return price(row.next_liquidation_price)


def _end(answer: Ladder, end: LadderEnd) -> Table:
    table = screen.columns("left", "right", "left")
    unit, settle = answer.margin_mode == "isolated", answer.settle
    name = "margin" if unit else "cross account"
    if end.margin_before is not None:
        table.add_row(f"{name} before", money(end.margin_before), settle)
    table.add_row("realised", money(end.realized_pnl), settle)
    table.add_row("fees", money(-end.fees), settle + _receivers(answer))
    if abs(end.fund) > _DUST:
        took = "what the fund or vault takes" if end.fund > 0 else "what the fund or pool pays"
        table.add_row("fund", money(-end.fund), f"{settle}; {took}")
    if end.margin_after is not None:
        text = "backs what is left" if end.qty_left else "what the trader keeps"
        table.add_row(f"{name} after", screen.strong(money(end.margin_after)), f"{settle}; {text}")
    if end.qty_left:
        at = price(answer.last_price)
        table.add_row("position left", plain(end.qty_left), f"{answer.side} at mark {at}")
        table.add_row("unrealised", money(end.unrealized_pnl), f"{settle} at that mark")
    if end.owed:
        table.add_row("owed", money(end.owed), settle)
    if abs(end.fund_gain) > _DUST:
        gains = "gains" if end.fund_gain > 0 else "loses"
        text = f"{settle}; what the fund {gains} by selling its takeover at the mark"
        table.add_row("fund's sale", money(end.fund_gain), text)
    return table


def _receivers(answer: Ladder) -> str:
    """Return who gets the fees."""
    names = {
        FeeTo.EXCHANGE: "the exchange",
        FeeTo.FUND: "the insurance fund",
        FeeTo.POOL: "the pool",
    }
    got = dict.fromkeys(names[row.fee_to] for row in answer.rows if row.closing.fee)
    return f"; to {' and '.join(got)}" if got else ""


def _after(answer: Ladder) -> Table:
    """Return what the exchange does where fills or the fund do not suffice."""
    table = screen.columns("left", "left")
    for action, when, note in answer.after:
        text = when if not note else f"{when}: {note}"
        table.add_row(action.replace("_", " "), screen.dim(text))
    return table


def price(value: Decimal) -> str:
    """Return a price with up to 8 digits."""
    extra = len(value.as_tuple().digits) - _DIGITS
    if extra > 0 and value.adjusted() < _DIGITS:
        value = value.quantize(Decimal((0, (1,), value.adjusted() - _DIGITS + 1)))
    return plain(value)


def money(value: Decimal) -> str:
    """Return an amount with two decimals, a small one with four digits, a large one whole.

    >>> money(Decimal("1234.567")), money(Decimal("0.00123456")), money(Decimal("1e-20"))
    ('1234.57', '0.001235', '0')
    """
    if abs(value) < _DUST:
        return "0"
    if abs(value) < 1:
        return plain(value.quantize(Decimal((0, (1,), value.adjusted() - 3))))
    step = _CENT if abs(value) < _LARGE else Decimal(1)
    return f"{value.quantize(step):f}"
