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
            "tier": 3,
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

        assert "2500 contracts: tier 2, maintenance margin 7500, maximum leverage 66.66" in out

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
            ("tiers binance BTC", "write one of BTCUSDC (BTC/USDC:USDC), BTCUSDT"),
        ],
    )
    def test_bad_input_is_one_clear_error(self, run, line, said):
        ran = run(line)

        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""


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
