"""What a limit order costs to place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ZERO
from liqcalc.engine.words import ShortLimitPrice

if TYPE_CHECKING:
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.result import Figures


def order_cost(m: Marked, figures: Figures) -> None:
    """Add what a limit order at the entry price costs to place.

    Formula:
        order_initial_margin = value(price)/leverage
        open_loss = qty*|min(0, side*(mark - price))|
        order_cost = order_initial_margin + open_loss
        price: the order's own; for a short limit order under the newer rule
        an assumed price that needs the last traded price.
    """
    rule, position = m.rules.short_limit_price, m.position
    if rule is None or position.leverage is None or not m.contract.linear:
        return
    names = ("order_initial_margin", "open_loss", "order_cost")
    if position.side < 0 and rule is ShortLimitPrice.BUFFERED_LAST:
        for name in names:
            figures.none(name, "a short limit order is priced from the last trade, not given")
        return
    initial = m.entry_value / position.leverage
    loss = max(ZERO, -m.pnl)
    for name, value in zip(names, (initial, loss, initial + loss), strict=True):
        figures.put_rounded(name, value, m.rules.amounts.of(name))
