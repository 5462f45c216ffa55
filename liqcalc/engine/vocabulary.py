"""The choices that tell one exchange from another, each implemented once.

exchanges/NAME/exchange.yaml picks from these; docs/rules has a page for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from liqcalc.engine.formulas import leverage_bankruptcy_value
from liqcalc.engine.numbers import ONE, UNROUNDED, ZERO, Rounding
from liqcalc.engine.words import (
    BasePrice,
    CrossPool,
    DisplayedRatio,
    FeeBasis,
    FeeRate,
    FundingInRequirement,
    InitialRate,
    MarginPart,
    NegativeEquity,
    Netting,
    PairTier,
    PremiumRule,
    RoeOn,
    Share,
    ShortLimitPrice,
    ShownPrice,
    TierApplies,
    TierBy,
    ValuedAt,
    ValueRounding,
)

NOTHING_GIVEN: Mapping[str, Any] = {}


class ModeRules(NamedTuple):
    """The choices that hold for isolated, or for cross, positions.

    Attributes:
        initial_margin_at: value that the initial rate is counted on.
        initial_rate: 1/leverage, the tier's initial rate, or the larger.
        fee_in_requirement: fee to close inside the liquidation condition.
        requirement_fee, bankruptcy_fee: whose rate the fees in the condition
            and at the bankruptcy price have.
        fee_to_close: value on which the printed fee to close is counted.
        fee_in_initial_margin, fee_in_maintenance_margin: fee to close that
            the printed margins include.
        bankruptcy_pays_fee: the bankruptcy price leaves the fee to close.
        bankruptcy_share: part of the equity that the position may lose.
        level_set: the user sets the row of the table (`risk_level`); the size
            only says which is the lowest possible.
        requirement_step: a position's maintenance at the mark is cut down to
            this step, in the figure and as a constant in the condition.
        ticks_against_holder: the printed price is moved so many ticks toward
            the mark.
        shown_price: what `liquidation_price` is.
        displayed_ratio: what `displayed_margin_ratio` is.
        liquidation_price, bankruptcy_price: roundings.
        margin_adds, margin_less: parts of the default isolated margin.
    """

    initial_margin_at: ValuedAt = ValuedAt.MARK
    initial_rate: InitialRate = InitialRate.LEVERAGE
    fee_in_requirement: FeeBasis = FeeBasis.NONE
    requirement_fee: FeeRate = FeeRate.TAKER
    bankruptcy_fee: FeeRate = FeeRate.TAKER
    fee_to_close: FeeBasis = FeeBasis.MARK
    fee_in_initial_margin: FeeBasis = FeeBasis.NONE
    fee_in_maintenance_margin: FeeBasis = FeeBasis.NONE
    bankruptcy_pays_fee: bool = False
    bankruptcy_share: Share = Share.ALL
    level_set: bool = False
    requirement_step: Decimal | None = None
    ticks_against_holder: int = 0
    shown_price: ShownPrice = ShownPrice.CONDITION
    displayed_ratio: DisplayedRatio = DisplayedRatio.REQUIREMENT_TO_EQUITY
    liquidation_price: Rounding = UNROUNDED
    bankruptcy_price: Rounding = UNROUNDED
    margin_adds: tuple[MarginPart, ...] = ()
    margin_less: tuple[MarginPart, ...] = ()


class MultiAsset(NamedTuple):
    """How a pool of several assets is valued in its numeraire.

    Attributes:
        negative: price of what is owed, or that it is required instead.
        requirement_at_ask: requirements count at price*(1 + ask buffer).
        ask_buffer: by asset.
        borrow_mmr: maintenance rate, by asset, on what is owed.
        haircut, conversion_fee: by asset; the weight of a coin whose weight is
            not given is (1 - haircut)*(1 - conversion_fee).
        profit_uncut: profit counts in full, not at the weight of the coin that
            it is paid in.
        settle_price: of a settle currency whose price is not given.
    """

    negative: NegativeEquity = NegativeEquity.FULL
    requirement_at_ask: bool = False
    ask_buffer: Mapping[str, Decimal] = NOTHING_GIVEN
    borrow_mmr: Mapping[str, Decimal] = NOTHING_GIVEN
    haircut: Mapping[str, Decimal] = NOTHING_GIVEN
    conversion_fee: Mapping[str, Decimal] = NOTHING_GIVEN
    profit_uncut: bool = False
    settle_price: Decimal = ONE

    def weight(self, asset: str) -> Decimal:
        """Return the weight of a coin whose weight is not given.

        Formula:
            (1 - haircut) * (1 - conversion_fee)
        """
        kept = ONE - self.haircut.get(asset, ZERO)
        return kept * (ONE - self.conversion_fee.get(asset, ZERO))


class Orders(NamedTuple):
    """Where open orders count.

    Attributes:
        pick_tier: the value or contracts of orders that add to a cross
            position count when its tier is chosen.
        pick_tier_isolated: those of an isolated one too.
        in_requirement: an order's maintenance and fees are part of the
            account's requirement.
        both_sides: orders against a position count too; the larger side picks
            its tier.
        closing_fee: of an order in the requirement: on its bankruptcy value,
            or on its own value.
        opening_fee_from_equity: ratios take the opening fee off the equity
            instead of adding it to the requirement.
        displayed_ratio_pays_fee: the displayed ratio takes their fees from
            the equity.
        counted_margin: `order_margin` is counted from the orders: initial
            margin, fee to open and fee to close at bankruptcy.
        worst_case: a position counts in the requirement with the size that it
            has when all orders of the worse side are filled.
        each: requirement of every open order, whatever its size.
        margin_locked: what orders reserve backs no position.
    """

    pick_tier: bool = False
    pick_tier_isolated: bool = False
    in_requirement: bool = False
    both_sides: bool = False
    closing_fee: FeeBasis = FeeBasis.LEVERAGE_BANKRUPTCY
    opening_fee_from_equity: bool = False
    displayed_ratio_pays_fee: bool = False
    counted_margin: bool = False
    worst_case: bool = False
    each: Decimal = ZERO
    margin_locked: bool = False


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


class MoneySteps(NamedTuple):
    """Arithmetic in whole units of the settle currency.

    Attributes:
        value: how a value is rounded to the unit, to the nearest.
        step: one unit; None = that of `steps`.
        steps: one unit by settle currency.
    Margins and fees are rounded up to the unit.
    """

    value: ValueRounding = ValueRounding.NONE
    step: Decimal | None = None
    steps: Mapping[str, Decimal] = NOTHING_GIVEN

    def unit(self, settle: str) -> Decimal | None:
        """Return one unit of `settle`; None if not known."""
        return self.step or self.steps.get(settle)


class Slope(NamedTuple):
    """A rate that grows with the size of the position in base coins.

    Formula:
        mmr = mmr_base + slope*size, imr = imr_base + slope*size
    """

    mmr_base: Decimal | None = None
    imr_base: Decimal | None = None
    slope: Decimal | None = None


class Continuous(NamedTuple):
    """Rates and largest size as functions of the size n in base coins.

    For inverse contracts n counts contracts.

    Formula:
        mmr = min((1 + n/m) / (2*mmr_lev_constant), mmr_limit)
        imr = max(1/leverage, f*mmr)
        largest n = k * ln(free*leverage/(k*price) + 1)
    """

    k: Decimal | None = None
    m: Decimal | None = None
    f: Decimal | None = None
    mmr_limit: Decimal | None = None
    mmr_lev_constant: Decimal | None = None


class OpenInterest(NamedTuple):
    """An initial rate that rises with the market's open interest (USD).

    Formula:
        imr = base + (1 - base) * clamp((notional - lower)/(upper - lower), 0, 1)
        cut at 6 decimals; an upper cap of 0 switches it off.
    """

    lower_cap: Decimal | None = None
    upper_cap: Decimal | None = None
    notional: Decimal | None = None


class ProfitWeights(NamedTuple):
    """How much of an unrealised profit counts; a loss counts in full.

    Attributes:
        maintenance, initial: share of a profit in the pool's backing.
        imf_factor: the initial share is at most 1.1/(1 + imf_factor*sqrt(size)).
        initial_cap: most that one market's profit counts for opening; None = no cap.
    """

    maintenance: Decimal = ONE
    initial: Decimal = ONE
    imf_factor: Decimal = ZERO
    initial_cap: Decimal | None = None


class PartialClose(NamedTuple):
    """How much one liquidation step closes, and at which price (shares and USD).

    Attributes:
        bankruptcy_adjustment, spread_to_maintenance: of the fillable price
            p*(1 - s*rating*spread_to_maintenance*mmr), where
            rating = clamp(bankruptcy_adjustment*(1 - equity/requirement), 0, 1).
        max_fee: most of the fill's value that goes to the insurance fund.
        min_notional, max_portion, max_notional: limits of one step.
    """

    bankruptcy_adjustment: Decimal = ONE
    spread_to_maintenance: Decimal = ZERO
    max_fee: Decimal = ZERO
    min_notional: Decimal = ZERO
    max_portion: Decimal = ONE
    max_notional: Decimal | None = None


class Liquidators(NamedTuple):
    """What a liquidator and the insurance fund take, and how far it must go.

    Attributes:
        buffer: share of the liability value that the account must have above
            its requirement before liquidation ends.
        fee, max_fee: the liquidator's share; it grows by `fee_per_slot` for
            each slot since the account was last active, once
            `patience_slots` have passed.
        insurance_fee: the fund's share; None = counted, up to `max_insurance_fee`.
        slots: since the account was last active.
    """

    buffer: Decimal = ZERO
    fee: Decimal | None = None
    max_fee: Decimal | None = None
    fee_per_slot: Decimal = ZERO
    patience_slots: Decimal = ZERO
    insurance_fee: Decimal | None = None
    max_insurance_fee: Decimal | None = None
    slots: Decimal | None = None


class Funding(NamedTuple):
    """How funding is paid.

    Attributes:
        base_price: mark or index (oracle).
        interval_hours: between payments.
        rate_hours: that a rate is for; None = the interval.
        premium_rule: how the rate follows from the premium.
        interest_rate_8h, clamp, rate_divisor: of the rate's formula, where the
            exchange publishes one: rate = (P + clamp(I - P)) / rate_divisor.
        band: of the dead band: rate = max(band, P) + min(-band, P).
        cap: half-width of the band in which the rate stays.
        cap_factor: the cap as a multiple of imr - mmr.
        cap_hours: that the cap is for; None = those of a rate.
        impact_bid_price, impact_ask_price: today's, for the premium P.
        span_hours: time held that a payment is asked for; None = one interval.
        continuous: it accrues all the time; the interval is that of the rate.
    """

    base_price: BasePrice = BasePrice.MARK
    interval_hours: Decimal = Decimal(8)
    rate_hours: Decimal | None = None
    premium_rule: PremiumRule = PremiumRule.CLAMPED_INTEREST
    interest_rate_8h: Decimal | None = None
    clamp: Decimal | None = None
    rate_divisor: Decimal | None = None
    band: Decimal | None = None
    cap: Decimal | None = None
    cap_factor: Decimal | None = None
    cap_hours: Decimal | None = None
    impact_bid_price: Decimal | None = None
    impact_ask_price: Decimal | None = None
    span_hours: Decimal | None = None
    continuous: bool = False


class Rules(NamedTuple):
    """One exchange's rules, as in force on one day, with parameters filled in.

    Attributes:
        inclusive: equity equal to the requirement liquidates.
        entry: rounding of the average entry price before use.
        maintenance_at: price that values a position for its maintenance margin.
        tier_by: size that picks the tier.
        tier_applies: to the slice of the size inside a tier, or to all of it.
        pair_tier: size of a hedge pair that picks the tiers of its legs.
        netting: where only the larger side's requirement is due.
        edge_in_lower: a size equal to a cap lies in the tier that ends there.
        reported_leverage_rate: the maintenance rate is this share of
            1/max_leverage when the exchange reports a maximum leverage for
            the position that its table does not know.
        funding_in_requirement: the coming payment raises the maintenance rate.
        minimum_requirement: least maintenance of a position.
        maintenance_from_initial: the printed maintenance margin is mmr/imr of
            the printed initial margin.
        covered_short_exempt: an isolated inverse short with the margin of its
            whole value (leverage 1) requires and reserves nothing.
        impact_cap: most of the entry value that the impact of closing may
            cost in the condition; None = impact is not counted.
        size_premium: a large position's rates are at least
            0.8*rate + size_premium*sqrt(size), cut at 4 decimals.
        profit: weights of unrealised profit.
        slope, continuous, open_interest: rates that replace a table's.
        leverage_rate: rounding of 1/leverage in printed margins.
        fee_rate: rounding of the fee-to-close rate.
        reciprocal: rounding of 1/price in the profit of inverse contracts.
        money: arithmetic in whole units of money.
        cross_pool: what a cross position locks.
        margin_call_factor, backstop_factor: the share of the requirement at
            which a second threshold lies; None where there is none.
        roe_on: what `roe` is counted on.
        partial_close, liquidators: how liquidation goes on, step by step.
        short_limit_price: rule for the cost of an order; None if not modelled.
    """

    name: str
    inclusive: bool
    isolated: ModeRules
    cross: ModeRules
    entry: Rounding = UNROUNDED
    maintenance_at: ValuedAt = ValuedAt.MARK
    notional_at: ValuedAt = ValuedAt.MARK
    tier_by: TierBy = TierBy.VALUE
    tier_applies: TierApplies = TierApplies.MARGINAL
    pair_tier: PairTier = PairTier.OWN
    netting: Netting = Netting.NONE
    edge_in_lower: bool = True
    reported_leverage_rate: Decimal | None = None
    funding_in_requirement: FundingInRequirement = FundingInRequirement.NONE
    minimum_requirement: Decimal | None = None
    maintenance_from_initial: bool = False
    covered_short_exempt: bool = False
    impact_cap: Decimal | None = None
    size_premium: Decimal | None = None
    profit: ProfitWeights | None = None
    slope: Slope | None = None
    continuous: Mapping[str, Mapping[str, Decimal]] = NOTHING_GIVEN
    open_interest: OpenInterest | None = None
    leverage_rate: Rounding = UNROUNDED
    fee_rate: Rounding = UNROUNDED
    reciprocal: Rounding = UNROUNDED
    money: MoneySteps | None = None
    cross_pool: CrossPool = CrossPool.SHARED
    margin_call_factor: Decimal | None = None
    backstop_factor: Decimal | None = None
    roe_on: RoeOn = RoeOn.ENTRY_MARGIN
    amounts: Amounts = Amounts()
    account: Amounts = Amounts()
    orders: Orders = Orders()
    multi_asset: MultiAsset | None = None
    partial_close: PartialClose | None = None
    liquidators: Liquidators | None = None
    funding: Funding = Funding()
    short_limit_price: ShortLimitPrice | None = None

    @property
    def by_contracts(self) -> bool:
        """Return True if tiers count contracts."""
        return self.tier_by is TierBy.CONTRACTS

    def order_fee_rate(
        self, drift: int, leverage: Decimal | None, taker: Decimal
    ) -> Decimal | None:
        """Return the rate of an open order's fees, to open and to close.

        None if it needs a leverage that is not known.

        Formula:
            closing at bankruptcy: taker + taker*(1 - drift/leverage)
            closing at its own value: taker + taker
        """
        if self.orders.closing_fee is FeeBasis.MARK:
            return taker + taker
        if leverage is None:
            return None
        return taker + self.fee_rate.apply(leverage_bankruptcy_value(drift, taker, leverage))

    def mode(self, *, isolated: bool) -> ModeRules:
        """Return the choices for isolated or for cross positions."""
        return self.isolated if isolated else self.cross
