"""The choices that tell one exchange from another, each implemented once.

exchanges/NAME/exchange.yaml picks from these; docs/rules has a page for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from liqcalc.engine.formulas import leverage_bankruptcy_value
from liqcalc.engine.numbers import UNROUNDED, Rounding

NOTHING_GIVEN: Mapping[str, Any] = {}


class ValuedAt(StrEnum):
    """At which price a position is valued for a margin figure."""

    MARK = "mark"
    ENTRY = "entry"


class FeeBasis(StrEnum):
    """On which value the fee to close is counted."""

    NONE = "none"
    MARK = "mark"
    LEVERAGE_BANKRUPTCY = "leverage_bankruptcy"
    BANKRUPTCY = "bankruptcy"


class MarginPart(StrEnum):
    """What the default isolated margin gains or loses besides entry value / leverage."""

    FEE_TO_CLOSE = "fee_to_close"
    OPENING_FEE = "opening_fee"
    FUNDING_PAID = "funding_paid"


class ShownPrice(StrEnum):
    """What the exchange prints as the liquidation price of a position."""

    CONDITION = "condition"
    FROZEN_REQUIREMENT = "frozen_requirement"


class NegativeEquity(StrEnum):
    """At which price a coin counts that the pool owes."""

    FULL = "full"
    ASK = "ask"


class ShortLimitPrice(StrEnum):
    """The price that an order's cost assumes for a short limit order."""

    ORDER = "order"
    BUFFERED_LAST = "buffered_last"


class ModeRules(NamedTuple):
    """The choices that hold for isolated, or for cross, positions.

    Attributes:
        initial_margin_at: value that is divided by the leverage.
        fee_in_requirement: fee to close inside the liquidation condition.
        fee_to_close: value on which the printed fee to close is counted.
        fee_in_shown_margins: the printed initial and maintenance margins
            include the fee to close on the leverage's bankruptcy value.
        bankruptcy_pays_fee: the bankruptcy price leaves the fee to close.
        requirement_step: a position's maintenance at the mark is cut down to
            this step, in the figure and as a constant in the condition.
        ticks_against_holder: the printed price is moved so many ticks toward
            the mark.
        shown_price: what `liquidation_price` is.
        liquidation_price, bankruptcy_price, fee: roundings.
    """

    initial_margin_at: ValuedAt = ValuedAt.MARK
    fee_in_requirement: FeeBasis = FeeBasis.NONE
    fee_to_close: FeeBasis = FeeBasis.MARK
    fee_in_shown_margins: bool = False
    bankruptcy_pays_fee: bool = False
    requirement_step: Decimal | None = None
    ticks_against_holder: int = 0
    shown_price: ShownPrice = ShownPrice.CONDITION
    liquidation_price: Rounding = UNROUNDED
    bankruptcy_price: Rounding = UNROUNDED
    margin_adds: tuple[MarginPart, ...] = ()
    margin_less: tuple[MarginPart, ...] = ()


class MultiAsset(NamedTuple):
    """How a pool of several assets is valued in its numeraire.

    Attributes:
        negative: price of what is owed.
        requirement_at_ask: requirements count at price*(1 + ask buffer).
        ask_buffer: by asset.
        borrow_mmr: maintenance rate, by asset, on what is owed.
    """

    negative: NegativeEquity = NegativeEquity.FULL
    requirement_at_ask: bool = False
    ask_buffer: Mapping[str, Decimal] = NOTHING_GIVEN
    borrow_mmr: Mapping[str, Decimal] = NOTHING_GIVEN


class Orders(NamedTuple):
    """Where open orders count.

    Attributes:
        pick_tier: the value or contracts of orders that add to a cross
            position count when its tier is chosen.
        pick_tier_isolated: those of an isolated one too.
        in_requirement: an order's maintenance and fees are part of the
            account's requirement.
        displayed_ratio_pays_fee: the displayed ratio takes their fees from
            the equity.
    """

    pick_tier: bool = False
    pick_tier_isolated: bool = False
    in_requirement: bool = False
    displayed_ratio_pays_fee: bool = False


class Amounts(NamedTuple):
    """How money is printed, by figure; a figure not named uses `default`."""

    default: Rounding = UNROUNDED
    inverse: Rounding | None = None
    figures: Mapping[str, Rounding] = NOTHING_GIVEN

    def of(self, figure: str, *, linear: bool = True) -> Rounding:
        """Return the rounding of `figure`."""
        if figure in self.figures:
            return self.figures[figure]
        if not linear and self.inverse is not None:
            return self.inverse
        return self.default


class Funding(NamedTuple):
    """How funding is paid.

    Attributes:
        base_price: mark or index (oracle).
        interval_hours: between payments.
        interest_rate_8h, clamp, rate_divisor: of the rate's formula, where the
            exchange publishes one: rate = (P + clamp(I - P)) / rate_divisor.
        cap: half-width of the band in which the rate stays.
        impact_bid_price, impact_ask_price: today's, for the premium P.
    """

    base_price: Literal["mark", "index"] = "mark"
    interval_hours: Decimal = Decimal(8)
    interest_rate_8h: Decimal | None = None
    clamp: Decimal | None = None
    rate_divisor: Decimal | None = None
    cap: Decimal | None = None
    impact_bid_price: Decimal | None = None
    impact_ask_price: Decimal | None = None


class Rules(NamedTuple):
    """One exchange's rules, as in force on one day, with parameters filled in.

    Attributes:
        inclusive: equity equal to the requirement liquidates.
        entry: rounding of the average entry price before use.
        maintenance_at: price that values a position for its maintenance
            margin and tier.
        reported_leverage_rate: the maintenance rate is this share of
            1/max_leverage when the exchange reports a maximum leverage for
            the position that its table does not know.
        leverage_rate: rounding of 1/leverage in printed margins.
        fee_rate: rounding of the fee-to-close rate.
        margin_call_factor, backstop_factor: the share of the requirement at
            which a second threshold lies; None where there is none.
        ratio_inverted: the displayed ratio is equity / requirement.
        short_limit_price: rule for the cost of an order; None if not modelled.
    """

    name: str
    inclusive: bool
    isolated: ModeRules
    cross: ModeRules
    entry: Rounding = UNROUNDED
    maintenance_at: ValuedAt = ValuedAt.MARK
    notional_at: ValuedAt = ValuedAt.MARK
    marginal: bool = True
    edge_in_lower: bool = True
    by_contracts: bool = False
    reported_leverage_rate: Decimal | None = None
    leverage_rate: Rounding = UNROUNDED
    fee_rate: Rounding = UNROUNDED
    margin_call_factor: Decimal | None = None
    backstop_factor: Decimal | None = None
    ratio_inverted: bool = False
    amounts: Amounts = Amounts()
    account: Amounts = Amounts()
    orders: Orders = Orders()
    multi_asset: MultiAsset | None = None
    funding: Funding = Funding()
    short_limit_price: ShortLimitPrice | None = None

    def order_fee_rate(self, drift: int, leverage: Decimal, taker: Decimal) -> Decimal:
        """Return the rate of an open order's fees: to open, and to close at bankruptcy.

        Formula:
            taker + taker*(1 - drift/leverage)
        """
        return taker + self.fee_rate.apply(leverage_bankruptcy_value(drift, taker, leverage))

    def mode(self, *, isolated: bool) -> ModeRules:
        """Return the choices for isolated or for cross positions."""
        return self.isolated if isolated else self.cross
