"""liqcalc price and account: ratios with their direction, levels, nearness."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest

PRICE = "price binance BTCUSDT long 0.5 -e 60000 -l 20 --as-of 2026-10-01"
SHEET = """\
exchange: binance
as_of: 2026-10-01
account: {margin_mode: cross, wallet_balance: 5000}
positions:
  - {symbol: BTCUSDT, side: long, qty: 0.5, entry_price: 60000, atr: 1500, volatility: 0.03}
  - {symbol: ETHUSDT, side: short, qty: 3, entry_price: 2500, margin_mode: isolated, leverage: 10}
"""


def row(out, name):
    """Return the cells of the line that begins with `name`."""
    line = next(line for line in out.splitlines() if line.strip().startswith(name))
    return line.strip().removeprefix(name).split()


class TestPrice:
    """One position."""

    def test_the_ratio_says_where_it_runs(self, run):
        out = run(PRICE).out

        assert "rises, liquidates at 100%" in out
        assert row(out, "at 80%")[:2] == ["57316.6", "USDT"]
        assert "margin call price" not in out
        assert "LQ419" not in out

    def test_the_direction_of_a_falling_one(self, run):
        out = run("price okx BTC-USDT-SWAP short --contracts 100 -e 60000 -l 10").out

        assert "falls, liquidates at 100%" in out
        assert "margin call price" not in out

    def test_nearness_is_shown_when_asked(self, run):
        out = run(f"{PRICE} --volatility 0.03 --atr 1000").out

        assert row(out, "distance in ATRs") == ["2.74", "of", "1000"]
        assert row(out, "in daily moves") == ["1.52", "of", "3%"]
        assert row(out, "chance in 24 h")[0] == "12.2%"
        assert out.count("(LQ419)") == 2

    def test_the_trace_has_its_formula(self, run):
        out = run(f"{PRICE} --volatility 0.03 --trace").out

        assert "volatility*sqrt(hours/24)" in out
        assert "0.122 (estimate)" in out

    def test_json(self, run):
        data = run(f"{PRICE} --volatility 0.03 --json").json

        assert data["displayed_ratio"]["direction"] == "rising"
        assert data["displayed_ratio"]["warnings"][0]["source"] == "liquidation-protocol"
        assert data["health"]["positions"][0]["chance"] == "0.122"
        assert data["health"]["positions"][0]["levels"][0]["lower"] == "57316.6"

    def test_what_is_past_liquidation_has_no_chance(self, run):
        out = run(f"{PRICE} --margin 1485 --mark 57000 --volatility 0.03").out

        assert row(out, "chance")[0] == "none"
        assert row(out, "at 80%")[0] == "reached"

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ("--volatility 3", "--volatility: is 3, it must be below 1"),
            ("--volatility 3%", "rates are fractions"),
            ("--horizon-hours 24", "--horizon-hours: is given without a volatility"),
            ("--atr 0 --volatility 0", "--atr: is 0"),
        ],
    )
    def test_errors_name_the_option(self, run, options, said):
        ran = run(f"{PRICE} {options}")

        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""


class TestAccount:
    """A sheet whose positions have their own range and volatility."""

    def test_tables(self, run):
        out = run("account -", stdin=SHEET).out

        assert "warning level" in out
        assert row(out, "all prices")[0] == "80%"
        near = out[out.index("loss until then") :]
        assert row(near, "BTCUSDT long")[-3:-1] != ["", ""]
        assert "chance in 24 h" in out

    def test_an_option_holds_for_all(self, run):
        data = run("account - --json --volatility 0.05 --horizon-hours 48", stdin=SHEET).json

        found = data["health"]
        assert [p["volatility"] for p in found["positions"]] == ["0.05", "0.05"]
        assert found["pools"][0]["volatility"] == "0.05"
        assert found["horizon_hours"] == "48"

    def test_no_chance_of_a_position_without_a_volatility(self, run):
        positions = run("account - --json", stdin=SHEET).json["health"]["positions"]

        assert positions[0]["lower"]["chance"] is not None
        assert positions[1]["upper"]["chance"] is None

    def test_one_range_for_two_symbols_is_refused(self, run):
        ran = run("account - --atr 100", stdin=SHEET)

        assert ran.code == 2
        assert "BTCUSDT, ETHUSDT" in ran.err
        assert "give each position of the sheet its own atr" in ran.err

    def test_a_far_rise_is_a_multiple(self, run):
        out = run("account docs/examples/cross.yaml").out

        assert "-36.79% or x107996" in out

    def test_nothing_is_measured_unless_asked(self, run):
        out = run("account docs/examples/cross.yaml").out

        assert "daily moves" not in out
        assert "LQ419" not in out


class TestTheNearest:
    """A sheet of several positions says which price ends it first."""

    def test_the_smallest_move_is_named(self, run):
        out = run("account docs/examples/cross.yaml").out

        assert "nearest     -19.16%  of BTCUSDT alone liquidates BTCUSDT long" in out

    def test_what_is_liquidatable_now_is_nearest(self, run):
        margins = SHEET.replace("leverage: 10", "margin: 1000, mark_price: 3000")

        out = run("account -", stdin=margins).out

        assert "nearest     ETHUSDT short is liquidatable now" in out

    def test_one_position_needs_no_such_line(self, run):
        one = "\n".join(SHEET.splitlines()[:-1])

        assert "nearest" not in run("account -", stdin=one).out

    def test_only_isolated_positions_have_a_ratio_of_their_own(self, run):
        mixed, cross = (
            run("account -", stdin=SHEET).out,
            run("account docs/examples/cross.yaml").out,
        )

        assert "ratio" in mixed.splitlines()[2]
        assert "ratio" not in cross.splitlines()[2]

    def test_a_far_end_is_only_far(self, run):
        sheet = SHEET.replace(
            "margin_mode: isolated, leverage: 10", "margin_mode: isolated, margin: 1e6"
        )

        out = run("account -", stdin=sheet).out

        assert "> 1000%" in row(out, "ETHUSDT short")[4] + " " + row(out, "ETHUSDT short")[5]
