# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from liqcalc.cli.main import main
code = main(sys.argv[1:])
ours = sorted(name for name in sys.modules if name.split(".")[0] == "liqcalc")
others = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps([code, ours, others]), file=sys.stderr)
"""
PRICE = "price binance BTCUSDT long 0.5 --entry 60000 --leverage 20"


def loaded(line, stdin=""):
    """Return the modules of liqcalc, and the packages, that a command loads."""
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", SCRIPT, *line.split()],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    code, ours, others = json.loads(ran.stderr.splitlines()[-1])
    assert code == 0
    return set(ours), set(others)


def test_a_price_as_json_loads_what_it_needs_and_no_more():
    ours, others = loaded(f"{PRICE} --json")

    assert "rich" not in others
    for unused in ("batch", "coverage", "near", "tiers", "totals", "verify"):
        assert f"liqcalc.answers.{unused}" not in ours
    ours = {name for name in ours if not name.startswith(("liqcalc.engine", "liqcalc.answers"))}
    assert ours == {
        "liqcalc",
        "liqcalc._version",
        "liqcalc.errors",
        *(f"liqcalc.cli{name}" for name in ("", ".asked", ".commands", ".main", ".options")),
        "liqcalc.cli.output",
        "liqcalc.cli.price",
        *(f"liqcalc.rules{name}" for name in ("", ".build", ".catalog", ".names", ".schema")),
        "liqcalc.rules.inherit",
        *(f"liqcalc.rules.{name}" for name in ("sheet", "strict_yaml", "symbol_files")),
    }


def test_a_price_as_json_does_not_load_pydantic_by_itself():
    _, empty = loaded("explain")
    _, others = loaded(f"{PRICE} --json")

    assert ("pydantic" in others) <= ("pydantic" in empty)


def test_help_and_version_load_no_command():
    for line in ("--help", "--version", ""):
        ours, others = loaded(line)

        assert "rich" not in others
        assert "yaml" not in others
        assert not {name for name in ours if name.startswith(("liqcalc.rules", "liqcalc.answers"))}


@pytest.mark.parametrize("line", ["explain LQ301", "explain"])
def test_a_page_loads_no_rules(line):
    ours, others = loaded(line)

    assert "yaml" not in others
    assert "liqcalc.rules.catalog" not in ours


def test_an_account_as_json_does_not_load_rich():
    sheet = '{"exchange": "okx", "positions": [{"symbol": "BTC-USDT-SWAP", "side": "long", '
    sheet += '"contracts": "1", "entry_price": "60000", "leverage": "5"}]}'

    _, others = loaded("account - --json", stdin=sheet)

    assert "rich" not in others
