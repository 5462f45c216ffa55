"""Which plan, side and pool each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.batch.fast.memory import room
from liqcalc.batch.fast.plans import Key
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Coded, Codes, Columns, Mask
    from liqcalc.batch.fast.plans import Plans

    Places = NDArray[np.int32]

_DENSE = 1 << 22
_CHUNK = 1 << 16
_SIGNS = {"long": np.int8(1), "short": np.int8(-1)}
_PARTS = ("exchange", "symbol", "as_of", "rules")


class Keys(NamedTuple):
    """What the words of each row come to.

    Attributes:
        plan: place of its plan.
        side: +1 long, -1 short, 0 neither.
        irregular: rows whose words only the exact engine reads; None if there is none.
        used: places of the plans that some row has.
    """

    plan: Places
    side: NDArray[np.int8]
    irregular: Mask | None
    used: list[int]


def keys_of(columns: Columns, plans: Plans) -> Keys:
    """Return plan and side of each row."""
    reader = _Reader(columns, plans)
    rows = columns.rows
    plan, side = room(rows, np.int32), room(rows, np.int8)
    irregular: Mask | None = None
    for start in range(0, rows, _CHUNK):
        part = slice(start, min(start + _CHUNK, rows))
        plan[part], side[part], odd = reader.read(part)
        if np.any(odd):
            irregular = np.zeros(rows, dtype=bool) if irregular is None else irregular
            irregular[part] = odd
    return Keys(plan, side, irregular, sorted(reader.used))


class _Reader:
    """Reads the words of a table a chunk at a time, each distinct combination once."""

    def __init__(self, columns: Columns, plans: Plans) -> None:
        self.plans = plans
        self.parts = [columns.words.get(name) for name in _PARTS]
        self.sizes = [1 if part is None else len(part.words) + 1 for part in self.parts]
        self.mode = columns.words.get("margin_mode")
        self.side = columns.words.get("side")
        self.others = [columns.words.get(name) for name in ("position_mode", "opened")]
        self.cells = [
            columns.inexact,
            None if columns.faults is None else columns.faults.codes >= 0,
        ]
        self.modes = _places(self.mode, ("isolated", "cross"), missing=0, unknown=2)
        words = () if self.side is None else self.side.words
        self.signs = [(code, _SIGNS[word]) for code, word in enumerate(words) if word in _SIGNS]
        self.used: set[int] = set()
        most = 3 * int(np.prod(self.sizes, dtype=float))
        self.known = np.full(most, -1, dtype=np.int32) if most <= _DENSE else None

    def read(self, part: slice) -> tuple[Places, NDArray[np.int8] | int, Mask | bool]:
        """Return plan, side and oddness of the rows of a chunk."""
        mode = _of(self.modes, self.mode, part)
        side = self._side(part)
        codes = np.asarray(mode, dtype=np.int64)
        for word, size in zip(self.parts, self.sizes, strict=True):
            if word is not None:
                codes = codes * size + (_codes(word, part) + 1)
        odd: Mask | bool = (mode == 2) | (side == 0)  # noqa: PLR2004 - another mode
        for word in self.others:
            if word is not None:
                odd |= _codes(word, part) >= 0
        for mask in self.cells:
            if mask is not None:
                odd |= mask[part]
        return self._plan(codes), side, odd

    def _side(self, part: slice) -> NDArray[np.int8]:
        if self.side is None:
            return np.int8(0)  # type: ignore[return-value]
        codes = _codes(self.side, part)
        found = np.zeros(np.shape(codes), dtype=np.int8)
        for code, sign in self.signs:
            found += sign * (codes == code).view(np.int8)
        return found

    def _plan(self, codes: NDArray[np.int64]) -> Places:
        if not codes.ndim:
            return np.int32(self._place(int(codes)))  # type: ignore[return-value]
        if self.known is None:
            used, inverse = np.unique(codes, return_inverse=True)
            return np.array([self._place(code) for code in used.tolist()], dtype=np.int32)[inverse]
        plan = self.known[codes]
        if (plan < 0).any():
            for code in np.unique(codes[plan < 0]).tolist():
                self.known[code] = self._place(code)
            plan = self.known[codes]
        return plan

    def _place(self, code: int) -> int:
        words: list[str | None] = []
        for part, size in zip(self.parts[::-1], self.sizes[::-1], strict=True):
            code, at = divmod(code, size) if part is not None else (code, 0)
            words.append(part.words[at - 1] if part is not None and at else None)
        rules, as_of, symbol, exchange = words
        mode = MarginMode.CROSS if code == 1 else MarginMode.ISOLATED
        plan = self.plans.place(Key(str(exchange), str(symbol), mode, as_of, rules))
        self.used.add(plan)
        return plan


def _places(column: Coded | None, known: Sequence[str], *, missing: int, unknown: int) -> Codes:
    """Return a table from codes to the place of their word; the last entry is for -1."""
    words = () if column is None else column.words
    places = [known.index(word) if word in known else unknown for word in words]
    return np.array([*places, missing], dtype=np.int32)


def _of(table: NDArray[Any], column: Coded | None, part: slice) -> NDArray[Any]:
    """Return what a table says of a chunk; one number where all rows are the same."""
    return table[-1] if column is None else table[_codes(column, part)]


def _codes(column: Coded, part: slice) -> Codes:
    """Return the codes of a chunk; a single one where all rows are the same."""
    codes = column.codes[part]
    first = codes[0]
    if codes[-1] == first and (codes == first).all():
        return first  # type: ignore[no-any-return]
    return codes
