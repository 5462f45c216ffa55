"""Changes that keep a sheet a sheet: other sizes, prices, money, tiers, legs, orders, coins, rules.

What an exchange has is asked of its folder, so that no exchange is named here.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.laws.folders import (
    Row,
    Sheet,
    by_contracts,
    folder,
    has,
    marginal,
    mode_of,
    product_of,
    rule_sets,
    rules_of,
)
from tests.laws.seeds import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

# Numbers on grids


def text(value: Decimal) -> str:
    """Return `value` as a sheet writes it."""
    return format(value.normalize(), "f")


def scaled(value: Decimal, factor: str) -> str:
    """Return `value` times `factor`, cut to nine significant digits."""
    product = value * Decimal(factor)
    step = Decimal(1).scaleb(product.adjusted() - 8) if product else Decimal(1)
    return text(product.quantize(step))


def near(rng: Random, value: Decimal, share: int = 40) -> str:
    """Return a number at most `share` percent away from `value`."""
    return scaled(value, f"{rng.randint(100 - share, 100 + share)}E-2")


# What a sheet holds


def mark_of(row: Row) -> Decimal:
    """Return the mark of a position."""
    return number(row, "mark_price", str(row["entry_price"]))


def contract_of(sheet: Sheet, row: Row) -> Row:
    """Return the contract of a position or order."""
    found: Row = sheet["contracts"][row["symbol"]]
    return found


def qty_of(sheet: Sheet, row: Row) -> Decimal:
    """Return the quantity of a position or order."""
    if row.get("qty") is not None:
        return number(row, "qty")
    return number(row, "contracts") * number(contract_of(sheet, row), "contract_size", "1")


def value_of(sheet: Sheet, row: Row) -> Decimal:
    """Return the value of a position at its mark, in the settle currency."""
    qty = qty_of(sheet, row)
    inverse = contract_of(sheet, row)["product"] == "inverse"
    return qty / mark_of(row) if inverse else qty * mark_of(row)


def size_key(row: Row) -> str:
    """Return which of qty and contracts a position gives."""
    return "qty" if row.get("qty") is not None else "contracts"


def whole_value(sheet: Sheet) -> Decimal:
    """Return the value of all cross positions, of each settle currency alike."""
    rows = [row for row in sheet["positions"] if mode_of(sheet, row) == "cross"]
    return sum((value_of(sheet, row) for row in rows), Decimal(0)) or Decimal(1000)


def opposite(side: str) -> str:
    """Return the other side."""
    return "short" if side == "long" else "long"


# Sizes and prices

SIZES = ("0.001", "0.01", "0.1", "0.37", "0.5", "0.9", "1.1", "2", "3.3", "7", "10", "25", "100")
LARGEST = Decimal("1e12")
SMALLEST = Decimal("1e-8")


def resize(sheet: Sheet, rng: Random) -> None:
    """Scale one position."""
    row = rng.choice(sheet["positions"])
    key = size_key(row)
    size = Decimal(scaled(number(row, key), rng.choice(SIZES)))
    if SMALLEST < size < LARGEST:
        row[key] = text(size)


def move_mark(sheet: Sheet, rng: Random) -> None:
    """Move the mark of one symbol."""
    chosen = rng.choice(sheet["positions"])
    price = near(rng, mark_of(chosen), rng.choice((2, 10, 40)))
    for row in sheet["positions"]:
        if row["symbol"] == chosen["symbol"]:
            row["mark_price"] = price


def move_entry(sheet: Sheet, rng: Random) -> None:
    """Move one entry, sometimes to more digits than any exchange keeps."""
    row = rng.choice(sheet["positions"])
    keep_mark(sheet)
    row["entry_price"] = near(rng, mark_of(row), 20)
    if rng.random() < 0.3:
        row["entry_price"] = text(Decimal(row["entry_price"]) + Decimal("0.0000000123456"))


def keep_mark(sheet: Sheet) -> None:
    """Write out the marks that follow from entries."""
    for row in sheet["positions"]:
        row["mark_price"] = text(mark_of(row))


def flip(sheet: Sheet, rng: Random) -> None:
    """Turn longs of one symbol into shorts and the reverse."""
    chosen = rng.choice(sheet["positions"])["symbol"]
    for row in sheet["positions"]:
        if row["symbol"] == chosen:
            row["side"] = opposite(row["side"])


# Leverage, margin, money

LEVERAGES = ("1", "2", "3", "5", "7", "12", "20", "33.3", "50", "75", "100")


def change_leverage(sheet: Sheet, rng: Random) -> None:
    """Set another leverage."""
    rng.choice(sheet["positions"])["leverage"] = rng.choice(LEVERAGES)


def forget_leverage(sheet: Sheet, rng: Random) -> None:
    """Give no leverage, but a margin where one is needed."""
    row = rng.choice(sheet["positions"])
    row.pop("leverage", None)
    if mode_of(sheet, row) == "isolated" and "margin" not in row:
        row["margin"] = scaled(value_of(sheet, row), "0.1")


def change_margin(sheet: Sheet, rng: Random) -> None:
    """Set or take away the margin of an isolated position."""
    row = rng.choice(sheet["positions"])
    if mode_of(sheet, row) != "isolated":
        return
    if rng.random() < 0.3 and row.get("leverage"):
        row.pop("margin", None)
        return
    share = rng.choice(("0.001", "0.006", "0.02", "0.1", "0.31", "0.98", "1", "1.7"))
    row["margin"] = scaled(value_of(sheet, row), share)


def add_by_hand(sheet: Sheet, rng: Random) -> None:
    """Add or take isolated margin by hand, and other money that is set aside."""
    row = rng.choice(sheet["positions"])
    key = rng.choice(
        ("extra_margin", "extra_margin", "funding_paid", "fee_reserve", "accrued_fees")
    )
    share = rng.choice(("0.0001", "0.003", "0.05", "0.4"))
    sign = rng.choice((1, 1, -1)) if key in {"extra_margin", "funding_paid"} else 1
    row[key] = scaled(value_of(sheet, row) * sign, share)


def change_mode(sheet: Sheet, rng: Random) -> None:
    """Make one position isolated or cross."""
    row = rng.choice(sheet["positions"])
    mode = "isolated" if mode_of(sheet, row) == "cross" else "cross"
    if not has(sheet["exchange"], "margin_modes", mode):
        return
    row["margin_mode"] = mode
    if mode == "cross":
        row.pop("margin", None)
        row.pop("collateral", None)
    elif not row.get("leverage"):
        row["leverage"] = "10"


def fund(sheet: Sheet, rng: Random) -> None:
    """Say what backs the cross pool: cash or equity."""
    account = sheet.setdefault("account", {})
    for key in ("wallet_balance", "equity"):
        account.pop(key, None)
    share = rng.choice(("0.005", "0.02", "0.07", "0.2", "0.55", "0.99", "1.3", "4"))
    rows = account.get("collateral")
    key = "equity" if rows or rng.random() < 0.4 else "wallet_balance"
    account[key] = scaled(whole_value(sheet), share)


OTHER_MONEY = (
    "other_unrealized_pnl",
    "other_maintenance_margin",
    "other_initial_margin",
    "order_margin",
    "options_value",
)


def change_account(sheet: Sheet, rng: Random) -> None:
    """Set money of the account that belongs to things that are not listed."""
    key = rng.choice(OTHER_MONEY)
    share = rng.choice(("0.0007", "0.01", "0.06"))
    sign = rng.choice((1, -1)) if key == "other_unrealized_pnl" else 1
    sheet.setdefault("account", {})[key] = scaled(whole_value(sheet) * sign, share)


def back_by_coins(sheet: Sheet, rng: Random) -> None:
    """Change the coins behind an isolated position that has some."""
    rows = [row for row in sheet["positions"] if row.get("collateral")]
    if not rows:
        return
    row = rng.choice(rows)
    coin = rng.choice(row["collateral"])
    coin["qty"] = scaled(number(coin, "qty"), rng.choice(SIZES))
    if coin["asset"] != contract_of(sheet, row)["base"]:
        coin["price"] = near(rng, number(coin, "price", "1"))
    if rng.random() < 0.3:
        coin["maintenance_weight"] = coin["initial_weight"] = rng.choice(("0.8", "0.95", "1"))


# Further positions and orders


def hedge(sheet: Sheet, rng: Random) -> None:
    """Add the other leg of a position."""
    if not has(sheet["exchange"], "position_modes", "hedge"):
        return
    row = rng.choice(sheet["positions"])
    legs = [other for other in sheet["positions"] if other["symbol"] == row["symbol"]]
    if len(legs) > 1:
        return
    sheet.setdefault("account", {})["position_mode"] = "hedge"
    keep_mark(sheet)
    leg = copy.deepcopy(row)
    leg["side"] = opposite(row["side"])
    key = size_key(leg)
    leg[key] = scaled(number(leg, key), rng.choice(("0.2", "0.5", "1", "1", "1.5", "4")))
    leg["entry_price"] = near(rng, mark_of(row), 10)
    sheet["positions"].append(leg)


def add_position(sheet: Sheet, rng: Random) -> None:
    """Add a position in another symbol of the same kind, sometimes a dated one."""
    if len(sheet["positions"]) > 3:
        return
    row = rng.choice(sheet["positions"])
    new = copy.deepcopy(row)
    contract = copy.deepcopy(contract_of(sheet, row))
    at = len(sheet["positions"])
    name = f"{row['symbol']}_26092{at}" if rng.random() < 0.3 else f"{row['symbol']}{at}"
    if contract["product"] != "inverse":
        contract["base"] = rng.choice((f"NEW{at}", contract["base"]))
    elif rng.random() < 0.5:
        contract["base"] = contract["settle"] = "COIN"
    price = near(rng, mark_of(row), 40)
    if contract["base"] == contract_of(sheet, row)["base"]:
        price = text(mark_of(row))
    new |= {"symbol": name, "side": rng.choice(("long", "short")), "mark_price": price}
    new["entry_price"] = near(rng, Decimal(price), 10)
    sheet["contracts"][name] = contract
    copy_rates(sheet, row["symbol"], name)
    sheet["positions"].append(new)


def copy_rates(sheet: Sheet, known: str, name: str) -> None:
    """Give a symbol the rates of another one."""
    if known in sheet["tiers"]:
        sheet["tiers"][name] = copy.deepcopy(sheet["tiers"][known])
    for given in sheet.get("parameters", {}).values():
        if isinstance(given, dict) and known in given:
            given[name] = given[known]


def add_orders(sheet: Sheet, rng: Random) -> None:
    """Add open orders to the symbol of a position."""
    if "orders" in sheet:
        return
    row = rng.choice(sheet["positions"])
    orders = []
    for _ in range(rng.randint(1, 2)):
        order = {"symbol": row["symbol"], "side": rng.choice((row["side"], row["side"], "long"))}
        order[size_key(row)] = scaled(number(row, size_key(row)), rng.choice(("0.1", "0.6", "2")))
        if rng.random() < 0.2:
            order["symbol"] = _unheld_symbol(sheet, row)
        order["price"] = near(rng, mark_of(row), 10)
        if rng.random() < 0.5 or not row.get("leverage"):
            order["leverage"] = rng.choice(("2", "10", "25"))
        orders.append(order)
    sheet["orders"] = orders


def _unheld_symbol(sheet: Sheet, row: Row) -> str:
    """Add a symbol like that of `row` in which nothing is held."""
    name = f"{row['symbol']}X"
    sheet["contracts"][name] = copy.deepcopy(contract_of(sheet, row))
    copy_rates(sheet, row["symbol"], name)
    return name


# Tiers

RATES = ("0.004", "0.0065", "0.01", "0.02", "0.05", "0.125", "0.25", "0.5")
SHARES = ("0.3", "0.6", "0.8", "0.95", "1", "1.05", "1.3", "2", "5")


def tier_size(sheet: Sheet, row: Row) -> Decimal:
    """Return the size of a position in the unit of its tiers, valued at its mark."""
    if by_contracts(sheet, row):
        return qty_of(sheet, row) / number(contract_of(sheet, row), "contract_size", "1")
    return value_of(sheet, row)


def many_tiers(sheet: Sheet, rng: Random) -> None:
    """Give a symbol several tiers, with the caps around the size of its position."""
    row = rng.choice(sheet["positions"])
    size = tier_size(sheet, row)
    shares = sorted(rng.sample(SHARES, 4), key=Decimal)
    rates = sorted(Decimal(rate) for rate in rng.sample(RATES, len(shares) + 1))
    written = marginal(sheet, row) and not by_contracts(sheet, row) and rng.random() < 0.7
    rows, floor, deduction, last = [], Decimal(0), Decimal(0), Decimal(0)
    for at, rate in enumerate(rates):
        deduction += floor * (rate - last)
        cap = None if at == len(shares) else Decimal(scaled(size, shares[at]))
        if cap is None and rng.random() < 0.3:
            cap = floor * 2
        tier = {"floor": text(floor), "cap": None if cap is None else text(cap), "mmr": text(rate)}
        if written:
            tier["deduction"] = text(deduction) if deduction else "0"
        rows.append(tier | _opening(rate, at))
        last, floor = rate, cap or floor
    sheet["tiers"][row["symbol"]] = rows


def _opening(rate: Decimal, at: int) -> Row:
    """Return the initial rate and the largest leverage of a row, or of some only the latter."""
    twice = min(2 * rate, Decimal(1))
    top = {"max_leverage": text((1 / (2 * rate)).quantize(Decimal("0.01")))}
    return top if at == 2 else {"imr": text(twice), "max_leverage": text(1 / twice)}


def land_on_cap(sheet: Sheet, rng: Random) -> None:
    """Make one position exactly as large as a cap, or a step to either side."""
    row = rng.choice(sheet["positions"])
    rows = sheet["tiers"].get(row["symbol"], ())
    caps = [Decimal(str(tier["cap"])) for tier in rows if tier.get("cap")]
    if not caps:
        return
    cap = rng.choice(caps) * Decimal(rng.choice(("1", "1", "1", "0.999999", "1.000001")))
    contract = contract_of(sheet, row)
    if by_contracts(sheet, row):
        qty = cap * number(contract, "contract_size", "1")
    else:
        keep_mark(sheet)
        for other in sheet["positions"]:
            if other["symbol"] == row["symbol"]:
                other["mark_price"] = text(Decimal(1).scaleb(mark_of(row).adjusted()))
        mark = mark_of(row)
        qty = cap * mark if contract["product"] == "inverse" else cap / mark
    if SMALLEST < qty < LARGEST:
        row.pop("contracts", None)
        row["qty"] = text(qty)


# Collateral


def hold_coins(sheet: Sheet, rng: Random) -> None:
    """Back the cross pool with several coins in multi collateral mode."""
    if not has(sheet["exchange"], "collateral_modes", "multi"):
        return
    account = sheet.setdefault("account", {})
    account["collateral_mode"] = "multi"
    account.pop("wallet_balance", None)
    rows: list[Row] = []
    worth = Decimal(0)
    for position in sheet["positions"]:
        inverse = contract_of(sheet, position)["product"] == "inverse"
        worth += value_of(sheet, position) * (mark_of(position) if inverse else 1)
    for asset, price in _assets(sheet):
        if any(row["asset"] == asset for row in rows) or rng.random() < 0.25:
            continue
        rows.append({"asset": asset, "price": text(price)} | _held(rng, worth / price))
    account.pop("equity", None)
    account.pop("collateral", None)
    if rows:
        account["collateral"] = rows
    if not rows or rng.random() < 0.25:
        account["equity"] = scaled(worth, rng.choice(("0.01", "0.05", "0.3", "1.5")))
    if rng.random() < 0.7:
        change_parameters(sheet, rng)  # what holding or owing a coin costs


def _held(rng: Random, whole: Decimal) -> Row:
    """Return how much is held or owed of a coin, and its weights."""
    share = rng.choice(("-0.1", "-0.01", "0.005", "0.03", "0.1", "0.4", "1.2"))
    row = {"qty": scaled(whole, share)}
    if rng.random() < 0.2:
        return row
    owed = share.startswith("-")
    weight = rng.choice(("1", "1", "1.05") if owed else ("1", "1", "0.95", "0.8", "0.5"))
    row |= {"initial_weight": weight, "maintenance_weight": weight}
    if rng.random() < 0.3 and not owed:
        row["initial_weight"] = "0.4"
    return row


def _assets(sheet: Sheet) -> list[tuple[str, Decimal]]:
    found = []
    for row in sheet["positions"]:
        contract = contract_of(sheet, row)
        if contract["product"] == "inverse":
            found.append((contract["settle"], mark_of(row)))
        else:
            found.append((contract["settle"], Decimal("0.9993")))
            found.append((contract["base"], mark_of(row)))
    return [*found, ("OTHER", Decimal("12.5")), ("USDE", Decimal("1.0002"))]


# Rules


def change_fee(sheet: Sheet, rng: Random) -> None:
    """Set another taker rate, sometimes one of liquidation."""
    sheet["fees"] = {"taker": rng.choice(("0", "0.0002", "0.00055", "0.000649", "0.001"))}
    if rng.random() < 0.5:
        sheet["fees"]["liquidation"] = rng.choice(("0", "0.0004", "0.0006", "0.0125"))


def change_rules(sheet: Sheet, rng: Random) -> None:
    """Choose another rule set, or a day on either side of a change."""
    entries = rule_sets(sheet["exchange"], contract_of(sheet, sheet["positions"][0])["product"])
    names = sorted({entry.name for entry in entries})
    sheet.pop("rules", None)
    if len(names) > 1 and rng.random() < 0.6:
        sheet["rules"] = rng.choice(names)
        return
    days = [day for entry in folder(sheet["exchange"]).meta.rules for day in _around(entry.from_)]
    sheet["as_of"] = rng.choice((*days, "2024-06-01", "2026-02-01", "2026-08-20"))


def _around(day: str) -> Iterator[str]:
    from datetime import date, timedelta

    yield day
    yield str(date.fromisoformat(day) - timedelta(days=1))


VALUES: dict[str, tuple[Any, ...]] = {
    "cross_pool": ("separate", "shared"),
    "continuous.f": ("1", "1.3", "2.5"),
    "continuous.k": ("3", "490"),
    "continuous.m": ("0.7", "300"),
    "continuous.mmr_lev_constant": ("20", "125"),
    "continuous.mmr_limit": ("0.01", "0.3"),
    "entry.digits": ("2", "6", "8"),
    "funding.band": ("0", "0.00025", "0.002"),
    "funding.cap": ("0.0001", "0.005"),
    "funding.cap_factor": ("6", "0.5"),
    "funding.clamp": ("0.0005", "0.001"),
    "funding.interest_rate_8h": ("0.0001", "0"),
    "funding.interval_hours": ("8", "1"),
    "funding.span_hours": ("8", "3.5", "24"),
    "impact_cap": ("0", "0.0005", "0.01"),
    "isolated.bankruptcy_price.toward": ("up", "down", "entry"),
    "isolated.liquidation_price.to": ("none",),
    "isolated.ticks_against_holder": ("0", "1", "2"),
    "liquidators.buffer": ("0", "0.02", "0.01"),
    "liquidators.fee": ("0.01", "0.004"),
    "liquidators.insurance_fee": ("0.005", "0.02"),
    "liquidators.max_fee": ("0.012", "0.03"),
    "liquidators.max_insurance_fee": ("0.001", "0.01"),
    "liquidators.slots": ("0", "1499", "1500", "4000"),
    "maintenance_at": ("mark", "entry"),
    "minimum_requirement": ("0", "1", "5", "40"),
    "money.step": ("0.00000001", "0.0000001"),
    "money.value": ("per_contract", "total"),
    "multi_asset.settle_price": ("1", "0.9993", "1.02"),
    "netting": ("none", "base"),
    "open_interest.lower_cap": ("0", "1000000", "20000000"),
    "open_interest.notional": ("500000", "30000000", "200000000"),
    "open_interest.upper_cap": ("0", "50000000", "100000000"),
    "partial_close.bankruptcy_adjustment": ("1", "2"),
    "partial_close.max_fee": ("0.015", "0.002"),
    "partial_close.max_notional": ("100000", "700"),
    "partial_close.max_portion": ("0.1", "1"),
    "partial_close.min_notional": ("1000", "0"),
    "partial_close.spread_to_maintenance": ("1.5", "0.4"),
    "profit.imf_factor": ("0", "0.002", "0.05"),
    "profit.initial": ("1", "0.8"),
    "profit.initial_cap": ("100", "3", "1000000"),
    "profit.maintenance": ("1", "0.9"),
    "short_limit_price": ("order",),
    "size_premium": ("0", "0.00001", "0.0003", "0.002"),
    "slope.imr_base": ("0.02", "0.04"),
    "slope.mmr_base": ("0.01", "0.003"),
    "slope.slope": ("0", "0.00005", "0.002"),
    "tier_applies": ("whole", "marginal"),
}
BY_ASSET = {
    "multi_asset.ask_buffer": ("0.0005", "0.01", "0.04"),
    "multi_asset.borrow_mmr": ("0.0005", "0.01", "0.04"),
    "multi_asset.conversion_fee": ("0", "0.0025", "0.01"),
    "multi_asset.haircut": ("0", "0.05", "0.3"),
}


def change_parameters(sheet: Sheet, rng: Random) -> None:
    """Set parameters of the exchange: values that their choices can take."""
    parameters = sheet.setdefault("parameters", {})
    for name, parameter in folder(sheet["exchange"]).meta.parameters.items():
        if rng.random() < 0.6:
            value = _value(sheet, rng, parameter.sets[0], parameters.get(name))
            if value is not None:
                parameters[name] = value


def _value(sheet: Sheet, rng: Random, path: str, known: Any) -> Any:
    rows = sheet["positions"]
    if path.startswith("funding.impact_"):
        return near(rng, mark_of(rows[0]), rng.choice((1, 60)))
    if path in BY_ASSET:
        coins = [contract_of(sheet, row)[key] for row in rows for key in ("settle", "base")]
        return {coin: rng.choice(BY_ASSET[path]) for coin in (*coins, "OTHER")}
    if path not in VALUES:
        return None
    if path.startswith("continuous."):
        if not known:
            return None
        return {symbol: rng.choice((value, *VALUES[path])) for symbol, value in known.items()}
    return rng.choice(VALUES[path])


def report_more(sheet: Sheet, rng: Random) -> None:
    """Give what an exchange reports beside size and price."""
    row = rng.choice(sheet["positions"])
    row["funding_rate"] = rng.choice(("0.0001", "-0.00025", "0.003"))
    row["index_price"] = near(rng, mark_of(row), 2)
    if rng.random() < 0.5:
        row["max_leverage"] = rng.choice(("3", "5", "10", "20", "25", "40", "50"))


def set_day_or_level(sheet: Sheet, rng: Random) -> None:
    """Give the day on which a position was opened, or the level that its holder has set."""
    row = rng.choice(sheet["positions"])
    if rng.random() < 0.5:
        row["opened"] = rng.choice(("2025-10-01", "2025-11-10", "2026-01-05"))
    else:
        row["risk_level"] = rng.randint(1, 6)


def close_a_part(sheet: Sheet, rng: Random) -> None:
    """Ask for a closing step."""
    row = rng.choice(sheet["positions"])
    value = value_of(sheet, row)
    close = {"qty": scaled(qty_of(sheet, row), rng.choice(("0.1", "0.5", "1")))}
    if rng.random() < 0.7:
        close["price"] = near(rng, mark_of(row), 10)
    if rng.random() < 0.5:
        close["impact"] = scaled(value, rng.choice(("-0.00001", "-0.0004", "-0.03", "0.01")))
    row["close"] = close


DISTURBANCES: tuple[Callable[[Sheet, Random], None], ...] = (
    resize, move_mark, move_entry, change_leverage, forget_leverage, change_margin, add_by_hand,
    change_mode, fund, fund, change_account, flip, hedge, add_position, many_tiers, many_tiers,
    land_on_cap, add_orders, hold_coins, change_fee, change_rules, change_parameters, report_more,
    back_by_coins, set_day_or_level, close_a_part,
)  # fmt: skip


def disturb(sheet: Sheet, rng: Random, most: int = 8) -> Sheet:
    """Return a copy of `sheet` that is changed in up to `most` ways and still a sheet."""
    changed = copy.deepcopy(sheet)
    for change in rng.choices(DISTURBANCES, k=rng.randint(1, most)):
        change(changed, rng)
    make_consistent(changed)
    return changed


def make_consistent(sheet: Sheet) -> None:
    """Take away what a sheet must not say twice, and money of pools in several currencies."""
    account = sheet.setdefault("account", {})
    cross = [row for row in sheet["positions"] if mode_of(sheet, row) == "cross"]
    settles = {contract_of(sheet, row)["settle"] for row in cross}
    if account.get("wallet_balance") is not None and account.get("collateral"):
        del account["wallet_balance"]
    if account.get("collateral_mode", "single") == "single" and len(settles) > 1:
        account.pop("wallet_balance", None)
        account.pop("equity", None)
    if account.get("collateral_mode") == "multi" and not cross and account.get("wallet_balance"):
        del account["wallet_balance"]
    _drop_foreign_parameters(sheet)


def _drop_foreign_parameters(sheet: Sheet) -> None:
    """Take away parameters that the rule set in force does not have."""
    given = sheet.get("parameters", {})
    known = folder(sheet["exchange"]).meta.parameters
    name = rules_of(sheet | {"parameters": {}}, product_of(sheet, sheet["positions"][0])).name
    for each in [key for key in given if known[key].rule_sets]:
        if name not in known[each].rule_sets:
            del given[each]
