"""Columns of positions and of what was found about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.signedinteger[Any]]
    Mask = NDArray[np.bool_]

WORDS = (
    *("exchange", "symbol", "side", "margin_mode", "position_mode"),
    *("account_id", "as_of", "opened", "rules"),
)
"""Inputs that are words; days are ISO dates."""

NUMBERS = (
    *("qty", "contracts", "entry_price", "mark_price", "index_price", "leverage"),
    *("margin", "extra_margin", "funding_paid", "funding_rate", "accrued_fees"),
    *("wallet_balance", "taker", "liquidation_fee", "mmr", "deduction"),
    *("max_leverage", "risk_level"),
)
"""Inputs that are numbers, with the names and units of docs/sheet.md."""

TIMES = ("start",)
"""Inputs of some questions that are times, ISO 8601; words, too."""

CHOICES = ("trigger",)
"""Inputs of some questions that are words."""

NEEDED = ("exchange", "symbol", "side")

RESULTS = (
    *("liquidation_price", "status", "bankruptcy_price", "notional", "initial_margin"),
    *("maintenance_margin", "margin_ratio", "tier", "max_leverage", "rule_set"),
    *("reason", "warnings"),
)
"""What is found, in the order of its columns."""


class Coded(NamedTuple):
    """A column of words.

    Attributes:
        codes: a place in `words` for each row; -1 where there is none.
        words: each word once.
    """

    codes: Codes
    words: Sequence[str]

    def at(self, row: int) -> str | None:
        """Return the word of a row; None if it has none."""
        code = int(self.codes[row])
        return None if code < 0 else self.words[code]

    def texts(self) -> list[str | None]:
        """Return every row's word."""
        words = [*self.words, None]
        return [words[code] for code in self.codes.tolist()]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Coded:
        """Return texts as a column."""
        places: dict[str, int] = {}
        codes = [-1 if text is None else places.setdefault(text, len(places)) for text in texts]
        return cls(np.array(codes, dtype=np.int32), tuple(places))


@dataclass(slots=True)
class Columns:
    """Positions, one a row.

    Attributes:
        rows: how many.
        numbers: by name, NaN where a row gives none.
        words: by name.
        originals: by name, a row's number as it was given where a float does
            not hold all of its digits.
        inexact: rows with such a number; None if there is none.
        faults: what is wrong with a cell that could not be read; -1 = nothing.
    """

    rows: int
    numbers: dict[str, Floats] = field(default_factory=dict)
    words: dict[str, Coded] = field(default_factory=dict)
    originals: dict[str, Callable[[int], Decimal | None]] = field(default_factory=dict)
    inexact: Mask | None = None
    faults: Coded | None = None

    def number(self, name: str, row: int) -> Decimal | None:
        """Return a number as it was meant: the shortest decimal that is the float."""
        if name in self.originals:
            return self.originals[name](row)
        column = self.numbers.get(name)
        if column is None or np.isnan(value := column[row]):
            return None
        return Decimal(repr(float(value)))

    def word(self, name: str, row: int) -> str | None:
        """Return a word; None if the row gives none."""
        column = self.words.get(name)
        return None if column is None else column.at(row)


@dataclass(slots=True)
class Results:
    """What was found about each row, in the order of the rows.

    Attributes:
        numbers: by name; NaN where there is none.
        whole: by name, whole numbers; 0 where there is none.
        words: by name.
        about: what the codes of `words` stand for, as text for the reader.
    """

    numbers: dict[str, Floats] = field(default_factory=dict)
    whole: dict[str, NDArray[np.int16]] = field(default_factory=dict)
    words: dict[str, Coded] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
