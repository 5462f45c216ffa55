"""A sheet on the way of prices: what is liquidated, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.answer import Note
from liqcalc.answers.ladder.money import purse
from liqcalc.answers.stress.answer import Unit, UnitState, UnitStatus
from liqcalc.answers.stress.crossing import (
    FINE,
    Leg,
    Marks,
    Search,
    crossing,
    ended,
    known,
)
from liqcalc.answers.stress.process import run_process
from liqcalc.answers.stress.units import marks_of, names_of
from liqcalc.engine.numbers import ONE, ZERO, exact
from liqcalc.engine.steps import Fill
from liqcalc.rules.schema import CollateralMode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.answers.answer import AccountFigures
    from liqcalc.answers.case import Case
    from liqcalc.answers.stress.process import Outcome


PUBLISHED = Fill()


class Walk:
    """A sheet on its way: at which marks it is, what is left of it, what is gone.

    Args:
        case: settled.
        units: of the case.
        fill: where the exchange's steps close.
        search: as `crossing` takes it.
    """

    def __init__(
        self,
        case: Case,
        units: tuple[Unit, ...],
        fill: Fill = PUBLISHED,
        search: Search = FINE,
    ) -> None:
        self.units = units
        self.fill = fill
        self.search = search
        self.base = self.case = case
        self.names = list(names_of(case))
        self.money: dict[str, Decimal | None] = {}
        self.touched: set[str] = set()
        self.stuck: set[str] = set()
        self.gone: list[str] = []
        self.count = 0

    def members(self, unit: Unit) -> list[int]:
        """Return where the positions of a unit stand in the case now."""
        return [j for j, name in enumerate(self.names) if name in unit.positions]

    def next(self, leg: Leg, gone: Decimal, counts: Mapping[str, int]) -> Next | None:
        """Return the first liquidation on a leg.

        After many of a unit the next one is not nearer than a step: some
        exchanges close a lot at each tick, which is the same as more lots a
        few ticks later.

        Args:
            leg: the rest of the way.
            gone: share of the whole way before it.
            counts: liquidations of each unit on the way so far.
        """
        found: list[Next] = []
        for unit in self.units:
            if unit.name in self.stuck:
                continue
            crossed = crossing(leg, self.members(unit), self.search)
            if crossed is None:
                continue
            share = crossed.holds
            if counts.get(unit.name, 0) >= self.search.events and gone < ONE:
                share = max(share, min(ONE, ONE / self.search.steps / (ONE - gone)))
            case = crossed.case if share == crossed.holds else None
            found.append(Next(unit, share, case))
        return min(found, key=lambda event: event.share, default=None)

    def go(self, marks: Mapping[str, Decimal]) -> list[Happened]:
        """Move to `marks` and return the liquidations on the way."""
        found: list[Happened] = []
        counts: dict[str, int] = {}
        self.stuck.clear()
        gone = ZERO
        while self.names:
            start = marks_of(self.case)
            leg = Leg(self.case, start, {symbol: marks[symbol] for symbol in start})
            event = self.next(leg, gone, counts)
            if event is None:
                self.case = self.base.at(leg.stop)
                break
            self.case = event.case or self.base.at(leg.at(event.share))
            gone += (ONE - gone) * event.share
            counts[event.unit.name] = counts.get(event.unit.name, 0) + 1
            happened = self._end(event.unit)
            if happened is not None:
                joined = event.case is None
                found.append(_joined(happened, self.search.steps) if joined else happened)
        return found

    def _end(self, unit: Unit) -> Happened | None:
        """Let the exchange liquidate at the marks, and go on with what is left.

        Returns:
            What happened; None if its process changes nothing.
        """
        marks = marks_of(self.case)
        before = dict(zip(self.names, _quantities(self.case), strict=True))
        due = ended(self.case, range(len(self.names)))
        names = tuple(self.names[j] for j in due)
        outcome = run_process(self.case, due[0], self.fill)
        run = outcome.run
        if not run.rows:
            self.stuck.add(unit.name)
            return None
        self.names = [self.names[j] for j in run.numbers]
        self.base = self.case = run.left.settled() if self.names else run.left
        left = dict(zip(self.names, _quantities(self.case), strict=True))
        for number, name in enumerate(before):
            if name not in left:
                self.gone.append(name)
                self.money[name] = run.returned.get(number)
        closed = {n: qty - left.get(n, ZERO) for n, qty in before.items() if left.get(n) != qty}
        for each in self.units:
            if any(name in closed for name in each.positions):
                self.touched.add(each.name)
        if ended(self.case, self.members(unit)):
            self.stuck.add(unit.name)
        remain = {name: qty for name, qty in left.items() if name in closed}
        return Happened(unit, marks, names, closed, remain, self._state(unit).equity, outcome)

    def states(self) -> tuple[UnitState, ...]:
        """Return how each unit stands at the marks now."""
        with exact():
            return tuple(self._state(unit) for unit in self.units)

    def _state(self, unit: Unit) -> UnitState:
        members = self.members(unit)
        if not members:
            money = self._left(unit)
            return UnitState(unit.name, UnitStatus.LIQUIDATED, money, None, None, "liquidated")
        answers = [self.case.figures.positions[j] for j in members]
        source = answers[0].exact if unit.isolated else _pool(self.case, unit).exact
        why = answers[0].reasons if unit.isolated else _pool(self.case, unit).reasons
        equity = source.get("margin_balance" if unit.isolated else "equity")
        ratio, shown = source.get("margin_ratio"), source.get("displayed_margin_ratio")
        reason = why.get("margin_ratio", "") if ratio is None else ""
        status = UnitStatus.HOLDS
        if not known(self.case, members):
            status = UnitStatus.UNKNOWN
            reason = reason or answers[0].reasons.get("liquidation_price", "")
        elif ended(self.case, members):
            status = UnitStatus.LIQUIDATABLE
        elif unit.name in self.touched:
            status = UnitStatus.REDUCED
        return UnitState(unit.name, status, equity, ratio, shown, reason)

    def _left(self, unit: Unit) -> Decimal | None:
        """Return what a unit that is gone has left its holder."""
        if unit.isolated:
            return self.money.get(unit.positions[0])
        return left_in_pool(self.case, unit.currency)


class Next(NamedTuple):
    """The next liquidation of a unit: after which share of the rest of the way, and the case there.

    The case is None where several liquidations are taken together.
    """

    unit: Unit
    share: Decimal
    case: Case | None


class Happened(NamedTuple):
    """A liquidation on the way."""

    unit: Unit
    marks: Marks
    positions: tuple[str, ...]
    closed: dict[str, Decimal]
    left: dict[str, Decimal]
    equity: Decimal | None
    outcome: Outcome


def _joined(event: Happened, steps: int) -> Happened:
    """Return a liquidation that stands for those of a part of the way, which says so."""
    text = f"many small liquidations are taken together, in {steps} parts of the way between points"
    outcome = event.outcome
    told = (*outcome.assumptions, Note("LQ418", text))
    return event._replace(outcome=outcome._replace(assumptions=told))


def _quantities(case: Case) -> list[Decimal]:
    return [answer.qty for answer in case.figures.positions] if case.sheet.positions else []


def left_in_pool(case: Case, currency: str) -> Decimal | None:
    """Return what an account without positions in `currency` holds in it."""
    if case.sheet.account.collateral_mode is CollateralMode.SINGLE:
        return purse(case, currency)
    pools = case.figures.pools
    return pools[0].exact.get("equity") if pools else None


def _pool(case: Case, unit: Unit) -> AccountFigures:
    pools = case.figures.pools
    return next((pool for pool in pools if pool.currency == unit.currency), pools[0])
