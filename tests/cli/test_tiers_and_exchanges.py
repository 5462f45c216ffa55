# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import shutil

import pytest

from liqcalc.render import screen
from liqcalc.rules.catalog import Layer, LoadedExchange
from liqcalc.rules.coverage import count_cases
from liqcalc.rules.names import built_in


class TestTiers:
    """The table in force, and the row that holds a size."""

    def test_the_row_of_a_notional_is_marked_with_its_margin(self, run):
        out = run("tiers binance BTCUSDT --notional 1200000 --as-of 2026-07-19").out

        assert "\n>     3      800000     3000000  0.65%" in out
        assert "1200000 USDT: tier 3, maintenance margin 6300 USDT, maximum leverage 75" in out
        assert "also known  since 2025-06-19" in out

    def test_json_has_the_rows_as_text(self, run):
        answer = run("tiers binance BTCUSDT --notional 1200000 --as-of 2026-07-19 --json").json

        assert answer["held"] == {
            "size": "1200000",
            "unit": "USDT",
            "tier": 3,
            "mmr": "0.0065",
            "imr": "0.01333333",
            "maintenance_margin": "6300",
            "max_leverage": "75",
        }
        assert answer["tiers"][0]["mmr"] == "0.004"
        assert answer["history"][-1]["from"] == "2026-07-02"

    def test_tables_that_count_contracts_take_contracts(self, run):
        out = run("tiers okx BTC-USDT-SWAP --contracts 2500").out

        assert "2500 contracts: tier 2, maximum leverage 66.66" in out

    def test_both_give_the_margin_too(self, run):
        out = run("tiers okx BTC-USDT-SWAP --contracts 2500 --notional 1500000").out

        assert "2500 contracts: tier 2, maintenance margin 7500 USDT, maximum leverage 66.66" in out

    def test_a_size_at_an_edge_is_held_as_the_rules_say(self, run):
        line = "tiers binance BTCUSDT --as-of 2026-07-19 --json --notional"

        rows = [run(line, size).json["held"]["tier"] for size in ("299999", "300000", "300001")]

        assert rows == [1, 1, 2]

    def test_a_size_above_the_last_cap_warns(self, run):
        assert "LQ304" in run("tiers binance BTCUSDT --notional 1e12").out

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("tiers okx BTC-USDT-SWAP --notional 5", "give --contracts"),
            ("tiers binance BTCUSDT --contracts 5", "give --notional"),
            ("tiers binance BTCUSDT --notional -1", "must be above 0"),
            ("tiers binance BTCUSDT --notional nan", "is 'nan', not a number"),
            ("tiers binance BTCUSDT --as-of 2026", "not a date"),
            ("tiers binance BTCUSDT --as-of 2001-01-01", "the first known is of"),
            ("tiers binance BTCUS", "did you mean BTCUSDC or BTCUSDT or BTCUSD_PERP"),
            ("tiers kucoin XBTUSDTM --mode x", "not isolated or cross"),
            ("tiers kucoin XBTUSDTM --rules x", "--rules: kucoin has no rule set 'x'"),
            ("tiers gmx BTC/USD --mode cross", "has no cross margin"),
            ("tiers kucoin XBTUSDTM --leverage 0", "--leverage: is 0, it must be above 0"),
            ("tiers kucoin XBTUSDTM --qty 5", "give --notional"),
            ("tiers kucoin XBTUSDTM --mode cross --notional 5", "that needs a price"),
            ("tiers kucoin XBTUSDTM --mode cross --qty 1 --contracts 1", "give one of them"),
            ("tiers deribit BTC-PERPETUAL --contracts 5", "give --qty in BTC, or --notional"),
            ("tiers deribit BTC-PERPETUAL --qty 2 --notional 3", "differs from --qty"),
            ("tiers binance BTC", "write one of BTCUSDC (BTC/USDC:USDC), BTCUSDT"),
        ],
    )
    def test_bad_input_is_one_clear_error(self, run, line, said):
        ran = run(line)

        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""


class TestTablesForOneOf:
    """Tables for one rule set, margin mode or leverage."""

    @pytest.mark.parametrize(
        ("options", "table"),
        [
            ("", "isolated, since 2025-11-04, 12 rows"),
            ("--mode isolated", "isolated, since 2025-11-04, 12 rows"),
            ("--mode cross", "cross, since 2025-11-04, a formula"),
            ("--rules uta", "rules uta, since 2025-11-04, 2 rows, incomplete"),
        ],
    )
    def test_options_pick_one(self, run, options, table):
        out = run(f"tiers kucoin XBTUSDTM {options}").out

        assert f"\ntable       {table}" in out

    @pytest.mark.parametrize(
        ("options", "rates"),
        [
            ("--rules legacy --leverage 200", ["0.00375", "0.00425", "0.004375"]),
            ("--rules legacy --leverage 125 --mode isolated", ["0.0052", "0.0064", "0.0068"]),
            ("--rules legacy --leverage 1", ["0.005"]),
            ("", ["0.0034"]),
            ("--mode cross --rules v5 --as-of 2026-01-01", ["0.00385", "0.005", "0.015"]),
        ],
    )
    def test_leverage_picks_one(self, run, options, rates):
        answer = run(f"tiers htx BTC-USDT {options} --json").json

        assert [row["mmr"] for row in answer["tiers"]][:3] == rates

    def test_where_nothing_fits_the_error_says_what_shows_each(self, run):
        ran = run("tiers htx BTC-USDT --rules legacy")

        assert ran.code == 2
        assert "is known for rule set legacy, isolated or cross, no leverage given" in ran.err
        assert (
            "    rules legacy, isolated, 125x, since 2020-10-26: "
            "--rules legacy --mode isolated --leverage 125\n"
        ) in ran.err
        assert "None" not in ran.err

    @pytest.mark.parametrize(
        "symbol", ["kucoin XBTUSDTM", "htx BTC-USDT", "bitget BTCUSDT", "mexc BTC_USDT"]
    )
    def test_the_options_of_every_known_table_show_it(self, run, symbol):
        for known in run(f"tiers {symbol} --json").json["history"]:
            shown = run(f"tiers {symbol} {known['options']} --json").json

            assert {key: shown[key] for key in known if key != "options"} == {
                key: value for key, value in known.items() if key != "options"
            }

    def test_the_other_tables_say_what_they_are_for(self, run):
        out = run("tiers kucoin XBTUSDTM").out

        assert "also known  cross, since 2025-11-04, a formula: rates grow" in out
        assert ", kucoin-2025: --mode cross\n" in out
        assert "also known  rules uta, since 2025-11-04, 2 rows" in out


class TestFormulas:
    """Rates that follow from a size instead of rows."""

    def test_a_slope_is_shown_with_its_numbers(self, run):
        out = run("tiers deribit BTC-PERPETUAL").out

        assert "\nmmr = 0.01 + 0.00005 x size in BTC\nimr = 0.02 + 0.00005 x size" in out
        assert "rates at a size: --qty in BTC, or --notional" in out
        assert "deduction" not in out

    @pytest.mark.parametrize("size", ["--qty 2", "--notional 2", "--qty 2 --notional 2"])
    def test_an_inverse_size_in_coins_is_its_value(self, run, size):
        out = run(f"tiers deribit BTC-PERPETUAL {size}").out

        assert "2 BTC: maintenance rate 1.01%, initial rate 2.01%" in out
        assert "maintenance margin 0.0202 BTC, maximum leverage by imr 49.75\n" in out

    def test_the_leverage_of_the_contract_is_the_most(self, run, tmp_path):
        shutil.copytree(built_in() / "deribit", tmp_path / "deribit")
        contract = tmp_path / "deribit" / "contracts" / "BTC-PERPETUAL.yaml"
        text = contract.read_text()
        contract.write_text(text.replace("max_leverage: 50", "max_leverage: 25"))

        ran = run(f"tiers deribit BTC-PERPETUAL --qty 2 --json --exchanges {tmp_path}")

        assert ran.json["held"]["max_leverage"] == "25"

    def test_a_continuous_rate_is_shown_with_its_numbers(self, run):
        out = run("tiers kucoin XBTUSDTM --mode cross").out

        assert "\nmmr = min((1 + n/300) / (2 x 125), 0.3), n = size in BTC\n" in out
        assert "\nimr = max(1/leverage, 1.3 x mmr)\n" in out
        assert "largest n = 490 x ln(free margin x leverage / (490 x price) + 1)" in out

    @pytest.mark.parametrize("size", ["--qty 30", "--contracts 30000"])
    def test_a_linear_size_in_coins_gives_rates_and_with_a_value_the_margin(self, run, size):
        line = f"tiers kucoin XBTUSDTM --mode cross {size}"
        rates = "30 BTC: maintenance rate 0.44%, initial rate"

        assert f"{rates} 0.572%, maximum" in run(line).out
        out = run(f"{line} --notional 1800000 --leverage 20").out
        assert f"{rates} 5%, maintenance margin 7920 USDT" in out

    def test_json_has_the_formula_and_its_numbers(self, run):
        answer = run("tiers kucoin XBTUSDTM --mode cross --qty 30 --json").json

        assert answer["schema_version"] == 1
        assert answer["form"] == "continuous"
        assert answer["margin_mode"] == "cross"
        assert answer["continuous"]["mmr_lev_constant"] == "125"
        assert answer["formula"][1] == "imr = max(1/leverage, 1.3 x mmr)"
        assert answer["tiers"] == []
        assert answer["held"]["mmr"] == "0.0044"
        assert answer["held"]["tier"] is None

    def test_a_table_that_has_ended_is_shown_with_a_warning(self, run):
        said = "the rates of BTC-PERPETUAL that are known ended on 2026-08-04, see the note"

        assert said in run("tiers deribit BTC-PERPETUAL").out
        assert said in run("tiers deribit BTC-PERPETUAL --as-of 2026-08-05").out
        assert said not in run("tiers deribit BTC-PERPETUAL --as-of 2026-08-04").out

    def test_open_interest_caps_are_shown(self, run):
        out = run("tiers dydx LINK-USD").out

        assert "open interest  raises the initial rate from imr to 100% as it grows" in out
        assert "from 20000000 to 50000000 USD" in out
        assert "the caps are 0" in run("tiers dydx BTC-USD").out

    def test_json_has_the_open_interest_caps(self, run):
        answer = run("tiers dydx LINK-USD --json").json

        assert answer["open_interest"] == {"lower_cap": "20000000", "upper_cap": "50000000"}


class TestEqualSteps:
    """Long tables of rows that follow from steps."""

    def test_leverage_is_cut_at_two_decimals(self, run):
        rows = run("tiers bitmex XBTUSD --json").json["tiers"]

        assert [row["max_leverage"] for row in rows[:3]] == ["100", "66.66", "50"]
        assert len(rows) == 199

    @pytest.mark.parametrize(
        ("size", "first", "last", "said"),
        [
            ("", "1", "25", "and 174 after these rows; --json has all 199"),
            ("--notional 100", "1", "25", "and 174 after these rows"),
            ("--notional 9000", "48", "72", "and 47 before and 127 after these rows"),
            ("--notional 29900", "175", "199", "and 174 before these rows"),
        ],
    )
    def test_the_rows_around_the_held_one_are_shown(self, run, size, first, last, said):
        out = run(f"tiers bitmex XBTUSD {size}").out
        rows = out.split("leverage\n")[1].partition("  and ")[0].splitlines()

        assert len(rows) == 25
        assert first in rows[0].split()[:2]
        assert last in rows[-1].split()[:2]
        assert said in out

    def test_json_has_the_steps(self, run):
        answer = run("tiers bitmex XBTUSD --json").json

        assert answer["form"] == "steps"
        assert answer["until"] == "2026-09-23"
        assert answer["steps"]["step"] == "150"


class TestExchanges:
    """What is covered, how well, since when."""

    def test_every_exchange_has_a_line_a_margin_mode(self, run):
        out = run("exchanges").out.partition("not modelled")[0]

        for name in ("binance", "bybit", "hyperliquid", "okx"):
            lines = out.partition(f"\n{name} ")[2].splitlines()
            assert lines[0].split()[0] == "isolated"
            assert "cross" in [line.split()[0] for line in lines[1:5] if line]

    def test_a_product_stands_apart_where_it_is_known_less_well(self, run):
        lines = run("exchanges").out.partition("\nokx ")[2].splitlines()

        assert lines[0].split()[:2] == ["isolated", "reproduced"]
        assert lines[1].split() == ["inverse", "documented"]

    def test_what_is_not_modelled_is_told_in_brief(self, run):
        out = run("exchanges").out.partition("not modelled")[2]

        assert "\nokx " in out
        assert "portfolio margin; discount tiers of collateral" in out

    def test_json_counts_what_was_recorded_by_margin_mode(self, run):
        entries = {entry["id"]: entry for entry in run("exchanges --json").json["exchanges"]}
        okx = entries["okx"]

        assert [mode["margin_mode"] for mode in okx["modes"]] == ["isolated", "cross"]
        assert all(mode["recorded"] >= 2 for mode in okx["modes"])
        assert {item["mode"] for item in okx["modes"][0]["evidence"]} == {"isolated"}
        assert len(okx["not_modelled"]) == 3
        assert okx["closed"] is None

    def test_a_closed_exchange_is_marked(self, run, tmp_path):
        folder = tmp_path / "cove"
        shutil.copytree(built_in() / "okx", folder)
        text = (folder / "exchange.yaml").read_text()
        text = text.replace("id: okx", "id: cove").replace(
            "name: OKX", "name: Cove\nclosed: 2026-10-01"
        )
        (folder / "exchange.yaml").write_text(text)

        out = run(f"exchanges --exchanges {tmp_path}").out

        assert "closed" in out.partition("\ncove")[2].splitlines()[1]

    @pytest.mark.parametrize("columns", [100, 80])
    def test_the_table_fits(self, run, monkeypatch, columns):
        monkeypatch.setattr(screen, "width", lambda: columns)

        assert max(map(len, run("exchanges").out.splitlines())) <= columns

    @pytest.mark.parametrize(
        ("case", "mode"),
        [
            ("", "isolated"),
            ("account: {margin_mode: cross}", "cross"),
            ("account: {margin_mode: cross}, positions: [{margin_mode: isolated}]", "isolated"),
            ("positions: [{symbol: X}], account: {margin_mode: cross}", "cross"),
            ("confidence: low", None),
            ("expected_failure: not known why", None),
            ("source: {kind: official-doc}", None),
        ],
    )
    def test_only_recorded_figures_that_are_reproduced_count(self, tmp_path, case, mode):
        given = {"source": "{kind: api-response}", "confidence": "high"}
        lines = [f"{key}: {value}" for key, value in given.items() if f"{key}:" not in case]
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "a.yaml").write_text(
            "- {" + ", ".join([*lines, case]).strip(", ") + "}\n"
        )
        exchange = LoadedExchange("harbor", [Layer(tmp_path, trusted=False)])

        assert count_cases(exchange).recorded == ({mode: 1} if mode else {})

    def test_json_has_counts_and_dates(self, run):
        entries = {entry["id"]: entry for entry in run("exchanges --json").json["exchanges"]}

        assert entries["okx"]["symbols"] >= 13
        assert entries["okx"]["cases"]["api-response"] >= 5
        assert entries["binance"]["tiers_seen"] >= "2026-09-01"

    def test_one_exchange_tells_everything(self, run):
        out = run("exchanges bybit").out

        for part in ("rules", "fees", "funding", "liquidation", "parameters", "not modelled"):
            assert f"\n{part}" in out
        assert "entry_based  since 2019-01-01" in out
        assert "price_rounding" in out
        assert "BTCUSDT" in out

    def test_one_exchange_as_json(self, run):
        answer = run("exchanges bybit --json").json

        assert answer["id"] == "bybit"
        assert {rule["name"] for rule in answer["rules"]} == {"entry_based", "mark_based"}
        assert "choices" not in answer["rules"][0]

    def test_a_typo_is_answered_with_the_nearest_name(self, run):
        ran = run("exchanges bybt")

        assert ran.code == 2
        assert "did you mean bybit?" in ran.err

    def test_an_exchange_of_ones_own_is_listed(self, run, tmp_path):
        folder = tmp_path / "harbor"
        folder.mkdir()
        (folder / "exchange.yaml").write_text("nonsense: true\n")

        ran = run(f"exchanges --exchanges {tmp_path}")

        assert ran.code == 2
        assert "harbor" in ran.err
