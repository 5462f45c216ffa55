"""Each row's stop, and the mark that must be survived for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.answers.stops.order import Trigger, stop_faults
from liqcalc.answers.stops.terms import DEFAULTS, read_stops, read_terms
from liqcalc.batch.exactly import said
from liqcalc.errors import InputError
from liqcalc.rules.sheet import Side

if TYPE_CHECKING:
    from liqcalc.batch.columns import Columns, Floats, Mask

STOP = "stop_price"
INPUTS = (STOP, *DEFAULTS, "trigger")
"""What a row may give beside the position: the names of `safe_leverage`."""

CODE = "LQ122"
MISSING = f"{STOP} is missing ({CODE})"
_BELOW = {"slippage_bps": 1e4, "basis": 1.0, "buffer": 100.0, "holding_hours": 1e6}


class Needed(NamedTuple):
    """What must be survived.

    Attributes:
        mark: to reach without liquidation.
        size: of the numbers that it came from.
        wrong: the stop is not on the losing side of the mark.
        odd: to be looked at by the exact question.
    """

    mark: Floats
    size: Floats
    wrong: Mask
    odd: Mask


class Stops:
    """The stops of a table.

    Args:
        columns: with `INPUTS`.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        words = columns.words.get("trigger")
        known = [] if words is None else [*words.words, Trigger.LAST]
        self._by_mark = np.array([word == Trigger.MARK for word in known])
        self._odd = np.array([word not in set(Trigger) for word in known])

    def needed(self, part: slice, side: Floats, mark: Floats) -> Needed:
        """Return what the rows of a part must survive.

        Formula:
            that of `liqcalc.answers.stops.order.StopOrder.needed_mark`
        """
        price = self._number(STOP, part)
        terms = {name: self._number(name, part) for name in _BELOW}
        by_mark, odd = self._triggers(part)
        for name, below in _BELOW.items():
            odd = odd | ~((terms[name] >= 0) & (terms[name] < below))
        fill = price * (1.0 - side * terms["slippage_bps"] * 1e-4)
        worst = np.where(by_mark, fill, fill * (1.0 - side * terms["basis"]))
        distance = terms["buffer"] * np.abs(mark - price)
        wrong = ~(((mark - price) * side > 0) & (price > 0))
        return Needed(worst - side * distance, 2.0 * price + distance, wrong, odd)

    def _triggers(self, part: slice) -> tuple[Mask, Mask]:
        """Return where the mark fires the stop, and where it is not known what does."""
        words = self.columns.words.get("trigger")
        if words is None:
            return np.zeros(1, dtype=bool), np.zeros(1, dtype=bool)
        return self._by_mark[words.codes[part]], self._odd[words.codes[part]]

    def _number(self, name: str, part: slice) -> Floats:
        column = self.columns.numbers.get(name)
        default = float(DEFAULTS.get(name, "nan"))
        if column is None:
            return np.full(1, default)
        return np.where(np.isnan(column[part]), default, column[part])


def wrong_stop(columns: Columns, at: int) -> str:
    """Return what is wrong with the stop of a row, in the words of `safe_leverage`."""
    stop, mark = columns.number(STOP, at), columns.number("mark_price", at)
    mark = columns.number("entry_price", at) if mark is None else mark
    if stop is None or mark is None:
        return MISSING
    try:
        read_stops(stop, CODE)
    except InputError as error:
        return said(error)
    return said(InputError(*stop_faults(Side(str(columns.word("side", at))), mark, stop)))


def assumptions(columns: Columns) -> list[str]:
    """Return what is assumed of stops that do not say it, in the words of `safe_leverage`."""
    terms = read_terms({}, CODE, buffered=True)
    assumed = tuple(name for name in terms.assumed if _is_missing(columns, name))
    return [note.message for note in terms._replace(assumed=assumed).notes()]


def _is_missing(columns: Columns, name: str) -> bool:
    words, numbers = columns.words.get(name), columns.numbers.get(name)
    if words is not None:
        return bool((words.codes < 0).any())
    return numbers is None or bool(np.isnan(numbers).any())
