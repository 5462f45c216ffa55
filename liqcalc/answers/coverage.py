"""What liqcalc covers: exchanges, products, modes, and how well each is known."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import SCHEMA_VERSION
from liqcalc.engine.numbers import plain
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.coverage import count_cases, newest_tiers
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from liqcalc.rules.schema import Evidence, Exchange, Source


class ModeCoverage(NamedTuple):
    """One margin mode of an exchange.

    Attributes:
        evidence: of the rules in force now, an entry a product, and those of
            special collateral and position modes.
        recorded: golden cases that reproduce recorded figures of the exchange.
    """

    margin_mode: str
    evidence: tuple[Evidence, ...]
    recorded: int

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            "margin_mode": self.margin_mode,
            "evidence": plain_data(self.evidence),
            "recorded": self.recorded,
        }


class Coverage(NamedTuple):
    """One exchange in brief.

    Attributes:
        evidence: of the rules in force now, one entry a product and mode.
        modes: the same by margin mode, with what was recorded.
        cases: golden cases by evidence kind.
        rules_from: first day of the rules in force; the newest, if products
            have rules of their own.
        tiers_seen: last day on which any tier table was seen.
        symbols: how many contracts are in the catalogue.
        not_modelled: what a user must know is missing.
        closed: the day the exchange closed, if it did.
    """

    id: str
    name: str
    products: tuple[str, ...]
    margin_modes: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    modes: tuple[ModeCoverage, ...]
    cases: Mapping[str, int]
    rules_from: str
    tiers_seen: str | None
    symbols: int
    not_modelled: tuple[str, ...]
    closed: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            "id": self.id,
            "name": self.name,
            "products": list(self.products),
            "margin_modes": list(self.margin_modes),
            "evidence": plain_data(self.evidence),
            "modes": [mode.to_dict() for mode in self.modes],
            "cases": dict(self.cases),
            "rules_from": self.rules_from,
            "tiers_seen": self.tiers_seen,
            "symbols": self.symbols,
            "not_modelled": list(self.not_modelled),
            "closed": self.closed,
        }


class ExchangeReport(NamedTuple):
    """Everything about one exchange."""

    coverage: Coverage
    meta: Exchange
    symbols: tuple[str, ...]
    sources: Mapping[str, Source]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, decimals as text."""
        meta = plain_data(self.meta)
        for entry in meta["rules"]:
            del entry["choices"]
        sources = {name: plain_data(source) for name, source in self.sources.items()}
        return {
            "schema_version": SCHEMA_VERSION,
            **self.coverage.to_dict(),
            **meta,
            "sources": sources,
            "symbol_names": list(self.symbols),
        }


def coverage(exchanges: Iterable[str | Path] = ()) -> tuple[Coverage, ...]:
    """Return what is covered, by exchange.

    Args:
        exchanges: folders of exchanges of the user's own.
    """
    catalog = Catalog(exchanges)
    return tuple(_coverage(catalog, name) for name in catalog.names())


def report(name: str, exchanges: Iterable[str | Path] = ()) -> ExchangeReport:
    """Return everything about one exchange.

    Raises:
        InputError: there is no such exchange.
    """
    catalog = Catalog(exchanges)
    loaded = catalog.exchange(name)
    return ExchangeReport(
        coverage=_coverage(catalog, loaded.id),
        meta=loaded.meta,
        symbols=tuple(loaded.symbols()),
        sources=loaded.sources,
    )


def _coverage(catalog: Catalog, name: str) -> Coverage:
    loaded = catalog.exchange(name)
    meta = loaded.meta
    current = {product: loaded.rules_on(None, None, product) for product in meta.products}
    evidence = tuple(
        item
        for product, entry in current.items()
        for item in entry.evidence
        if item.product is product
    )
    cases = count_cases(loaded)
    return Coverage(
        id=loaded.id,
        name=meta.name,
        products=tuple(map(str, meta.products)),
        margin_modes=tuple(map(str, meta.margin_modes)),
        evidence=evidence,
        modes=tuple(
            ModeCoverage(
                margin_mode=str(mode),
                evidence=tuple(item for item in evidence if item.mode is mode),
                recorded=cases.recorded.get(mode, 0),
            )
            for mode in MarginMode
            if mode in meta.margin_modes
        ),
        cases=cases.kinds,
        rules_from=max(entry.from_ for entry in current.values()),
        tiers_seen=newest_tiers(loaded),
        symbols=len(loaded.symbols()),
        not_modelled=meta.not_modelled,
        closed=meta.closed,
    )


def plain_data(value: Any) -> Any:  # noqa: ANN401 - any part of the schema
    """Return part of the schema as mappings, lists and text."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        items = value._asdict().items()
        return {("from" if key == "from_" else key): plain_data(item) for key, item in items}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if hasattr(value, "keys"):
        return {str(key): plain_data(value[key]) for key in value}
    if hasattr(value, "as_tuple"):
        return plain(value)
    return value
