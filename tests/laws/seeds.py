"""Sheets to start from: the golden cases of an exchange, and plain sheets of all it declares.

Each stands alone: contracts, tiers or rates, and the taker fee are written out, so that the slow
judge, which reads no folder, can look at it too.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from liqcalc.engine.contract import Product
from tests.laws.folders import (
    ROOT,
    Row,
    Sheet,
    folder,
    products,
    rule_sets,
    setting,
    table_for,
)
from tests.slow.check_cases import read_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.engine.tiers import TierRow
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import TierTable

ANSWERS = ("id", "source", "confidence", "expected", "expected_failure", "tolerance")
WORDS = ("rounding", "working", "notes")
DAY = "2026-06-01"
MOST_POSITIONS = 6
FEE = "0.0005"
PRICE = "100"
RATE = "0.005"
ROWS = (
    {"floor": "0", "cap": "50000", "mmr": "0.005", "imr": "0.01", "max_leverage": "100"},
    {"floor": "50000", "cap": "200000", "mmr": "0.01", "imr": "0.02", "max_leverage": "50"},
    {"floor": "200000", "mmr": "0.025", "imr": "0.05", "max_leverage": "20"},
)


@cache
def cases(exchange: str) -> tuple[Sheet, ...]:
    """Return the golden cases of an exchange."""
    files = sorted((ROOT / "exchanges" / exchange / "cases").glob("*.yaml"))
    return tuple(case for path in files for case in read_cases(path))


def sheet_of(case: Sheet) -> Sheet:
    """Return a golden case without its expectations."""
    sheet = {k: copy.deepcopy(v) for k, v in case.items() if k not in (*ANSWERS, *WORDS)}
    if "as_of" in sheet:
        sheet["as_of"] = str(sheet["as_of"])
    return sheet


@cache
def seeds(exchange: str) -> tuple[Sheet, ...]:
    """Return the golden cases as sheets that stand alone, then a plain sheet of each rule."""
    recorded = [sheet_of(case) for case in cases(exchange)]
    return tuple(written_out(sheet) for sheet in (*recorded, *plain_sheets(exchange)))


@cache
def seeds_with_positions(exchange: str) -> tuple[Sheet, ...]:
    """Return the sheets that can be disturbed: they hold something, and not too much."""
    return tuple(s for s in seeds(exchange) if 0 < len(s["positions"]) <= MOST_POSITIONS)


# What a folder knows, written out


def written_out(sheet: Sheet) -> Sheet:
    """Return `sheet` with what the exchange's folder knows of its symbols and fees."""
    sheet = copy.deepcopy(sheet)
    sheet.setdefault("as_of", DAY)
    sheet.setdefault("fees", {"taker": FEE})
    for row in sheet["positions"]:
        row.setdefault("entry_price", row.get("mark_price"))
    for row in (*sheet["positions"], *sheet.get("orders", ())):
        _write_contract(sheet, row)
        _write_rates(sheet, row)
    return sheet


def _write_contract(sheet: Sheet, row: Row) -> None:
    known = folder(sheet["exchange"]).contract(row["symbol"])
    contract = sheet.setdefault("contracts", {}).setdefault(row["symbol"], {})
    for name in ("product", "base", "quote", "settle", "contract_size", "tick_size"):
        value = getattr(known, name, None)
        if value is not None:
            contract.setdefault(name, str(value))
    contract.setdefault("tick_size", "0.01")


def _write_rates(sheet: Sheet, row: Row) -> None:
    """Write the rows of the table that holds, or the parameters of its formula."""
    tables = sheet.setdefault("tiers", {})
    known = folder(sheet["exchange"]).tiers(row["symbol"])
    for beside in known.history if known is not None else ():
        if beside.continuous is not None:  # for the other margin mode than the table that holds
            _write_formula(sheet, row["symbol"], beside)
    if row["symbol"] in tables:
        return
    table = table_for(sheet, row)
    if table is not None and table.rows:
        tables[row["symbol"]] = [_tier(tier) for tier in table.rows]
    elif not _write_formula(sheet, row["symbol"], table):
        tables[row["symbol"]] = [{"floor": "0", "mmr": RATE}]


def _tier(tier: TierRow) -> Row:
    names = ("floor", "cap", "mmr", "deduction", "imr", "max_leverage")
    row = {name: getattr(tier, name) for name in names}
    return {name: str(value) for name, value in row.items() if value is not None}


def _write_formula(sheet: Sheet, symbol: str, table: TierTable | None) -> bool:
    """Write the parameters of a rate formula; return whether a symbol's rates follow one."""
    exchange, parameters = sheet["exchange"], sheet.setdefault("parameters", {})
    for choice in ("slope", "continuous"):
        known = getattr(table, choice, None)
        for name, value in known._asdict().items() if known is not None else ():
            for parameter in setting(exchange, f"{choice}.{name}"):
                if value is None:
                    continue
                if choice == "slope":
                    parameters.setdefault(parameter, str(value))
                else:
                    parameters.setdefault(parameter, {}).setdefault(symbol, str(value))
    by_symbol = [parameters.get(name, {}) for name in setting(exchange, "continuous.m")]
    sloped = any(name in parameters for name in setting(exchange, "slope.slope"))
    return sloped or any(symbol in given for given in by_symbol)


# Plain sheets


def plain_sheets(exchange: str) -> Iterator[Sheet]:
    """Yield a sheet for every product, rule set and margin mode that an exchange declares."""
    for product in products(exchange):
        for entry in rule_sets(exchange, product):
            for mode in folder(exchange).meta.margin_modes:
                yield _plain_sheet(exchange, product, entry, str(mode))


def _plain_sheet(exchange: str, product: str, entry: RuleEntry, mode: str) -> Sheet:
    linear = product == "linear"
    settle = {"linear": "USDT", "inverse": "COIN"}.get(product, "XBT")
    row = {"symbol": "COIN", "side": "long", "qty": "2000", "entry_price": PRICE}
    row |= {"mark_price": "101", "leverage": "10"}
    account: dict[str, Any] = {"margin_mode": mode}
    if mode == "cross":
        account["wallet_balance"] = "9" if product == "inverse" else "9000"
    contract = {"product": product, "base": "COIN", "quote": "USDT" if linear else "USD"}
    sheet = {
        "exchange": exchange,
        "as_of": entry.from_,
        "account": account,
        "positions": [row],
        "contracts": {"COIN": contract | {"settle": settle, "contract_size": "1"}},
        "fees": {"taker": FEE},
    }
    if entry.only_by_name:
        sheet["rules"] = entry.name
    if not _ruled_by_parameters(exchange, Product(product), sheet):
        sheet["tiers"] = {"COIN": [dict(tier) for tier in ROWS]}
    return sheet


def _ruled_by_parameters(exchange: str, product: Product, sheet: Sheet) -> bool:
    """Copy the rate formula of a symbol, where the exchange has formulas instead of tables."""
    loaded = folder(exchange)
    for symbol in loaded.symbols():
        contract, known = loaded.contract(symbol), loaded.tiers(symbol)
        if known is None or contract is None or contract.product is not product:
            continue
        for table in known.history:
            if table.slope is not None:
                return _write_formula(sheet, "COIN", table)
    return False


def number(row: Row, key: str, default: str = "0") -> Decimal:
    """Return a number of a row."""
    value = row.get(key)
    return Decimal(str(default if value is None else value))
