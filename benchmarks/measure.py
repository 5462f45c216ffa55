"""One measurement in a process of its own, so that cores and memory are its own too.

``python -m benchmarks.measure TABLE KIND ROWS PIECES CORES`` prints a line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, LEAST_SECONDS = 5, 2.0
WARM_ROWS = 2_000
STATUS = Path("/proc/self/status")


class Measured(NamedTuple):
    """What a measurement found.

    Attributes:
        seconds: of the best round; with several pieces, of all of them once.
        copy_seconds: for a plain copy of the columns that went in and came out.
        input_bytes: of the columns that went in (of one piece).
        peak_bytes: of memory beside them, at most; 0 if the system does not say.
        redone: rows that were given to the exact engine.
    """

    seconds: float
    copy_seconds: float
    input_bytes: int
    peak_bytes: int
    redone: int


def measure(table: str, kind: str, rows: int, *, pieces: int = 1, cores: int = 1) -> Measured:
    """Return what a process of its own measures.

    Args:
        table: function of positions.py that makes the rows.
        kind: how they are given: ``arrays``, ``arrow`` or ``columns``.
        rows: in all.
        pieces: tables that they are given in, one after the other.
        cores: that the process may use.
    """
    words = [table, kind, rows, pieces, cores]
    command = [sys.executable, "-m", "benchmarks.measure", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def main(table: str, kind: str, rows: int, pieces: int, cores: int) -> None:
    """Measure, and print the result as JSON."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from benchmarks import positions
    from benchmarks.kinds import KINDS
    from liqcalc.rules.catalog import Catalog

    make, catalog = getattr(positions, table), Catalog()
    given, evaluate = KINDS[kind]()
    evaluate(given(make(catalog, WARM_ROWS, 0)), True)
    found = [
        _measured(given(make(catalog, rows // pieces, seed)), evaluate, once=pieces > 1)
        for seed in range(1, pieces + 1)
    ]
    whole = Measured(
        seconds=sum(piece.seconds for piece in found),
        copy_seconds=sum(piece.copy_seconds for piece in found),
        input_bytes=found[0].input_bytes,
        peak_bytes=max(piece.peak_bytes for piece in found),
        redone=sum(piece.redone for piece in found),
    )
    print(json.dumps(whole._asdict()))


def _measured(given: Any, evaluate: Callable[[Any, bool | None], Any], *, once: bool) -> Measured:  # noqa: ANN401
    from benchmarks.kinds import about, memory, new_memory

    gc.collect()
    before = _restart_peak()
    first, result = _timed(lambda: evaluate(given, None))
    peak = _kilobytes("VmHWM") * 1024 - before
    going_in, coming_out = list(memory(given)), list(new_memory(result, given))
    copy = min(_timed(lambda: [a.copy() for a in going_in + coming_out])[0] for _ in range(3))
    redone = about(result).get("redone", 0)
    times = [first]
    while not once and (len(times) < ROUNDS or sum(times) < LEAST_SECONDS):
        del result
        seconds, result = _timed(lambda: evaluate(given, None))
        times.append(seconds)
    return Measured(
        seconds=min(times),
        copy_seconds=copy,
        input_bytes=sum(array.nbytes for array in going_in),
        peak_bytes=max(0, peak),
        redone=int(redone if isinstance(redone, int) else len(redone)),
    )


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


# Memory


def _restart_peak() -> int:
    """Start counting the peak anew; return what is in use now, in bytes."""
    restart = Path("/proc/self/clear_refs")
    if restart.exists():
        restart.write_text("5")
    return _kilobytes("VmRSS") * 1024


def _kilobytes(name: str) -> int:
    if not STATUS.exists():
        return 0
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name + ":")), 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
