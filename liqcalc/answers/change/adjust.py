"""What moves a liquidation price to where it is wanted: money, size, or leverage."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note, TraceStep
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.change.aim import read_aim
from liqcalc.answers.change.standing import standing
from liqcalc.answers.change.trades import is_isolated
from liqcalc.answers.change.ways import leverage_way, margin_way, quantity_way
from liqcalc.engine.numbers import ZERO, exact, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from liqcalc.answers.change.aim import Aim
    from liqcalc.answers.change.standing import Standing
    from liqcalc.answers.change.ways import Way
    from liqcalc.answers.request import Number
    from liqcalc.rules.sheet import Sheet


_NEAR = Decimal("1e-6")


class Adjustment(NamedTuple):
    """The ways to a wanted liquidation price.

    Attributes:
        exchange, symbol, side, margin_mode, quote, settle: of the position.
        size_unit: what its quantity counts: base coins, or the quote currency.
        wanted_price: where the condition shall first hold, or beyond.
        wanted_distance_rate: of that price from the mark.
        before: how the position stands.
        margin, quantity, leverage: each way alone.
        basis: warnings, assumptions, provenance and derivation.
    """

    exchange: str
    symbol: str
    side: str
    margin_mode: str
    quote: str
    settle: str
    size_unit: str
    wanted_price: Decimal
    wanted_distance_rate: Decimal
    before: Standing
    margin: Way
    quantity: Way
    leverage: Way
    basis: Basis

    @property
    def ways(self) -> tuple[Way, Way, Way]:
        """Return the three ways."""
        return self.margin, self.quantity, self.leverage

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        return {
            "exchange": self.exchange,
            "symbol": self.symbol,
            "side": self.side,
            "margin_mode": self.margin_mode,
            "quote": self.quote,
            "settle": self.settle,
            "size_unit": self.size_unit,
            "wanted_price": plain(self.wanted_price),
            "wanted_distance_rate": plain(self.wanted_distance_rate),
            "before": self.before.to_dict(),
            **{way.name: way.to_dict() for way in self.ways},
            **self.basis.to_dict(),
        }


def adjust(
    sheet: Mapping[str, Any] | Sheet,
    *,
    position: str | int | None = None,
    liquidation_price: Number | None = None,
    distance_rate: Number | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Adjustment:
    """Return what brings a position's liquidation to a price, each way alone.

    Formula:
        margin to add = -health(wanted price): what is required there, less
        profit there, less what backs the position; rounded up to a step of
        money. Below 0: free to remove.
        quantity: the least number of lots whose closing at the mark, profit
        and taker fee included, brings the end to the price; below 0: the most
        that may be added there. leverage: the largest setting.

    Args:
        sheet: as `evaluate` takes it.
        position: number, ``SYMBOL`` or ``SYMBOL:side``; None = the only one.
        liquidation_price: where the exchange's condition shall first hold.
        distance_rate: instead of it, the distance from the mark as a fraction.
        exchanges: folders of exchanges of your own.
        today: ISO date for the age of tables; default: the clock's.

    Raises:
        InputError: what is wrong with the sheet or the wanted price.

    >>> from liqcalc import position_sheet
    >>> sheet = position_sheet("binance", "BTCUSDT", "long", 1, entry_price=60000, leverage=20)
    >>> adjust(sheet, liquidation_price=50000, today="2026-11-22").margin.amount
    Decimal('7230.00')
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    i = case.index(position)
    return adjusted(case, i, read_aim(case, i, liquidation_price, distance_rate))


def adjusted(case: Case, i: int, aim: Aim) -> Adjustment:
    """Return the ways of position `i` to what is aimed at."""
    answer, position = case.answer.positions[i], case.position(i)
    with exact():
        now = case.settled()
        ways = _money(now, i, aim), quantity_way(now, i, aim), leverage_way(now, i, aim)
        mark = position.mark_price
        before = standing(now, i)
        notes = [*_printed_note(now, i), *(note for way in ways for note in way.notes)]
        wanted = TraceStep("inputs", "wanted price", "p", {}, aim.price)
        steps = [wanted, *(step for way in ways for step in way.steps)]
        return Adjustment(
            answer.exchange,
            answer.symbol,
            answer.side,
            answer.margin_mode,
            answer.quote,
            answer.settle,
            position.contract.base if position.contract.linear else answer.quote,
            aim.price,
            abs(mark - aim.price) / mark,
            before,
            *ways,
            Basis.of(answer, warnings=_refused(now, before, ways), assumptions=notes, trace=steps),
        )


def _money(case: Case, i: int, aim: Aim) -> Way:
    """Return the money to add; where the wallet is not known, what it must hold."""
    account = case.sheet.account
    given = (account.wallet_balance, account.equity, account.collateral)
    if is_isolated(case, i) or any(money is not None for money in given):
        return margin_way(case, i, aim)
    way = margin_way(case.with_account(wallet_balance=ZERO), i, aim)
    if way.amount is None:
        return margin_way(case, i, aim)
    return way._replace(reason="the wallet is not known: so much it must hold")


def _printed_note(case: Case, i: int) -> list[Note]:
    """Return what must be known where the exchange prints another price than it acts on."""
    answer = case.figures.positions[i]
    printed, end = answer.liquidation_price, case.ends(i).losing(case.sheet.positions[i].side)
    if printed is None or end is None or abs(printed - end) <= end * _NEAR:
        return []
    text = "the wanted price is where the condition truly holds; the exchange prints another"
    return [Note("LQ416", text)]


def _refused(case: Case, before: Standing, ways: Iterable[Way]) -> list[Note]:
    """Return what the exchange would refuse of a way, and does not now."""
    wallet, notes = case.sheet.account.wallet_balance, []
    for way in ways:
        told = () if way.after is None else way.after.warnings
        told = tuple(text for text in told if text not in before.warnings)
        if wallet is not None and way.put_in is not None and way.put_in > wallet:
            told += (f"{plain(way.put_in)} is more than the wallet's {plain(wallet)}",)
        notes += [Note("LQ417", f"{way.name}: {text}") for text in told]
    return notes
