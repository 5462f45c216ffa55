"""Funding in columns equals the exact question, asked about each row."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from functools import cache
from math import isnan
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import liqcalc
from liqcalc import batch
from liqcalc.answers.funding.inputs import read_asked
from liqcalc.answers.funding.question import funding_of
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.columns import Coded
from liqcalc.batch.exactly import INVALID, said
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fundings.due import DueOf
from liqcalc.batch.fundings.question import funding_columns
from liqcalc.errors import InputError, LiqcalcError
from liqcalc.rules.catalog import Catalog
from tests.batch.rows import RowMaker, columns_of
from tests.strategies import few

TODAY = "2026-11-22"
CATALOG = Catalog()
TRADED = [name for name in CATALOG.names() if CATALOG.exchange(name).symbols()]
SEEDS = st.integers(0, 2**32)
STARTS = ("2026-09-01T05:00", "2026-09-01T08:00Z", "2026-10-04 12:00:00.250", "soon")


@cache
def maker(*exchanges):
    return RowMaker(CATALOG, exchanges)


def held(exchange, count, seed):
    """Return rows of an exchange, each with a rate and a time of its own."""
    rng = Random(seed)  # noqa: S311 - not a secret
    columns = columns_of(maker(exchange).rows(count, seed))

    def some(share, make):
        return np.array([make() if rng.random() < share else np.nan for _ in range(count)])

    signs = (-1, 1, 1)
    numbers = {
        "funding_rate": some(0.97, lambda: rng.choice(signs) * round(10 ** rng.uniform(-6, 0), 7)),
        "holding_hours": some(0.9, lambda: round(10 ** rng.uniform(-1, 2.2), rng.randint(0, 4))),
        "interval_hours": some(0.1, lambda: rng.choice((1, 4, 8, 0.7))),
        "free_balance": some(0.2, lambda: round(10 ** rng.uniform(-1, 4), 2)),
    }
    columns.numbers |= numbers
    if rng.random() < 0.3:
        columns.words["start"] = Coded.of([rng.choice((None, *STARTS)) for _ in range(count)])
    return columns


def asked_alone(columns):
    """Return what the exact question answers about each row."""
    cases = Cases(columns, CATALOG, TODAY)
    return [_alone(columns, cases, at) for at in range(columns.rows)]


def _alone(columns, cases, at):
    names = ("holding_hours", "interval_hours", "free_balance")
    try:
        case, i = cases.of(at)
        numbers = {name: columns.number(name, at) for name in names}
        start = columns.word("start", at)
        asked = read_asked(funding_rate=None, rates=None, start=start, path=(), **numbers)
        answer = funding_of(case, i, asked)
    except Unasked as error:
        return {"status": error.status, "reason": error.reason}
    except LiqcalcError as error:
        return {"status": INVALID, "reason": said(error)}
    after = answer.after
    return {
        "liquidation_price": _float(after.liquidation_price),
        "status": str(after.status),
        "reason": after.reason or None,
        "payments": float(len(answer.payments)),
        "funding_total": _float(answer.total),
        "margin_left": _float(after.left),
        "ended": str(answer.ended),
    }


def _float(number):
    return None if number is None else float(number)


def mapped(found):
    """Return each row of results."""
    lists = {
        **{n: [None if isnan(v) else v for v in c.tolist()] for n, c in found.numbers.items()},
        **{name: words.texts() for name, words in found.words.items()},
    }
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


class TestColumnsAreExact:
    """What the columns find about a row is what `liqcalc.funding` answers about it."""

    @few
    @given(seed=SEEDS)
    @pytest.mark.parametrize("exchange", TRADED)
    def test_on_every_exchange(self, exchange, seed):
        columns = held(exchange, 12, seed)

        found = mapped(funding_columns(columns, CATALOG, TODAY))

        for at, expected in enumerate(asked_alone(columns)):
            assert {name: found[at][name] for name in expected} == expected

    def test_compiled_rows_are_those_of_columns(self):
        pytest.importorskip("numba")
        columns = held("binance", 100, 3)
        plans = Plans(CATALOG, TODAY)
        keys = keys_of(columns, plans)
        ways = [DueOf(columns, keys, plans, compiled=c).find() for c in (True, False)]

        one, other = (np.nan_to_num(np.array(way), nan=-1.0) for way in ways)
        assert one.tolist() == other.tolist()


HAND = {
    "exchange": "binance", "symbol": "BTCUSDT", "side": "long", "qty": 0.5, "entry_price": 60_000,
    "leverage": 20, "funding_rate": 0.0001,
}  # fmt: skip


class TestByHand:
    """0.5 BTC at 60000 with 1485 of margin pay 3 USDT every 8 hours; 120 are required."""

    def test_who_pays_comes_nearer_to_liquidation_and_who_receives_does_not(self):
        found = batch.funding(HAND | {"side": ["long", "short"], "holding_hours": 24})

        assert found["payments"].tolist() == [3, 3]
        assert found["funding_total"].tolist() == [9, -9]
        assert found["margin_left"].tolist() == [1476, 1494]
        assert found["liquidation_price"].tolist() == [57277.10843373, 62737.05179283]

    def test_the_payment_that_leaves_just_what_is_required_liquidates(self):
        hours = [8 * 454, 8 * 455, 8 * 500]
        found = batch.funding(HAND | {"holding_hours": hours})

        assert found["ended"].tolist() == ["held", *["liquidated_by_funding"] * 2]
        assert found["payments"].tolist() == [454, 455, 455]
        assert found["margin_left"].tolist() == [123, 120, 120]

    def test_a_time_between_payments_pays_nothing(self):
        start = np.array(["2026-10-01T08:00", "2026-10-01T15:59"], dtype="datetime64[s]")
        found = batch.funding(HAND | {"holding_hours": [7.99, 0.1], "start": start})

        assert found["payments"].tolist() == [0, 1]

    def test_it_is_what_the_question_about_one_position_answers(self):
        row = {k: v if isinstance(v, str) else str(v) for k, v in HAND.items()}
        sheet = {"exchange": row.pop("exchange"), "positions": [row]}
        answer = liqcalc.funding(sheet, holding_hours="100.5", today=TODAY)
        found = batch.funding(HAND | {"holding_hours": [100.5]}, today=TODAY)

        assert found["liquidation_price"][0] == _float(answer.after.liquidation_price)
        assert found["funding_total"][0] == float(answer.total)

    def test_a_name_that_would_not_be_read_is_told(self):
        with pytest.raises(InputError, match="holding_hours is meant"):
            batch.funding(HAND | {"holdinghours": [1]})
