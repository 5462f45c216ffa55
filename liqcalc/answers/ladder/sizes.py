"""How much of a position a liquidation step closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.ladder.fills import Cut, closed
from liqcalc.engine.marked import Marked
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.solve import Status
from liqcalc.engine.steps import SizeRule, at_least_a_lot, down_to_lot, kept
from liqcalc.engine.tiers import TierRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.engine.steps import Fill, Only
    from liqcalc.rules.schema import Step

_HALVINGS = 60


def due(case: Case, k: int) -> bool:
    """Return True if the liquidation condition of position `k` holds."""
    return case.figures.positions[k].status is Status.ALREADY_LIQUIDATABLE


def meets(case: Case, k: int, only: Only) -> bool:
    """Return True if position `k` is one that the step is for, beside the condition."""
    answer = case.figures.positions[k]
    if only.tier_from is not None and (answer.tier or ZERO) < only.tier_from:
        return False
    position = case.position(k)
    value = position.contract.value(position.qty, position.mark_price)
    if only.value_above is not None and value <= only.value_above:
        return False
    if only.value_below is not None and value >= only.value_below:
        return False
    ratio = answer.exact.get("margin_ratio")  # requirement/equity; None without equity
    if only.equity_from is not None and (ratio is None or only.equity_from * ratio > ONE):
        return False
    return not only.lowest_tier_met or _safe_at_lowest(case, k)


def _safe_at_lowest(case: Case, k: int) -> bool:
    """Return True if position `k` would be safe at the rate of its table's lowest row."""
    schedule = case.position(k).schedule
    if schedule is None:
        return False
    lowest = TierRow(ZERO, schedule.tiers[0].mmr, imr=schedule.tiers[0].imr)
    tiers = {**case.sheet.tiers, case.sheet.positions[k].symbol: (lowest,)}
    lower = case.with_sheet(case.sheet._replace(tiers=tiers))
    if lower.sheet.positions[k].risk_level is not None:
        lower = lower.with_position(k, risk_level=1)
    return not due(lower, k)


def cut(case: Case, k: int, step: Step, fill: Fill) -> Cut | None:
    """Return what `step` closes of position `k`; None if it does not apply."""
    assert step.size is not None  # noqa: S101 - the data was checked
    return _RULES[step.size.to](case, k, step, fill)


def _share(case: Case, k: int, step: Step, fill: Fill) -> Cut:  # noqa: ARG001 - one shape for all
    """Return the share that the step names, in whole lots, one at least."""
    assert step.size is not None  # noqa: S101
    qty, lot = case.position(k).qty, case.position(k).contract.lot_size
    return Cut(at_least_a_lot(qty * (step.size.rate or ONE), qty, lot))


def _block(case: Case, k: int, step: Step, fill: Fill) -> Cut:  # noqa: ARG001
    """Return the most that the rule set's limits let one block close."""
    position = case.position(k)
    most = case.figures.positions[k].exact.get("max_notional_liquidatable")
    if most is None:
        return Cut(position.qty)
    share = position.contract.value(position.qty, position.mark_price)
    qty = position.qty * most / share
    return Cut(at_least_a_lot(qty, position.qty, position.contract.lot_size))


def _shortage(case: Case, k: int, step: Step, fill: Fill) -> Cut | None:  # noqa: ARG001
    """Return what covers the shortage with its buffer; None if nothing does."""
    qty = case.figures.positions[k].exact.get("qty_to_cover_shortage")
    if qty is None:
        return None
    position = case.position(k)
    lot = position.contract.lot_size
    least = down_to_lot(qty, lot)
    if lot is not None and least < qty:
        least += lot
    return Cut(min(position.qty, least))


def _to_value(case: Case, k: int, step: Step, fill: Fill) -> Cut | None:  # noqa: ARG001
    """Return what is above the value that the step leaves."""
    assert step.size is not None  # noqa: S101
    assert step.size.value is not None  # noqa: S101
    position = case.position(k)
    value = position.contract.value(position.qty, position.mark_price)
    left = kept(position.qty, step.size.value, value, position.contract.lot_size)
    return Cut(position.qty - left) if left < position.qty else None


def _to_tier(case: Case, k: int, step: Step, fill: Fill) -> Cut | None:  # noqa: ARG001
    """Return what lies above the cap of the row so many below."""
    assert step.size is not None  # noqa: S101
    index = _row(case, k)
    if not index:
        return None
    return _down_to(case, k, max(0, index - (step.size.tiers or 1)))


def _restoring(case: Case, k: int, step: Step, fill: Fill) -> Cut | None:
    """Return what lies above the highest lower cap at which the condition no longer holds."""
    index = _row(case, k)
    for row in range((index or 0) - 1, -1, -1):
        found = _down_to(case, k, row)
        if found.qty >= case.position(k).qty:
            continue
        after, _, _ = closed(case, k, found, step, fill)
        if not due(after, k):
            return found
    return None


_RULES: dict[SizeRule, Callable[[Case, int, Step, Fill], Cut | None]] = {
    SizeRule.SHARE: _share,
    SizeRule.BLOCK_LIMITS: _block,
    SizeRule.SHORTAGE: _shortage,
    SizeRule.VALUE: _to_value,
    SizeRule.TIER_CAP: _to_tier,
    SizeRule.RESTORING_CAP: _restoring,
}


def _marked(case: Case, k: int) -> Marked:
    return Marked(case.position(k), case.resolved.rules_of[k])


def _row(case: Case, k: int) -> int | None:
    """Return the row of its table that position `k` is in, 0 = lowest; None without a table."""
    return _marked(case, k).tier_index


def _down_to(case: Case, k: int, row: int) -> Cut:
    """Return what must be closed until position `k` is in `row`, and the level that is set."""
    m = _marked(case, k)
    assert m.schedule is not None  # noqa: S101 - there is a row above
    assert m.size is not None  # noqa: S101
    level = None
    if case.sheet.positions[k].risk_level is not None and m.mode.level_set:
        level = row + 1
    cap, qty, lot = m.schedule.tiers[row].cap, m.position.qty, m.contract.lot_size
    if cap is None:
        return Cut(ZERO, level)
    if m.size <= cap and level is not None:
        return Cut(ZERO, level)
    limit, size = cap - m.orders_size, m.size - m.orders_size
    left = kept(qty, limit, size, lot) if limit > 0 else ZERO
    return Cut(qty - _inside(case, k, row, left), level)


def _inside(case: Case, k: int, row: int, left: Decimal) -> Decimal:
    """Return the largest quantity up to `left` that is in `row` or lower.

    A cap that belongs to the row above leaves one lot less; legs of a hedge
    that are measured together leave less still.
    """
    step = case.position(k).contract.lot_size or case.position(k).qty.scaleb(-_FINE)

    def fits(qty: Decimal) -> bool:
        if qty <= 0:
            return True
        other = case.with_position(k, qty=qty, contracts=None, risk_level=None)
        return (_row(other, k) or 0) <= row

    for less in (ZERO, step):
        if fits(left - less):
            return max(left - less, ZERO)
    low, high = ZERO, left
    for _ in range(_HALVINGS):
        middle = down_to_lot((low + high) / 2, case.position(k).contract.lot_size)
        if middle in {low, high}:
            break
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


_FINE = 9
