"""How large liqcalc is when installed, without what it depends on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import liqcalc
from liqcalc.rules.catalog import built_in

if TYPE_CHECKING:
    from collections.abc import Iterator


def run() -> Iterator[str]:
    """Yield the installed size, data included, compiled files apart."""
    package = Path(liqcalc.__file__).parent
    code = _size(package) - _size(package / "_exchanges")
    data = _size(built_in())
    total = (code + data) / 1e6
    yield f"code {code / 1e6:.2f} MB, data {data / 1e6:.2f} MB, together {total:.2f} MB"


def _size(folder: Path) -> int:
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
