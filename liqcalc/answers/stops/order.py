"""A stop: where it fires, where it fills, and which mark must be survived for it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.errors import Fault
from liqcalc.rules.sheet import Side

_BPS = Decimal("1e-4")


class Trigger(StrEnum):
    """Which price fires a stop."""

    MARK = "mark"
    LAST = "last"


class StopOrder(NamedTuple):
    """A stop that closes the whole position at the market.

    Attributes:
        price: at which it fires.
        trigger: the price that fires it.
        slippage_bps: how far beyond the stop it fills, in basis points of it.
        basis: how far the mark may stand beyond the last price, as a share;
            counts where the last price fires it.
        buffer: how far liquidation must lie beyond all that, as a share of
            the distance from the mark to the stop.
    """

    price: Decimal
    trigger: Trigger = Trigger.LAST
    slippage_bps: Decimal = ZERO
    basis: Decimal = ZERO
    buffer: Decimal = ZERO

    def beyond(self, side: Side, gap: Decimal) -> StopOrder:
        """Return the stop that fires where a price ends that jumps `gap` past this one.

        Formula:
            price*(1 - s*gap), s is +1 for a long, -1 for a short
        """
        return self._replace(price=self.price * (ONE - side.sign * gap), buffer=ZERO)

    def fill_price(self, side: Side) -> Decimal:
        """Return the price at which it fills.

        Formula:
            price*(1 - s*slippage_bps/10000)
        """
        return self.price * (ONE - side.sign * self.slippage_bps * _BPS)

    def worst_mark(self, side: Side) -> Decimal:
        """Return the farthest mark while it fires and fills.

        Formula:
            price*(1 - s*slippage_bps/10000), times (1 - s*basis) where the
            last price fires it
        """
        fill = self.fill_price(side)
        return fill * (ONE - side.sign * self.basis) if self.trigger is Trigger.LAST else fill

    def needed_mark(self, side: Side, mark: Decimal) -> Decimal:
        """Return the mark that the position must survive.

        Formula:
            worst_mark - s*buffer*|mark - price|
        """
        return self.worst_mark(side) - side.sign * self.buffer * abs(mark - self.price)


def stop_faults(side: Side, mark: Decimal, price: Decimal, where: str = "stop") -> list[Fault]:
    """Return what is wrong with the price of a stop; nothing if it lies on the losing side."""
    if price <= 0:
        return [Fault("LQ125", where, f"is {plain(price)}, a price must be above 0")]
    if price == mark:
        message = f"is {plain(price)}, the mark itself: it would fire at once"
    elif (mark - price) * side.sign < 0:
        there = "above" if side is Side.LONG else "below"
        message = f"is {plain(price)}, {there} the mark {plain(mark)}, where a {side} gains"
    else:
        return []
    lies = "below" if side is Side.LONG else "above"
    hint = f"the stop of a {side} lies {lies} the mark; give --mark if it is not the entry price"
    return [Fault("LQ125", where, message, hint)]
