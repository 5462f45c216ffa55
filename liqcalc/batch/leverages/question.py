"""Of every position of a table: the largest leverage at which its stop fires before liquidation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from liqcalc.batch import tables
from liqcalc.batch.columns import Coded, Columns, Results
from liqcalc.batch.exactly import INVALID
from liqcalc.batch.fast.keys import keys_of
from liqcalc.batch.fast.plans import Plans
from liqcalc.batch.fast.run import CHUNK, cores
from liqcalc.batch.leverages import terms
from liqcalc.batch.leverages.exactly import NONE, SAFE, STATUSES, Exact, ExactLeverages
from liqcalc.batch.leverages.limits import BINDS, limits_of
from liqcalc.batch.leverages.search import Found, Table, search
from liqcalc.batch.leverages.trials import Trials
from liqcalc.batch.question import evaluate_columns
from liqcalc.errors import Fault, InputError
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from liqcalc.batch.columns import Floats

_TOO_LATE = "liquidation comes before the stop even at 1x"
_BACKED = f"margin is given, so that no leverage moves the liquidation price ({terms.CODE})"
_SHOWN = ("rule_set", "warnings")


def leverage(
    table: Any,  # noqa: ANN401 - any of the kinds that tables.py reads
    *,
    given: Mapping[str, Any] | None = None,
    exchanges: Iterable[str | Path] = (),
    today: str | None = None,
) -> Any:  # noqa: ANN401 - the kind that was given
    """Return `table` with the largest leverage that is safe for each row's stop.

    Every row equals `liqcalc.safe_leverage`, with its defaults.

    Args:
        table: as `evaluate` takes it, with a column `stop_price`, and if you
            like `trigger`, `slippage_bps`, `basis`, `buffer`, `holding_hours`.
            A `leverage` is not needed, and does not change the answer.
        given: values that hold for every row, by name.
        exchanges: further folders of exchanges.
        today: ISO date for the age of tables; default: the clock's.

    Returns:
        The columns and `safe_leverage`; `liquidation_price` at it;
        `max_leverage`, the largest that the exchange takes; `binds`, what keeps
        the answer from being larger; `status` (safe, none, indeterminate or
        invalid), `reason`, `rule_set`, `warnings`. ``about["assumptions"]`` says
        what was not given.

    Raises:
        InputError: the table cannot be read.

    >>> found = leverage({
    ...     "exchange": "binance", "symbol": "BTCUSDT", "side": "long", "qty": 0.5,
    ...     "entry_price": 60000, "stop_price": [58000, 59000, 50000, 61000],
    ... }, today="2026-11-22")
    >>> found["safe_leverage"], found["binds"].tolist()
    (array([23., 40.,  5., nan]), ['liquidation', 'liquidation', 'liquidation', ''])
    >>> found["reason"][3]
    'stop is 61000, above the mark 60000, where a long gains (LQ125)'
    """
    columns, written = tables.read(table, given or {}, terms.INPUTS)
    if terms.STOP not in columns.numbers:
        hint = "add a column, or give it for every row: given={'stop_price': ...}"
        raise InputError(Fault("LQ131", terms.STOP, "is missing", hint))
    day = today or time.strftime("%Y-%m-%d")
    return written(leverage_columns(columns, Catalog(exchanges), day))


def leverage_columns(columns: Columns, catalog: Catalog, today: str) -> Results:
    """Return the safe leverage of each row of `columns`."""
    found = _searched(columns, catalog, today)
    exact = ExactLeverages(columns, catalog, today)
    answers = _Answers(columns, found)
    answers.add_faults()
    for at in np.flatnonzero(found.again).tolist():
        answers.put(at, exact.find(at))
    return answers.results(catalog, today)


def _searched(columns: Columns, catalog: Catalog, today: str) -> Found:
    """Return what the columns find, part by part, on every core."""
    plans = Plans(catalog, today)
    keys = keys_of(columns, plans)
    trials = Trials(columns, keys, plans)
    limits = limits_of(plans, trials.book, catalog)
    whole = Table(columns, terms.Stops(columns), trials, limits)
    parts = [
        slice(start, min(start + CHUNK, columns.rows))
        for start in range(0, max(1, columns.rows), CHUNK)
    ]
    if len(parts) == 1:
        return search(whole, parts[0])
    with ThreadPoolExecutor(min(len(parts), cores())) as pool:
        found = list(pool.map(partial(search, whole), parts))
    return Found(*(np.concatenate(column) for column in zip(*found, strict=True)))


class _Answers:
    """The results of a table, from what the columns found and what rows were asked one by one."""

    def __init__(self, columns: Columns, found: Found) -> None:
        self.columns = columns
        self.found = found
        none = np.isnan(found.leverage)
        self.status = np.where(none, STATUSES.index(NONE), STATUSES.index(SAFE)).astype(np.int32)
        self.reason = np.where(none, 0, -1).astype(np.int32)
        self.reasons = {_TOO_LATE: 0}
        self.prices: dict[int, float] = {}

    def add_faults(self) -> None:
        """Say what is wrong with rows whose stop or margin cannot be used."""
        for at in np.flatnonzero(self.found.backed).tolist():
            self.put(at, Exact(INVALID, _BACKED))
        for at in np.flatnonzero(self.found.wrong).tolist():
            self.put(at, Exact(INVALID, terms.wrong_stop(self.columns, at)))

    def put(self, at: int, exact: Exact) -> None:
        """Set what was found about a row."""
        found = self.found
        found.leverage[at] = np.nan if exact.leverage is None else float(exact.leverage)
        found.limit[at] = np.nan if exact.limit is None else float(exact.limit)
        found.binds[at] = BINDS.index(exact.binds) if exact.binds else -1
        self.status[at] = STATUSES.index(exact.status)
        self.reason[at] = (
            self.reasons.setdefault(exact.reason, len(self.reasons)) if exact.reason else -1
        )
        price = None if exact.held is None else exact.held.liquidation_price
        self.prices[at] = np.nan if price is None else float(price)

    def results(self, catalog: Catalog, today: str) -> Results:
        """Return everything, with the prices that the exchange prints at the leverage found."""
        at = self._at_leverage()
        held = evaluate_columns(at, catalog, today)
        price = held.numbers["liquidation_price"]
        for row, exact in self.prices.items():
            price[row] = exact
        safe = self.status == STATUSES.index(SAFE)
        return Results(
            numbers={
                "safe_leverage": self.found.leverage,
                "liquidation_price": np.where(safe, price, np.nan),
                "max_leverage": self.found.limit,
            },
            words={
                "binds": Coded(self.found.binds, tuple(map(str, BINDS))),
                "status": Coded(self.status, STATUSES),
                "reason": Coded(self.reason, tuple(self.reasons)),
                **{name: held.words[name] for name in _SHOWN},
            },
            about={
                "redone": int(self.found.again.sum()),
                "assumptions": terms.assumptions(self.columns),
            },
        )

    def _at_leverage(self) -> Columns:
        """Return the positions at the leverage found, else at 1x."""
        columns = self.columns
        best: Floats = np.where(np.isnan(self.found.leverage), 1.0, self.found.leverage)
        if "leverage" in columns.numbers:
            best = np.where(self.found.again, columns.numbers["leverage"], best)
        return Columns(
            columns.rows,
            columns.numbers | {"leverage": best},
            columns.words,
            {name: of for name, of in columns.originals.items() if name != "leverage"},
            columns.inexact,
            columns.faults,
        )
