"""When funding alone would liquidate, at an unchanged mark."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.funding.answer import Point, RunOut
from liqcalc.answers.funding.inputs import LONGEST
from liqcalc.answers.funding.rates import hours_of, milliseconds
from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import ZERO
from liqcalc.engine.solve import Status
from liqcalc.engine.words import Purse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.answers.funding.plan import Plan
    from liqcalc.answers.funding.purse import Purses


_POINTS = 24


class Steady(NamedTuple):
    """Equal payments for ever.

    Attributes:
        start: before the first.
        rates: by position that pays.
        amounts: of one step, by position: a payment, or the share of a
            millisecond times `per` where it accrues all the time.
        per: milliseconds that the amounts are for; 1 where they are payments.
        watched: positions whose end is looked for.
    """

    start: Purses
    rates: dict[int, Decimal]
    amounts: dict[int, Decimal]
    per: int
    watched: tuple[int, ...]

    @classmethod
    def of(cls, plan: Plan, purses: Purses, i: int) -> Steady:
        """Return what all positions would pay at the mean of their rates."""
        case, rates, amounts = purses.case, {}, {}
        for k, rule in plan.rules.items():
            rates[k] = plan.mean_rate(k)
            position = case.position(k)
            hours = rule.interval_hours
            amounts[k] = engine.payment(position.contract, position, rule, rates[k], hours)
            case = case.with_position(k, funding_rate=rates[k])
        first = next(iter(plan.rules.values()))
        per = milliseconds(first.interval_hours) if first.continuous else 1
        watched = tuple(sorted({i, *plan.rules}))
        return cls(purses._replace(case=case), rates, amounts, per, watched)

    def after(self, steps: int) -> Purses:
        """Return the purses after so many steps.

        The payments of one position are paid at once, except where several
        share a free balance that runs out on the way.
        """
        alone = [steps]
        net = sum(self.amounts.values(), ZERO)
        if self.start.free is not None and len(self.amounts) > 1 and net > 0 and self.per == 1:
            covered = min(int(max(self.start.free, ZERO) / net), steps)
            rest = steps - covered
            alone = [covered, *([1, rest - 1] if rest else [])]
        purses = self.start
        for count in alone:
            for k, amount in sorted(self.amounts.items(), key=lambda item: item[1]):
                if count:
                    purses, _ = purses.pay(k, amount * count / self.per)
        return purses

    def over(self, steps: int) -> int | None:
        """Return which position is liquidatable after so many steps; None if none is."""
        positions = self.after(steps).case.figures.positions
        over = (k for k in self.watched if positions[k].status is Status.ALREADY_LIQUIDATABLE)
        return next(over, None)

    def first_over(self, most: int) -> int | None:
        """Return the least number of steps that liquidates; None if more than `most` are needed.

        Each step takes the same, so that what has been liquidatable stays so.
        The search begins where money and requirement meet by their figures.
        """
        guess = min(max(self._guess(), 1), most)
        low, high, stride = guess - 1, guess, 1
        while low > 0 and self.over(low) is not None:
            low, high, stride = max(low - stride, 0), low, stride * 2
        if high == guess:
            low = guess - 1
        while self.over(high) is None:
            if high >= most:
                return None
            low, high, stride = high, min(high + stride, most), stride * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.over(middle) is None else (low, middle)
        return high

    def _guess(self) -> int:
        """Return about how many steps the money behind the first position lasts."""
        k = next(iter(self.amounts))
        total = sum(self.amounts.values(), ZERO)
        figures, pool = self.start.case.figures.positions[k].exact, self.start.case.figures.account
        left, needed = figures.get("margin"), figures.get("margin_needed")
        if not self.start.case.position(k).isolated and pool is not None:
            left, needed = pool.exact.get("equity"), pool.exact.get("maintenance_margin")
        if left is None or needed is None or total <= 0:
            return 1
        spare = left - needed + (self.start.free or ZERO)
        return math.ceil(spare * self.per / total)


def run_out(plan: Plan, purses: Purses, i: int) -> RunOut:
    """Return when payments like those planned would liquidate at an unchanged mark.

    Args:
        plan: who pays how much.
        purses: before the first payment.
        i: the position asked about.
    """
    steady = Steady.of(plan, purses, i)
    rate = steady.rates.get(i) if len(steady.rates) == 1 else None
    settles = {purses.case.position(k).contract.settle for k in steady.amounts}
    amount = sum(steady.amounts.values(), ZERO) if len(settles) == 1 else None
    why = _never(plan, steady, i)
    most = LONGEST if steady.per > 1 else max(LONGEST // plan.every, 1)
    steps = None if why else steady.first_over(most)
    if steps is None:
        return RunOut(rate, amount, reason=why or "not within 100 years")
    k = steady.over(steps)
    row = purses.case.sheet.positions[i if k is None else k]
    accrues = steady.per > 1
    at = steps if accrues else plan.first + (steps - 1) * plan.every
    return RunOut(
        rate,
        amount,
        payments=None if accrues else steps,
        hours=hours_of(at),
        time=plan.time(at),
        symbol=row.symbol,
        side=str(row.side),
        course=tuple(_course(plan, steady, i, steps)),
    )


def _course(plan: Plan, steady: Steady, i: int, steps: int) -> Iterator[Point]:
    """Yield the liquidation price of position `i` on the way, at most `_POINTS` times."""
    for count in sorted({steps * k // _POINTS for k in range(_POINTS + 1)}):
        answer = steady.after(count).case.figures.positions[i]
        at = count if steady.per > 1 else plan.first + (count - 1) * plan.every
        yield Point(hours_of(at if count else 0), answer.figures.get("liquidation_price"))


def _never(plan: Plan, steady: Steady, i: int) -> str:
    """Return why funding alone liquidates nothing, as far as that can be said at once; or ""."""
    start, amounts = steady.start, steady.amounts
    positions = start.case.figures.positions
    if any(positions[k].status is Status.ALREADY_LIQUIDATABLE for k in steady.watched):
        return "liquidatable before any payment"
    if positions[i].status is Status.INDETERMINATE:
        return positions[i].reasons.get("liquidation_price", "it cannot be determined")
    unknown = next(filter(None, map(start.unknown, amounts)), "")
    isolated = all(start.case.position(k).isolated for k in amounts)
    reasons = {
        unknown: bool(unknown),
        "nothing is paid": not any(amounts.values()),
        "funding is received": all(amount <= 0 for amount in amounts.values()),
        "a payment that would liquidate is left out": plan.terms.spares,
        "payments leave the free balance, not the margin": (
            start.purse is Purse.FREE and start.free is None and isolated
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
