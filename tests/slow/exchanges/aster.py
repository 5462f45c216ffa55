"""Aster (order book), from the facts on other decentralised exchanges.

The facts say: use Binance's linear formulas with Aster's own brackets. So everything is as at
Binance, the cut entry price and the printed digits too; no figure of Aster's own has shown them.
Only the margin at opening is what the facts name, value / leverage: nothing says that the opening
fee leaves it. What an order costs is not told either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.exchanges.binance import Binance
from tests.slow.plain import CUT, Position, Sheet, to_decimals

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.pools import Pool, Roots

ENTRY_DECIMALS = 8


def cut_entry(position: Position) -> Position:
    """Return the position with its entry price cut."""
    entry = to_decimals(position.entry_price, ENTRY_DECIMALS, CUT)
    return replace(position, entry_price=entry)


class Aster(Binance):
    """Rules of Aster."""

    def __init__(self, sheet: Sheet, *, rounded: bool) -> None:
        """Cut the entry prices before any use."""
        cut = replace(sheet, positions=tuple(cut_entry(p) for p in sheet.positions))
        super().__init__(cut, rounded=rounded)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage."""
        return Rules.opening_margin(self, position)

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Return no cost of an order."""
        return Rules.pool_figures(self, pool, position, roots)
