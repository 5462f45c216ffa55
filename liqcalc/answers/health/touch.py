"""The chance that a price touches a barrier: an estimate, the one place with binary floats."""

from __future__ import annotations

from math import erfc, exp, sqrt

_FARTHEST = 700.0  # e**700 is the largest power of e that a double holds
_CERTAIN = 5.0  # a spread of this many channel widths leaves less than 1e-50 inside
_IMAGES = 20


def touch_chance(spread: float, below: float | None, above: float | None) -> float:
    """Return the chance that a price touches one of two barriers within a time.

    The price is a geometric Brownian motion without drift: its logarithm
    drifts by ``-spread**2/2``.

    Formula:
        one barrier, x = ln(barrier/price), s = spread, N = standard normal:
        below: N((x + s*s/2)/s) + exp(-x)*N((x - s*s/2)/s)
        above: N((-x - s*s/2)/s) + exp(-x)*N((-x + s*s/2)/s)
        both: 1 - the chance of staying between them (method of images)

    Args:
        spread: volatility times the square root of the time.
        below: logarithm of the lower barrier over the price, at most 0.
        above: idem of the upper one, at least 0.

    >>> touch_chance(0.03, 0.0, None)
    1.0
    >>> round(touch_chance(0.03, -0.03, None), 4)
    0.3221
    """
    low = 0.0 if below is None else _one(spread, below, -1)
    high = 0.0 if above is None else _one(spread, above, 1)
    if below is None or above is None:
        return min(1.0, low + high)
    touched = 1.0 - _between(spread, below, above)
    return min(max(touched, low, high), low + high, 1.0)


def _one(s: float, x: float, side: int) -> float:
    """Return the chance of one barrier: above for `side` +1, below for -1."""
    half = s * s / 2
    return _normal((-side * x - side * half) / s) + _weighted(-x, (-side * x + side * half) / s)


def _between(s: float, low: float, high: float) -> float:
    """Return the chance of staying between two barriers.

    Formula:
        sum over k of exp(-y/2)*inside(y) - exp(-z/2)*inside(z),
        y = 2*k*width, z = 2*low + 2*k*width,
        inside(y) = N((high - y + s*s/2)/s) - N((low - y + s*s/2)/s)
    """
    width = high - low
    if s > _CERTAIN * width:
        return 0.0
    total = 0.0
    for k in range(-_IMAGES, _IMAGES + 1):
        for sign, image in ((1, 2 * k * width), (-1, 2 * low + 2 * k * width)):
            upper, lower = ((end - image + s * s / 2) / s for end in (high, low))
            total += sign * (_weighted(-image / 2, upper) - _weighted(-image / 2, lower))
    return total


def _weighted(power: float, x: float) -> float:
    """Return exp(power)*N(x); 0 where N(x) is smaller than any power is large."""
    return exp(power) * _normal(x) if power < _FARTHEST else 0.0


def _normal(x: float) -> float:
    """Return the standard normal distribution at x."""
    return erfc(-x / sqrt(2)) / 2
