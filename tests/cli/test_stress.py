"""liqcalc stress: table, picture, JSON, CSV, charts, errors."""
# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path

import pytest

from liqcalc.errors import InputError
from liqcalc.render import charts

SHEET = """\
exchange: binance
as_of: 2026-10-01
account: {margin_mode: cross, wallet_balance: 5000}
positions:
  - {symbol: BTCUSDT, side: long, qty: 0.5, entry_price: 60000, mark_price: 61000, leverage: 20}
  - {symbol: ETHUSDT, side: short, qty: 5, entry_price: 3000, mark_price: 2900, leverage: 20}
fees: {taker: 0.0005}
tiers:
  BTCUSDT: [{floor: 0, mmr: 0.01}]
  ETHUSDT: [{floor: 0, mmr: 0.01}]
"""
PATH = "time,BTCUSDT\n2026-10-01,60000\n2026-10-02,45000\n"
WITH_CHARTS = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="the extra charts is not installed"
)


@pytest.fixture
def stress(run, tmp_path):
    sheet = tmp_path / "sheet.yaml"
    sheet.write_text(SHEET)
    (tmp_path / "path.csv").write_text(PATH)
    return lambda options="": run(f"stress {sheet} {options.replace('PATH', str(tmp_path))}")


class TestTable:
    """What a trader reads."""

    def test_a_line_a_move_with_prices_equity_and_ratio(self, stress):
        out = stress("--move -0.4,-0.1").out

        assert "  0%    61000     2900         6000          7.5%\n" in out
        assert "-10%    54900     2610         4400          9.2%\n" in out
        assert (
            "-40%    36600     1740            0             -  BTCUSDT long, ETHUSDT short" in out
        )

    def test_the_order_of_liquidations(self, stress):
        out = stress("--move -0.4").out

        assert "liquidated on the way down, in order" in out
        assert "1.  -35.69%  account  at BTCUSDT 39228.296, ETHUSDT 1864.9518" in out
        assert "take over BTCUSDT long 0.5" in out

    def test_ends_causes_and_repairs(self, stress):
        out = stress("--move -0.4 --survive -0.4").out

        assert "ends at  account  -35.69%  of all prices together" in out
        assert "brought down by BTCUSDT long" in out
        assert "add 670.01 USDT" in out
        assert "cheapest" in out

    def test_the_picture_reads_without_colour(self, stress):
        out = stress("--move -0.4,-0.33,0.1").out

        assert "          -40% -33%   0% +10%\n" in out
        assert "account   X    ░ 41 ·  7 ·  6\n" in out

    def test_a_plane(self, stress):
        out = stress("--by BTCUSDT --move=-0.2,0.2").out

        assert "BTCUSDT from top to bottom, all others from left to right" in out
        assert "-20%   · 12 X    X\n" in out

    def test_a_path(self, stress):
        out = stress("--path-file PATH/path.csv").out

        assert "2026-10-01    60000     2900         5500" in out
        assert "liquidated on the way, in order" in out

    def test_the_path_of_the_examples(self, run):
        examples = Path(__file__).resolve().parents[2] / "docs" / "examples"
        ran = run(f"stress {examples}/cross.yaml --path-file {examples}/october.csv")

        assert "2026-10-02T00:00    46100     2610            0" in ran.out

    def test_the_trace_ends_at_zero(self, stress):
        assert "health at p" in stress("--move -0.1 --trace").out

    def test_standard_input(self, run):
        assert run("stress - --move -0.1", stdin=SHEET).code == 0


class TestJsonAndCsv:
    """What a program reads."""

    def test_json(self, stress):
        found = stress("--move -0.1 --beta ETHUSDT=0.5 --json").json

        assert (found["schema_version"], found["kind"]) == (1, "grid")
        assert found["betas"] == {"BTCUSDT": "1", "ETHUSDT": "0.5"}
        assert found["points"][0]["equity"] == {"USDT": "3675"}

    def test_csv(self, stress):
        rows = list(csv.DictReader(io.StringIO(stress("--move -0.4,-0.1 --csv").out)))

        assert [row["move"] for row in rows] == ["-0.4", "-0.1", "0"]
        assert [row["equity_USDT"] for row in rows] == ["0", "4400", "6000"]
        assert rows[0]["liquidated"] == "BTCUSDT:long ETHUSDT:short"
        assert rows[1]["account status"] == "holds"

    @pytest.mark.parametrize(
        ("options", "head"),
        [("--by BTCUSDT", "move_BTCUSDT,move_others,"), ("--path-file PATH/path.csv", "time,")],
    )
    def test_csv_of_planes_and_paths(self, stress, options, head):
        assert stress(f"{options} --csv").out.startswith(head)


class TestErrors:
    """One clear message, exit 2, nothing on standard output."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("--move 30%", "error: --move: is '30%', not a number (LQ126)"),
            ("--beta ETHUSDT", "error: --beta: is 'ETHUSDT', not SYMBOL=B (LQ126)"),
            ("--beta ETHUSD=1", "did you mean ETHUSDT"),
            ("--symbol BTC", "error: --symbol: BTC is not a symbol of the sheet (LQ126)"),
            ("--survive x", "error: --survive: is 'x', not a number (LQ126)"),
            ("--path-file PATH/none.csv", "there is no such file (LQ115)"),
            ("--path-file PATH/sheet.yaml", "the head has no column time (LQ126)"),
            ("--picture PATH/a.jpg", "not a name that ends in .png or .svg (LQ126)"),
            ("--picture PATH/b/a.png", "there is no folder"),
            ("--fill x", "error: --fill: is 'x', which is no way to fill (LQ126)"),
        ],
    )
    def test_each(self, stress, options, message):
        ran = stress(options)

        assert ran.code == 2
        assert message in ran.err
        assert ran.out == ""

    def test_several_at_once(self, stress):
        assert stress("--move x --symbol y --survive z").err.count("error: ") == 3

    def test_two_sheets(self, run):
        assert "holds 2 sheets" in run("stress -", stdin=f"{SHEET}---\n{SHEET}").err

    def test_a_missing_matplotlib_is_told_before_anything_is_written(
        self, stress, monkeypatch, tmp_path
    ):
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        ran = stress("--picture PATH/a.png")

        assert ran.code == 2
        assert 'hint: pip install "liqcalc[charts]"' in ran.err
        assert not (tmp_path / "a.png").exists()


@WITH_CHARTS
class TestCharts:
    """PNG and SVG, whole or not at all."""

    @pytest.mark.parametrize(
        "options", ["--move -0.4 --symbol ETHUSDT", "--by BTCUSDT", "--path-file PATH/path.csv"]
    )
    def test_a_png(self, stress, options, tmp_path):
        assert stress(f"{options} --picture PATH/a.png").code == 0
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")

    def test_an_svg_names_exchange_day_evidence_and_axes(self, stress, tmp_path, monkeypatch):
        import matplotlib as mpl

        monkeypatch.setitem(mpl.rcParams, "svg.fonttype", "none")  # letters as letters
        stress("--move -0.4:0.4:0.1 --picture PATH/a.svg")
        text = (tmp_path / "a.svg").read_text()

        for words in (
            "binance, as of 2026-10-01, all prices move together",
            "standard rules since 2026-01-05, reproduced",
            "equity, USDT",
            "move of all prices from the marks",
            "1. BTCUSDT long, ETHUSDT short at -35.7%",
        ):
            assert words in text

    def test_nothing_is_left_where_it_fails(self, stress, tmp_path, monkeypatch):
        def fail(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
        ran = stress("--move -0.1 --picture PATH/a.png")

        assert ran.code == 2
        assert "cannot be written: No space left on device" in ran.err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["path.csv", "sheet.yaml"]

    def test_a_picture_of_the_library_is_checked_too(self):
        with pytest.raises(InputError, match="LQ126"):
            charts.check("a.gif")
