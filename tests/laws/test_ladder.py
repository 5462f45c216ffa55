"""Laws of liquidation, over every exchange folder: what no step may do, whatever its rules are."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.ladder.path import Way
from liqcalc.answers.ladder.question import run_at_marks, run_ladder
from liqcalc.engine.numbers import exact
from liqcalc.engine.solve import Status
from liqcalc.engine.steps import Action, Fill, FillAt
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES
from tests.strategies import disturbed_cases

DUST = Decimal("1e-20")
ZERO = Decimal(0)
on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)
fewer = settings(max_examples=max(3, settings().max_examples // 20))
fills = st.builds(Fill, st.sampled_from(FillAt), st.sampled_from([ZERO, Decimal(10), Decimal(300)]))
ways = st.builds(
    Way,
    st.none() | st.tuples(st.sampled_from([Decimal(n) for n in (40, 80, 130, 250)])),
    together=st.booleans(),
    jump=st.booleans(),
)


def case_of(sheet):
    return Case.of(sheet, today=TODAY).with_catalog(CATALOG).settled()


def along(case, way):
    """Return a way in percent of the first position's mark as prices."""
    if way.prices is None:
        return way._replace(jump=False)
    with exact():
        mark = case.position(0).mark_price
        return way._replace(prices=tuple(mark * share / 100 for share in way.prices))


def near(one, other, scale):
    return abs(one - other) <= DUST * max(scale, 1)


def worth(contract, qty, price):
    return qty / price if contract.product == "inverse" else qty * price


def purses(case, run=None):
    """Return the money of each purse: by number of an isolated position, by coin of the account."""
    left = case if run is None else run.left
    numbers = range(len(case.sheet.positions)) if run is None else run.numbers
    found = {} if run is None else dict(run.returned)
    both = zip(numbers, left.figures.positions, left.resolved.positions, strict=True)
    for number, answer, position in both:
        if position.isolated:
            found[number] = answer.exact.get("margin")
    account = left.sheet.account
    settles = {p.contract.settle for p in case.resolved.positions if not p.isolated}
    if account.equity is not None:
        return found
    if account.wallet_balance is not None:
        return found | (dict.fromkeys(settles, account.wallet_balance) if len(settles) == 1 else {})
    held = {coin.asset: coin.qty for coin in account.collateral or ()}
    return found | {settle: held.get(settle, ZERO) for settle in settles if account.collateral}


@on_every_exchange
@fewer
@given(st.data())
def test_no_money_appears_or_vanishes(exchange, data):
    """Before - after = what is lost on the closed part + fees + what the fund took, exactly."""
    case = case_of(data.draw(disturbed_cases(exchange, mixed=data.draw(st.booleans()))))
    run = run_ladder(case, 0, data.draw(fills), along(case, data.draw(ways)))
    before, after = purses(case), purses(case, run)

    with exact():
        flows: dict[object, Decimal] = {}
        turned: dict[object, Decimal] = {}
        for row in run.rows:
            closing, position = row.closing, case.position(row.position)
            if closing.price is None:
                continue
            contract, side = position.contract, position.side
            drift = -side if contract.product == "inverse" else side
            values = [
                worth(contract, closing.qty, p) for p in (closing.price, position.entry_price)
            ]
            assert near(closing.pnl, drift * (values[0] - values[1]), max(values))
            purse = row.position if position.isolated else contract.settle
            change = closing.pnl - closing.fee - closing.fund
            flows[purse] = flows.get(purse, ZERO) + change
            turned[purse] = turned.get(purse, ZERO) + max(values)
        emptied = any(row.action is Action.BACKSTOP for row in run.rows)
        coins = case.sheet.account.collateral
        for purse, change in flows.items():
            if before.get(purse) is None or (emptied and coins and not isinstance(purse, int)):
                continue
            if isinstance(purse, int) and case.position(purse).collateral:
                continue
            scale = max(abs(before[purse]), turned[purse])
            assert near(before[purse] + change, after[purse], scale), purse


@on_every_exchange
@fewer
@given(st.data())
def test_quantities_only_fall_by_what_is_closed(exchange, data):
    """What is left plus what is closed is what was there; nobody is given a larger position."""
    case = case_of(data.draw(disturbed_cases(exchange, mixed=data.draw(st.booleans()))))
    run = run_ladder(case, 0, data.draw(fills), along(case, data.draw(ways)))
    held = {i: position.qty for i, position in enumerate(case.resolved.positions)}

    with exact():
        for row in run.rows:
            assert 0 <= row.closing.qty <= held[row.position]
            assert row.qty_left == held[row.position] - row.closing.qty
            held[row.position] = row.qty_left
    assert {i for i, qty in held.items() if qty} == set(run.numbers)
    assert [position.qty for position in run.left.resolved.positions] == [
        held[i] for i in run.numbers
    ]


@on_every_exchange
@fewer
@given(st.data())
def test_a_row_tells_what_a_fresh_look_at_the_sheet_tells(exchange, data):
    """The next liquidation price is that of the sheet that is left, and of nothing else."""
    case = case_of(data.draw(disturbed_cases(exchange)))
    run = run_ladder(case, 0, data.draw(fills), along(case, data.draw(ways)))

    for row in run.rows[-3:]:
        fresh = Case(row.left.sheet, CATALOG, TODAY).figures
        found = {
            (answer.liquidation_price, answer.status, answer.tier)
            for answer in fresh.positions
            if (answer.symbol, answer.side, answer.qty) == (row.symbol, row.side, row.qty_left)
        }
        told = (row.next_liquidation_price, row.status, row.tier)
        assert told in found or not row.qty_left


@on_every_exchange
@fewer
@given(st.data())
def test_what_is_left_is_safe(exchange, data):
    """Steps end where no condition holds any more; what has none takes no step."""
    case = case_of(data.draw(disturbed_cases(exchange, mixed=data.draw(st.booleans()))))
    due = [a.status is Status.ALREADY_LIQUIDATABLE for a in case.figures.positions]
    run = run_at_marks(case, data.draw(fills))

    assert bool(run.rows) is any(due)
    assert all(a.status is not Status.ALREADY_LIQUIDATABLE for a in run.left.figures.positions)


@on_every_exchange
@fewer
@given(st.data())
def test_after_a_takeover_nothing_is_kept(exchange, data):
    """The fund or vault gets what a position that it takes over had of its own."""
    case = case_of(data.draw(disturbed_cases(exchange)))
    run = run_ladder(case, 0, data.draw(fills))

    for row in run.rows:
        if row.action in {Action.TAKE_OVER, Action.BACKSTOP} and row.margin_mode == "isolated":
            assert row.qty_left == 0
            assert row.margin_left == 0
