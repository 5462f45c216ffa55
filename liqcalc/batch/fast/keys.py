"""Which plan, side and pool each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.batch.fast.plans import Key
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Coded, Columns
    from liqcalc.batch.fast.plans import Plans

    Places = NDArray[np.int32]

_DENSE = 1 << 22


class Keys(NamedTuple):
    """What the words of each row come to.

    Attributes:
        plan: place of its plan.
        side: +1 long, -1 short, 0 neither.
        cross: whether it shares a pool.
        account: code of its account; -1 for a pool of its own.
        irregular: rows that only the exact engine reads.
    """

    plan: Places
    side: NDArray[np.float64]
    cross: NDArray[np.bool_]
    account: Places
    irregular: NDArray[np.bool_]

    def of_shape(self, shape: int, plans: Plans) -> NDArray[np.int64]:
        """Return the rows whose plan has a shape."""
        wanted = np.array([plan.shape == shape for plan in plans.plans])
        return np.flatnonzero(wanted[self.plan])

    def whole_pools(self, rows: Iterable[int]) -> list[int]:
        """Return `rows` with every other row of their cross pools."""
        wanted = np.array(list(rows), dtype=np.int64)
        shared = wanted[self.cross[wanted] & (self.account[wanted] >= 0)]
        if not len(shared):
            return [int(row) for row in wanted]
        accounts = np.zeros(int(self.account.max()) + 1, dtype=bool)
        accounts[self.account[shared]] = True
        pools = np.flatnonzero(self.cross & (self.account >= 0) & accounts[self.account])
        return np.union1d(wanted, pools).tolist()


def keys_of(columns: Columns, plans: Plans) -> Keys:
    """Return plan, side and pool of each row."""
    rows = columns.rows
    nothing = np.full(rows, -1, dtype=np.int32)
    modes, mode_words = _lowered(columns.words.get("margin_mode"), ("isolated", "cross"), rows)
    modes = np.where(modes == -1, 0, modes)  # not given: isolated
    sides, _ = _lowered(columns.words.get("side"), ("long", "short"), rows)
    parts = [columns.words.get(name) for name in ("exchange", "symbol", "as_of", "rules")]
    sizes = [len(part.words) + 1 if part is not None else 1 for part in parts]
    codes = np.maximum(modes, 0).astype(np.int64)
    for part, size in zip(parts, sizes, strict=True):
        codes = codes * size + (part.codes + 1 if part is not None else 0)
    used, inverse = _distinct(codes, 2 * int(np.prod(sizes, dtype=float)))
    places = np.array([_place(code, parts, sizes, plans) for code in used.tolist()], dtype=np.int32)
    irregular = (modes < 0) | (sides < 0) | _given(columns, "position_mode", rows) | _given(columns, "opened", rows)
    account = columns.words.get("account_id")
    return Keys(
        plan=places[inverse] if rows else nothing,
        side=np.array([1.0, -1.0, 0.0])[sides],
        cross=modes == 1,
        account=nothing if account is None else account.codes,
        irregular=irregular,
    )


def _given(columns: Columns, name: str, rows: int) -> NDArray[np.bool_]:
    word = columns.words.get(name)
    return np.zeros(rows, dtype=bool) if word is None else word.codes >= 0


def _lowered(column: Coded | None, known: tuple[str, ...], rows: int) -> tuple[Places, int]:
    """Return the place of each row's word among the known ones; -1 not given, -2 another."""
    if column is None:
        return np.full(rows, -1, dtype=np.int32), 0
    places = [known.index(word) if word in known else -2 for word in column.words]
    return np.array([*places, -1], dtype=np.int32)[column.codes], 0


def _distinct(codes: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], Places]:
    """Return the distinct codes, and the place of each row's among them."""
    if most > _DENSE:
        used, inverse = np.unique(codes, return_inverse=True)
        return used, inverse.astype(np.int32)
    present = np.zeros(most, dtype=bool)
    present[codes] = True
    used = np.flatnonzero(present)
    place = np.zeros(most, dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used, place[codes]


def _place(code: int, parts: list[Coded | None], sizes: list[int], plans: Plans) -> int:
    words: list[str | None] = []
    for part, size in zip(parts[::-1], sizes[::-1], strict=True):
        code, at = divmod(code, size)
        words.append(part.words[at - 1] if part is not None and at else None)
    rules, as_of, symbol, exchange = words
    mode = MarginMode.CROSS if code else MarginMode.ISOLATED
    return plans.place(Key(str(exchange), str(symbol), mode, as_of, rules))
