"""Runs command lines in this process, as the installed command would."""
# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from liqcalc.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable


class Ran(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch) -> Callable[..., Ran]:
    """Return a function that runs a command line given as one text or as words."""
    monkeypatch.delenv("LIQCALC_DEBUG", raising=False)
    monkeypatch.delenv("LIQCALC_EXCHANGES", raising=False)

    def call(line: str, *words: str, stdin: str | bytes = "") -> Ran:
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = main([*line.split(), *words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call
