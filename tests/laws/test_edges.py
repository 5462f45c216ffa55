"""Boundary triples: a size below, at and above every edge of the tables of every folder."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import liqcalc
from liqcalc.engine.numbers import exact
from liqcalc.engine.words import TierApplies
from tests.laws.folders import EXCHANGES, folder, has

if TYPE_CHECKING:
    from liqcalc.engine.tiers import TierRow
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.schema import TierFile, TierTable

THOROUGH = os.environ.get("LIQCALC_TESTS") == "thorough"
SYMBOLS, TABLES = (10**6, 10**6) if THOROUGH else (3, 2)
STEP = Decimal("0.001")
CLOSE = Decimal("1e-25")


def files(exchange: str) -> list[TierFile]:
    """Return the files of tables of an exchange, those with the most rows first."""
    found = [folder(exchange).tiers(symbol) for symbol in folder(exchange).symbols()]
    known = [file for file in found if file is not None]
    return sorted(known, key=lambda file: -max(len(table.rows) for table in file.history))


def tables() -> list[tuple[str, str, int]]:
    """Return (exchange, symbol, place in its history) of tables that have an edge."""
    found = []
    for exchange in EXCHANGES:
        for file in files(exchange)[:SYMBOLS]:
            places = [i for i, table in enumerate(file.history) if len(table.rows) > 1]
            found += [(exchange, file.symbol, place) for place in places[-TABLES:]]
    return found


def table_at(exchange: str, symbol: str, place: int) -> TierTable:
    """Return one table of a symbol."""
    file = folder(exchange).tiers(symbol)
    assert file is not None
    return file.history[place]


def rules_for(exchange: str, symbol: str, table: TierTable) -> Rules:
    """Return the rules that read a table."""
    contract = folder(exchange).contract(symbol)
    assert contract is not None
    loaded = folder(exchange)
    return loaded.rules_on(table.from_, table.rules, contract.product).choices


def position(exchange: str, symbol: str, table: TierTable, size: Decimal) -> dict[str, Any]:
    """Return the answer about a position of a size, at a price of 1 and without fees.

    At that price the size is the quantity: coins, face value and value in one.
    """
    rules = rules_for(exchange, symbol, table)
    mode = "isolated" if has(exchange, "margin_modes", "isolated") else "cross"
    sheet: dict[str, Any] = {
        "exchange": exchange,
        "as_of": table.from_,
        "account": {"margin_mode": str(table.mode or mode)},
        "positions": [
            {
                "symbol": symbol,
                "side": "long",
                "contracts" if rules.by_contracts else "qty": str(size),
                "entry_price": "1",
                "mark_price": "1",
                "leverage": str(table.leverage or 1),
            }
        ],
        "fees": {"taker": "0", "liquidation": "0"},
    }
    if table.rules is not None:
        sheet["rules"] = table.rules
    answer = liqcalc.evaluate(sheet, today=table.from_).to_dict()
    found: dict[str, Any] = answer["positions"][0]
    return found


def required(rules: Rules, rows: tuple[TierRow, ...], held: int, size: Decimal) -> Decimal:
    """Return the maintenance of a size as a share of one: by slices, or of the whole."""
    if rules.tier_applies is TierApplies.WHOLE:
        return size * rows[held].mmr
    total = Decimal(0)
    for i, row in enumerate(rows[: held + 1]):
        end = size if i == held else rows[i + 1].floor
        total += (end - row.floor) * row.mmr
    return total


@pytest.mark.parametrize(("exchange", "symbol", "place"), tables())
def test_each_side_of_an_edge_has_its_row(exchange: str, symbol: str, place: int) -> None:
    table = table_at(exchange, symbol, place)
    rules, rows = rules_for(exchange, symbol, table), table.rows
    contract = folder(exchange).contract(symbol)
    assert contract is not None
    if rules.by_contracts and contract.contract_size is None:
        pytest.skip("sizes count contracts, and the contract size is not known")
    per = contract.contract_size if rules.by_contracts else Decimal(1)
    assert per is not None

    for i, (row, above) in enumerate(pairwise(rows)):
        assert row.cap is not None
        shared = row.cap == above.floor
        at_cap = i if rules.edge_in_lower or not shared else i + 1
        triple = [(row.cap - STEP, i), (row.cap, at_cap), (above.floor + STEP, i + 1)]
        for size, held in triple:
            with exact():
                expected = required(rules, rows, held, size) * per
            found = position(exchange, symbol, table, size)
            assert found["tier"] == str(held + 1), (size, found["tier"])
            assert Decimal(found["mmr"]) == rows[held].mmr
            got = Decimal(found["exact"]["maintenance_margin"])
            assert abs(got - expected) <= CLOSE * max(expected, Decimal(1)), (size, held)


def test_every_folder_with_tables_of_several_rows_is_covered() -> None:
    covered = {exchange for exchange, _, _ in tables()}
    stepped = {
        exchange
        for exchange in EXCHANGES
        if any(len(table.rows) > 1 for file in files(exchange) for table in file.history)
    }

    assert covered == stepped
    assert covered
