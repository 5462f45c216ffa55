"""What is found about a position: named figures, unrounded and as printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.engine.health import Health
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.numbers import Rounding
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.solve import Solution


class Figures:
    """Named figures: `exact` unrounded, `shown` as the exchange prints them.

    `reasons` says why a figure is None.
    """

    __slots__ = ("exact", "reasons", "shown")

    def __init__(self) -> None:
        self.exact: dict[str, Decimal | None] = {}
        self.shown: dict[str, Decimal | None] = {}
        self.reasons: dict[str, str] = {}

    def put(self, name: str, value: Decimal | None, shown: Decimal | None = None) -> None:
        """Record `value`; printed as `shown`, or as it is."""
        self.exact[name] = value
        self.shown[name] = value if shown is None else shown

    def put_all(self, values: Mapping[str, Decimal | None]) -> None:
        """Record several figures that are printed as they are."""
        self.exact.update(values)
        self.shown.update(values)

    def put_rounded(self, name: str, value: Decimal | None, rounding: Rounding) -> None:
        """Record `value`, printed by `rounding`."""
        self.exact[name] = value
        if value is not None and rounding.to != "none":
            value = rounding.apply(value)
        self.shown[name] = value

    def put_price(self, name: str, price: Decimal, shown: Decimal) -> None:
        """Record `price`, printed as `shown`; an exchange that prints 0 means none."""
        self.put(name, price, shown)
        if shown <= 0:
            self.shown[name] = None
            self.reasons[name] = "it lies below the smallest price that the exchange prints"

    def none(self, name: str, reason: str) -> None:
        """Record that there is no such figure, and why."""
        self.exact[name] = None
        self.shown[name] = None
        self.reasons[name] = reason


class PositionResult:
    """A position's figures with the curve and solution they came from."""

    __slots__ = (
        "backing",
        "figures",
        "health",
        "marked",
        "pool",
        "solution",
        "status",
        "unknown_rows",
    )

    def __init__(self, marked: Marked, pool: Pool | None, backing: Pool | None = None) -> None:
        self.marked = marked
        self.pool = pool
        self.backing = backing
        self.figures = Figures()
        self.health: Health | None = None
        self.solution: Solution | None = None
        self.status = Status.INDETERMINATE
        self.unknown_rows = False
