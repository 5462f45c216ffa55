"""liqcalc stop on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest

LONG = "stop binance BTCUSDT long 0.5 -e 60000 -l 20 --as-of 2026-10-01"
SHEET = """\
exchange: binance
as_of: 2026-10-01
fees: {taker: "0.0005"}
positions:
  - symbol: BTCUSDT
    side: long
    qty: "0.5"
    entry_price: "60000"
    leverage: "20"
    stop_price: "58000"
  - {symbol: ETHUSDT, side: short, qty: "2", entry_price: "3000", leverage: "20"}
"""


class TestTable:
    """Verdict, loss and gap, a line for each stop."""

    def test_verdict_by_both_triggers_and_the_loss(self, run):
        ran = run(f"{LONG} --stop 58000 --stop 57300 --stop 57200")
        out = " ".join(ran.out.split())

        assert ran.code == 0
        assert "58000 3.33% fires first fires first 57942 625.02186 31.25% 1.08%" in out
        assert "57300 4.5% too near too near" in out
        assert "57200 4.67% liquidated first liquidated first" in out
        assert "58000 1000 29 14.4855 15 0 1058.4855 1500" in out
        assert "liquidation lies too near the stop at 57300: it comes first with the" in out
        assert "liquidation comes before the stop at 57200 (LQ414)" in out

    def test_a_gap_has_a_table_of_its_own(self, run):
        out = run(f"{LONG} --stop 58000 --gap 0.01").out

        assert "after a gap of 1%" in out
        assert "1348.0506" in out
        assert "after a gap" not in run(f"{LONG} --stop 58000").out

    def test_without_a_stop_it_tells_the_farthest(self, run):
        out = run(LONG).out

        assert "furthest stop         57373.8  USDT  4.38% from the mark" in out
        assert "loss, USDT" not in out

    def test_funding_is_shown_with_its_arithmetic(self, run):
        out = run(f"{LONG} --stop 58000 --holding-hours 20 --funding-rate 0.0001").out

        assert "3 x 3 in 20 h at 0.0001 every 8 h" in out

    def test_the_derivation_can_be_redone(self, run):
        out = run(f"{LONG} --stop 58000 --trace").out

        assert "= 58000*(1 - 10/10000)" in out
        assert "= 0.5*60000 - 0.5*58000" in out
        assert "= 0.0005*0.5*57942" in out


def test_a_sheet_brings_its_stop(run):
    ran = run("stop --sheet - --position BTCUSDT --json", stdin=SHEET)

    assert ran.json["stops"][0]["stop"]["price"] == "58000"
    assert ran.json["stops"][0]["verdict"] == "fires_first"


def test_csv_has_a_line_for_each_trigger_with_all_digits(run):
    lines = run(f"{LONG} --stop 58000 --csv").out.splitlines()

    assert lines[0].startswith("stop,trigger,verdict,fill_price,")
    assert [line.split(",")[1] for line in lines[1:]] == ["mark", "last"]
    assert "57259.03614457831325301204819277108" in lines[1]


def test_json_is_one_object_with_a_schema_version(run):
    ran = run(f"{LONG} --stop 58000 --json")

    assert ran.json["schema_version"] == 1
    assert ran.json["furthest"]["price"] == "57373.8"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--stop 61000", "error: --stop: is 61000, above the mark 60000, where a long gains"),
        ("--stop 58000 --trigger x", "error: --trigger: is 'x', not mark or last"),
        ("--stop 58000 --basis 1%", "rates are fractions: 0.5% is 0.005"),
        ("--stop 58000 --slippage-bps -1", "error: --slippage-bps: is -1"),
    ],
)
def test_bad_input_is_one_clear_error(run, words, told):
    ran = run(f"{LONG} {words}")

    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""
