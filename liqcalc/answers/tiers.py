"""Which tier table is in force, and which row holds a size."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import SCHEMA_VERSION, Citation, Note
from liqcalc.answers.cautions import STALE_DAYS
from liqcalc.answers.public import number_fault
from liqcalc.answers.resolved import days_between
from liqcalc.engine.numbers import exact, plain
from liqcalc.engine.tiers import Schedule, tiers_of
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.sheet import is_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from liqcalc.engine.tiers import Tier
    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import TierTable


class Held(NamedTuple):
    """The row that holds a size.

    Attributes:
        size: in the unit of the table.
        tier: number of the row, 1 = lowest; None if the row is not known.
        maintenance_margin: value*mmr - deduction; None without a value.
        max_leverage: at this size, if the table gives it.
    """

    size: Decimal
    tier: int | None
    maintenance_margin: Decimal | None = None
    max_leverage: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "size": plain(self.size),
            "tier": self.tier,
            "maintenance_margin": _text(self.maintenance_margin),
            "max_leverage": _text(self.max_leverage),
        }


class TiersAnswer(NamedTuple):
    """A tier table, and which others are known.

    Attributes:
        unit: what sizes count: ``contracts``, or the settle currency.
        table: the one in force.
        rows: its rows as the rules read them, with their deductions.
        source: where it comes from.
        history: every known table, oldest first.
        held: the row that holds the size that was asked for.
        warnings: age, missing rows, a size above the last cap.
    """

    exchange: str
    symbol: str
    unit: str
    table: TierTable
    rows: tuple[Tier, ...]
    source: Citation
    history: tuple[TierTable, ...]
    held: Held | None
    warnings: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        return {
            "schema_version": SCHEMA_VERSION,
            "exchange": self.exchange,
            "symbol": self.symbol,
            "unit": self.unit,
            **_head(self.table),
            "note": self.table.note,
            "source": self.source.to_dict(),
            "tiers": [_row(tier) for tier in self.rows],
            "held": self.held.to_dict() if self.held else None,
            "history": [_head(table) for table in self.history],
            "warnings": [note.to_dict() for note in self.warnings],
        }


def tiers(
    exchange: str,
    symbol: str,
    *,
    notional: str | None = None,
    contracts: str | None = None,
    as_of: str | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str,
) -> TiersAnswer:
    """Return the tier table of a symbol, and the row that holds a size.

    Args:
        exchange: folder name.
        symbol: the exchange's own name, or the unified one.
        notional: value of a position, in the settle currency.
        contracts: its size in contracts, where tables count them.
        as_of: ISO date; default: the newest table.
        exchanges: folders of exchanges of the user's own.
        today: ISO date, against which the table's age is counted.

    Raises:
        InputError: no such exchange, symbol, day or size.
    """
    loaded = Catalog(exchanges).exchange(exchange)
    value, count = _sizes(notional, contracts, as_of)
    own = loaded.find_symbol(symbol)
    table = _table(loaded, own, as_of)
    file = loaded.tiers(own)
    assert file is not None  # noqa: S101 - it has a table
    contract = loaded.contract(own)
    by_contracts = file.unit == "contracts"
    unit = "contracts" if by_contracts else contract.settle if contract else "settle currency"
    product = contract.product if contract else None
    rules = loaded.rules_on(as_of, table.rules, product).choices
    rows = tiers_of(table.rows, rules.tier_applies)
    schedule = Schedule(rows, by_contracts, rules.edge_in_lower, table.complete)
    notes = _age(table, own, as_of or today)
    held = None
    if value is not None or count is not None:
        with exact():
            held = _held(schedule, value, count, unit)
        notes += _beyond(schedule, held.size, unit)
    return TiersAnswer(
        exchange=loaded.id,
        symbol=own,
        unit=unit,
        table=table,
        rows=rows,
        source=_citation(loaded, table.source),
        history=file.history,
        held=held,
        warnings=tuple(notes),
    )


def _sizes(
    notional: str | None, contracts: str | None, as_of: str | None
) -> tuple[Decimal | None, Decimal | None]:
    faults = []
    found: list[Decimal | None] = []
    for name, text in (("--notional", notional), ("--contracts", contracts)):
        fault = None if text is None else number_fault(name, text)
        value = None if text is None or fault else Decimal(text)
        if fault:
            faults.append(fault)
        elif value is not None and not 0 < value < Decimal("1e24"):
            hint = "check the unit and the decimal point"
            message = f"is {text}, it must be above 0 and below 1e24"
            faults.append(Fault("LQ105", name, message, hint))
        found.append(value)
    if as_of is not None and not is_date(as_of):
        message = f"is {as_of!r}, not a date such as 2026-07-01"
        faults.append(Fault("LQ105", "--as-of", message))
    if faults:
        raise InputError(*faults)
    return found[0], found[1]


def _table(loaded: LoadedExchange, symbol: str, day: str | None) -> TierTable:
    table = loaded.tier_table(symbol, day)
    if table is not None:
        return table
    file = loaded.tiers(symbol)
    if file is None:
        message = f"no tier table of {symbol} is in the catalogue"
        hint = "a sheet may give its own under tiers"
    else:
        message = f"no tier table of {symbol} is known on {day}"
        hint = f"the first known is of {file.history[0].from_}"
    raise InputError(Fault("LQ403", "", message, hint))


def _held(schedule: Schedule, value: Decimal | None, count: Decimal | None, unit: str) -> Held:
    """Return the row that holds a size, which must be in the table's unit."""
    size = count if schedule.by_contracts else value
    if size is None:
        wanted, given = (
            ("contracts", "notional") if value is not None else ("notional", "contracts")
        )
        message = f"does not fit: this table counts {unit}"
        raise InputError(Fault("LQ105", f"--{given}", message, f"give --{wanted}"))
    if schedule.unknown_beyond(size):
        return Held(size, None)
    index = schedule.index_at(size)
    tier = schedule.tiers[index]
    margin = None if value is None else value * tier.mmr - tier.deduction
    return Held(size, index + 1, margin, tier.max_leverage)


def _age(table: TierTable, symbol: str, day: str) -> list[Note]:
    seen = table.seen or table.from_
    age = days_between(seen, day)
    notes = []
    if age > STALE_DAYS:
        text = f"the tier table of {symbol} was last seen on {seen}, {age} days before {day}"
        notes.append(Note("LQ301", text))
    if not table.complete:
        notes.append(Note("LQ302", f"the tier table of {symbol} is incomplete"))
    return notes


def _beyond(schedule: Schedule, size: Decimal, unit: str) -> list[Note]:
    if schedule.unknown_beyond(size):
        text = f"{plain(size)} {unit} lies beyond the known rows of the table"
        return [Note("LQ303", text)]
    if schedule.beyond(size):
        text = f"{plain(size)} {unit} is above the last cap; the last tier is continued"
        return [Note("LQ304", text)]
    return []


def _citation(loaded: LoadedExchange, name: str) -> Citation:
    source = loaded.sources.get(name)
    return Citation(name, source.title, source.url, source.date) if source else Citation(name)


def _head(table: TierTable) -> dict[str, Any]:
    return {
        "from": table.from_,
        "seen": table.seen or table.from_,
        "source_id": table.source,
        "complete": table.complete,
        "rows": len(table.tiers),
    }


def _row(tier: Tier) -> dict[str, Any]:
    return {
        "floor": plain(tier.floor),
        "cap": _text(tier.cap),
        "mmr": plain(tier.mmr),
        "deduction": plain(tier.deduction),
        "imr": _text(tier.imr),
        "max_leverage": _text(tier.max_leverage),
        "basis": tier.basis,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
