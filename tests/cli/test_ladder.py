# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import json

import pytest

GATE = "ladder gate BTC_USDT long 20 -e 60000 -l 20"
SHEET = """\
exchange: okx
account: {margin_mode: cross, wallet_balance: "9000"}
positions:
  - {symbol: BTC-USDT-SWAP, side: long, qty: "1", entry_price: "60000"}
  - {symbol: ETH-USDT-SWAP, side: long, qty: "20", entry_price: "3000"}
orders:
  - {symbol: BTC-USDT-SWAP, side: long, qty: "0.1", price: "50000"}
"""


class TestTable:
    """A line a step, what it comes to, and what it rests on."""

    def test_each_step_is_a_line_with_what_it_leaves(self, run):
        ran = run(GATE)
        steps = [
            line.split()[1:4] for line in ran.out.splitlines() if line[:2] in {"1 ", "2 ", "3 "}
        ]

        assert (ran.code, ran.err) == (0, "")
        assert steps == [
            ["57189.1", "reduce", "2.5142"],
            ["57154", "reduce", "8.7376"],
            ["56939.2", "take", "over"],
        ]
        assert "margin before   60900.00  USDT" in ran.out
        assert "auto deleverage  the insurance fund cannot carry the loss" in ran.out

    def test_a_way_that_reaches_nothing_says_so(self, run):
        out = run(f"{GATE} --to 59000").out

        assert "goes to 59000" in out
        assert "no steps           the way of the mark does not reach 57189.1" in out

    def test_an_assumed_step_is_marked_in_its_line(self, run):
        given = "--parameter imr_base=0.02 --parameter mmr_base=0.01 --parameter slope=0"
        command = "ladder deribit BTC-PERPETUAL long 600000 -e 60000 --mode cross --wallet 0.5"
        out = run(f"{command} {given}").out

        assert "reduce assumed" in out
        assert "12.5% of what is left, as a user reported in 2020" in out

    def test_a_long_ladder_is_cut_in_the_middle_unless_all_is_asked_for(self, run):
        command = "ladder kraken PF_XBTUSD long 1 -e 60000 --mode cross --wallet 5000"
        short, full = run(command).out, run(f"{command} --all").out

        assert "more (--all)" in short
        assert len(full.splitlines()) > len(short.splitlines()) + 30

    def test_the_derivation_shows_each_steps_money(self, run):
        out = run(f"{GATE} --trace").out

        assert "= 1*2.5142*(57189.1 - 60000)" in out
        assert "margin + realised - fee - fund" in out


class TestSheet:
    """A sheet says it all; --position names whose mark moves."""

    def test_orders_go_first_and_every_position_is_named(self, run):
        out = run("ladder --sheet - --position BTC-USDT-SWAP --together", stdin=SHEET).out

        assert "cancel orders (1)" in out
        assert "take over ETH-USDT-SWAP long" in out
        assert "account left" in out

    def test_which_position_is_asked_if_there_are_several(self, run):
        ran = run("ladder --sheet -", stdin=SHEET)

        assert ran.code == 2
        assert "LQ119" in ran.err


class TestJson:
    """JSON has what the table has, with all digits."""

    def test_rows_and_end(self, run):
        found = json.loads(run(f"{GATE} --json").out)

        assert found["schema_version"] == 1
        assert [row["action"] for row in found["rows"]] == ["reduce", "reduce", "take_over"]
        assert found["rows"][0] | {"when": ""} == {
            "number": 1,
            "step": 2,
            "position": 0,
            "symbol": "BTC_USDT",
            "side": "long",
            "margin_mode": "isolated",
            "mark_price": "57189.1",
            "action": "reduce",
            "when": "",
            "qty_closed": "2.5142",
            "fill_price": "57189.1",
            "fill_at": "mark",
            "realized_pnl": "-7067.16478",
            "fee_to": "exchange",
            "liquidation_fee": "71.89241761",
            "fund": "0",
            "fund_gain": "0",
            "orders_cancelled": 0,
            "qty_left": "17.4858",
            "margin_left": "53760.94280239",
            "tier": 2,
            "next_liquidation_price": "57154.1",
            "status": "liquidatable_at_price",
            "pause_seconds": None,
            "evidence": "documented",
            "assumes": "the part is closed at the mark",
            "fee_missing": "",
        }
        assert found["end"]["margin_after"] == "0"
        assert found["process"] == {"from": "2025-07-29", "source": "liquidation-process"}


class TestRefusals:
    """Bad input is one line an input, with what to do, and exit 2."""

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ("--to 50000 --path 51000", "--path: is given beside to"),
            ("--jump", "--jump: is given without a price to leap to"),
            ("--fill soon", "--fill: is 'soon', which is no way to fill"),
            ("--slippage-bps 20000", "--slippage-bps: is 20000"),
            ("--path 50000,x", "--path: is 'x', not a number"),
        ],
    )
    def test_an_option_that_cannot_be_used(self, run, options, says):
        ran = run(f"{GATE} {options}")

        assert ran.code == 2
        assert says in ran.err
        assert "Traceback" not in ran.err
