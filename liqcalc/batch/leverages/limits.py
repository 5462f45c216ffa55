"""The largest leverage that the exchange takes: of a tier, or of the contract."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from liqcalc.answers.leverage.search import HIGHEST, Binds, Limit
from liqcalc.batch.fast.position import Terms
from liqcalc.engine.numbers import ONE, ZERO, exact, to_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Floats, Mask
    from liqcalc.batch.fast.columnar import Book
    from liqcalc.batch.fast.plans import Plan, Plans
    from liqcalc.rules.catalog import Catalog

    Steps = NDArray[np.int64]

BINDS = tuple(Binds)
_UNKNOWN = Limit(HIGHEST, Binds.SEARCH)
_SHORT = Context(prec=30)
_FIRST = Terms._fields.index("first")


class Limits(NamedTuple):
    """What holds for each row of the tables, and behind them for each plan.

    Attributes:
        leverage: the largest that the exchange takes.
        top: the same in steps of the setting; 0 where the exact question is needed.
        of: place in `BINDS`.
        first: of each plan, its first row.
        steps: of each plan, in a leverage of 1.
        assumed: of each plan: its step is not known.
    """

    leverage: Floats
    top: Steps
    of: NDArray[np.int32]
    first: Steps
    steps: Steps
    assumed: Mask

    def place(self, plan: NDArray[np.int32], tier: NDArray[np.int16], own: Mask) -> Steps:
        """Return where the limits of rows are.

        Args:
            plan: of each row.
            tier: of each row, 1 = lowest.
            own: a row has a rate of its own, and so no tier.
        """
        of_contract = len(self.leverage) - len(self.first) + plan
        return np.where(own, of_contract, self.first[plan] + tier - 1)


class _Setting(NamedTuple):
    """The leverage setting of a plan: how fine it is, and the contract's limit."""

    limit: Limit
    steps: int
    assumed: bool


def limits_of(plans: Plans, book: Book, catalog: Catalog) -> Limits:
    """Return the limits of all plans, as `liqcalc.answers.leverage.search.limit_of` has them."""
    first, count = plans.arrays().terms[_FIRST : _FIRST + 2].astype(np.int64)
    with exact():
        settings = [_setting(plan, catalog) for plan in plans.plans]
        rows = [
            (_of_tier(book, at + j, setting.limit), setting.steps)
            for setting, at, k in zip(settings, first.tolist(), count.tolist(), strict=True)
            for j in range(k)
        ]
        rows += [(setting.limit, setting.steps) for setting in settings]
        top = [_top(limit, steps) for limit, steps in rows]
    return Limits(
        np.array([float(limit.leverage) for limit, _ in rows]),
        np.array(top, dtype=np.int64),
        np.array([BINDS.index(limit.of) for limit, _ in rows], dtype=np.int32),
        first,
        np.array([setting.steps for setting in settings], dtype=np.int64),
        np.array([setting.assumed for setting in settings], dtype=bool),
    )


def _setting(plan: Plan, catalog: Catalog) -> _Setting:
    if plan.shape < 0:
        return _Setting(_UNKNOWN, 0, assumed=False)
    loaded = catalog.exchange(plan.rule_set.partition(":")[0])
    contract = loaded.contract(plan.symbol)
    most = None if contract is None else contract.max_leverage
    limit = _UNKNOWN if most is None else Limit(most, Binds.CONTRACT)
    entries = loaded.meta.leverage_steps
    if not entries:
        return _Setting(limit, 1, assumed=True)
    steps = ONE / entries[0].step
    regular = len(entries) == 1 and steps == int(steps)
    return _Setting(limit, int(steps) if regular else 0, assumed=False)


def _of_tier(book: Book, at: int, contract: Limit) -> Limit:
    """Return the limit of a row of a table: its maximum, or else what its initial rate allows."""
    most, table = float(book.most[at]), book.table
    if not np.isnan(most):
        return min(Limit(Decimal(repr(most)), Binds.TIER), contract, key=_leverage)
    rate = float(table.imr[at])
    if np.isnan(rate) or not rate:
        return contract
    exact_rate = sum(map(Decimal.from_float, (rate, float(table.imr_lo[at]))), ZERO)
    return min(Limit(ONE / _SHORT.plus(exact_rate), Binds.TIER), contract, key=_leverage)


def _leverage(limit: Limit) -> Decimal:
    return limit.leverage


def _top(limit: Limit, steps: int) -> int:
    """Return a limit in steps; 0 where the exact question is needed."""
    if limit.leverage < 1 or not steps:
        return 0
    return int(to_step(limit.leverage, ONE / steps, "down") * steps)
