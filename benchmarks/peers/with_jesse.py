"""Runs inside jesse's environment: the liquidation price of its backtest positions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from benchmarks.peers.loop import Positions, main

if TYPE_CHECKING:
    from collections.abc import Callable


def measure(of: Positions) -> tuple[Callable[[], list[float | None]], int]:
    """Return a loop over the positions, and how many there are."""
    from jesse import helpers
    from jesse.models.Position import Position

    helpers.is_livetrading = lambda: False
    exchange = SimpleNamespace(type="futures", futures_leverage_mode="isolated", settings={})
    held = []
    for long, qty, entry, mark, leverage in zip(*of[:5], strict=True):
        position = Position()
        position.exchange = exchange
        position.strategy = SimpleNamespace(leverage=leverage)
        position.entry_price, position.current_price = entry, mark
        position.qty = qty if long else -qty
        held.append(position)
    return lambda: [position.liquidation_price for position in held], len(held)


if __name__ == "__main__":
    main(measure)
