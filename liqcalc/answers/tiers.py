"""Which tier table is in force, and which row or rate holds a size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import SCHEMA_VERSION, Citation, Note
from liqcalc.answers.cautions import STALE_DAYS
from liqcalc.answers.resolved import days_between
from liqcalc.answers.sizes import Held, Sizes, formula_of, in_a_row, read_numbers, text
from liqcalc.answers.tables import Wanted, choose, form, options
from liqcalc.engine.numbers import exact, plain
from liqcalc.engine.tiers import Schedule, tiers_of
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.schema import MarginMode
from liqcalc.rules.sheet import is_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path

    from liqcalc.answers.sizes import Formula
    from liqcalc.engine.tiers import Tier
    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.symbol_files import TierTable


class Known(NamedTuple):
    """A table of a symbol, and the options that show it."""

    table: TierTable
    options: str

    def to_dict(self) -> dict[str, Any]:
        """Return the table without its rates as plain data."""
        return {**_head(self.table), "options": self.options}


class TiersAnswer(NamedTuple):
    """A tier table, and which others are known.

    Attributes:
        rule_set, margin_mode: what the table was picked for.
        unit: what sizes count: ``contracts``, the settle currency, or base
            coins where rates follow a formula.
        settle: currency of the maintenance margin; "" if not known.
        table: the one in force, or the last one before it ended.
        rows: its rows as the rules read them, with their deductions.
        formula: what its rates follow from instead; None if it has rows.
        source: where it comes from.
        history: every known table, oldest first.
        held: the row that holds the size that was asked for.
        warnings: age, end, missing rows, a size above the last cap.
    """

    exchange: str
    symbol: str
    rule_set: str
    margin_mode: MarginMode
    unit: str
    settle: str
    table: TierTable
    rows: tuple[Tier, ...]
    formula: Formula | None
    source: Citation
    history: tuple[Known, ...]
    held: Held | None
    warnings: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        table = self.table
        return {
            "schema_version": SCHEMA_VERSION,
            "exchange": self.exchange,
            "symbol": self.symbol,
            "rule_set": self.rule_set,
            "margin_mode": str(self.margin_mode),
            "unit": self.unit,
            **_head(table),
            "note": table.note,
            "source": self.source.to_dict(),
            "tiers": [_row(tier) for tier in self.rows],
            "steps": _numbers(table.steps),
            "slope": _numbers(table.slope),
            "continuous": _numbers(table.continuous),
            "formula": list(self.formula.lines()) if self.formula else [],
            "open_interest": _numbers(table.open_interest),
            "held": self.held.to_dict() if self.held else None,
            "history": [known.to_dict() for known in self.history],
            "warnings": [note.to_dict() for note in self.warnings],
        }


def tiers(
    exchange: str,
    symbol: str,
    *,
    notional: str | None = None,
    contracts: str | None = None,
    qty: str | None = None,
    rules: str | None = None,
    mode: str | None = None,
    leverage: str | None = None,
    as_of: str | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str,
) -> TiersAnswer:
    """Return the tier table of a symbol, and the row or rate that holds a size.

    Args:
        exchange: folder name.
        symbol: the exchange's own name, or the unified one.
        notional: value of a position, in the settle currency.
        contracts: its size in contracts, where tables count them.
        qty: its size in base coins, where rates follow a formula.
        rules: name of a rule set; default: the one in force.
        mode: isolated or cross; default: isolated where a table is for it.
        leverage: setting, where tables are for one each, and for the initial
            rate of a formula.
        as_of: ISO date; default: the newest table.
        exchanges: folders of exchanges of the user's own.
        today: ISO date, against which the table's age is counted.

    Raises:
        InputError: no such exchange, symbol, day or size; no table fits.
    """
    loaded = Catalog(exchanges).exchange(exchange)
    sizes, wanted = _read(notional, contracts, qty, Wanted(as_of, rules), mode, leverage)
    own = loaded.find_symbol(symbol)
    table, entry, picked = choose(loaded, own, wanted)
    file = loaded.tiers(own)
    assert file is not None  # noqa: S101 - it has a table
    contract = loaded.contract(own)
    by_contracts = file.unit == "contracts"
    settle = contract.settle if contract else ""
    formula = formula_of(table, contract)
    unit = "contracts" if by_contracts else settle or "settle currency"
    rows: tuple[Tier, ...] = ()
    held, notes = None, _age(table, own, as_of or today)
    with exact():
        if formula is not None:
            unit = formula.unit
            held = formula.at(sizes, wanted.leverage) if sizes.given else None
        else:
            rows = tiers_of(table.rows, entry.choices.tier_applies)
            edge = entry.choices.edge_in_lower
            schedule = Schedule(rows, by_contracts, edge, table.complete)
            if sizes.given:
                held = in_a_row(schedule, sizes, unit)
                notes += _beyond(schedule, held.size, unit)
    return TiersAnswer(
        exchange=loaded.id,
        symbol=own,
        rule_set=entry.name,
        margin_mode=picked,
        unit=unit,
        settle=settle,
        table=table,
        rows=rows,
        formula=formula,
        source=_citation(loaded, table.source),
        history=tuple(Known(each, options(loaded, file, each)) for each in file.history),
        held=held,
        warnings=tuple(notes),
    )


def _read(
    notional: str | None,
    contracts: str | None,
    qty: str | None,
    wanted: Wanted,
    mode: str | None,
    leverage: str | None,
) -> tuple[Sizes, Wanted]:
    """Return what was typed as numbers and words, or say everything that is wrong with it."""
    typed = {"--notional": notional, "--contracts": contracts, "--qty": qty, "--leverage": leverage}
    (*sizes, setting), faults = read_numbers(typed)
    if mode is not None and mode not in list(MarginMode):
        faults.append(Fault("LQ105", "--mode", f"is {mode!r}, not isolated or cross"))
    if wanted.day is not None and not is_date(wanted.day):
        message = f"is {wanted.day!r}, not a date such as 2026-07-01"
        faults.append(Fault("LQ105", "--as-of", message))
    if faults:
        raise InputError(*faults)
    picked = None if mode is None else MarginMode(mode)
    return Sizes(*sizes), wanted._replace(mode=picked, leverage=setting)


def _age(table: TierTable, symbol: str, day: str) -> list[Note]:
    """Say if the table has ended or is old, and if rows are missing."""
    seen = table.seen or table.from_
    age = days_between(seen, day)
    notes = []
    if table.until is not None and table.until < day:
        message = f"the rates of {symbol} that are known ended on {table.until}, see the note"
        notes.append(Note("LQ403", message))
    elif age > STALE_DAYS:
        message = f"the tier table of {symbol} was last seen on {seen}, {age} days before {day}"
        notes.append(Note("LQ301", message))
    if not table.complete:
        notes.append(Note("LQ302", f"the tier table of {symbol} is incomplete"))
    return notes


def _beyond(schedule: Schedule, size: Decimal, unit: str) -> list[Note]:
    if schedule.unknown_beyond(size):
        message = f"{plain(size)} {unit} lies beyond the known rows of the table"
        return [Note("LQ303", message)]
    if schedule.beyond(size):
        message = f"{plain(size)} {unit} is above the last cap; the last tier is continued"
        return [Note("LQ304", message)]
    return []


def _citation(loaded: LoadedExchange, name: str) -> Citation:
    source = loaded.sources.get(name)
    return Citation(name, source.title, source.url, source.date) if source else Citation(name)


def _head(table: TierTable) -> dict[str, Any]:
    return {
        "from": table.from_,
        "seen": table.seen or table.from_,
        "until": table.until,
        "rules": table.rules,
        "mode": None if table.mode is None else str(table.mode),
        "leverage": text(table.leverage),
        "form": form(table),
        "source_id": table.source,
        "complete": table.complete,
        "rows": len(table.rows),
    }


def _row(tier: Tier) -> dict[str, Any]:
    return {
        "floor": plain(tier.floor),
        "cap": text(tier.cap),
        "mmr": plain(tier.mmr),
        "deduction": plain(tier.deduction),
        "imr": text(tier.imr),
        "max_leverage": text(tier.max_leverage),
        "basis": tier.basis,
    }


def _numbers(rule: NamedTuple | None) -> dict[str, Any] | None:
    """Return the numbers of a formula by name, decimals as text; what is not given left out."""
    if rule is None:
        return None
    given = {name: value for name, value in rule._asdict().items() if value is not None}
    return {name: v if isinstance(v, int) else plain(v) for name, v in given.items()}
