"""What ends an account, which position does, and what saves it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.stress.answer import RepairKind
from liqcalc.engine.numbers import plain
from liqcalc.render import screen, words
from liqcalc.render.stress_words import money, signed, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.stress.answer import Cause, End, Repair, Stress

_FAR = Decimal(100)


def ends(answer: Stress) -> Iterator[RenderableType]:
    """Yield where each part of the account ends, and what its positions do to that."""
    table = screen.columns("left", "left", "left")
    what = f"of {answer.symbol}" if answer.symbol else "of all prices together"
    if len(answer.betas) == 1:
        what = "of its price"
    if not answer.symbol and any(beta != 1 for beta in answer.betas.values()):
        what = "of all prices, each times its beta"
    for end in answer.ends:
        first = end is answer.ends[0]
        table.add_row("ends at" if first else "", words_of(end.unit), _end(end, what))
    yield table
    held = sum(len(unit.positions) for unit in answer.units)
    if answer.culprit is not None and held > 1:
        yield ""
        alone = answer.culprit == answer.weakest
        rest = f"; {words_of(answer.weakest or '')} ends first" if len(answer.ends) > 1 else ""
        rest = ", by itself" if alone else rest
        yield Text.assemble("brought down by ", (words_of(answer.culprit), "bold"), rest)
    for end in answer.ends:
        if any(cause.unit == end.unit for cause in answer.causes):
            yield ""
            yield _causes(answer, end)


def _end(end: End, what: str) -> Text:
    if end.nearest is None:
        return Text.assemble((words.NONE, "bold"), (f"  {end.reason}", "dim"))
    if not end.nearest:
        return Text(end.reason, "bold red")
    near = [signed(m) for m in (end.down, end.up) if m is not None and abs(m) <= _FAR]
    if not near:
        return Text.assemble(("none in reach", "bold"), ("  only a rise beyond +10000%", "dim"))
    note = f"  {what}"
    if end.up is not None and end.up > _FAR and end.down is not None:
        note += "; no rise below +10000%"
    elif end.reason:
        note += f"; {end.reason}"
    return Text.assemble((" or ".join(near), "bold"), (note, "dim"))


def _causes(answer: Stress, end: End) -> Table:
    at = signed(end.nearest or Decimal(0))
    header = (
        f"in {words_of(end.unit)}",
        f"profit from here to {at}",
        "requires there",
        "if closed now",
    )
    table = screen.columns("left", "right", "right", "left", header=header)
    for cause in (cause for cause in answer.causes if cause.unit == end.unit):
        later = words.NONE if cause.end_without is None else signed(cause.end_without)
        if cause.end_without is not None and abs(cause.end_without) > _FAR:
            later = "none in reach"
        table.add_row(
            words_of(cause.position),
            _amount(cause.change, cause),
            _amount(cause.maintenance_margin, cause),
            later,
        )
    return table


def _amount(value: Decimal | None, cause: Cause) -> str:
    return words.NONE if value is None else f"{money(value)} {cause.currency}"


def repairs(answer: Stress) -> Iterator[RenderableType]:
    """Yield what lets the account survive the wanted move."""
    found = answer.repairs
    if found is None:
        return
    wanted = words.signed(found.move)
    if not found.at_risk:
        yield Text.assemble("to survive ", (wanted, "bold"), "  nothing has to be done")
        return
    each = " for each" if len(found.at_risk) > 1 else ""
    yield Text.assemble("to survive ", (wanted, "bold"), f", do one of these{each}:")
    table = screen.columns("left", "left", "left", "left")
    before = ""
    for option in found.options:
        cheapest = found.cheapest.get(option.unit) == option and option.amount is not None
        remark = "cheapest" if cheapest else ""
        unit = words_of(option.unit) if option.unit != before else ""
        table.add_row(unit, *_repair(option), screen.strong(remark))
        before = option.unit
    yield table


def _repair(option: Repair) -> tuple[str, str]:
    add = option.kind is RepairKind.ADD
    if option.amount is None:
        what = "add cash" if add else f"close {words_of(option.position)}"
        return what, option.reason
    if add:
        return f"add {plain(option.amount)} {option.currency}", "stays yours, as margin"
    assert option.cost is not None  # noqa: S101 - comes with the amount
    what = f"close {plain(option.amount)} of {words_of(option.position)}"
    if option.reason:
        what += f" ({option.reason})"
    return what, f"{money(option.cost)} {option.currency} fee"
