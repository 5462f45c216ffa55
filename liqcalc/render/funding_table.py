"""The payments as a table that fits the screen."""

from __future__ import annotations

from decimal import Context
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.engine.solve import Status
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from rich.table import Table

    from liqcalc.answers.funding.answer import FundingAnswer, Payment, Standing

MOST_ROWS = 24
_SHOWN = 8
_PRINTED = 14  # digits
_RATE = Context(prec=6)
_DAY = 24

Row = dict[str, Text]

_LEFT = ("position", "after", "time", "")
_FIRST_TO_GO = ("value", "total", "distance", "free", "rate", "#")


def payments(answer: FundingAnswer, *, moving: bool) -> Table:
    """Return the payments; on a narrow screen without what can be done without.

    Args:
        answer: whose.
        moving: the mark does not stand still.
    """
    rows = [{"after": Text("at the start")} | _standing(answer, answer.before)]
    for payment in _some(answer.payments):
        if payment is None:
            more = f"{len(answer.payments) - 2 * _SHOWN} more"
            rows.append({"#": Text("..."), "after": Text(more)})
        else:
            rows.append(_row(answer, payment))
    names = _fitting(rows, _names(answer, rows, moving=moving))
    sides = ("left" if name in _LEFT else "right" for name in names)
    heads = ("time" if name == "after" and answer.start else name for name in names)
    table = screen.columns(*sides, header=tuple(heads))
    for row in rows:
        table.add_row(*(row.get(name, "") for name in names))
    return table


def _names(answer: FundingAnswer, rows: list[Row], *, moving: bool) -> list[str]:
    """Return the columns that say something."""
    several = len({(p.symbol, p.side) for p in answer.payments}) > 1
    names = ["#", "position", "after", "rate", "mark", "value", "payment", "total"]
    names += [answer.left_is, "free", "liquidation", "distance", ""]
    hidden = {*(() if several else ("position",)), *(() if moving else ("mark",))}
    filled = {name for row in rows for name, cell in row.items() if cell.plain}
    return [name for name in names if name in filled - hidden]


def _fitting(rows: list[Row], names: list[str]) -> list[str]:
    """Return the columns that the screen has room for."""
    widths = {
        name: max(len(name), *(len(row[name].plain) for row in rows if name in row))
        for name in names
    }
    for name in _FIRST_TO_GO:
        room = sum(widths[kept] + screen.INDENT for kept in names) - screen.INDENT
        if room <= screen.width():
            break
        names = [kept for kept in names if kept != name]
    return names


def _some(payments: tuple[Payment, ...]) -> Iterable[Payment | None]:
    """Return all payments, or of many the first and the last with None between."""
    if len(payments) <= MOST_ROWS:
        return payments
    return (*payments[:_SHOWN], None, *payments[-_SHOWN:])


def _row(answer: FundingAnswer, payment: Payment) -> Row:
    spared = Text("left out", "yellow")
    cells = {
        "#": str(payment.number),
        "position": f"{payment.symbol} {payment.side}",
        "after": span(payment.hours) if answer.start is None else payment.time or "",
        "rate": words.exact_rate(_RATE.create_decimal(payment.rate)),
        "value": _figure(payment.notional),
        "payment": _figure(payment.amount),
        "total": _figure(payment.total),
    }
    row = {name: Text(text) for name, text in cells.items()} | _standing(answer, payment.after)
    return row | {"payment": spared} if payment.spared else row


def _standing(answer: FundingAnswer, standing: Standing) -> Row:
    over = standing.status is Status.ALREADY_LIQUIDATABLE
    near = standing.distance_rate
    return {
        "mark": Text(_figure(standing.mark_price)),
        answer.left_is: Text(_figure(standing.left)),
        "free": Text(_figure(standing.free)),
        "liquidation": Text(_price(standing.liquidation_price), "bold red" if over else "bold"),
        "distance": Text("" if near is None else words.rate(near)),
        "": Text(words.SHORT_STATUS[standing.status], "red" if over else "dim"),
    }


def _price(price: Decimal | None) -> str:
    """Return a price as the exchange prints it; one that it does not round with 12 digits."""
    if price is None or len(price.normalize().as_tuple().digits) <= _PRINTED:
        return words.number(price)
    return words.short(price)


def _figure(value: Decimal | None) -> str:
    return "" if value is None else words.short(value)


def span(hours: Decimal) -> str:
    """Return a time as days and hours, to a few seconds.

    >>> from decimal import Decimal
    >>> span(Decimal(60)), span(Decimal("0.25")), span(Decimal("60.5"))
    ('2 days 12 h', '0.25 h', '2.5 days')
    """
    hours = round(hours, 3)
    if hours != hours.to_integral_value():
        return f"{words.short(hours)} h" if hours < _DAY else f"{hours / _DAY:.1f} days"
    days, rest = divmod(int(hours), _DAY)
    if not days or (days == 1 and rest):
        return f"{int(hours)} h"
    name = "day" if days == 1 else "days"
    return f"{days} {name} {rest} h" if rest else f"{days} {name}"
