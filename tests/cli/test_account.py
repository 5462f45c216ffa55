# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import json

import pytest

POSITION = {"symbol": "BTCUSDT", "side": "long", "qty": "0.5", "entry_price": "60000"}
SHEET = {
    "exchange": "binance",
    "as_of": "2026-07-19",
    "positions": [{**POSITION, "leverage": "20"}],
}
YAML = """\
exchange: binance
as_of: 2026-07-19
account: {margin_mode: cross, wallet_balance: 5000}
positions:
  - {symbol: BTCUSDT, side: long, qty: 0.5, entry_price: 60000, leverage: 20}
  - {symbol: ETHUSDT, side: short, qty: 3, entry_price: 2500, leverage: 10}
"""


class TestForms:
    """YAML, JSON, JSON lines, lists; from a file or standard input."""

    def test_the_second_example_of_the_help_works(self, run):
        text = """{exchange: okx, positions: [{symbol: BTC-USDT-SWAP, side: short,
            contracts: 100, entry_price: 60000, leverage: 10}]}"""

        ran = run("account -", stdin=text)

        assert ran.code == 0
        assert "BTC-USDT-SWAP short" in ran.out

    def test_a_file_and_standard_input_give_the_same(self, run, tmp_path):
        path = tmp_path / "sheet.yaml"
        path.write_text(YAML)

        assert run(f"account {path} --json").out == run("account - --json", stdin=YAML).out

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(SHEET) + "\n" + json.dumps(SHEET),
            json.dumps([SHEET, SHEET], indent=2),
            json.dumps(SHEET, indent=1) + "\n\n" + json.dumps(SHEET, indent=1) + "\n",
            "---\n".join([json.dumps(SHEET) + "\n"] * 2),
        ],
    )
    def test_several_sheets_give_one_line_each_in_order(self, run, text):
        ran = run("account - --json", stdin=text)

        assert ran.code == 0
        lines = [json.loads(line) for line in ran.out.splitlines()]
        prices = [line["positions"][0]["liquidation_price"] for line in lines]
        assert prices == ["57259.03614458"] * 2

    def test_numbers_of_json_do_not_pass_through_binary_floats(self, run):
        text = json.dumps(SHEET).replace('"0.5"', "0.50000000000000000001")

        assert run("account - --json", stdin=text).json["positions"][0]["qty"] == (
            "0.50000000000000000001"
        )

    def test_a_golden_case_is_a_sheet(self, run):
        case = {**SHEET, "id": "x", "expected": {}, "confidence": "high", "source": {}}

        assert run("account -", stdin=json.dumps(case)).code == 0

    def test_a_list_of_yaml_sheets_is_several(self, run):
        text = "- exchange: binance\n  positions:\n    - {symbol: BTCUSDT, side: long, qty: 1, "
        text += "entry_price: 60000, leverage: 5}\n"

        assert run("account - --json", stdin=text * 2).out.count("\n") == 2

    def test_a_byte_order_mark_is_no_fault(self, run):
        assert run("account -", stdin=b"\xef\xbb\xbf" + YAML.encode()).code == 0


class TestAnswer:
    """Positions in order, the account, the joint move."""

    def test_json_has_the_promised_keys(self, run):
        answer = run("account - --json", stdin=YAML).json

        assert answer["schema_version"] == 1
        assert [p["symbol"] for p in answer["positions"]] == ["BTCUSDT", "ETHUSDT"]
        assert {"account", "joint", "warnings", "provenance"} <= set(answer)
        assert answer["account"]["equity"] == "5000"

    def test_the_table_shows_positions_account_and_joint_move(self, run):
        out = run("account -", stdin=YAML).out

        assert "position" in out.splitlines()[2]
        assert "wallet balance" in out
        assert "joint move" in out
        assert "of all prices together liquidates the account" in out

    def test_the_trace_of_every_position_is_shown(self, run):
        out = run("account - --trace", stdin=YAML).out

        assert out.count("derivation  p is the price that moves") == 2

    def test_as_of_overrides_the_sheets_day(self, run):
        answer = run("account - --json --as-of 2025-07-19", stdin=YAML).json

        assert answer["as_of"] == "2025-07-19"

    def test_fail_below_names_each_position(self, run):
        ran = run("account - --json --fail-below 90%", stdin=YAML)

        assert ran.code == 1
        assert ran.err.count("fail-below: ") == 2


class TestFaults:
    """All faults of all sheets with their lines; nothing on stdout."""

    def test_every_fault_has_file_and_line(self, run, tmp_path):
        path = tmp_path / "sheet.yaml"
        path.write_text(YAML.replace("qty: 3", "quantity: 3").replace("side: long", "side: log"))

        ran = run(f"account {path}")

        assert ran.code == 2
        assert ran.out == ""
        assert f"error: {path}:5: positions[0].side" in ran.err
        assert f"error: {path}:6: positions[1].quantity is not a known key" in ran.err

    def test_one_bad_sheet_of_several_stops_all(self, run):
        ran = run("account - --json", stdin=YAML + "---\n" + YAML.replace("qty: 3", "qty: -3"))

        assert ran.code == 2
        assert ran.out == ""
        assert "standard input:13: positions[1].qty is -3" in ran.err

    def test_json_lines_have_lines_too(self, run):
        text = json.dumps(SHEET) + "\n" + json.dumps(SHEET).replace('"0.5"', '"-0.5"')

        assert "standard input:2: positions[0].qty is -0.5" in run("account -", stdin=text).err

    def test_members_of_a_list_have_lines_too(self, run):
        text = json.dumps([SHEET, SHEET], indent=1).replace('"0.5"', '"-0.5"')
        lines = [i for i, line in enumerate(text.splitlines(), start=1) if "-0.5" in line]

        err = run("account -", stdin=text).err

        assert [f"standard input:{line}: positions[0].qty" in err for line in lines] == [True] * 2

    def test_unknown_symbols_name_their_sheet(self, run):
        text = json.dumps(SHEET) + "\n" + json.dumps(SHEET).replace("BTCUSDT", "BTCUSDX")

        ran = run("account -", stdin=text)

        assert ran.code == 2
        assert "standard input, sheet 2: symbol: binance has no symbol 'BTCUSDX'" in ran.err

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("  \n\n", "is empty"),
            ("# nothing\n", "holds no sheet"),
            ("null", "holds no sheet"),
            ("42", "a sheet is a mapping"),
            ("just words", "a sheet is a mapping"),
            ("[]", "holds no sheet"),
            ("{}", "exchange is missing"),
            ("{", "LQ102"),
            ('{"exchange": "binance",}{', "LQ102"),
            ("a: [1\n", "LQ102"),
            ('{"a": 1, "a": 2}', "the key a is given twice"),
            ("a: 1\na: 2\n", "the key a is given twice"),
            ("a: &x 1\nb: *x\n", "anchors and aliases"),
            ('{"exchange": NaN}', "LQ10"),
            ("[" * 50_000, "LQ102"),
            ('{"a":' * 50_000, "LQ102"),
            (
                "exchange: binance\npositions: []\n",
                "is empty, and there is no account",
            ),
            ("exchange: nowhere\npositions: [{}]", "is missing"),
        ],
    )
    def test_text_that_is_no_sheet(self, run, text, said):
        ran = run("account -", stdin=text)

        assert ran.code == 2
        assert said in ran.err
        assert ran.err.startswith("error: standard input")
        assert ran.out == ""
        assert len(ran.err) < 1000

    @pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"PK\x03\x04\x00\x00", b"\x80abc"])
    def test_bytes_that_are_no_text(self, run, data):
        assert "is not text in UTF-8" in run("account -", stdin=data).err

    def test_a_huge_input_is_refused_with_the_limit(self, run, tmp_path):
        path = tmp_path / "huge.json"
        with path.open("wb") as file:
            file.truncate(50_000_000)

        ran = run(f"account {path}")

        assert ran.code == 2
        assert "is larger than 10 MB" in ran.err

    def test_a_missing_file_and_a_folder(self, run, tmp_path):
        assert "there is no such file" in run(f"account {tmp_path}/none.yaml").err
        assert "is a folder, not a file" in run(f"account {tmp_path}").err
