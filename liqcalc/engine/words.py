"""The words that a rule set picks from, each with its meaning.

exchanges/NAME/exchange.yaml uses them; docs/rules has a page for each choice.
"""

from __future__ import annotations

from enum import StrEnum


class ValuedAt(StrEnum):
    """At which price a position is valued for a margin figure."""

    MARK = "mark"
    ENTRY = "entry"
    INDEX = "index"


class TierBy(StrEnum):
    """Which size picks the tier, and whether the pick moves with the price."""

    VALUE = "value"
    VALUE_AT_MARK = "value_at_mark"
    ENTRY_VALUE = "entry_value"
    CONTRACTS = "contracts"


class TierApplies(StrEnum):
    """To which part of a position a tier's rate applies."""

    MARGINAL = "marginal"
    WHOLE = "whole"


class PairTier(StrEnum):
    """Which size of a long and a short in one symbol picks the tier of each."""

    OWN = "own"
    GROSS = "gross"
    NET = "net"
    LARGER = "larger"


class Netting(StrEnum):
    """Where the requirement of the smaller side is not due."""

    NONE = "none"
    SYMBOL = "symbol"
    BASE = "base"


class InitialRate(StrEnum):
    """What rate the initial margin is counted with."""

    LEVERAGE = "leverage"
    TIER = "tier"
    LARGER = "larger"


class FeeBasis(StrEnum):
    """On which value the fee to close is counted."""

    NONE = "none"
    MARK = "mark"
    ENTRY = "entry"
    LEVERAGE_BANKRUPTCY = "leverage_bankruptcy"
    BANKRUPTCY = "bankruptcy"
    RESERVE = "reserve"


class FeeRate(StrEnum):
    """Whose rate a fee has."""

    TAKER = "taker"
    LIQUIDATION = "liquidation"


class MarginPart(StrEnum):
    """What the default isolated margin gains or loses besides entry value / leverage."""

    FEE_TO_CLOSE = "fee_to_close"
    CLOSING_FEE = "closing_fee"
    FEE_RESERVE = "fee_reserve"
    OPENING_FEE = "opening_fee"
    FUNDING_PAID = "funding_paid"


class ShownPrice(StrEnum):
    """What the exchange prints as the liquidation price of a position."""

    CONDITION = "condition"
    FROZEN_REQUIREMENT = "frozen_requirement"
    SHARED_LOSS = "shared_loss"


class Share(StrEnum):
    """How much of a pool's equity a position may lose until it is bankrupt."""

    ALL = "all"
    REQUIREMENT = "requirement"
    VALUE = "value"


class DisplayedRatio(StrEnum):
    """What the exchange displays as the margin ratio."""

    REQUIREMENT_TO_EQUITY = "requirement_to_equity"
    EQUITY_TO_REQUIREMENT = "equity_to_requirement"
    EQUITY_OVER_REQUIREMENT = "equity_over_requirement"
    EQUITY_OVER_INITIAL = "equity_over_initial"


class RoeOn(StrEnum):
    """What the return on equity is counted on."""

    ENTRY_MARGIN = "entry_margin"
    INITIAL_MARGIN = "initial_margin"


class CrossPool(StrEnum):
    """What a cross position locks of the pool beside its requirement."""

    SHARED = "shared"
    SEPARATE = "separate"


class ValueRounding(StrEnum):
    """How a value in whole units of money is rounded."""

    NONE = "none"
    PER_CONTRACT = "per_contract"
    TOTAL = "total"


class FundingInRequirement(StrEnum):
    """Whether the coming funding payment is part of the maintenance margin."""

    NONE = "none"
    PAYABLE = "payable"


class NegativeEquity(StrEnum):
    """Where and at which price a coin counts that the pool owes."""

    FULL = "full"
    ASK = "ask"
    REQUIREMENT = "requirement"


class PremiumRule(StrEnum):
    """How the funding rate follows from the premium P and the interest I."""

    CLAMPED_INTEREST = "clamped_interest"
    DEAD_BAND = "dead_band"


class BasePrice(StrEnum):
    """On the value at which price funding is paid."""

    MARK = "mark"
    INDEX = "index"


class Purse(StrEnum):
    """What an isolated position's funding is taken from; a cross one's leaves the pool.

    MARGIN: its margin.  FREE_FIRST: the free balance, then the margin.  FREE:
    the free balance.  OWED: the margin, later; counted at once as owed.
    """

    MARGIN = "margin"
    FREE_FIRST = "free_first"
    FREE = "free"
    OWED = "owed"


class CapOf(StrEnum):
    """What the cap of a funding rate is a multiple of; `mmr` is the first tier's."""

    MMR = "mmr"
    IMR_LESS_MMR = "imr_less_mmr"


class ShortLimitPrice(StrEnum):
    """The price that an order's cost assumes for a short limit order."""

    ORDER = "order"
    BUFFERED_LAST = "buffered_last"
