"""liqcalc funding on the command line."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest

BINANCE = "funding binance BTCUSDT long 0.5 -e 60000 -l 20 --as-of 2026-07-02"
SHEET = {
    "exchange": "binance",
    "as_of": "2026-07-02",
    "account": {"margin_mode": "cross", "wallet_balance": "3000"},
    "positions": [
        {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000",
         "leverage": "20", "funding_rate": "0.003"},
        {"symbol": "ETHUSDT", "side": "short", "qty": "5", "entry_price": "3000",
         "leverage": "10", "funding_rate": "0.0005"},
    ],
}  # fmt: skip


def test_a_table_with_the_sum_and_the_end(run):
    ran = run(f"{BINANCE} --funding-rate 0.0001 --no-chart")
    lines = ran.out.splitlines()

    assert ran.code == 0
    assert "at the start" in lines[7]
    assert lines[8].split()[:6] == ["1", "8", "h", "0.01%", "30000", "3"]
    assert "paid 9 USDT in 3 payments, 0.03% of the value" in ran.out
    assert "payment 455 liquidates, after 151 days 16 h (rate 0.01%, unchanged mark)" in ran.out
    assert "●" not in ran.out


def test_the_picture_has_the_mark_and_the_liquidation_price(run):
    ran = run(f"{BINANCE} --funding-rate 0.0001")
    canvas = [line.partition("│")[2] for line in ran.out.splitlines() if "│" in line]

    assert len(canvas) == 10
    assert set(canvas[0]) == {"─", "●"}
    assert canvas[-1].startswith("●")


def test_the_picture_in_plain_signs():
    script = "from liqcalc.cli.main import run; run()"
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script, *BINANCE.split(), "--funding-rate", "0.0001"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    canvas = [line for line in ran.stdout.decode("ascii").splitlines() if "|" in line]

    assert len(canvas) == 10
    assert "o" in canvas[-1]


def test_a_narrow_screen_loses_columns_and_no_digits(run, monkeypatch):
    monkeypatch.setattr("liqcalc.render.screen.width", lambda: 60)
    lines = run(f"{BINANCE} --funding-rate 0.0001 --start 2026-01-01 --no-chart").out.splitlines()
    head = next(line for line in lines if line.startswith(("#", "time")))
    row = next(line for line in lines if "2026-01-01T08:00Z" in line)

    assert {"value", "total"}.isdisjoint(head.split())
    assert row.split()[-1] == "57265.06024096"


def test_json_has_every_payment(run):
    data = run(f"{BINANCE} --funding-rate 0.0001 --json").json

    assert data["schema_version"] == 1
    assert [payment["amount"] for payment in data["payments"]] == ["3", "3", "3"]
    assert data["run_out"]["payments"] == 455
    assert data["provenance"]["evidence"] == "reproduced"


def test_csv_has_a_row_a_payment(run):
    ran = run(f"{BINANCE} --rates 0.0001,-0.0001 --start 2026-01-01T07:00 --csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))

    assert [row["amount"] for row in rows] == ["3", "-3"]
    assert [row["time"] for row in rows] == ["2026-01-01T08:00Z", "2026-01-01T16:00Z"]


def test_negative_rates_can_be_typed(run):
    data = run(f"{BINANCE} --rates=-0.0001 --json").json

    assert data["payments"][0]["amount"] == "-3"


def test_all_positions_of_a_sheet(run):
    ran = run("funding --sheet - --all --json", stdin=json.dumps(SHEET))
    alone = run("funding --sheet - --position ETHUSDT --json", stdin=json.dumps(SHEET))

    assert ran.json["totals"] == {"USDT": "247.5"}  # 3 x (90 - 7.5)
    assert alone.json["total"] == "-22.5"
    assert run("funding --sheet -", stdin=json.dumps(SHEET)).code == 2


def test_a_file_of_rates(run):
    ran = run(f"{BINANCE} --rates-file docs/examples/funding-rates.csv --trace")

    assert ran.code == 0
    assert "2026-03-01T08:00Z" in ran.out
    assert "mean rate 0.0073%" in ran.out
    assert "derivation" in ran.out


def test_every_fault_of_a_file_with_its_line(run):
    text = "time,rate\nsoon,0.0001\n2026-01-01,0.1%\n"
    ran = run(f"{BINANCE} --rates-file -", stdin=text)

    assert ran.code == 2
    assert "standard input:2: time 'soon' cannot be read (LQ121)" in ran.err
    assert "standard input:3: rate is '0.1%', not a number (LQ121)" in ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "--funding-rate: the funding rate of BTCUSDT is not known"),
        ("--funding-rate 0 --rates 0", "--funding-rate and --rates given together"),
        ("--rates 0.0001,x", "--rates: number 2: rate is 'x', not a number"),
        ("--rates 0 --path 1,y", "--path: number 2: is 'y', not a number"),
        ("--rates 0 --holding-hours -1", "--holding-hours: must be above 0"),
        ("--rates 0 --start soon", "--start: is 'soon', not a time"),
    ],
)
def test_what_is_typed_wrong_is_told_by_its_option(run, more, says):
    ran = run(f"{BINANCE} {more}")

    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "bybit BTCUSD short 60000 -e 60000 -l 10 --rates 0.0001,0.0003",
        "okx BTC-USDT-SWAP long 1 -e 60000 -l 10 --mode cross --wallet 7000 --rates 0.0001",
        "deribit BTC-PERPETUAL long 60000 -e 60000 --mode cross --wallet 1 --rates 0.0001",
        "hyperliquid ETH long 2 -e 3000 -l 10 --funding-rate 0.0001 --index 3001",
        "gmx BTC/USD short 1 -e 60000 -l 20 --funding-rate -0.00005",
        "mexc BTC_USDT long 1 -e 60000 -l 20 --funding-rate 0.001 --free-balance 100",
        "kraken PF_XBTUSD long 1 -e 60000 -l 20 --funding-rate 0.00001 --holding-hours 2.5",
    ],
)
def test_it_answers_on_other_exchanges(run, line):
    ran = run(f"funding {line} --trace")

    assert ran.code == 0, ran.err
    assert "in this time" in ran.out
