"""What a trader holds: positions, coins, open orders, a closing step."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ONE, ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.contract import Contract
    from liqcalc.engine.tiers import Schedule

LONG, SHORT = 1, -1


class Coin(NamedTuple):
    """An asset that backs a pool, or that the pool owes (qty < 0).

    Weights are the share of its price that counts: `initial_weight` for new
    positions, `maintenance_weight` for the liquidation condition.
    """

    asset: str
    qty: Decimal
    price: Decimal = ONE
    initial_weight: Decimal = ONE
    maintenance_weight: Decimal = ONE


class Order(NamedTuple):
    """An open order: side +1 buy, -1 sell; qty as in positions."""

    symbol: str
    side: int
    qty: Decimal
    price: Decimal
    leverage: Decimal | None = None


class CloseStep(NamedTuple):
    """A hypothetical closing step: how much, at which price, with what price impact."""

    qty: Decimal | None = None
    price: Decimal | None = None
    impact: Decimal = ZERO


class Position(NamedTuple):
    """What a trader holds in one symbol and side; money in the settle currency.

    Attributes:
        contract: the symbol's contract.
        side: +1 long, -1 short.
        qty: base coins (linear), face value in quote (inverse), settle units
            per unit of price (quanto); above 0.
        entry_price, mark_price: above 0.
        index_price: spot index or oracle; None = the mark.
        schedule: the tier table; None if not known.
        taker: the account's fee rate; None if not known.
        exchange_taker: the rate that the exchange's condition has, where it
            is not the account's.
        liquidation_fee: rate charged on what is liquidated; None if not known.
        leverage: the setting; None if not given.
        isolated: has its own margin.
        margin: isolated margin without profit; None = what the exchange sets
            aside at opening.
        extra_margin, funding_paid, fee_reserve, accrued_fees: see SHEET names.
        funding_rate: per interval, as quoted.
        max_leverage: the maximum that the exchange reports for the position.
        risk_level: the row that the user has chosen, 1 = lowest.
        collateral: coins that back an isolated position.
        orders: open orders of the symbol that count with this position:
            those that add to it, or all where the exchange counts both sides.
        opposing_qty: quantity of the open orders against it.
        paired_qty: quantity of the position's other leg in the same pool.
        close: a hypothetical closing step.
    """

    contract: Contract
    side: int
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    schedule: Schedule | None
    taker: Decimal | None = None
    leverage: Decimal | None = None
    isolated: bool = False
    margin: Decimal | None = None
    extra_margin: Decimal = ZERO
    funding_paid: Decimal = ZERO
    funding_rate: Decimal | None = None
    index_price: Decimal | None = None
    max_leverage: Decimal | None = None
    fee_reserve: Decimal | None = None
    accrued_fees: Decimal = ZERO
    collateral: tuple[Coin, ...] = ()
    orders: tuple[Order, ...] = ()
    exchange_taker: Decimal | None = None
    liquidation_fee: Decimal | None = None
    risk_level: int | None = None
    opposing_qty: Decimal = ZERO
    paired_qty: Decimal = ZERO
    close: CloseStep | None = None

    @property
    def added(self) -> tuple[Order, ...]:
        """Return the open orders that add to the position."""
        return tuple(order for order in self.orders if order.side == self.side)
