"""Laws of changed positions, over every exchange: nothing is lost, and averages are averages."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.change import trades
from liqcalc.answers.change.what_if import Change, Step, changed
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.errors import InputError
from liqcalc.rules.schema import CollateralMode
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES
from tests.strategies import disturbed_cases

on_any_exchange = settings(max_examples=max(25, settings().max_examples // 2))
SHARES = st.sampled_from(["0.1", "0.5", "1", "3"])
FACTORS = st.sampled_from(["0.8", "0.97", "1", "1.03", "1.2"])
NEAR = Decimal("1e-6")
FINE = 6
FAR = 10**9  # where digits that are left over decide whether there is an end


@st.composite
def held(draw, /, **fees):
    """Return a case of any exchange whose position 0 has a known end and a known purse."""
    sheet = draw(disturbed_cases(draw(st.sampled_from(EXCHANGES))))
    if fees:
        sheet = sheet | {"fees": fees}
    case = Case.of(sheet, today=TODAY).with_catalog(CATALOG)
    try:
        known = case.figures.positions[0].status is not Status.INDETERMINATE
        case.settled().paid(0, Decimal(1))
    except InputError:  # numbers that leave all bounds, or no purse
        known = False
    assume(known)
    return case.settled()


def near(one, other, scale):
    return abs(one - other) <= NEAR * abs(scale)


def wealth(case, i):
    """Return wallet, isolated margin and profit of position `i`, less what it owes."""
    account = case.sheet.account
    total = account.equity if account.equity is not None else account.wallet_balance
    if i is None:
        return total
    row, profit = case.sheet.positions[i], case.figures.positions[i].exact["unrealized_pnl"]
    if account.equity is None or trades.is_isolated(case, i):
        total += profit - row.accrued_fees
    return total + (trades.margin_of(case, i) if trades.is_isolated(case, i) else 0)


def known_money(case):
    """Return whether all money of position 0 is one sum in one currency."""
    account = case.sheet.account
    single = account.collateral is None and not case.sheet.positions[0].collateral
    single = single and account.collateral_mode is CollateralMode.SINGLE
    return single and (account.wallet_balance is not None or account.equity is not None)


@on_any_exchange
@given(st.data())
def test_a_trade_at_the_mark_costs_its_fee_and_nothing_else(data):
    case = data.draw(held())
    rules = case.resolved.rules_of[0]
    assume(known_money(case) and rules.money is None)
    assume(not rules.entry.rounds or rules.entry.digits >= FINE)
    position = case.position(0)
    mark, value = position.mark_price, position.contract.value(position.qty, position.mark_price)
    with exact():
        qty = position.qty * Decimal(data.draw(SHARES))
        try:
            part = min(qty, position.qty)
            done = (
                (qty, trades.added(case, 0, qty, mark)),
                (part, trades.reduced(case, 0, part, mark)),
                (qty + position.qty, trades.flipped(case, 0, qty, mark)),
            )
        except InputError:  # the margin that opening takes needs a leverage
            assert position.leverage is None
            return
        for traded, trade in done:
            left = wealth(case, 0) - trades.trading_fee(case, 0, traded, mark)
            assert near(wealth(trade.case, trade.i), left, 4 * value)


@on_any_exchange
@given(st.data())
def test_adding_is_the_sheet_with_the_average(data):
    case = data.draw(held())
    position, row = case.position(0), case.sheet.positions[0]
    assume(position.leverage is not None)
    with exact():
        qty = position.qty * Decimal(data.draw(SHARES))
        price = position.mark_price * Decimal(data.draw(FACTORS))
        done = trades.added(case, 0, qty, price)
        e, p, q, more = (Fraction(n) for n in (position.entry_price, price, position.qty, qty))
        average = (q * e + more * p) / (q + more)
        if not position.contract.linear:
            average = (q + more) / (q / e + more / p)
        entry = Decimal(average.numerator) / average.denominator
        margin = None if row.margin is None else row.margin + done.put_in
        fresh = done.case.with_position(0, entry_price=entry, qty=position.qty + qty, margin=margin)

        rounding = case.resolved.rules_of[0].entry
        assert done.entry_price is not None
        cut = Decimal(1).scaleb(-rounding.digits) if rounding.rounds else NEAR * entry
        assert abs(done.entry_price - entry) <= cut
        assert min(e, p) <= Fraction(entry) <= max(e, p)
        one, other = done.case.ends(0), fresh.ends(0)
        assume(all(end is None or end < FAR * price for end in (*one[1:], *other[1:])))
        assert one.status is other.status
        for end, again in ((one.lower, other.lower), (one.upper, other.upper)):
            assert end is again is None or near(end, again, again)


@on_any_exchange
@given(st.data())
def test_closing_all_leaves_the_sheet_without_it(data):
    case = data.draw(held())
    position = case.position(0)
    done = trades.reduced(case, 0, position.qty, position.mark_price)
    without = case.without(0)

    assert done.i is None
    assert done.case.sheet.positions == without.sheet.positions
    if trades.is_isolated(case, 0):
        with exact():
            assert done.put_in == -trades.margin_of(case, 0)


@on_any_exchange
@given(st.data())
def test_flipping_twice_without_fees_gives_the_position_back(data):
    case = data.draw(held(taker="0"))
    position, rows = case.position(0), case.sheet.positions
    assume(position.leverage is not None)
    assume(all(row.symbol != rows[0].symbol for row in rows[1:]))
    mark = position.mark_price
    none = Decimal(0)
    at_mark = case.with_position(
        0,
        entry_price=mark,
        extra_margin=none,
        funding_paid=none,
        accrued_fees=none,
        fee_reserve=None,
    )
    if trades.is_isolated(case, 0):
        at_mark = at_mark.with_position(
            0, margin=trades.opening_margin(case, 0, position.qty, mark)
        )
    with exact():
        once = trades.flipped(at_mark, 0, position.qty, mark)
        twice = trades.flipped(once.case, 0, position.qty, mark)

    assert once.case.sheet.positions[0].side is not rows[0].side
    assert twice.case.sheet.positions[0].side is rows[0].side
    one, other = at_mark.figures.positions[0].exact, twice.case.figures.positions[0].exact
    assert at_mark.ends(0).status is twice.case.ends(0).status
    for name in ("liquidation_price", "margin", "maintenance_margin"):
        assert one.get(name) is other.get(name) is None or near(one[name], other[name], one[name])


@on_any_exchange
@given(st.data())
def test_the_quantity_for_an_average_entry_is_the_least(data):
    case = data.draw(held())
    position = case.position(0)
    rounding = case.resolved.rules_of[0].entry
    assume(position.leverage is not None and (not rounding.rounds or rounding.digits >= FINE))
    with exact():
        entry = position.entry_price
        price = entry * Decimal("0.9")
        wanted = entry * Decimal(data.draw(st.sampled_from(["0.91", "0.95", "0.99"])))
        found = changed(case, 0, Step(Change.AVERAGE, price=price, entry_price=wanted))
        assert found.qty is not None
        lot = position.contract.lot_size or found.qty.scaleb(-3)

        assert trades.average_entry(case, 0, found.qty, price) <= wanted * (1 + NEAR)
        if found.qty > lot:
            assert trades.average_entry(case, 0, found.qty - lot, price) > wanted * (1 - NEAR)
