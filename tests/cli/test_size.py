"""liqcalc size on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest

LONG = "size binance BTCUSDT long --entry 60000 --stop 58000"
BARE = "--slippage-bps 0 --basis 0 --buffer 0"


class TestTable:
    """The size first, then what it needs and what it loses."""

    def test_a_size_that_fits(self, run):
        ran = run(f"{LONG} {BARE} --risk 500 --target 66000")
        rows = [line.split() for line in ran.out.splitlines()]

        assert ran.code == 0
        assert ["size", "0.242", "BTC"] in rows
        assert any(row[:2] == ["leverage", "26x"] for row in rows)
        assert any(row[:4] == ["loss", "at", "stop", "498.278"] for row in rows)
        assert any(row[:4] == ["reward", "to", "risk", "2.88"] for row in rows)

    def test_what_is_assumed_about_the_stop_is_said(self, run):
        out = run(f"{LONG} --risk 500").out

        assert "--slippage-bps" in out
        assert "--buffer" in out

    def test_a_refused_size_ends_with_1_and_says_what_works(self, run):
        ran = run(f"{LONG} {BARE} --risk 500 --leverage 30")
        rows = [line.split() for line in ran.out.splitlines()]

        assert ran.code == 1
        assert any(row[:2] == ["size", "refused"] for row in rows)
        assert any(row[:3] == ["works:", "leverage", "26x"] for row in rows)
        assert any(row[:3] == ["works:", "stop", "58263.1"] for row in rows)
        assert "(LQ417)" in ran.out


class TestJson:
    """JSON is the stable contract."""

    def test_it_has_the_size_and_the_nearest(self, run):
        ran = run(f"{LONG} {BARE} --risk 500 --leverage 30 --json")

        assert ran.code == 1
        assert ran.json["fit"] == "liquidated_first"
        assert ran.json["qty"] == "0.242"
        assert ran.json["nearest"]["leverage"] == "26"
        assert ran.json["outcome"]["loss"]["total"] == "498.278"


class TestBadInput:
    """Options are called what was typed."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("", "--risk: is not given"),
            ("--risk 1%", "--risk: is '1%'"),
            ("--risk-rate 0.01", "--risk-rate: is a share of a wallet"),
            ("--risk 500 --target 59000", "--target: is 59000"),
            ("--risk 2", "--risk: of 2 USDT carries less"),
            ("--risk 500 --margin 100", "--margin: is given"),
        ],
    )
    def test_it_is_refused(self, run, options, message):
        ran = run(f"{LONG} {options}")

        assert ran.code == 2
        assert message in ran.err
        assert ran.out == ""
