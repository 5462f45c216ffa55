"""What the files of an exchange folder hold, as plain named tuples.

One definition, two readers: `build` trusts (the built-in folders, checked by
`liqcalc check`, so that a price needs no validation library), `validate`
proves every field and reports all faults with their lines.  A key named
``from`` in a file is the field ``from_`` here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from liqcalc.engine.contract import Product
from liqcalc.engine.steps import (
    Action,
    FeeLimit,
    FeeOn,
    FeeTo,
    FillPrice,
    Only,
    PositionOrder,
    Scope,
    Size,
)
from liqcalc.engine.vocabulary import NOTHING_GIVEN, Rules
from liqcalc.engine.words import CapOf, FeeRate, Purse


class EvidenceClass(StrEnum):
    """How well a rule is known, best first."""

    REPRODUCED = "reproduced"
    DOCUMENTED = "documented"
    DERIVED = "derived"
    ASSUMED = "assumed"


class MarginMode(StrEnum):
    """Who pays for a position: its own margin, or everything in the pool."""

    ISOLATED = "isolated"
    CROSS = "cross"


class CollateralMode(StrEnum):
    """What backs a cross pool."""

    SINGLE = "single"
    MULTI = "multi"
    PORTFOLIO = "portfolio"


class PositionMode(StrEnum):
    """One net position a symbol, or a long and a short leg."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class Source(NamedTuple):
    """Where a number comes from."""

    title: str
    url: str | None = None
    date: str | None = None


class Evidence(NamedTuple):
    """How well the rule is known for one product and mode.

    Attributes:
        product, mode: which part of the rule set.
        evidence: its class .
        note: one sentence that a user can judge by.
        collateral: the collateral mode this is about; None = any other.
        position: idem for the position mode.
    """

    product: Product
    mode: MarginMode
    evidence: EvidenceClass
    note: str
    collateral: CollateralMode | None = None
    position: PositionMode | None = None


class Assumption(NamedTuple):
    """What a rule set takes for granted; for positions of `mode` only, if given."""

    says: str
    mode: MarginMode | None = None


class OpenQuestion(NamedTuple):
    """A switch that no source settles, with the reading that is not the default.

    Attributes:
        parameter: its name.
        other: the value of the other reading.
        says: one sentence on what is not known.
        mode: only for positions of this mode, if given.
    """

    parameter: str
    other: str
    says: str
    mode: MarginMode | None = None


class RuleEntry(NamedTuple):
    """A named rule set and the day from which it holds.

    Attributes:
        name: what a sheet's ``rules`` key calls it.
        from_: first day in force.
        sources: ids of sources.yaml; the first stands for the whole set.
        choices: picks from the engine's vocabulary.
        evidence: one entry a product and mode.
        cites: source id by name of a term (``fee_to_close``, ``tier``, ...).
        assumptions: said with every answer that used the set.
        products: that it is for; empty = all.
        only_by_name: True if a day alone never picks it (another kind of account).
        older_positions: name of the rule set that keeps to hold for positions
            opened before `from_`.
        open_questions: switches that no source settles.
    """

    name: str
    from_: str
    sources: tuple[str, ...]
    summary: str
    choices: Rules
    evidence: tuple[Evidence, ...] = ()
    cites: Mapping[str, str] = NOTHING_GIVEN
    assumptions: tuple[Assumption, ...] = ()
    products: tuple[Product, ...] = ()
    only_by_name: bool = False
    older_positions: str = ""
    open_questions: tuple[OpenQuestion, ...] = ()


class FeeEntry(NamedTuple):
    """Default fees from a day on.

    `liquidation` is charged on what is liquidated; `requirement` is the taker
    rate in the exchange's own condition where it is not the account's.
    """

    from_: str
    source: str
    product: Product
    taker: Decimal
    maker: Decimal
    liquidation: Decimal | None = None
    requirement: Decimal | None = None
    evidence: EvidenceClass = EvidenceClass.DOCUMENTED
    note: str = ""


class LeverageStep(NamedTuple):
    """By how much a leverage can be set finer or coarser, from a day on."""

    from_: str
    source: str
    step: Decimal
    evidence: EvidenceClass = EvidenceClass.DOCUMENTED
    note: str = ""


class MarginChange(NamedTuple):
    """What an exchange lets be done with the margin of an open position, from a day on.

    Attributes:
        mode: only for positions of this mode, if given.
        lower_leverage: False where the leverage cannot be lowered while it is open.
        keeps_notional: share of the notional that must stay when money is taken
            out, where that is more than the initial margin; 0 = the initial
            margin alone; None = not known.
    """

    from_: str
    source: str
    mode: MarginMode | None = None
    lower_leverage: bool = True
    keeps_notional: Decimal | None = None
    evidence: EvidenceClass = EvidenceClass.DOCUMENTED
    note: str = ""


class FundingCap(NamedTuple):
    """How far the funding rate may lie from 0.

    Attributes:
        symbols: that it is for; empty = all without a cap of their own.
        from_: first day; None = always.
        rate: the cap, or instead of it
        factor, of: a multiple of a tier's rates.
        hours: that the cap is for; None = those of a rate.
        binds: the exchange cuts a rate off there; False: it is only known to
            stay inside, or the cap may be another by now.
        note: one sentence.
    """

    symbols: tuple[str, ...] = ()
    from_: str | None = None
    rate: Decimal | None = None
    factor: Decimal | None = None
    of: CapOf | None = None
    hours: Decimal | None = None
    binds: bool = True
    note: str = ""


class FundingTerms(NamedTuple):
    """When funding is charged and what pays it, from a day on.

    The rule set's choices say what a payment is (`Funding` of the engine).

    Attributes:
        note, purse: one sentence each: how it is counted, and what pays it.
        isolated: what an isolated position's payment is taken from.
        first_hour: hour of the day, UTC, of a payment; None = not published.
        interval_varies: contracts have intervals of their own.
        spares: a payment that would liquidate is left out.
        cap_binds: the exchange cuts rates off at the rule set's own cap.
        caps: further caps.
        assumptions: said with every answer about funding.
    """

    from_: str
    source: str
    note: str
    purse: str
    isolated: Purse = Purse.MARGIN
    first_hour: Decimal | None = None
    interval_varies: bool = False
    spares: bool = False
    cap_binds: bool = True
    caps: tuple[FundingCap, ...] = ()
    evidence: EvidenceClass = EvidenceClass.DOCUMENTED
    assumptions: tuple[Assumption, ...] = ()


class Step(NamedTuple):
    """One step of the liquidation process.

    Attributes:
        action: what is done.
        when: in words.
        evidence: of the step as a whole.
        note: what else is known, in words.
        assumes: what is taken for granted where nothing is published, in words.
        scope: cancel_orders: whose orders.
        only: when it is done, beside the liquidation condition.
        size: reduce: how much is closed.
        fill: at which price; None = a takeover at the bankruptcy price, else the mark.
        fees: whose rates are charged on what is closed; none = no fee is known.
        fee_on, fee_limit, fee_to: on which value, at most how much, for whom.
        fee_missing: what is charged but of unknown rate, in words.
        repeats: done again while the condition holds.
        once: done once only, also if the condition holds again later.
        pause_seconds: until the next step.
    """

    action: Action
    when: str
    evidence: EvidenceClass = EvidenceClass.DOCUMENTED
    note: str = ""
    assumes: str = ""
    scope: Scope = Scope.SYMBOL
    only: Only = Only()
    size: Size | None = None
    fill: FillPrice | None = None
    fees: tuple[FeeRate, ...] = ()
    fee_on: FeeOn = FeeOn.FILL
    fee_limit: FeeLimit = FeeLimit.NONE
    fee_to: FeeTo = FeeTo.EXCHANGE
    fee_missing: str = ""
    repeats: bool = False
    once: bool = False
    pause_seconds: Decimal | None = None

    @property
    def fills_at(self) -> FillPrice:
        """Return at which price the step closes."""
        if self.fill is not None:
            return self.fill
        return FillPrice.BANKRUPTCY if self.action is Action.TAKE_OVER else FillPrice.MARK


class Process(NamedTuple):
    """What the exchange does at the liquidation price, from a day on.

    Attributes:
        from_: first day known in force.
        mode: for isolated or for cross positions.
        products: that it is for; empty = all.
        first: which position of a cross account a step takes first.
    """

    from_: str
    source: str
    mode: MarginMode
    steps: tuple[Step, ...]
    products: tuple[Product, ...] = ()
    first: PositionOrder = PositionOrder.UNPUBLISHED


class Parameter(NamedTuple):
    """A rule parameter that a sheet may override.

    Attributes:
        meaning: one sentence.
        sets: paths inside the rule set's choices.
        default: in words, as a user would say it.
        rule_sets: only for these; empty = all.
    """

    meaning: str
    sets: tuple[str, ...]
    default: str = ""
    rule_sets: tuple[str, ...] = ()


class Level(NamedTuple):
    """A value of the displayed ratio, before the one that liquidates, and what happens there.

    Attributes:
        at: in the ratio's own orientation, as a fraction.
        says: one sentence: what the exchange does there, or advises.
        source: id of sources.yaml.
    """

    at: Decimal
    says: str
    source: str


class Display(NamedTuple):
    """How the exchange shows health.

    Whether the ratio rises or falls, and the value that liquidates, follow
    from the choice `displayed_ratio`.

    Attributes:
        ratio: its name.
        meaning: what is divided by what.
        warnings: its levels, in the order in which they are reached.
        not_published: what is not known of levels, as a sentence.
        rules, mode: only for these rule sets, and this margin mode; of
            `other_displays`.
    """

    ratio: str
    meaning: str
    warnings: tuple[Level, ...] = ()
    not_published: str = ""
    rules: tuple[str, ...] = ()
    mode: MarginMode | None = None

    def fits(self, rules: str, mode: MarginMode) -> bool:
        """Return True if this is what the rule set shows in the margin mode."""
        return (not self.rules or rules in self.rules) and self.mode in {None, mode}


class Exchange(NamedTuple):
    """exchange.yaml: identity, rule sets by date, fees, process, display."""

    id: str
    name: str
    products: tuple[Product, ...]
    margin_modes: tuple[MarginMode, ...]
    position_modes: tuple[PositionMode, ...]
    collateral_modes: tuple[CollateralMode, ...]
    rules: tuple[RuleEntry, ...]
    fees: tuple[FeeEntry, ...]
    funding: tuple[FundingTerms, ...]
    liquidation: tuple[Process, ...]
    display: Display
    leverage_steps: tuple[LeverageStep, ...] = ()
    margin_changes: tuple[MarginChange, ...] = ()
    parameters: Mapping[str, Parameter] = NOTHING_GIVEN
    figures: Mapping[str, str] = NOTHING_GIVEN
    not_modelled: tuple[str, ...] = ()
    closed: str | None = None
    closed_note: str = ""
    other_displays: tuple[Display, ...] = ()

    def display_of(self, rules: str, mode: MarginMode) -> Display:
        """Return how a rule set shows health in a margin mode."""
        for other in self.other_displays:
            if other.fits(rules, mode):
                return other
        return self.display
