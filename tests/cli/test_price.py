# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import pytest

LONG = "price binance BTCUSDT long 0.5 --entry 60000 --leverage 20"
BTC = "price binance BTCUSDT long"


class TestTable:
    """The table holds the figures as the exchange prints them."""

    def test_the_first_example_of_the_help_gives_the_exchanges_price(self, run):
        ran = run(LONG)

        assert ran.code == 0
        assert ran.err == ""
        assert "57259.03614458  USDT  liquidated when the mark reaches it" in ran.out
        assert "1370.48192771 USDT" in ran.out
        assert "4.57%" in ran.out

    def test_it_has_tier_range_leverage_and_provenance(self, run):
        out = run(LONG).out

        assert "0 to 300000 USDT" in out
        assert "maximum leverage" in out
        assert "rules standard since 2026-01-05, reproduced" in out
        assert "tiers of BTCUSDT since 2026-07-02" in out

    def test_a_pipe_gets_neither_colours_nor_wrapped_lines_nor_trailing_spaces(self, run):
        out = run("price bybit BTCUSDT long 2 --entry 60000 --leverage 10").out

        assert "\x1b" not in out
        assert all(line == line.rstrip() for line in out.splitlines())
        assert max(map(len, out.splitlines())) > 120

    def test_what_does_not_exist_is_none_with_its_reason(self, run):
        out = run(f"{BTC} 1 -e 60000").out

        assert "cannot be determined: not known: leverage or margin" in out

    def test_leverage_above_the_maximum_is_a_warning(self, run):
        ran = run(f"{BTC} 100 -e 60000 -l 125")

        assert ran.code == 0
        assert "leverage 125 is above the maximum of" in ran.out
        assert "LQ305" in ran.out

    def test_already_liquidatable_is_said(self, run):
        out = run(f"{BTC} 1 -e 60000 -l 20 --mark 50000").out

        assert "already liquidatable at the mark" in out

    def test_all_digits_that_an_exchange_prints_are_shown(self, run):
        ran = run("price okx BTC-USDT-SWAP short --contracts 100 -e 60000 -l 10 --as-of 2026-09-18")

        assert "65704.230512692882" in ran.out
        assert "short 1 (100 contracts)" in ran.out


class TestTrace:
    """The derivation can be redone on paper."""

    def test_each_step_shows_formula_numbers_result_and_source(self, run):
        out = run(f"{LONG} --trace").out

        assert "= entry_value/leverage - opening_fee" in out
        assert "= 30000/20 - 15" in out
        assert "= 1485  [recorded-positions]" in out
        assert "0 < 0.5*57259.03614458 <= 300000" in out
        assert "= 1485 + (-30000 + 0.5*p) + (-0.002*p)" in out
        assert "= -(-28515)/0.498" in out
        assert "rounded half up at 8 decimals" in out

    def test_it_ends_with_the_sources_it_cites(self, run):
        _, _, sources = run(f"{LONG} --trace").out.partition("\nsources\n")

        assert "https://www.binance.com/en/support/faq/" in sources
        assert "freqtrade-dump-2026-07-02" in sources

    def test_a_price_shown_at_constant_requirement_is_derived(self, run):
        out = run(
            "price bybit BTCUSDT long 2 -e 60000 -l 10 --mode cross --wallet 13000"
            " --mark 59000 --trace"
        ).out

        assert "= 59000 - (11000 - 448.8)/2" in out
        assert "trigger price" in out


class TestJson:
    """JSON is the stable contract: text for numbers, one line in a pipe."""

    def test_it_is_one_object_with_a_schema_version_and_the_whole_answer(self, run):
        ran = run(f"{LONG} --json")

        assert ran.json["schema_version"] == 1
        assert ran.json["liquidation_price"] == "57259.03614458"
        assert ran.json["provenance"]["rule_set"] == "standard"
        assert ran.json["trace"][-1]["name"] == "liquidation_price"
        assert ran.out.count("\n") == 1

    def test_no_number_is_a_json_number_except_the_version(self, run):
        def numbers(data):
            if isinstance(data, dict):
                data = list(data.values())
            if isinstance(data, list):
                return [n for item in data for n in numbers(item)]
            return [data] if isinstance(data, int | float) and not isinstance(data, bool) else []

        assert numbers(run(f"{LONG} --json").json) == [1]


class TestFailBelow:
    """Exit 1 when a position is nearer to liquidation than the limit."""

    @pytest.mark.parametrize(("limit", "code"), [("4%", 0), ("0.04", 0), ("5%", 1), ("0.05", 1)])
    def test_the_distance_decides(self, run, limit, code):
        assert run(f"{LONG} --fail-below {limit}").code == code

    def test_the_answer_stays_on_stdout_and_the_verdict_goes_to_stderr(self, run):
        ran = run(f"{LONG} --json --fail-below 10%")

        assert ran.json["status"] == "liquidatable_at_price"
        assert ran.err == (
            "fail-below: BTCUSDT long is 4.57% from liquidation at 57259.03614458, below 10%\n"
        )

    def test_a_distance_of_exactly_the_limit_passes(self, run):
        line = (
            "price hyperliquid BTC long 1 -e 1000 --mode cross --wallet 100"
            " --mmr 0 --deduction 0 --fail-below 10%"
        )

        assert run(line).code == 0
        assert run(line.replace("10%", "10.0000001%")).code == 1

    def test_already_liquidatable_fails_even_at_zero(self, run):
        ran = run(f"{BTC} 1 -e 60000 -l 20 --mark 50000 --fail-below 0%")

        assert ran.code == 1
        assert "already liquidatable" in ran.err

    def test_what_cannot_be_liquidated_passes(self, run):
        ran = run(f"{BTC} 1 -e 60000 --mode cross --wallet 100000 --fail-below 99%")

        assert ran.code == 0

    def test_what_cannot_be_told_is_not_proven_safe(self, run):
        ran = run(f"{BTC} 1 -e 60000 --mode cross --fail-below 1%")

        assert ran.code == 1
        assert "cannot be proven safe: not known: wallet_balance" in ran.err

    @pytest.mark.parametrize("limit", ["10", "-1%", "100%", "x", "nan", ""])
    def test_a_limit_that_is_no_distance_is_refused(self, run, limit):
        ran = run(LONG, "--fail-below", limit)

        assert ran.code == 2
        assert "--fail-below: is " in ran.err
        assert ran.out == ""


class TestSizes:
    """One of quantity, contracts and notional."""

    def test_a_notional_is_cut_to_the_lot(self, run):
        assert run(f"{BTC} --notional 10000 -e 60000 -l 5 --json").json["qty"] == "0.166"

    @pytest.mark.parametrize("words", ["", "1 --notional 5", "--contracts 1 --notional 5"])
    def test_none_or_two_are_refused(self, run, words):
        ran = run(f"{BTC} {words} -e 60000")

        assert ran.code == 2
        assert "give exactly one of qty, contracts and notional" in ran.err


class TestBadInput:
    """One clear error, exit 2, nothing on stdout, never a traceback."""

    @pytest.mark.parametrize(
        "text", ["nan", "inf", "-inf", "10%", "1,000", "", "abc", "0x10", "1_0"]
    )
    @pytest.mark.parametrize("flag", ["--entry", "--leverage", "--mark", "--taker", "--margin"])
    def test_text_that_is_no_number(self, run, flag, text):
        line = BTC + " 1" + ("" if flag == "--entry" else " --entry 60000")

        ran = run(line, flag, text)

        assert ran.code == 2
        assert ran.err.startswith(f"error: {flag}: is ")
        assert "Traceback" not in ran.err
        assert ran.out == ""

    @pytest.mark.parametrize("text", ["0", "1e30", "1e-30", "1e999999999"])
    def test_sizes_that_cannot_be_meant(self, run, text):
        ran = run(BTC, text, "--entry", "60000")

        assert ran.code == 2
        assert ran.err.startswith("error: qty: ")

    @pytest.mark.parametrize("flag", ["--entry", "--leverage", "--mark"])
    @pytest.mark.parametrize("text", ["-1", "0", "1e30"])
    def test_prices_and_leverage_are_above_0(self, run, flag, text):
        line = BTC + " 1" + ("" if flag == "--entry" else " --entry 60000")

        ran = run(line, flag, text)

        assert ran.code == 2
        assert ran.err.startswith(f"error: {flag}: is ")

    def test_a_negative_size_is_explained(self, run):
        ran = run(f"{BTC} -0.5 --entry 60000")

        assert ran.code == 2
        assert "-0.5 stands where a size or a name belongs" in ran.err

    def test_a_negative_amount_is_a_value(self, run):
        before = run(f"{BTC} 1 -e 60000 -l 10 --json").json
        after = run(f"{BTC} 1 -e 60000 -l 10 --extra-margin -5 --json").json

        assert float(after["liquidation_price"]) > float(before["liquidation_price"])

    def test_all_faults_are_told_at_once(self, run):
        ran = run("price binanse BTCUSDT buy 1% -e nan --mode x")

        assert ran.code == 2
        assert ran.err.count("error: ") == 5
        assert "did you mean long?" in ran.err
        assert "did you mean binance?" in ran.err

    @pytest.mark.parametrize(
        ("line", "hint"),
        [
            (
                "price okx BTC-USDC long 1 -e 1",
                "okx has BTC as BTC-USD-SWAP (BTC/USD:BTC) or BTC-USDT-SWAP",
            ),
            ("price okx BTC long 1 -e 1", "write one of BTC-USD-SWAP (BTC/USD:BTC), BTC-USDT-SWAP"),
            ("price okx BTC-UDST-SWAP long 1 -e 1", "did you mean BTC-USDT-SWAP"),
            (f"{BTC}s 1 -e 1", "did you mean long?"),
            (f"{BTC} 1 -e 1 --mode crss", "did you mean cross?"),
            (f"{BTC} 1 -e 1 -l 1 --rules x", "known are: standard"),
            (f"{BTC} 1 -e 1 -l 1 --parameter x=1", "known are:"),
            (f"{BTC} 1 -e 1 -l 1 --parameter x", "NAME=VALUE"),
            (f"{BTC} 1 -e 1 --deduction 5", "give mmr with it"),
            (f"{BTC} 1 -e 1 --levrage 5", "liqcalc price --help"),
            (f"{BTC} 1", "liqcalc price --help"),
            ("price", "liqcalc price --help"),
        ],
    )
    def test_advice_is_given(self, run, line, hint):
        ran = run(line)

        assert ran.code == 2
        assert hint in ran.err
        assert ran.out == ""

    @pytest.mark.parametrize("day", ["2026-13-01", "2026", "yesterday", ""])
    def test_a_day_that_is_none(self, run, day):
        ran = run(f"{BTC} 1 -e 60000 -l 5", "--as-of", day)

        assert ran.code == 2
        assert ran.err.startswith("error: --as-of: is ")

    def test_a_folder_that_is_not_there(self, run):
        assert "LQ110" in run(f"{BTC} 1 -e 60000 --exchanges /nowhere/at/all").err

    def test_a_rule_parameter_is_used(self, run):
        line = "price bybit BTCUSDT long 1 -e 60000 -l 7 --as-of 2025-12-30 --json"

        rounded = run(line).json["liquidation_price"]
        exact = run(f"{line} --parameter price_rounding=none").json["liquidation_price"]

        assert len(rounded) < len(exact)
