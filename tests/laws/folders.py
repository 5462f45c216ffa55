"""What the exchange folders say, for tests that cover every one of them without naming any.

Folders are found by listing; what an exchange has and how it computes is read from its folder.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import liqcalc
from liqcalc.engine.contract import Product
from liqcalc.engine.words import FeeBasis, TierApplies, TierBy, ValuedAt
from liqcalc.rules.schema import MarginMode
from tests.slow.exchanges import RULES

if TYPE_CHECKING:
    from liqcalc.engine.vocabulary import ModeRules, Rules
    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import TierTable

ROOT = Path(__file__).resolve().parents[2]
EXCHANGES = sorted(path.parent.name for path in ROOT.glob("exchanges/*/exchange.yaml"))
JUDGED = [name for name in EXCHANGES if name in RULES]

Sheet = dict[str, Any]
Row = dict[str, Any]


@cache
def folder(exchange: str) -> LoadedExchange:
    """Return what liqcalc reads of an exchange's folder."""
    return liqcalc.load_exchange(exchange)


def has(exchange: str, key: str, value: str) -> bool:
    """Return whether `products`, `margin_modes` and so on of an exchange hold `value`."""
    return value in {str(each) for each in getattr(folder(exchange).meta, key)}


ISOLATED = [name for name in EXCHANGES if has(name, "margin_modes", "isolated")]
CROSS = [name for name in EXCHANGES if has(name, "margin_modes", "cross")]
HEDGING = [name for name in CROSS if has(name, "position_modes", "hedge")]


def products(exchange: str) -> tuple[str, ...]:
    """Return the products of an exchange."""
    return tuple(str(product) for product in folder(exchange).meta.products)


def rule_sets(exchange: str, product: str) -> list[RuleEntry]:
    """Return the rule sets for a product, oldest first."""
    entries = folder(exchange).meta.rules
    return [e for e in entries if not e.products or Product(product) in e.products]


def rules_of(sheet: Sheet, product: str) -> Rules:
    """Return the choices that hold for a product in a sheet."""
    loaded = folder(sheet["exchange"])
    entry = loaded.rules_on(sheet.get("as_of"), sheet.get("rules"), Product(product))
    return loaded.rules(entry, sheet.get("parameters") or {})


def product_of(sheet: Sheet, row: Row) -> str:
    """Return the product of a position or order."""
    return str(sheet["contracts"][row["symbol"]]["product"])


def mode_of(sheet: Sheet, row: Row) -> str:
    """Return the margin mode of a position."""
    account = sheet.get("account") or {}
    return str(row.get("margin_mode") or account.get("margin_mode", "isolated"))


def mode_rules(sheet: Sheet, row: Row) -> ModeRules:
    """Return the choices for the margin mode of a position."""
    rules = rules_of(sheet, product_of(sheet, row))
    return rules.mode(isolated=mode_of(sheet, row) == "isolated")


def by_contracts(sheet: Sheet, row: Row) -> bool:
    """Return whether the tiers of a position count contracts."""
    return rules_of(sheet, product_of(sheet, row)).tier_by is TierBy.CONTRACTS


def marginal(sheet: Sheet, row: Row) -> bool:
    """Return whether a tier's rate is for the slice inside the tier."""
    return rules_of(sheet, product_of(sheet, row)).tier_applies is TierApplies.MARGINAL


def valued_at_entry(sheet: Sheet, row: Row) -> bool:
    """Return whether the maintenance margin stands still as the price moves."""
    return rules_of(sheet, product_of(sheet, row)).maintenance_at is ValuedAt.ENTRY


def values_products_alike(exchange: str) -> bool:
    """Return whether linear and inverse margins both stand still, or both move with the price."""
    known = [Product(name) for name in products(exchange)]
    newest = [folder(exchange).rules_on(None, None, product).choices for product in known]
    values = {rules.maintenance_at for rules in newest}
    alike = ValuedAt.ENTRY not in values or values == {ValuedAt.ENTRY}
    return alike and {Product.LINEAR, Product.INVERSE} <= set(known)


def grain(sheet: Sheet, row: Row) -> Decimal:
    """Return the step of money to which the liquidation condition of a position is cut; or 0."""
    rules = rules_of(sheet, product_of(sheet, row))
    steps = [mode_rules(sheet, row).requirement_step or Decimal(0)]
    if rules.money is not None:
        steps.append(rules.money.unit(sheet["contracts"][row["symbol"]]["settle"]) or Decimal(0))
    return max(steps)


def slack(sheet: Sheet, row: Row) -> Decimal:
    """Return how far whole units of money can move a price of a position."""
    unit, qty = grain(sheet, row), Decimal(str(row["qty"]))
    moved = 4 * unit / qty + 2 * unit
    if product_of(sheet, row) == "inverse":
        price = max(Decimal(str(row[key])) for key in ("entry_price", "mark_price") if key in row)
        moved *= price * price
    return moved


def keeps_a_reserve(sheet: Sheet, row: Row) -> bool:
    """Return whether a closing fee is kept inside the margin, unless the sheet says another."""
    rules = mode_rules(sheet, row)
    return FeeBasis.RESERVE in {rules.fee_to_close, rules.fee_in_maintenance_margin}


def tier_stays(sheet: Sheet, row: Row) -> bool:
    """Return whether another mark leaves an isolated position its tiers and its one root."""
    rules = rules_of(sheet, product_of(sheet, row))
    if len(sheet["tiers"][row["symbol"]]) == 1:
        return True
    if rules.tier_by is not TierBy.VALUE:
        return rules.tier_by is not TierBy.VALUE_AT_MARK
    return rules.maintenance_at is ValuedAt.ENTRY or rules.tier_applies is TierApplies.MARGINAL


def setting(exchange: str, path: str) -> list[str]:
    """Return the parameters of a sheet that set a choice."""
    parameters = folder(exchange).meta.parameters
    return [name for name, parameter in parameters.items() if path in parameter.sets]


def table_for(sheet: Sheet, row: Row) -> TierTable | None:
    """Return the table of a position's symbol that the catalogue would use."""
    loaded = folder(sheet["exchange"])
    product = Product(product_of(sheet, row))
    entry = loaded.rules_on(sheet.get("as_of"), sheet.get("rules"), product)
    leverage = None if row.get("leverage") is None else Decimal(str(row["leverage"]))
    return loaded.tier_table(
        row["symbol"],
        sheet.get("as_of"),
        rules=entry.name,
        mode=MarginMode(mode_of(sheet, row)),
        leverage=leverage,
    )
