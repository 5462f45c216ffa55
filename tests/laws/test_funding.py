"""Laws of funding, on every exchange folder."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case, opposite
from liqcalc.answers.funding.answer import Ended
from liqcalc.answers.funding.inputs import Asked
from liqcalc.answers.funding.plan import make_plan
from liqcalc.answers.funding.purse import Purses
from liqcalc.answers.funding.run_out import run_out
from liqcalc.answers.funding.walk import Walk
from liqcalc.engine.funding import payment
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.engine.words import Purse
from liqcalc.errors import InputError
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES, JUDGED, has
from tests.slow import evaluate as judge
from tests.strategies import disturbed_cases

NEAR = Decimal("1e-25")
MIDNIGHT = 1767225600000  # 2026-01-01
TERMS = {name: CATALOG.exchange(name).funding_on(None) for name in EXCHANGES}
ENDING = [name for name in EXCHANGES if not TERMS[name].spares]

few = settings(max_examples=max(3, settings().max_examples // 20))
rates = st.sampled_from(["0.0001", "-0.0003", "0.002", "-0.01"]).map(Decimal)
hours = st.sampled_from(["1", "7.5", "8", "24", "50"]).map(Decimal)
isolated = [name for name in EXCHANGES if has(name, "margin_modes", "isolated")]


@pytest.fixture(autouse=True)
def _all_digits():
    with exact():
        yield


def case_of(sheet):
    case = Case.of(sheet, today=TODAY).with_catalog(CATALOG)
    try:
        _ = case.figures
    except InputError:  # numbers that no arithmetic of an exchange carries
        assume(False)
    return case


def begun(case, asked):
    """Return what is due, and the money that it is taken from."""
    settled = case.settled()
    plan = make_plan(settled, [0], asked)
    settled = settled.with_position(0, funding_rate=plan.first_rate(0))
    return plan, Purses.of(settled, plan.terms, asked.free)


def walked(case, asked):
    plan, purses = begun(case, asked)
    return Walk(plan, purses, 0).go()


def runs_out(plan, purses):
    return run_out(plan, purses, 0)


def due(case, asked):
    """Return what is due, also where a liquidation comes before it."""
    plan, purses = begun(case, asked)
    position = purses.case.position(0)
    return [
        payment(position.contract, position, plan.rules[0], each.rate, each.hours)
        for each in plan.dues
    ]


def same(one, other, scale=Decimal(1)):
    return abs(one - other) <= NEAR * max(scale, abs(one), abs(other))


@pytest.mark.parametrize("exchange", EXCHANGES)
@few
@given(st.data(), rates, st.integers(1, 3000), st.integers(0, 3000))
def test_sides_cancel_and_a_time_in_two_parts_costs_what_the_whole_does(
    exchange, data, rate, minutes, rest
):
    case = case_of(data.draw(disturbed_cases(exchange)))
    other = case.with_position(0, side=opposite(case.sheet.positions[0].side))
    begin = MIDNIGHT + 60_000
    whole = Asked(rate=rate, hours=Decimal(minutes + rest) / 60, start=begin)
    first = whole._replace(hours=Decimal(minutes) / 60)
    second = whole._replace(hours=Decimal(rest) / 60, start=begin + 60_000 * minutes)

    assert [-amount for amount in due(case, whole)] == due(other, whole)
    assert same(sum(due(case, whole)), sum(due(case, first)) + sum(due(case, second)))


@pytest.mark.parametrize("exchange", EXCHANGES)
@few
@given(st.data(), rates, hours)
def test_what_is_paid_is_gone_and_brings_liquidation_nearer(exchange, data, rate, held):
    case = case_of(data.draw(disturbed_cases(exchange)))
    walk = walked(case, Asked(rate=rate, hours=held))
    before, after = walk.start.standing(0), walk.purses.standing(0)
    steps = [before, *(paid.after for paid in walk.payments)]
    for paid, one, other in zip(walk.payments, steps, steps[1:], strict=False):
        if one.distance_rate is None or other.distance_rate is None:
            continue
        nearer, farther = (other, one) if paid.amount >= 0 else (one, other)

        assert nearer.distance_rate <= farther.distance_rate
    if before.left is None or (before.free is None and TERMS[exchange].isolated is Purse.FREE):
        return
    gone = before.left + (before.free or 0) - after.left - (after.free or 0)

    assert same(gone, walk.totals[0], abs(before.left))


@pytest.mark.parametrize("exchange", isolated)
@few
@given(st.data(), rates, hours)
def test_a_fresh_sheet_with_what_is_left_ends_at_the_same_price(exchange, data, rate, held):
    case = case_of(data.draw(disturbed_cases(exchange)))
    walk = walked(case, Asked(rate=rate, hours=held))
    left, row = walk.purses.left(0), case.sheet.positions[0]
    assume(walk.purses.case.position(0).isolated and left is not None and not row.collateral)
    if TERMS[exchange].isolated is Purse.OWED:
        left += row.accrued_fees
    fresh = case.settled().with_position(
        0, margin=left - row.extra_margin, funding_rate=walk.plan.first_rate(0)
    )
    mine, theirs = walk.purses.case.figures.positions[0], fresh.figures.positions[0]

    assert mine.status is theirs.status
    assert mine.exact.get("liquidation_price") == theirs.exact.get("liquidation_price")


@pytest.mark.parametrize("exchange", ENDING)
@few
@given(st.data(), rates)
def test_held_up_to_the_answer_it_ends_there_and_a_moment_less_it_does_not(exchange, data, rate):
    case = case_of(data.draw(disturbed_cases(exchange)))
    asked = Asked(rate=rate, hours=Decimal(1))
    plan, purses = begun(case, asked)
    end = runs_out(plan, purses)
    if end.hours is None or end.hours > 1000:
        return
    moment = Decimal(1) / 3_600_000
    last = walked(case, asked._replace(hours=end.hours))
    before = walked(case, asked._replace(hours=end.hours - moment))

    assert last.ended is Ended.BY_FUNDING
    assert last.end.hours == end.hours
    assert before.ended is Ended.HELD


@pytest.mark.parametrize(
    "exchange", [name for name in isolated if name in JUDGED and name in ENDING]
)
@few
@given(st.data(), rates)
def test_the_judge_finds_it_liquidatable_after_the_last_payment_not_before(exchange, data, rate):
    sheet = data.draw(disturbed_cases(exchange))
    case = case_of(sheet)
    plan, purses = begun(case, Asked(rate=rate, hours=Decimal(1)))
    end = runs_out(plan, purses)
    row = purses.case.sheet.positions[0]
    if (
        end.payments is None
        or not purses.case.position(0).isolated
        or purses.free
        or row.collateral
    ):
        return
    for payments, over in ((end.payments - 1, False), (end.payments, True)):
        changed = copy.deepcopy(sheet)
        margin = str(row.margin - payments * end.amount)
        changed["positions"][0] |= {"margin": margin, "funding_rate": str(rate)}
        try:
            status = judge(changed)["positions"][0]["status"]
        except NotImplementedError:
            return

        assert (status == Status.ALREADY_LIQUIDATABLE) is over
