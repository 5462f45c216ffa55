"""A derivation as arithmetic: formula, numbers in its place, result, source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.render import screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.answer import Citation, PositionAnswer, Provenance, TraceStep

_COMPARISON = re.compile(r" (<|<=|=|>|>=) ")


def parts(answer: PositionAnswer) -> Iterator[RenderableType]:
    """Yield the derivation of a position's liquidation price and its sources."""
    text = "p is the price that moves; the end is where health(p) is 0"
    yield from below(answer.trace, answer.provenance, text)


def below(
    steps: Iterable[TraceStep], provenance: Provenance, text: str = ""
) -> Iterator[RenderableType]:
    """Yield a derivation and its sources.

    Args:
        steps: in order.
        provenance: of the answer.
        text: what must be known to read it.
    """
    steps = tuple(steps)
    yield ""
    yield screen.title("derivation", text)
    yield ""
    yield _steps(steps)
    cited = {step.source for step in steps} | {use.source for use in provenance.tiers}
    cited.add(provenance.taker_source)
    found = [c for c in provenance.citations if c.id in cited]
    if found:
        yield ""
        yield screen.title("sources")
        yield ""
        yield from _sources(found)


def _steps(steps: Iterable[TraceStep]) -> Table:
    table = screen.columns("right", "left", "left", wrap=2)
    for number, step in enumerate(steps, start=1):
        lines = list(_lines(step))
        for i, line in enumerate(lines):
            text = Text(line)
            if i == len(lines) - 1 and step.source:
                text.append(f"  [{step.source}]", "dim")
            first = i == 0
            table.add_row(
                screen.dim(str(number)) if first else "", step.name if first else "", text
            )
    return table


def _lines(step: TraceStep) -> Iterator[str]:
    """Yield the formula, the same with numbers, and the result, without repeats."""
    said = None
    if step.formula in step.numbers and step.result:
        yield f"= {step.result}"
        return
    for text in (step.formula, substitute(step.formula, step.numbers), step.result):
        if text and text != said:
            yield f"{_sign(step, text)}{text}"
        said = text or said


def _sign(step: TraceStep, text: str) -> str:
    if step.step == "tier" or _COMPARISON.search(text):
        return ""
    words = text == step.formula and text.startswith(("rounded", "cut off", "not "))
    return "" if words or text.startswith(("the pool", "health ")) else "= "


def substitute(formula: str, numbers: Mapping[str, str]) -> str:
    """Return `formula` with numbers in place of their names.

    >>> substitute("s*qty*(p - entry)", {"s": "-1", "qty": "2", "entry": "30000"})
    '(-1)*2*(p - 30000)'
    """
    if not numbers:
        return formula
    names = sorted(numbers, key=len, reverse=True)
    pattern = r"(?<![A-Za-z0-9_])(" + "|".join(map(re.escape, names)) + r")(?![A-Za-z0-9_])"
    return re.sub(pattern, lambda found: _bracketed(numbers[found.group()], found), formula)


def _bracketed(value: str, found: re.Match[str]) -> str:
    """Return a number as it stands in a formula: what has a sign or parts in brackets."""
    if value.startswith("-") or " " in value:
        alone = found.group() == found.string
        return value if alone else f"({value})"
    return value


def _sources(citations: Iterable[Citation]) -> Iterator[RenderableType]:
    table = screen.columns("left", "left")
    for citation in citations:
        day = f" ({citation.date})" if citation.date else ""
        table.add_row(screen.dim(citation.id), f"{citation.title}{day}")
        if citation.url:
            table.add_row("", screen.dim(citation.url))
    yield table
