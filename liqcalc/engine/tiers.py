"""Maintenance tiers: which row holds a size, and what it requires at a price."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.curve import UP
from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from liqcalc.engine.contract import Contract
    from liqcalc.engine.curve import Coefficients


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
    """

    tiers: tuple[Tier, ...]
    by_contracts: bool = False
    edge_in_lower: bool = True
    complete: bool = True

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


class TierLeg:
    """The maintenance of one position as the price moves, taken from health.

    Formula:
        -factor * (mmr*(value(p) + required_orders) - deduction), of the row
        that holds value(p) + orders.
    """

    __slots__ = ("_contract", "_factor", "_orders", "_qty", "_required_orders", "_schedule")

    def __init__(
        self,
        contract: Contract,
        qty: Decimal,
        schedule: Schedule,
        *,
        factor: Decimal,
        orders: Decimal = ZERO,
        required_orders: Decimal = ZERO,
    ) -> None:
        self._contract = contract
        self._qty = qty
        self._schedule = schedule
        self._factor = factor
        self._orders = orders
        self._required_orders = required_orders

    def index_at(self, price: Decimal) -> int:
        """Return the row that holds the size at `price`."""
        size = self._contract.value(self._qty, price) + self._orders
        return self._schedule.index_at(size)

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return the price at which row `index` ends in `direction`."""
        grows = (direction == UP) is self._contract.linear
        tiers = self._schedule.tiers
        if grows:
            limit = tiers[index].cap if index + 1 < len(tiers) else None
        else:
            limit = tiers[index - 1].cap if index else None
        if limit is None:
            return None
        return self._contract.price_of(limit - self._orders, self._qty)

    def beyond(self, index: int, direction: int) -> int:
        """Return the row next to `index`."""
        grows = (direction == UP) is self._contract.linear
        return index + 1 if grows else index - 1

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients of minus the requirement in row `index`."""
        tier = self._schedule.tiers[index]
        a, b, c = self._contract.coefficients(self._qty, -self._factor * tier.mmr)
        fixed = tier.deduction
        if self._required_orders:
            fixed -= tier.mmr * self._required_orders
        return a + self._factor * fixed, b, c
