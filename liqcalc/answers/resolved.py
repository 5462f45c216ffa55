"""A sheet with everything filled in that the catalogue knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.answers.answer import Citation, Note, Provenance, TableUse
from liqcalc.rules.schema import EvidenceClass, MarginMode

if TYPE_CHECKING:
    from liqcalc.engine.contract import Contract, Product
    from liqcalc.engine.position import Order, Position
    from liqcalc.engine.tiers import Schedule
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import Evidence, RuleEntry
    from liqcalc.rules.sheet import Sheet


@dataclass(slots=True)
class Resolved:
    """A sheet with everything filled in that the catalogue knows.

    Attributes:
        today: the day answers are given on, for the age of tables.
        day: whose rules and tables hold; None = the newest known.
        entry, rules: of the account as a whole.
        entries, rules_of: rule sets and rules by position; they differ where
            products, or positions of different age, have rules of their own.
        positions: engine positions, in the sheet's order.
        notes, assumptions: by position, what to tell the user.
        tables: by symbol and margin mode, which tier table is used.
    """

    sheet: Sheet
    exchange: LoadedExchange
    entry: RuleEntry
    rules: Rules
    today: str
    day: str | None = None
    entries: list[RuleEntry] = field(default_factory=list)
    rules_of: list[Rules] = field(default_factory=list)
    schedules: dict[str, Schedule | None] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    warnings: list[list[Note]] = field(default_factory=list)
    assumptions: list[list[Note]] = field(default_factory=list)
    tables: dict[tuple[str, str], TableUse] = field(default_factory=dict)
    taker_sources: list[str] = field(default_factory=list)
    shared_warnings: list[Note] = field(default_factory=list)

    def evidence(self, position: Position) -> Evidence | None:
        """Return how well the rule is known for `position`."""
        mode = mode_of(position)
        account = self.sheet.account
        for item in self.entry_of(position).evidence:
            fits = item.product == position.contract.product.value and item.mode is mode
            if item.collateral is not None:
                fits = fits and not position.isolated and item.collateral is account.collateral_mode
            if item.position is not None:
                fits = fits and item.position is account.position_mode and self._paired(position)
            if fits:
                return item
        return None

    def entry_of(self, position: Position) -> RuleEntry:
        """Return the rule set that holds for `position`."""
        return self.entries[self.positions.index(position)]

    def rules_for(self, product: Product, opened: str | None = None) -> tuple[RuleEntry, Rules]:
        """Return the rule set and rules of a product, for a position opened on a day."""
        name = self.sheet.rules
        entry = self.exchange.rules_on(self.day, name, product)
        if entry.older_positions and opened is not None and opened < entry.from_:
            entry = self.exchange.rules_on(self.day, entry.older_positions, product)
        if entry is self.entry:
            return entry, self.rules
        return entry, self.exchange.rules(entry, self.sheet.parameters)

    def _paired(self, position: Position) -> bool:
        """Return True if the sheet also holds the other side of the symbol."""
        symbol = position.contract.symbol
        return any(o.contract.symbol == symbol and o.side != position.side for o in self.positions)

    def provenance(self, position: Position | None) -> Provenance:
        """Return what an answer about `position` (or all of the sheet) stands on."""
        evidence = self.evidence(position) if position else self._weakest_evidence()
        taker_source = ""
        taker = None
        uses = tuple(dict.fromkeys(self.tables.values()))
        entry = self.entry
        if position is not None:
            entry = self.entry_of(position)
            taker = position.taker
            taker_source = self.taker_sources[self.positions.index(position)]
            held = self.tables.get((position.contract.symbol, mode_of(position)))
            uses = () if held is None else (held,)
        return Provenance(
            exchange=self.exchange.id,
            rule_set=entry.name,
            rule_from=entry.from_,
            evidence=str(evidence.evidence) if evidence else str(EvidenceClass.ASSUMED),
            evidence_note=evidence.note if evidence else "no evidence is recorded for this mode",
            tiers=uses,
            taker=taker,
            taker_source=taker_source,
            citations=tuple(self.citation(name) for name in _cited(entry, uses, taker_source)),
        )

    def citation(self, name: str) -> Citation:
        """Return a source by its id."""
        source = self.exchange.sources.get(name)
        if source is None:
            return Citation(name)
        return Citation(name, source.title, source.url, source.date)

    def _weakest_evidence(self) -> Evidence | None:
        order = list(EvidenceClass)
        found = [item for p in self.positions if (item := self.evidence(p))]
        return max(found, key=lambda item: order.index(item.evidence), default=None)


def _cited(entry: RuleEntry, uses: tuple[TableUse, ...], taker_source: str) -> list[str]:
    """Return the ids of all sources that an answer stands on, the rules' own first."""
    ids = [*entry.sources, *entry.cites.values(), *(use.source for use in uses)]
    return [name for name in dict.fromkeys([*ids, taker_source]) if name and name != "sheet"]


def mode_of(position: Position) -> MarginMode:
    """Return the margin mode of a position."""
    return MarginMode.ISOLATED if position.isolated else MarginMode.CROSS


def days_between(earlier: str, later: str) -> int:
    """Return the days from one ISO date to another."""
    from datetime import date

    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
