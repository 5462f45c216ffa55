"""First steps as columns of results."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.columns import Coded, Results
from liqcalc.batch.ladders.exact import NOT_CHARGED
from liqcalc.batch.ladders.first import NUMBERS
from liqcalc.engine.solve import Status
from liqcalc.engine.steps import FillPrice
from liqcalc.engine.words import FeeRate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from liqcalc.batch.columns import Codes, Mask
    from liqcalc.batch.ladders.exact import Exact
    from liqcalc.batch.ladders.first import Block
    from liqcalc.batch.ladders.kinds import Kinds
    from liqcalc.rules.schema import Step

GONE = "gone"
_LEFT = (
    Status.CANNOT_BE_LIQUIDATED,
    Status.LIQUIDATABLE_AT_PRICE,
    Status.ALREADY_LIQUIDATABLE,
    GONE,
)
_PRINTED = {
    "trigger_price": "mark_price",
    "fees": "liquidation_fee",
}
"""Numbers whose names in a ladder's row are those of inputs here."""

_OF_STEP: dict[str, Callable[[Step], str]] = {
    "action": lambda step: str(step.action),
    "evidence": lambda step: str(step.evidence),
    "assumes": lambda step: step.assumes,
}


class Steps:
    """First steps on their way to results.

    Args:
        block: what columns have found.
        kinds: the process of each row.
        unknown: rows whose liquidation fee rate is not known.
    """

    def __init__(self, block: Block, kinds: Kinds, unknown: Mask) -> None:
        self.block = block
        steps = [step for process in kinds.processes for step in process.steps]
        counts = [len(process.steps) for process in kinds.processes]
        starts = np.array([0, *np.cumsum(counts)], dtype=np.int64)[:-1]
        starts = np.array([*starts, 0], dtype=np.int64)
        none = block.again | (block.step < 0)
        place = np.where(none, -1, starts[kinds.process] + block.step)
        self.words = {
            name: Words.of([of(step) or None for step in steps], place)
            for name, of in _OF_STEP.items()
        }
        fill = np.where(none, -1, block.at_bankruptcy)
        self.words["fill_at"] = Words.of([FillPrice.MARK, FillPrice.BANKRUPTCY], fill)
        left = np.where(none, -1, block.status)
        self.words["status_left"] = Words.of(_LEFT, left)
        missing = np.array([*(bool(step.fee_missing) for step in steps), False])
        by_rate = np.array([*(FeeRate.LIQUIDATION in step.fees for step in steps), False])
        self.uncharged = missing[place] | (by_rate[place] & unknown)
        self.tier = np.where(none, 0, block.tier).astype(np.int16)
        self.numbers = dict(zip(NUMBERS, block.numbers, strict=True))
        block.numbers[:, none] = nan
        self.reasons: dict[int, str] = {}

    def put(self, at: int, found: Exact) -> None:
        """Write what the exact question has found about a row."""
        row = found.row
        if row is None:
            self.reasons[at] = found.reason
            return
        shown = row.to_dict()
        for name, column in self.numbers.items():
            text = shown[_PRINTED.get(name, name)]
            column[at] = nan if text is None else float(text)
        self.words["status_left"].put(at, shown["status"] or GONE)
        for name in ("action", "evidence", "assumes", "fill_at"):
            self.words[name].put(at, shown[name] or None)
        self.tier[at] = row.tier or 0
        self.uncharged[at] = found.uncharged

    def results(self, found: Results, redone: int) -> Results:
        """Return the steps beside what was found about each position."""
        reason = Words(found.words["reason"].codes.copy(), list(found.words["reason"].words))
        for at, text in self.reasons.items():
            reason.put(at, text)
        order = ("action", "fill_at", "status_left", "evidence", "assumes")
        return Results(
            numbers={"liquidation_price": found.numbers["liquidation_price"], **self.numbers},
            whole={"tier_left": self.tier},
            words={
                "status": found.words["status"],
                **{name: self.words[name].coded() for name in order},
                "rule_set": found.words["rule_set"],
                "reason": reason.coded(),
                "warnings": self._warnings(found.words["warnings"]),
            },
            about={**found.about, "steps_redone": redone},
        )

    def _warnings(self, said: Coded) -> Coded:
        """Return the warnings with that about fees that are charged but not known."""
        words = Words(said.codes.copy(), list(said.words))
        for code in np.unique(said.codes[self.uncharged]).tolist():
            known = said.words[code].split() if code >= 0 else []
            text = " ".join(sorted({*known, NOT_CHARGED}))
            words.codes[self.uncharged & (said.codes == code)] = words.place(text)
        return words.coded()


class Words:
    """A column of words that is still written to."""

    def __init__(self, codes: Codes, words: list[str]) -> None:
        self.codes = codes
        self.words = words

    @classmethod
    def of(cls, texts: Sequence[str | None], place: Codes) -> Words:
        """Return the text at each row's place; none at -1."""
        used = np.bincount(place + 1, minlength=len(texts) + 1)[1:]
        kept = [
            str(text) if text and count else None for text, count in zip(texts, used, strict=True)
        ]
        words = list(dict.fromkeys(text for text in kept if text is not None))
        table = [-1 if text is None else words.index(text) for text in kept]
        return cls(np.array([*table, -1], dtype=np.int32)[place], words)

    def place(self, text: str) -> int:
        """Return the place of a word; a new one if it is not there yet."""
        if text not in self.words:
            self.words.append(text)
        return self.words.index(text)

    def put(self, at: int, text: str | None) -> None:
        """Write the word of a row."""
        self.codes[at] = -1 if text is None else self.place(text)

    def coded(self) -> Coded:
        """Return the column."""
        return Coded(self.codes, tuple(self.words))
