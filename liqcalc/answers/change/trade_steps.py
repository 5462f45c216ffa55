"""The derivation of a trade: average entry, profit, fee, what backs the position, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.answer import TraceStep
from liqcalc.answers.backing import behind
from liqcalc.answers.change.trades import is_isolated
from liqcalc.engine.numbers import ZERO, plain

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.change.trades import Trade


class Traded(NamedTuple):
    """What was traded: ``closed``, ``added`` or ``flipped``, how much, at which price."""

    word: str
    qty: Decimal
    price: Decimal


def trade_steps(case: Case, i: int, done: Trade, traded: Traded) -> tuple[TraceStep, ...]:
    """Return entry, profit and fee of a trade, and where the position ends then."""
    position = case.position(i)
    linear, word = position.contract.linear, traded.word
    numbers: dict[str, Any] = {"traded": traded.qty, "price": traded.price}
    entry = {"entry": position.entry_price}
    steps, all_of = [], "qty" if word == "flipped" else "traded"
    if word == "flipped":
        numbers["qty"] = position.qty
    if done.realised:
        formula = f"s*{all_of}*(price - entry)" if linear else f"s*{all_of}*(1/entry - 1/price)"
        more = numbers | entry | {"s": position.side}
        steps.append(TraceStep("inputs", f"profit {word}", formula, more, done.realised))
    if word == "added" and done.entry_price is not None:
        formula = "(qty*entry + traded*price)/(qty + traded)"
        if not linear:
            formula = "(qty + traded)/(qty/entry + traded/price)"
        more = numbers | entry | {"qty": position.qty}
        steps.append(TraceStep("inputs", "average entry", formula, more, done.entry_price))
    size = "(qty + traded)" if word == "flipped" else "traded"
    formula = f"{size}*price*taker" if linear else f"{size}/price*taker"
    fee = numbers | {"taker": position.taker}
    steps.append(TraceStep("inputs", f"fee for what is {word}", formula, fee, done.fee))
    return (*steps, *money_steps(case, i, done))


def money_steps(case: Case, i: int, done: Trade) -> tuple[TraceStep, ...]:
    """Return what backs the position then, and where it ends."""
    if done.i is None:
        return ()
    before, after = _cash(case, i), _cash(done.case, done.i)
    steps = []
    if before is not None and after is not None:
        name, numbers, formula = "wallet", {"wallet": before}, "wallet"
        parts = [("profit", "+", done.realised), ("fee", "-", done.fee)]
        if is_isolated(case, i):
            name, numbers, formula = "margin", {"margin": before}, "margin"
            parts = [("put_in", "+", done.put_in)]
        elif after != before + done.realised - done.fee:
            parts = [("moved", "+", after - before)]
        for symbol, sign, value in parts:
            if value:
                formula += f" {sign} {symbol}"
                numbers[symbol] = value
        steps.append(TraceStep("inputs", f"{name} then", formula, numbers, after))
    return (*steps, end_step(done.case, done.i, "end then"))


def _cash(case: Case, i: int) -> Decimal | None:
    """Return the isolated margin, or the wallet; None for several coins."""
    if is_isolated(case, i):
        return case.figures.positions[i].exact.get("margin")
    return behind(case, i).cash


def end_step(case: Case, i: int, name: str) -> TraceStep:
    """Return where the position of a changed sheet ends."""
    ends = case.ends(i)
    end = ends.losing(case.sheet.positions[i].side)
    told: Decimal | str = "none" if end is None else end
    return TraceStep("root", name, "health(p) = 0 of the sheet that results", {}, told)


def leverage_steps(done: Trade, i: int) -> tuple[TraceStep, ...]:
    """Return the margin at another leverage, and where the position ends then."""
    row = done.case.sheet.positions[i]
    at = f"at {plain(row.leverage or ZERO)}x"
    steps = []
    if row.margin is not None:
        formula = "what opening at that leverage sets aside"
        steps.append(
            TraceStep("inputs", f"margin {at}", formula, {}, row.margin + row.extra_margin)
        )
    return (*steps, end_step(done.case, i, f"end {at}"))
