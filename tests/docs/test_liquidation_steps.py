"""The page on liquidation steps names every word of them, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from liqcalc.engine import steps
from liqcalc.rules.schema import Process, Step
from tests.docs.test_rules_pages import first_column

if TYPE_CHECKING:
    from enum import StrEnum

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rules" / "liquidation_steps.md").read_text()
QUESTION = (ROOT / "docs" / "questions" / "ladder.md").read_text()


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("action", steps.Action),
        ("size", steps.SizeRule),
        ("fill", steps.FillPrice),
        ("fee_on", steps.FeeOn),
        ("fee_limit", steps.FeeLimit),
        ("fee_to", steps.FeeTo),
        ("scope", steps.Scope),
        ("first", steps.PositionOrder),
    ],
)
def test_a_table_has_every_word(heading: str, words: type[StrEnum]) -> None:
    assert first_column(PAGE, heading) == [str(word) for word in words]


def test_every_condition_of_a_step_is_explained() -> None:
    assert first_column(PAGE, "only") == list(steps.Only._fields)


def test_every_part_of_a_step_and_of_a_process_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE)) | set(re.findall(r"^## (\w+)", PAGE, re.MULTILINE))
    named |= set(re.findall(r"\| (\w+) \|", PAGE)) | {"from_", "source", "mode", "steps"}

    assert set(Step._fields) | set(Process._fields) <= named


def test_the_question_tells_what_every_exchange_does() -> None:
    folders = {path.parent.name for path in ROOT.glob("exchanges/*/exchange.yaml")}
    rows = re.findall(r"^\| (\w+) \| ", QUESTION, re.MULTILINE)

    assert folders == set(rows) - {"exchange", "option"}
