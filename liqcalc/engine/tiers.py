"""Maintenance tiers: which row holds a size, and what it requires at a price."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.curve import UP
from liqcalc.engine.numbers import ONE, ZERO, Rounding
from liqcalc.engine.words import TierApplies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liqcalc.engine.contract import Contract
    from liqcalc.engine.curve import Coefficients
    from liqcalc.engine.vocabulary import Continuous, OpenInterest, Slope


LEVERAGE_STEP = Rounding("decimals", 2, "zero")
"""A maximum leverage that follows from a rate is cut: 1/0.015 is 66.66."""


class TierRow(NamedTuple):
    """One row of a table as it is written; deduction None = not printed."""

    floor: Decimal
    mmr: Decimal
    cap: Decimal | None = None
    deduction: Decimal | None = None
    imr: Decimal | None = None
    max_leverage: Decimal | None = None
    basis: str = ""


class Steps(NamedTuple):
    """A table in equal steps: base limit, width of a step, what each step adds.

    Attributes:
        limit: cap of the first row.
        step: width of every further row.
        mmr, imr: rates of the first row.
        mmr_step, imr_step: what each further row adds.
        levels: number of rows; None = until a rate would reach 1.
    """

    limit: Decimal
    step: Decimal
    mmr: Decimal
    imr: Decimal
    mmr_step: Decimal
    imr_step: Decimal
    levels: int | None = None

    def rows(self) -> tuple[TierRow, ...]:
        """Return the rows of the table.

        Formula:
            row n: cap = limit + n*step, mmr = mmr + n*mmr_step, imr idem,
            max_leverage = 1/imr, cut at 2 decimals

        >>> two = Steps(*map(Decimal, ("200", "150", "0.005", "0.01", "0.005", "0.005")), 2)
        >>> [(str(row.cap), str(row.mmr), str(row.max_leverage)) for row in two.rows()]
        [('200', '0.005', '100.00'), ('350', '0.010', '66.66')]
        """
        rows: list[TierRow] = []
        floor, cap, mmr, imr = ZERO, self.limit, self.mmr, self.imr
        while mmr < ONE and imr <= ONE and (self.levels is None or len(rows) < self.levels):
            most = LEVERAGE_STEP.apply(ONE / imr)
            rows.append(TierRow(floor, mmr, cap, None, imr, most))
            floor, cap = cap, cap + self.step
            mmr, imr = mmr + self.mmr_step, imr + self.imr_step
        return tuple(rows)


class Tier(NamedTuple):
    """One row of a table.

    Attributes:
        floor, cap: edges of the size that the row is for; cap None = no end.
        mmr: maintenance rate, a fraction of the value.
        deduction: what makes marginal maintenance continuous, in the settle
            currency; 0 where the rate applies to the whole position.
        imr: initial rate; None if the table does not give one.
        max_leverage: None if the table does not give one.
        basis: how a row that was not read itself is known; "" for a read row.
    """

    floor: Decimal
    mmr: Decimal
    cap: Decimal | None = None
    deduction: Decimal = ZERO
    imr: Decimal | None = None
    max_leverage: Decimal | None = None
    basis: str = ""


class Schedule(NamedTuple):
    """A table of tiers and how it is read.

    Attributes:
        tiers: the rows, lowest first.
        by_contracts: sizes count contracts, not value.
        edge_in_lower: floor < size <= cap (else floor <= size < cap).
        complete: False if rows above the last one are known to be missing.
        slope, continuous: rates by formula, instead of rows.
        open_interest: what raises the initial rate of the rows.
    """

    tiers: tuple[Tier, ...]
    by_contracts: bool = False
    edge_in_lower: bool = True
    complete: bool = True
    slope: Slope | None = None
    continuous: Continuous | None = None
    open_interest: OpenInterest | None = None

    def index_at(self, size: Decimal) -> int:
        """Return the row that holds `size`; the last one continues for ever."""
        last = len(self.tiers) - 1
        for index, tier in enumerate(self.tiers):
            cap = tier.cap
            if index == last or cap is None or size < cap or (self.edge_in_lower and size == cap):
                return index
        raise AssertionError("a schedule has at least one tier")

    def beyond(self, size: Decimal) -> bool:
        """Return True if `size` lies above the last cap."""
        cap = self.tiers[-1].cap
        return cap is not None and size > cap

    def unknown_beyond(self, size: Decimal) -> bool:
        """Return True if `size` lies above the known rows of an incomplete table."""
        return not self.complete and self.beyond(size)

    def largest_for(self, leverage: Decimal | None) -> Decimal | None:
        """Return the largest size that `leverage` may carry; None if unlimited.

        The cap of the last row whose maximum leverage is at least `leverage`
        (of the last row of all, if no leverage is given).
        """
        fits = [
            tier
            for tier in self.tiers
            if leverage is None or tier.max_leverage is None or tier.max_leverage >= leverage
        ]
        return fits[-1].cap if fits else ZERO


def tiers_of(rows: Sequence[TierRow], applies: TierApplies) -> tuple[Tier, ...]:
    """Return rows as they are read: with the deduction that their rates need.

    Formula:
        marginal, where none is printed: that of the row before
            + floor*(mmr - mmr of the row before)
        whole: 0

    >>> rows = [TierRow(Decimal(0), Decimal("0.01")), TierRow(Decimal(500), Decimal("0.02"))]
    >>> [str(tier.deduction) for tier in tiers_of(rows, TierApplies.MARGINAL)]
    ['0', '5.00']
    """
    tiers: list[Tier] = []
    for row in rows:
        deduction = row.deduction
        if applies is TierApplies.WHOLE:
            deduction = ZERO
        elif deduction is None:
            before = tiers[-1] if tiers else None
            deduction = ZERO
            if before is not None:
                deduction = before.deduction + row.floor * (row.mmr - before.mmr)
        floor, mmr, cap, _, imr, max_leverage, basis = row
        tiers.append(Tier(floor, mmr, cap, deduction, imr, max_leverage, basis))
    return tuple(tiers)


class TierLeg:
    """The maintenance of one position as the price moves, taken from health.

    Formula:
        -factor * (mmr*(value(p) + required_orders) - deduction), of the row
        that holds size(p) + orders, where size is the value of `size_qty`.
    """

    __slots__ = (
        "_contract",
        "_factor",
        "_orders",
        "_qty",
        "_required_orders",
        "_schedule",
        "_size_qty",
    )

    def __init__(
        self,
        contract: Contract,
        qty: Decimal,
        schedule: Schedule,
        *,
        factor: Decimal,
        orders: Decimal = ZERO,
        required_orders: Decimal = ZERO,
        size_qty: Decimal | None = None,
    ) -> None:
        self._contract = contract
        self._qty = qty
        self._size_qty = qty if size_qty is None else size_qty
        self._schedule = schedule
        self._factor = factor
        self._orders = orders
        self._required_orders = required_orders

    def index_at(self, price: Decimal) -> int:
        """Return the row that holds the size at `price`."""
        size = self._contract.value(self._size_qty, price) + self._orders
        return self._schedule.index_at(size)

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return the price at which row `index` ends in `direction`."""
        grows = (direction == UP) is self._contract.linear
        tiers = self._schedule.tiers
        if grows:
            limit = tiers[index].cap if index + 1 < len(tiers) else None
        else:
            limit = tiers[index - 1].cap if index else None
        if limit is None or not self._size_qty:
            return None
        return self._contract.price_of(limit - self._orders, self._size_qty)

    def beyond(self, index: int, direction: int) -> int:
        """Return the row next to `index`."""
        grows = (direction == UP) is self._contract.linear
        return index + 1 if grows else index - 1

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients of minus the requirement in row `index`."""
        tier = self._schedule.tiers[index]
        _, b, c = self._contract.coefficients(self._qty, -self._factor * tier.mmr)
        fixed = tier.deduction
        if self._required_orders:
            fixed -= tier.mmr * self._required_orders
        return self._factor * fixed, b, c


class SlopedLeg:
    """The maintenance of an inverse position whose rate grows with its size in coins.

    It is counted in quote currency, coins times price, since the requirement
    in coins has a term in 1/p^2.

    Formula:
        size = qty/p; -factor*(mmr_base + slope*size)*size, times p:
        -factor*(mmr_base*qty + slope*qty^2/p)
    """

    __slots__ = ("_coefficients",)

    def __init__(self, qty: Decimal, mmr_base: Decimal, slope: Decimal, *, factor: Decimal) -> None:
        self._coefficients = (-factor * mmr_base * qty, ZERO, -factor * slope * qty * qty)

    def index_at(self, price: Decimal) -> int:  # noqa: ARG002 - the same at every price
        """Return 0, the one segment."""
        return 0

    def edge(self, index: int, direction: int) -> Decimal | None:  # noqa: ARG002 - no edges
        """Return None: the segment has no end."""
        return None

    def beyond(self, index: int, direction: int) -> int:  # noqa: ARG002 - no edges
        """Return `index`: there is no other segment."""
        return index

    def coefficients(self, index: int) -> Coefficients:  # noqa: ARG002 - the same everywhere
        """Return the coefficients in quote currency."""
        return self._coefficients
