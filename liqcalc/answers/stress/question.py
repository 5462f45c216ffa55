"""A sheet under a grid of moves, or along a path of prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note, Short, TraceStep
from liqcalc.answers.backing import needed_at
from liqcalc.answers.basis import Basis
from liqcalc.answers.case import Case
from liqcalc.answers.request import together
from liqcalc.answers.stress.answer import Stress
from liqcalc.answers.stress.ends import (
    causes_of,
    culprit_of,
    end_of,
    members_of,
    one_factor,
)
from liqcalc.answers.stress.inputs import (
    MOST_CELLS,
    USUAL_MOVES,
    USUAL_PLANE,
    Line,
    read_betas,
    read_move,
    read_moves,
    read_symbol,
)
from liqcalc.answers.stress.path import path_of_rows, read_path
from liqcalc.answers.stress.points import along, grid, plane
from liqcalc.answers.stress.process import read_fill
from liqcalc.answers.stress.repair import repairs_of
from liqcalc.answers.stress.units import marks_of, units_of
from liqcalc.engine.numbers import ZERO, exact
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.request import Number
    from liqcalc.answers.stress.answer import End, Point, Unit
    from liqcalc.answers.stress.path import PricePath
    from liqcalc.engine.steps import Fill
    from liqcalc.rules.sheet import Sheet


def stress(
    sheet: Mapping[str, Any] | Sheet,
    *,
    moves: str | Iterable[Number] | None = None,
    symbol: str | None = None,
    betas: Mapping[str, Number] | None = None,
    by: str | None = None,
    path: str | Iterable[Mapping[str, Any]] | None = None,
    survive: Number | None = None,
    fill: str = "process",
    slippage_bps: Number = 0,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Stress:
    """Return a sheet under a grid of price moves, or along a path of prices.

    Formula:
        price of a symbol = mark * (1 + beta*move); at these prices the sheet
        is evaluated as `liqcalc.evaluate` would; a unit (cross pool or isolated
        position) is liquidated at the first move at which its condition holds
        on the straight way from the marks.

    Args:
        sheet: as `liqcalc.evaluate` takes it.
        moves: ``FROM:TO:STEP``, moves separated by commas, or numbers; as
            fractions of the marks: -0.3 is a fall of 30%.
        symbol: only its price moves; default: all together.
        betas: by symbol, how far it moves for a move of 1; default 1.
        by: a plane of this symbol's moves against those of all others.
        path: instead of moves: text of CSV or JSON, or mappings with time and
            prices, as docs/questions/stress.md describes.
        survive: a move; the least cash or the least to close so that the
            account survives it is found.
        fill: where the exchange's liquidation steps close: ``process`` (as it
            says), ``trigger`` (at the mark) or ``bankruptcy``.
        slippage_bps: how much worse than the mark they fill on the market.
        exchanges: folders of exchanges of your own.
        today: ISO date, against which the age of tier tables is counted.

    Raises:
        InputError: everything that cannot be used.

    >>> sheet = {"exchange": "binance", "as_of": "2026-10-01", "positions": [
    ...     {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000",
    ...      "leverage": "20"}]}
    >>> answer = stress(sheet, moves="-0.1,-0.04")
    >>> [(str(point.move), point.liquidated) for point in answer.points]
    [('-0.1', ('BTCUSDT:long',)), ('-0.04', ()), ('0', ())]
    """
    case = Case.of(sheet, exchanges=exchanges, today=today)
    return stress_case(
        case,
        moves=moves,
        symbol=symbol,
        betas=betas,
        by=by,
        path=path,
        survive=survive,
        fill=fill,
        slippage_bps=slippage_bps,
    )


def stress_case(
    case: Case,
    *,
    moves: str | Iterable[Number] | None = None,
    symbol: str | None = None,
    betas: Mapping[str, Number] | None = None,
    by: str | None = None,
    path: str | Iterable[Mapping[str, Any]] | None = None,
    survive: Number | None = None,
    fill: str = "process",
    slippage_bps: Number = 0,
    where: str = "path",
) -> Stress:
    """Return what `stress` does, of a case.

    Args:
        case: the sheet.
        moves: as `stress` takes them, like the next seven.
        symbol: the only one that moves.
        betas: by symbol.
        by: the symbol of a plane's other side.
        path: text or mappings.
        survive: a move.
        fill: where liquidation steps close.
        slippage_bps: of those on the market.
        where: name of the path, for messages.

    Raises:
        InputError: everything that cannot be used.
    """
    with exact():
        _check_together(moves=moves, symbol=symbol, by=by, path=path)
        held = [row.symbol for row in case.sheet.positions]
        if not held:
            message = "the sheet holds no position"
            raise InputError(Fault("LQ119", "positions", message))
        given_moves = moves if moves is not None else (USUAL_PLANE if by else USUAL_MOVES)
        grid_moves, alone, beside, factors, wanted, walked, fills = together(
            lambda: read_moves(given_moves),
            lambda: read_symbol(symbol, held, "symbol"),
            lambda: read_symbol(by, held, "by"),
            lambda: read_betas(betas or {}, held),
            lambda: None if survive is None else read_move(survive, "survive"),
            lambda: _read_path(path, held, where),
            lambda: read_fill(fill, slippage_bps),
        )
        if alone is not None:
            factors = {name: beta if name == alone else ZERO for name, beta in factors.items()}
        start = _at_one_mark(case.settled())
        line = Line(marks_of(start), factors)
        units = units_of(start)
        asked = _Asked(grid_moves, alone, beside, wanted, walked, fills)
        points = _points(start, line, units, asked)
        return _answer(case, start, line, units, points, asked)


class _Asked(NamedTuple):
    """What was asked for, as it was read."""

    moves: tuple[Decimal, ...]
    symbol: str | None
    by: str | None
    survive: Decimal | None
    path: PricePath | None
    fill: Fill


def _check_together(**given: Any) -> None:  # noqa: ANN401 - options of `stress`
    apart = [("path", "moves"), ("path", "symbol"), ("path", "by"), ("symbol", "by")]
    faults = [
        Fault("LQ126", one, f"is given beside {other}", "give one or the other")
        for one, other in apart
        if given[one] is not None and given[other] is not None
    ]
    if faults:
        raise InputError(*faults)


def _read_path(path: Any, held: list[str], where: str) -> PricePath | None:  # noqa: ANN401
    if path is None:
        return None
    return read_path(path, held, where) if isinstance(path, str) else path_of_rows(path, held)


def _at_one_mark(case: Case) -> Case:
    """Return the case with one mark a symbol."""
    marks = marks_of(case)
    answers = case.figures.positions
    if all(answer.mark_price == marks[answer.symbol] for answer in answers):
        return case
    return case.at(marks).settled()


def _points(case: Case, line: Line, units: tuple[Unit, ...], asked: _Asked) -> tuple[Point, ...]:
    moves, fill = asked.moves, asked.fill
    if asked.path is not None:
        return along(case, units, asked.path, fill)
    if asked.by is None:
        return grid(case, line, units, moves, fill)
    if len(moves) ** 2 > MOST_CELLS:
        message = f"makes {len(moves) ** 2} points, at most {MOST_CELLS} are taken"
        raise InputError(Fault("LQ126", "move", message, "take a larger step"))
    return plane(case, line, units, moves, asked.by, fill)


def _answer(
    given: Case,
    case: Case,
    line: Line,
    units: tuple[Unit, ...],
    points: tuple[Point, ...],
    asked: _Asked,
) -> Stress:
    ends = tuple(end_of(case, line, unit) for unit in units)
    causes = tuple(
        cause
        for unit, end in zip(units, ends, strict=True)
        for cause in causes_of(case, line, unit, end)
    )
    weakest = min(
        (end for end in ends if end.nearest is not None),
        key=lambda end: abs(end.nearest or ZERO),
        default=None,
    )
    culprit = None
    if weakest is not None and weakest.nearest is not None:
        unit = next(unit for unit in units if unit.name == weakest.unit)
        culprit = culprit_of(unit, causes, weakest.nearest)
    whole = given.answer
    events = [event for point in points for event in point.liquidations]
    told = [note for event in events for note in event.assumptions]
    notes = _distinct([*whole.assumptions, *told, *_notes(given, line, points, asked.path)])
    warned = [*whole.warnings, *(note for event in events for note in event.warnings)]
    return Stress(
        exchange=whole.exchange,
        as_of=whole.as_of,
        kind="path" if asked.path else "plane" if asked.by else "grid",
        symbol=asked.symbol,
        by=asked.by,
        betas=line.betas,
        fill=asked.fill,
        units=units,
        points=points,
        ends=ends,
        weakest=weakest.unit if weakest else None,
        causes=causes,
        culprit=culprit,
        repairs=None if asked.survive is None else repairs_of(case, line, units, asked.survive),
        basis=Basis(
            _distinct(warned),
            notes,
            whole.provenance,
            _trace(case, line, units, weakest),
        ),
    )


def _distinct(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(notes))


def _notes(
    case: Case, line: Line, points: tuple[Point, ...], path: PricePath | None
) -> Iterator[Note]:
    """Yield what was taken for granted."""
    marks = line.marks
    rows = zip(case.sheet.positions, case.figures.positions, strict=True)
    if any(answer.mark_price != marks[row.symbol] for row, answer in rows):
        yield Note("LQ418", "positions of one symbol had several marks: the first is taken for all")
    text = "funding, borrowing interest and new orders on the way are not counted"
    yield Note("LQ418", text)
    if path is not None:
        yield Note("LQ418", "between two rows of the path prices move straight, all at once")
        if path.others:
            text = f"the path has {', '.join(path.others)}, which the sheet does not hold: left out"
            yield Note("LQ418", text)
        if path.still:
            text = f"the path has no price of {', '.join(path.still)}: held at the mark"
            yield Note("LQ418", text)
        return
    low = [point.move for point in points if point.move is not None]
    floored = sorted({symbol for move in low for symbol in line.floored(move)})
    if floored:
        text = f"prices of {', '.join(floored)} are held at a ten-thousandth of their marks"
        yield Note("LQ418", text)
    if not all(one_factor(case, line, members_of(case, unit)) for unit in units_of(case)):
        text = "where prices move by different factors, the first end is looked for in equal parts"
        yield Note("LQ418", f"{text} of the way, then halved to 22 digits")


def _trace(
    case: Case, line: Line, units: tuple[Unit, ...], weakest: End | None
) -> tuple[TraceStep, ...]:
    """Return the prices at the nearest end, and the health of its unit there."""
    if weakest is None or weakest.nearest is None:
        return ()
    move = weakest.nearest
    steps = []
    for symbol, price in line.at(move).items():
        numbers = {"mark": line.marks[symbol], "beta": line.betas[symbol], "move": Short(move)}
        name = f"price of {symbol}"
        steps.append(TraceStep("inputs", name, "mark*(1 + beta*move)", numbers, Short(price)))
    there = case.at(line.at(move))
    unit = next(unit for unit in units if unit.name == weakest.unit)
    i = members_of(there, unit)[0]
    needed = needed_at(there, i, there.position(i).mark_price)
    return (*steps, *(needed.steps if needed else ()))
