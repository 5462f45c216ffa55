"""Roots by looking: scan outward from a starting point, then halve the interval.

No formula of any exchange is used here. Health that is at most 1E-48 away from zero counts as
zero, because the context carries 60 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from tests.slow.plain import ONE, snap

Function = Callable[[Decimal], Decimal]
NOTHING = Decimal("1E-48")
NARROW = Decimal("1E-45")
HAIR = Decimal("1E-38")


def _factors() -> list[Decimal]:
    """Return growing factors from just over 1 to 1E+30: fine steps first, decades last."""
    factors, factor = [], ONE
    for step, end in (("1.05", "10"), ("2", "1000"), ("10", "1E+30")):
        while factor < Decimal(end):
            factor *= Decimal(step)
            factors.append(factor)
    return factors


FACTORS = _factors()


def sign(value: Decimal) -> int:
    """Return -1, 0 or 1."""
    if abs(value) <= NOTHING:
        return 0
    return 1 if value > 0 else -1


def root_below(f: Function, start: Decimal, edges: Iterable[Decimal] = ()) -> Decimal | None:
    """Return the root of `f` nearest below `start` (or `start` itself), None if there is none."""
    points = {start / factor for factor in FACTORS} | {e for e in _around(edges) if 0 < e < start}
    return _first_root(f, start, sorted(points, reverse=True))


def root_above(f: Function, start: Decimal, edges: Iterable[Decimal] = ()) -> Decimal | None:
    """Return the root of `f` nearest above `start` (or `start` itself), None if there is none."""
    points = {start * factor for factor in FACTORS} | {e for e in _around(edges) if e > start}
    return _first_root(f, start, sorted(points))


def _around(edges: Iterable[Decimal]) -> Iterator[Decimal]:
    """Yield each edge with a point close to either side: a figure may leap over zero there."""
    for edge in edges:
        yield from (edge * (ONE - HAIR), edge, edge * (ONE + HAIR))


def _first_root(f: Function, start: Decimal, points: list[Decimal]) -> Decimal | None:
    before, sign_before = start, sign(f(start))
    if sign_before == 0:
        return start
    for point in points:
        here = sign(f(point))
        if here == 0:
            return point
        if here != sign_before:
            return _halve(f, before, point)
        before = point
    return None


def _halve(f: Function, near: Decimal, far: Decimal) -> Decimal:
    side = sign(f(near))
    while abs(far - near) > NARROW * abs(near):
        middle = (near + far) / 2
        here = sign(f(middle))
        if here == 0:
            return middle
        near, far = (middle, far) if here == side else (near, middle)
    return (near + far) / 2


def shown(root: Decimal | None) -> Decimal | None:
    """Return `root` without the dust that bisection leaves behind."""
    return None if root is None else snap(root)
