"""A rule set in numbers: which of the engine's choices hold for a kind of row.

Rows of one shape are computed together; what differs among them (rates, tiers,
ticks) is data.  `shape_of` returns None where the columns cannot do what the
rules ask, and those rows go through the exact engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.batch.fast.grid import NONE, TICK, Print
from liqcalc.engine.numbers import UNROUNDED, Rounding
from liqcalc.engine.words import (
    CrossPool,
    FeeBasis,
    FeeRate,
    InitialRate,
    MarginPart,
    Netting,
    Share,
    ShownPrice,
    TierApplies,
    TierBy,
    ValuedAt,
    ValueRounding,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.position import Position
    from liqcalc.engine.tiers import Schedule
    from liqcalc.engine.vocabulary import ModeRules, Rules


class Inputs(NamedTuple):
    """Which optional inputs a table has; a step for one that it lacks is left out."""

    contracts: bool = True
    mark_price: bool = True
    index_price: bool = True
    margin: bool = True
    extra_margin: bool = True
    funding_paid: bool = True
    taker: bool = True
    mmr: bool = True
    deduction: bool = True


class Shape(NamedTuple):
    """The choices of a rule set for one margin mode and kind of contract; words as places.

    Attributes:
        isolated, linear, inclusive: as in the rules.
        entry: printing of the entry price before use.
        units: values are rounded to whole units of money.
        maintenance_at, initial_at, notional_at: place in `ValuedAt`.
        initial_rate: place in `InitialRate`.
        tier_by: place in `TierBy`.
        requirement_moves: the maintenance moves with the price.
        requirement_leaps: it can overtake a gain where a row begins.
        tier_moves: another price can put a position into another tier.
        whole: a tier's rate applies to the whole position.
        edge_in_lower: a size equal to a cap lies in the tier below.
        fee_in_requirement, fee_in_initial, fee_in_maintenance: place in `FeeBasis`.
        fee_stands, fee_moves: the condition has a constant fee, or one on the value there.
        fee_to_close_reserved: a closing fee is kept inside the margin.
        liquidation_rate: the condition's fee has the liquidation rate.
        bankruptcy_pays, bankruptcy_pays_at_entry: what the bankruptcy price leaves.
        opening_fee, closing_fee, fee_to_close, fee_reserve, funding_paid: how
            often the default margin contains it; -1 where it is taken off.
        from_initial: the printed maintenance follows from the printed initial margin.
        exempt: a covered inverse short requires nothing.
        minimum: there is a least maintenance.
        step: printing of the maintenance in the condition.
        residue: the condition's maintenance differs from the figure.
        leverage_rate, fee_rate: printing of rates.
        liquidation_price, bankruptcy_price, notional, initial, maintenance: printing.
        ticks_against: see `ModeRules.ticks_against_holder`.
        shown: place in `ShownPrice`.
        share: place in `Share`.
        netted: the smaller side of a group requires nothing.
        given: the optional inputs that the table has.
    """

    isolated: bool
    linear: bool
    inclusive: bool
    entry: Print
    units: bool
    maintenance_at: int
    initial_at: int
    notional_at: int
    initial_rate: int
    tier_by: int
    requirement_moves: bool
    tier_moves: bool
    requirement_leaps: bool
    whole: bool
    edge_in_lower: bool
    fee_in_requirement: int
    fee_in_initial: int
    fee_in_maintenance: int
    fee_stands: bool
    fee_moves: bool
    fee_to_close_reserved: bool
    liquidation_rate: bool
    bankruptcy_pays: bool
    bankruptcy_pays_at_entry: bool
    opening_fee: int
    closing_fee: int
    fee_to_close: int
    fee_reserve: int
    funding_paid: int
    from_initial: bool
    exempt: bool
    minimum: bool
    step: Print
    residue: bool
    leverage_rate: Print
    fee_rate: Print
    liquidation_price: Print
    bankruptcy_price: Print
    notional: Print
    initial: Print
    maintenance: Print
    ticks_against: int
    shown: int
    share: int
    netted: bool
    given: Inputs


def _place(
    word: ValuedAt | TierBy | InitialRate | FeeBasis | MarginPart | ShownPrice | Share,
) -> int:
    return list(type(word)).index(word)


BASIS, OPEN_END = 1, 2
"""What is to be said of a table's row: known by inference, or its end is not known."""

MARK, ENTRY, INDEX = map(_place, (ValuedAt.MARK, ValuedAt.ENTRY, ValuedAt.INDEX))
BY_ENTRY, BY_CONTRACTS = map(_place, (TierBy.ENTRY_VALUE, TierBy.CONTRACTS))
LEVERAGE, TIER, LARGER = map(_place, (InitialRate.LEVERAGE, InitialRate.TIER, InitialRate.LARGER))
NO_FEE, AT_MARK, AT_ENTRY, AT_LEVERAGE, AT_BANKRUPTCY, RESERVE = map(
    _place,
    (
        FeeBasis.NONE,
        FeeBasis.MARK,
        FeeBasis.ENTRY,
        FeeBasis.LEVERAGE_BANKRUPTCY,
        FeeBasis.BANKRUPTCY,
        FeeBasis.RESERVE,
    ),
)
CONDITION, FROZEN, SHARED_LOSS = map(
    _place, (ShownPrice.CONDITION, ShownPrice.FROZEN_REQUIREMENT, ShownPrice.SHARED_LOSS)
)
ALL, BY_REQUIREMENT, BY_VALUE = map(_place, (Share.ALL, Share.REQUIREMENT, Share.VALUE))


def shape_of(position: Position, rules: Rules) -> Shape | None:
    """Return the shape of rows like `position`; None where they are done exactly."""
    mode, contract = rules.mode(isolated=position.isolated), position.contract
    linear = contract.linear
    exempt = rules.covered_short_exempt and position.isolated and not linear
    if not _regular(position, rules):
        return None

    def to(rounding: Rounding) -> Print:
        how = Print.of(rounding)
        return how._replace(to=NONE) if how.to == TICK and contract.tick_size is None else how

    money = rules.amounts.of
    return Shape(
        isolated=position.isolated,
        linear=linear,
        inclusive=rules.inclusive,
        entry=to(rules.entry),
        units=rules.money is not None and rules.money.unit(contract.settle) is not None,
        maintenance_at=_place(rules.maintenance_at),
        initial_at=_place(mode.initial_margin_at),
        notional_at=_place(rules.notional_at),
        initial_rate=_place(mode.initial_rate),
        tier_by=_place(rules.tier_by),
        tier_moves=rules.maintenance_at is not ValuedAt.ENTRY and rules.tier_by is TierBy.VALUE,
        requirement_moves=rules.maintenance_at is not ValuedAt.ENTRY,
        requirement_leaps=rules.tier_applies is TierApplies.WHOLE
        and rules.maintenance_at is not ValuedAt.ENTRY
        and rules.tier_by is TierBy.VALUE,
        whole=rules.tier_applies is TierApplies.WHOLE,
        edge_in_lower=rules.edge_in_lower,
        fee_in_requirement=_place(mode.fee_in_requirement),
        fee_in_initial=_place(mode.fee_in_initial_margin),
        fee_in_maintenance=_place(mode.fee_in_maintenance_margin),
        fee_stands=mode.fee_in_requirement not in {FeeBasis.NONE, FeeBasis.MARK, FeeBasis.RESERVE},
        fee_moves=mode.fee_in_requirement is FeeBasis.MARK,
        fee_to_close_reserved=_reserved(position, rules),
        liquidation_rate=mode.requirement_fee is FeeRate.LIQUIDATION,
        bankruptcy_pays=mode.bankruptcy_pays_fee,
        bankruptcy_pays_at_entry=mode.bankruptcy_pays_fee
        and mode.fee_in_requirement is FeeBasis.ENTRY,
        **{
            str(part): mode.margin_adds.count(part) - mode.margin_less.count(part)
            for part in MarginPart
        },
        from_initial=rules.maintenance_from_initial,
        exempt=exempt,
        minimum=rules.minimum_requirement is not None,
        step=Print.of(_as_decimals(mode.requirement_step)),
        residue=exempt or mode.requirement_step is not None,
        leverage_rate=to(rules.leverage_rate),
        fee_rate=to(rules.fee_rate),
        liquidation_price=to(mode.liquidation_price),
        bankruptcy_price=to(mode.bankruptcy_price),
        notional=to(money("notional", linear=linear)),
        initial=to(money("initial_margin", linear=linear)),
        maintenance=to(money("maintenance_margin", linear=linear)),
        ticks_against=mode.ticks_against_holder if contract.tick_size is not None else 0,
        shown=_place(mode.shown_price),
        share=_place(mode.bankruptcy_share),
        netted=rules.netting is not Netting.NONE,
        given=Inputs(),
    )


def _as_decimals(step: Decimal | None) -> Rounding:
    """Return cutting down to a step that is a power of ten."""
    if step is None:
        return UNROUNDED
    return Rounding("decimals", -int(step.as_tuple().exponent), "down")


def _reserved(position: Position, rules: Rules) -> bool:
    mode = rules.mode(isolated=position.isolated)
    basis = FeeBasis.RESERVE
    if mode.fee_to_close is not basis and mode.fee_in_maintenance_margin is not basis:
        return False
    return position.isolated or rules.cross_pool is not CrossPool.SHARED


def _shared(mode: ModeRules, rules: Rules) -> bool:
    """Return True if a cross position's pool is a sum over its positions."""
    if rules.cross_pool is CrossPool.SEPARATE or mode.shown_price is ShownPrice.SHARED_LOSS:
        return False
    return mode.fee_in_requirement not in {FeeBasis.BANKRUPTCY, FeeBasis.RESERVE}


def _regular(position: Position, rules: Rules) -> bool:
    """Return True if nothing is asked for that only the exact engine does."""
    contract, money = position.contract, rules.money
    mode = rules.mode(isolated=position.isolated)
    step, rates = mode.requirement_step, {mode.requirement_fee, mode.bankruptcy_fee}
    unusual = (
        position.taker is None,
        rules.reciprocal.rounds and not contract.linear,
        money is not None and money.value is ValueRounding.PER_CONTRACT,
        not position.isolated and not _shared(mode, rules),
        bool(rules.size_premium),
        rules.profit is not None and rules.profit.maintenance != 1,
        rules.tier_by is TierBy.CONTRACTS and contract.contract_size is None,
        FeeRate.LIQUIDATION in rates and position.liquidation_fee is None,
        step is not None and step.as_tuple().digits != (1,),
    )
    return not any(unusual) and _tabled(position.schedule)


def _tabled(schedule: Schedule | None) -> bool:
    """Return True if rates are read from a table alone."""
    if schedule is None or not schedule.tiers or schedule.slope or schedule.continuous:
        return False
    market = schedule.open_interest
    if market is not None and market.notional is not None:
        return False
    return not (schedule.by_contracts and any(tier.deduction for tier in schedule.tiers))
