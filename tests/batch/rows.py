"""Random rows over all exchanges and symbols: ordinary, on every edge, and hostile.

    >>> from liqcalc.rules.catalog import Catalog
    >>> rows = RowMaker(Catalog(), ("binance",)).rows(100, seed=7)
    >>> columns_of(rows).rows
    100

The same seed gives the same rows.  The rows of a pool are scattered among the others.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from liqcalc.batch.columns import NUMBERS, WORDS, Coded, Columns
from tests.batch.changes import (
    CHANGES,
    EDGES,
    HOSTILE,
    POOL_CHANGES,
    as_floats,
    day,
    position,
    wallet,
)
from tests.batch.markets import Market, markets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from liqcalc.rules.catalog import Catalog
    from tests.batch.changes import Row

LARGE = ("binance", "bybit", "okx", "hyperliquid", "bitmex", "bitget", "kucoin", "mexc", "htx")
"""Exchanges that get more rows than their share."""


class RowMaker:
    """Makes rows.

    Args:
        catalog: whose exchanges and symbols they are of.
        exchanges: only these; all if none is named.
    """

    def __init__(self, catalog: Catalog, exchanges: tuple[str, ...] = ()) -> None:
        known = markets(catalog).items()
        self.markets = {name: found for name, found in known if not exchanges or name in exchanges}
        self.names = [*self.markets, *(name for name in LARGE if name in self.markets)]

    def rows(self, count: int, seed: int, *, hostile: float = 0.1) -> list[Row]:
        """Return `count` rows, of which a share of about `hostile` is wrong or extreme."""
        rng = Random(seed)  # noqa: S311 - not a secret
        found: list[Row] = []
        while len(found) < count:
            found += self._pool(rng, len(found)) if rng.random() < 0.05 else [self._one(rng)]
        del found[count:]
        for row in found:
            if rng.random() < (hostile / 20 if "account_id" in row else hostile):
                rng.choice(HOSTILE)(row, rng)
            if rng.random() < 0.99:
                as_floats(row)
        rng.shuffle(found)
        return found

    def _one(self, rng: Random) -> Row:
        market = self._market(rng)
        row = position(market, rng)
        if rng.random() < 0.7:
            if rng.random() < 0.5:
                row["margin_mode"] = "isolated"
        elif "cross" in market.modes or rng.random() < 0.02:
            row["margin_mode"] = "cross"
            if rng.random() < 0.9:
                row["wallet_balance"] = wallet([row], rng)
        for share, change in CHANGES if rng.random() < 0.5 else EDGES:
            if rng.random() < share:
                change(row, market, rng)
        return row

    def _pool(self, rng: Random, number: int) -> list[Row]:
        """Return the cross positions of one account, in one symbol or in many."""
        first = self._market(rng)
        if "cross" not in first.modes:
            return [self._one(rng)]
        known = self.markets[first.exchange]
        if rng.random() < 0.95:
            known = [m for m in known if m.contract.settle == first.contract.settle]
        held = rng.choices(rng.choices(known, k=rng.choice((1, 2, 12))), k=rng.randint(2, 12))
        hedge = rng.random() < (0.5 if "hedge" in first.modes else 0.01)
        rows = [position(market, rng) for market in held]
        shared: Row = {"account_id": f"account-{number}", "margin_mode": "cross"}
        if rng.random() < 0.4:
            shared["as_of"] = day(held[0], rng)
        if hedge:
            shared["position_mode"] = "hedge"
        if rng.random() < 0.95:
            shared["wallet_balance"] = wallet(rows, rng)
        legs: dict[tuple[object, ...], Row] = {}
        for row, market in zip(rows, held, strict=True):
            row.update(shared)
            for change in POOL_CHANGES:
                if rng.random() < 0.03:
                    change(row, market, rng)
            legs.setdefault((row["symbol"], row["side"] if hedge else ""), row)
        # A second position in one symbol and side is refused, with its whole pool.
        return rows if rng.random() < 0.05 else list(legs.values())

    def _market(self, rng: Random) -> Market:
        return rng.choice(self.markets[rng.choice(self.names)])


def columns_of(rows: Sequence[Row]) -> Columns:
    """Return rows as columns; numbers that no float holds stand beside them as they were."""
    columns = Columns(len(rows), inexact=np.zeros(len(rows), dtype=bool))
    assert columns.inexact is not None
    for name in WORDS:
        if any(name in row for row in rows):
            columns.words[name] = Coded.of([_word(row, name) for row in rows])
    for name in NUMBERS:
        given = [row.get(name) for row in rows]
        if all(value is None for value in given):
            continue
        numbers = np.array([np.nan if value is None else float(value) for value in given])
        columns.numbers[name] = numbers
        read = [Decimal(repr(number)) for number in numbers.tolist()]
        exact = [v is None or v == r for v, r in zip(given, read, strict=True)]
        if not all(exact):
            columns.inexact |= ~np.array(exact)
            columns.originals[name] = _reader(given)
    return columns


def table_of(rows: Sequence[Row]) -> dict[str, list[str | float | None]]:
    """Return rows as a mapping of lists, for `evaluate`; every number a float."""
    names = [name for name in (*WORDS, *NUMBERS) if any(name in row for row in rows)]
    return {
        name: [
            value if value is None or isinstance(value, str) else float(value)
            for value in (row.get(name) for row in rows)
        ]
        for name in names
    }


def _word(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def _reader(given: Sequence[str | Decimal | None]) -> Callable[[int], Decimal | None]:
    def read(row: int) -> Decimal | None:
        value = given[row]
        return None if value is None else Decimal(value)

    return read
