"""What an answer about leverage is: the largest that is safe, and a table around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.stops.question import head, outcome_data
from liqcalc.answers.stops.terms import StopTerms, as_data

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.basis import Basis
    from liqcalc.answers.leverage.search import Binds, Limit
    from liqcalc.answers.stops.fit import Furthest
    from liqcalc.answers.stops.loss import FundingCost
    from liqcalc.answers.stops.outcome import StopOutcome, Verdict


class LeverageStepUsed(NamedTuple):
    """The step of the leverage setting, and whether it is known or taken for 1."""

    step: Decimal
    known: bool
    source: str = ""


class LeverageRow(NamedTuple):
    """The position at one leverage.

    Attributes:
        leverage: as set.
        allowed: the exchange takes it at this size.
        opens: the account carries its initial margin (cross).
        margin: set aside: the isolated margin, the initial margin of a cross position.
        liquidation_price: mark at which the condition truly holds on the
            losing side, after opening fee and funding; None if none does.
        distance_rate: from the mark, as a share of it.
        room: from what must be survived to liquidation, in quote; below 0
            where liquidation comes first.
        verdict: what comes first; None without a stop.
    """

    leverage: Decimal
    allowed: bool
    opens: bool
    margin: Decimal | None
    liquidation_price: Decimal | None
    distance_rate: Decimal | None
    room: Decimal | None
    verdict: Verdict | None


class LeverageAnswer(NamedTuple):
    """The largest safe leverage for a stop, or the farthest stop for a leverage.

    Attributes:
        position: at the answer, else at the leverage asked about, else at 1x.
        terms: how stops fire and fill.
        stop: price asked about; None if only a leverage was given.
        risk: money that the size follows from; None if the size was given.
        asked: the leverage that was given; None if none was.
        leverage: the largest that is safe; None without one, or without a stop.
        above: one step above it.
        binds: what keeps it from being larger; None without a stop.
        reason: why there is none; "" if there is one.
        limit: the largest that the exchange takes at this size, and whose it is.
        step: of the leverage setting.
        moves: False where the leverage does not move the liquidation price.
        outcome: of the stop at the answer, else at the smallest leverage; None
            without a stop.
        needed: where no leverage is safe, and for cross positions: money that
            must come to what backs the position for the stop to fire first;
            below 0: so much could go. In the settle currency.
        least_opening: the smallest leverage that the account carries (cross).
        furthest: the farthest stop at the answer, or at the leverage asked about.
        funding: until the stop; None if no time was given.
        rows: leverage against liquidation.
        basis: warnings, assumptions, provenance, derivation.
    """

    position: PositionAnswer
    terms: StopTerms
    stop: Decimal | None
    risk: Decimal | None
    asked: Decimal | None
    leverage: Decimal | None
    above: Decimal | None
    binds: Binds | None
    reason: str
    limit: Limit
    step: LeverageStepUsed
    moves: bool
    outcome: StopOutcome | None
    needed: Decimal | None
    least_opening: Decimal | None
    furthest: Furthest
    funding: FundingCost | None
    rows: tuple[LeverageRow, ...]
    basis: Basis

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        own = {"position", "basis", "outcome", "leverage"}
        data = head(self.position)
        data["at_leverage"] = data.pop("leverage")
        data["leverage"] = as_data(self.leverage)
        data |= {k: as_data(v) for k, v in self._asdict().items() if k not in own}
        data["outcome"] = None if self.outcome is None else outcome_data(self.outcome)
        return data | self.basis.to_dict()
