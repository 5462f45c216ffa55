"""What holds for all rows of a symbol, day and margin mode: found once, used by every row."""

from __future__ import annotations

import bisect
from collections import Counter
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from liqcalc.answers.cautions import STALE_DAYS
from liqcalc.answers.resolve import resolve
from liqcalc.batch.columns import Coded
from liqcalc.batch.fast.columnar import Book
from liqcalc.batch.fast.ends import Table
from liqcalc.batch.fast.grid import Tick
from liqcalc.batch.fast.pairs import Pair
from liqcalc.batch.fast.position import Terms
from liqcalc.batch.fast.shapes import BASIS, OPEN_END, Shape, shape_of
from liqcalc.engine.numbers import ONE, exact
from liqcalc.engine.words import Netting
from liqcalc.errors import LiqcalcError
from liqcalc.rules.schema import MarginMode
from liqcalc.rules.sheet import AccountRow, PositionRow, Sheet, Side, is_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from numpy.typing import NDArray

    from liqcalc.answers.answer import Note, Provenance
    from liqcalc.answers.resolved import Resolved
    from liqcalc.batch.columns import Codes, Mask
    from liqcalc.engine.contract import Contract
    from liqcalc.engine.position import Position
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.catalog import Catalog, LoadedExchange

_INF = float("inf")
_NAN = float("nan")
_NAMES = ("exchange", "settle", "symbol")
_NO_DAY = "no day"
_NO_STEP = Tick(_NAN, _NAN, _NAN, _NAN)


class Key(NamedTuple):
    """What picks a plan."""

    exchange: str
    symbol: str
    mode: MarginMode
    as_of: str | None
    rules: str | None


class Plan(NamedTuple):
    """What holds for the rows of one key.

    Attributes:
        shape: place of the shape; -1 where rows are done exactly.
        rule_set: its code.
        warnings: codes that hold whatever the size.
        settle: currency of money; pools of several have no single wallet.
        product: of the contract.
        symbol: what a pool may hold only once.
        fault: the rows cannot be read, whatever their numbers.
        basis: what the answers stand on; None if the rows cannot be read.
    """

    shape: int
    rule_set: str = ""
    warnings: tuple[str, ...] = ()
    settle: str = ""
    symbol: str = ""
    exchange: str = ""
    isolated: bool = True
    fault: bool = False
    basis: Basis | None = None


class Basis(NamedTuple):
    """What the rows of a plan stand on.

    Attributes:
        kind: product and margin mode.
        provenance: rules, table, fees and how well they are known.
        assumptions: that were made for every row.
    """

    kind: str
    provenance: Provenance
    assumptions: tuple[Note, ...]


class Arrays(NamedTuple):
    """All plans as columns.

    Attributes:
        book: the rows of all tier tables.
        terms: a line for each of `Terms`.
        shape: place of each plan's shape; -1 where rows are done exactly.
        isolated, fault: as in `Plan`.
        exchange, settle, symbol: codes.
    """

    book: Book
    terms: NDArray[np.float64]
    shape: NDArray[np.int16]
    isolated: Mask
    fault: Mask
    exchange: Codes
    settle: Codes
    symbol: Codes

    @property
    def alone(self) -> NDArray[np.int16]:
        """Return the shape of each plan's isolated rows; -1 where rows are others."""
        return np.where(self.isolated, self.shape, np.int16(-1))


class Plans:
    """Plans by key, for any number of threads.

    Args:
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, catalog: Catalog, today: str) -> None:
        self.catalog = catalog
        self.today = today
        self.plans: list[Plan] = []
        self.shapes: list[Shape] = []
        self.seen: Counter[Shape] = Counter()
        self._places: dict[Key, int] = {}
        self._days: dict[tuple[str, str], list[str]] = {}
        self._numbers: list[dict[str, float]] = []
        self._rows: list[tuple[float, ...]] = []
        self._notes: list[tuple[float, int]] = []
        self._arrays: Arrays | None = None
        self._lock = Lock()

    def place(self, key: Key) -> int:
        """Return the place of the plan for `key`."""
        if key.as_of is not None:
            since = self._since(key) if is_date(key.as_of) else _NO_DAY
            key = key._replace(as_of=since)
        with self._lock:
            if key not in self._places:
                self.plans.append(self._plan(key))
                self._places[key] = len(self.plans) - 1
            return self._places[key]

    def _since(self, key: Key) -> str:
        """Return a day of the same rules, tables and warnings as the key's."""
        assert key.as_of is not None  # noqa: S101 - the caller has looked
        days = self._days.get(key[:2])
        if days is None:
            try:
                loaded = self.catalog.exchange(key.exchange)
                days = _changes(loaded, loaded.find_symbol(key.symbol))
            except LiqcalcError:
                days = []
            self._days[key[:2]] = days
        at = bisect.bisect_right(days, key.as_of)
        return days[at - 1] if at else "1970-01-01"

    def _plan(self, key: Key) -> Plan:
        if key.as_of == _NO_DAY:
            self._add_nothing()
            return Plan(-1, exchange=key.exchange, isolated=key.mode is MarginMode.ISOLATED)
        try:
            with exact():
                return self._read(key)
        except LiqcalcError:
            self._add_nothing()
            return Plan(
                -1, exchange=key.exchange, isolated=key.mode is MarginMode.ISOLATED, fault=True
            )

    def _read(self, key: Key) -> Plan:
        loaded = self.catalog.exchange(key.exchange)
        symbol = loaded.find_symbol(key.symbol)
        row = PositionRow(symbol, Side.LONG, ONE, ONE, margin_mode=key.mode)
        account = AccountRow(margin_mode=key.mode)
        sheet = Sheet(loaded.id, (row,), as_of=key.as_of, account=account, rules=key.rules)
        found = resolve(sheet, self.catalog, today=self.today)
        position, rules, entry = found.positions[0], found.rules_of[0], found.entries[0]
        shape = None if _by_leverage(loaded, symbol) else shape_of(position, rules)
        plan = Plan(
            shape=-1 if shape is None else self._shape(shape),
            rule_set=f"{loaded.id}:{entry.name}@{entry.from_}",
            warnings=tuple(note.code for note in found.warnings[0]),
            settle=position.contract.settle,
            symbol=_netted(position.contract, rules),
            exchange=key.exchange,
            isolated=position.isolated,
            basis=Basis(
                f"{position.contract.product} {key.mode}",
                found.provenance(position),
                tuple(note for note in found.assumptions[0] if "price was not" not in note.message),
            ),
        )
        self._add_numbers(found, position) if shape is not None else self._add_nothing()
        return plan

    def _shape(self, shape: Shape) -> int:
        if shape not in self.shapes:
            self.shapes.append(shape)
        return self.shapes.index(shape)

    def _add_nothing(self) -> None:
        self._numbers.append({})

    def _add_numbers(self, found: Resolved, position: Position) -> None:
        rules, contract, schedule = found.rules_of[0], position.contract, position.schedule
        assert schedule is not None  # noqa: S101 - a shape without tiers is done exactly
        mode = rules.mode(isolated=position.isolated)
        taker, condition = position.taker, position.exchange_taker
        fee = position.liquidation_fee
        required = taker if condition is None else condition
        pays_liquidation = mode.bankruptcy_fee.value == "liquidation"
        unit = rules.money.unit(contract.settle) if rules.money else None
        numbers: dict[str, Decimal | None] = {
            "taker": taker,
            "requirement_taker": required,
            "liquidation": fee,
            "bankruptcy": fee if pays_liquidation else required,
            "contract_size": contract.contract_size,
            "minimum": rules.minimum_requirement,
        }
        lot = contract.lot_size
        numbers["lots"] = None if lot is None else ONE / lot
        steps = {"tick": contract.tick_size, "unit": unit}
        said: dict[str, float] = {}
        for name, number in numbers.items():
            pair = Pair(_NAN, _NAN) if number is None else Pair.of(number)
            said |= {name: pair.hi, f"{name}_lo": pair.lo}
        for name, step in steps.items():
            tick = _NO_STEP if step is None else Tick.of(step)
            said |= {f"{name}_{part}": value for part, value in tick._asdict().items()}
        said["own_at_bankruptcy"] = float(not pays_liquidation)
        said |= {"first": len(self._rows), "count": len(schedule.tiers)}
        last = schedule.tiers[-1].cap
        cap = Pair(_INF, 0.0) if last is None else Pair.of(last)
        said |= {"last_cap": cap.hi, "last_cap_lo": cap.lo}
        said["complete"] = float(schedule.complete)
        self._numbers.append(said)
        for i, tier in enumerate(schedule.tiers):
            end = i + 1 == len(schedule.tiers)
            self._rows.append(
                (
                    *((_INF, 0.0) if end or tier.cap is None else _both(tier.cap)),
                    *_both(tier.mmr),
                    *_both(tier.deduction),
                    *_both(tier.imr),
                )
            )
            open_end = end and not schedule.complete and tier.cap is None
            most = _NAN if tier.max_leverage is None else float(tier.max_leverage)
            self._notes.append((most, BASIS * bool(tier.basis) + OPEN_END * open_end))

    def about(self, used: Iterable[int]) -> dict[str, Any]:
        """Return what the rows of some plans stand on, by the code of their rules."""
        rules: dict[str, Any] = {}
        for place in used:
            plan = self.plans[place]
            if plan.basis is None:
                continue
            known = rules.setdefault(
                plan.rule_set, {"evidence": {}, "tables": {}, "assumptions": []}
            )
            kind, provenance, assumptions = plan.basis
            known["evidence"][kind] = f"{provenance.evidence}: {provenance.evidence_note}"
            for use in provenance.tiers:
                known["tables"][f"{use.symbol} {use.from_}"] = use.to_dict()
            said = known["assumptions"]
            texts = [
                note.message.replace(" was not given:", " where not given:") for note in assumptions
            ]
            said += [text for text in texts if text not in said]
        return rules

    def arrays(self) -> Arrays:
        """Return all plans as columns."""
        with self._lock:
            if self._arrays is None or len(self._arrays.shape) < len(self.plans):
                self._arrays = self._read_arrays()
            return self._arrays

    def _read_arrays(self) -> Arrays:
        rows = np.array(self._rows, dtype=np.float64).reshape(-1, len(Table._fields))
        most, notes = np.array(self._notes, dtype=np.float64).reshape(-1, 2).T
        terms = [[numbers.get(name, 0.0) for numbers in self._numbers] for name in Terms._fields]
        plans = self.plans
        return Arrays(
            Book(
                Table(*(np.ascontiguousarray(column) for column in rows.T)),
                np.ascontiguousarray(most),
                np.ascontiguousarray(notes),
            ),
            np.array(terms, dtype=np.float64),
            np.array([plan.shape for plan in plans], dtype=np.int16),
            np.array([plan.isolated for plan in plans], dtype=bool),
            np.array([plan.fault for plan in plans], dtype=bool),
            *(Coded.of([getattr(plan, name) for plan in plans]).codes for name in _NAMES),
        )


def _netted(contract: Contract, rules: Rules) -> str:
    """Return what may stand in a pool only once: the symbol, or a base that is netted."""
    return contract.base if rules.netting is Netting.BASE else contract.symbol


def _both(number: Decimal | None) -> tuple[float, float]:
    if number is None:
        return _NAN, _NAN
    pair = Pair.of(number)
    return pair.hi, pair.lo


def _by_leverage(loaded: LoadedExchange, symbol: str) -> bool:
    """Return True if the table depends on the leverage setting."""
    tiers = loaded.tiers(symbol)
    return tiers is not None and any(table.leverage is not None for table in tiers.history)


def _changes(loaded: LoadedExchange, symbol: str) -> list[str]:
    """Return the days on which rules, fees, tables or what is said of them change."""
    meta = loaded.meta
    days = {entry.from_ for entry in meta.rules} | {fee.from_ for fee in meta.fees}
    tiers = loaded.tiers(symbol)
    for table in tiers.history if tiers is not None else ():
        seen = table.seen or table.from_
        days |= {table.from_, _later(table.from_, STALE_DAYS + 1), _later(seen, STALE_DAYS + 1)}
        if table.until is not None:
            days.add(_later(table.until, 1))
    return sorted(days)


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()
