"""What is liquidated together, and under which names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.stress.answer import Unit

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import AccountFigures
    from liqcalc.answers.case import Case


def marks_of(case: Case) -> dict[str, Decimal]:
    """Return the mark of each symbol; a mark that was given goes before an entry."""
    found: dict[str, Decimal] = {}
    rows = zip(case.sheet.positions, case.figures.positions, strict=True)
    for row, answer in sorted(rows, key=lambda pair: pair[0].mark_price is None):
        found.setdefault(row.symbol, answer.mark_price)
    return found


def units_of(case: Case) -> tuple[Unit, ...]:
    """Return the cross pools of a sheet, then its isolated positions."""
    answers = case.figures.positions
    names = names_of(case)
    units = []
    for pool in case.figures.pools:
        held = [n for n, a in zip(names, answers, strict=True) if _in_pool(a, pool, case)]
        if held or len(case.figures.pools) == 1:
            several = len(case.figures.pools) > 1
            name = f"account ({pool.currency})" if several else "account"
            units.append(Unit(name, pool.currency, isolated=False, positions=tuple(held)))
    for name, answer in zip(names, answers, strict=True):
        if answer.margin_mode == "isolated":
            units.append(Unit(name, answer.settle, isolated=True, positions=(name,)))
    return tuple(unit for unit in units if unit.positions)


def names_of(case: Case) -> tuple[str, ...]:
    """Return the positions by name; a second one of the same name has its number."""
    found: list[str] = []
    for row in case.sheet.positions:
        name = f"{row.symbol}:{row.side}"
        same = sum(1 for other in found if other.partition("#")[0] == name)
        found.append(f"{name}#{same + 1}" if same else name)
    return tuple(found)


def _in_pool(answer: object, pool: AccountFigures, case: Case) -> bool:
    mode, settle = getattr(answer, "margin_mode", ""), getattr(answer, "settle", "")
    alone = len(case.figures.pools) == 1
    return mode == "cross" and (alone or settle == pool.currency)
