"""liqcalc what-if on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest

LONG = "what-if binance BTCUSDT long 1 --entry 60000 --leverage 20"


class TestTable:
    """Now and then side by side, with the difference."""

    def test_the_change_is_said_first(self, run):
        out = run(f"{LONG} --add 1 --price 50000").out.splitlines()

        assert out[1] == "what if: 1 BTC at 50000 more"
        assert out[4].split() == [
            *("liquidation", "price", "57259.03614458", "52487.4497992", "-4771.58634538", "USDT")
        ]

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ("--reduce 0.4", "0.4 BTC at 60000 closed"),
            ("--flip", "all closed and 1 BTC at 60000 opened short"),
            ("--set-leverage 5", "leverage 5x"),
            ("--move-margin -100", "100 USDT moved out"),
            ("--average-entry 57000 --price 55000", "1.5 BTC at 55000 more, average entry 57000"),
        ],
    )
    def test_every_change_has_its_words(self, run, options, told):
        assert run(f"{LONG} {options}").out.splitlines()[1] == f"what if: {told}"

    def test_what_moved_is_told(self, run):
        out = run(f"{LONG} --mark 62000 --reduce 0.4").out
        rows = [line.split()[:4] for line in out.splitlines()]

        assert ["profit", "800", "USDT", "of"] in rows
        assert ["free", "balance", "1975.6", "USDT"] in rows

    def test_the_derivation_shows_the_average(self, run):
        assert "= (1*60000 + 1*50000)/(1 + 1)" in run(f"{LONG} --add 1 --price 50000 --trace").out


class TestJson:
    """JSON is the stable contract."""

    def test_it_has_both_sides_and_the_difference(self, run):
        data = run(f"{LONG} --add 1 --price 50000 --json").json

        assert data["before"]["entry_price"] == "60000"
        assert data["after"]["entry_price"] == "55000"
        assert data["difference"]["entry_price"] == "-5000"
        assert data["free"] == "-2500"


class TestBadInput:
    """One change, called as it was typed."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("", "no change is given"),
            ("--flip --add 1", "more than one change is given"),
            ("--reduce 2", "--reduce: is 2, more than the 1 that is held"),
            ("--average-entry 57000", "--price: is needed"),
            ("--set-leverage 5 --price 3", "--price: is not taken"),
            ("--move-margin 5%", "--move-margin: is '5%'"),
        ],
    )
    def test_it_is_refused(self, run, options, message):
        ran = run(f"{LONG} {options}")

        assert ran.code == 2
        assert message in ran.err
        assert ran.out == ""
