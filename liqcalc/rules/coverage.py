"""What a folder of an exchange holds, counted without building it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import exact
from liqcalc.rules import strict_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liqcalc.rules.catalog import LoadedExchange

_RECORDED = "api-response"
_SURE = frozenset({"high", "medium"})
_DEFAULT_MODE = "isolated"
_DAY = re.compile(r"""\b(?:from|seen)["']?\s*:\s*["']?(\d{4}-\d{2}-\d{2})""")


class Cases(NamedTuple):
    """Golden cases, counted.

    Attributes:
        kinds: how many there are, by kind of evidence.
        recorded: how many show that the exchange's own figures are reproduced,
            by margin mode; that they are is what `liqcalc verify` proves.
    """

    kinds: dict[str, int]
    recorded: dict[str, int]


def count_cases(exchange: LoadedExchange) -> Cases:
    """Return how many golden cases the exchange has, none of them evaluated."""
    kinds: dict[str, int] = {}
    recorded: dict[str, int] = {}
    for path in files(exchange, "cases"):
        for case in _cases(path):
            kind = str(_mapping(case.get("source")).get("kind", "none"))
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == _RECORDED and _reproduced(case):
                mode = _mode(case)
                recorded[mode] = recorded.get(mode, 0) + 1
    return Cases(dict(sorted(kinds.items())), recorded)


def _reproduced(case: dict[str, Any]) -> bool:
    return case.get("confidence") in _SURE and case.get("expected_failure") is None


def _mode(case: dict[str, Any]) -> str:
    """Return the margin mode of a case's first position, or of its account."""
    positions = case.get("positions")
    first = _mapping(positions[0]) if isinstance(positions, list) and positions else {}
    mode = first.get("margin_mode") or _mapping(case.get("account")).get("margin_mode")
    return str(mode or _DEFAULT_MODE)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def newest_tiers(exchange: LoadedExchange) -> str | None:
    """Return the last day on which any tier table of the exchange was seen."""
    days = (
        day
        for path in files(exchange, "tiers")
        for day in _DAY.findall(path.read_text(encoding="utf-8", errors="replace"))
    )
    return max(days, default=None)


def files(exchange: LoadedExchange, folder: str) -> Iterator[Path]:
    """Yield the files of a subfolder; the user's own stand in for those of the same name."""
    found: dict[str, Path] = {}
    for layer in reversed(exchange.layers):
        found |= {path.name: path for path in (layer.folder / folder).glob("*.yaml")}
    yield from found.values()


def _cases(path: Path) -> Iterator[dict[str, Any]]:
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
