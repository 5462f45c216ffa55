"""What contracts/SYMBOL.yaml and tiers/SYMBOL.yaml hold, as plain named tuples."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from liqcalc.engine.contract import Contract, Product
from liqcalc.engine.tiers import Steps, TierRow
from liqcalc.engine.vocabulary import Continuous, OpenInterest, Slope
from liqcalc.rules.schema import MarginMode


class ContractFile(NamedTuple):
    """contracts/SYMBOL.yaml: one contract, or a family of dated ones."""

    symbol: str
    product: Product
    base: str
    quote: str
    settle: str
    source: str
    contract_size: Decimal | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None
    min_qty: Decimal | None = None
    size_unit: str = "base"
    price_decimals: Decimal | None = None
    expiry: str | None = None
    pattern: str | None = None
    alias_pattern: str | None = None
    family: bool = False
    listed: bool = True
    aliases: tuple[str, ...] = ()
    date: str | None = None
    max_leverage: Decimal | None = None
    liquidation_fee: Decimal | None = None

    def contract(self) -> Contract:
        """Return what the engine needs of it."""
        return Contract(
            symbol=self.symbol,
            product=self.product,
            base=self.base,
            quote=self.quote,
            settle=self.settle,
            contract_size=self.contract_size,
            tick_size=self.tick_size,
            lot_size=self.lot_size,
        )


class TierTable(NamedTuple):
    """One table and the day from which it is known to hold.

    Attributes:
        from_: first day known in force.
        tiers: its rows; or instead of them `steps`, `slope` or `continuous`.
        seen: last day on which exactly this table was seen; None = `from_`.
        until: last day in force, if it was superseded by something unknown.
        complete: False if rows above the last are missing.
        rules, mode, leverage: only for this rule set, margin mode, leverage.
        open_interest: what raises the initial rates.
    """

    from_: str
    source: str
    tiers: tuple[TierRow, ...] = ()
    seen: str | None = None
    until: str | None = None
    complete: bool = True
    note: str = ""
    rules: str | None = None
    mode: MarginMode | None = None
    leverage: Decimal | None = None
    steps: Steps | None = None
    slope: Slope | None = None
    continuous: Continuous | None = None
    open_interest: OpenInterest | None = None

    @property
    def rows(self) -> tuple[TierRow, ...]:
        """Return the rows, written or in steps; none where rates follow a formula."""
        return self.steps.rows() if self.steps is not None else self.tiers

    def fits(self, rules: str, mode: MarginMode, leverage: Decimal | None) -> bool:
        """Return True if the table is for this rule set, margin mode and leverage."""
        return (
            self.rules in {None, rules}
            and self.mode in {None, mode}
            and self.leverage in {None, leverage}
        )


class TierFile(NamedTuple):
    """tiers/SYMBOL.yaml: every known table of a symbol, oldest first."""

    symbol: str
    history: tuple[TierTable, ...]
    unit: str = "notional"
