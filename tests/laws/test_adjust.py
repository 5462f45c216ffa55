"""Laws of adjusting, over every exchange: each way reaches the price, a step less does not."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.change.adjust import adjusted
from liqcalc.answers.change.aim import read_aim
from liqcalc.answers.change.trades import added, moved, reduced, releveraged
from liqcalc.answers.change.ways import Verdict
from liqcalc.engine.numbers import exact, plain
from liqcalc.engine.solve import Status
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES, JUDGED, mode_of
from tests.laws.seeds import number
from tests.slow import evaluate as judge
from tests.strategies import disturbed_cases

fewer = settings(max_examples=max(5, settings().max_examples // 12))
on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)
NEAR = Decimal("1e-24")  # roots are told to 30 digits
DISTANCES = ("0.01", "0.03", "0.1", "0.25", "0.4", "0.7")


@st.composite
def wanted(draw, exchange):
    """Return a case whose end is known, and a price that is wanted there."""
    case = Case.of(draw(disturbed_cases(exchange)), today=TODAY).with_catalog(CATALOG)
    i = draw(st.integers(0, len(case.sheet.positions) - 1))
    assume(case.figures.positions[i].status is not Status.INDETERMINATE)
    return case, i, read_aim(case, i, None, draw(st.sampled_from(DISTANCES)))


def met(trade, aim):
    """Return whether the sheet, evaluated after a trade, ends at the price or beyond."""
    return trade.i is None or aim.met(trade.case, trade.i)


@on_every_exchange
@fewer
@given(st.data())
def test_each_way_reaches_the_price_and_one_step_less_does_not(exchange, data):
    case, i, aim = data.draw(wanted(exchange))
    found = adjusted(case, i, aim)
    with exact():
        now = case.settled()
        _check_margin(found.margin, now, i, aim)
        _check_quantity(found.quantity, now, i, aim)
        _check_leverage(found.leverage, now, i, aim)


def _check_margin(way, now, i, aim):
    if way.verdict is Verdict.REACHES:
        assert met(moved(now, i, way.amount), aim)
        if not way.reason:
            assert not met(moved(now, i, way.amount - way.step), aim)


def _check_quantity(way, now, i, aim):
    if way.verdict is not Verdict.REACHES or not way.amount:
        return
    mark, qty = now.position(i).mark_price, now.position(i).qty
    if way.amount > 0:
        assert met(reduced(now, i, way.amount, mark, keep=True), aim)
        less = way.amount - way.step if way.amount < qty else qty // way.step * way.step
        if 0 < less < way.amount:
            assert not met(reduced(now, i, less, mark, keep=True), aim)
    else:
        assert met(added(now, i, -way.amount, mark), aim)
        if not way.reason:
            assert not met(added(now, i, way.step - way.amount, mark), aim)


def _check_leverage(way, now, i, aim):
    if way.verdict is Verdict.REACHES:
        assert met(releveraged(now, i, way.amount), aim)
        if not way.reason:
            assert not met(releveraged(now, i, way.amount + way.step), aim)


@settings(max_examples=max(12, settings().max_examples // 5))
@given(st.sampled_from(JUDGED), st.data())
def test_the_slow_judge_finds_the_end_at_the_price_too(exchange, data):
    sheet = data.draw(disturbed_cases(exchange))
    assume(len(sheet["positions"]) == 1)
    row, account = sheet["positions"][0], sheet.setdefault("account", {})
    own = mode_of(sheet, row) == "isolated"
    assume(not row.get("collateral") and not account.get("collateral"))
    assume("margin" in row if own else "wallet_balance" in account)
    case = Case.of(sheet, today=TODAY).with_catalog(CATALOG)
    assume(case.figures.positions[0].status is not Status.INDETERMINATE)
    aim = read_aim(case, 0, None, data.draw(st.sampled_from(DISTANCES)))
    way = adjusted(case, 0, aim).margin
    assume(way.verdict is Verdict.REACHES and not way.reason)
    assert way.amount is not None
    assert way.step is not None
    tried = [(way.amount, True)]
    if way.unrounded is not None:  # the judge may step over a dip at a tier's edge on the way
        tried.append((way.amount - way.step, False))
    for amount, reached in tried:
        richer = copy.deepcopy(sheet)
        holder = richer["positions"][0] if own else richer["account"]
        key = "margin" if own else "wallet_balance"
        holder[key] = plain(number(holder, key) + amount)
        assert judged(richer, aim) is reached


def judged(sheet, aim):
    """Return whether the slow judge sees the position end at the price or beyond."""
    try:
        found = judge(sheet, rounded=False)["positions"][0]
    except NotImplementedError:
        assume(False)
    if found["status"] == "already_liquidatable":
        return False
    end = found["lower_price" if aim.below else "upper_price"]
    if end is None:
        return True
    near = aim.price * NEAR
    return end <= aim.price + near if aim.below else end >= aim.price - near


@on_every_exchange
@fewer
@given(st.data())
def test_the_price_it_already_has_needs_nothing(exchange, data):
    case = Case.of(data.draw(disturbed_cases(exchange)), today=TODAY).with_catalog(CATALOG)
    answer = case.figures.positions[0]
    end = case.ends(0).losing(case.sheet.positions[0].side)
    assume(end is not None)
    assert end is not None
    assume(end < 4 * answer.mark_price)
    assume(end != answer.mark_price)  # nothing is left before it, which is refused
    aim = read_aim(case, 0, end, None)
    found = adjusted(case, 0, aim).margin
    if found.verdict is Verdict.REACHES and not found.reason:
        assert found.amount is not None
        assert found.step is not None
        assert abs(found.amount) <= 2 * found.step
