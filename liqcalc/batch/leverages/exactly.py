"""Rows one by one, by the question of a single position."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.leverage.inputs import read_asked
from liqcalc.answers.leverage.question import Decided, decided
from liqcalc.batch.cases import Cases, Unasked
from liqcalc.batch.exactly import INVALID, said
from liqcalc.batch.leverages.terms import INPUTS, MISSING, STOP
from liqcalc.engine.numbers import exact
from liqcalc.errors import LiqcalcError

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.batch.columns import Columns
    from liqcalc.rules.catalog import Catalog

SAFE, NONE, UNKNOWN = "safe", "none", "indeterminate"
STATUSES = (SAFE, NONE, UNKNOWN, INVALID)
"""There is a safe leverage; none is; it cannot be told; the row cannot be read."""


class Exact(NamedTuple):
    """What the exact question finds about a row.

    Attributes:
        status: one of `STATUSES`.
        reason: why there is no safe leverage; "" if there is one.
        leverage, limit: the largest that is safe; that the exchange takes.
        binds: what keeps it from being larger.
        held: the position at it.
    """

    status: str
    reason: str = ""
    leverage: Decimal | None = None
    limit: Decimal | None = None
    binds: str = ""
    held: PositionAnswer | None = None


class ExactLeverages:
    """Asks about rows of columns, one after the other.

    Args:
        columns: of positions, with `INPUTS`.
        catalog: where exchanges are found.
        today: ISO date, against which the age of tables is counted.
    """

    def __init__(self, columns: Columns, catalog: Catalog, today: str) -> None:
        self.columns = columns
        self.cases = Cases(columns, catalog, today)

    def find(self, at: int) -> Exact:
        """Return what is found about a row."""
        columns = self.columns
        try:
            case, i = self.cases.of(at)
            with exact():
                terms = {name: columns.number(name, at) for name in INPUTS if name != "trigger"}
                stop = terms.pop(STOP)
                if stop is None:
                    return Exact(INVALID, MISSING)
                asked = read_asked(case, i, stop, terms | {"trigger": columns.word("trigger", at)})
                return _exact(decided(asked, i), i)
        except Unasked as unasked:
            return Exact(unasked.status, unasked.reason)
        except LiqcalcError as error:
            return Exact(INVALID, said(error))


def _exact(found: Decided, i: int) -> Exact:
    if found.best is None:
        unknown = found.binds == UNKNOWN
        return Exact(
            UNKNOWN if unknown else NONE,
            found.reason,
            limit=found.shown.limit.leverage,
            binds=str(found.binds),
            held=found.shown.case.figures.positions[i],
        )
    best = found.best
    held = best.case.figures.positions[i]
    return Exact(SAFE, "", best.leverage, best.limit.leverage, str(found.binds), held)
