"""liqcalc batch: a file in, a file out, counts beside it."""
# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

from __future__ import annotations

import csv
import json

import pytest

pytest.importorskip("pyarrow")

from liqcalc.batch import job

POSITIONS = """\
exchange,symbol,side,qty,entry_price,leverage
binance,BTCUSDT,long,0.5,60000,20
binance,BTCUSDT,long,half,60000,20
binance,BTCUSDT,long,half,60000,20
binance,BTCUSDT,long,,60000,20
"""
AS_OF = "--set as_of=2026-10-01"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(POSITIONS)
    return path


class TestCounts:
    """What is said about a file that was written."""

    def test_as_text(self, run, source, tmp_path):
        target = tmp_path / "out.csv"
        ran = run(f"batch {source} {target} --today 2039-01-01")

        assert (ran.code, ran.err) == (0, "")
        assert f"4 rows written to {target}  " in ran.out
        assert "   3  invalid\n   1  liquidatable_at_price\n" in ran.out
        assert "   1  binance:standard@" in ran.out
        assert "   1  LQ301  A tier table is old\n" in ran.out
        assert "      2          2  qty is 'half', not a number (LQ104)\n" in ran.out
        assert target.read_text().count("\n") == 5

    def test_as_json(self, run, source, tmp_path):
        found = run(f"batch {source} {tmp_path}/out.csv {AS_OF} --json").json

        assert found.pop("seconds") > 0
        reasons = [(reason.pop("rows"), reason.pop("first_row")) for reason in found.pop("reasons")]
        assert reasons == [(2, 2), (1, 4)]
        assert found == {
            "schema_version": 1,
            "rows": 4,
            "statuses": {"invalid": 3, "liquidatable_at_price": 1},
            "warnings": {},
            "rule_sets": {"binance:standard@2026-01-05": 1},
            "redone": found["redone"],
            "shortened": 0,
        }

    def test_quiet_says_nothing(self, run, source, tmp_path):
        ran = run(f"batch {source} {tmp_path}/out.csv --quiet")

        assert (ran.code, ran.out, ran.err) == (0, "", "")

    def test_strict_exits_1_and_writes_all_the_same(self, run, source, tmp_path):
        target = tmp_path / "out.csv"

        assert run(f"batch {source} {target} --strict").code == 1
        assert target.exists()
        source.write_text("\n".join(POSITIONS.splitlines()[:2]))
        assert run(f"batch {source} {target} --strict --force").code == 0


class TestPipes:
    """Standard output holds the rows and nothing else."""

    def test_csv(self, run):
        ran = run(f"batch - - --format csv {AS_OF} --columns status,tier", stdin=POSITIONS)

        rows = list(csv.DictReader(ran.out.splitlines()))
        assert [(row["qty"], row["status"], row["tier"]) for row in rows[:2]] == [
            ("0.5", "liquidatable_at_price", "1"),
            ("half", "invalid", ""),
        ]
        assert "4 rows written to standard output" in ran.err

    def test_lines_of_json_with_counts_as_json(self, run):
        ran = run("batch - - --format csv --to jsonl --json", stdin=POSITIONS)

        assert [json.loads(line)["qty"] for line in ran.out.splitlines()] == [
            *(0.5, "half", "half"),
            None,
        ]
        assert json.loads(ran.err)["rows"] == 4


class TestErrors:
    """One clear message, exit 2, no file."""

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("none.csv out.csv", "none.csv: there is no such file (LQ128)"),
            ("in.csv out.xlsx", "out.xlsx: the suffix tells no known format (LQ128)"),
            ("in.csv out.parquet.gz", "Parquet is compressed inside"),
            ("in.csv no/out.csv", "there is no folder"),
            ("in.csv in.csv", "there is such a file already (LQ128)"),
            ("in.csv - --to parquet", "Parquet cannot be piped"),
            ("- out.csv", "--format: is needed with -"),
            ("in.csv out.csv --to excel", "--to: is 'excel', not parquet, csv or jsonl (LQ128)"),
            ("in.csv out.csv --columns price", "--columns: there is no result 'price' (LQ128)"),
            ("in.csv out.csv --set qty", "--set: is 'qty', not NAME=VALUE (LQ128)"),
            ("in.csv out.csv --set qty=1", "qty: is both a column and given for every row (LQ131)"),
            ("in.csv out.csv --today soon", "--today: is 'soon', not a date (LQ128)"),
        ],
    )
    @pytest.mark.usefixtures("source")
    def test_what_cannot_be_done(self, run, tmp_path, monkeypatch, line, message):
        monkeypatch.chdir(tmp_path)
        ran = run(f"batch {line}")

        assert (ran.code, ran.out) == (2, "")
        assert message in ran.err
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]

    def test_ctrl_c_leaves_the_file_as_it_was(self, run, source, tmp_path, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(job, "evaluate_columns", interrupted)
        ran = run(f"batch {source} {source} --force")

        assert ran.code == 130
        assert f"interrupted: {source} is as it was" in ran.err
        assert source.read_text() == POSITIONS
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
