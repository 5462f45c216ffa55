"""Names of exchanges and symbols, by listing folders.

Shell completion asks here, so nothing but the standard library is imported.
"""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT = "LIQCALC_EXCHANGES"


def built_in() -> Path:
    """Return the folder of exchanges that came with this installation."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_exchanges"
    return inside if inside.is_dir() else package.parent / "exchanges"


def folders() -> list[Path]:
    """Return the folders of exchanges: those of the environment, then the built-in one."""
    given = os.environ.get(ENVIRONMENT, "").split(os.pathsep)
    return [Path(folder) for folder in given if folder] + [built_in()]


def exchange_names() -> list[str]:
    """Return the ids of all exchanges, in alphabetical order."""
    found = (path.parent.name for folder in folders() for path in folder.glob("*/exchange.yaml"))
    return sorted(set(found))


def symbol_names(exchange: str) -> list[str]:
    """Return the symbols of an exchange that have a contract file."""
    if not exchange.isidentifier():
        return []
    paths = (
        path for folder in folders() for path in (folder / exchange / "contracts").glob("*.yaml")
    )
    return sorted({symbol_of(path) for path in paths})


def file_name(symbol: str) -> str:
    """Return the name of a symbol's file; ``:`` is not allowed everywhere."""
    return symbol.replace(":", "--").replace("/", "--") + ".yaml"


def symbol_of(path: Path) -> str:
    """Return the symbol that a file is named after.

    ``--`` stands for ``:`` or ``/``; which of them, the file itself says.
    """
    if "--" not in path.stem:
        return path.stem
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key == "symbol":
                given = value.partition("#")[0].strip().strip("\"'")
                return given if file_name(given) == path.name else path.stem.replace("--", ":")
    return path.stem.replace("--", ":")
