"""docs/rules has a page for every choice, and says who picks which value."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin, get_type_hints

import pytest

from liqcalc.engine import vocabulary
from liqcalc.engine.numbers import Rounding, plain
from liqcalc.engine.vocabulary import ModeRules, Rules
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import RuleEntry, TierTable

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
INDEX = FOLDER / "README.md"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.md")) if path != INDEX}
NAMES = {"name", "isolated", "cross"}  # of a rule set and of its two parts: no choices
CHOICES: dict[str, Any] = {
    name: kind
    for cls in (Rules, ModeRules)
    for name, kind in get_type_hints(cls).items()
    if name not in NAMES
}
TABLES = {"slope": vocabulary.Slope, "continuous": vocabulary.Continuous}
TABLES["open_interest"] = vocabulary.OpenInterest
AT_OPENING = {"margin_adds", "margin_less"}  # of an isolated position; cross has no such margin
FUNCTIONS = set("max min clamp sqrt ln abs round cut up sum if else and or not".split())
FENCE = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# of a block: "case: term = formula  # remark", or "term, term: what it means"
FORMULA = re.compile(r"(?:(\w+): )?(\w+(?:\(p\))? (?:=|<=|<) [^#]+?)(?:  # .+)?")
EXPLAINED = re.compile(r"([\w, ]+): .+")

Users = dict[str, set[tuple[int, str]]]  # by exchange: (place of a rule set, margin mode)


class Part(NamedTuple):
    """One thing that a rule set can say: where, and what it may be."""

    choice: str
    inside: str
    kind: Any
    default: Any

    @property
    def values(self) -> list[Any]:
        """Return every value of a closed list; nothing if any number or rounding will do."""
        if self.kind is bool:
            return [True, False]
        kinds = [self.kind, *get_args(self.kind)]
        return [
            word
            for kind in kinds
            if isinstance(kind, type) and issubclass(kind, StrEnum)
            for word in kind
        ]

    def of(self, rules: Any, mode: str) -> Any:
        """Return what a rule set says here."""
        owner = rules
        if self.choice not in Rules._fields:
            owner = rules.mode(isolated=mode == "isolated" or self.choice in AT_OPENING)
        value = getattr(owner, self.choice)
        if not self.inside:
            return value
        return self.default if value is None else getattr(value, self.inside)


def parts(choice: str) -> Iterator[Part]:
    """Yield what can be said of a choice: itself, or each field of its group."""
    kind = CHOICES[choice]
    classes = [k for k in (kind, *get_args(kind)) if hasattr(k, "_fields") and k is not Rounding]
    if not classes:
        owner: Any = Rules if choice in Rules._fields else ModeRules
        yield Part(choice, "", kind, owner._field_defaults.get(choice))
    for group in classes:
        for name, inner in get_type_hints(group).items():
            yield Part(choice, name, inner, group._field_defaults.get(name))


def spelled(value: Any) -> str:
    """Return a value as exchange.yaml has it."""
    if isinstance(value, Rounding):
        digits = f", digits: {value.digits}" if value.digits else ""
        if not value.rounds:
            return "{to: none}"
        return f"{{to: {value.to}{digits}, toward: {value.toward}}}"
    if isinstance(value, Decimal):
        short = plain(value)
        return short if len(short) <= 14 else str(Fraction(value).limit_denominator(1000))
    return str(value).lower() if isinstance(value, bool) else str(value)


def said(part: Part, value: Any) -> Iterator[tuple[str, str]]:
    """Yield (where, what) of each thing that a rule set says beyond the default."""
    if isinstance(value, Rounding) and not value.rounds:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{part.inside}.{key}".strip("."), spelled(item)
    elif isinstance(value, tuple) and not isinstance(value, Rounding):
        for item in value:
            yield part.inside, spelled(item)
    elif value != part.default or (part.values and part.kind is not bool):
        yield part.inside, spelled(value)


@cache
def exchanges() -> dict[str, LoadedExchange]:
    catalog = Catalog()
    return {name: catalog.exchange(name) for name in catalog.names()}


def places(exchange: LoadedExchange) -> Iterator[tuple[int, RuleEntry, str]]:
    """Yield each rule set in each margin mode of an exchange."""
    for i, entry in enumerate(exchange.meta.rules):
        for mode in exchange.meta.margin_modes:
            yield i, entry, str(mode)


def picks(part: Part) -> dict[tuple[str, str], Users]:
    """Return who says what, by (where, what)."""
    found: dict[tuple[str, str], Users] = {}
    for name, exchange in exchanges().items():
        for i, entry, mode in places(exchange):
            for key in said(part, part.of(entry.choices, mode)):
                found.setdefault(key, {}).setdefault(name, set()).add((i, mode))
    return found


def offered(choice: str) -> dict[str, Users]:
    """Return who lets a sheet set a part of a choice, by part."""
    found: dict[str, Users] = {}
    for name, exchange in exchanges().items():
        for parameter in exchange.meta.parameters.values():
            for path in parameter.sets:
                steps = path.split(".")
                only = steps.pop(0) if steps[0] in {"isolated", "cross"} else None
                if steps[0] != choice:
                    continue
                users = found.setdefault(".".join(steps[1:]), {}).setdefault(name, set())
                users |= {
                    (i, mode)
                    for i, entry, mode in places(exchange)
                    if not parameter.rule_sets or entry.name in parameter.rule_sets
                    if only in {None, mode}
                }
    return found


@cache
def tabled(kind: str) -> Users:
    """Return whose tier tables hold rates of a kind."""
    found: Users = {}
    for name, exchange in exchanges().items():
        files = [exchange.tiers(symbol) for symbol in exchange.symbols()]
        tables = [t for file in files if file for t in file.history if getattr(t, kind) is not None]
        for i, entry, mode in places(exchange):
            if any(_fits(table, entry, mode) for table in tables):
                found.setdefault(name, set()).add((i, mode))
    return found


def _fits(table: TierTable, entry: RuleEntry, mode: str) -> bool:
    ended = table.until is not None and table.until < entry.from_
    return table.rules in {None, entry.name} and table.mode in {None, mode} and not ended


def named(users: Users) -> str:
    """Return users in words: in brackets the rule sets and margin modes where not all."""
    words = []
    for name, chosen in users.items():
        exchange = exchanges()[name]
        modes = {str(mode): {i for i, at in chosen if at == mode} for mode in exchange.meta.margin_modes}
        first, *others = modes.values()
        if all(sets == first for sets in others):
            inside = _rule_sets(exchange, first)
        else:
            inside = "; ".join(
                ": ".join(filter(None, (mode, _rule_sets(exchange, sets))))
                for mode, sets in sorted(modes.items(), reverse=True)
                if sets
            )
        words.append(f"{name} ({inside})" if inside else name)
    return ", ".join(words)


def _rule_sets(exchange: LoadedExchange, chosen: set[int]) -> str:
    """Return rule sets in the fewest words: nothing for all, a product, or names."""
    entries = exchange.meta.rules
    if len(chosen) == len(entries):
        return ""
    for product in exchange.meta.products:
        if chosen == {i for i, entry in enumerate(entries) if entry.products == (product,)}:
            return str(product)
    words = []
    for name in dict.fromkeys(entry.name for entry in entries):
        group = {i for i, entry in enumerate(entries) if entry.name == name}
        shown = name if len({entry.name for entry in entries}) > 1 else ""
        if group <= chosen:
            words.append(shown)
            continue
        for i in sorted(group & chosen):
            products = "/".join(entries[i].products)
            words.append(f"{shown} {products or 'from ' + entries[i].from_}".strip())
    return ", ".join(words)


def used_by(stem: str) -> list[str]:
    """Return the lines that a page must have below `Used by:`."""
    lines: list[str] = []
    by_sheet: dict[str, list[str]] = {}
    for choice in choices_of(stem):
        before = "" if choice == stem else f"{choice}."
        sets = offered(choice)
        for part in parts(choice):
            silent = choice in TABLES or any(inside_of(path, part) for path in sets)
            lines += _lines(part, before, silent=silent)
        for path, users in sets.items():
            by_sheet.setdefault(named(users), []).append(f"{before}{path}".strip("."))
        if choice in TABLES:
            lines.append(f"- in tables: {named(tabled(choice))}")
    for users_named, paths in by_sheet.items():
        labels = ", ".join(f"`{path}`" for path in paths if path)
        lines.append(f"- {labels} by parameter: {users_named}".replace("-  by", "- by"))
    return lines


def inside_of(path: str, part: Part) -> bool:
    return not part.inside or path.split(".")[0] == part.inside


def _lines(part: Part, before: str, *, silent: bool) -> Iterator[str]:
    """Yield a line a value; those that nobody picks in one.

    Args:
        part: of a choice.
        before: what its page puts before the names of its parts.
        silent: say nothing if nobody picks anything, since sheets or tables do.
    """
    found = picks(part)
    default = None if part.default in (None, ()) else spelled(part.default)
    nobody = []
    for where, what in [(part.inside, spelled(value)) for value in part.values] or found:
        label = f"{before}{where}".strip(".")
        label = f"`{label}: {what}`" if label else f"`{what}`"
        if part.values and what == default:
            if part.kind is not bool:
                yield f"- {label}: default"
        elif (where, what) in found:
            yield f"- {label}: {named(found[where, what])}"
        else:
            nobody.append(label)
    if nobody:
        yield f"- {', '.join(nobody)}: nobody"
    elif not part.values and not found and not silent:
        label = f"{before}{part.inside}".strip(".")
        yield f"- `{label}`: nobody"


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
        wanted = {spelled(value) for part in kinds for value in part.values if part.kind is not bool}
        if stem in CHOICES and CHOICES[stem] is bool:
            wanted = {"true", "false"}
        if any(part.kind is Rounding for part in kinds):
            wanted |= {word for kind in get_type_hints(Rounding).values() for word in get_args(kind)}

        assert wanted == set(first_column(PAGES[stem], "value"))

    def test_every_part_of_a_group_is_in_its_table(self, stem: str) -> None:
        groups: list[Any] = [TABLES.get(choice) for choice in choices_of(stem)]
        wanted = {
            part.inside
            for choice in choices_of(stem)
            for part in parts(choice)
            if part.inside
        } | {name for group in groups if group for name in group._fields}

        assert wanted == set(first_column(PAGES[stem], "part"))

    def test_it_says_who_uses_what(self, stem: str) -> None:
        shown = PAGES[stem].split("\nUsed by:\n\n")[1]

        assert used_by(stem) == shown.rstrip("\n").split("\n")

    def test_every_term_of_its_formulas_is_explained(self, stem: str) -> None:
        text = PAGES[stem]
        tables = [first_column(text, heading) for heading in ("value", "part", "choice")]
        symbols = re.findall(r"\w+", " ".join(first_column(INDEX.read_text(), "symbol")))
        known = FUNCTIONS.union({stem}, symbols, *tables)
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
    "ln": lambda value: Fraction(Decimal(value.numerator).ln() - Decimal(value.denominator).ln()),
    "sqrt": lambda value: Fraction(isqrt(value.numerator), isqrt(value.denominator)),
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

    assert {f"{stem}.md" for stem in PAGES} == listed - {""}
