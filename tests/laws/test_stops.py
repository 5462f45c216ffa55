"""Laws of stops and leverage, over every exchange folder."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.leverage.question import leverage_of
from liqcalc.answers.leverage.search import Binds, LeverageSearch
from liqcalc.answers.stops.fit import furthest_fit
from liqcalc.answers.stops.order import StopOrder, Trigger
from liqcalc.answers.stops.outcome import Verdict, fires_first, stop_outcome
from liqcalc.engine.numbers import exact
from liqcalc.errors import InputError
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES, ISOLATED, JUDGED
from tests.slow import evaluate as judge
from tests.strategies import disturbed_cases

on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)
rarely = settings(max_examples=max(3, settings().max_examples // 20))
judged = settings(max_examples=max(2, settings().max_examples // 30))
NEAR = Decimal("1e-15")
GAP = Decimal("0.000001")
ZERO, ONE = Decimal(0), Decimal(1)
BARE = StopOrder(ONE, Trigger.MARK)
MANY = StopOrder(ONE, Trigger.LAST, Decimal(10), Decimal("0.001"), Decimal("0.1"))
distances = st.sampled_from(["0.002", "0.01", "0.03", "0.08", "0.25"])
orders = st.sampled_from([BARE, MANY, MANY._replace(trigger=Trigger.MARK, buffer=Decimal(1))])


def case_of(sheet):
    return Case.of(sheet, today=TODAY).with_catalog(CATALOG)


def stop_at(case, i, distance):
    """Return the price that lies `distance` from the mark where the position loses."""
    with exact():
        return case.position(i).mark_price * (1 - case.sheet.positions[i].side.sign * distance)


def drawn(exchange, data):
    """Return a case, one of its positions, and a stop of it."""
    case = case_of(data.draw(disturbed_cases(exchange)))
    i = data.draw(st.integers(0, len(case.sheet.positions) - 1))
    try:
        assert case.figures.positions
    except InputError:  # a size far below the exchange's smallest money
        reject()
    return case, i, stop_at(case, i, Decimal(data.draw(distances)))


def planned(case, i):
    """Return the case with what the leverage alone sets aside, of a plain position."""
    return case.with_position(i, margin=None, collateral=(), leverage=None)


def search_of(case, i, order):
    return LeverageSearch(case, i, order, step=ONE, funding=ZERO)


@on_every_exchange
@rarely
@given(st.data())
def test_the_farthest_stop_survives_and_a_step_further_does_not(exchange, data):
    case, i, _ = drawn(exchange, data)
    order = data.draw(orders)
    farthest = furthest_fit(case, i, order)
    if farthest.price is None:
        return
    with exact():
        beyond = farthest.price - case.sheet.positions[i].side.sign * farthest.step

    assert fires_first(case, i, order._replace(price=farthest.price))
    if beyond > 0:
        assert not fires_first(case, i, order._replace(price=beyond))


@on_every_exchange
@rarely
@given(st.data())
def test_the_largest_gap_parts_what_fires_from_what_is_liquidated(exchange, data):
    case, i, stop = drawn(exchange, data)
    order = MANY._replace(price=stop, buffer=ZERO)
    largest = stop_outcome(case, i, order).largest_gap
    if largest is None or not GAP < largest < 1 - GAP:
        return

    for gap, first in ((-GAP, Verdict.FIRES_FIRST), (GAP, Verdict.LIQUIDATED_FIRST)):
        gapped = stop_outcome(case, i, order, gap=largest + gap).gapped
        assert gapped is not None
        assert gapped.verdict is first


@on_every_exchange
@rarely
@given(st.data())
def test_harder_terms_never_make_a_stop_safe(exchange, data):
    case, i, stop = drawn(exchange, data)
    bare, last, many = (
        fires_first(case, i, order._replace(price=stop))
        for order in (BARE, MANY._replace(buffer=ZERO), MANY)
    )

    assert bare >= last >= many


@on_every_exchange
@rarely
@given(st.data())
def test_no_leverage_above_the_answer_is_safe(exchange, data):
    case, i, stop = drawn(exchange, data)
    search = search_of(planned(case, i), i, data.draw(orders)._replace(price=stop))
    best = search.largest()
    top = int(search.highest())
    higher = range(1 if best is None else int(best.leverage) + 1, top + 1)

    assert best is None or best.safe
    assert not any(
        search.at(Decimal(leverage)).safe for leverage in [*higher][:: len(higher) // 9 + 1]
    )


@on_every_exchange
@rarely
@given(st.data())
def test_the_answer_names_what_binds_and_the_money_that_is_needed(exchange, data):
    case, i, stop = drawn(exchange, data)
    given_terms = {"trigger": "mark", "slippage_bps": "0", "buffer": "0"}
    found = leverage_of(planned(case, i), i, stop, given_terms)
    rows = {row.leverage: row for row in found.rows}
    if found.leverage is not None and found.above is not None:
        here, above = rows[found.leverage], rows[found.above]
        assert here.verdict is Verdict.FIRES_FIRST
        assert here.allowed
        assert above.allowed is (found.binds is Binds.LIQUIDATION)
    elif found.binds is Binds.NOTHING_WORKS and found.needed is not None:
        extra = case.sheet.positions[i].extra_margin + found.needed
        richer = planned(case, i).with_position(i, extra_margin=extra)
        assert search_of(richer, i, BARE._replace(price=stop)).at(ONE).safe
    elif found.binds is Binds.WALLET and found.needed is not None:
        richer = planned(case, i).paid(i, -found.needed)
        assert search_of(richer, i, BARE._replace(price=stop)).largest() is not None


def judged_safe(sheet, i, leverage, mark):
    """Return whether the slow judge lets position `i` reach `mark`; None if it cannot tell."""
    sheet = copy.deepcopy(sheet)
    sheet["positions"][i]["leverage"] = str(leverage)
    found = judge(sheet, rounded=False)["positions"][i]
    if found["status"] in {"indeterminate", "already_liquidatable"}:
        return False
    long = sheet["positions"][i]["side"] == "long"
    end = found["lower_price" if long else "upper_price"]
    if end is None:
        return True
    if abs(end - mark) <= NEAR * abs(end):
        return None
    return mark > end if long else mark < end


@pytest.mark.parametrize("exchange", [name for name in JUDGED if name in ISOLATED])
@judged
@given(st.data())
def test_the_slow_judge_agrees_at_every_leverage_it_is_asked_about(exchange, data):
    sheet = data.draw(disturbed_cases(exchange))
    i = data.draw(st.integers(0, len(sheet["positions"]) - 1))
    row = sheet["positions"][i]
    for key in ("margin", "collateral", "close"):
        row.pop(key, None)
    case = case_of(sheet)
    if not case.position(i).isolated:
        return
    stop = stop_at(case, i, Decimal(data.draw(distances)))
    search = search_of(case, i, data.draw(orders)._replace(price=stop))
    best, top = search.largest(), int(search.highest())
    found = 0 if best is None else int(best.leverage)
    spread = {1, 2, found - 1, found, found + 1, found + 2, top // 3, top // 2, top}
    for leverage in sorted(n for n in spread if 1 <= n <= top):
        try:
            safe = judged_safe(sheet, i, leverage, search.needed_mark)
        except NotImplementedError:
            return
        tried = search.at(Decimal(leverage))
        if safe is not None and tried.allowed:
            assert (tried.verdict is Verdict.FIRES_FIRST) is safe, leverage
            assert leverage <= found or not safe, leverage
