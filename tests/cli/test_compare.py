# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from decimal import Decimal

import pytest

import liqcalc
from liqcalc import InputError, Outcome
from liqcalc.render import screen
from liqcalc.rules.names import built_in

FOUR = ["binance", "bybit", "hyperliquid", "okx"]
LINE = "compare BTC long 0.5 --entry 60000 --leverage 20 --exchanges binance,bybit,hyperliquid,okx"
DAY = "2026-10-01"


def compared(symbol="BTC", side="long", qty="0.5", **changes):
    """Return a comparison of the four exchanges, on one day."""
    given = {"entry_price": "60000", "leverage": "20", "exchanges": FOUR, "as_of": DAY}
    return liqcalc.compare(symbol, side, qty, **given | changes)


def row_of(found, exchange, symbol):
    return next(row for row in found.rows if (row.exchange, row.symbol) == (exchange, symbol))


@pytest.fixture
def cove(tmp_path):
    """Return the folder of an exchange of one's own, with the rules of OKX."""
    folder = tmp_path / "mine" / "cove"
    shutil.copytree(built_in() / "okx", folder)
    change(folder, "id: okx", "id: cove")
    return folder


def change(folder, old, new, name="exchange.yaml"):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


class TestContracts:
    """What is typed picks the contracts: a coin all of its own, a pair only that pair."""

    def test_a_coin_finds_all_its_contracts(self):
        found = {(row.exchange, row.symbol) for row in compared().rows}

        assert found >= {
            ("binance", "BTCUSDT"),
            ("binance", "BTCUSDC"),
            ("binance", "BTCUSD_PERP"),
            ("bybit", "BTCPERP"),
            ("bybit", "BTCUSD"),
            ("hyperliquid", "BTC"),
            ("okx", "BTC-USD-SWAP"),
        }
        assert not [symbol for _, symbol in found if symbol in {"BTCUSD_QUARTER", "BTCUSDZ26"}]

    @pytest.mark.parametrize("given", ["BTCUSDT", "btc-usdt", "BTC/USDT", "BTC/USDT:USDT"])
    def test_a_pair_finds_only_its_own(self, given):
        found = compared(given)

        assert [row.settle for row in found.rows] == ["USDT"] * 3
        assert found.not_listed == ("hyperliquid",)

    def test_a_name_of_one_exchange_stands_for_what_it_trades(self):
        found = compared("BTCPERP")

        assert {(row.exchange, row.symbol) for row in found.rows} == {
            ("binance", "BTCUSDC"),
            ("bybit", "BTCPERP"),
            ("hyperliquid", "BTC"),
        }

    def test_a_dated_contract_is_asked_for_by_its_day(self):
        found = {(row.exchange, row.symbol) for row in compared("BTC/USD:BTC-261225").rows}

        assert found == {("binance", "BTCUSD_261225"), ("bybit", "BTCUSDZ26")}

    def test_what_no_exchange_has_is_one_error(self):
        with pytest.raises(InputError) as error:
            compared("ETHUSDT", exchanges=["hyperliquid"])

        assert error.value.code == "LQ112"
        assert error.value.hint == "hyperliquid has ETH as ETH (ETH/USDC:USDC)"


class TestFigures:
    """Each row is what the price of that contract is."""

    def test_linear_rows_equal_the_price(self):
        rows = [row for row in compared(side="short").rows if row.product == "linear"]

        assert len(rows) >= 6
        for row in rows:
            price = liqcalc.price(
                *(row.exchange, row.symbol, "short", "0.5"),
                entry_price=60000,
                leverage=20,
                as_of=DAY,
            )
            assert row.liquidation_price == price.liquidation_price
            assert row.distance_rate == price.distance_rate
            assert row.maintenance_value == row.maintenance_margin == price.maintenance_margin
            assert row.fee_value == row.fee_to_close == price.fee_to_close
            assert row.max_leverage == price.max_leverage
            assert row.evidence == price.provenance.evidence
            assert row.answer.trace

    def test_an_inverse_row_has_the_face_value_and_its_coins_in_quote(self):
        row = row_of(compared(mark_price="64000"), "binance", "BTCUSD_PERP")

        assert row.qty == 30000
        assert row.maintenance_margin == Decimal("0.001875")
        assert row.maintenance_value == 120
        assert row.fee_value == 15

    def test_a_notional_is_the_value_at_entry(self):
        found = compared(qty=None, notional="30000")

        assert row_of(found, "binance", "BTCUSDT").qty == Decimal("0.5")
        assert row_of(found, "okx", "BTC-USD-SWAP").qty == 30000
        assert (found.qty, found.notional) == (None, 30000)

    def test_intervals_are_those_of_the_exchange(self):
        found = compared("BTC/USDC:USDC")

        assert row_of(found, "hyperliquid", "BTC").funding_interval_hours == 1
        assert row_of(found, "binance", "BTCUSDC").funding_interval_hours == 8
        assert (
            row_of(compared("BTC/USD:BTC-261225"), "bybit", "BTCUSDZ26").funding_interval_hours
            is None
        )

    def test_ones_own_fee_holds_everywhere(self):
        found = compared("BTCUSDT", taker="0.001")

        assert row_of(found, "binance", "BTCUSDT").fee_value == 30
        assert row_of(found, "okx", "BTC-USDT-SWAP").fee_value == 30

    def test_a_fee_inside_the_maintenance_margin_is_said(self):
        notes = row_of(compared(), "bybit", "BTCUSDT").notes

        assert [note.message for note in notes] == ["its maintenance margin holds the fee to close"]

    def test_answers_cannot_be_changed(self):
        found = compared()

        with pytest.raises(dataclasses.FrozenInstanceError):
            found.rows = ()
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.rows[0].outcome = Outcome.CLOSED


class TestOrder:
    """The farthest from liquidation is first, what has no price is last."""

    def test_distances_fall(self):
        distances = [row.distance_rate for row in compared().rows if row.distance_rate is not None]

        assert len(distances) >= 9
        assert distances == sorted(distances, reverse=True)

    def test_what_cannot_be_liquidated_is_first(self):
        rows = compared(leverage="1").rows

        assert rows[0].outcome is Outcome.CANNOT_BE_LIQUIDATED
        assert rows[0].reason == "no positive price liquidates this position"
        assert rows[-1].liquidation_price is not None

    def test_what_has_no_price_is_last(self):
        rows = compared(leverage="101").rows
        answered = [row.liquidation_price is not None for row in rows]

        assert answered == sorted(answered, reverse=True)
        assert not all(answered)


class TestSizes:
    """The quantity is cut down to the lot, and what is too small or large is refused."""

    def test_the_lot_is_told(self):
        found = compared(qty="0.5123456")
        row = row_of(found, "okx", "BTC-USDT-SWAP")

        assert row.qty == Decimal("0.5123")
        assert row.notes == (
            liqcalc.Note("LQ409", "0.5123 BTC, rounded down to the lot of 0.0001"),
        )
        inverse = row_of(found, "okx", "BTC-USD-SWAP")
        assert inverse.qty == 30740
        assert inverse.notes[0].message == "30740 USD face value, rounded down to the lot of 10"

    def test_whole_lots_are_not_remarked(self):
        assert row_of(compared(qty="0.512"), "binance", "BTCUSDT").notes == ()

    @pytest.mark.parametrize(("qty", "outcome"), [("0.00099", "refused"), ("0.001", None)])
    def test_less_than_a_lot_is_refused(self, qty, outcome):
        row = row_of(compared(qty=qty), "binance", "BTCUSDT")

        assert row.outcome == (outcome or "liquidatable_at_price")
        assert row.reason == ("less than the smallest size, 0.001 BTC" if outcome else "")

    @pytest.mark.parametrize(("leverage", "refused"), [("39", False), ("40", False), ("41", True)])
    def test_leverage_above_the_maximum_is_refused(self, leverage, refused):
        row = row_of(compared(leverage=leverage), "hyperliquid", "BTC")

        assert (row.outcome is Outcome.REFUSED) is refused
        assert (row.liquidation_price is None) is refused
        assert row.max_leverage == 40
        assert row.reason == ("leverage 41 is above the maximum of 40" if refused else "")

    def test_a_size_above_the_last_cap_is_refused(self):
        row = row_of(compared(qty="5000", leverage="1"), "bybit", "BTCPERP")

        assert row.reason == "the size is above the last cap of the tiers"

    def test_a_quanto_contract_is_not_compared(self, cove):
        name = "contracts/BTC-USDT-SWAP.yaml"
        change(cove, "product: linear", "product: quanto", name)

        row = row_of(compared("BTCUSDT", exchanges=[cove.parent]), "cove", "BTC-USDT-SWAP")

        assert row.outcome is Outcome.NOT_COMPARABLE
        assert row.reason == "a quanto contract has no fixed number of coins"


class TestModes:
    """Isolated where there is, else the other mode, and that is said."""

    def test_cash_in_quote_becomes_coins_at_the_mark(self):
        found = compared(margin_mode="cross", wallet_balance="6400", mark_price="64000")
        price = liqcalc.price(
            *("okx", "BTC-USD-SWAP", "long", "30000"),
            entry_price=60000,
            mark_price=64000,
            leverage=20,
            margin_mode="cross",
            wallet_balance="0.1",
            as_of=DAY,
        )

        row = row_of(found, "okx", "BTC-USD-SWAP")
        assert (row.liquidation_price, row.margin_mode) == (price.liquidation_price, "cross")

    def test_without_isolated_margin_cross_has_the_margin_of_the_leverage(self, cove):
        change(cove, "margin_modes: [isolated, cross]", "margin_modes: [cross]")
        price = liqcalc.price(
            *("okx", "BTC-USDT-SWAP", "long", "0.5"),
            entry_price=60000,
            leverage=20,
            margin_mode="cross",
            wallet_balance=1500,
            as_of=DAY,
        )

        row = row_of(compared("BTCUSDT", exchanges=[cove.parent]), "cove", "BTC-USDT-SWAP")

        assert (row.liquidation_price, row.margin_mode) == (price.liquidation_price, "cross")
        assert [note.message for note in row.notes] == [
            "cross margin, since there is no isolated one; entry value / leverage as its only cash"
        ]

    def test_without_cross_margin_isolated_is_taken(self, cove):
        change(cove, "margin_modes: [isolated, cross]", "margin_modes: [isolated]")

        found = compared(
            "BTCUSDT", exchanges=[cove.parent], margin_mode="cross", wallet_balance=1000
        )

        row = row_of(found, "cove", "BTC-USDT-SWAP")
        assert row.margin_mode == "isolated"
        assert row.notes[0].message == "isolated margin, since there is no cross one"

    def test_cross_without_cash_is_not_determined(self):
        row = row_of(compared(margin_mode="cross"), "binance", "BTCUSDT")

        assert row.outcome is Outcome.INDETERMINATE
        assert "wallet_balance" in row.reason


class TestFailures:
    """What one exchange lacks is a row with the reason; the others are answered."""

    def test_a_day_without_tiers_says_so(self):
        row = row_of(compared(as_of="2024-01-01"), "okx", "BTC-USDT-SWAP")

        assert row.outcome is Outcome.INDETERMINATE
        assert row.reason == "no tier table of BTC-USDT-SWAP is known on 2024-01-01"

    @pytest.mark.parametrize(
        ("day", "outcome"),
        [
            ("2026-09-30", Outcome.LIQUIDATABLE_AT_PRICE),
            ("2026-10-01", Outcome.CLOSED),
            ("2026-10-02", Outcome.CLOSED),
            (None, Outcome.CLOSED),
        ],
    )
    def test_a_closed_exchange_is_asked_only_of_days_before(self, cove, day, outcome):
        change(cove, "name: OKX", "name: Cove\nclosed: 2026-10-01")

        row = row_of(
            compared("BTCUSDT", exchanges=[cove.parent], as_of=day), "cove", "BTC-USDT-SWAP"
        )

        assert row.outcome is outcome
        if outcome is Outcome.CLOSED:
            assert row.reason == "closed on 2026-10-01; ask as of an earlier day"

    @pytest.mark.parametrize("name", ["exchange.yaml", "contracts/BTC-USDT-SWAP.yaml"])
    def test_a_broken_file_is_a_row(self, cove, name):
        (cove / name).write_text("base: BTC\nnonsense: true\n")

        rows = compared("BTCUSDT", exchanges=[cove.parent]).rows
        failed = [row for row in rows if row.outcome is Outcome.FAILED]

        assert [row.exchange for row in failed] == ["cove"]
        assert failed[0].code == "LQ202"
        assert name in failed[0].reason
        assert len(rows) > 3

    @pytest.mark.parametrize(
        ("changes", "code", "where"),
        [
            ({"qty": "-1"}, "LQ105", "price"),
            ({"qty": 0.5}, "LQ104", "qty"),
            ({"qty": None}, "LQ105", "qty"),
            ({"notional": 1}, "LQ105", "qty"),
            ({"qty": None, "notional": 0}, "LQ105", "notional"),
            ({"entry_price": "6e4x"}, "LQ104", "entry_price"),
            ({"leverage": 0}, "LQ105", "price"),
            ({"side": "lang"}, "LQ114", "side"),
            ({"margin_mode": "both"}, "LQ114", "margin_mode"),
            ({"as_of": "2026"}, "LQ105", "price"),
            ({"taker": 2}, "LQ105", "price"),
            ({"exchanges": ["binanse"]}, "LQ111", "exchanges"),
            ({"exchanges": ["no/such"]}, "LQ110", "no/such"),
            ({"symbol": "NOSUCHCOIN"}, "LQ112", "symbol"),
            ({"symbol": ""}, "LQ112", "symbol"),
        ],
    )
    def test_what_no_exchange_could_use_is_an_error(self, changes, code, where):
        with pytest.raises(InputError) as error:
            compared(**changes)

        assert (error.value.code, error.value.faults[0].where) == (code, where)


class TestExchanges:
    """--exchanges takes names and folders."""

    def test_names_pick(self):
        rows = compared(exchanges=["okx", "BYBIT"]).rows

        assert {row.exchange for row in rows} == {"bybit", "okx"}

    def test_a_folder_adds_its_exchanges(self, cove):
        rows = compared("BTCUSDT", exchanges=[str(cove.parent)]).rows

        assert {row.exchange for row in rows} >= {"cove", "okx", "binance"}

    def test_a_folder_and_names_go_together(self, run, cove):
        line = "compare BTCUSDT long 1 -e 60000 -l 20 --json --exchanges"

        once = run(line, f"{cove.parent},cove,okx").json
        twice = run(line, str(cove.parent), "--exchanges", "cove,okx").json

        assert [row["exchange"] for row in once["rows"]] == ["cove", "okx"]
        assert once == twice

    def test_a_name_is_a_name_even_beside_a_folder_called_so(self, cove, monkeypatch):
        (cove.parent / "okx").mkdir()
        monkeypatch.chdir(cove.parent)

        assert {row.exchange for row in compared(exchanges=["okx"]).rows} == {"okx"}


class TestCommand:
    """The table, JSON, exit codes."""

    def test_the_table_has_a_line_a_contract(self, run):
        ran = run(f"{LINE} --as-of {DAY}")

        assert ran.code == 0
        assert "BTC  long 0.5, entry 60000, isolated 20x, as of 2026-10-01" in ran.out
        binance = next(
            line for line in ran.out.splitlines() if "BTCUSDT " in line and "binance" in line
        )
        assert binance.split() == [
            *("binance", "BTCUSDT", "57259.036", "4.57%", "120.00", "15.00", "150x", "8", "h"),
            "reproduced",
        ]
        assert "inverse contracts: face value" in ran.out
        assert "old tier table: " in ran.out

    def test_what_has_no_price_stands_below_with_the_reason(self, run):
        out = run(LINE.replace("20", "101"), "--as-of", DAY).out

        assert "hyperliquid  BTC            refused  leverage 101 is above the maximum of 40" in out

    @pytest.mark.parametrize("columns", [100, 80])
    def test_the_table_fits(self, run, monkeypatch, columns):
        monkeypatch.setattr(screen, "width", lambda: columns)

        for line in (LINE, LINE.replace("0.5", "5000").replace("20", "2")):
            assert max(len(text) for text in run(line).out.splitlines()) <= columns

    def test_json_is_the_library_s_answer(self, run):
        printed = run(f"{LINE} --json --as-of {DAY}").json

        assert printed == json.loads(json.dumps(compared().to_dict()))
        assert printed["schema_version"] == 1
        row = next(row for row in printed["rows"] if row["symbol"] == "BTCUSDC")
        assert row["liquidation_price"] == "57259.03614458"
        assert row["maintenance_value"] == "120"
        assert row["outcome"] == "liquidatable_at_price"

    def test_options_are_those_of_price(self, run):
        line = "compare BTCUSDT short --notional 6400 -e 60000 -l 10 --mark 61000 --taker 0.0004"

        answer = run(f"{line} --mode cross --wallet 1000 --as-of {DAY} --json").json

        assert (answer["notional"], answer["mark_price"]) == ("6400", "61000")
        assert (answer["margin_mode"], answer["wallet_balance"]) == ("cross", "1000")

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("compare BTC long 1 -e 60,000 -l 10", "--entry: is '60,000', not a number"),
            ("compare BTC long 1 -e 1 -l 0", "--leverage: is 0, it must be above 0"),
            ("compare BTC long 1 -e 1 -l 9 --mark -1", "--mark: is -1, it must be above 0"),
            ("compare BTC long -e 1 -l 9", "give exactly one of qty and notional"),
            ("compare BTC long 1 -e 1 -l 9 --exchanges binanse", "did you mean binance?"),
            ("compare BTC long 1 -e 1", "missing option '--leverage'"),
            ("compare BTC long 1 -e 1 -l 9 --as-of 1x", "--as-of: is '1x', not a date"),
        ],
    )
    def test_bad_input_is_named_as_it_was_typed(self, run, line, said):
        ran = run(line)

        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""

    def test_one_failure_of_many_is_no_failure_of_the_command(self, run, cove):
        (cove / "exchange.yaml").write_text("nonsense: true\n")

        some = run("compare BTCUSDT long 1 -e 60000 -l 20 --exchanges", str(cove.parent))
        all_of_them = run(
            "compare BTCUSDT long 1 -e 60000 -l 20 --exchanges", f"{cove.parent},cove"
        )

        assert some.code == 0
        assert "cove" in some.out
        assert "binance" in some.out
        assert all_of_them.code == 2
        assert "LQ202" in all_of_them.out

    def test_json_does_not_load_rich(self):
        script = "import sys; from liqcalc.cli.main import main; code = main(sys.argv[1:]); "
        script += "print(code, 'rich' in sys.modules, file=sys.stderr)"
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", script, *LINE.split(), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert ran.stderr.split() == ["0", "False"]
