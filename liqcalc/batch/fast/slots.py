"""Where a block of rows keeps its numbers between the steps of the compiled way.

A block is one array; a slot is a stretch of it, one number for each row.  That
all of a block lies in one array lets the compiler see that no two numbers
overlap, and do several rows with one instruction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from liqcalc.batch.fast.grid import Tick
from liqcalc.batch.fast.pairs import Pair

ROWS = 64
"""Rows of a block: few enough for its slots to stay in the processor's cache."""

STRIDE = ROWS + 8
"""From a slot to the next; a power of two would put all slots in the same lines of the cache."""

_PARTS = {"Pair": ("hi", "lo"), "Tick": Tick._fields, "Value": ("",)}


class Slots(NamedTuple):
    """The slots of a named tuple of pairs, steps and values.

    Attributes:
        first, width: which slots, and how many.
        load: (block, i) -> the tuple of row i.
        save: (block, i, tuple) -> None.
    """

    first: int
    width: int
    load: Any
    save: Any

    @property
    def after(self) -> int:
        """Return the first slot behind these."""
        return self.first + self.width


def slots_of(kind: Any, first: int) -> Slots:  # noqa: ANN401 - a class of named tuples
    """Return slots for `kind`, with functions that can be compiled.

    The functions are written out from the names of the fields, since compiled
    code cannot go through them.
    """
    slot = first
    loads, saves = [], []
    for name, reference in kind.__annotations__.items():
        annotation = reference.__forward_arg__
        places = [f"block[{(slot + j) * STRIDE} + i]" for j in range(len(_PARTS[annotation]))]
        slot += len(places)
        loads.append(places[0] if annotation == "Value" else f"{annotation}({', '.join(places)})")
        for place, part in zip(places, _PARTS[annotation], strict=True):
            saves.append(f"    {place} = value.{name}" + (f".{part}" if part else ""))
    source = f"def load(block, i):\n    return kind({', '.join(loads)})\n\n"
    source += "def save(block, i, value):\n" + "\n".join(saves)
    made: dict[str, Any] = {"kind": kind, "Pair": Pair, "Tick": Tick}
    exec(source, made)  # noqa: S102 - the text is ours
    return Slots(first, slot - first, made["load"], made["save"])


def load_of(kind: Any) -> Any:  # noqa: ANN401 - a class of named tuples
    """Return (table, line) -> `kind`, whose values stand side by side in a line of a table."""
    values = (f"table[line, {j}]" for j in range(len(kind._fields)))
    made: dict[str, Any] = {"kind": kind}
    exec(f"def load(table, line):\n    return kind({', '.join(values)})", made)  # noqa: S102
    return made["load"]
