"""Names and numbers of a stress as they are shown."""

from __future__ import annotations

from decimal import Decimal

from liqcalc.engine.numbers import plain
from liqcalc.render import words

_CENTS_FROM = 100
_SHOWN = 8
_HUGE = Decimal("1e18")


def words_of(position: str) -> str:
    """Return a position or a unit as it is spoken of."""
    symbol, _, side = position.rpartition(":")
    return f"{symbol} {side}" if symbol else position


def money(value: Decimal) -> str:
    """Return an amount to cents, or to 8 digits where cents say little."""
    if abs(value) >= _HUGE:
        return f"{value:.6E}"
    if abs(value) >= _CENTS_FROM or not value:
        return plain(value.quantize(Decimal("0.01")))
    return price(round(value, _SHOWN))


def price(value: Decimal) -> str:
    """Return a price with up to 8 digits."""
    extra = len(value.as_tuple().digits) - _SHOWN
    if extra > 0 and value.adjusted() < _SHOWN:
        value = value.quantize(Decimal((0, (1,), value.adjusted() - _SHOWN + 1)))
    return plain(value)


def signed(move: Decimal) -> str:
    """Return a move as percent with its sign; 0% has none."""
    return "0%" if not move else words.signed(move)
