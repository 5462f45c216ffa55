"""Laws of sizes, over every exchange: the risk holds one lot and not two, the stop survives."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.size.answer import Fit
from liqcalc.answers.size.question import size_of
from liqcalc.answers.stops.outcome import Verdict, stop_outcome
from liqcalc.engine.numbers import exact, plain
from liqcalc.engine.solve import Status
from liqcalc.errors import InputError
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES
from tests.strategies import disturbed_cases

on_any_exchange = settings(max_examples=max(10, settings().max_examples // 6))
DISTANCES = ("0.003", "0.01", "0.05", "0.2")
SHARES = ("0.001", "0.01", "0.1", "1")


@st.composite
def asked(draw, /, leverages=(None, "2", "20", "90")):
    """Return a case to be opened, its stop, and options with a risk in proportion to its value."""
    case = Case.of(
        draw(disturbed_cases(draw(st.sampled_from(EXCHANGES)))), today=TODAY
    ).with_catalog(CATALOG)
    assume(case.figures.positions[0].status is not Status.INDETERMINATE)
    case = case.with_position(0, margin=None, collateral=())
    position = case.position(0)
    with exact():
        mark = position.mark_price
        stop = mark * (1 - position.side * Decimal(draw(st.sampled_from(DISTANCES))))
        value = position.contract.value(position.qty, mark)
        risk = value * Decimal(draw(st.sampled_from(SHARES)))
        past = (position.entry_price - stop) * position.side
        assume(past > 0)
    options = {"risk": risk, "leverage": draw(st.sampled_from(leverages))}
    return case, plain(stop), options


def answer_of(case, stop, options):
    """Return the size; None where the risk is too small for the smallest one."""
    try:
        return size_of(case, 0, stop, options)
    except InputError as error:
        faults = [fault for fault in error.faults if fault.where not in {"risk", "taker"}]
        assert not faults, faults
        return None


@on_any_exchange
@given(st.data())
def test_the_risk_holds_the_size_and_not_one_lot_more(data):
    case, stop, options = data.draw(asked())
    found = answer_of(case, stop, options)
    assume(found is not None)
    with exact():
        more = case.with_position(0, funding_paid=Decimal(0)).resized(0, found.qty + found.lot)
        order = found.outcome.stop

        assert found.loss <= found.risk < found.next_loss
        assert stop_outcome(more, 0, order).loss.total == found.next_loss
        assert found.qty % found.lot == 0


@on_any_exchange
@given(st.data())
def test_what_fits_survives_its_stop_and_what_is_refused_has_a_reason(data):
    case, stop, options = data.draw(asked())
    found = answer_of(case, stop, options)
    assume(found is not None)

    survives = found.outcome.verdict is Verdict.FIRES_FIRST
    assert survives or found.fit is not Fit.FITS
    assert bool(found.reason) is (found.fit is not Fit.FITS)
    if found.fit is Fit.FITS:
        assert found.largest_leverage is None or found.leverage <= found.largest_leverage


@on_any_exchange
@given(st.data())
def test_what_works_instead_does(data):
    case, stop, options = data.draw(asked())
    found = answer_of(case, stop, options)
    assume(found is not None and found.fit is not Fit.FITS)
    nearest = found.nearest

    if nearest.leverage is not None:
        lower = options | {"leverage": nearest.leverage}
        assert answer_of(case, stop, lower).fit is Fit.FITS
    if nearest.qty is not None:
        with exact():
            share = options | {"risk": loss_of(case, found, nearest.qty)}
        smaller = answer_of(case, stop, share)
        assert smaller.qty == nearest.qty
        assert smaller.fit is Fit.FITS


def loss_of(case, found, qty):
    """Return what a quantity loses at the stop of an answer."""
    fresh = case.with_position(0, funding_paid=Decimal(0)).resized(0, qty)
    return stop_outcome(fresh, 0, found.outcome.stop).loss.total


@on_any_exchange
@given(st.data())
def test_twice_the_risk_is_never_a_smaller_size(data):
    case, stop, options = data.draw(asked(leverages=(None,)))
    found = answer_of(case, stop, options)
    assume(found is not None)
    twice = answer_of(case, stop, options | {"risk": options["risk"] * 2})

    assert twice.qty >= found.qty
