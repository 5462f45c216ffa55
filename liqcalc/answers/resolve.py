"""From a sheet to engine objects: which rules, tables, fees and prices hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import Note
from liqcalc.answers.cautions import note_rules, note_unused, warn_of_table
from liqcalc.answers.lookup import (
    FeesUsed,
    coins_of,
    contract_of,
    fees_of,
    order_of,
    schedule_of,
    size_of,
)
from liqcalc.answers.resolved import Resolved
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.position import CloseStep, Position
from liqcalc.engine.words import PairTier
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import CollateralMode, MarginMode

if TYPE_CHECKING:
    from liqcalc.engine.contract import Contract, Product
    from liqcalc.engine.tiers import Schedule
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.catalog import Catalog, LoadedExchange
    from liqcalc.rules.sheet import PositionRow, Sheet


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
    note_rules(found)
    faults: list[Fault] = []
    contracts: dict[str, Contract] = {}
    symbols = [row.symbol for row in sheet.positions] + [row.symbol for row in sheet.orders]
    for symbol in dict.fromkeys(symbols):
        try:
            contracts[symbol] = contract_of(found, symbol)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*faults)
    found.orders = [order_of(contracts[row.symbol], row, i) for i, row in enumerate(sheet.orders)]
    found.contracts = {c.symbol: c for c in contracts.values()}
    for order in sheet.orders:
        contract = contracts[order.symbol]
        entry, rules = found.rules_for(contract.product)
        found.schedules[contract.symbol] = schedule_of(
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


def _add_position(found: Resolved, row: PositionRow, i: int, contract: Contract) -> None:
    warnings: list[Note] = list(found.shared_warnings)
    mode = row.margin_mode or found.sheet.account.margin_mode
    entry, rules = found.rules_for(contract.product, row.opened)
    found.entries.append(entry)
    found.rules_of.append(rules)
    assumptions = [
        Note("LQ402", item.says) for item in entry.assumptions if item.mode in {None, mode}
    ]
    note_unused(found, row, mode, entry, assumptions, warnings)
    if mode not in found.exchange.meta.margin_modes:
        message = f"{found.exchange.meta.name} has no {mode} margin"
        raise InputError(Fault("LQ108", f"positions[{i}].margin_mode", message))
    isolated = mode is MarginMode.ISOLATED
    if row.margin is not None and not isolated:
        message = f"margin belongs to isolated positions, this one is cross ({row.symbol})"
        warnings.append(Note("LQ407", message))
    schedule = schedule_of(found, row.symbol, contract, entry, rules, mode, row.leverage)
    found.schedules.setdefault(contract.symbol, schedule)
    fees = fees_of(found, contract, rules.mode(isolated=isolated), assumptions)
    found.taker_sources.append(fees.source)
    if row.entry_price is None:
        text = f"entry_price was not given: the mark, {plain(row.entry)}"
        assumptions.append(Note("LQ401", text))
    if row.mark_price is None:
        text = f"mark_price was not given: the entry price, {plain(row.entry)}"
        assumptions.append(Note("LQ401", text))
    position = _position(found, row, i, contract, schedule, rules, fees)
    if isolated and row.margin is None and row.leverage is not None:
        text = "margin was not given: what the exchange sets aside when the position is opened"
        assumptions.append(Note("LQ401", text))
    warn_of_table(found, position, entry, warnings)
    found.positions.append(position)
    found.warnings.append(warnings)
    found.assumptions.append(assumptions)


def _counts_here(found: Resolved, row: PositionRow, rules: Rules) -> bool:
    """Return True if orders against a position count with it: no other leg takes them."""
    if not rules.orders.both_sides:
        return False
    return all(o is row or o.symbol != row.symbol for o in found.sheet.positions)


def _position(
    found: Resolved,
    row: PositionRow,
    i: int,
    contract: Contract,
    schedule: Schedule | None,
    rules: Rules,
    fees: FeesUsed,
) -> Position:
    side = row.side.sign
    orders = [o for o in found.orders if o.symbol == contract.symbol]
    mark = row.mark_price or rules.entry.apply(row.entry)
    mode = row.margin_mode or found.sheet.account.margin_mode
    return Position(
        contract=contract,
        side=side,
        qty=size_of(contract, row, f"positions[{i}]"),
        entry_price=row.entry,
        mark_price=mark,
        schedule=schedule,
        taker=fees.taker,
        leverage=row.leverage,
        isolated=mode is MarginMode.ISOLATED,
        margin=row.margin,
        extra_margin=row.extra_margin,
        funding_paid=row.funding_paid,
        funding_rate=row.funding_rate,
        index_price=row.index_price,
        max_leverage=row.max_leverage,
        fee_reserve=row.fee_reserve,
        accrued_fees=row.accrued_fees,
        collateral=coins_of(row.collateral, {contract.base: mark}, rules.multi_asset),
        orders=tuple(o for o in orders if o.side == side or _counts_here(found, row, rules)),
        exchange_taker=fees.exchange_taker,
        liquidation_fee=fees.liquidation,
        risk_level=row.risk_level,
        opposing_qty=sum((o.qty for o in orders if o.side != side), ZERO),
        close=None if row.close is None else CloseStep(*row.close),
    )
