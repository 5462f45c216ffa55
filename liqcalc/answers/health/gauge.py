"""How an exchange displays health: the name of its ratio, which way it runs, its levels."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import plain
from liqcalc.engine.ratios import liquidates_at, rises
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.vocabulary import Rules
    from liqcalc.engine.words import DisplayedRatio
    from liqcalc.rules.schema import Display, Exchange, Level


class Direction(StrEnum):
    """Which way a displayed ratio runs as liquidation comes nearer."""

    RISING = "rising"
    FALLING = "falling"


class Gauge(NamedTuple):
    """The ratio that an exchange displays.

    Attributes:
        name, meaning: as the exchange calls it; what is divided by what.
        direction: which way it runs toward liquidation.
        liquidates_at: its value there.
        inclusive: True if the value itself liquidates.
        warnings: its levels before that, in the order in which they are reached.
        not_published: what is not known of levels.
        kind: the engine's word for it.
    """

    name: str
    meaning: str
    direction: Direction
    liquidates_at: Decimal
    inclusive: bool
    warnings: tuple[Level, ...]
    not_published: str
    kind: DisplayedRatio

    def reached(self, level: Decimal, value: Decimal | None) -> bool | None:
        """Return True if a ratio of `value` has come to `level`; None without a ratio."""
        if value is None:
            return None
        return value >= level if self.direction is Direction.RISING else value <= level

    def to_dict(self, value: Decimal | None) -> dict[str, Any]:
        """Return the gauge as plain data; `value` is what it shows, unrounded."""
        return {
            "name": self.name,
            "meaning": self.meaning,
            "direction": str(self.direction),
            "liquidates_at": plain(self.liquidates_at),
            "inclusive": self.inclusive,
            "warnings": [
                {**_level(level), "reached": self.reached(level.at, value)}
                for level in self.warnings
            ],
            "not_published": self.not_published,
        }


def _level(level: Level) -> dict[str, str]:
    return {"at": plain(level.at), "says": level.says, "source": level.source}


def gauge(exchange: Exchange, rules: Rules, *, isolated: bool) -> Gauge:
    """Return how an exchange displays health by `rules`."""
    mode = MarginMode.ISOLATED if isolated else MarginMode.CROSS
    own = rules.isolated if isolated else rules.cross
    return _gauge(exchange.display_of(rules.name, mode), own.displayed_ratio, rules.inclusive)


@cache
def _gauge(display: Display, kind: DisplayedRatio, inclusive: bool) -> Gauge:  # noqa: FBT001 - a cache's key
    return Gauge(
        name=display.ratio,
        meaning=display.meaning,
        direction=Direction.RISING if rises(kind) else Direction.FALLING,
        liquidates_at=liquidates_at(kind),
        inclusive=inclusive,
        warnings=display.warnings,
        not_published=display.not_published,
        kind=kind,
    )
