"""The least whole number for which something holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def least(holds: Callable[[int], bool], guess: int, *, low: int, high: int) -> int | None:
    """Return a number from `low` to `high` that holds while the one below it does not.

    It is the least that holds if what holds once holds above.  `low` holding
    is an answer; None if `high` does not hold.

    Args:
        holds: asked rarely near a good guess, else twice the binary logarithm
            of how far off it is.
        guess: where to begin.
        low: least number looked at.
        high: largest number looked at.

    >>> least(lambda n: n * n >= 1000, 30, low=0, high=100)
    32
    """
    guess = min(max(guess, low), high)
    if holds(guess):
        above, below = guess, _last_without(holds, guess, low)
        if below is None:
            return low
    else:
        below = guess
        found = _first_with(holds, guess, high)
        if found is None:
            return None
        above = found
    while above - below > 1:
        middle = (above + below) // 2
        if holds(middle):
            above = middle
        else:
            below = middle
    return above


def _last_without(holds: Callable[[int], bool], guess: int, low: int) -> int | None:
    """Return a number below `guess` that does not hold, going down in doubled strides."""
    stride = 1
    while True:
        at = max(low, guess - stride)
        if not holds(at):
            return at
        if at == low:
            return None
        stride *= 2


def _first_with(holds: Callable[[int], bool], guess: int, high: int) -> int | None:
    """Return a number above `guess` that holds, going up in doubled strides."""
    stride = 1
    while guess < high:
        at = min(high, guess + stride)
        if holds(at):
            return at
        if at == high:
            return None
        stride *= 2
    return None
