"""Are the rows of each account together, so that a file can be read in parts?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liqcalc.batch.columns import Columns


class Grouped:
    """Refuses accounts with cross positions in two parts of a file.

    Parts whose accounts follow each other in order, as text or as numbers, are
    known to be apart. For others each account's hash is compared with those of
    all before: 8 bytes an account are kept. Two accounts with one hash would be
    refused though they differ, which sorting cures; none is ever split.

    Args:
        where: name of the file in messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._orders = (_Span(), _Span())
        self._hashes: list[NDArray[np.int64]] = []

    def add(self, columns: Columns, first_row: int) -> None:
        """Take in the next part of the file, which begins at row `first_row`."""
        accounts = _with_cross(columns)
        if not accounts:
            return
        lengths = [(len(name), name) for name in accounts]
        in_order = [
            self._orders[0].takes((0, min(accounts)), (0, max(accounts))),
            self._orders[1].takes(min(lengths), max(lengths)),
        ]
        hashes = np.array([hash(name) for name in accounts], dtype=np.int64)
        if not any(in_order):
            again = np.zeros(len(hashes), dtype=np.bool_)
            for earlier in self._hashes:
                at = np.minimum(np.searchsorted(earlier, hashes), len(earlier) - 1)
                again |= earlier[at] == hashes
            if again.any():
                raise self._split(columns, accounts[int(np.argmax(again))], first_row)
        self._hashes.append(np.sort(hashes))

    def _split(self, columns: Columns, account: str, first_row: int) -> InputError:
        column = columns.words["account_id"]
        at = next(i for i in range(columns.rows) if column.at(i) == account)
        message = f"the positions of account {account} are not together"
        hint = "sort the file by account_id: cross positions share their account's margin"
        return InputError(Fault("LQ128", f"{self._where}, row {first_row + at}", message, hint))


class _Span:
    """The first and the last of what was taken in."""

    def __init__(self) -> None:
        self._low: tuple[int, str] | None = None
        self._high: tuple[int, str] | None = None

    def takes(self, low: tuple[int, str], high: tuple[int, str]) -> bool:
        """Return True if everything from `low` to `high` lies outside; widen to hold it."""
        if self._low is None or self._high is None:
            self._low, self._high = low, high
            return True
        outside = low > self._high or high < self._low
        self._low, self._high = min(low, self._low), max(high, self._high)
        return outside


def _with_cross(columns: Columns) -> Sequence[str]:
    """Return the accounts that have cross positions."""
    accounts, modes = columns.words.get("account_id"), columns.words.get("margin_mode")
    if accounts is None or modes is None:
        return []
    cross = [code for code, word in enumerate(modes.words) if word != MarginMode.ISOLATED]
    codes = np.unique(accounts.codes[np.isin(modes.codes, cross)])
    return [accounts.words[code] for code in codes.tolist() if code >= 0]
