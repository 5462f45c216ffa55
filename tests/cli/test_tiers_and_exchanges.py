# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import pytest


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
            ("tiers binance BTCUSD", "did you mean BTCUSDC or BTCUSDT or BTCUSD_PERP"),
        ],
    )
    def test_bad_input_is_one_clear_error(self, run, line, said):
        ran = run(line)

        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""


class TestExchanges:
    """What is covered, how well, since when."""

    def test_every_exchange_has_a_line_a_product_and_mode(self, run):
        out = run("exchanges").out

        for name in ("binance", "bybit", "hyperliquid", "okx"):
            assert f"\n{name}" in out
        assert "reproduced" in out

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
