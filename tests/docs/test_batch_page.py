"""The page about columns: its examples run and print what it shows."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from liqcalc.batch.columns import RESULTS
from liqcalc.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)


def test_every_python_block_is_an_example():
    assert len(EXAMPLES) == PAGE.count("```python")


@pytest.mark.parametrize(("code", "shown"), EXAMPLES)
def test_an_example_prints_what_is_shown(code, shown, capsys):
    exec(compile(code, "docs/batch.md", "exec"), {})  # noqa: S102 - our own page

    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(("line", "shown"), CONSOLE.findall(PAGE))
def test_the_command_prints_what_is_shown(line, shown, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)
    assert main(shlex.split(line)[1:]) == 0

    assert capsys.readouterr().out == shown


def test_every_result_is_in_the_table():
    table = PAGE.partition("| result |")[2].partition("\n\n")[0]

    assert [name for name in RESULTS if f"`{name}`" not in table] == []
