"""Whole processes: a liqcalc command against an empty command of the same typer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = """
import typer
app = typer.Typer()
@app.command()
def empty(name: str = "") -> None:
    pass
app()
"""
PRICE = ["price", "binance", "BTCUSDT", "long", "0.5", "--entry", "60000", "--leverage", "20"]
COMMANDS = {
    "price --json": [*PRICE, "--json"],
    "price (table)": PRICE,
    "tiers": ["tiers", "binance", "BTCUSDT"],
}
ROUNDS = 25


def run() -> Iterator[str]:
    """Yield one line a command: its time as a multiple of the empty command's."""
    liqcalc = Path(sys.executable).with_name("liqcalc")
    if not liqcalc.exists():
        yield "liqcalc is not installed in this environment: pip install ."
        return
    import typer

    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        empty = [sys.executable, str(script)]
        for name, arguments in COMMANDS.items():
            ratio, base = _ratio([str(liqcalc), *arguments], empty)
            yield f"{name:15} {ratio:5.2f} x an empty command of typer {typer.__version__}"
        yield f"(the empty command took {base * 1000:.0f} ms here, median of {ROUNDS})"


def _ratio(command: list[str], base: list[str]) -> tuple[float, float]:
    """Return the median of the ratios, pair by pair, and the base's median."""
    ratios, bases = [], []
    for i in range(ROUNDS + 1):
        ours, theirs = _time(command), _time(base)
        if i:  # the first pair warms the disk
            ratios.append(ours / theirs)
            bases.append(theirs)
    return statistics.median(ratios), statistics.median(bases)


def _time(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
