"""What a folder of an exchange holds, counted without building it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from liqcalc.engine.numbers import exact
from liqcalc.rules import strict_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liqcalc.rules.catalog import LoadedExchange

_DAY = re.compile(r"""\b(?:from|seen)["']?\s*:\s*["']?(\d{4}-\d{2}-\d{2})""")


def case_kinds(exchange: LoadedExchange) -> dict[str, int]:
    """Return how many golden cases of each evidence kind the exchange has."""
    counts: dict[str, int] = {}
    for path in _files(exchange, "cases"):
        for case in _cases(path):
            source = case.get("source")
            kind = str(source.get("kind", "none")) if isinstance(source, dict) else "none"
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))


def newest_tiers(exchange: LoadedExchange) -> str | None:
    """Return the last day on which any tier table of the exchange was seen."""
    days = (
        day
        for path in _files(exchange, "tiers")
        for day in _DAY.findall(path.read_text(encoding="utf-8", errors="replace"))
    )
    return max(days, default=None)


def _files(exchange: LoadedExchange, folder: str) -> Iterator[Path]:
    """Yield the files of a subfolder; the user's own stand in for those of the same name."""
    found: dict[str, Path] = {}
    for layer in reversed(exchange.layers):
        found |= {path.name: path for path in (layer.folder / folder).glob("*.yaml")}
    yield from found.values()


def _cases(path: Path) -> Iterator[dict[str, object]]:
    """Yield the cases of a file; one that cannot be read has none here."""
    try:
        with exact():
            documents = strict_yaml.parse(path.read_text(encoding="utf-8"), path.name)
    except (strict_yaml.YamlError, OSError, UnicodeDecodeError):
        return
    for document in documents:
        for item in document if isinstance(document, list) else [document]:
            if isinstance(item, dict):
                yield item
