"""Comparison of an answer with the slow judge's, figure by figure."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from liqcalc.answers.account import evaluate_sheet
from liqcalc.engine.numbers import exact
from liqcalc.rules.catalog import Catalog
from liqcalc.rules.sheet import read_sheet
from tests.laws.folders import Sheet, products, rules_of
from tests.slow import evaluate as judge

TODAY = "2026-06-01"
SHOWN_AS = {"lower_price": "lower_liquidation_price", "upper_price": "upper_liquidation_price"}
ROOTS = {"lower_price", "upper_price", "trigger_price"}
UNROUNDED = ("liquidation_price", "bankruptcy_price", "backstop_price")
CLOSE = Decimal("1e-20")
DOUBLE = Decimal("1e-15")  # a figure printed with 17 significant digits
HUGE_RATIO = Decimal("1e20")  # equity is the dust of a division


CATALOG = Catalog()  # read once: what `liqcalc.evaluate` reads for every sheet


def answer(sheet: Sheet) -> dict[str, Any]:
    """Return liqcalc's answer as plain data."""
    with exact():
        read = read_sheet(copy.deepcopy(sheet))
    found = evaluate_sheet(read, CATALOG, today=TODAY).to_dict(trace=False)
    assert isinstance(found, dict)
    return found


def disagreements(sheet: Sheet) -> list[str]:
    """Return a line for every figure on which liqcalc and the judge differ.

    Nothing is said of the few kinds of account that the judge leaves out.
    """
    ours = answer(sheet)
    try:
        theirs = judge(sheet)
    except NotImplementedError:
        return []
    double = prints_doubles(sheet)
    size = sum((abs(row["notional"] or Decimal(0)) for row in theirs["positions"]), Decimal(0))
    lines = _positions(sheet, ours, theirs, double=double)
    if ours["account"]:
        slack = size * (DOUBLE / 10 if double else CLOSE)
        share = DOUBLE if double else CLOSE
        for name, figure in theirs["account"].items():
            lines += _line(f"account.{name}", ours["account"].get(name), figure, share, slack)
    if ours["joint"].get("status") != "already_liquidatable":
        for name in ("down", "up"):
            mine, judged = ours["joint"].get(name), theirs["joint"][name]
            lines += _line(f"joint.{name}", mine, judged, CLOSE * 10, Decimal("1e-24"))
    return lines


def prints_doubles(sheet: Sheet) -> bool:
    """Return whether the exchange prints amounts with the digits of a binary double."""
    contracts = list(sheet.get("contracts", {}).values())
    product = contracts[0]["product"] if contracts else products(sheet["exchange"])[0]
    return rules_of(sheet, product).amounts.default.to == "significant"


def _positions(
    sheet: Sheet, ours: dict[str, Any], theirs: dict[str, Any], *, double: bool
) -> list[str]:
    lines: list[str] = []
    unrounded = judge(sheet, rounded=False)["positions"]
    for at, judged in enumerate(theirs["positions"]):
        mine = ours["positions"][at]
        value = abs(judged["notional"] or Decimal(0))
        for name, figure in judged.items():
            where = f"positions[{at}].{name}"
            if name == "status":
                lines += [f"{where}: {mine[name]}, judged {figure}"] if mine[name] != figure else []
                continue
            if name in SHOWN_AS and _one_sided(judged, figure, sheet["positions"][at]):
                continue
            if name.endswith("margin_ratio") and _huge(figure, mine.get(name)):
                continue
            share = DOUBLE if double and name not in {*ROOTS, "margin_ratio"} else CLOSE
            slack = value * (DOUBLE if double else Decimal("1e-28"))
            lines += _line(where, mine.get(SHOWN_AS.get(name, name)), figure, share, slack)
        for name in UNROUNDED:
            stepped = double and mine["margin_mode"] == "isolated"  # judged with its tick step
            if name in mine["exact"] and name in unrounded[at] and not stepped:
                figure = unrounded[at][name]
                where = f"positions[{at}].exact.{name}"
                lines += _line(where, mine["exact"][name], figure, CLOSE, Decimal(0))
    return lines


def _huge(*ratios: Decimal | str | None) -> bool:
    return any(abs(Decimal(ratio)) > HUGE_RATIO for ratio in ratios if ratio is not None)


def _one_sided(judged: dict[str, Any], root: Decimal | None, row: dict[str, Any]) -> bool:
    """Return whether a root is not comparable: both sides' are the mark, or are behind it."""
    mark = Decimal(str(row.get("mark_price") or row["entry_price"]))
    return judged["status"] == "already_liquidatable" or root == mark


def _line(
    where: str, mine: str | None, judged: Decimal | None, share: Decimal, slack: Decimal
) -> list[str]:
    if mine is None and judged is None:
        return []
    if mine is not None and judged is not None:
        gap = abs(Decimal(mine) - judged)
        if gap <= max(share * max(abs(Decimal(mine)), abs(judged)), slack):
            return []
    return [f"{where}: {mine}, judged {judged}"]
