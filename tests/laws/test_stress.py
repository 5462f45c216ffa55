"""Laws of a stress: it moves an account, and nothing else about it."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.stress.answer import RepairKind, UnitStatus
from liqcalc.answers.stress.crossing import ended
from liqcalc.answers.stress.ends import members_of, survives
from liqcalc.answers.stress.inputs import Line
from liqcalc.answers.stress.question import stress_case
from liqcalc.answers.stress.repair import CENT, SATOSHI, with_cash
from liqcalc.answers.stress.units import marks_of, units_of
from liqcalc.engine.numbers import ONE, ZERO, exact
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES, JUDGED
from tests.slow import evaluate as judge
from tests.strategies import disturbed_cases

on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)
some = settings(max_examples=max(14, settings().max_examples // 5))
each = st.sampled_from(EXCHANGES)
NEAR = Decimal("1e-9")
STEP = Decimal("1e-7")
CLOSE = Decimal("1e-6")  # two that end within 1e-8 of a move are liquidated together


def case_of(sheet):
    return Case.of(sheet, today=TODAY).with_catalog(CATALOG)


def alike(case):
    """Return the settled case if each symbol has one mark; else None."""
    case = case.settled()
    marks = marks_of(case)
    same = all(a.mark_price == marks[a.symbol] for a in case.figures.positions)
    return case if same else None


def stressed(case, **asked):
    return stress_case(case, **asked)


def grainy(case):
    """Return whether some amounts are cut to steps of money, which makes the condition flicker."""
    resolved = case.resolved
    modes = (r.mode(isolated=isolated) for r in resolved.rules_of for isolated in (True, False))
    whole = any(rules.money is not None for rules in resolved.rules_of)
    return whole or any(mode.requirement_step for mode in modes)


def same(one, other, near=NEAR):
    if one is None or other is None:
        return one is other
    return abs(one - other) <= near * max(abs(one), abs(other), Decimal("1e-9"))


@on_every_exchange
@settings(max_examples=max(2, settings().max_examples // 30))
@given(st.data())
def test_no_move_is_the_account_as_it_is(exchange, data):
    case = alike(case_of(data.draw(disturbed_cases(exchange, mixed=True))))
    if case is None:
        return
    (point,) = stressed(case, moves="0").points

    assert point.liquidated == ()
    pools = {pool.currency: pool for pool in case.figures.pools}
    for unit, state in zip(units_of(case), point.units, strict=True):
        if unit.isolated:
            exacts = case.figures.positions[members_of(case, unit)[0]].exact
            assert same(state.equity, exacts.get("margin_balance"), ZERO)
        else:
            exacts = pools[unit.currency].exact
            assert same(state.equity, exacts.get("equity"), ZERO)
        assert same(state.margin_ratio, exacts.get("margin_ratio"), ZERO)


@some
@given(each, st.data())
def test_the_end_is_the_first_move_at_which_the_condition_holds(exchange, data):
    case = alike(case_of(data.draw(disturbed_cases(exchange, mixed=True))))
    if case is None:
        return
    answer = stressed(case, moves="0")
    line = Line(marks_of(case), answer.betas)
    if grainy(case):
        return
    with exact():
        for end in answer.ends:
            unit = next(unit for unit in answer.units if unit.name == end.unit)
            for move in (end.down, end.up):
                if not move or abs(move) > 10:
                    continue
                beyond, before = (case.at(line.at(move * (ONE + s))) for s in (STEP, -STEP))
                assert ended(beyond, members_of(case, unit)) or _at_an_edge(case, line, unit, move)
                assert not ended(before, members_of(case, unit))


def _at_an_edge(case, line, unit, move):
    """Return whether the condition holds at the end alone, as where a rate leaps down again."""
    return bool(ended(case.at(line.at(move)), members_of(case, unit)))


@some
@given(each, st.data())
def test_it_ends_where_the_joint_move_of_the_account_does(exchange, data):
    case = alike(case_of(data.draw(disturbed_cases(exchange))))
    if case is None:
        return
    joint, answer = case.figures.joint, stressed(case, moves="0")
    pools = [unit for unit in answer.units if not unit.isolated]
    if joint is None or joint.down is None or len(pools) != 1:
        return
    (end,) = (end for end in answer.ends if end.unit == pools[0].name)
    line = Line(marks_of(case), answer.betas)
    with exact():
        there = case.at(line.at(joint.down * (ONE + STEP)))
        confirmed = ended(there, members_of(case, pools[0]))
    if confirmed and abs(joint.down) < Decimal("0.999"):
        assert same(end.down, joint.down)


@some
@given(each, st.data(), st.sampled_from((Decimal("-0.001"), Decimal("0.001"))))
def test_a_point_before_the_end_holds_and_one_beyond_does_not(exchange, data, share):
    case = alike(case_of(data.draw(disturbed_cases(exchange, mixed=True))))
    if case is None:
        return
    ends = stressed(case, moves="0").ends
    near = [end for end in ends if end.nearest]
    if not near or len(near) < len(ends) or grainy(case):
        return
    end = min(near, key=lambda each: abs(each.nearest))
    if not Decimal("0.0001") < abs(end.nearest) < Decimal("0.99"):
        return
    points = stressed(case, moves=[end.nearest * (ONE + share)]).points
    state = next(state for p in points if p.move for state in p.units if state.name == end.unit)
    events = [event.unit for point in points for event in point.liquidations]
    if share < 0:
        assert state.status is UnitStatus.HOLDS
        assert events == []
    elif state.status is UnitStatus.HOLDS:
        assert _leaps_back(case, end)
    else:
        assert state.status is not UnitStatus.UNKNOWN
        assert end.unit in events or state.status is UnitStatus.LIQUIDATABLE


def _leaps_back(case, end):
    """Return whether the condition holds at the end and no more a step beyond it."""
    line = Line(marks_of(case), dict.fromkeys(marks_of(case), ONE))
    with exact():
        return not ended(case.at(line.at(end.nearest * (ONE + STEP))), range(9))


@some
@given(each, st.data(), st.sampled_from(("-0.3", "-0.08", "0.2")))
def test_a_repair_survives_and_one_step_less_does_not(exchange, data, wanted):
    case = alike(case_of(data.draw(disturbed_cases(exchange, mixed=True))))
    if case is None:
        return
    answer = stressed(case, moves="0", survive=wanted)
    line = Line(marks_of(case), answer.betas)
    with exact():
        for option in answer.repairs.options:
            if option.kind is not RepairKind.ADD or option.amount is None:
                continue
            unit = next(unit for unit in answer.units if unit.name == option.unit)
            members = members_of(case, unit)
            linear = case.position(members[0]).contract.product == "linear"
            step = CENT if linear else SATOSHI
            saved, short = (
                with_cash(case, members[0], amount)
                for amount in (option.amount, option.amount - step)
            )
            assert survives(saved, line, members, Decimal(wanted))
            if option.amount > step:
                assert not survives(short, line, members, Decimal(wanted))


@some
@given(each, st.data(), st.sampled_from(("-0.2", "-0.05", "0.15")))
def test_an_isolated_position_does_not_mind_the_others(exchange, data, move):
    case = alike(case_of(data.draw(disturbed_cases(exchange, mixed=True))))
    if case is None or any(row.collateral for row in case.sheet.positions):
        return
    if case.sheet.orders:
        return
    whole = stressed(case, moves=move)
    for unit in whole.units:
        (i, *_) = members_of(case, unit)
        pairs = [
            row for row in case.sheet.positions if row.symbol == case.position(i).contract.symbol
        ]
        if not unit.isolated or len(pairs) > 1:
            continue
        row = case.sheet.positions[i]
        alone = stressed(case.with_sheet(case.sheet._replace(positions=(row,))), moves=move)
        for point, single in zip(whole.points, alone.points, strict=True):
            state = next(state for state in point.units if state.name == unit.name)
            other = single.units[0]
            assert state.status is other.status
            assert same(state.equity, other.equity, CLOSE)
            assert same(state.margin_ratio, other.margin_ratio, CLOSE)


@some
@given(st.sampled_from(JUDGED), st.data(), st.sampled_from(("-0.11", "-0.02", "0.04", "0.23")))
def test_equity_and_ratio_are_the_slow_judges_at_the_moved_marks(exchange, data, move):
    sheet = data.draw(disturbed_cases(exchange))
    case = alike(case_of(sheet))
    if case is None or (sheet.get("account") or {}).get("equity") is not None:
        return
    held = {row["symbol"] for row in sheet["positions"]}
    if any(order["symbol"] not in held for order in sheet.get("orders") or ()):
        return  # the judge counts orders of symbols without a position in another way
    point = next(p for p in stressed(case, moves=move).points if p.move)
    if point.liquidations or len(case.figures.pools) > 1:
        return
    try:
        judged = judge(_moved(sheet, case, Decimal(move)), rounded=False)
    except NotImplementedError:
        return
    for state in point.units:
        if "account" not in state.name or state.status is not UnitStatus.HOLDS:
            continue
        for name, mine in (("equity", state.equity), ("margin_ratio", state.margin_ratio)):
            theirs = judged["account"].get(name)
            if theirs is not None and mine is not None:
                value = sum(abs(row["notional"] or ZERO) for row in judged["positions"])
                slack = NEAR * value if name == "equity" else NEAR
                assert abs(mine - theirs) <= max(slack, NEAR * abs(theirs)), name


def _moved(sheet, case, move):
    """Return a sheet with every price that moves with the positions' written out anew."""
    moved = copy.deepcopy(sheet)
    factor = ONE + move
    bases = {position.contract.base for position in case.resolved.positions}
    with exact():
        rows = zip(moved["positions"], case.figures.positions, case.sheet.positions, strict=True)
        for row, answer, settled in rows:
            row["mark_price"] = answer.mark_price * factor
            if settled.margin is not None:
                row["margin"] = settled.margin
            if row.get("index_price") is not None:
                row["index_price"] = Decimal(row["index_price"]) * factor
            _move_coins(row.get("collateral") or [], bases, factor)
        _move_coins((moved.get("account") or {}).get("collateral") or [], bases, factor)
    return moved


def _move_coins(coins, bases, factor):
    for coin in coins:
        if coin["asset"] in bases and coin.get("price") is not None:
            coin["price"] = Decimal(coin["price"]) * factor
