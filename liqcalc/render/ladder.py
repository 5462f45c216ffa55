"""A ladder as a table: a line a step, and what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from liqcalc.engine.numbers import plain
from liqcalc.engine.steps import Action, FeeTo, FillAt, FillPrice
from liqcalc.render import derivation, notes, screen, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.ladder.answer import Ladder, LadderEnd, LadderRow

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
_DIGITS = 8
_CENT = Decimal("0.01")
_LARGE = 1_000_000
_DUST = Decimal("1e-9")
_COMFORTABLE = 104
_STEP = 2


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
        yield from _rows(answer, every=every)
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


def _rows(answer: Ladder, *, every: bool) -> Iterator[RenderableType]:
    """Yield the steps as one table, or on a narrow screen what is done and what it costs apart."""
    rows = answer.rows
    several = len({row.position for row in rows}) > 1
    paid = any(abs(row.closing.fund) > _DUST for row in rows)
    columns = list(_columns(answer, several=several, paid=paid))
    done = [column for column in columns if not column.of_money]
    cost = [column for column in columns if column.of_money or column is columns[0]]
    wide = screen.width() >= _COMFORTABLE
    shown = _shown(rows, every=every)
    gap = screen.INDENT if screen.width() > screen.WIDEST else 1
    for i, part in enumerate((columns,) if wide else (done, cost)):
        if i:
            yield ""
        sides = tuple(column.side for column in part)
        header = tuple(column.name for column in part)
        table = screen.columns(*sides, header=header, wrap=0 if i else _STEP, gap=gap)
        between = ["", "..."] if i else ["", "", f"... {len(rows) - len(shown) + 1} more (--all)"]
        for row in shown:
            cells = between if row is None else [column.cell(row) for column in part]
            table.add_row(*cells)
        yield table


class _Column(NamedTuple):
    """A column of the table of steps."""

    name: str
    side: str
    cell: Callable[[LadderRow], str | Text]
    of_money: bool = False


def _columns(answer: Ladder, *, several: bool, paid: bool) -> Iterator[_Column]:
    held = "account left" if answer.margin_mode == "cross" else "margin left"
    yield _Column("", "right", lambda row: screen.dim(str(row.number)))
    yield _Column("mark", "right", lambda row: price(row.mark_price))
    yield _Column("step", "left", lambda row: _what(row, several=several))
    yield _Column("closed", "right", lambda row: plain(row.closing.qty) if row.closing.qty else "")
    yield _Column("fill", "right", _fill)
    yield _Column("at", "left", lambda row: _AT[row.closing.at] if row.closing.at else "")
    yield _Column("realised", "right", _closed_money("pnl"), of_money=True)
    yield _Column("fee", "right", _closed_money("fee"), of_money=True)
    if paid:
        yield _Column("to fund", "right", _closed_money("fund"), of_money=True)
    yield _Column("left", "right", lambda row: plain(row.qty_left))
    yield _Column(held, "right", _held, of_money=True)
    yield _Column("tier", "right", lambda row: "" if row.tier is None else str(row.tier))
    yield _Column("next liq.", "right", _next)


def _fill(row: LadderRow) -> str:
    return "" if row.closing.price is None else price(row.closing.price)


def _held(row: LadderRow) -> str:
    return words.NONE if row.margin_left is None else money(row.margin_left)


def _closed_money(name: str) -> Callable[[LadderRow], str]:
    def cell(row: LadderRow) -> str:
        value: Decimal = getattr(row.closing, name)
        empty = not row.closing.qty or (name == "fund" and abs(value) < _DUST)
        return "" if empty else money(value)

    return cell


def _shown(rows: tuple[LadderRow, ...], *, every: bool) -> list[LadderRow | None]:
    """Return the rows to show; None stands for those between."""
    if every or len(rows) <= FIRST_ROWS + LAST_ROWS + 1:
        return list(rows)
    return [*rows[:FIRST_ROWS], None, *rows[-LAST_ROWS:]]


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
