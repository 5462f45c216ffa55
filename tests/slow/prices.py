"""The prices at which a pool is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.slow.plain import ONE

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.plain import Position


@dataclass(frozen=True)
class Prices:
    """The marks, except those that are moved (by position index) and moved coin prices."""

    moved: dict[int, Decimal] = field(default_factory=dict)
    ratios: dict[str, Decimal] = field(default_factory=dict)

    def of(self, position: Position) -> Decimal:
        """Return the mark price of `position`."""
        return self.moved.get(position.index, position.mark_price)

    def ratio(self, asset: str) -> Decimal:
        """Return by which factor the price of a coin has moved."""
        return self.ratios.get(asset, ONE)


MARKS = Prices()
