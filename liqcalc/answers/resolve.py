"""From a sheet to engine objects: which rules, tables, fees and prices hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Citation, Note, Provenance, TableUse
from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.numbers import ONE, plain
from liqcalc.engine.position import Coin, Order, Position
from liqcalc.engine.tiers import Schedule
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import CollateralMode, EvidenceClass, MarginMode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.catalog import Catalog, LoadedExchange
    from liqcalc.rules.schema import Evidence, FeeEntry, RuleEntry, TierTable
    from liqcalc.rules.sheet import CollateralRow, OrderRow, PositionRow, Sheet

STALE_DAYS = 90


@dataclass(slots=True)
class Resolved:
    """A sheet with everything filled in that the catalogue knows.

    Attributes:
        today: the day answers are given on, for the age of tables.
        positions: engine positions, in the sheet's order.
        notes, assumptions: by position, what to tell the user.
        tables: by symbol, which tier table is used.
    """

    sheet: Sheet
    exchange: LoadedExchange
    entry: RuleEntry
    rules: Rules
    today: str
    schedules: dict[str, Schedule | None] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    warnings: list[list[Note]] = field(default_factory=list)
    assumptions: list[list[Note]] = field(default_factory=list)
    tables: dict[str, TableUse] = field(default_factory=dict)
    taker_sources: list[str] = field(default_factory=list)
    shared_warnings: list[Note] = field(default_factory=list)

    def evidence(self, position: Position) -> Evidence | None:
        """Return how well the rule is known for `position`."""
        mode = MarginMode.ISOLATED if position.isolated else MarginMode.CROSS
        account = self.sheet.account
        for item in self.entry.evidence:
            fits = item.product == position.contract.product.value and item.mode is mode
            if item.collateral is not None:
                fits = fits and not position.isolated and item.collateral is account.collateral_mode
            if item.position is not None:
                fits = fits and item.position is account.position_mode and self._paired(position)
            if fits:
                return item
        return None

    def _paired(self, position: Position) -> bool:
        """Return True if the sheet also holds the other side of the symbol."""
        symbol = position.contract.symbol
        return any(o.contract.symbol == symbol and o.side != position.side for o in self.positions)

    def provenance(self, position: Position | None) -> Provenance:
        """Return what an answer about `position` (or all of the sheet) stands on."""
        evidence = self.evidence(position) if position else self._weakest_evidence()
        taker_source = ""
        taker = None
        uses = tuple(self.tables.values())
        if position is not None:
            taker = position.taker
            taker_source = self.taker_sources[self.positions.index(position)]
            uses = tuple(u for u in uses if u.symbol == position.contract.symbol)
        return Provenance(
            exchange=self.exchange.id,
            rule_set=self.entry.name,
            rule_from=self.entry.from_,
            evidence=str(evidence.evidence) if evidence else str(EvidenceClass.ASSUMED),
            evidence_note=evidence.note if evidence else "no evidence is recorded for this mode",
            tiers=uses,
            taker=taker,
            taker_source=taker_source,
            citations=tuple(self.citation(name) for name in self._cited(uses, taker_source)),
        )

    def _cited(self, uses: tuple[TableUse, ...], taker_source: str) -> list[str]:
        """Return the ids of all sources that an answer stands on, the rules' own first."""
        ids = [*self.entry.sources, *self.entry.cites.values(), *(use.source for use in uses)]
        return [name for name in dict.fromkeys([*ids, taker_source]) if name and name != "sheet"]

    def citation(self, name: str) -> Citation:
        """Return a source by its id."""
        source = self.exchange.sources.get(name)
        if source is None:
            return Citation(name)
        return Citation(name, source.title, source.url, source.date)

    def _weakest_evidence(self) -> Evidence | None:
        order = list(EvidenceClass)
        found = [item for p in self.positions if (item := self.evidence(p))]
        return max(found, key=lambda item: order.index(item.evidence), default=None)


def resolve(sheet: Sheet, catalog: Catalog, *, today: str) -> Resolved:
    """Return `sheet` with rules, contracts, tiers and fees filled in.

    Args:
        sheet: a checked sheet.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.

    Raises:
        InputError: an unknown exchange, rule set, parameter or symbol; all
            unknown symbols at once.
    """
    exchange = catalog.exchange(sheet.exchange)
    entry = exchange.rules_on(sheet.as_of, sheet.rules)
    rules = exchange.rules(entry, sheet.parameters)
    found = Resolved(sheet, exchange, entry, rules, today)
    _check_modes(found)
    _note_rules(found)
    faults: list[Fault] = []
    contracts: dict[str, Contract] = {}
    symbols = [row.symbol for row in sheet.positions] + [row.symbol for row in sheet.orders]
    for symbol in dict.fromkeys(symbols):
        try:
            contracts[symbol] = _contract(found, symbol)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*faults)
    schedules = {given: _schedule(found, given, c.symbol) for given, c in contracts.items()}
    orders = [_order(contracts[row.symbol], row, i) for i, row in enumerate(sheet.orders)]
    found.contracts = {c.symbol: c for c in contracts.values()}
    found.schedules = {c.symbol: schedules[given] for given, c in contracts.items()}
    found.orders = orders
    for i, row in enumerate(sheet.positions):
        _add_position(found, row, i, contracts[row.symbol], schedules[row.symbol], orders)
    return found


def _check_modes(found: Resolved) -> None:
    meta, account = found.exchange.meta, found.sheet.account
    faults = []
    if account.position_mode not in meta.position_modes:
        message = f"{meta.name} has no {account.position_mode} position mode"
        faults.append(Fault("LQ108", "account.position_mode", message))
    portfolio = account.collateral_mode is CollateralMode.PORTFOLIO
    if account.collateral_mode not in meta.collateral_modes and not portfolio:
        message = f"{meta.name} has no {account.collateral_mode} collateral mode"
        faults.append(Fault("LQ108", "account.collateral_mode", message))
    if faults:
        raise InputError(*faults)


def _note_rules(found: Resolved) -> None:
    entry, sheet, meta = found.entry, found.sheet, found.exchange.meta
    if meta.closed is not None:
        message = f"{meta.name} closed on {meta.closed}; its rules are kept as history"
        found.shared_warnings.append(Note("LQ405", message))
    if sheet.as_of is not None and sheet.as_of < entry.from_ and sheet.rules is None:
        message = f"no rules are known before {entry.from_}; those of that day were used"
        found.shared_warnings.append(Note("LQ404", message))
    if any(row.close is not None for row in sheet.positions):
        message = f"positions[].close is not used by the rules of {meta.name}"
        found.shared_warnings.append(Note("LQ406", message))


def _contract(found: Resolved, symbol: str) -> Contract:
    given = found.sheet.contracts.get(symbol)
    if given is None:
        symbol = found.exchange.find_symbol(symbol)
    known = found.exchange.contract(symbol)
    values: dict[str, Any] = {}
    for name in ("product", "base", "quote", "settle", "contract_size", "tick_size", "lot_size"):
        value = getattr(given, name, None)
        values[name] = value if value is not None else getattr(known, name, None)
    missing = [name for name in ("product", "base", "quote", "settle") if values[name] is None]
    if missing:
        hint = "add the missing keys; docs/sheet.md shows a whole contract"
        message = f"lacks {', '.join(missing)}, and the catalogue has no such contract"
        raise InputError(Fault("LQ109", f"contracts.{symbol}", message, hint))
    product = Product(values.pop("product"))
    if product not in found.exchange.meta.products:
        message = f"is {product}, which {found.exchange.meta.name} does not have"
        raise InputError(Fault("LQ109", f"contracts.{symbol}", message))
    return Contract(symbol=symbol, product=product, **values)


def _schedule(found: Resolved, as_given: str, symbol: str) -> Schedule | None:
    rules = found.rules
    given = found.sheet.tiers.get(as_given)
    if given is not None:
        found.tables[symbol] = TableUse(symbol, None, None, "sheet", complete=True)
        return Schedule(given, by_contracts=rules.by_contracts, edge_in_lower=rules.edge_in_lower)
    table = found.exchange.tier_table(symbol, found.sheet.as_of)
    if table is None:
        return None
    found.tables[symbol] = TableUse(
        symbol, table.from_, table.seen or table.from_, table.source, table.complete
    )
    return Schedule(
        table.tiers,
        by_contracts=rules.by_contracts,
        edge_in_lower=rules.edge_in_lower,
        complete=table.complete,
    )


def _size(contract: Contract, row: PositionRow | OrderRow, where: str) -> Decimal:
    if row.qty is not None:
        return row.qty
    assert row.contracts is not None  # noqa: S101 - the sheet was checked
    if contract.contract_size is None:
        message = f"contracts is given, but the contract size of {row.symbol} is not known"
        hint = f"give qty, or contracts: {{{row.symbol}: {{contract_size: ...}}}}"
        raise InputError(Fault("LQ109", where, message, hint))
    return row.contracts * contract.contract_size


def _order(contract: Contract, row: OrderRow, i: int) -> Order:
    qty = _size(contract, row, f"orders[{i}]")
    return Order(contract.symbol, row.side.sign, qty, row.price, row.leverage)


def _add_position(
    found: Resolved,
    row: PositionRow,
    i: int,
    contract: Contract,
    schedule: Schedule | None,
    orders: list[Order],
) -> None:
    warnings: list[Note] = list(found.shared_warnings)
    mode = row.margin_mode or found.sheet.account.margin_mode
    assumptions = [
        Note("LQ402", item.says) for item in found.entry.assumptions if item.mode in {None, mode}
    ]
    if mode not in found.exchange.meta.margin_modes:
        message = f"{found.exchange.meta.name} has no {mode} margin"
        raise InputError(Fault("LQ108", f"positions[{i}].margin_mode", message))
    isolated = mode is MarginMode.ISOLATED
    if row.margin is not None and not isolated:
        message = f"margin belongs to isolated positions, this one is cross ({row.symbol})"
        warnings.append(Note("LQ407", message))
    taker, taker_source = _taker(found, contract, assumptions)
    found.taker_sources.append(taker_source)
    if row.mark_price is None:
        entry = plain(row.entry_price)
        assumptions.append(Note("LQ401", f"mark_price was not given: the entry price, {entry}"))
    side = row.side.sign
    position = Position(
        contract=contract,
        side=side,
        qty=_size(contract, row, f"positions[{i}]"),
        entry_price=row.entry_price,
        mark_price=row.mark_price or found.rules.entry.apply(row.entry_price),
        schedule=schedule,
        taker=taker,
        leverage=row.leverage,
        isolated=isolated,
        margin=row.margin,
        extra_margin=row.extra_margin,
        funding_paid=row.funding_paid,
        funding_rate=row.funding_rate,
        index_price=row.index_price,
        max_leverage=row.max_leverage,
        fee_reserve=row.fee_reserve,
        accrued_fees=row.accrued_fees,
        collateral=coins_of(row.collateral, {contract.base: row.mark_price or row.entry_price}),
        orders=tuple(o for o in orders if o.symbol == contract.symbol and o.side == side),
    )
    if isolated and row.margin is None and row.leverage is not None:
        text = "margin was not given: what the exchange sets aside when the position is opened"
        assumptions.append(Note("LQ401", text))
    _warn_of_table(found, position, warnings)
    found.positions.append(position)
    found.warnings.append(warnings)
    found.assumptions.append(assumptions)


def coins_of(rows: tuple[CollateralRow, ...], marks: Mapping[str, Decimal]) -> tuple[Coin, ...]:
    """Return collateral rows as coins; a price not given is the asset's mark, or 1."""
    return tuple(
        Coin(
            row.asset,
            row.qty,
            row.price if row.price is not None else marks.get(row.asset, ONE),
            ONE if row.initial_weight is None else row.initial_weight,
            ONE if row.maintenance_weight is None else row.maintenance_weight,
        )
        for row in rows
    )


def _taker(
    found: Resolved, contract: Contract, assumptions: list[Note]
) -> tuple[Decimal | None, str]:
    if found.sheet.fees.taker is not None:
        return found.sheet.fees.taker, "sheet"
    fee: FeeEntry | None = found.exchange.fees_on(found.sheet.as_of, contract.product)
    if fee is None:
        return None, ""
    text = f"fees.taker was not given: {plain(fee.taker)} ({fee.note or fee.source})"
    assumptions.append(Note("LQ401", text))
    return fee.taker, fee.source


def _warn_of_table(found: Resolved, position: Position, warnings: list[Note]) -> None:
    symbol, schedule = position.contract.symbol, position.schedule
    use = found.tables.get(symbol)
    if use is None or schedule is None:
        day = f" on {found.sheet.as_of}" if found.sheet.as_of else ""
        known = found.exchange.tiers(symbol)
        first = f"; the first known is of {known.history[0].from_}" if known else ""
        text = f"no tier table of {symbol} is known{day}{first}; give tiers in the sheet"
        warnings.append(Note("LQ403", text))
        return
    if use.from_ is None:
        return
    table = found.exchange.tier_table(symbol, found.sheet.as_of)
    day = found.sheet.as_of or found.today
    age = days_between(use.seen or use.from_, day)
    if age > STALE_DAYS:
        text = f"the tier table of {symbol} was last seen on {use.seen}, {age} days before {day}"
        warnings.append(Note("LQ301", text))
    if table is not None and not table.complete:
        text = f"the tier table of {symbol} is incomplete" + _why(table)
        warnings.append(Note("LQ302", text))


def _why(table: TierTable) -> str:
    return f": {table.note}" if table.note else ""


def days_between(earlier: str, later: str) -> int:
    """Return the days from one ISO date to another."""
    from datetime import date

    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
