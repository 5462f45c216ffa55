"""Times a peer the way it is used: one call a position, in a plain loop."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 9


class Positions(NamedTuple):
    """Isolated positions in BTCUSDT of Binance, and the tiers that hold for them."""

    long: list[bool]
    qty: list[float]
    entry_price: list[float]
    mark_price: list[float]
    leverage: list[float]
    floors: list[float]
    rates: list[float]
    deductions: list[float]


def main(measure: Callable[[Positions], tuple[Callable[[], Sequence[float | None]], int]]) -> None:
    """Print as JSON how many positions a second a peer answers at its best; save its prices."""
    with np.load(sys.argv[1]) as arrays:
        positions = Positions(*(arrays[name].tolist() for name in Positions._fields))
    loop, rows = measure(positions)
    times = []
    gc.disable()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        prices = loop()
        times.append(time.perf_counter() - start)
    np.save(sys.argv[2], np.array([np.nan if p is None else p for p in prices], dtype=float))
    print(json.dumps({"rate": rows / min(times)}))
