"""What a ladder comes to for the trader, what it stands on, and how its numbers follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import Note, TraceStep
from liqcalc.answers.ladder import money
from liqcalc.answers.ladder.answer import LadderEnd
from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ZERO, plain
from liqcalc.engine.steps import TOLD, Action, FillPrice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.ladder.answer import LadderRun
    from liqcalc.rules.schema import Process

AT = {
    FillPrice.MARK: "the mark",
    FillPrice.BANKRUPTCY: "the bankruptcy price",
    FillPrice.FILLABLE: "the fillable price",
    FillPrice.LIQUIDATOR: "the mark less the liquidator's fee",
}


def end_of(case: Case, i: int, run: LadderRun) -> LadderEnd:
    """Return what a run leaves of position `i`, and of what backs it.

    Args:
        case: before it, settled.
        i: the position.
        run: what happened.
    """
    members = money.same_pool(case, i)
    closings = [row.closing for row in run.rows if row.position in members]
    settle, place = case.position(i).contract.settle, run.place(i)
    isolated = case.position(i).isolated
    after = run.returned.get(i) if isolated else money.purse(run.left, settle)
    qty, profit = ZERO, ZERO
    if place is not None:
        position = run.left.position(place)
        qty = position.qty
        profit = run.left.profit(place, qty, position.mark_price)
        after = money.balance(run.left, place)
    gone = not any(number in members for number in run.numbers)
    short = after is not None and after < 0 and gone
    return LadderEnd(
        margin_before=money.balance(case, i),
        margin_after=after,
        realized_pnl=sum((each.pnl for each in closings), ZERO),
        fees=sum((each.fee for each in closings), ZERO),
        fund=sum((each.fund for each in closings), ZERO),
        fund_gain=sum((each.fund_gain for each in closings), ZERO),
        qty_left=qty,
        unrealized_pnl=profit,
        owed=-after if short and after is not None else ZERO,
    )


def what_follows(process: Process | None) -> Iterator[tuple[str, str, str]]:
    """Yield what the exchange does where the steps do not suffice: action, when, note."""
    steps = process.steps if process is not None else ()
    told = TOLD - {Action.RESTRICT, Action.REPAY, Action.HEDGE_DELTA}
    for step in steps:
        if step.action in told:
            yield str(step.action), step.when, step.note


def assumptions(case: Case, run: LadderRun, process: Process | None) -> Iterator[Note]:
    """Yield what was taken for granted in the steps that were taken."""
    concerns = {
        Action.REPAY: bool(case.sheet.account.collateral),
        Action.HEDGE_DELTA: len(case.sheet.positions) > 1,
    }
    for row in run.rows:
        if row.assumes:
            name = str(row.action).replace("_", " ")
            yield Note("LQ410", f"step {row.step}, {name}: {row.assumes}")
    reduced = [row for row in run.rows if row.closing.qty and row.qty_left]
    if any(row.margin_mode == "isolated" for row in reduced):
        text = "the margin of what is closed stays with the position, less the realised loss"
        yield Note("LQ410", text)
    for step in process.steps if process is not None else ():
        if concerns.get(step.action) and run.rows:
            name = str(step.action).replace("_", " ")
            yield Note("LQ410", f"{name} ({step.when}) is not modelled")


def warnings(run: LadderRun) -> Iterator[Note]:
    """Yield what is charged but not known."""
    for row in run.rows:
        if row.fee_missing and row.closing.qty:
            yield Note("LQ411", f"not charged here: {row.fee_missing}")


def steps(case: Case, run: LadderRun) -> Iterator[TraceStep]:
    """Yield how each row's money follows, to be redone on paper."""
    before: Mapping[int, Decimal] = {
        i: position.qty for i, position in enumerate(case.resolved.positions)
    }
    held = dict(before)
    for row in run.rows:
        closing, position = row.closing, case.position(row.position)
        if not closing.qty or closing.price is None or closing.at is None:
            continue
        inverse = position.contract.product is Product.INVERSE
        numbers: dict[str, Any] = {
            "s": position.side,
            "closed": closing.qty,
            "fill": closing.price,
            "entry": position.entry_price,
        }
        formula = "s*closed*(1/entry - 1/fill)" if inverse else "s*closed*(fill - entry)"
        name = f"row {row.number}: realised"
        yield TraceStep("ladder", name, formula, numbers, closing.pnl)
        held[row.position] -= closing.qty
        if row.margin_left is None or not position.isolated or not row.qty_left:
            continue
        numbers = {
            "margin": row.margin_left - closing.pnl + closing.fee + closing.fund,
            "realised": closing.pnl,
            "fee": closing.fee,
            "fund": closing.fund,
        }
        name = f"row {row.number}: margin left"
        yield TraceStep("ladder", name, "margin + realised - fee - fund", numbers, row.margin_left)


def no_rows(case: Case, i: int, process: Process | None) -> str:
    """Return why nothing happens to position `i`."""
    answer = case.figures.positions[i]
    if process is None:
        return "what the exchange does at the liquidation price is not known"
    if answer.liquidation_price is None:
        return answer.reasons.get("liquidation_price", "no price liquidates this position")
    return f"the way of the mark does not reach {plain(answer.liquidation_price)}"
