"""The points of a grid: moves of every row's mark, or prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.answers.request import number_fault
from liqcalc.answers.stress.inputs import FLOOR, USUAL_MOVES, read_moves
from liqcalc.batch.fast.pairs import Pair
from liqcalc.engine.numbers import ONE
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns, Floats

CODE = "LQ131"


class Points(NamedTuple):
    """Prices of every row.

    Attributes:
        size: how many points.
        moves: of the marks; None where prices were given.
        exact: what the prices are: factors of the mark, or prices; one line for
            each symbol that has its own, else a single one.
        hi, lo: the same as pairs.
        line: of each row, which line; None if there is one.
    """

    size: int
    moves: tuple[Decimal, ...] | None
    exact: tuple[tuple[Decimal, ...], ...]
    hi: Floats
    lo: Floats
    line: NDArray[np.int64] | None

    def pair(self, rows: NDArray[np.int64], point: int) -> Pair:
        """Return factors or prices of some rows."""
        line = self.lines(rows)
        return Pair(self.hi[line, point], self.lo[line, point])

    def lines(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which line holds for some rows."""
        return np.zeros(len(rows), dtype=np.int64) if self.line is None else self.line[rows]

    def price(self, row: int, point: int, mark: Decimal) -> Decimal:
        """Return the price of a row, exactly."""
        number = self.exact[0 if self.line is None else int(self.line[row])][point]
        return number if self.moves is None else mark * number


def read_points(moves: Any, prices: Any, columns: Columns) -> Points:  # noqa: ANN401 - as typed
    """Return the points that were asked for.

    Args:
        moves: ``FROM:TO:STEP``, or fractions of each row's mark.
        prices: for every row, or lists by symbol, all of one length.
        columns: of the table.

    Raises:
        InputError: both, or what is no number, no price, or not for every symbol.
    """
    if moves is not None and prices is not None:
        raise InputError(Fault(CODE, "moves", "is given beside prices", "give one of them"))
    if prices is None:
        found = _moves(USUAL_MOVES if moves is None else moves)
        return _points([[max(FLOOR, ONE + move) for move in found]], None, tuple(found))
    if not isinstance(prices, Mapping):
        return _points([_prices(prices, "prices")], None, None)
    lists = {symbol: _prices(own, f"prices[{symbol!r}]") for symbol, own in prices.items()}
    if len({len(own) for own in lists.values()}) > 1:
        raise InputError(Fault(CODE, "prices", "has lists of different lengths"))
    symbol = columns.words["symbol"]
    used = [symbol.words[code] for code in np.unique(symbol.codes[symbol.codes >= 0]).tolist()]
    missing = [name for name in used if name not in lists]
    if missing:
        raise InputError(Fault(CODE, "prices", f"has none for {', '.join(missing[:5])}"))
    names = list(lists)
    places = [names.index(word) if word in lists else 0 for word in symbol.words]
    return _points(list(lists.values()), np.array([*places, 0])[symbol.codes], None)


def _points(
    numbers: list[list[Decimal]],
    line: NDArray[np.int64] | None,
    moves: tuple[Decimal, ...] | None,
) -> Points:
    pairs = [[Pair.of(number) for number in own] for own in numbers]
    hi = np.array([[pair.hi for pair in own] for own in pairs])
    lo = np.array([[pair.lo for pair in own] for own in pairs])
    return Points(hi.shape[1], moves, tuple(map(tuple, numbers)), hi, lo, line)


def _moves(given: Any) -> list[Decimal]:  # noqa: ANN401 - as typed
    if isinstance(given, str):
        return list(read_moves(given, "moves"))
    found = _numbers(given, "moves")
    low = [move for move in found if move <= -ONE]
    if low:
        message = f"{low[0]} would leave no price"
        raise InputError(Fault(CODE, "moves", message, "a move of -0.3 is a fall of 30%"))
    return found


def _prices(given: Any, where: str) -> list[Decimal]:  # noqa: ANN401 - as typed
    found = _numbers(given, where)
    if any(price <= 0 for price in found):
        raise InputError(Fault(CODE, where, "must be above 0"))
    return found


def _numbers(given: Any, where: str) -> list[Decimal]:  # noqa: ANN401 - as typed
    """Return numbers as they were meant.

    Raises:
        InputError: none, or what is no number.
    """
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    if not values:
        raise InputError(Fault(CODE, where, "is empty"))
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    texts = [repr(value) if isinstance(value, float) else value for value in plain]
    faults = [number_fault(f"{where}[{i}]", text) for i, text in enumerate(texts)]
    wrong = [fault._replace(code=CODE) for fault in faults if fault is not None]
    if wrong:
        raise InputError(*wrong)
    return [Decimal(text) for text in texts]
