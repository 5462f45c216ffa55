"""All strategies of the property tests: disturbed golden cases and free positions, on grids.

A golden case is a sheet that an exchange has answered. `disturbed_cases` changes it in up to eight
ways that keep it a sheet, so that the laws and the slow judge see inputs far from the recorded
ones but never nonsense. Free positions have nothing of any exchange but its name and its rules.
"""

from __future__ import annotations

import copy
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st

from tests.laws.disturb import (
    RATES,
    change_mode,
    contract_of,
    copy_rates,
    disturb,
    make_consistent,
    many_tiers,
    mark_of,
    opposite,
    scaled,
    text,
    value_of,
)
from tests.laws.folders import Row, Sheet, mode_of, products, rule_sets, setting
from tests.laws.seeds import number, seeds_with_positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


# A law that runs over every exchange has as many examples in all as a few laws without one.
few = settings(max_examples=max(5, settings().max_examples // 5))


def disturbed_cases(exchange: str, *, mixed: bool = False) -> st.SearchStrategy[Sheet]:
    """Return golden cases of an exchange, disturbed; `mixed` ones hold both margin modes."""

    def build(sheet: Sheet, rng: Random) -> Sheet:
        changed = disturb(sheet, rng)
        if mixed:
            _mix(changed, rng)
        return changed

    seeds = st.sampled_from(seeds_with_positions(exchange))
    return st.builds(build, seeds, st.randoms(use_true_random=False))


def _mix(sheet: Sheet, rng: Random) -> None:
    """Let `sheet` hold an isolated and a cross position."""
    if len({mode_of(sheet, row) for row in sheet["positions"]}) > 1:
        return
    row = copy.deepcopy(sheet["positions"][0])
    name = f"{row['symbol']}M"
    sheet["contracts"][name] = contract_of(sheet, row)
    copy_rates(sheet, row["symbol"], name)
    sheet["positions"].append(row | {"symbol": name})
    change_mode({**sheet, "positions": sheet["positions"][-1:]}, rng)
    make_consistent(sheet)


# The same account at other marks


def with_mark(sheet: Sheet, at: int, mark: Decimal) -> Sheet:
    """Return `sheet` with the mark of a position's symbol, and its base's price, at `mark`."""
    row = sheet["positions"][at]
    factor = _MANY_DIGITS.divide(mark, mark_of(row))
    moved = copy.deepcopy(sheet)
    for other in moved["positions"]:
        if other["symbol"] == row["symbol"]:
            _move(other, mark)
    _move_coins(moved, {contract_of(sheet, row)["base"]}, factor)
    return moved


def move_all_marks(sheet: Sheet, factor: Decimal) -> Sheet:
    """Return `sheet` with the marks of all cross positions, and their bases' prices, moved."""
    moved = copy.deepcopy(sheet)
    cross = [row for row in moved["positions"] if mode_of(moved, row) == "cross"]
    for row in cross:
        _move(row, _MANY_DIGITS.multiply(mark_of(row), factor))
    _move_coins(moved, {contract_of(sheet, row)["base"] for row in cross}, factor)
    return moved


_MANY_DIGITS = Context(prec=50)


def _move(row: Row, mark: Decimal) -> None:
    """Move a mark; on the way of the price that moves the index is equal to it."""
    row["mark_price"] = mark
    row.pop("index_price", None)


def _move_coins(sheet: Sheet, bases: set[str], factor: Decimal) -> None:
    backing = [sheet["account"].get("collateral") or []]
    backing += [row.get("collateral") or [] for row in sheet["positions"]]
    for coin in (coin for coins in backing for coin in coins):
        if coin["asset"] in bases and coin.get("price") is not None:
            coin["price"] = _MANY_DIGITS.multiply(number(coin, "price"), factor)


# Free positions


def on_grid(step: str, least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Return multiples of `step`, from `least` to `most` of them."""
    return st.integers(least, most).map(lambda count: count * Decimal(step))


PRICES = (("0.0001", 1, 10**7), ("0.01", 10, 10**6), ("0.1", 10**4, 10**6))
LEVERAGES = ("1", "2", "3", "5", "7", "10", "12", "20", "25", "50")
DAY = "2026-10-01"  # newer than any rule set


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
    kind = product or draw(st.sampled_from(products(exchange)))
    inverse = kind == "inverse"
    qty = draw(on_grid("10" if inverse else "0.001", 1, 10**6))
    row = {"symbol": "X", "side": side or draw(st.sampled_from(("long", "short")))}
    row |= {"qty": text(qty), "entry_price": text(entry), "mark_price": text(mark)}
    row["leverage"] = draw(st.sampled_from(tuple(leverages)))
    if draw(st.booleans()) and side is None:
        value = qty / entry if inverse else qty * entry
        row["margin"] = scaled(value, draw(st.sampled_from(("0.03", "0.1", "0.37", "0.9"))))
    settle = {"linear": "USDT", "inverse": "COIN"}.get(kind, "OTHER")
    contract = {"product": kind, "base": "COIN", "quote": "USDT", "settle": settle}
    rate = taker or draw(st.sampled_from(("0", "0.0002", "0.00055", "0.001")))
    sheet: Sheet = {
        "exchange": exchange,
        "as_of": DAY,
        "account": {"margin_mode": "isolated"},
        "positions": [row],
        "contracts": {"X": contract | {"contract_size": "1", "tick_size": step}},
        "tiers": {"X": [{"floor": "0", "mmr": draw(st.sampled_from(RATES[:4])), "deduction": "0"}]},
        "fees": {"taker": rate, "liquidation": rate},
        "rules": draw(st.sampled_from(sorted({e.name for e in rule_sets(exchange, kind)}))),
        "parameters": dict.fromkeys(setting(exchange, "minimum_requirement"), "0"),
    }
    if several_tiers and draw(st.booleans()):
        many_tiers(sheet, draw(st.randoms(use_true_random=False)))
        sheet["tiers"]["X"][-1]["cap"] = None
    return sheet


def without_fees(sheet: Sheet) -> Sheet:
    """Return `sheet` with all fee rates at 0."""
    return sheet | {"fees": {"taker": "0", "liquidation": "0"}}


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
