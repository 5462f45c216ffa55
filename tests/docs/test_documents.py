"""What the documents show is what the program prints."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import doctest
import json
import re
import shlex
from pathlib import Path

import pytest

from liqcalc.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sessions():
    """Return (command, shown output) of every console block of the README."""
    found = []
    for block in BLOCK.findall(README.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


def printed(command, capsys):
    """Return what `command` prints, on a screen of 100 columns."""
    words = shlex.split(command)
    if words[0] == "cat":
        return (ROOT / words[1]).read_text()
    assert words[0] == "liqcalc"
    assert main([word.replace("docs/", f"{ROOT}/docs/") for word in words[1:]]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("command", "shown"), sessions(), ids=[c for c, _ in sessions()])
def test_readme_shows_real_output(command, shown, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)

    assert [line.rstrip() for line in printed(command, capsys).rstrip().splitlines()] == [
        line.rstrip() for line in shown.rstrip().splitlines()
    ]


def test_readme_has_console_blocks():
    assert len(sessions()) >= 4


def test_readme_library_example_runs():
    assert doctest.testfile(str(README), module_relative=False).failed == 0


def test_readme_table_of_exchanges_is_the_coverage(capsys, monkeypatch):
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)
    assert main(["exchanges", "--json"]) == 0
    covered = json.loads(capsys.readouterr().out)["exchanges"]
    table = README.read_text().split("<!-- exchanges:")[1]
    rows = re.findall(r"^\| (\w+) \| (.+?) \| (.+?) \| (\d+) \| (\d+) \|$", table, re.MULTILINE)

    assert [
        (
            row["id"],
            ", ".join(row["products"]),
            ", ".join(row["margin_modes"]),
            str(row["symbols"]),
            str(sum(row["cases"].values())),
        )
        for row in covered
    ] == rows


def test_links_of_the_documents_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("exchanges/*.md")]
    broken = [
        (page.name, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert broken == []
