"""Every figure of one position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.closing import liquidator_figures, partial_close_figures
from liqcalc.engine.figures import (
    backing_figures,
    fee_figures,
    margin_figures,
    size_figures,
    value_figures,
)
from liqcalc.engine.funding import funding_rate_figures
from liqcalc.engine.liquidation import (
    liquidation_figures,
    maintenance_at_liquidation,
    threshold_figures,
)
from liqcalc.engine.orders import order_cost
from liqcalc.engine.result import PositionResult

if TYPE_CHECKING:
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.pool import Pool


def evaluate_position(
    marked: Marked, pool: Pool | None, backing: Pool | None = None
) -> PositionResult:
    """Return the margins, ratios and prices of one position.

    Args:
        marked: the position at its mark.
        pool: what it shares margin with; None if what backs it, or what is
            required of it, is not known.
        backing: the pool where at least what backs it is known.
    """
    result = PositionResult(marked, pool, backing)
    value_figures(result)
    margin_figures(result)
    liquidation_figures(result)
    threshold_figures(result)
    return result


def add_further_figures(result: PositionResult) -> None:
    """Add what does not bear on the liquidation: fees, sizes, funding, next steps."""
    fee_figures(result)
    size_figures(result)
    order_cost(result.marked, result.figures)
    funding_rate_figures(result.marked, result.figures)
    maintenance_at_liquidation(result)
    backing_figures(result)
    partial_close_figures(result)
    liquidator_figures(result)
