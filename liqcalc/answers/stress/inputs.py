"""The grid of moves and the betas of a stress, as they are typed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.request import number_fault
from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from liqcalc.answers.request import Number

USUAL_MOVES = "-0.3:0.3:0.05"
USUAL_PLANE = "-0.3:0.3:0.1"
MOST_POINTS = 401
MOST_CELLS = 2500
_HINT = "write FROM:TO:STEP such as -0.3:0.3:0.05, or moves such as -0.2,-0.1,0.1"
FLOOR = Decimal("0.0001")


def read_moves(given: str | Iterable[Number], where: str = "move") -> tuple[Decimal, ...]:
    """Return moves in ascending order, 0 among them.

    Args:
        given: ``FROM:TO:STEP``, moves separated by commas, or numbers.
        where: name of the input, for messages.

    Raises:
        InputError: no numbers, no end, or too many.

    >>> [str(move) for move in read_moves("-0.1:0.1:0.1")]
    ['-0.1', '0', '0.1']
    """
    if isinstance(given, str) and ":" in given:
        moves = _range(given, where)
    else:
        parts = given.split(",") if isinstance(given, str) else list(given)
        moves = [_move(part.strip() if isinstance(part, str) else part, where) for part in parts]
    found = sorted({ZERO, *moves})
    if len(found) > MOST_POINTS:
        message = f"holds {len(found)} moves, at most {MOST_POINTS} are taken"
        raise InputError(Fault("LQ126", where, message, "take a larger step"))
    low = [move for move in found if move <= -ONE]
    if low:
        message = f"{plain(low[0])} would leave no price"
        raise InputError(Fault("LQ126", where, message, "a move of -0.3 is a fall of 30%"))
    return tuple(found)


def read_move(given: Number, where: str) -> Decimal:
    """Return one move.

    Raises:
        InputError: no number, or a fall of everything.
    """
    move = _move(given, where)
    if move <= -ONE or not move:
        message = f"is {plain(move)}, not a move above -1 and other than 0"
        raise InputError(Fault("LQ126", where, message, "a move of -0.3 is a fall of 30%"))
    return move


def read_betas(
    given: Mapping[str, Number], symbols: Iterable[str], where: str = "beta"
) -> dict[str, Decimal]:
    """Return how far each symbol moves for a move of 1.

    Args:
        given: by symbol; others have 1.
        symbols: those of the sheet.
        where: name of the input, for messages.

    Raises:
        InputError: everything that is no number, or not a symbol of the sheet.
    """
    known = list(dict.fromkeys(symbols))
    betas = dict.fromkeys(known, ONE)
    faults = []
    for symbol, value in given.items():
        fault = number_fault(f"{where} {symbol}", value)
        if fault is not None:
            faults.append(fault._replace(code="LQ126"))
        elif symbol not in betas:
            faults.append(unknown_symbol(where, symbol, known))
        else:
            betas[symbol] = Decimal(value)
            if abs(betas[symbol]) > _LARGEST_BETA:
                message = f"{symbol} is {value}, a beta lies from -{_LARGEST_BETA} to"
                faults.append(Fault("LQ126", where, f"{message} {_LARGEST_BETA}"))
    if faults:
        raise InputError(*faults)
    return betas


_LARGEST_BETA = 100


def read_symbol(name: str | None, symbols: Iterable[str], where: str) -> str | None:
    """Return a symbol that was named.

    Raises:
        InputError: the sheet does not hold it.
    """
    known = list(dict.fromkeys(symbols))
    if name is None or name in known:
        return name
    raise InputError(unknown_symbol(where, name, known))


def unknown_symbol(where: str, name: str, known: list[str]) -> Fault:
    """Return what is wrong with a symbol that the sheet does not hold."""
    near = nearest(name, known) or f"it holds {', '.join(known)}"
    return Fault("LQ126", where, f"{name} is not a symbol of the sheet", near)


def _range(given: str, where: str) -> list[Decimal]:
    parts = given.split(":")
    if len(parts) != len(("from", "to", "step")):
        raise InputError(Fault("LQ126", where, f"is {given!r}, not FROM:TO:STEP", _HINT))
    start, stop, step = (_move(part.strip(), where) for part in parts)
    if step <= 0 or stop < start:
        message = f"is {given!r}, which has no end"
        raise InputError(Fault("LQ126", where, message, _HINT))
    count = int((stop - start) / step)
    if count >= MOST_POINTS:
        message = f"{given!r} holds {count + 1} moves, at most {MOST_POINTS} are taken"
        raise InputError(Fault("LQ126", where, message, "take a larger step"))
    return [start + step * at for at in range(count + 1)]


def _move(value: Number, where: str) -> Decimal:
    fault = number_fault(where, value)
    if fault is not None:
        hint = fault.hint if "fraction" in fault.hint else _HINT
        raise InputError(fault._replace(code="LQ126", hint=hint))
    return Decimal(value) + ZERO


class Line(NamedTuple):
    """The prices along a move: p = mark * (1 + beta*move), never below a ten-thousandth of it."""

    marks: Mapping[str, Decimal]
    betas: Mapping[str, Decimal]

    def at(self, move: Decimal) -> dict[str, Decimal]:
        """Return the price of each symbol after a move."""
        return {
            symbol: mark * max(FLOOR, ONE + self.betas[symbol] * move)
            for symbol, mark in self.marks.items()
        }

    def floored(self, move: Decimal) -> list[str]:
        """Return the symbols whose price is held at the floor."""
        return [symbol for symbol, beta in self.betas.items() if ONE + beta * move < FLOOR]

    def limit(self, way: int) -> Decimal | None:
        """Return the largest move before a price meets the floor; None if it never does."""
        falling = [abs(beta) for beta in self.betas.values() if beta * way < 0]
        return way * (ONE - FLOOR) / max(falling) if falling else None
