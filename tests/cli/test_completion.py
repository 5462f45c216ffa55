# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import os
import subprocess
import sys

import pytest


def complete(line):
    """Return what bash would offer at the end of `line`."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_LIQCALC_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "liqcalc.cli"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("liqcalc pr", ["price"]),
        ("liqcalc price by", ["bybit"]),
        ("liqcalc price okx BTC-USDT-S", ["BTC-USDT-SWAP"]),
        ("liqcalc tiers okx BTC-USDT-S", ["BTC-USDT-SWAP"]),
        ("liqcalc price okx BTC-USDT-SWAP l", ["long"]),
        ("liqcalc exchanges ok", ["okx"]),
        ("liqcalc explain LQ30", [f"LQ30{n}" for n in range(1, 8)]),
    ],
)
def test_names_are_offered(line, offered):
    assert complete(line) == offered
