"""The command `liqcalc verify`: its lines, reports and exit codes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from liqcalc.cli.main import main
from liqcalc.render.verify import rounded

from .slips import MARKED, PRICE, change, line_of, one_figure

if TYPE_CHECKING:
    from pathlib import Path


class TestTheCommand:
    """liqcalc verify: a line a failing figure, the counts, the reports, the exit code."""

    def test_all_met(self, my_exchanges: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", str(my_exchanges)]) == 0

        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == [
            *("exchange", "evidence", "cases", "figures", "passed"),
            *("expected", "failures", "failed"),
        ]
        assert lines[1].split() == ["harbor", "official-doc", "1", "3", "1", "0", "0"]
        assert lines[2].split() == ["total", "1", "3", "1", "0", "0"]
        assert lines[-1] == "1 case, 3 figures, 0 expected failures: all as they should be"

    def test_a_failing_figure(self, cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
        change(cases, PRICE, 'liquidation_price: "45203.46"')

        assert main(["verify", str(cases)]) == 1

        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == (
            "harbor-linear-isolated-long-01: position.liquidation_price expected 45203.46, "
            f"got 45203.5, +4 units of the last digit ({cases}:{line_of(cases, '45203.46')})"
        )
        assert lines[-1] == "1 case, 3 figures, 0 expected failures: 1 failed"

    def test_an_expected_failure_that_passes(
        self, cases: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        change(cases, *MARKED)

        assert main(["verify", str(cases)]) == 1

        first = capsys.readouterr().out.splitlines()[0]
        assert "position.liquidation_price passes although marked expected_failure" in first

    def test_expected_failures_are_listed_with_their_reasons(
        self, cases: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one_figure(cases, "1")

        assert main(["verify", str(cases)]) == 0

        out = capsys.readouterr().out
        assert "harbor-linear-isolated-long-01: the example is older than the rules" in out

    def test_unreadable_cases(self, cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
        cases.write_text("- id: [", encoding="utf-8")

        assert main(["verify", str(cases)]) == 2

        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"{cases}:" in captured.err
        assert "LQ102" in captured.err

    def test_json(self, cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
        change(cases, PRICE, 'liquidation_price: "45203.46"')

        assert main(["verify", str(cases), "--json"]) == 1

        data = json.loads(capsys.readouterr().out)
        assert (data["schema_version"], data["passed"]) == (1, False)
        assert data["summary"][0]["failed"] == 1
        (case,) = data["cases"]
        assert (case["outcome"], case["kind"]) == ("failed", "official-doc")
        assert case["figures"][0] == {
            "figure": "position.liquidation_price",
            "expected": "45203.46",
            "got": "45203.5",
            "units": "4",
            "tolerance": "0.005",
            "agrees": False,
            "line": line_of(cases, "45203.46"),
        }

    def test_junit(self, cases: Path, tmp_path: Path) -> None:
        text = cases.read_text()
        other = text.replace("-long-01", "-long-02").replace("45203.5", "45203.6")
        marked = text.replace("-long-01", "-long-03").replace(*MARKED)
        figures = 'liquidation_price: "1"}'
        start = marked.index("liquidation_price")
        marked = marked[:start] + figures + marked[marked.index("}", start) + 1 :]
        cases.write_text(text + other + marked, encoding="utf-8")
        report = tmp_path / "cases.xml"

        assert main(["verify", str(cases), "--junit", str(report)]) == 1

        (suite,) = ET.parse(report).getroot()  # noqa: S314 - written by ourselves
        assert suite.attrib == {
            "name": "harbor official-doc",
            "tests": "3",
            "failures": "1",
            "errors": "0",
            "skipped": "1",
        }
        assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"]]
        assert "-1 units of the last digit" in suite[1][0].attrib["message"]

    def test_a_report_that_cannot_be_written(self, cases: Path, tmp_path: Path) -> None:
        assert main(["verify", str(cases), "--junit", str(tmp_path)]) == 2

    def test_annotations(
        self,
        cases: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        change(cases, PRICE, 'liquidation_price: "45203.6"')
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.chdir(cases.parents[1])

        assert main(["verify", "cases"]) == 1

        line = line_of(cases, "45203.6")
        assert capsys.readouterr().err == (
            f"::error file=cases/linear.yaml,line={line},title=harbor-linear-isolated-long-01::"
            "position.liquidation_price expected 45203.6, got 45203.5, "
            "-1 units of the last digit\n"
        )

    @pytest.mark.parametrize(
        ("units", "shown"),
        [("1", "+1"), ("-0.5", "-0.5"), ("10", "+10"), ("0.001", "+1.0e-3"), ("0", "+0")],
    )
    def test_units_are_short(self, units: str, shown: str) -> None:
        assert rounded(Decimal(units)) == shown
