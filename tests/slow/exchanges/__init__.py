"""The rules of each exchange, one module an exchange, each written from its own facts.

`NAME.py` holds the class `Name` (first letter large, the rest small); nothing else names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from tests.slow.exchanges.base import Rules


class Found(Mapping[str, type[Rules]]):
    """The rules by exchange; a module is imported when its exchange is asked for."""

    def __init__(self) -> None:
        """List the modules of this folder."""
        files = Path(__file__).parent.glob("[a-z]*.py")
        self.names = sorted(file.stem for file in files if file.stem != "base")

    def __getitem__(self, name: str) -> type[Rules]:
        """Return the class of `name`."""
        if name not in self.names:
            raise KeyError(name)
        rules: type[Rules] = getattr(import_module(f"{__name__}.{name}"), name.capitalize())
        return rules

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.names)

    def __len__(self) -> int:
        """Return the number of exchanges."""
        return len(self.names)


RULES = Found()

__all__ = ["RULES", "Rules"]
