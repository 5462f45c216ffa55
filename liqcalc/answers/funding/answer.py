"""What a question about funding is answered with: payments, their sum, and when they end it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liqcalc.answers.basis import Basis
    from liqcalc.engine.solve import Status


class Ended(StrEnum):
    """How the time held ends.

    HELD: to its end.  BY_FUNDING: a payment liquidates.  BY_PRICE: the mark
    reaches the liquidation price on its way.  ALREADY: the position was
    liquidatable before.  UNKNOWN: liquidation cannot be determined.
    """

    HELD = "held"
    BY_FUNDING = "liquidated_by_funding"
    BY_PRICE = "liquidated_by_price"
    ALREADY = "already_liquidatable"
    UNKNOWN = "indeterminate"


class Standing(NamedTuple):
    """How a position stands at one time.

    Attributes:
        status: one of the four of a liquidation price.
        mark_price: in quote.
        liquidation_price: as the exchange prints it; None if there is none.
        distance_rate: from the mark to it, as a fraction; None if there is none.
        left: money behind the position: isolated margin, or what backs the
            pool; None if not known.
        free: balance beside an isolated margin; None if not known, or cross.
        reason: why there is no liquidation price; "" if there is one.
    """

    status: Status
    mark_price: Decimal
    liquidation_price: Decimal | None
    distance_rate: Decimal | None
    left: Decimal | None
    free: Decimal | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the standing as plain data, decimals as text."""
        return _plain(self)


class Payment(NamedTuple):
    """One payment of one position.

    Attributes:
        number: 1 is the first of this position.
        symbol, side: whose.
        time: ISO 8601, UTC; None if no start was given.
        hours: since the start.
        rate: that was charged.
        given_rate: before it was cut off at the cap; None if it was not.
        base_price: price of the value that is paid on.
        notional: that value, in the settle currency.
        amount: + = paid, in the settle currency.
        total: of this position so far.
        from_free: part that left the free balance.
        spared: left out because it would have liquidated.
        after: how the position stands after it.
    """

    number: int
    symbol: str
    side: str
    time: str | None
    hours: Decimal
    rate: Decimal
    given_rate: Decimal | None
    base_price: Decimal
    notional: Decimal
    amount: Decimal
    total: Decimal
    from_free: Decimal
    spared: bool
    after: Standing

    def to_dict(self) -> dict[str, Any]:
        """Return the payment as plain data, decimals as text."""
        data = _plain(self)
        after: dict[str, Any] = data.pop("after")
        return data | after


class End(NamedTuple):
    """A liquidation within the time held.

    Attributes:
        symbol, side: what is liquidated.
        time: ISO 8601, UTC; None if no start was given.
        hours: since the start.
        mark_price: at that time.
        payments: of the position asked about, so far.
    """

    symbol: str
    side: str
    time: str | None
    hours: Decimal
    mark_price: Decimal
    payments: int

    def to_dict(self) -> dict[str, Any]:
        """Return the end as plain data, decimals as text."""
        return _plain(self)


class TermsUse(NamedTuple):
    """Which entry of an exchange's funding terms was used, and how well it is known."""

    from_: str
    source: str
    evidence: str

    def to_dict(self) -> dict[str, str]:
        """Return the use as plain data."""
        return {"from": self.from_, "source": self.source, "evidence": self.evidence}


class Point(NamedTuple):
    """The liquidation price at one time; None if there is none."""

    hours: Decimal
    liquidation_price: Decimal | None


class RunOut(NamedTuple):
    """When funding alone would liquidate, at an unchanged mark.

    Attributes:
        rate: of every payment.
        amount: of every payment, of an interval where it accrues all the time;
            of all positions that pay, where they settle in one currency.
        payments: number of the one that liquidates; None if none does, or if
            it accrues all the time.
        hours: since the start; None if it never does.
        time: ISO 8601, UTC; None too if no start was given.
        symbol, side: what is liquidated first; "" if nothing is.
        reason: why it never does, or is not known; "" if it does.
        course: the liquidation price of the position asked about on the way.
    """

    rate: Decimal | None
    amount: Decimal | None
    payments: int | None = None
    hours: Decimal | None = None
    time: str | None = None
    symbol: str = ""
    side: str = ""
    reason: str = ""
    course: tuple[Point, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return when it runs out as plain data, decimals as text."""
        return _plain(self)


class FundingAnswer(NamedTuple):
    """What a position pays for being held, and what that does to its liquidation price.

    Attributes:
        exchange, symbol, side, margin_mode, product, quote, settle: what was
            asked about.
        qty, mark_price: of it, at the start.
        base: ``mark`` or ``index``: on the value at which price it is paid.
        interval_hours: between payments; of a rate where it accrues.
        rate_hours: that a rate is for.
        continuous: it accrues all the time; else only who holds at the time of
            a payment is charged.
        purse: what pays it, in words.
        terms: what that stands on.
        left_is: what `left` counts: margin, wallet, equity or balance.
        start: ISO 8601, UTC; None: just after a payment, whenever that is.
        holding_hours: asked about.
        ended: how the time held ends.
        end: where and when, if it is liquidated.
        payments: in the order of their times.
        total: paid by the position asked about; below 0: received.
        total_rate: of its value at the start.
        totals: by settle currency, of all positions that paid.
        before, after: how the position stands at the start and at the end.
        run_out: when funding alone would liquidate.
        basis: warnings, assumptions, provenance, derivation.
    """

    exchange: str
    symbol: str
    side: str
    margin_mode: str
    product: str
    quote: str
    settle: str
    qty: Decimal
    mark_price: Decimal
    base: str
    interval_hours: Decimal
    rate_hours: Decimal
    continuous: bool
    purse: str
    terms: TermsUse
    left_is: str
    start: str | None
    holding_hours: Decimal
    ended: Ended
    end: End | None
    payments: tuple[Payment, ...]
    total: Decimal
    total_rate: Decimal
    totals: Mapping[str, Decimal]
    before: Standing
    after: Standing
    run_out: RunOut
    basis: Basis

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        data = _plain(self)
        basis: dict[str, Any] = data.pop("basis")
        return data | basis


def _plain(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the above
    return {name: _worded(getattr(answer, name)) for name in answer._fields}


def _worded(value: Any) -> Any:  # noqa: ANN401 - any part of an answer
    """Return part of an answer as plain data: decimals as text, named tuples by name."""
    if isinstance(value, Decimal | StrEnum):
        return plain(value) if isinstance(value, Decimal) else str(value)
    if hasattr(value, "_fields"):
        return value.to_dict() if hasattr(value, "to_dict") else _plain(value)
    if isinstance(value, tuple):
        return [_worded(item) for item in value]
    if isinstance(value, dict):
        return {key: _worded(item) for key, item in value.items()}
    return value
