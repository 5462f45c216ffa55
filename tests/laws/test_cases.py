"""Laws of changed sheets: what a what-if keeps."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.errors import InputError
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES
from tests.strategies import disturbed_cases, few

NEAR = Decimal("1e-7")
on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)


def case_of(sheet):
    return Case.of(sheet, today=TODAY).with_catalog(CATALOG)


def same(one, other):
    """Return True if two figures are equal but for the digits of a printed margin.

    The far end of an inverse contract magnifies them: its reciprocal is compared too.
    """
    if one is None or other is None:
        return one is other
    if one and other and abs(1 / one - 1 / other) <= NEAR / 1000:
        return True
    return abs(one - other) <= NEAR * max(abs(one), abs(other))


@on_every_exchange
@few
@given(st.data())
def test_writing_margins_and_marks_out_changes_nothing(exchange, data):
    case = case_of(data.draw(disturbed_cases(exchange)))
    before, after = case.figures, case.settled().figures

    for one, other in zip(before.positions, after.positions, strict=True):
        assert one.status is other.status
        for name in ("liquidation_price", "bankruptcy_price", "margin", "maintenance_margin"):
            assert same(one.exact.get(name), other.exact.get(name)), name


@on_every_exchange
@few
@given(st.data())
def test_the_same_marks_are_the_same_case(exchange, data):
    case = case_of(data.draw(disturbed_cases(exchange))).settled()
    marks = {answer.symbol: answer.mark_price for answer in case.figures.positions}
    again = case.at(marks)

    assert [answer.exact for answer in again.figures.positions] == [
        answer.exact for answer in case.figures.positions
    ]


@on_every_exchange
@few
@given(st.data())
def test_what_is_paid_and_comes_back_is_nothing(exchange, data):
    case = case_of(data.draw(disturbed_cases(exchange))).settled()
    if case.figures.positions[0].liquidation_price is None:
        return
    amount = Decimal("1.25")
    try:
        again = case.paid(0, amount).paid(0, -amount)
    except InputError:  # a wallet of other coins pays nothing in the settle currency
        assert case.sheet.account.collateral is not None
        return

    assert same(
        case.figures.positions[0].exact["liquidation_price"],
        again.figures.positions[0].exact["liquidation_price"],
    )


def test_coins_are_paid_out_of_an_equity_in_usd_at_their_price():
    account = {"margin_mode": "cross", "collateral_mode": "multi", "equity": "10000"}
    position = {"symbol": "BTCUSD", "side": "long", "qty": "20000", "entry_price": "50000"}
    sheet = {"exchange": "bybit", "account": account, "positions": [position]}

    paid = Case.of(sheet, today="2026-11-01").paid(0, Decimal("0.01"))

    assert paid.sheet.account.equity == 9500
