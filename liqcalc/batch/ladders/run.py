"""First steps of a table's single positions: by shape and process, a block at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.fast.run import BLOCK
from liqcalc.batch.ladders.first import Block, first_steps, known
from liqcalc.batch.ladders.standing import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.run import Task
    from liqcalc.batch.ladders.kinds import Kinds


def run(task: Task, kinds: Kinds, wanted: Mask, wallet: Floats) -> Block:
    """Return what is found about the rows that are wanted; the others stay to be done.

    Args:
        task: the table.
        kinds: the process of each row.
        wanted: isolated positions, and those that have a wallet for themselves.
        wallet: behind each of the latter.
    """
    found = Block.empty(len(wanted))
    shape, process = task.shape[task.keys.plan], kinds.process
    doable = np.array([*map(known, kinds.processes), False])
    rows = np.flatnonzero(wanted & (shape >= 0) & doable[process])
    group = shape[rows].astype(np.int64) * len(doable) + process[rows]
    order = rows[np.argsort(group, kind="stable")]
    ends = np.cumsum(np.unique(group, return_counts=True)[1])[:-1]
    parts = [p[i : i + BLOCK] for p in np.split(order, ends) for i in range(0, len(p), BLOCK)]

    def block(part: NDArray[np.int64]) -> None:
        _block(task, kinds, part, wallet[part], found)

    if len(parts) <= 1:
        for part in parts:
            block(part)
        return found
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(block, parts):
            pass
    return found


def _block(task: Task, kinds: Kinds, rows: NDArray[np.int64], wallet: Floats, found: Block) -> None:
    """Find the first steps of rows of one shape and process."""
    shape = task.shapes[task.shape[task.keys.plan[rows[0]]]]
    process = kinds.processes[kinds.process[rows[0]]]
    numbers, side, terms = task.inputs(rows)
    with np.errstate(all="ignore"):
        block = first_steps(Kind(shape, task.book.table), process, numbers, side, terms, wallet)
    found.put(rows, block)
