"""liqcalc leverage on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest

LONG = "leverage binance BTCUSDT long 0.5 -e 60000 --as-of 2026-10-01"
BARE = "leverage binance BTCUSDT long -e 60000 --as-of 2026-10-01"


class TestTable:
    """The answer first, then leverage against liquidation."""

    def test_the_answer_and_what_binds(self, run):
        out = run(f"{LONG} --stop 58000").out

        assert "safe leverage                23x" in out
        assert "at 24x liquidation lies too near the stop; the maximum at this size, 150x" in out
        assert "57651.912   3.91%   32.146004  fires first  <- the largest safe" in out
        assert "57761.044   3.73%  -76.986177  too near" in out

    def test_without_a_stop_the_farthest_of_a_leverage(self, run):
        out = run(f"{LONG} --leverage 20").out

        assert "furthest stop           57613  USDT" in out
        assert "safe leverage" not in out
        assert "<- as given" in out

    def test_none_is_said_with_what_would_do(self, run):
        out = run(f"{LONG} --stop 30").out

        assert "none" in out.splitlines()[2]
        assert "even at 1x" in out

    def test_a_cross_position_is_told_that_leverage_moves_nothing(self, run):
        out = run(f"{LONG} --stop 58000 --mode cross --wallet 5000").out

        assert "leverage does not move liquidation here" in out
        assert "to spare" in out

    def test_a_risk_gives_the_size(self, run):
        out = run(f"{BARE} --stop 58000 --risk-rate 0.01 --wallet 10000").out

        assert out.startswith("binance BTCUSDT  long 0.047, entry 60000")
        assert "0.047 loses at most that at the stop" in out


def test_json_and_csv(run):
    assert run(f"{LONG} --stop 58000 --json").json["leverage"] == "23"
    lines = run(f"{LONG} --stop 58000 --csv").out.splitlines()

    assert lines[0].startswith("leverage,allowed,opens,margin,liquidation_price")
    assert any(line.startswith("23,yes,yes,") for line in lines)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LONG, "give --stop to find the leverage, or --leverage"),
        (f"{LONG} --stop 58000 --margin 5", "--margin: is given, so that no leverage moves"),
        (f"{LONG} --stop 58000 --risk 5", "qty: is given beside a risk"),
        (f"{BARE} --stop 58000", "give exactly one of qty, contracts and notional"),
        (f"{BARE} --stop 58000 --risk-rate 0.01", "give --wallet"),
        (f"{LONG} --stop 58000 --buffer x", "--buffer: is 'x', not a number"),
    ],
)
def test_bad_input_is_one_clear_error(run, line, told):
    ran = run(line)

    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""
