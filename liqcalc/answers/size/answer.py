"""What the answer to the size of a position is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.stops.question import head, outcome_data
from liqcalc.answers.stops.terms import as_data

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.basis import Basis
    from liqcalc.answers.leverage.search import Binds
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.answers.stops.outcome import StopOutcome
    from liqcalc.answers.stops.terms import StopTerms


class Fit(StrEnum):
    """Whether the size that the risk gives can be held.

    FITS: it can.  LIQUIDATED_FIRST: liquidation comes before the stop, at the
    leverage given or, without one, at any.  ABOVE_MAXIMUM: the exchange does
    not take the leverage at this size.  NOT_ENOUGH_MONEY: the account does not
    carry its margin.  INDETERMINATE: the liquidation price is not known.
    """

    FITS = "fits"
    LIQUIDATED_FIRST = "liquidated_first"
    ABOVE_MAXIMUM = "above_maximum"
    NOT_ENOUGH_MONEY = "not_enough_money"
    INDETERMINATE = "indeterminate"


class Nearest(NamedTuple):
    """What would work instead, each alone; None where nothing does or nothing is refused.

    Attributes:
        leverage: the largest that is safe at this size and stop.
        qty: the largest smaller size, at the leverage asked about.
        stop: the farthest that fires first, at this size and leverage.
        money: that must come to the account.
    """

    leverage: Decimal | None = None
    qty: Decimal | None = None
    stop: Decimal | None = None
    money: Decimal | None = None


class Gain(NamedTuple):
    """What closing at the target brings, in the settle currency.

    Attributes:
        target: its price.
        profit: from the entry to it.
        fee_to_close, fee_to_open: taker fees.
        funding: paid while it is held.
        total: profit less all that.
        ratio: of the total to the loss at the stop.
    """

    target: Decimal
    profit: Decimal
    fee_to_close: Decimal
    fee_to_open: Decimal
    funding: Decimal
    total: Decimal
    ratio: Decimal


class Size(NamedTuple):
    """The largest quantity that loses no more than the risk at its stop.

    Attributes:
        position: at that quantity and `leverage`, after the funding until the stop.
        size_unit: what the quantity counts: base coins, or the quote currency.
        terms: how the stop fires and fills.
        risk: money, in the settle currency.
        risk_rate: the share of the account that it is; None if money was given.
        wallet: what the account holds; None if not known.
        fit, reason: whether it can be held, in a word and a sentence.
        nearest: what would work instead.
        qty: rounded down to the lot.
        lot: the step; `lot_known` is False where the exchange's is not.
        next_loss: at one lot more, above the risk.
        leverage: the one given, else the largest that is safe, else 1.
        largest_leverage: the largest that is safe at this size; None if none is.
        binds: what keeps that from being larger.
        asked_leverage: the one given.
        margin: set aside: the isolated margin, the initial margin of a cross position.
        cost: margin and opening fee, what the account must have free.
        outcome: of the stop, with the loss there and at liquidation.
        gain: at the target; None without one.
        funding: until the stop; None if no time was given.
        basis: warnings, assumptions, provenance, derivation.
    """

    position: PositionAnswer
    size_unit: str
    terms: StopTerms
    risk: Decimal
    risk_rate: Decimal | None
    wallet: Decimal | None
    fit: Fit
    reason: str
    nearest: Nearest
    qty: Decimal
    lot: Decimal
    lot_known: bool
    next_loss: Decimal
    leverage: Decimal
    largest_leverage: Decimal | None
    binds: Binds | None
    asked_leverage: Decimal | None
    margin: Decimal | None
    cost: Decimal | None
    outcome: StopOutcome
    gain: Gain | None
    funding: FundingCost | None
    basis: Basis

    @property
    def loss(self) -> Decimal:
        """Return what is lost at the stop, fees, slippage and funding included."""
        total = self.outcome.loss.total
        assert total is not None  # noqa: S101 - without the fee there is no size
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        own = {"position", "basis", "outcome"}
        data = head(self.position)
        data |= {k: as_data(v) for k, v in self._asdict().items() if k not in own}
        data["loss"] = as_data(self.loss)
        data["outcome"] = outcome_data(self.outcome)
        return data | self.basis.to_dict()
