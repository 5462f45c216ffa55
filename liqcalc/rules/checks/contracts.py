"""contracts/SYMBOL.yaml: names, product, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.rules.names import file_name

if TYPE_CHECKING:
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile
    from liqcalc.rules.symbol_files import ContractFile

SIZE_UNITS = ("base", "contracts")
DATED = "YYMMDD"


def check_contract(file: DataFile, contract: ContractFile, context: Context) -> None:
    """Say everything that is wrong with a contract file beyond its shape."""
    check_name(file, contract.symbol)
    file.source(("source",), contract.source, context.sources)
    file.date(("date",), contract.date)
    file.day(("expiry",), contract.expiry)
    meta = context.meta
    if meta is not None and contract.product not in meta.products:
        message = f"is {contract.product}, which {meta.id} does not declare"
        file.say("LQ218", ("product",), message)
    for name in ("contract_size", "tick_size", "lot_size", "min_qty", "max_leverage"):
        value = getattr(contract, name)
        if value is not None and value <= 0:
            file.say("LQ225", (name,), f"is {value}, it must be above 0")
    decimals = contract.price_decimals
    if decimals is not None and (decimals < 0 or decimals % 1):
        file.say("LQ225", ("price_decimals",), f"is {decimals}, it must be a count")
    fee = contract.liquidation_fee
    if fee is not None and not ZERO <= fee < ONE:
        hint = "rates are fractions: 0.75% is 0.0075"
        file.say("LQ213", ("liquidation_fee",), f"is {fee}, it must be from 0 to below 1", hint)
    _check_settle(file, contract)
    if contract.size_unit not in SIZE_UNITS:
        message = f"is {contract.size_unit!r}, it must be {' or '.join(SIZE_UNITS)}"
        file.say("LQ226", ("size_unit",), message)
    for name in ("pattern", "alias_pattern"):
        pattern = getattr(contract, name)
        if pattern is not None and DATED not in pattern:
            file.say("LQ226", (name,), f"is {pattern!r}, without {DATED} for the day of expiry")


def _check_settle(file: DataFile, contract: ContractFile) -> None:
    """Say if profit is paid in a currency that a contract of this product cannot have."""
    settle, product = contract.settle, contract.product
    if product is Product.INVERSE and settle != contract.base:
        message = f"is {settle}, but an inverse contract settles in its base {contract.base}"
        file.say("LQ230", ("settle",), message)
    if product is Product.QUANTO and settle in {contract.base, contract.quote}:
        message = f"is {settle}, but a quanto contract settles in neither base nor quote"
        file.say("LQ230", ("settle",), message)


def check_name(file: DataFile, symbol: str) -> None:
    """Say if a file is not named after the symbol in it."""
    expected = file_name(symbol)
    if file.path.name != expected:
        message = f"is {symbol!r}, but the file is called {file.path.name}"
        file.say("LQ205", ("symbol",), message, f"call it {expected}")
