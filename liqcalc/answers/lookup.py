"""What the catalogue knows for a sheet: contracts, tables, fees, sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import Note, TableUse
from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.numbers import ONE, plain
from liqcalc.engine.position import Coin, Order
from liqcalc.engine.rates import of_symbol
from liqcalc.engine.tiers import Schedule, tiers_of
from liqcalc.engine.vocabulary import Continuous, Slope
from liqcalc.engine.words import FeeRate
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.tiers import TierRow
    from liqcalc.engine.vocabulary import ModeRules, MultiAsset, OpenInterest, Rules
    from liqcalc.rules.schema import FeeEntry, RuleEntry
    from liqcalc.rules.sheet import CollateralRow, ContractRow, OrderRow, PositionRow
    from liqcalc.rules.symbol_files import ContractFile


def contract_of(found: Resolved, symbol: str) -> Contract:
    """Return the contract of `symbol`: the sheet's keys over the catalogue's.

    Raises:
        InputError: keys are missing, or the product is none of the exchange's.
    """
    given = found.sheet.contracts.get(symbol)
    if given is None:
        symbol = found.exchange.find_symbol(symbol)
    known = found.exchange.contract(symbol)
    values: dict[str, Any] = {}
    for name in ("product", "base", "quote", "settle", "contract_size", "tick_size", "lot_size"):
        value = getattr(given, name, None)
        values[name] = value if value is not None else getattr(known, name, None)
    values["lot_size"] = _lot(given, known, values["contract_size"])
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


def _lot(
    given: ContractRow | None, known: ContractFile | None, contract_size: Decimal | None
) -> Decimal | None:
    """Return the step of the quantity; the catalogue may count it in contracts."""
    if given is not None and given.lot_size is not None:
        return given.lot_size
    lot = known.lot_size if known is not None else None
    if lot is None or known is None or known.size_unit != "contracts":
        return lot
    return None if contract_size is None else lot * contract_size


def schedule_of(
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
    table = None
    if given is None or _has_continuous_rates(found):
        table = found.exchange.tier_table(
            symbol, found.day, rules=entry.name, mode=mode, leverage=leverage, today=found.today
        )
    continuous = table.continuous if table is not None else None
    own = of_symbol(rules.continuous, symbol)
    if own and mode is MarginMode.CROSS:
        continuous = (continuous or Continuous())._replace(**own)
    if given is not None:
        found.tables[key] = TableUse(symbol, None, None, "sheet", complete=True)
        return _read(rules, given, continuous=continuous, open_interest=interest)
    if own and mode is MarginMode.CROSS:
        found.tables[key] = TableUse(symbol, None, None, "sheet", complete=True)
        return Schedule((), continuous=continuous)
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


def _has_continuous_rates(found: Resolved) -> bool:
    """Return True if the exchange's largest sizes follow a formula beside given rows."""
    parameters = found.exchange.meta.parameters.values()
    return any(path.startswith("continuous.") for known in parameters for path in known.sets)


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


def size_of(contract: Contract, row: PositionRow | OrderRow, where: str) -> Decimal:
    """Return the quantity of a row that may count contracts.

    Raises:
        InputError: the contract size is not known.
    """
    if row.qty is not None:
        return row.qty
    assert row.contracts is not None  # noqa: S101 - the sheet was checked
    if contract.contract_size is None:
        message = f"contracts is given, but the contract size of {row.symbol} is not known"
        hint = f"give qty, or contracts: {{{row.symbol}: {{contract_size: ...}}}}"
        raise InputError(Fault("LQ109", where, message, hint))
    return row.contracts * contract.contract_size


def order_of(contract: Contract, row: OrderRow, i: int) -> Order:
    """Return an open order of the sheet."""
    qty = size_of(contract, row, f"orders[{i}]")
    return Order(contract.symbol, row.side.sign, qty, row.price, row.leverage)


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


def fees_of(
    found: Resolved, contract: Contract, mode: ModeRules, assumptions: list[Note]
) -> FeesUsed:
    """Return the rates that hold: the sheet's over the catalogue's, which are said."""
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
