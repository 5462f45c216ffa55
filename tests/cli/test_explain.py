# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import re
from pathlib import Path

import liqcalc
from liqcalc.cli import explain

SOURCE = Path(liqcalc.__file__).parent


def test_every_code_in_the_source_has_a_page_and_every_page_a_code():
    used = {
        code
        for path in SOURCE.rglob("*.py")
        for code in re.findall(r'"(LQ\d{3})"', path.read_text(encoding="utf-8"))
    }

    assert used == set(explain.codes())


def test_every_page_says_what_why_and_what_to_do():
    for code in explain.codes():
        text = explain.page(code)

        assert text.startswith(f"# {code}: ")
        for part in ("Why it matters: ", "Example:\n\n    ", "What to do: "):
            assert part in text, code
        assert max(map(len, text.splitlines())) <= 160, code


def test_a_page_is_printed_for_any_spelling(run):
    assert run("explain LQ301").out == run("explain lq301").out == run("explain 301").out


def test_an_unknown_code_names_the_nearest(run):
    ran = run("explain LQ310")

    assert ran.code == 2
    assert "did you mean" in ran.err


def test_without_a_code_all_are_listed(run):
    out = run("explain").out

    assert "LQ301  A tier table is old" in out
    assert len(out.splitlines()) == len(explain.codes()) + 2
