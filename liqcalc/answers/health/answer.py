"""What an answer about health is: levels, distances, and the chance of an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import SCHEMA_VERSION
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import JointMove, Note, Provenance, TraceStep
    from liqcalc.rules.schema import Level
    from liqcalc.rules.sheet import Side


class LevelMarks(NamedTuple):
    """Where a position's displayed ratio comes to a level, other symbols standing still.

    Attributes:
        level: what the exchange says of it.
        reached: True if the ratio is past it now.
        lower, upper: marks below and above, rounded to the tick so that the
            level comes first; None if there is none on that side.
        clears_at: the mark at which a level that is past is left again.
        exact: lower, upper and clears_at, unrounded.
        factor: what the backing is there, in multiples of the requirement.
        less: money that the displayed ratio takes off the backing first.
        reason: why there is no mark.
    """

    level: Level
    reached: bool | None
    lower: Decimal | None = None
    upper: Decimal | None = None
    clears_at: Decimal | None = None
    exact: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)
    factor: Decimal | None = None
    less: Decimal = ZERO
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as plain data."""
        names = ("lower", "upper", "clears_at")
        return {
            **_level(self.level),
            "reached": self.reached,
            **{name: _text(getattr(self, name)) for name in names},
            "exact": {n: _text(value) for n, value in zip(names, self.exact, strict=True)},
            "factor": _text(self.factor),
            "reason": self.reason,
        }


class LevelMoves(NamedTuple):
    """The common move of all prices at which a pool's displayed ratio comes to a level."""

    level: Level
    reached: bool | None
    down: Decimal | None = None
    up: Decimal | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the moves as plain data."""
        moves = {"down": _text(self.down), "up": _text(self.up)}
        return {**_level(self.level), "reached": self.reached, **moves, "reason": self.reason}


class End(NamedTuple):
    """Where a position ends on one side of the mark, and how far that is.

    Attributes:
        price: the mark at which the condition truly holds, unrounded.
        distance_rate: from the mark, as a share of it.
        distance_money: what the position loses up to there, in the settle
            currency; below 0 if it gains.
        atrs, volatilities: the distance in multiples of the given ones.
        chance: estimated chance of touching it within the horizon.
    """

    price: Decimal
    distance_rate: Decimal
    distance_money: Decimal
    atrs: Decimal | None = None
    volatilities: Decimal | None = None
    chance: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the end as plain data."""
        return {name: _text(value) for name, value in self._asdict().items()}


class PositionHealth(NamedTuple):
    """How far a position is from its exchange's levels and from liquidation.

    Attributes:
        symbol, side, settle, quote, mark_price, status: of the position.
        levels: the exchange's, in the order in which they are reached.
        atr, volatility: as given; None if not.
        lower, upper: its ends; None where no price on that side liquidates.
        chance: of touching either end within the horizon.
        reason: why there is no end.
    """

    symbol: str
    side: Side
    settle: str
    quote: str
    mark_price: Decimal
    status: Status
    levels: tuple[LevelMarks, ...]
    atr: Decimal | None
    volatility: Decimal | None
    lower: End | None = None
    upper: End | None = None
    chance: Decimal | None = None
    reason: str = ""

    @property
    def ends(self) -> tuple[End, ...]:
        """Return the ends there are, the nearest first."""
        found = [end for end in (self.lower, self.upper) if end is not None]
        return tuple(sorted(found, key=lambda end: end.distance_rate))

    def to_dict(self) -> dict[str, Any]:
        """Return the health as plain data."""
        return {
            "symbol": self.symbol,
            "side": str(self.side),
            "mark_price": plain(self.mark_price),
            "status": str(self.status),
            "levels": [level.to_dict() for level in self.levels],
            "atr": _text(self.atr),
            "volatility": _text(self.volatility),
            "lower": None if self.lower is None else self.lower.to_dict(),
            "upper": None if self.upper is None else self.upper.to_dict(),
            "chance": _text(self.chance),
            "reason": self.reason,
        }


class PoolHealth(NamedTuple):
    """How far a cross pool is from its levels and its end, all prices moving as one.

    Attributes:
        currency: of the pool.
        levels: the exchange's, in the order in which they are reached.
        move: the common move that liquidates.
        volatility: the highest of its positions; None if one has none.
        volatilities: the nearest move in multiples of it.
        chance: of the move within the horizon, if all prices move as one.
    """

    currency: str
    levels: tuple[LevelMoves, ...]
    move: JointMove
    volatility: Decimal | None = None
    volatilities: Decimal | None = None
    chance: Decimal | None = None

    @property
    def nearest(self) -> Decimal | None:
        """Return the smaller of the moves down and up, without its sign."""
        steps = [abs(step) for step in (self.move.down, self.move.up) if step is not None]
        return min(steps, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the health as plain data."""
        names = ("volatility", "volatilities", "chance")
        return {
            "currency": self.currency,
            "levels": [level.to_dict() for level in self.levels],
            "move": self.move.to_dict(),
            **{name: _text(getattr(self, name)) for name in names},
        }


class AccountHealth(NamedTuple):
    """How healthy everything on a sheet is.

    Attributes:
        positions, pools: in the sheet's order; a pool a settle currency.
        horizon_hours: of the chances; None if no volatility was given.
        assumptions: what the chances take for granted.
        trace: how multiples and chances were reached.
        provenance: of the sheet's answer.
    """

    positions: tuple[PositionHealth, ...]
    pools: tuple[PoolHealth, ...]
    horizon_hours: Decimal | None
    assumptions: tuple[Note, ...]
    trace: tuple[TraceStep, ...]
    provenance: Provenance

    @property
    def nearest(self) -> PositionHealth | None:
        """Return the position that the smallest move of its price alone ends; None if none can."""
        ended = [p for p in self.positions if p.status is Status.ALREADY_LIQUIDATABLE]
        ending = [p for p in self.positions if p.ends]
        if ended or not ending:
            return ended[0] if ended else None
        return min(ending, key=lambda position: position.ends[0].distance_rate)

    @property
    def measured(self) -> bool:
        """Return True if a range or a volatility was given."""
        return any(p.atr is not None or p.volatility is not None for p in self.positions)

    def to_dict(self) -> dict[str, Any]:
        """Return the health as plain data, decimals as text."""
        return {
            "schema_version": SCHEMA_VERSION,
            **self.parts(),
            "provenance": self.provenance.to_dict(),
        }

    def parts(self) -> dict[str, Any]:
        """Return what an answer that has a provenance of its own lacks."""
        return {
            "positions": [position.to_dict() for position in self.positions],
            "pools": [pool.to_dict() for pool in self.pools],
            "horizon_hours": _text(self.horizon_hours),
            "assumptions": [note.to_dict() for note in self.assumptions],
            "trace": [step.to_dict() for step in self.trace],
        }


def _level(level: Level) -> dict[str, str]:
    return {"at": plain(level.at), "says": level.says, "source": level.source}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
