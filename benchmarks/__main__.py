"""Run benchmarks, all or those named: ``python -m benchmarks [startup] [columns] ...``."""

from __future__ import annotations

import sys
from importlib import import_module

BENCHMARKS = ("startup", "evaluate", "size", "columns", "differential")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; known are {', '.join(BENCHMARKS)}")
        return 2
    for name in names or BENCHMARKS:
        print(f"\n{name}")
        for line in import_module(f"benchmarks.{name}").run():
            print(f"  {line}", flush=True)
    return 0


sys.exit(main(sys.argv[1:]))
