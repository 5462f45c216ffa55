"""From a sheet to engine objects: which rules, tables, fees and prices hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Citation, Note, Provenance, TableUse
from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.engine.position import CloseStep, Coin, Order, Position
from liqcalc.engine.rates import of_symbol
from liqcalc.engine.tiers import Schedule, tiers_of
from liqcalc.engine.vocabulary import Continuous, FeeRate, PairTier, Slope
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import CollateralMode, EvidenceClass, MarginMode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.engine.tiers import TierRow
    from liqcalc.engine.vocabulary import ModeRules, MultiAsset, OpenInterest, Rules
    from liqcalc.rules.catalog import Catalog, LoadedExchange
    from liqcalc.rules.schema import Evidence, FeeEntry, RuleEntry, TierTable
    from liqcalc.rules.sheet import CollateralRow, OrderRow, PositionRow, Sheet

STALE_DAYS = 90


@dataclass(slots=True)
class Resolved:
    """A sheet with everything filled in that the catalogue knows.

    Attributes:
        today: the day answers are given on, for the age of tables.
        entry, rules: of the account as a whole.
        entries, rules_of: rule sets and rules by position; they differ where
            products, or positions of different age, have rules of their own.
        positions: engine positions, in the sheet's order.
        notes, assumptions: by position, what to tell the user.
        tables: by symbol, which tier table is used.
    """

    sheet: Sheet
    exchange: LoadedExchange
    entry: RuleEntry
    rules: Rules
    today: str
    day: str | None = None
    entries: list[RuleEntry] = field(default_factory=list)
    rules_of: list[Rules] = field(default_factory=list)
    schedules: dict[str, Schedule | None] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    warnings: list[list[Note]] = field(default_factory=list)
    assumptions: list[list[Note]] = field(default_factory=list)
    tables: dict[tuple[str, str], TableUse] = field(default_factory=dict)
    taker_sources: list[str] = field(default_factory=list)
    shared_warnings: list[Note] = field(default_factory=list)

    def evidence(self, position: Position) -> Evidence | None:
        """Return how well the rule is known for `position`."""
        mode = mode_of(position)
        account = self.sheet.account
        for item in self.entry_of(position).evidence:
            fits = item.product == position.contract.product.value and item.mode is mode
            if item.collateral is not None:
                fits = fits and not position.isolated and item.collateral is account.collateral_mode
            if item.position is not None:
                fits = fits and item.position is account.position_mode and self._paired(position)
            if fits:
                return item
        return None

    def entry_of(self, position: Position) -> RuleEntry:
        """Return the rule set that holds for `position`."""
        return self.entries[self.positions.index(position)]

    def rules_for(self, product: Product, opened: str | None = None) -> tuple[RuleEntry, Rules]:
        """Return the rule set and rules of a product, for a position opened on a day."""
        name = self.sheet.rules
        entry = self.exchange.rules_on(self.day, name, product)
        if entry.older_positions and opened is not None and opened < entry.from_:
            entry = self.exchange.rules_on(self.day, entry.older_positions, product)
        if entry is self.entry:
            return entry, self.rules
        return entry, self.exchange.rules(entry, self.sheet.parameters)

    def _paired(self, position: Position) -> bool:
        """Return True if the sheet also holds the other side of the symbol."""
        symbol = position.contract.symbol
        return any(o.contract.symbol == symbol and o.side != position.side for o in self.positions)

    def provenance(self, position: Position | None) -> Provenance:
        """Return what an answer about `position` (or all of the sheet) stands on."""
        evidence = self.evidence(position) if position else self._weakest_evidence()
        taker_source = ""
        taker = None
        uses = tuple(dict.fromkeys(self.tables.values()))
        entry = self.entry
        if position is not None:
            entry = self.entry_of(position)
            taker = position.taker
            taker_source = self.taker_sources[self.positions.index(position)]
            held = self.tables.get((position.contract.symbol, mode_of(position)))
            uses = () if held is None else (held,)
        return Provenance(
            exchange=self.exchange.id,
            rule_set=entry.name,
            rule_from=entry.from_,
            evidence=str(evidence.evidence) if evidence else str(EvidenceClass.ASSUMED),
            evidence_note=evidence.note if evidence else "no evidence is recorded for this mode",
            tiers=uses,
            taker=taker,
            taker_source=taker_source,
            citations=tuple(self.citation(name) for name in _cited(entry, uses, taker_source)),
        )

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


def _cited(entry: RuleEntry, uses: tuple[TableUse, ...], taker_source: str) -> list[str]:
    """Return the ids of all sources that an answer stands on, the rules' own first."""
    ids = [*entry.sources, *entry.cites.values(), *(use.source for use in uses)]
    return [name for name in dict.fromkeys([*ids, taker_source]) if name and name != "sheet"]


def mode_of(position: Position) -> MarginMode:
    """Return the margin mode of a position."""
    return MarginMode.ISOLATED if position.isolated else MarginMode.CROSS


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
    closed = exchange.meta.closed
    day = sheet.as_of or (closed if closed is not None and closed < today else None)
    entry = exchange.rules_on(day, sheet.rules, _product_given(sheet, exchange))
    rules = exchange.rules(entry, sheet.parameters)
    found = Resolved(sheet, exchange, entry, rules, today, day)
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
    found.orders = [_order(contracts[row.symbol], row, i) for i, row in enumerate(sheet.orders)]
    found.contracts = {c.symbol: c for c in contracts.values()}
    for order in sheet.orders:
        contract = contracts[order.symbol]
        entry, rules = found.rules_for(contract.product)
        found.schedules[contract.symbol] = _schedule(
            found, order.symbol, contract, entry, rules, MarginMode.CROSS, order.leverage
        )
    for i, row in enumerate(sheet.positions):
        _add_position(found, row, i, contracts[row.symbol])
    _pair_up(found)
    return found


def _product_given(sheet: Sheet, exchange: LoadedExchange) -> Product | None:
    """Return the product of the sheet's first symbol; None if it is not known yet."""
    symbols = [row.symbol for row in sheet.positions] + [row.symbol for row in sheet.orders]
    if not symbols or not any(entry.products for entry in exchange.meta.rules):
        return None
    given = sheet.contracts.get(symbols[0])
    if given is not None and given.product is not None:
        return given.product
    try:
        known = exchange.contract(exchange.find_symbol(symbols[0]))
    except InputError:
        return None
    return known.product if known else None


def _pair_up(found: Resolved) -> None:
    """Tell each leg of a cross hedge pair the other's quantity, where that bears on its tier."""
    for i, position in enumerate(found.positions):
        if found.rules_of[i].pair_tier is PairTier.OWN or position.isolated:
            continue
        other = sum(
            (
                o.qty
                for o in found.positions
                if o.contract.symbol == position.contract.symbol
                and o.side != position.side
                and not o.isolated
            ),
            ZERO,
        )
        if other:
            found.positions[i] = position._replace(paired_qty=other)


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
        if meta.closed_note:
            message = f"{meta.name}: {meta.closed_note} (since {meta.closed})"
        found.shared_warnings.append(Note("LQ405", message))
    if sheet.as_of is not None and sheet.as_of < entry.from_ and sheet.rules is None:
        message = f"no rules are known before {entry.from_}; those of that day were used"
        found.shared_warnings.append(Note("LQ404", message))
    used = found.rules.impact_cap is not None or found.rules.partial_close is not None
    if any(row.close is not None for row in sheet.positions) and not used:
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
    dated = bool(re.search(r"\d{6}$", symbol)) or (known is not None and known.expiry is not None)
    return Contract(symbol=symbol, product=product, dated=dated, **values)


def _schedule(
    found: Resolved,
    as_given: str,
    contract: Contract,
    entry: RuleEntry,
    rules: Rules,
    mode: MarginMode,
    leverage: Decimal | None,
) -> Schedule | None:
    """Return the table that holds: the sheet's, one by given parameters, or the catalogue's."""
    symbol = contract.symbol
    given = found.sheet.tiers.get(as_given)
    key = (symbol, mode)
    interest = rules.open_interest
    if given is not None:
        found.tables[key] = TableUse(symbol, None, None, "sheet", complete=True)
        return _read(rules, given, open_interest=interest)
    table = found.exchange.tier_table(
        symbol, found.day, rules=entry.name, mode=mode, leverage=leverage, today=found.today
    )
    own = of_symbol(rules.continuous, symbol)
    cross = mode is MarginMode.CROSS
    if own and cross:
        base = table.continuous if table is not None and table.continuous else Continuous()
        found.tables[key] = TableUse(symbol, None, None, "sheet", complete=True)
        return Schedule((), continuous=base._replace(**own))
    if rules.slope is not None:
        found.tables[key] = TableUse(symbol, None, None, "sheet", complete=True)
        slope = table.slope if table is not None and table.slope else Slope()
        given_too = {k: v for k, v in rules.slope._asdict().items() if v is not None}
        return Schedule((), slope=slope._replace(**given_too))
    if table is None:
        return None
    found.tables[key] = TableUse(
        symbol, table.from_, table.seen or table.from_, table.source, table.complete
    )
    if table.open_interest is not None:
        said = {} if interest is None else interest._asdict()
        interest = table.open_interest._replace(**{k: v for k, v in said.items() if v is not None})
    return _read(
        rules,
        table.rows,
        complete=table.complete,
        slope=table.slope,
        continuous=table.continuous,
        open_interest=interest,
    )


def _read(
    rules: Rules,
    rows: tuple[TierRow, ...],
    *,
    complete: bool = True,
    slope: Slope | None = None,
    continuous: Continuous | None = None,
    open_interest: OpenInterest | None = None,
) -> Schedule:
    return Schedule(
        tiers_of(rows, rules.tier_applies),
        by_contracts=rules.by_contracts,
        edge_in_lower=rules.edge_in_lower,
        complete=complete,
        slope=slope,
        continuous=continuous,
        open_interest=open_interest,
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


def _add_position(found: Resolved, row: PositionRow, i: int, contract: Contract) -> None:
    warnings: list[Note] = list(found.shared_warnings)
    mode = row.margin_mode or found.sheet.account.margin_mode
    entry, rules = found.rules_for(contract.product, row.opened)
    found.entries.append(entry)
    found.rules_of.append(rules)
    assumptions = [
        Note("LQ402", item.says) for item in entry.assumptions if item.mode in {None, mode}
    ]
    _note_opening(found, row, entry, assumptions, warnings)
    if mode not in found.exchange.meta.margin_modes:
        message = f"{found.exchange.meta.name} has no {mode} margin"
        raise InputError(Fault("LQ108", f"positions[{i}].margin_mode", message))
    isolated = mode is MarginMode.ISOLATED
    if row.margin is not None and not isolated:
        message = f"margin belongs to isolated positions, this one is cross ({row.symbol})"
        warnings.append(Note("LQ407", message))
    schedule = _schedule(found, row.symbol, contract, entry, rules, mode, row.leverage)
    found.schedules.setdefault(contract.symbol, schedule)
    fees = _fees(found, contract, rules.mode(isolated=isolated), assumptions)
    found.taker_sources.append(fees.source)
    if row.entry_price is None:
        text = f"entry_price was not given: the mark, {plain(row.entry)}"
        assumptions.append(Note("LQ401", text))
    if row.mark_price is None:
        text = f"mark_price was not given: the entry price, {plain(row.entry)}"
        assumptions.append(Note("LQ401", text))
    side = row.side.sign
    orders = [o for o in found.orders if o.symbol == contract.symbol]
    mark = row.mark_price or rules.entry.apply(row.entry)
    position = Position(
        contract=contract,
        side=side,
        qty=_size(contract, row, f"positions[{i}]"),
        entry_price=row.entry,
        mark_price=mark,
        schedule=schedule,
        taker=fees.taker,
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
        collateral=coins_of(row.collateral, {contract.base: mark}, rules.multi_asset),
        orders=tuple(o for o in orders if o.side == side),
        exchange_taker=fees.exchange_taker,
        liquidation_fee=fees.liquidation,
        risk_level=row.risk_level,
        opposing_qty=sum((o.qty for o in orders if o.side != side), ZERO),
        close=None if row.close is None else CloseStep(*row.close),
    )
    if isolated and row.margin is None and row.leverage is not None:
        text = "margin was not given: what the exchange sets aside when the position is opened"
        assumptions.append(Note("LQ401", text))
    _warn_of_table(found, position, entry, warnings)
    found.positions.append(position)
    found.warnings.append(warnings)
    found.assumptions.append(assumptions)


def _note_opening(
    found: Resolved,
    row: PositionRow,
    entry: RuleEntry,
    assumptions: list[Note],
    warnings: list[Note],
) -> None:
    """Say what day of opening was assumed, or that it changes nothing."""
    depends = any(known.older_positions for known in found.exchange.meta.rules)
    if row.opened is None and entry.older_positions and found.sheet.rules is None:
        text = (
            f"opened was not given: since {entry.from_}; an older position keeps "
            f"the rule set {entry.older_positions}"
        )
        assumptions.append(Note("LQ401", text))
    if row.opened is not None and not depends:
        text = f"positions[].opened is not used by the rules of {found.exchange.meta.name}"
        warnings.append(Note("LQ406", text))


def coins_of(
    rows: tuple[CollateralRow, ...], marks: Mapping[str, Decimal], multi: MultiAsset | None = None
) -> tuple[Coin, ...]:
    """Return collateral rows as coins.

    A price that is not given is the asset's mark, or 1; a weight that is not
    given is what the haircut and conversion fee leave, or 1.
    """
    coins = []
    for row in rows:
        weight = ONE if multi is None or row.qty < 0 else multi.weight(row.asset)
        initial, maintenance = row.initial_weight, row.maintenance_weight
        coins.append(
            Coin(
                row.asset,
                row.qty,
                row.price if row.price is not None else marks.get(row.asset, ONE),
                weight if initial is None else initial,
                weight if maintenance is None else maintenance,
            )
        )
    return tuple(coins)


class FeesUsed(NamedTuple):
    """The rates that hold for a position, and where the account's own came from."""

    taker: Decimal | None
    exchange_taker: Decimal | None
    liquidation: Decimal | None
    source: str


def _fees(
    found: Resolved, contract: Contract, mode: ModeRules, assumptions: list[Note]
) -> FeesUsed:
    given = found.sheet.fees
    known: FeeEntry | None = found.exchange.fees_on(found.day, contract.product)
    liquidation = given.liquidation
    if liquidation is None:
        file = found.exchange.contract(contract.symbol)
        liquidation = file.liquidation_fee if file is not None else None
        if liquidation is None and known is not None:
            liquidation = known.liquidation
        if FeeRate.LIQUIDATION in {mode.requirement_fee, mode.bankruptcy_fee}:
            rate = "not known" if liquidation is None else plain(liquidation)
            text = f"fees.liquidation was not given: {rate}"
            assumptions.append(Note("LQ401", text))
    if given.taker is not None:
        return FeesUsed(given.taker, None, liquidation, "sheet")
    if known is None:
        return FeesUsed(None, None, liquidation, "")
    text = f"fees.taker was not given: {plain(known.taker)} ({known.note or known.source})"
    assumptions.append(Note("LQ401", text))
    if known.requirement is not None:
        rate = plain(known.requirement)
        text = f"the liquidation condition has the contract's own taker rate, {rate}"
        assumptions.append(Note("LQ401", text))
    return FeesUsed(known.taker, known.requirement, liquidation, known.source)


def _warn_of_table(
    found: Resolved, position: Position, entry: RuleEntry, warnings: list[Note]
) -> None:
    symbol, schedule = position.contract.symbol, position.schedule
    mode = mode_of(position)
    use = found.tables.get((symbol, mode))
    if use is None or schedule is None:
        warnings.append(Note("LQ403", _no_table(found, symbol)))
        return
    if use.from_ is None:
        return
    table = found.exchange.tier_table(
        symbol,
        found.day,
        rules=entry.name,
        mode=mode,
        leverage=position.leverage,
        today=found.today,
    )
    day = found.day or found.today
    age = days_between(use.seen or use.from_, day)
    if age > STALE_DAYS:
        text = f"the tier table of {symbol} was last seen on {use.seen}, {age} days before {day}"
        warnings.append(Note("LQ301", text))
    if table is not None and not table.complete:
        text = f"the tier table of {symbol} is incomplete" + _why(table)
        warnings.append(Note("LQ302", text))


def _no_table(found: Resolved, symbol: str) -> str:
    """Return why no table holds, and what the user can give instead."""
    day = f" on {found.sheet.as_of}" if found.sheet.as_of else ""
    known = found.exchange.tiers(symbol)
    if known is None:
        return f"no tier table of {symbol} is known{day}; give tiers in the sheet"
    last = known.history[-1]
    if last.until is not None:
        names = [
            name
            for name, parameter in found.exchange.meta.parameters.items()
            if any(path.startswith(("slope.", "continuous.")) for path in parameter.sets)
        ]
        instead = f"parameters {', '.join(names)} (--parameter NAME=VALUE), or " if names else ""
        return (
            f"the rates of {symbol} that are known ended on {last.until}{_why(last)}; "
            f"give {instead}tiers in the sheet"
        )
    first = known.history[0].from_
    if first > (found.day or found.today):
        why = f"; the first known is of {first}"
    else:
        why = "; those that are known are for another rule set, margin mode or leverage"
    return f"no tier table of {symbol} is known{day}{why}; give tiers in the sheet"


def _why(table: TierTable) -> str:
    return f": {table.note}" if table.note else ""


def days_between(earlier: str, later: str) -> int:
    """Return the days from one ISO date to another."""
    from datetime import date

    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
