"""What one contract is worth: linear and inverse as one rule in value space.

The *value* of a position is counted in its settle currency: ``qty*p`` for a
linear contract (qty in base coins), ``qty/p`` for an inverse one (qty = face
value in quote currency).  A quanto contract is linear in value: its contract
size says how much of the settle currency one unit of price is worth.  Profit of
a long follows the value of a linear contract and runs against the value of an
inverse one, so with ``drift = side * (+1 linear, -1 inverse)`` every formula is written once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.curve import Coefficients


class Product(StrEnum):
    """How profit depends on price, and in which currency it is paid."""

    LINEAR = "linear"
    INVERSE = "inverse"
    QUANTO = "quanto"


_INVERSE = Product.INVERSE


class Contract(NamedTuple):
    """What an exchange says about one symbol.

    Attributes:
        symbol: the exchange's own name.
        product: linear, inverse or quanto.
        base: the traded asset.
        quote: the unit of the price.
        settle: the currency of margin and profit.
        contract_size: base coins per contract (linear), quote units per
            contract (inverse), settle units per unit of price (quanto); None if
            not known.
        tick_size: price step; None if not known.
        lot_size: quantity step; None if not known.
        dated: expires on a day; else perpetual.
    """

    symbol: str
    product: Product
    base: str
    quote: str
    settle: str
    contract_size: Decimal | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None
    dated: bool = False

    @property
    def linear(self) -> bool:
        """Return True if the value grows with the price: linear and quanto."""
        return self.product is not _INVERSE

    def value(self, qty: Decimal, price: Decimal) -> Decimal:
        """Return the value of `qty` at `price`, in the settle currency.

        Formula:
            linear, quanto: qty*price; inverse: qty/price.
        """
        return qty / price if self.product is _INVERSE else qty * price

    def price_of(self, value: Decimal, qty: Decimal) -> Decimal | None:
        """Return the price at which `qty` is worth `value`; None if there is none."""
        if value <= 0:
            return None
        return value / qty if self.linear else qty / value

    def coefficients(self, qty: Decimal, factor: Decimal) -> Coefficients:
        """Return the coefficients of `factor` times the value of `qty`."""
        amount = qty * factor
        return (ZERO, ZERO, amount) if self.product is _INVERSE else (ZERO, amount, ZERO)

    def drift(self, side: int) -> int:
        """Return +1 if the position gains when its value grows, else -1."""
        return side if self.linear else -side
