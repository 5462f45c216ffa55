"""What an exchange does to a position that it liquidates: the words, and how much a step closes.

exchanges/NAME/exchange.yaml describes its process with these; see
docs/rules/liquidation_steps.md.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import ONE, ZERO, to_step

if TYPE_CHECKING:
    from liqcalc.engine.contract import Contract


class Action(StrEnum):
    """What a step does."""

    RESTRICT = "restrict"
    CANCEL_ORDERS = "cancel_orders"
    REPAY = "repay"
    NET_HEDGE = "net_hedge"
    HEDGE_DELTA = "hedge_delta"
    REDUCE = "reduce"
    CLOSE = "close"
    TAKE_OVER = "take_over"
    BACKSTOP = "backstop"
    INSURANCE_FUND = "insurance_fund"
    ASSIGN = "assign"
    UNWIND = "unwind"
    AUTO_DELEVERAGE = "auto_deleverage"


TOLD = frozenset({
    *(Action.RESTRICT, Action.REPAY, Action.HEDGE_DELTA, Action.INSURANCE_FUND),
    *(Action.ASSIGN, Action.UNWIND, Action.AUTO_DELEVERAGE),
})  # fmt: skip
"""Actions that change no number of the account by themselves; they are told, not walked."""

WHOLE = frozenset({Action.CLOSE, Action.TAKE_OVER, Action.BACKSTOP})
"""Actions after which nothing is left of the positions that they take."""


class SizeRule(StrEnum):
    """How much a reduction closes."""

    SHARE = "share"
    TIER_CAP = "tier_cap"
    RESTORING_CAP = "restoring_cap"
    VALUE = "value"
    BLOCK_LIMITS = "block_limits"
    SHORTAGE = "shortage"


class Size(NamedTuple):
    """How much a reduction closes, with the number that its rule needs.

    Attributes:
        to: the rule.
        rate: share: of the position as it is at the step.
        tiers: tier_cap: how many rows down, to the cap of that row.
        value: value: what is left is worth at most this, at the mark.
    """

    to: SizeRule
    rate: Decimal | None = None
    tiers: int | None = None
    value: Decimal | None = None


class Only(NamedTuple):
    """When a step is taken, beside the condition; None = whatever it is.

    Attributes:
        tier_from: the position is in this row of its table or in a higher one.
        value_above, value_below: it is worth more, or less, than this at the mark.
        equity_from: what backs it is at least this share of the requirement.
        lowest_tier_met: it would be safe at the rate of the lowest row.
    """

    tier_from: int | None = None
    value_above: Decimal | None = None
    value_below: Decimal | None = None
    equity_from: Decimal | None = None
    lowest_tier_met: bool = False


class Scope(StrEnum):
    """Whose orders are cancelled."""

    SYMBOL = "symbol"
    ACCOUNT = "account"


class FillPrice(StrEnum):
    """At which price a step closes."""

    MARK = "mark"
    BANKRUPTCY = "bankruptcy"
    FILLABLE = "fillable"
    LIQUIDATOR = "liquidator"


class FeeOn(StrEnum):
    """On which value a liquidation fee is charged."""

    FILL = "fill"
    ENTRY = "entry"


class FeeLimit(StrEnum):
    """Most that a liquidation fee may be, beside what is left."""

    NONE = "none"
    GAIN = "gain"


class FeeTo(StrEnum):
    """Who gets the liquidation fee."""

    EXCHANGE = "exchange"
    FUND = "fund"
    POOL = "pool"


class PositionOrder(StrEnum):
    """Which position of a cross account a step takes first."""

    LARGEST_MAINTENANCE = "largest_maintenance"
    RANDOM = "random"
    UNPUBLISHED = "unpublished"


class FillAt(StrEnum):
    """Which fill a user assumes: what the process says, or one price for every step."""

    PROCESS = "process"
    TRIGGER = "trigger"
    BANKRUPTCY = "bankruptcy"


class Fill(NamedTuple):
    """The fills that a user assumes.

    Attributes:
        at: where steps close; a takeover at the mark leaves the fund what the
            market pays above the bankruptcy price.
        slippage_bps: by how much closings on the market fill worse than the mark.
    """

    at: FillAt = FillAt.PROCESS
    slippage_bps: Decimal = ZERO

    def price_near(self, mark: Decimal, side: int) -> Decimal:
        """Return the price of closing on the market while the mark is `mark`.

        Formula:
            mark * (1 - side*slippage_bps/10000)

        >>> Fill(slippage_bps=Decimal(20)).price_near(Decimal(50000), -1)
        Decimal('50100.0000')
        """
        return mark * (ONE - side * self.slippage_bps.scaleb(-4))


def kept(qty: Decimal, limit: Decimal, size: Decimal, lot: Decimal | None) -> Decimal:
    """Return the quantity of which at most `limit` is left, cut to the lot.

    Args:
        qty: of the position.
        limit: largest size that may be left.
        size: of the whole position, in the unit of `limit`.
        lot: None if it is not known.

    Formula:
        qty * limit/size, rounded down to the lot

    >>> kept(Decimal("0.7"), Decimal(20000), Decimal(35007), Decimal("0.01"))
    Decimal('0.39')
    """
    if limit >= size:
        return qty
    return down_to_lot(qty * limit / size, lot)


def down_to_lot(qty: Decimal, lot: Decimal | None) -> Decimal:
    """Return `qty` rounded down to whole lots, where the lot is known."""
    return qty if lot is None else to_step(qty, lot, "down")


def at_least_a_lot(qty: Decimal, whole: Decimal, lot: Decimal | None) -> Decimal:
    """Return what can be closed of `whole`: whole lots of `qty`, one at least, all at most."""
    return min(whole, max(down_to_lot(qty, lot), lot or qty))


_FEWEST_DIGITS = 3
_UNKNOWN_DIGITS = 8
_TRIES = (0, 1, 2, 10, 100)


def grid_beyond(level: Decimal, contract: Contract, direction: int) -> tuple[Decimal, ...]:
    """Return the first prices on the grid at `level` and beyond, ever farther.

    The grid is the tick, or a finer one where that is unknown or too coarse to
    tell prices apart.

    Args:
        level: where the condition turns.
        contract: whose tick it is.
        direction: +1 up, -1 down.
    """
    tick = contract.tick_size
    if tick is None or tick.adjusted() > level.adjusted() - _FEWEST_DIGITS:
        tick = Decimal((0, (1,), level.adjusted() - _UNKNOWN_DIGITS + 1))
    price = to_step(level, tick, "up" if direction > 0 else "down")
    return tuple(price + direction * tick * steps for steps in _TRIES)
