"""Laws of health: levels lie where the ratio shows them, chances behave like chances."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from decimal import Decimal
from math import exp, log, sqrt

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from liqcalc.answers.case import Case
from liqcalc.answers.health.question import Asked, health_of
from liqcalc.answers.health.touch import touch_chance
from liqcalc.rules.schema import CollateralMode
from tests.laws.compare import CATALOG, TODAY
from tests.laws.folders import EXCHANGES, folder
from tests.strategies import disturbed_cases, few

NEAR = Decimal("1e-6")  # wallets and margins that are printed are rounded
JUST = Decimal("1e-7")
SLACK = 1e-12


def case_of(sheet):
    return Case.of(sheet, today=TODAY).with_catalog(CATALOG)


def has_levels(exchange):
    meta = folder(exchange).meta
    return any(display.warnings for display in (meta.display, *meta.other_displays))


WITH_LEVELS = [name for name in EXCHANGES if has_levels(name)]
on_every_exchange = pytest.mark.parametrize("exchange", EXCHANGES)


def gauge_and_ratio(case, i):
    """Return how the exchange shows the health of position `i`, and what it shows."""
    figures = case.figures
    position = figures.positions[i]
    shown = position
    if position.margin_mode == "cross":
        several = len(figures.pools) > 1
        pools = (p for p in figures.pools if not several or p.currency == position.settle)
        shown = next(pools)
    return shown.gauge, shown.exact.get("displayed_margin_ratio")


class TestLevels:
    """At the mark of a level the exchange would show the level, or leap over it there."""

    @pytest.mark.parametrize("exchange", WITH_LEVELS)
    @few
    @given(st.data())
    def test_a_fresh_evaluation_shows_it(self, exchange, data):
        case = case_of(data.draw(disturbed_cases(exchange))).settled()
        symbols = {row.symbol for row in case.sheet.positions}
        bases = {position.contract.base for position in case.resolved.positions}
        assume(len(symbols) == len(bases))  # else the coin held moves with either of them
        account = case.sheet.account
        # The opening fees of orders, which some ratios leave out, are held at their value now.
        assume(not case.sheet.orders or account.collateral_mode is CollateralMode.SINGLE)
        for i, position in enumerate(health_of(case).positions):
            for level in position.levels:
                for mark in filter(None, level.exact):
                    self.check(case, i, level.level.at, mark)

    def check(self, case, i, level, mark):
        symbol = case.sheet.positions[i].symbol
        moved = case.at({symbol: mark})
        if any((p.exact["maintenance_margin"] or 0) <= 0 for p in moved.figures.positions):
            return  # a deduction larger than the requirement
        gauge, shown = gauge_and_ratio(moved, i)
        if shown is not None and abs(shown - level) <= NEAR * level:
            return
        sides = (case.at({symbol: mark * (1 + step)}) for step in (-JUST, JUST))
        reached = [gauge.reached(level, gauge_and_ratio(side, i)[1]) for side in sides]
        assert False in reached
        assert reached != [False, False]

    @pytest.mark.parametrize("exchange", WITH_LEVELS)
    @few
    @given(st.data())
    def test_it_comes_before_liquidation(self, exchange, data):
        case = case_of(data.draw(disturbed_cases(exchange)))
        due = (answer.exact.get("maintenance_margin") for answer in case.figures.positions)
        assume(all(amount is not None and amount > 0 for amount in due))
        for position in health_of(case).positions:
            for level in position.levels:
                if level.reached:
                    continue
                lower, upper, _ = level.exact
                if position.lower is not None:
                    assert lower is not None
                    assert lower >= position.lower.price * (1 - JUST)
                if position.upper is not None:
                    assert upper is not None
                    assert upper <= position.upper.price * (1 + JUST)


class TestDistances:
    """Multiples are the distance in other units; the nearest end has the greatest chance."""

    @on_every_exchange
    @few
    @given(st.data())
    def test_they_follow_from_the_ends(self, exchange, data):
        case = case_of(data.draw(disturbed_cases(exchange)))
        asked = Asked(volatility=Decimal("0.04"), horizon_hours=Decimal(96))
        for i, position in enumerate(health_of(case, asked).positions):
            ends = case.ends(i)
            prices = (ends.lower, ends.upper)
            assert prices == tuple(e and e.price for e in (position.lower, position.upper))
            for end in position.ends:
                assert None not in (end.volatilities, end.chance, position.chance)
                assert abs((end.volatilities or 0) * Decimal("0.04") - end.distance_rate) < JUST
                assert 0 <= (end.chance or 0) <= (position.chance or 0) <= 1
            assert bool(position.ends) != bool(position.reason)


spreads = st.floats(0.001, 1.5)
logs = st.floats(0.0, 3.0)


class TestChance:
    """It lies from 0 to 1, grows with time and volatility, falls with the distance."""

    @given(spreads, logs, logs)
    @example(1.5, 3.0, 3.0)
    def test_it_is_a_chance_and_either_end_is_likelier_than_one(self, spread, down, up):
        low, high = touch_chance(spread, -down, None), touch_chance(spread, None, up)
        either = touch_chance(spread, -down, up)

        assert 0 <= low <= 1
        assert 0 <= high <= 1
        assert max(low, high) <= either <= min(1, low + high)

    @given(spreads, spreads, st.booleans(), logs)
    def test_more_volatility_or_time_is_never_safer(self, one, other, below, distance):
        calm, wild = sorted((one, other))
        barrier = (-distance, None) if below else (None, distance)

        assert touch_chance(calm, *barrier) <= touch_chance(wild, *barrier) + SLACK

    @given(spreads, st.booleans(), logs, logs)
    def test_farther_is_never_likelier(self, spread, below, one, other):
        near, far = sorted((one, other))
        side = (lambda x: (-x, None)) if below else (lambda x: (None, x))

        assert touch_chance(spread, *side(far)) <= touch_chance(spread, *side(near)) + SLACK

    @given(spreads, st.booleans())
    def test_at_the_barrier_it_is_certain(self, spread, below):
        barrier = (-1e-9, None) if below else (None, 1e-9)

        assert touch_chance(spread, *barrier) > 1 - 1e-5


def on_a_lattice(spread, below, above, steps=900):
    """Return the chance on a tree of `steps` equal moves up or down, with no formula.

    Barriers are moved to the tree's nodes; the price itself has no drift.
    """
    move = spread / sqrt(steps)
    up = (1 - exp(-move)) / (exp(move) - exp(-move))
    low = -steps - 1 if below is None else round(below / move)
    high = steps + 1 if above is None else round(above / move)
    alive, touched = {0: 1.0}, 0.0
    for _ in range(steps):
        moved: dict[int, float] = {}
        for node, chance in alive.items():
            for there, share in ((node + 1, up), (node - 1, 1 - up)):
                if there in (low, high):
                    touched += chance * share
                else:
                    moved[there] = moved.get(there, 0.0) + chance * share
        alive = moved
    return touched, low * move if below is not None else None, high * move if above else None


class TestOnALattice:
    """A walk in small steps touches as often as the formula says."""

    @pytest.mark.parametrize(
        ("spread", "below", "above"),
        [
            (0.03, log(0.954), None),
            (0.1, None, log(1.15)),
            (0.2, -0.1, None),
            (0.1, -0.1, 0.15),
            (0.3, -0.2, 0.5),
            (0.05, -0.2, 0.01),
        ],
    )
    def test_the_chance(self, spread, below, above):
        walked, low, high = on_a_lattice(spread, below, above)

        assert walked == pytest.approx(touch_chance(spread, low, high), abs=2e-3)
