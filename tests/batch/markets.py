"""What a row generator must know of each symbol to make rows that could be real."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

    from liqcalc.engine.tiers import TierRow
    from liqcalc.rules.catalog import Catalog
    from liqcalc.rules.symbol_files import ContractFile, TierTable

PRICES = {"BTC": 60_000, "XBT": 60_000, "ETH": 3_000, "BNB": 600, "SOL": 150, "XRP": 1, "DOGE": 1}


class Market(NamedTuple):
    """A symbol of an exchange.

    Attributes:
        exchange: its name.
        contract: what is known of the contract.
        tables: every table of tiers, oldest first.
        unit: of the tiers' edges.
        rules: names of the exchange's rule sets.
        modes: margin modes and position modes that the exchange has.
        taker: its list rate.
    """

    exchange: str
    contract: ContractFile
    tables: tuple[TierTable, ...]
    unit: str
    rules: tuple[str, ...]
    modes: tuple[str, ...]
    taker: Decimal

    def tick(self) -> Decimal:
        """Return the price step, or a likely one."""
        if self.contract.tick_size is not None:
            return self.contract.tick_size
        return Decimal(1).scaleb(Decimal(self._known_price() or 1).adjusted() - 4)

    def price(self, rng: Random) -> Decimal:
        """Return a price of the usual size, not on any grid."""
        known = self._known_price()
        if known is not None:
            return Decimal(known) * Decimal(repr(rng.lognormvariate(0, 0.4)))
        return self.tick() * Decimal(repr(10 ** rng.uniform(2.5, 5.5)))

    def tier(self, rng: Random) -> TierRow | None:
        """Return any row of the newest table, or of any."""
        if not self.tables:
            return None
        rows = (self.tables[-1] if rng.random() < 0.7 else rng.choice(self.tables)).rows
        return rng.choice(rows) if rows else None

    def _known_price(self) -> int | None:
        return PRICES.get(self.contract.base)


def markets(catalog: Catalog) -> dict[str, list[Market]]:
    """Return the symbols of each exchange that has any."""
    found: dict[str, list[Market]] = {}
    for name in catalog.names():
        exchange = catalog.exchange(name)
        meta = exchange.meta
        rules = tuple(entry.name for entry in meta.rules)
        modes = (*meta.margin_modes, *meta.position_modes)
        for symbol in exchange.symbols():
            contract, tiers = exchange.contract(symbol), exchange.tiers(symbol)
            assert contract is not None
            fees = exchange.fees_on(None, contract.product)
            taker = Decimal(0) if fees is None else fees.taker
            history, unit = (tiers.history, tiers.unit) if tiers else ((), "notional")
            market = Market(name, contract, history, unit, rules, modes, taker)
            found.setdefault(name, []).append(market)
    return found
