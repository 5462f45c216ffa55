"""Run every benchmark: ``python -m benchmarks [startup|evaluate|size ...]``."""

from __future__ import annotations

import sys

from benchmarks import evaluate, size, startup

BENCHMARKS = {"startup": startup.run, "evaluate": evaluate.run, "size": size.run}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; known are {', '.join(BENCHMARKS)}")
        return 2
    for name in names or BENCHMARKS:
        print(f"\n{name}")
        for line in BENCHMARKS[name]():
            print(f"  {line}")
    return 0


sys.exit(main(sys.argv[1:]))
