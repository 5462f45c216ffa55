"""Compare the judge with the golden cases: python -m tests.slow.check_cases [FILE...].

Without files it reads exchanges/*/cases/*.yaml of the exchanges that the judge knows. Figures
agree within the case's tolerance, by default half a unit of the last printed digit. A case with
an expected failure must fail. The judge reads no catalogue: what needs a table that the sheet does
not give is passed over. Exit code 1 if anything is otherwise.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.slow import evaluate
from tests.slow.exchanges import RULES

ROOT = Path(__file__).resolve().parents[2]
Case = dict[str, Any]


def case_files() -> list[Path]:
    """Return the case files of the exchanges that are judged."""
    return sorted(path for name in RULES for path in ROOT.glob(f"exchanges/{name}/cases/*.yaml"))


def read_cases(path: Path) -> list[Case]:
    """Return the cases of one file; plain numbers do not pass through binary floats."""
    import yaml

    class Exact(yaml.SafeLoader):
        """A loader that keeps the digits of numbers."""

    Exact.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(node.value))
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=Exact)  # noqa: S506
    return loaded if isinstance(loaded, list) else [loaded]


def half_unit(printed: str) -> Decimal:
    """Return half a unit of the last printed digit."""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(5).scaleb(exponent - 1)


def agrees(expected: Any, actual: Any, tolerance: Any) -> bool:
    """Return whether a figure is as expected."""
    if expected is None or actual is None:
        return expected is None and actual is None
    try:
        printed = Decimal(str(expected))
    except ArithmeticError:
        return bool(expected == actual)
    allowed = half_unit(str(expected)) if tolerance is None else Decimal(str(tolerance))
    return bool(abs(printed - actual) <= allowed)


def groups(case: Case) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return (where, expected figures, computed figures) of a case."""
    answer, expected = evaluate(case), case["expected"]
    found = []
    if "position" in expected:
        found.append(("position", expected["position"], answer["positions"][0]))
    for key, figures in (expected.get("positions") or {}).items():
        found.append((key, figures, answer["positions"][_index(case, key)]))
    if "account" in expected:
        found.append(("account", expected["account"], answer["account"]))
    return found


def _index(case: Case, key: str) -> int:
    rows = case["positions"]
    names = [{row["symbol"], f"{row['symbol']}:{row['side']}"} for row in rows]
    return next(at for at, name in enumerate(names) if key in name)


def all_tables_given(case: Case) -> bool:
    """Return whether the sheet itself has the table of each position."""
    return all(row["symbol"] in (case.get("tiers") or {}) for row in case["positions"])


def misses(case: Case) -> list[str]:
    """Return a line for each figure that does not agree."""
    tolerances = case.get("tolerance") or {}
    pass_over = not (case.get("expected_failure") or all_tables_given(case))
    lines = []
    for where, expected, actual in groups(case):
        for name, value in expected.items():
            if name not in actual:
                lines.append(f"{where}.{name}: expected {value}, not computed")
            elif actual[name] is None and pass_over:
                continue
            elif not agrees(value, actual[name], tolerances.get(name)):
                lines.append(f"{where}.{name}: expected {value}, computed {actual[name]}")
    return lines


def check(case: Case) -> list[str]:
    """Return what is wrong with a case."""
    lines = misses(case)
    if case.get("expected_failure"):
        return [] if lines else ["expected to fail, but agrees"]
    return lines


def main(arguments: list[str]) -> int:
    """Check all cases; print what does not agree."""
    files = [Path(argument) for argument in arguments] or case_files()
    cases = [case for path in files for case in read_cases(path)]
    wrong = 0
    for case in cases:
        lines = check(case)
        wrong += bool(lines)
        for line in lines:
            print(f"{case['id']}: {line}")
    print(f"{len(cases)} cases, {len(cases) - wrong} as expected, {wrong} not")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
