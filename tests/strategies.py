"""All strategies of the property tests: disturbed golden cases and free positions, on grids.

A golden case is a sheet that an exchange has answered. `disturbed_cases` changes it in up to six
ways that keep it a sheet (other sizes, prices, money, tiers, legs, orders, coins, rules), so that
the laws and the slow judge see inputs far from the recorded ones but never nonsense.
"""

from __future__ import annotations

import copy
from decimal import Context, Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.slow.check_cases import read_cases
from tests.slow.exchanges import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

ROOT = Path(__file__).resolve().parents[1]
EXCHANGES = sorted(path.parent.name for path in ROOT.glob("exchanges/*/exchange.yaml"))
JUDGED = [name for name in EXCHANGES if name in RULES]
ANSWERS = ("id", "source", "confidence", "expected", "expected_failure", "tolerance")
WORDS = ("rounding", "working", "notes")

Sheet = dict[str, Any]
Row = dict[str, Any]


# Seeds


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
    """Return the sheets of an exchange's golden cases, each with a table and a fee rate."""
    return tuple(_complete(case) for case in cases(exchange) if len(case["positions"]) <= 4)


def _complete(case: Sheet) -> Sheet:
    sheet = sheet_of(case)
    sheet.setdefault("as_of", "2026-06-01")
    sheet.setdefault("fees", {"taker": "0.0005"})
    sheet.setdefault("tiers", {})
    for row in sheet["positions"]:
        contract = sheet["contracts"][row["symbol"]]
        contract.setdefault("tick_size", "0.01")
        if row["symbol"] not in sheet["tiers"]:
            sheet["tiers"][row["symbol"]] = [{"floor": "0", "mmr": "0.005", "deduction": "0"}]
    return sheet


# Numbers on grids


def text(value: Decimal) -> str:
    """Return `value` as a sheet writes it."""
    return format(value.normalize(), "f")


def number(row: Row, key: str, default: str = "0") -> Decimal:
    """Return a number of a row."""
    value = row.get(key)
    return Decimal(str(default if value is None else value))


def scaled(value: Decimal, factor: str) -> str:
    """Return `value` times `factor`, cut to nine significant digits."""
    product = value * Decimal(factor)
    step = Decimal(1).scaleb(product.adjusted() - 8) if product else Decimal(1)
    return text(product.quantize(step))


def near(rng: Random, value: Decimal, share: int = 40) -> str:
    """Return a number at most `share` percent away from `value`."""
    return scaled(value, f"{rng.randint(100 - share, 100 + share)}E-2")


SIZES = ("0.001", "0.01", "0.1", "0.37", "0.5", "0.9", "1.1", "2", "3.3", "7", "10", "25", "100")


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


def mode_of(sheet: Sheet, row: Row) -> str:
    """Return the margin mode of a position."""
    account = sheet.get("account") or {}
    return str(row.get("margin_mode") or account.get("margin_mode", "cross"))


# One disturbance each


def resize(sheet: Sheet, rng: Random) -> None:
    """Scale one position."""
    row = rng.choice(sheet["positions"])
    key = size_key(row)
    size = Decimal(scaled(number(row, key), rng.choice(SIZES)))
    if Decimal("1e-8") < size < Decimal("1e12"):
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


def change_leverage(sheet: Sheet, rng: Random) -> None:
    """Set another leverage."""
    row = rng.choice(sheet["positions"])
    row["leverage"] = rng.choice(("1", "2", "3", "5", "7", "12", "20", "33.3", "50", "75", "100"))


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
    row["margin_mode"] = mode
    if mode == "cross":
        row.pop("margin", None)
    elif not row.get("leverage"):
        row["leverage"] = "10"


def whole_value(sheet: Sheet) -> Decimal:
    """Return the value of all cross positions, of each settle currency alike."""
    rows = [row for row in sheet["positions"] if mode_of(sheet, row) == "cross"]
    return sum((value_of(sheet, row) for row in rows), Decimal(0)) or Decimal(1000)


def fund(sheet: Sheet, rng: Random) -> None:
    """Say what backs the cross pool: cash or equity."""
    account = sheet.setdefault("account", {})
    for key in ("wallet_balance", "equity"):
        account.pop(key, None)
    share = rng.choice(("0.005", "0.02", "0.07", "0.2", "0.55", "0.99", "1.3", "4"))
    rows = account.get("collateral")
    key = "equity" if rows or rng.random() < 0.4 else "wallet_balance"
    account[key] = scaled(whole_value(sheet), share)


def change_account(sheet: Sheet, rng: Random) -> None:
    """Set money of the account that belongs to things that are not listed."""
    account = sheet.setdefault("account", {})
    key = rng.choice(
        (
            "other_unrealized_pnl",
            "other_maintenance_margin",
            "other_initial_margin",
            "order_margin",
            "options_value",
        )
    )
    share = rng.choice(("0.0007", "0.01", "0.06"))
    sign = rng.choice((1, -1)) if key == "other_unrealized_pnl" else 1
    account[key] = scaled(whole_value(sheet) * sign, share)


def flip(sheet: Sheet, rng: Random) -> None:
    """Turn longs of one symbol into shorts and the reverse."""
    chosen = rng.choice(sheet["positions"])["symbol"]
    for row in sheet["positions"]:
        if row["symbol"] == chosen:
            row["side"] = opposite(row["side"])


def opposite(side: str) -> str:
    """Return the other side."""
    return "short" if side == "long" else "long"


def hedge(sheet: Sheet, rng: Random) -> None:
    """Add the other leg of a position."""
    if sheet["exchange"] == "hyperliquid":
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
    """Add a position in another symbol of the same kind."""
    if len(sheet["positions"]) > 3:
        return
    row = rng.choice(sheet["positions"])
    new = copy.deepcopy(row)
    contract = copy.deepcopy(contract_of(sheet, row))
    name = f"{row['symbol']}{len(sheet['positions'])}"
    if contract["product"] == "linear":
        contract["base"] = rng.choice((f"NEW{len(sheet['positions'])}", contract["base"]))
    elif rng.random() < 0.5:
        contract["base"] = contract["settle"] = "COIN"
    price = near(rng, mark_of(row), 40)
    if contract["base"] == contract_of(sheet, row)["base"]:
        price = text(mark_of(row))
    new |= {"symbol": name, "side": rng.choice(("long", "short")), "mark_price": price}
    new["entry_price"] = near(rng, Decimal(price), 10)
    sheet["contracts"][name] = contract
    sheet["tiers"][name] = copy.deepcopy(sheet["tiers"][row["symbol"]])
    sheet["positions"].append(new)


RATES = ("0.004", "0.0065", "0.01", "0.02", "0.05", "0.125", "0.25", "0.5")


def many_tiers(sheet: Sheet, rng: Random) -> None:
    """Give a symbol several tiers, with the caps around the size of its position."""
    row = rng.choice(sheet["positions"])
    size = value_of(sheet, row)
    by_contracts = sheet["exchange"] == "okx"
    if by_contracts:
        size = qty_of(sheet, row) / number(contract_of(sheet, row), "contract_size", "1")
    shares = sorted(rng.sample(("0.3", "0.6", "0.8", "0.95", "1", "1.05", "1.3", "2", "5"), 4))
    rates = sorted(Decimal(rate) for rate in rng.sample(RATES, len(shares) + 1))
    rows, floor, deduction, last = [], Decimal(0), Decimal(0), Decimal(0)
    for at, rate in enumerate(rates):
        if not by_contracts:
            deduction += floor * (rate - last)
        cap = None if at == len(shares) else Decimal(scaled(size, shares[at]))
        if cap is None and rng.random() < 0.3:
            cap = floor * 2
        top = text((1 / (2 * rate)).quantize(Decimal("0.01")))
        rows.append(
            {
                "floor": text(floor),
                "cap": None if cap is None else text(cap),
                "mmr": text(rate),
                "deduction": text(deduction) if deduction else "0",
                "max_leverage": top,
            }
        )
        last, floor = rate, cap or floor
    sheet["tiers"][row["symbol"]] = rows


def land_on_cap(sheet: Sheet, rng: Random) -> None:
    """Make one position exactly as large as a cap, or a step to either side."""
    row = rng.choice(sheet["positions"])
    caps = [Decimal(str(t["cap"])) for t in sheet["tiers"][row["symbol"]] if t.get("cap")]
    if not caps:
        return
    cap = rng.choice(caps) * Decimal(rng.choice(("1", "1", "1", "0.999999", "1.000001")))
    contract = contract_of(sheet, row)
    if sheet["exchange"] != "okx":
        keep_mark(sheet)
        for other in sheet["positions"]:
            if other["symbol"] == row["symbol"]:
                other["mark_price"] = text(Decimal(1).scaleb(mark_of(row).adjusted()))
        mark = mark_of(row)
        qty = cap * mark if contract["product"] == "inverse" else cap / mark
    else:
        qty = cap * number(contract, "contract_size", "1")
    row.pop("contracts", None)
    row["qty"] = text(qty)


def add_orders(sheet: Sheet, rng: Random) -> None:
    """Add open orders to the symbol of a cross position."""
    rows = [row for row in sheet["positions"] if mode_of(sheet, row) == "cross"]
    if not rows or "orders" in sheet:
        return
    row = rng.choice(rows)
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
    sheet["tiers"][name] = copy.deepcopy(sheet["tiers"][row["symbol"]])
    return name


def hold_coins(sheet: Sheet, rng: Random) -> None:
    """Back the cross pool with several coins in multi collateral mode."""
    account = sheet.setdefault("account", {})
    account["collateral_mode"] = "multi"
    account.pop("wallet_balance", None)
    rows: list[Row] = []
    worth = Decimal(0)
    for position in sheet["positions"]:
        contract = contract_of(sheet, position)
        inverse = contract["product"] == "inverse"
        worth += value_of(sheet, position) * (mark_of(position) if inverse else 1)
    for asset, price in _assets(sheet):
        if any(row["asset"] == asset for row in rows) or rng.random() < 0.25:
            continue
        share = rng.choice(("-0.1", "-0.01", "0.005", "0.03", "0.1", "0.4", "1.2"))
        weight = rng.choice(("1", "1", "0.95", "0.8", "0.5"))
        if share.startswith("-"):
            weight = rng.choice(("1", "1", "1.05"))
        row = {"asset": asset, "qty": scaled(worth / price, share), "price": text(price)}
        row |= {"initial_weight": weight, "maintenance_weight": weight}
        if rng.random() < 0.3 and not share.startswith("-"):
            row["initial_weight"] = "0.7"
        rows.append(row)
    account.pop("equity", None)
    if rows:
        account["collateral"] = rows
    if not rows or rng.random() < 0.25:
        account["equity"] = scaled(worth, rng.choice(("0.01", "0.05", "0.3", "1.5")))
    if rng.random() < 0.7:
        change_parameters(sheet, rng)  # what owing a coin costs


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


def change_fee(sheet: Sheet, rng: Random) -> None:
    """Set another taker rate."""
    sheet["fees"] = {"taker": rng.choice(("0", "0.0002", "0.00055", "0.000649", "0.001"))}


def change_rules(sheet: Sheet, rng: Random) -> None:
    """Choose another rule set or day."""
    names = {
        "bybit": ("mark_based", "entry_based"),
        "hyperliquid": ("engine_2024", None),
    }.get(sheet["exchange"])
    if names is None or rng.random() < 0.3:
        sheet["as_of"] = rng.choice(("2024-06-01", "2025-09-01", "2025-09-02", "2026-02-01"))
        sheet.pop("rules", None)
        return
    sheet["rules"] = rng.choice(names)
    if sheet["rules"] is None:
        del sheet["rules"]


def change_parameters(sheet: Sheet, rng: Random) -> None:
    """Set a parameter of the exchange."""
    parameters = sheet.setdefault("parameters", {})
    coins = [contract_of(sheet, row)["settle"] for row in sheet["positions"]]
    bases = [contract_of(sheet, row)["base"] for row in sheet["positions"]]
    some = {coin: rng.choice(("0.0005", "0.01", "0.04")) for coin in (*coins, *bases, "OTHER")}
    choices: dict[str, list[tuple[str, Any]]] = {
        "binance": [
            ("entry_price_decimals", rng.choice(("2", "6", "8"))),
            ("ask_buffer", some),
            ("short_limit_price", "order"),
        ],
        "bybit": [("borrow_mmr", some), ("price_rounding", "none")],
        "okx": [("isolated_tick_steps", rng.choice(("0", "1", "2")))],
        "hyperliquid": [
            ("impact_bid_price", near(rng, mark_of(sheet["positions"][0]), rng.choice((1, 60)))),
            ("impact_ask_price", near(rng, mark_of(sheet["positions"][0]), rng.choice((1, 60)))),
            ("funding_clamp", rng.choice(("0.0005", "0.001"))),
            ("interest_rate_8h", rng.choice(("0.0001", "0"))),
        ],
    }
    for name, value in choices.get(sheet["exchange"], []):
        if rng.random() < 0.6:
            parameters[name] = value


def report_more(sheet: Sheet, rng: Random) -> None:
    """Give what an exchange reports beside size and price."""
    row = rng.choice(sheet["positions"])
    row["funding_rate"] = rng.choice(("0.0001", "-0.00025", "0.003"))
    row["index_price"] = near(rng, mark_of(row), 2)
    if sheet["exchange"] == "hyperliquid":
        row["max_leverage"] = rng.choice(("3", "5", "10", "20", "25", "40", "50"))


DISTURBANCES: tuple[Callable[[Sheet, Random], None], ...] = (
    resize, move_mark, move_entry, change_leverage, forget_leverage, change_margin, add_by_hand,
    change_mode, fund, fund, change_account, flip, hedge, add_position, many_tiers, many_tiers,
    land_on_cap, add_orders, hold_coins, change_fee, change_rules, change_parameters, report_more,
)  # fmt: skip


def disturb(sheet: Sheet, rng: Random, most: int = 8) -> Sheet:
    """Return a copy of `sheet` that is changed in up to `most` ways and still a sheet."""
    changed = copy.deepcopy(sheet)
    for change in rng.choices(DISTURBANCES, k=rng.randint(1, most)):
        change(changed, rng)
    _make_consistent(changed)
    return changed


def _make_consistent(sheet: Sheet) -> None:
    """Take away what a sheet must not say twice, and give symbols of one base one price."""
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


def disturbed_cases(exchange: str, *, mixed: bool = False) -> st.SearchStrategy[Sheet]:
    """Return golden cases of an exchange, disturbed; `mixed` ones hold both margin modes."""

    def build(sheet: Sheet, rng: Random) -> Sheet:
        changed = disturb(sheet, rng)
        if mixed:
            _mix(changed, rng)
        return changed

    return st.builds(build, st.sampled_from(seeds(exchange)), st.randoms(use_true_random=False))


def _mix(sheet: Sheet, rng: Random) -> None:
    """Let `sheet` hold an isolated and a cross position."""
    if len({mode_of(sheet, row) for row in sheet["positions"]}) > 1:
        return
    row = copy.deepcopy(sheet["positions"][0])
    name = f"{row['symbol']}M"
    sheet["contracts"][name] = contract_of(sheet, row)
    sheet["tiers"][name] = sheet["tiers"][row["symbol"]]
    sheet["positions"].append(row | {"symbol": name})
    change_mode({**sheet, "positions": sheet["positions"][-1:]}, rng)
    _make_consistent(sheet)


# The same account at other marks


def with_mark(sheet: Sheet, at: int, mark: Decimal) -> Sheet:
    """Return `sheet` with the mark of a position's symbol, and its base's price, at `mark`."""
    row = sheet["positions"][at]
    factor = _MANY_DIGITS.divide(mark, mark_of(row))
    moved = copy.deepcopy(sheet)
    for other in moved["positions"]:
        if other["symbol"] == row["symbol"]:
            other["mark_price"] = mark
    _move_coins(moved, {contract_of(sheet, row)["base"]}, factor)
    return moved


def move_all_marks(sheet: Sheet, factor: Decimal) -> Sheet:
    """Return `sheet` with the marks of all cross positions, and their bases' prices, moved."""
    moved = copy.deepcopy(sheet)
    cross = [row for row in moved["positions"] if mode_of(moved, row) == "cross"]
    for row in cross:
        row["mark_price"] = _MANY_DIGITS.multiply(mark_of(row), factor)
    _move_coins(moved, {contract_of(sheet, row)["base"] for row in cross}, factor)
    return moved


_MANY_DIGITS = Context(prec=50)


def _move_coins(sheet: Sheet, bases: set[str], factor: Decimal) -> None:
    for coin in sheet["account"].get("collateral") or []:
        if coin["asset"] in bases:
            coin["price"] = _MANY_DIGITS.multiply(number(coin, "price"), factor)


# Free positions


def on_grid(step: str, least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Return multiples of `step`, from `least` to `most` of them."""
    return st.integers(least, most).map(lambda count: count * Decimal(step))


PRICES = (("0.0001", 1, 10**7), ("0.01", 10, 10**6), ("0.1", 10**4, 10**6))
LEVERAGES = ("1", "2", "3", "5", "7", "10", "12", "20", "25", "50")
PRODUCTS = {"hyperliquid": ("linear",)}


@st.composite
def isolated(
    draw: st.DrawFn,
    exchange: str,
    *,
    leverages: Sequence[str] = LEVERAGES,
    side: str | None = None,
    product: str | None = None,
    taker: str | None = None,
    several_tiers: bool = True,
) -> Sheet:
    """Return a sheet with one isolated position, its price on a tick grid."""
    step, least, most = draw(st.sampled_from(PRICES))
    entry = draw(on_grid(step, least, most))
    mark = max(draw(on_grid(step, 1, 200)) - 100 * Decimal(step) + entry, Decimal(step))
    kind = product or draw(st.sampled_from(PRODUCTS.get(exchange, ("linear", "inverse"))))
    qty = draw(on_grid("0.001" if kind == "linear" else "10", 1, 10**6))
    row = {"symbol": "X", "side": side or draw(st.sampled_from(("long", "short")))}
    row |= {"qty": text(qty), "entry_price": text(entry), "mark_price": text(mark)}
    row["leverage"] = draw(st.sampled_from(tuple(leverages)))
    if draw(st.booleans()) and side is None:
        value = qty * entry if kind == "linear" else qty / entry
        row["margin"] = scaled(value, draw(st.sampled_from(("0.03", "0.1", "0.37", "0.9"))))
    settle = "USDT" if kind == "linear" else "COIN"
    contract = {"product": kind, "base": "COIN", "quote": "USDT", "settle": settle}
    sheet: Sheet = {
        "exchange": exchange,
        "as_of": "2026-05-01",
        "account": {"margin_mode": "isolated"},
        "positions": [row],
        "contracts": {"X": contract | {"contract_size": "1", "tick_size": step}},
        "tiers": {"X": [{"floor": "0", "mmr": draw(st.sampled_from(RATES[:4])), "deduction": "0"}]},
        "fees": {"taker": taker or draw(st.sampled_from(("0", "0.0002", "0.00055", "0.001")))},
    }
    if exchange == "bybit":
        sheet["rules"] = draw(st.sampled_from(("mark_based", "entry_based")))
    if several_tiers and draw(st.booleans()):
        many_tiers(sheet, draw(st.randoms(use_true_random=False)))
        sheet["tiers"]["X"][-1]["cap"] = None
    return sheet


def turned(sheet: Sheet) -> Sheet:
    """Return `sheet` with the side of its only position turned."""
    row = sheet["positions"][0]
    return sheet | {"positions": [row | {"side": opposite(row["side"])}]}


MONEY = ("margin", "extra_margin", "funding_paid", "qty")


def scale_sheet(sheet: Sheet, k: Decimal) -> Sheet:
    """Return `sheet` with quantity, money and tiers of its only position times `k`."""
    row = dict(sheet["positions"][0])
    row |= {key: text(Decimal(row[key]) * k) for key in MONEY if key in row}
    tiers = []
    for tier in sheet["tiers"]["X"]:
        sizes = {key: tier[key] for key in ("floor", "cap", "deduction") if tier.get(key)}
        tiers.append(tier | {key: text(Decimal(size) * k) for key, size in sizes.items()})
    return sheet | {"positions": [row], "tiers": {"X": tiers}}


@st.composite
def cross(draw: st.DrawFn, exchange: str, *, taker: str | None = None) -> Sheet:
    """Return a sheet with one cross position of one tier, and the cash behind it."""
    sheet = draw(isolated(exchange, taker=taker, several_tiers=False))
    row = sheet["positions"][0]
    row.pop("margin", None)
    shares = st.sampled_from(("0.012", "0.05", "0.2", "0.7", "0.99"))
    wallet = scaled(value_of(sheet, row), draw(shares))
    return sheet | {"account": {"margin_mode": "cross", "wallet_balance": wallet}}
