"""What the help of a command shows is what the command prints."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import re
import shlex
from itertools import groupby
from pathlib import Path

import pytest

from liqcalc.cli.commands import COMMANDS, module_of
from liqcalc.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = "..."
COLUMNS = "96"
WIDEST = 100  # of what is printed; the help indents it by two


def sessions():
    """Return (command line, the lines it is said to print) of every command's help."""
    found = []
    for name in COMMANDS:
        worked = getattr(module_of(name), "WORKED", "")
        for part in re.split(r"^  \$ ", worked, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            found.append((line, [text[2:].rstrip() for text in shown.rstrip().splitlines()]))
    return found


def without_skipped(printed, shown):
    """Return what was printed, with ``...`` where `shown` leaves lines out.

    What follows a skip stands at its first occurrence, what ends `shown` at the end.
    """
    runs = [list(run) for skipped, run in groupby(shown, SKIPPED.__eq__) if not skipped]
    found, rest = [], printed
    for number, run in enumerate(runs):
        last = number == len(runs) - 1 and shown[-1] != SKIPPED
        starts = [i for i in range(len(rest)) if rest[i : i + len(run)] == run]
        start = starts[-1 if last else 0] if starts else 0
        found += [SKIPPED] * bool(start) + rest[start : start + len(run)]
        rest = rest[start + len(run) :]
    return found + [SKIPPED] * bool(rest)


def test_every_command_shows_one():
    shown = {line.split()[1] for line, _ in sessions()}

    assert [name for name in COMMANDS if name not in shown] == []


@pytest.mark.parametrize(("line", "shown"), sessions(), ids=[line for line, _ in sessions()])
def test_it_prints_what_the_help_shows(line, shown, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", COLUMNS)
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)
    assert main(shlex.split(line)[1:]) in {0, 1}
    printed = [text.rstrip() for text in capsys.readouterr().out.rstrip().splitlines()]

    assert without_skipped(printed, shown) == shown


@pytest.mark.parametrize("shown", [shown for _, shown in sessions()])
def test_it_fits_the_width_of_the_help(shown):
    assert [text for text in shown if len(text) > WIDEST] == []


class TestSkippedLines:
    """Lines that are left out are left out nowhere else."""

    PRINTED = ("a", "b", "c", "d", "e")

    @pytest.mark.parametrize(
        "shown", ["a b c d e", "a ...", "... e", "a ... e", "... c ...", "a ... c d e"]
    )
    def test_what_is_there(self, shown):
        assert without_skipped(list(self.PRINTED), shown.split()) == shown.split()

    @pytest.mark.parametrize("shown", ["a b", "b ...", "a ... d", "a c", "a ... x ... e"])
    def test_what_is_not(self, shown):
        assert without_skipped(list(self.PRINTED), shown.split()) != shown.split()
