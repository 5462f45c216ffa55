"""`liqcalc check` sees each slip, alone and on its line; and the command tells it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from liqcalc.cli.main import main
from liqcalc.errors import Fault
from liqcalc.rules.check import check_folder

from .slips import SLIPS, TIERS, Slip, write

if TYPE_CHECKING:
    from pathlib import Path


class TestSlips:
    """One slip in good data is one fault, with its code, file and line."""

    @pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
    def test_is_told_alone_and_on_its_line(self, harbor: Path, slip: Slip) -> None:
        line = write(harbor, slip)

        faults = check_folder(harbor)

        assert [fault.code for fault in faults] == [slip.code], faults
        assert faults[0].where == f"{harbor / slip.file}:{line}"
        assert slip.says in str(faults[0])

    def test_every_code_of_the_readme_has_a_slip(self, readme: str) -> None:
        table = readme.split("## What `liqcalc check` says", 1)[1]
        codes = set(re.findall(r"LQ[25]\d\d", table))
        told_below = {"LQ201", "LQ203", "LQ217", "LQ230", "LQ503", "LQ510"}

        assert codes - told_below <= {slip.code for slip in SLIPS.values()}


class TestTheCommand:
    """liqcalc check: the faults, one line of summary, the exit code."""

    def test_nothing_wrong(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(harbor)]) == 0
        assert capsys.readouterr().out == "checked 5 files of 1 exchange: nothing wrong\n"

    def test_a_fault(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = write(harbor, SLIPS["a jump"])

        assert main(["check", str(harbor)]) == 1

        out = capsys.readouterr().out.splitlines()
        assert out[0] == (
            f"{harbor / TIERS}:{line}: history[1].tiers[1].deduction is 301, "
            "the tiers are continuous only with 300 (LQ214)"
        )
        assert out[1].startswith("  hint: deduction = that of the row before")
        assert out[-1] == "checked 5 files of 1 exchange: 1 fault"

    def test_json(self, harbor: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = write(harbor, SLIPS["a jump"])

        assert main(["check", str(harbor), "--json"]) == 1

        data = json.loads(capsys.readouterr().out)
        assert (data["schema_version"], data["files"], data["exchanges"]) == (1, 5, 1)
        assert [(f["code"], f["file"], f["line"]) for f in data["faults"]] == [
            ("LQ214", str(harbor / TIERS), line)
        ]

    def test_annotations_on_stderr(
        self,
        harbor: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        line = write(harbor, SLIPS["a jump"])
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.chdir(harbor.parent)

        assert main(["check", "harbor"]) == 1

        told = capsys.readouterr().err.splitlines()
        assert told[0].startswith(
            f"::error file=harbor/{TIERS},line={line},title=LQ214::history[1]"
        )
        assert "%0Adeduction = that of the row before" in told[0]

    def test_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(tmp_path / "none")]) == 2
        assert "is not a folder" in capsys.readouterr().err


def test_a_fault_without_a_line_keeps_its_file() -> None:
    from liqcalc.render.check import place

    assert place(Fault("LQ201", "exchanges/okx", "x")) == ("exchanges/okx", None)
    assert place(Fault("LQ204", "a/b.yaml:12", "x")) == ("a/b.yaml", 12)
