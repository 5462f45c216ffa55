"""The pages of the questions: listed, about what there is, and their output real."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import liqcalc
from liqcalc.cli.commands import COMMANDS
from liqcalc.cli.main import main

from .test_worked_examples import without_skipped

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "questions"
INDEX = (PAGES / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sessions():
    """Return (command line, the lines it is said to print) of every console block."""
    found = []
    for page in sorted(PAGES.glob("*.md")):
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            line, _, shown = block.removeprefix("$ ").partition("\n")
            found.append((line, [text.rstrip() for text in shown.rstrip().splitlines()]))
    return found


@pytest.mark.parametrize(("line", "shown"), sessions(), ids=[line for line, _ in sessions()])
def test_a_page_shows_real_output(line, shown, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "96")
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)
    assert main(shlex.split(line)[1:]) in {0, 1}
    printed = [text.rstrip() for text in capsys.readouterr().out.rstrip().splitlines()]

    assert without_skipped(printed, shown) == shown


def test_the_index_lists_every_page():
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", INDEX))

    assert listed == {page.name for page in PAGES.glob("*.md")} - {"README.md"}


def test_the_index_names_what_there_is():
    commands = set(re.findall(r"`liqcalc (\w+)`", INDEX))
    functions = set(re.findall(r"`liqcalc\.(\w+)`", INDEX))

    assert commands - set(COMMANDS) == set()
    assert functions - set(liqcalc.__all__) == set()
