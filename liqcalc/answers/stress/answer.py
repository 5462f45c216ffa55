"""What a stressed sheet comes to: points, liquidations, ends, causes, repairs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import SCHEMA_VERSION
from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.answers.answer import Note
    from liqcalc.answers.basis import Basis
    from liqcalc.answers.ladder.answer import LadderRow
    from liqcalc.engine.steps import Fill


class UnitStatus(StrEnum):
    """How something that is liquidated together stands at a point."""

    HOLDS = "holds"
    REDUCED = "reduced"
    LIQUIDATABLE = "liquidatable"
    LIQUIDATED = "liquidated"
    UNKNOWN = "unknown"


class Unit(NamedTuple):
    """What is liquidated together: a cross pool, or an isolated position.

    Attributes:
        name: ``account``, ``account (BTC)`` or ``BTCUSDT:long``.
        currency: of its equity.
        isolated: has its own margin.
        positions: what it holds, as ``SYMBOL:side``.
    """

    name: str
    currency: str
    isolated: bool
    positions: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the unit as plain data."""
        return self._asdict() | {"positions": list(self.positions)}


class UnitState(NamedTuple):
    """A unit at a point.

    Attributes:
        name: of the unit.
        status: whether it holds.
        equity: what backs it there, with profit; after a liquidation what is left.
        margin_ratio: requirement / equity; 1 liquidates.
        displayed_margin_ratio: in the exchange's own orientation.
        reason: why a figure is None.
    """

    name: str
    status: UnitStatus
    equity: Decimal | None
    margin_ratio: Decimal | None
    displayed_margin_ratio: Decimal | None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return {
            "name": self.name,
            "status": str(self.status),
            "equity": text(self.equity),
            "margin_ratio": text(self.margin_ratio),
            "displayed_margin_ratio": text(self.displayed_margin_ratio),
            "reason": self.reason,
        }


class Liquidation(NamedTuple):
    """One liquidation on the way to a point.

    Attributes:
        number: in which order, from 1.
        unit: what met the exchange's condition.
        move, by_move: where on the way; None on a path.
        time: the row of the path that it falls before or on; "" on a grid.
        marks: the prices there.
        positions: what was liquidatable.
        closed: quantity that was closed, by position.
        left: quantity that is left, by position.
        equity: what is behind the unit afterwards, in its currency.
        rows: the steps of the exchange's process that were taken, in order.
        warnings: what is not known of them.
        assumptions: what was taken for granted in them.
    """

    number: int
    unit: str
    move: Decimal | None
    by_move: Decimal | None
    time: str
    marks: Mapping[str, Decimal]
    positions: tuple[str, ...]
    closed: Mapping[str, Decimal]
    left: Mapping[str, Decimal]
    equity: Decimal | None
    rows: tuple[LadderRow, ...]
    warnings: tuple[Note, ...]
    assumptions: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the liquidation as plain data."""
        return {
            "number": self.number,
            "unit": self.unit,
            "move": text(self.move),
            "by_move": text(self.by_move),
            "time": self.time,
            "marks": texts(self.marks),
            "positions": list(self.positions),
            "closed": texts(self.closed),
            "left": texts(self.left),
            "equity": text(self.equity),
            "rows": [row.to_dict() for row in self.rows],
        }


class Point(NamedTuple):
    """The sheet at one point of the grid, or one row of the path.

    Attributes:
        move: of all prices, each times its beta; on a grid by a symbol, of the others.
        by_move: of the symbol of the grid's other side.
        time: of the row of the path.
        marks: the prices there, by symbol.
        equity: summed up, by currency; None where a part is not known.
        units: one state a unit, in the order of `Stress.units`.
        liquidations: those since the point before on the way from the marks.
        liquidated: every position that was closed in full on the way, in order.
    """

    move: Decimal | None
    by_move: Decimal | None
    time: str
    marks: Mapping[str, Decimal]
    equity: Mapping[str, Decimal | None]
    units: tuple[UnitState, ...]
    liquidations: tuple[Liquidation, ...]
    liquidated: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the point as plain data."""
        return {
            "move": text(self.move),
            "by_move": text(self.by_move),
            "time": self.time,
            "marks": texts(self.marks),
            "equity": texts(self.equity),
            "units": [state.to_dict() for state in self.units],
            "liquidations": [event.to_dict() for event in self.liquidations],
            "liquidated": list(self.liquidated),
        }


class End(NamedTuple):
    """The move that ends a unit.

    Attributes:
        unit: its name.
        down, up: the first move at which its condition holds; None if there is none.
        reason: why one is None.
    """

    unit: str
    down: Decimal | None
    up: Decimal | None
    reason: str = ""

    @property
    def nearest(self) -> Decimal | None:
        """Return the smaller move of the two; None if there is none."""
        moves = [move for move in (self.down, self.up) if move is not None]
        return min(moves, key=abs, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the end as plain data."""
        return {
            "unit": self.unit,
            "down": text(self.down),
            "up": text(self.up),
            "reason": self.reason,
        }


class Cause(NamedTuple):
    """What one position does to the end of its pool.

    Attributes:
        position: ``SYMBOL:side``.
        unit: its pool.
        currency: of the next two, the settle currency.
        change: its profit from the marks to the pool's nearest end; below 0 a loss.
        maintenance_margin: what it requires there.
        end_without: the pool's end on that side if the position is closed at the marks now; None
            if the pool then has none.
    """

    position: str
    unit: str
    currency: str
    change: Decimal | None
    maintenance_margin: Decimal | None
    end_without: Decimal | None

    def to_dict(self) -> dict[str, Any]:
        """Return the cause as plain data."""
        return {
            "position": self.position,
            "unit": self.unit,
            "currency": self.currency,
            "change": text(self.change),
            "maintenance_margin": text(self.maintenance_margin),
            "end_without": text(self.end_without),
        }


class RepairKind(StrEnum):
    """What can be done so that a unit survives a move."""

    ADD = "add"
    CLOSE = "close"


class Repair(NamedTuple):
    """The least of one kind that lets a unit survive the wanted move.

    Attributes:
        unit: what is repaired.
        kind: add cash, or close a part of a position at the mark.
        position: what is closed; "" for cash.
        amount: cash in the settle currency, or quantity; None if it does not help.
        cost: what leaves the purse now: the cash, or the fee to close.
        currency: of the cost.
        kept: True if the cost stays the trader's, as margin.
        reason: why there is no amount.
    """

    unit: str
    kind: RepairKind
    position: str
    amount: Decimal | None
    cost: Decimal | None
    currency: str
    kept: bool
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the repair as plain data."""
        return {
            "unit": self.unit,
            "kind": str(self.kind),
            "position": self.position,
            "amount": text(self.amount),
            "cost": text(self.cost),
            "currency": self.currency,
            "kept": self.kept,
            "reason": self.reason,
        }


class Repairs(NamedTuple):
    """How to survive a wanted move.

    Attributes:
        move: the wanted one.
        at_risk: units that do not survive it.
        options: of each of these, cash first, then its positions.
        cheapest: of each of these, which option costs least now; None if none helps.
    """

    move: Decimal
    at_risk: tuple[str, ...]
    options: tuple[Repair, ...]
    cheapest: Mapping[str, Repair | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the repairs as plain data."""
        return {
            "move": text(self.move),
            "at_risk": list(self.at_risk),
            "options": [option.to_dict() for option in self.options],
            "cheapest": {
                unit: None if option is None else option.to_dict()
                for unit, option in self.cheapest.items()
            },
        }


class Stress(NamedTuple):
    """A sheet under moves of the market.

    Attributes:
        exchange, as_of: of the sheet.
        kind: ``grid``, ``plane`` (by a symbol) or ``path``.
        symbol: the only one that moves; None if all do.
        by: the symbol of the other side of a plane.
        betas: by symbol, how far it moves for a move of 1.
        fill: where the exchange's liquidation steps close.
        units: what is liquidated together.
        points: of the grid in ascending order, or of the path in order.
        ends: one a unit: the move along the betas that ends it.
        weakest: the unit that ends at the smallest move; None if none ends.
        causes: of the cross pools with several positions.
        culprit: the position that brings the weakest unit down.
        repairs: None if no move to survive was asked for.
        basis: what it stands on.
    """

    exchange: str
    as_of: str | None
    kind: str
    symbol: str | None
    by: str | None
    betas: Mapping[str, Decimal]
    fill: Fill
    units: tuple[Unit, ...]
    points: tuple[Point, ...]
    ends: tuple[End, ...]
    weakest: str | None
    causes: tuple[Cause, ...]
    culprit: str | None
    repairs: Repairs | None
    basis: Basis

    @property
    def liquidations(self) -> tuple[Liquidation, ...]:
        """Return the liquidations of all points; those of a grid are of two ways."""
        return tuple(event for point in self.points for event in point.liquidations)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        return {
            "schema_version": SCHEMA_VERSION,
            "exchange": self.exchange,
            "as_of": self.as_of,
            "kind": self.kind,
            "symbol": self.symbol,
            "by": self.by,
            "betas": texts(self.betas),
            "fill": str(self.fill.at),
            "slippage_bps": plain(self.fill.slippage_bps),
            "units": [unit.to_dict() for unit in self.units],
            "points": [point.to_dict() for point in self.points],
            "ends": [end.to_dict() for end in self.ends],
            "weakest": self.weakest,
            "causes": [cause.to_dict() for cause in self.causes],
            "culprit": self.culprit,
            "repairs": None if self.repairs is None else self.repairs.to_dict(),
            **self.basis.to_dict(),
        }


def text(value: Decimal | None) -> str | None:
    """Return a number as JSON has it."""
    return None if value is None else plain(value)


def texts(values: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    """Return numbers by name as JSON has them."""
    return {name: text(value) for name, value in values.items()}
