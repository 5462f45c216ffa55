"""Files of positions: the same numbers as the table, whole accounts, whole files."""
# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

from __future__ import annotations

import csv
import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from liqcalc import batch  # noqa: E402
from liqcalc.batch import job, json_lines, reading  # noqa: E402
from liqcalc.batch.columns import RESULTS  # noqa: E402
from liqcalc.batch.question import evaluate_columns  # noqa: E402
from liqcalc.errors import InputError  # noqa: E402

TODAY = "2026-11-22"
SUFFIXES = ("parquet", "csv", "csv.gz", "jsonl", "ndjson.gz")
COLUMNS: dict[str, list[Any]] = {
    "id": ["a,1", 'say "no"', "c\nd", "ü", "e", "f", "g", "h"],
    "exchange": ["binance", "bybit", "okx", "binance", "binance", "nowhere", "binance", "binance"],
    "symbol": ["BTCUSDT", "BTCUSDT", "BTC-USDT-SWAP", "ETHUSDT", "BTCUSDT", "X", *["ETHUSDT"] * 2],
    "side": ["long", "short", "long", "short", "long", "long", "long", "short"],
    "qty": [0.5, 0.2, 0.3, 5.0, 0.5, 1.0, 3.0, 2.5],
    "entry_price": [60000.0, 61000.0, 60500.1, 3000.0, 60000.0, 1.0, 2950.55, 2900.0],
    "mark_price": [None, 60100.5, None, 2900.0, 61000.0, None, 3000.0, 3000.0],
    "leverage": [20.0, 10.0, 12.5, 20.0, 20.0, 5.0, 20.0, 20.0],
    "account_id": [None, None, None, "m", "m", None, "z", "z"],
    "margin_mode": [None, None, "isolated", "cross", "cross", None, "cross", "cross"],
    "wallet_balance": [None, None, None, 5000.0, 5000.0, None, 900.5, 900.5],
}


@pytest.fixture(params=["whole", "parts of two rows"])
def chunks(request, monkeypatch):
    """Read files whole, or two rows at a time, which splits the accounts."""
    if request.param != "whole":
        small_chunks(monkeypatch)


def small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    monkeypatch.setattr(reading, "BLOCK", 150)
    monkeypatch.setattr(json_lines, "LINES", 2)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes columns as a file, with nothing of ours."""

    def call(suffix, columns=COLUMNS):
        path = tmp_path / f"in.{suffix}"
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        opened = gzip.open if suffix.endswith("gz") else open
        if suffix == "parquet":
            pq.write_table(pa.table(columns), path, row_group_size=3)
        elif suffix.startswith("csv"):
            with opened(path, "wt", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)
        else:
            with opened(path, "wt", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(row)}\n" for row in rows)
        return path

    return call


def read(path):
    """Return the rows of a file, with nothing of ours: numbers as Decimal, None for nothing."""
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    else:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file)) if ".csv" in path.name else parsed(file)
    return [{name: meant(name, cell) for name, cell in row.items()} for row in rows]


def parsed(lines):
    return [json.loads(line, parse_float=str, parse_int=str) for line in lines]


def meant(name, cell):
    if cell is None or cell == "":
        return None
    return cell if name in TEXTS or cell == "x" else Decimal(str(cell))


TEXTS = {"id", "exchange", "symbol", "side", "account_id", "margin_mode", "note"}
TEXTS |= {"status", "rule_set", "reason", "warnings"}


def expected(columns=COLUMNS):
    """Return what the table comes to as a whole."""
    rows = batch.evaluate(pa.table(columns), today=TODAY).to_pylist()
    return [{name: meant(name, cell) for name, cell in row.items()} for row in rows]


class TestRoundTrip:
    """A file has the numbers of the table that it holds, whatever its kind and its parts."""

    @pytest.mark.usefixtures("chunks")
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_each_kind_is_read(self, write, tmp_path, suffix):
        target = tmp_path / "out.parquet"
        summary = batch.evaluate_file(write(suffix), target, today=TODAY)

        assert read(target) == expected()
        assert summary.rows == 8

    @pytest.mark.usefixtures("chunks")
    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize("source", ["parquet", "jsonl"])
    def test_each_kind_is_written(self, write, tmp_path, source, suffix):
        target = tmp_path / f"out.{suffix}"
        batch.evaluate_file(write(source), target, today=TODAY)

        assert read(target) == expected()

    def test_results_of_results_are_the_same(self, write, tmp_path):
        once, twice = tmp_path / "once.jsonl", tmp_path / "twice.jsonl"
        batch.evaluate_file(write("jsonl"), once, today=TODAY)
        batch.evaluate_file(once, twice, today=TODAY, columns=["status", "liquidation_price"])

        assert read(twice) == read(once)

    def test_columns_of_parquet_keep_their_types(self, write, tmp_path):
        target = tmp_path / "out.parquet"
        batch.evaluate_file(write("parquet"), target, today=TODAY, columns=["tier"])

        assert pq.read_schema(target) == pa.table(COLUMNS).schema.append(pa.field("tier", "int16"))

    def test_what_is_given_holds_for_every_row(self, write, tmp_path):
        columns = {n: c[:1] for n, c in COLUMNS.items() if n in {"symbol", "side", "qty"}}
        target = tmp_path / "out.csv"
        given = {"exchange": "binance", "entry_price": "60000", "leverage": "20"}
        batch.evaluate_file(write("csv", columns), target, given=given, today=TODAY)

        assert read(target)[0]["liquidation_price"] == Decimal("57259.03614458")


class TestDigits:
    """No digit of a number is lost on its way."""

    LONG = "0.12345678999999999999"

    @pytest.mark.parametrize("suffix", ["csv", "jsonl"])
    def test_long_numbers_are_written_as_they_were(self, tmp_path, suffix):
        source, target = tmp_path / f"in.{suffix}", tmp_path / "out.csv"
        numbers = {"qty": self.LONG, "entry_price": "1.00"}
        words = {"exchange": "binance", "symbol": "BTCUSDT", "side": "long"}
        if suffix == "csv":
            row = words | numbers
            source.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
        else:
            pairs = ", ".join(f'"{name}": {number}' for name, number in numbers.items())
            source.write_text(f"{json.dumps(words)[:-1]}, {pairs}}}\n")
        summary = batch.evaluate_file(source, target, today=TODAY, columns=["notional"])

        row = next(csv.DictReader(target.read_text().splitlines()))
        assert (row["qty"], row["entry_price"]) == (self.LONG, "1.00")
        assert row["notional"] == "0.12345678"  # cut off; the nearest float gives 0.12345679
        assert summary.shortened == 0

    def test_it_is_said_where_the_target_holds_fewer(self, write, tmp_path):
        columns = {name: column[:2] for name, column in COLUMNS.items()} | {"qty": ["1", self.LONG]}
        summary = batch.evaluate_file(write("csv", columns), tmp_path / "out.parquet", today=TODAY)

        assert summary.shortened == 1

    def test_json_keeps_cells_that_are_not_inputs(self, tmp_path):
        source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
        rest = '"id": 12345678901234567890, "x": {"y": [1.10, "\\u00fc\\n"], "z": null}, "ok": true'
        row = '"exchange": "binance", "symbol": "BTCUSDT", "side": "long", "entry_price": 1'
        source.write_text(f'{{{rest}, {row}, "qty": "1"}}\n')
        batch.evaluate_file(source, target, today=TODAY, columns=["tier"])

        text = target.read_text()
        assert '"id":12345678901234567890,' in text
        assert '"qty":"1"' in text
        assert "[1.10, " in text
        assert json.loads(text)["x"] == {"y": [1.1, "ü\n"], "z": None}
        assert json.loads(text)["ok"] is True


class TestAccounts:
    """The cross positions of an account are never in two parts."""

    def test_an_account_that_comes_again_is_refused(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        columns = {name: [*column, column[4]] for name, column in COLUMNS.items()}
        target = tmp_path / "out.csv"

        with pytest.raises(InputError, match="row 9: the positions of account m are not together"):
            batch.evaluate_file(write("parquet", columns), target, today=TODAY)
        assert not target.exists()

    def test_a_file_of_one_part_may_be_in_any_order(self, write, tmp_path):
        columns = {name: [*column, column[4]] for name, column in COLUMNS.items()}
        target = tmp_path / "out.parquet"
        batch.evaluate_file(write("parquet", columns), target, today=TODAY)

        assert read(target) == expected(columns)

    @pytest.mark.parametrize("names", ["c a b", "10 9 8", "9 10 11", "a b c"])
    def test_accounts_may_come_in_any_order(self, write, tmp_path, monkeypatch, names):
        small_chunks(monkeypatch)
        columns = {name: column[3:5] * 3 for name, column in COLUMNS.items()}
        columns["account_id"] = [name for name in names.split() for _ in range(2)]
        target = tmp_path / "out.parquet"
        batch.evaluate_file(write("parquet", columns), target, today=TODAY)

        assert read(target) == expected(columns)

    def test_a_given_account_holds_the_whole_file(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        rows = {name: column[3:5] + column[6:] for name, column in COLUMNS.items()}
        rows |= {"account_id": ["m"] * 4, "wallet_balance": [5000.0] * 4}
        given = {"account_id": "m", "margin_mode": "cross", "wallet_balance": "5000"}
        target = tmp_path / "out.parquet"
        rest = {name: column for name, column in rows.items() if name not in given}
        batch.evaluate_file(write("parquet", rest), target, given=given, today=TODAY)

        wanted = [{n: row[n] for n in row if n not in given} for row in expected(rows)]
        assert read(target) == wanted

    def test_a_reason_names_the_position_that_spoils_a_pool(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        columns = COLUMNS | {"side": [*COLUMNS["side"][:6], "up", "short"]}
        target = tmp_path / "out.csv"
        batch.evaluate_file(write("csv", columns), target, today=TODAY)

        assert read(target)[7]["reason"].endswith("cannot be read: ETHUSDT")


class TestWhole:
    """The file that is written appears whole or not at all."""

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left"), ValueError])
    @pytest.mark.parametrize("suffix", ["parquet", "csv.gz"])
    def test_nothing_is_left_of_a_file_that_ends_early(
        self, write, tmp_path, monkeypatch, error, suffix
    ):
        small_chunks(monkeypatch)
        source = write("parquet")
        target = tmp_path / f"out.{suffix}"
        target.write_text("before")
        evaluated = []

        def evaluate(columns, *rest):
            evaluated.append(columns.rows)
            if len(evaluated) > 2:
                raise error
            return ours(columns, *rest)

        ours = evaluate_columns
        monkeypatch.setattr(job, "evaluate_columns", evaluate)
        with pytest.raises((KeyboardInterrupt, InputError, ValueError)):
            batch.evaluate_file(source, target, today=TODAY, force=True)

        assert len(evaluated) == 3
        assert target.read_text() == "before"
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted([source.name, target.name])

    def test_a_line_that_is_broken_is_named_and_leaves_nothing(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        source = write("jsonl")
        source.write_text(source.read_text() + '{"exchange": "binance"')

        with pytest.raises(InputError, match=r"in.jsonl:9: is not a JSON object"):
            batch.evaluate_file(source, tmp_path / "out.csv", today=TODAY)
        assert [p.name for p in tmp_path.iterdir()] == [source.name]

    def test_an_error_of_the_writer_ends_the_work(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        columns = COLUMNS | {"id": [b"\xff"] * 8}

        with pytest.raises(InputError, match="has a column that csv cannot hold"):
            batch.evaluate_file(write("parquet", columns), tmp_path / "out.csv", today=TODAY)

    def test_a_file_is_replaced_only_if_asked(self, write):
        source = write("csv")

        with pytest.raises(InputError, match="there is such a file already"):
            batch.evaluate_file(source, source, today=TODAY)
        batch.evaluate_file(source, source, today=TODAY, force=True)
        assert [row["status"] for row in read(source)] == [row["status"] for row in expected()]


class TestCounts:
    """What a file came to."""

    @pytest.mark.usefixtures("chunks")
    def test_statuses_reasons_rule_sets_and_warnings(self, write, tmp_path):
        columns = COLUMNS | {"qty": ["x", "0.2", *["1"] * 4, "3", "2.5"]}
        summary = batch.evaluate_file(write("csv", columns), tmp_path / "o.jsonl", today=TODAY)
        rows = expected(columns)
        found = [row["warnings"].split() for row in rows if row["warnings"]]

        assert summary.statuses == {"liquidatable_at_price": 6, "invalid": 2}
        assert (summary.invalid, summary.rows) == (2, 8)
        assert [(r.rows, r.first_row) for r in summary.reasons] == [(1, 1), (1, 6)]
        assert summary.reasons[0].reason == "qty is 'x', not a number (LQ104)"
        assert sum(summary.rule_sets.values()) == 6
        assert sum(summary.warnings.values()) == sum(map(len, found)) > 0

    def test_progress_reaches_the_end(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        for suffix in ("parquet", "csv"):
            seen: list[batch.Progress] = []
            target = tmp_path / f"{suffix}.jsonl"
            batch.evaluate_file(write(suffix), target, today=TODAY, progress=seen.append)

            assert len(seen) > 2
            assert [now.rows for now in seen] == sorted(now.rows for now in seen)
            assert seen[-1] == (8, 1.0)


class TestErrors:
    """One clear line that names the file."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "is empty; the first line names the columns"),
            ("a,a\n1,2\n", "two columns are called 'a'"),
            ("exchange,symbol\nbinance,BTCUSDT\n", "in.csv: side: is missing"),
            ("a,b\n1,2\n3\n", "a line after row 0 has 1 cells where the head has 2: '3'"),
            (b"a,b\n1,\xff\n", "cannot be read after row 0"),
        ],
    )
    def test_of_csv(self, tmp_path, text, message):
        source = tmp_path / "in.csv"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())

        with pytest.raises(InputError) as caught:
            batch.evaluate_file(source, tmp_path / "out.csv")
        assert message in str(caught.value)

    def test_a_name_that_comes_late_needs_a_file_of_lines(self, write, tmp_path, monkeypatch):
        small_chunks(monkeypatch)
        source = write("jsonl")
        late = json.dumps({name: column[0] for name, column in COLUMNS.items()} | {"note": 1})
        source.write_text(source.read_text() + late + "\n")

        with pytest.raises(InputError, match="'note' is not among the names of the rows before"):
            batch.evaluate_file(source, tmp_path / "out.csv", today=TODAY)
        batch.evaluate_file(source, tmp_path / "out.jsonl", today=TODAY)
        assert read(tmp_path / "out.jsonl")[8]["note"] == "1"

    def test_an_empty_file_of_columns_stays_one(self, write, tmp_path):
        target = tmp_path / "out.parquet"
        columns = {name: column[:0] for name, column in COLUMNS.items()}
        summary = batch.evaluate_file(write("csv", columns), target)

        assert summary.rows == 0
        assert pq.read_table(target).column_names == [*COLUMNS, *RESULTS]
