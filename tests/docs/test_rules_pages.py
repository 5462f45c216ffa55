"""docs/rules has a page for every choice, and says who picks which value."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import Rounding
from tests.docs.picks import CHOICES, TABLES, parts, spelled, used_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
INDEX = FOLDER / "README.md"
STEPS = FOLDER / "liquidation_steps.md"  # of a process, no choice; see test_liquidation_steps
PAGES = {
    path.stem: path.read_text()
    for path in sorted(FOLDER.glob("*.md"))
    if path not in {INDEX, STEPS}
}
WORDS = {"max", "min", "clamp", "sqrt", "ln", "abs", "sum", *map(str, Product)}
FENCE = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# of a block: "case: term = formula  # remark", or "term, term: what it means"
FORMULA = re.compile(r"(?:(\w+): )?(\w+(?:\(p\))? (?:=|<=|<) [^#]+?)(?:  # .+)?")
EXPLAINED = re.compile(r"([\w, ]+): .+")


def first_column(text: str, heading: str) -> list[str]:
    """Return the words in the first column of the tables headed `heading`."""
    found, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside:
            found += re.findall(r"`([^`]+)`", cells[0])
    return found


def choices_of(stem: str) -> list[str]:
    """Return what a page is about: the choice it is named after, or those of its table."""
    return [stem] if stem in CHOICES else first_column(PAGES[stem], "choice")


def test_every_choice_has_one_page_and_every_page_a_choice() -> None:
    assert sorted(CHOICES) == sorted(choice for stem in PAGES for choice in choices_of(stem))


@pytest.mark.parametrize("stem", PAGES)
class TestAPage:
    """A page names every value, and the picks that it claims are those of the data."""

    def test_it_begins_with_its_name_and_what_it_means(self, stem: str) -> None:
        heading, empty, meaning = PAGES[stem].split("\n")[:3]

        assert (heading, empty) == (f"# {stem}", "")
        assert re.match(r"[A-Z`].*", meaning)

    def test_every_value_is_in_its_table(self, stem: str) -> None:
        kinds = [part for choice in choices_of(stem) for part in parts(choice)]
        wanted = {
            spelled(value) for part in kinds for value in part.values if part.kind is not bool
        }
        if stem in CHOICES and CHOICES[stem] is bool:
            wanted = {"true", "false"}
        if any(part.kind is Rounding for part in kinds):
            wanted |= {
                word for kind in get_type_hints(Rounding).values() for word in get_args(kind)
            }

        assert wanted == set(first_column(PAGES[stem], "value"))

    def test_every_part_of_a_group_is_in_its_table(self, stem: str) -> None:
        kinds = [part for choice in choices_of(stem) for part in parts(choice)]
        wanted = {part.inside for part in kinds if part.inside}
        if stem in TABLES:
            wanted |= set(TABLES[stem]._fields)
        if any(part.kind is Rounding for part in kinds):
            wanted |= set(Rounding._fields)

        assert wanted == set(first_column(PAGES[stem], "part"))

    def test_it_says_who_uses_what(self, stem: str) -> None:
        shown = PAGES[stem].split("\nUsed by:\n\n")[1]

        assert used_by(stem, choices_of(stem)) == shown.rstrip("\n").split("\n")

    def test_every_term_of_its_formulas_is_explained(self, stem: str) -> None:
        text = PAGES[stem]
        tables = [first_column(text, heading) for heading in ("value", "part", "choice")]
        symbols = re.findall(r"\w+", " ".join(first_column(INDEX.read_text(), "symbol")))
        known = WORDS.union({stem}, symbols, *tables)
        formulas = []
        for line in "\n".join(FENCE.findall(text)).splitlines():
            if found := FORMULA.fullmatch(line):
                formulas += [found[1] or "", found[2]]
                known.add(found[2].split()[0])
            else:
                found = EXPLAINED.fullmatch(line)
                assert found is not None, line
                known |= set(found[1].split(", "))
        used = {word for line in formulas for word in re.findall(r"[a-z_]\w*", line)}

        assert used - known == set()

    def test_its_examples_are_computed_right(self, stem: str) -> None:
        for shown in re.findall(r"`([^`\n]+ = [^`\n]+)`", PAGES[stem]):
            formula, _, result = shown.rpartition(" = ")
            if not re.match(r"[\d.]+(\.\.\.)?$|-[\d.]+(\.\.\.)?$", result):
                continue
            assert worth(formula, result) == result, shown


def worth(formula: str, result: str) -> str:
    """Return what a formula comes to, cut where `result` ends in dots."""
    value = evaluate(ast.parse(formula, mode="eval").body)
    digits = len(result.rstrip(".").partition(".")[2])
    cut = int(abs(value) * 10**digits)
    text = f"{'-' if value < 0 else ''}{cut // 10**digits}"
    if digits:
        text += f".{cut % 10**digits:0{digits}}"
    return text + ("..." if Fraction(cut, 10**digits) != abs(value) else "")


def evaluate(node: ast.expr) -> Fraction:
    """Return the exact value of plain arithmetic."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -evaluate(node.operand)
    if isinstance(node, ast.BinOp):
        return _OPERATIONS[type(node.op)](evaluate(node.left), evaluate(node.right))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return _CALLS[node.func.id](*map(evaluate, node.args))


_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_CALLS: dict[str, Callable[..., Fraction]] = {
    "max": max,
    "min": min,
    "sqrt": lambda square: Fraction(isqrt(square.numerator), isqrt(square.denominator)),
}


def links(text: str) -> list[tuple[str, str]]:
    return re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)


def anchors(text: str) -> set[str]:
    heads: Iterable[str] = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", [INDEX, *(FOLDER / f"{stem}.md" for stem in PAGES)], ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in links(path.read_text()):
        page = path.parent / target if target else path
        assert page.is_file(), target
        assert not anchor or anchor in anchors(page.read_text()), (target, anchor)


def test_the_index_lists_every_page() -> None:
    listed = {target for target, _ in links(INDEX.read_text()) if "/" not in target}

    assert {f"{stem}.md" for stem in PAGES} | {STEPS.name} == listed - {""}
