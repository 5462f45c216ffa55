"""Choices that do not go together.

The engine implements each choice once.  Some count only beside another one;
where the engine would silently do something else, that is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from liqcalc.engine.contract import Product
from liqcalc.engine.words import (
    DisplayedRatio,
    FeeBasis,
    FeeRate,
    FundingInRequirement,
    InitialRate,
    MarginPart,
    NegativeEquity,
    PairTier,
    PremiumRule,
    Share,
    ShownPrice,
    TierApplies,
    TierBy,
    ValuedAt,
)
from liqcalc.rules.schema import CollateralMode, MarginMode

if TYPE_CHECKING:
    from liqcalc.engine.vocabulary import Funding, ModeRules, Rules
    from liqcalc.rules.checks.files import Keys
    from liqcalc.rules.schema import Exchange, RuleEntry

Clashes = Iterator[tuple["Keys", str]]


def clashes(meta: Exchange, entry: RuleEntry) -> Clashes:
    """Yield each choice of a rule set that another one, or the exchange, leaves without effect."""
    rules = entry.choices
    modes = {m.value: rules.mode(isolated=m is MarginMode.ISOLATED) for m in meta.margin_modes}
    yield from _requirement(rules)
    yield from _from_initial(rules, modes)
    yield from _whole_only(rules, modes)
    yield from _rates(rules, modes)
    yield from _orders(rules)
    yield from _funding(rules.funding)
    yield from _of_exchange(rules, meta, entry)
    for name, mode in modes.items():
        for keys, message in _fees(mode):
            yield (name, *keys), message
    if "isolated" in modes:
        yield from _isolated(rules, rules.isolated)
    if "cross" in modes:
        yield from _cross(rules, rules.cross)
        if CollateralMode.MULTI in meta.collateral_modes:
            yield from _several_coins(rules)


def _requirement(rules: Rules) -> Clashes:
    """Yield what counts at the mark only, while the price is solved as the requirement moves."""
    at = rules.maintenance_at
    still = at is ValuedAt.ENTRY
    payable = rules.funding_in_requirement is not FundingInRequirement.NONE
    for name, given in (
        ("minimum_requirement", rules.minimum_requirement is not None),
        ("covered_short_exempt", rules.covered_short_exempt),
        ("money", rules.money is not None),
        ("funding_in_requirement", payable),
    ):
        if given and not still:
            yield (
                (name,),
                f"needs maintenance_at: entry; at the {at} the price is solved without it",
            )
    if still and rules.tier_by is TierBy.VALUE:
        message = "is value, but with maintenance_at: entry no tier follows the price"
        yield ("tier_by",), f"{message}: entry_value or value_at_mark"
    if rules.notional_at is ValuedAt.INDEX:
        yield ("notional_at",), "is index, but the notional is printed at the mark or the entry"


def _from_initial(rules: Rules, modes: Mapping[str, ModeRules]) -> Clashes:
    """Yield what a maintenance margin that is printed from the initial one leaves out."""
    if not rules.maintenance_from_initial:
        return
    at = rules.maintenance_at
    left_out = [
        (f"maintenance_at: {at}", at is not ValuedAt.MARK),
        ("tier_applies: marginal", rules.tier_applies is TierApplies.MARGINAL),
        ("orders.worst_case", rules.orders.worst_case),
    ]
    for name, mode in modes.items():
        fee = mode.fee_in_maintenance_margin is not FeeBasis.NONE
        left_out.append((f"{name}.fee_in_maintenance_margin", fee))
        left_out.append((f"{name}.requirement_step", mode.requirement_step is not None))
    for what, given in left_out:
        if given:
            yield ("maintenance_from_initial",), f"prints a margin that leaves out {what}"


def _whole_only(rules: Rules, modes: Mapping[str, ModeRules]) -> Clashes:
    """Yield what changes a rate or picks another row, while the deduction stays."""
    marginal = rules.tier_applies is TierApplies.MARGINAL
    if rules.size_premium is not None and marginal:
        yield ("size_premium",), "needs tier_applies: whole; it raises rates, not deductions"
    if rules.pair_tier is not PairTier.OWN and marginal:
        message = f"is {rules.pair_tier}, which needs tier_applies: whole"
        yield ("pair_tier",), f"{message}; a deduction is for a leg's own size"
    for name, mode in modes.items():
        if mode.level_set and marginal:
            message = "needs tier_applies: whole; a deduction is for the level of the size"
            yield (name, "level_set"), message
        if mode.level_set and rules.tier_by is TierBy.VALUE:
            yield (
                (name, "level_set"),
                "needs another tier_by than value, which moves with the price",
            )


def _rates(rules: Rules, modes: Mapping[str, ModeRules]) -> Clashes:
    """Yield where a rounded rate, or the size of a pair, passes over another choice."""
    worst_case = rules.orders.worst_case
    if rules.pair_tier is not PairTier.OWN and worst_case:
        yield ("pair_tier",), f"is {rules.pair_tier}, which leaves out orders.worst_case"
    if not rules.leverage_rate.rounds:
        return
    if rules.money is not None:
        yield ("leverage_rate",), "rounds the rate of a margin that money would round up"
    if worst_case:
        yield ("leverage_rate",), "prints a margin that leaves out orders.worst_case"
    for name, mode in modes.items():
        if mode.initial_rate is InitialRate.TIER:
            yield (name, "initial_rate"), "is tier, but leverage_rate prints 1/leverage"
        if mode.initial_margin_at is ValuedAt.INDEX:
            yield (name, "initial_margin_at"), "is index, but leverage_rate prints it at the entry"


def _orders(rules: Rules) -> Clashes:
    orders = rules.orders
    if orders.closing_fee not in {FeeBasis.MARK, FeeBasis.LEVERAGE_BANKRUPTCY}:
        message = f"is {orders.closing_fee}, but it is mark or leverage_bankruptcy"
        yield ("orders", "closing_fee"), message
    if orders.opening_fee_from_equity and not orders.in_requirement:
        yield (
            ("orders", "opening_fee_from_equity"),
            "needs in_requirement, where the fee is taken out",
        )
    counted = orders.in_requirement or orders.pick_tier or orders.pick_tier_isolated
    if orders.both_sides and not counted:
        yield ("orders", "both_sides"), "needs pick_tier or in_requirement, where orders count"
    plain_ratio = rules.cross.displayed_ratio is DisplayedRatio.REQUIREMENT_TO_EQUITY
    if orders.displayed_ratio_pays_fee and plain_ratio:
        message = "needs another cross.displayed_ratio than requirement_to_equity"
        yield ("orders", "displayed_ratio_pays_fee"), message
    if orders.margin_locked and orders.counted_margin:
        message = "locks the margin that a sheet gives, not what counted_margin counts"
        yield ("orders", "margin_locked"), message
    for name in ("pick_tier", "pick_tier_isolated", "in_requirement"):
        if orders.worst_case and getattr(orders, name):
            yield ("orders", name), "counts orders that worst_case has counted already"


def _funding(funding: Funding) -> Clashes:
    names = ("interest_rate_8h", "clamp", "rate_divisor")
    missing = [name for name in names if getattr(funding, name) is None]
    if funding.premium_rule is PremiumRule.DEAD_BAND:
        if funding.band is None:
            yield ("funding", "premium_rule"), "is dead_band, but band is not given"
    elif missing and len(missing) < len(names):
        given = next(name for name in names if name not in missing)
        message = f"is given without {' and '.join(missing)}, so no rate is counted"
        yield ("funding", given), message


def _of_exchange(rules: Rules, meta: Exchange, entry: RuleEntry) -> Clashes:
    """Yield choices for products or modes that they are not made for."""
    inverse = Product.INVERSE in (entry.products or meta.products)
    for name in ("partial_close", "liquidators"):
        if inverse and getattr(rules, name) is not None:
            yield (name,), "counts for linear contracts, these rules are for inverse ones too"
    if rules.impact_cap is not None and MarginMode.CROSS in meta.margin_modes:
        yield ("impact_cap",), "counts for isolated positions only, there are cross ones too"


def _has_reserve(mode: ModeRules) -> bool:
    return FeeBasis.RESERVE in {mode.fee_to_close, mode.fee_in_maintenance_margin}


def _fees(mode: ModeRules) -> Clashes:
    """Yield fees that are counted on another value, or at another rate."""
    for name in ("fee_in_requirement", "fee_in_initial_margin"):
        if getattr(mode, name) is FeeBasis.RESERVE and not _has_reserve(mode):
            yield (name,), "is reserve, which needs fee_to_close: reserve"
    for name in ("fee_in_requirement", "fee_in_maintenance_margin"):
        basis = getattr(mode, name)
        taken = basis in {FeeBasis.LEVERAGE_BANKRUPTCY, FeeBasis.RESERVE}
        if mode.requirement_fee is FeeRate.LIQUIDATION and taken:
            message = f"is liquidation, but {name}: {basis} has the taker rate"
            yield ("requirement_fee",), message


def _isolated(rules: Rules, mode: ModeRules) -> Clashes:
    if mode.shown_price is ShownPrice.SHARED_LOSS:
        message = "is shared_loss, but an isolated position shares with no other"
        yield ("isolated", "shown_price"), message
    for name in ("margin_adds", "margin_less"):
        if MarginPart.FEE_RESERVE in getattr(mode, name) and not _has_reserve(mode):
            yield ("isolated", name), "has fee_reserve, which needs fee_to_close: reserve"
    parts = (mode.margin_adds, mode.margin_less, mode.initial_rate)
    printed = ((MarginPart.FEE_TO_CLOSE,), (MarginPart.FUNDING_PAID,), InitialRate.LEVERAGE)
    if rules.fee_rate.rounds and mode.margin_adds and parts != printed:
        message = "has a rounded fee_rate, with which entry value / leverage + fee_to_close"
        yield ("isolated", "margin_adds"), f"{message} - funding_paid is printed"


def _cross(rules: Rules, mode: ModeRules) -> Clashes:
    for name in ("margin_adds", "margin_less"):
        if getattr(mode, name):
            yield ("cross", name), "is given, but a cross position has no margin of its own"
    basis = mode.fee_in_requirement
    for what, given in (
        ("tier_applies: marginal", rules.tier_applies is TierApplies.MARGINAL),
        ("maintenance_at: entry", rules.maintenance_at is ValuedAt.ENTRY),
        ("requirement_step", mode.requirement_step is not None),
        (f"fee_in_requirement: {basis}", basis not in {FeeBasis.NONE, FeeBasis.MARK}),
    ):
        if mode.shown_price is ShownPrice.SHARED_LOSS and given:
            yield ("cross", "shown_price"), f"is shared_loss, which leaves out {what}"
    if mode.bankruptcy_pays_fee and basis is FeeBasis.BANKRUPTCY:
        message = "is true, but the fee in the requirement is counted where nothing is left"
        yield ("cross", "bankruptcy_pays_fee"), message
    if (
        mode.bankruptcy_pays_fee
        and basis is FeeBasis.ENTRY
        and mode.bankruptcy_share is not Share.ALL
    ):
        message = f"is {mode.bankruptcy_share}, which leaves out a fee on the entry value"
        yield ("cross", "bankruptcy_share"), message


def _several_coins(rules: Rules) -> Clashes:
    """Yield what a pool of several coins does not count."""
    if rules.cross.fee_in_requirement is FeeBasis.BANKRUPTCY:
        message = "is bankruptcy, which a pool of several coins does not count (multi)"
        yield ("cross", "fee_in_requirement"), message
    multi = rules.multi_asset
    apart = multi is not None and multi.negative is NegativeEquity.REQUIREMENT
    if rules.profit is not None and not apart:
        message = "needs multi_asset.negative: requirement, which counts profit apart (multi)"
        yield ("profit",), message
    if multi is not None and apart and multi.borrow_mmr:
        message = "is given, but with negative: requirement the coins' weights are required"
        yield ("multi_asset", "borrow_mmr"), message
