"""What the files of one exchange folder may refer to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.rules.names import symbol_of

if TYPE_CHECKING:
    from pathlib import Path

    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import ContractFile, Exchange, RuleEntry, TierTable


@dataclass(slots=True)
class Context:
    """One exchange as far as it could be read.

    Attributes:
        name: of the folder.
        meta: exchange.yaml; None if it is broken, then nothing is held against it.
        sources: ids of sources.yaml; None if it is broken.
        contracts: the folder's own, by name of the file; None for a broken one.
        below: the same exchange in the folders that this one overrides.
    """

    name: str
    meta: Exchange | None = None
    sources: frozenset[str] | None = None
    contracts: dict[str, ContractFile | None] = field(default_factory=dict)
    below: LoadedExchange | None = None

    def knows(self, path: Path) -> bool:
        """Return True if there is a contract file of the same name as `path`."""
        return path.name in self.contracts or self._below(path) is not None

    def contract(self, path: Path) -> ContractFile | None:
        """Return the contract whose file has the name of `path`, if it could be read."""
        if path.name in self.contracts:
            return self.contracts[path.name]
        return self._below(path)

    def rules_of(self, table: TierTable, until: str | None) -> list[RuleEntry]:
        """Return the rule sets in force at some time while `table` holds.

        Args:
            table: whose first day counts.
            until: day on which the next table replaces it; None = never.
        """
        if self.meta is None or not self.meta.rules:
            return []
        if table.rules is not None:
            return [entry for entry in self.meta.rules if entry.name == table.rules]
        if table.until is not None and (until is None or table.until < until):
            until = table.until
        known = [entry for entry in self.meta.rules if not entry.only_by_name]
        entries = sorted(known, key=lambda entry: entry.from_)
        before = [entry.from_ for entry in entries if entry.from_ <= table.from_]
        first = max(before, default=entries[0].from_)
        return [
            entry
            for entry in entries
            if entry.from_ >= first
            and (entry.from_ == first or until is None or entry.from_ < until)
        ]

    def _below(self, path: Path) -> ContractFile | None:
        return None if self.below is None else self.below.contract(symbol_of(path))
