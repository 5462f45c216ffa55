"""A comparison: a line for each contract, and below what differs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.comparison import Outcome
from liqcalc.engine.numbers import ONE, plain
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.comparison import ComparedPosition, Comparison

_HEADER = (
    *("exchange", "symbol", "liquidation", "distance", "maintenance", "fee", "max", "funding"),
    "evidence",
)
_SHORT_HEADER = (
    *("exchange", "symbol", "price", "away", "maint.", "fee", "max", "fund."),
    "evidence",
)
_COMFORTABLE, _NARROW = 108, 92
_SIDES = ("left", "left", *["right"] * 6, "left")
_SYMBOL = 1
_ANSWERED = (
    Outcome.LIQUIDATABLE_AT_PRICE,
    Outcome.CANNOT_BE_LIQUIDATED,
    Outcome.ALREADY_LIQUIDATABLE,
)
_WITHOUT = {
    Outcome.INDETERMINATE: "not determined",
    Outcome.REFUSED: "refused",
    Outcome.CLOSED: "closed",
    Outcome.NOT_COMPARABLE: "not comparable",
    Outcome.FAILED: "failed",
}
_PRICE_DIGITS = 8
_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")
_LARGE = 100_000
_MOST_DIGITS = 20
_LONGEST_REASON = 90
_WARNINGS = {
    "LQ301": "old tier table",
    "LQ302": "incomplete tier table",
    "LQ303": "size beyond the known rows",
    "LQ305": "leverage above the maximum",
    "LQ306": "tier not read itself",
    "LQ307": "not a multiple of the lot",
    "LQ403": "no tier table",
    "LQ404": "before the first known rules",
    "LQ405": "now closed",
}


def render(found: Comparison) -> str:
    """Return the comparison as text; JSON has all digits, warnings and assumptions."""
    return screen.draw(_parts(found))


def _parts(found: Comparison) -> Iterator[RenderableType]:
    yield screen.title(found.symbol, _headline(found))
    answered = [row for row in found.rows if row.outcome in _ANSWERED]
    others = [row for row in found.rows if row.outcome not in _ANSWERED]
    if answered:
        yield ""
        yield _figures(answered)
    if others:
        yield ""
        yield _reasons(others)
    yield ""
    yield _below(found, answered)


def _headline(found: Comparison) -> str:
    size = plain(found.qty) if found.qty is not None else f"worth {words.number(found.notional)}"
    parts = [f"{found.side} {size}", f"entry {plain(found.entry_price)}"]
    if found.mark_price != found.entry_price:
        parts.append(f"mark {plain(found.mark_price)}")
    parts.append(f"{found.margin_mode} {plain(found.leverage)}x")
    if found.wallet_balance is not None:
        parts.append(f"wallet {plain(found.wallet_balance)}")
    if found.as_of is not None:
        parts.append(f"as of {found.as_of}")
    return ", ".join(parts)


def _figures(rows: Iterable[ComparedPosition]) -> Table:
    room = screen.width()
    header = _SHORT_HEADER if room < _NARROW else _HEADER
    gap = 1 if room < _COMFORTABLE else screen.INDENT
    table = screen.columns(*_SIDES, header=header, wrap=_SYMBOL, gap=gap)
    for row in rows:
        table.add_row(
            screen.strong(row.exchange),
            row.symbol,
            _price(row),
            _distance(row.distance_rate),
            _money(row.maintenance_value),
            _money(row.fee_value),
            "" if row.max_leverage is None else f"{_short(row.max_leverage)}x",
            _interval(row.funding_interval_hours),
            screen.evidence(row.evidence or ""),
        )
    return table


def _interval(hours: Decimal | None) -> str:
    if hours is None:
        return ""
    return f"{plain(hours)} h" if hours else "always"


def _price(row: ComparedPosition) -> Text:
    if row.outcome is Outcome.ALREADY_LIQUIDATABLE:
        return Text(_short(row.liquidation_price) or "now", "bold red")
    return Text(_short(row.liquidation_price) or words.NONE)


def _distance(rate: Decimal | None) -> str:
    """Return a distance in percent, with the same decimals in every line."""
    if rate is None:
        return ""
    return f"{rate.scaleb(2):.2f}%" if abs(rate) < _LARGE else words.rate(rate)


def _short(value: Decimal | None) -> str:
    """Return a number with up to 8 digits; nothing if there is none."""
    if value is None:
        return ""
    extra = len(value.as_tuple().digits) - _PRICE_DIGITS
    if extra > 0 and value.adjusted() < _PRICE_DIGITS:
        value = value.quantize(Decimal((0, (1,), value.adjusted() - _PRICE_DIGITS + 1)))
    return plain(value)


def _money(value: Decimal | None) -> str:
    """Return an amount with two decimals, a small one with two digits, a large one whole."""
    if value is None:
        return words.NONE
    if value and abs(value) < _TENTH:
        step = Decimal((0, (1,), value.adjusted() - 1))
    else:
        step = _CENT if abs(value) < _LARGE else ONE
    return f"{value.quantize(step):f}" if value.adjusted() < _MOST_DIGITS else plain(value)


def _reasons(rows: Iterable[ComparedPosition]) -> Table:
    table = screen.columns("left", "left", "left", "left")
    for row in rows:
        code = f" ({row.code})" if row.code else ""
        why = row.reason if len(row.reason) < _LONGEST_REASON else row.reason.partition(": ")[0]
        status = Text(_WITHOUT[row.outcome], "yellow")
        table.add_row(screen.strong(row.exchange), row.symbol or "", status, why + code)
    return table


def _below(found: Comparison, answered: list[ComparedPosition]) -> Table:
    """Return what to know about single lines, each thing once."""
    table = screen.columns("left", "left")
    for row in answered:
        if row.liquidation_price is None and row.reason:
            table.add_row(screen.dim("safe"), f"{_name(row)}: {row.reason}")
    for code, names in _warnings(answered).items():
        what = _WARNINGS.get(code, "to be read")
        table.add_row(Text("warning", "yellow"), f"{what}: {', '.join(names)} ({code})")
    for text, names in _notes(answered).items():
        table.add_row(screen.dim("note"), screen.dim(f"{', '.join(names)}: {text}"))
    if any(row.product == "inverse" for row in answered):
        text = (
            "inverse contracts: face value = quantity x entry; coin amounts are valued at the mark"
        )
        table.add_row(screen.dim("note"), screen.dim(text))
    if found.not_listed:
        table.add_row(screen.dim("not listed"), screen.dim(", ".join(found.not_listed)))
    text = "the farthest from liquidation is first; money in quote; --json has all digits"
    table.add_row(screen.dim("order"), screen.dim(text))
    return table


def _name(row: ComparedPosition) -> str:
    return f"{row.exchange} {row.symbol}"


def _warnings(rows: Iterable[ComparedPosition]) -> dict[str, list[str]]:
    """Return the contracts that each warning is about, by its code."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for code in dict.fromkeys(note.code for note in row.warnings):
            found.setdefault(code, []).append(_name(row))
    return dict(sorted(found.items()))


def _notes(rows: Iterable[ComparedPosition]) -> dict[str, list[str]]:
    """Return the contracts that each remark is about."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for note in row.notes:
            found.setdefault(note.message, []).append(_name(row))
    return found
