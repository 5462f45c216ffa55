"""What an exchange does to a position from the trigger on: partial liquidation, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers import request
from liqcalc.answers.answer import Note
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.ladder import end
from liqcalc.answers.ladder.answer import Ladder
from liqcalc.answers.ladder.path import ONWARD, Journey, Way
from liqcalc.answers.ladder.steps import MOST_ROWS, Walk, liquidate, process_of
from liqcalc.engine.numbers import ZERO, exact, plain
from liqcalc.engine.steps import Fill, FillAt
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.ladder.answer import LadderRun
    from liqcalc.answers.request import Number
    from liqcalc.rules.sheet import Sheet

CODE = "LQ127"
AS_PUBLISHED = Fill()
_MOST_BPS = 10_000


def ladder(
    sheet: Mapping[str, Any] | Sheet,
    *,
    position: str | int | None = None,
    to: Number | None = None,
    path: Iterable[Number] | None = None,
    together: bool = False,
    jump: bool = False,
    fill: str = "process",
    slippage_bps: Number = 0,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Ladder:
    """Return what the exchange does to a position, step by step, and what is left.

    Args:
        sheet: an account sheet; the other positions are liquidated with it
            where they share what backs them.
        position: which one: its number, ``SYMBOL`` or ``SYMBOL:long``; not
            needed where there is one only.
        to: where the mark goes. By default it moves on against the position
            until nothing is left of it.
        path: several marks, one after another, instead of `to`.
        together: the prices of all other symbols move by the same share.
        jump: the mark leaps from point to point of `path` instead of moving
            straight: a gap.
        fill: where steps close: ``process`` (as the exchange's process says),
            ``trigger`` (at the mark) or ``bankruptcy``.
        slippage_bps: how much worse than the mark an order fills.
        exchanges: folders with exchanges of your own.
        today: ISO date of the answer; default: the computer's.

    Raises:
        InputError: everything that is wrong with what was given.
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    given = {"to": to, "path": path, "together": together, "jump": jump, "fill": fill}
    return ladder_of(case, case.index(position), {**given, "slippage_bps": slippage_bps})


def ladder_of(case: Case, i: int, given: Mapping[str, Any]) -> Ladder:
    """Return the ladder of position `i`; `given` holds `ladder`'s own inputs.

    Raises:
        InputError: everything that is wrong with `given`.
    """
    with exact():
        fill, way = request.together(lambda: _read_fill(given), lambda: _read_way(given))
        case = case.settled()
        run = run_ladder(case, i, fill, way)
        answer, process = case.answer.positions[i], process_of(case, i)
        trace = (*answer.trace, *end.steps(case, run))
        basis = Basis.of(
            answer,
            warnings=[*end.warnings(run), *_of(run, "LQ411"), *_cut_short(run)],
            assumptions=[*end.assumptions(case, run, process), *_of(run, "LQ410")],
            trace=trace,
        )
        rows = run.rows
        place = run.place(i)
        last = rows[-1].mark_price if rows else answer.mark_price
        if way.prices is not None:
            last = way.prices[-1]
        elif place is not None:
            last = run.left.position(place).mark_price
        return Ladder(
            exchange=answer.exchange,
            symbol=answer.symbol,
            side=answer.side,
            margin_mode=answer.margin_mode,
            product=answer.product,
            quote=answer.quote,
            settle=answer.settle,
            qty=answer.qty,
            entry_price=answer.entry_price,
            mark_price=answer.mark_price,
            last_price=last,
            leverage=answer.leverage,
            status=answer.status,
            liquidation_price=answer.liquidation_price,
            trigger_price=answer.trigger_price,
            rows=rows,
            end=end.end_of(case, i, run) if rows else None,
            after=tuple(end.what_follows(process)),
            fill=fill,
            path=way.prices,
            moved="all" if way.together else "symbol",
            process_from=None if process is None else process.from_,
            process_source=None if process is None else process.source,
            reason="" if rows else end.no_rows(case, i, process),
            basis=basis,
        )


def run_at_marks(case: Case, fill: Fill = AS_PUBLISHED) -> LadderRun:
    """Return what every exchange process that is due does at the marks of a case.

    Nothing is due if no position's condition holds: the rows are then empty.

    Args:
        case: a sheet at its marks, of any number of positions.
        fill: at which prices steps close.
    """
    with exact():
        walk = Walk(case, fill)
        liquidate(walk)
        return walk.run()


def run_ladder(case: Case, i: int, fill: Fill = AS_PUBLISHED, way: Way = ONWARD) -> LadderRun:
    """Return what is liquidated while the mark of position `i` goes its way.

    Args:
        case: a sheet of any number of positions.
        i: the position whose mark moves.
        fill: at which prices steps close.
        way: of the mark; by default on against the position until it is gone.
    """
    with exact():
        walk = Walk(case, fill)
        Journey(walk, i, way).follow()
        return walk.run()


def _of(run: LadderRun, code: str) -> list[Note]:
    return [note for note in run.notes if note.code == code]


def _cut_short(run: LadderRun) -> list[Note]:
    if len(run.rows) < MOST_ROWS:
        return []
    return [Note("LQ411", f"the ladder is cut after {MOST_ROWS} steps; give a nearer price")]


def _read_fill(given: Mapping[str, Any]) -> Fill:
    words = [str(word) for word in FillAt]
    word = given.get("fill") or "process"
    faults = []
    if word not in words:
        hint = nearest(str(word), words) or f"one of {', '.join(words)}"
        faults.append(Fault(CODE, "fill", f"is {word!r}, which is no way to fill", hint))
    try:
        number = request.read_numbers({"slippage_bps": given.get("slippage_bps")})["slippage_bps"]
    except InputError as error:
        raise InputError(*faults, *error.faults) from None
    slippage = ZERO if number is None else number
    if not 0 <= slippage < _MOST_BPS:
        hint = "basis points: 10 is 0.1%"
        message = f"is {plain(slippage)}, it must be from 0 to below {_MOST_BPS}"
        faults.append(Fault(CODE, "slippage_bps", message, hint))
    if faults:
        raise InputError(*faults)
    return Fill(FillAt(word), slippage)


def _read_way(given: Mapping[str, Any]) -> Way:
    to, path = given.get("to"), given.get("path")
    faults = []
    if to is not None and path is not None:
        faults.append(Fault(CODE, "path", "is given beside to", "give one of them"))
    if given.get("jump") and to is None and path is None:
        hint = "say where to: give to or path"
        faults.append(Fault(CODE, "jump", "is given without a price to leap to", hint))
    name = "path" if to is None else "to"
    prices = []
    for item in [to] if to is not None else path or []:
        try:
            price = request.read_numbers({name: item})[name]
        except InputError as error:
            faults += error.faults
            continue
        if price is None or price <= 0:
            faults.append(Fault(CODE, name, f"holds {item}, a price must be above 0"))
        else:
            prices.append(price)
    if path is not None and not prices and not faults:
        faults.append(Fault(CODE, "path", "holds no price", "give at least one"))
    if faults:
        raise InputError(*faults)
    found: tuple[Decimal, ...] | None = tuple(prices) or None
    return Way(found, together=bool(given.get("together")), jump=bool(given.get("jump")))
