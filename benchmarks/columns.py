"""Positions in columns, against three peers, a plain copy, and itself at other sizes.

``python -m benchmarks.columns [--rows N] [--largest N] [--no-peers]``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks import positions
from benchmarks.measure import measure
from benchmarks.peers.environment import PEERS, ask
from liqcalc.batch.question import evaluate
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.measure import Measured
    from benchmarks.peers.environment import Peer
    from liqcalc.batch.columns import Floats

ROWS, LARGEST, PIECE = 10_000_000, 100_000_000, 20_000_000
SMALLEST, CORES = 10_000, (1, 2)
KINDS = {
    "arrays": "a dict of numpy arrays, words as texts",
    "arrow": "a pyarrow Table, words as dictionaries",
    "columns": "columns as they are held inside",
}
TABLES = {
    "one_symbol": "isolated, one symbol",
    "mixed": "isolated, 100 exchanges x symbols",
    "pools": "cross, pools of 10",
}


class Speed(NamedTuple):
    """What a peer does: positions a second, and the share of its prices that are right."""

    rate: float
    right: float


def run() -> Iterator[str]:
    """Yield every figure."""
    return report(ROWS, LARGEST)


def report(rows: int, largest: int, *, peers: bool = True) -> Iterator[str]:
    """Yield the peers, our rates with their ratios, and the cost of a row by size.

    Args:
        rows: of the tables that are compared.
        largest: rows of the last line by size.
        peers: whether to set up and ask them.
    """
    speeds: dict[str, Speed] = {}
    for peer in PEERS if peers else ():
        speeds[peer.name] = speed = _speed_of(peer)
        yield (
            f"{peer.name} {peer.version}, {peer.call}: {_many(speed.rate)} positions a second;"
            f" {speed.right:.0%} of the prices within half a tick of ours"
        )
    rates: dict[tuple[str, str, int], float] = {}
    for kind, what in KINDS.items():
        yield f"{what}, {rows:,} rows:"
        for table in TABLES:
            for cores in CORES:
                found = measure(table, kind, rows, cores=cores)
                rates[table, kind, cores] = rate = rows / found.seconds
                first = rates["one_symbol", kind, cores]
                yield "  " + _line(table, cores, rate, found, rate / first, speeds)
    yield from _by_size(largest)


def _line(
    table: str,
    cores: int,
    rate: float,
    found: Measured,
    part: float,
    peers: Mapping[str, Speed],
) -> str:
    """Return one rate, and its ratios."""
    on = "one core" if cores == 1 else f"{cores} cores"
    ratios = [f"{rate / speed.rate:,.3g} x {name}" for name, speed in peers.items()]
    if table != "one_symbol":
        ratios = [f"{part:.2f} of one symbol"]
    ratios.append(f"{found.seconds / found.copy_seconds:.3g} x the time of a copy")
    if found.peak_bytes:
        ratios.append(f"memory {found.peak_bytes / found.input_bytes:.2g} x the input beside it")
    ratios.append(f"{found.redone:,} rows redone")
    return f"{TABLES[table]}: {_many(rate)} rows a second on {on}; {', '.join(ratios)}"


def _by_size(largest: int) -> Iterator[str]:
    """Yield what a row costs from ten thousand rows on."""
    yield f"nanoseconds a row on one core, {KINDS['arrow']}"
    yield f"  {'rows':>13}" + "".join(f"{what:>36}" for what in TABLES.values())
    rows = SMALLEST
    while rows <= largest:
        pieces = max(1, rows // PIECE)
        found = [measure(table, "arrow", rows, pieces=pieces) for table in TABLES]
        cells = [f"{f.seconds / rows * 1e9:.1f}" for f in found]
        note = f"  (in {pieces} pieces)" if pieces > 1 else ""
        yield f"  {rows:>13,}" + "".join(f"{cell:>36}" for cell in cells) + note
        rows *= 10


def _speed_of(peer: Peer) -> Speed:
    """Return how fast a peer is at positions in BTCUSDT of Binance, and how often right.

    Both are given the same margin, entry value / leverage, so that only rules can differ.
    """
    catalog = Catalog()
    table = positions.one_symbol(catalog, peer.rows, 1)
    sides = table["side"]
    assert isinstance(sides, positions.Words)
    rules = catalog.exchange("binance").tier_table("BTCUSDT", None)
    assert rules is not None
    numbers = {name: table[name] for name in ("qty", "entry_price", "mark_price", "leverage")}
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "positions.npz", Path(folder) / "prices.npy"
        np.savez(
            given,
            long=sides.codes == 0,
            floors=[float(row.floor) for row in rules.rows],
            rates=[float(row.mmr) for row in rules.rows],
            deductions=[float(row.deduction or 0) for row in rules.rows],
            **numbers,  # type: ignore[arg-type]
        )
        rate = ask(peer, given, answered)["rate"]
        theirs = np.load(answered)
    words = {"exchange": "binance", "symbol": "BTCUSDT", "side": np.array(sides.words)[sides.codes]}
    margin = table["qty"] * table["entry_price"] / table["leverage"]  # type: ignore[operator]
    ours = evaluate({**words, **numbers, "margin": margin}, today=positions.TODAY)[
        "liquidation_price"
    ]
    return Speed(rate, _right(theirs, ours, positions.bitcoin(catalog).tick))


def _right(theirs: Floats, ours: Floats, tick: float) -> float:
    """Return the share of prices that agree; one that is not above 0 means there is none."""
    theirs = np.where(theirs > 0, theirs, np.nan)
    none = np.isnan(theirs) & np.isnan(ours)
    return float(np.mean(none | (np.abs(theirs - ours) <= tick / 2 * 1.000001)))


def _many(rate: float) -> str:
    return f"{rate / 1e6:.3g} million" if rate >= 1e6 else f"{rate:,.0f}"  # noqa: PLR2004


def main(words: list[str]) -> None:
    """Print the report for sizes from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.columns")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of each table")
    parser.add_argument("--largest", type=int, default=LARGEST, help="rows of the last size")
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    given = parser.parse_args(words)
    for line in report(given.rows, given.largest, peers=not given.no_peers):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
