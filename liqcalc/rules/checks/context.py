"""What the files of one exchange folder may refer to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liqcalc.rules.names import symbol_of

if TYPE_CHECKING:
    from pathlib import Path

    from liqcalc.engine.contract import Product
    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import Exchange, RuleEntry
    from liqcalc.rules.symbol_files import ContractFile, TierTable


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

    def rules_of(
        self, table: TierTable, later: str | None, product: Product | None
    ) -> list[RuleEntry]:
        """Return the rule sets that read `table`.

        Those that its days pick, the older ones that positions keep, and those
        that only a sheet picks; or only those whose name it says.

        Args:
            table: whose first day counts, and last one.
            later: day on which another table replaces it; None = never.
            product: of the contract; None = not known, any.
        """
        if self.meta is None:
            return []
        fits = [
            entry
            for entry in self.meta.rules
            if product is None or not entry.products or product in entry.products
        ]
        if table.rules is not None:
            return [entry for entry in fits if entry.name == table.rules]
        by_day = [entry for entry in fits if not entry.only_by_name]
        days = [entry.from_ for entry in by_day]
        first = max((day for day in days if day <= table.from_), default=min(days, default=""))
        found = [
            entry
            for entry in by_day
            if entry.from_ == first
            or (entry.from_ > first and _before(entry.from_, later, table.until))
        ]
        kept = {entry.older_positions for entry in found}
        others = [entry for entry in fits if entry.only_by_name or entry.name in kept]
        return found + [entry for entry in others if entry not in found]

    def _below(self, path: Path) -> ContractFile | None:
        return None if self.below is None else self.below.contract(symbol_of(path))


def _before(day: str, later: str | None, until: str | None) -> bool:
    return (later is None or day < later) and (until is None or day <= until)
