"""liqcalc adjust on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

LONG = "adjust binance BTCUSDT long 1 --entry 60000 --leverage 20"
CROSS = """\
exchange: binance
as_of: 2026-09-29
account: {margin_mode: cross, wallet_balance: "5000"}
fees: {taker: "0.0005"}
positions:
  - {symbol: BTCUSDT, side: long, qty: "0.5", entry_price: "60000", leverage: "20"}
  - {symbol: ETHUSDT, side: short, qty: "2", entry_price: "3000", leverage: "20"}
"""


class TestTable:
    """The ways first, then how each leaves the position."""

    def test_it_begins_with_the_three_ways(self, run):
        out = run(f"{LONG} --to 50000").out.splitlines()

        assert out[1] == "wanted: no liquidation before 50000 USDT, 16.67% away"
        assert out[3].split() == ["margin:", "add", "7230", "USDT"]
        assert out[4].split()[:5] == ["or", "size:", "close", "0.711", "BTC"]
        assert out[5].split()[:4] == ["or", "leverage:", "set", "5x"]

    def test_now_and_after_stand_side_by_side(self, run):
        out = run(f"{LONG} --to 50000").out

        assert "57259.03614458       50000  49996.9775295  48222.89156627" in out

    def test_a_distance_is_a_share_of_the_mark(self, run):
        assert "before 48000 USDT, 20% away" in run(f"{LONG} --distance 0.2").out

    def test_what_is_free_is_told(self, run):
        out = run(f"{LONG} --extra-margin 5000 --to 50000").out

        assert "margin: add" in out
        assert "margin: free to remove" in run(f"{LONG} --extra-margin 9000 --to 50000").out

    def test_a_position_of_a_sheet(self, run):
        out = run("adjust --sheet - --position ETHUSDT --distance 0.5", stdin=CROSS).out

        assert out.startswith("binance ETHUSDT  short 2")
        assert "wallet" in out


class TestJson:
    """JSON is the stable contract."""

    def test_it_has_each_way(self, run):
        data = run(f"{LONG} --to 50000 --json").json

        assert data["margin"]["amount"] == "7230"
        assert data["quantity"]["amount"] == "0.711"
        assert data["leverage"]["after"]["liquidation_price"] == "48222.89156627"
        assert data["wanted_price"] == "50000"
        assert data["schema_version"] == 1


class TestBadInput:
    """Options are called what was typed."""

    def test_no_wanted_price(self, run):
        ran = run(LONG)

        assert ran.code == 2
        assert ran.err.startswith("error: --to: neither is given")

    def test_the_wrong_side(self, run):
        ran = run(f"{LONG} --to 65000")

        assert ran.code == 2
        assert "this long ends below the mark of 60000 (LQ124)" in ran.err

    def test_a_percent_sign(self, run):
        assert "--distance: is '20%'" in run(f"{LONG} --distance 20%").err
