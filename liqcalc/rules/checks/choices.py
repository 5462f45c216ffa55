"""The choices of a rule set: numbers, rounded figures, and what does not go together.

The engine implements each choice once.  Some need another one to count; where
it would silently do something else, that is a fault here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import Rounding
from liqcalc.engine.vocabulary import (
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
from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks.figures import ROUNDED_FIGURES, ROUNDED_TOTALS
from liqcalc.rules.schema import CollateralMode, MarginMode

if TYPE_CHECKING:
    from liqcalc.engine.vocabulary import Funding, ModeRules, Rules
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, RuleEntry

Clashes = Iterator[tuple["Keys", str]]

MOST_DIGITS = 30
ABOVE_ZERO = frozenset(
    {
        *("requirement_step", "reported_leverage_rate", "margin_call_factor", "backstop_factor"),
        *("step", "steps", "settle_price", "interval_hours", "rate_divisor", "span_hours"),
        *("k", "m", "f", "mmr_limit", "mmr_lev_constant"),
    }
)
FROM_ZERO = frozenset(
    {
        *("minimum_requirement", "impact_cap", "size_premium", "each", "slope"),
        *("ask_buffer", "borrow_mmr", "haircut", "conversion_fee", "band", "clamp", "cap"),
        *("cap_factor", "maintenance", "initial", "imf_factor", "initial_cap", "max_fee"),
        *("bankruptcy_adjustment", "spread_to_maintenance", "min_notional", "max_portion"),
        *("max_notional", "buffer", "fee", "fee_per_slot", "patience_slots", "slots"),
        *("insurance_fee", "max_insurance_fee", "lower_cap", "upper_cap", "notional"),
    }
)


def check_choices(file: DataFile, meta: Exchange, entry: RuleEntry, at: Keys) -> None:
    """Say what is wrong with the choices of a rule set beyond their shape."""
    rules = entry.choices
    for keys, message in odd_numbers(rules, at):
        file.say("LQ224", keys, message)
    for name, known in (("amounts", ROUNDED_FIGURES), ("account", ROUNDED_TOTALS)):
        for figure in getattr(rules, name).figures:
            if figure not in known:
                keys = (*at, name, "figures", figure)
                file.say("LQ226", keys, "is not a figure that is rounded", nearest(figure, sorted(known)))
    for keys, message in _clashes(rules, meta, entry):
        file.say("LQ229", (*at, *keys), message)


def odd_numbers(value: Any, at: Keys) -> Clashes:  # noqa: ANN401 - any part of the rules
    """Yield the choices whose shape is right but whose number cannot be meant."""
    if isinstance(value, Rounding) and not 0 <= value.digits <= MOST_DIGITS:
        yield (*at, "digits"), f"is {value.digits}, it must be from 0 to {MOST_DIGITS}"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from odd_numbers(item, (*at, key))
            if isinstance(item, Decimal):
                yield from _odd_number(str(at[-1]), item, (*at, key))
    elif hasattr(value, "_fields"):
        for name in value._fields:
            item = getattr(value, name)
            yield from odd_numbers(item, (*at, name))
            if isinstance(item, Decimal):
                yield from _odd_number(name, item, (*at, name))


def _odd_number(name: str, number: Decimal, at: Keys) -> Clashes:
    if name in ABOVE_ZERO and number <= 0:
        yield at, f"is {number}, it must be above 0"
    elif name in FROM_ZERO and number < 0:
        yield at, f"is {number}, it must not be below 0"


def _clashes(rules: Rules, meta: Exchange, entry: RuleEntry) -> Clashes:
    modes = {str(mode): rules.mode(isolated=mode is MarginMode.ISOLATED) for mode in meta.margin_modes}
    yield from _requirement(rules)
    yield from _from_initial(rules, modes)
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
    """Yield what counts at the mark only, while the price is solved with a moving requirement."""
    at = rules.maintenance_at
    if at is ValuedAt.ENTRY:
        if rules.tier_by is TierBy.VALUE:
            message = "is value, but with maintenance_at: entry the tier does not follow the price"
            yield ("tier_by",), f"{message}: entry_value or value_at_mark"
    else:
        for name, given in (
            ("minimum_requirement", rules.minimum_requirement is not None),
            ("covered_short_exempt", rules.covered_short_exempt),
            ("money", rules.money is not None),
            ("funding_in_requirement", rules.funding_in_requirement is not FundingInRequirement.NONE),
        ):
            if given:
                message = "needs maintenance_at: entry; a requirement that moves is solved without it"
                yield (name,), f"{message} (maintenance_at is {at})"
    if rules.notional_at is ValuedAt.INDEX:
        yield ("notional_at",), "is index, but the printed notional is at the mark or at entry"


def _from_initial(rules: Rules, modes: Mapping[str, ModeRules]) -> Clashes:
    """Yield what a maintenance margin that is printed from the initial one leaves out."""
    if not rules.maintenance_from_initial:
        return
    left_out = [
        (f"maintenance_at: {rules.maintenance_at}", rules.maintenance_at is not ValuedAt.MARK),
        ("tier_applies: marginal", rules.tier_applies is TierApplies.MARGINAL),
        ("orders.worst_case", rules.orders.worst_case),
    ]
    for name, mode in modes.items():
        fee = mode.fee_in_maintenance_margin is not FeeBasis.NONE
        left_out.append((f"{name}.fee_in_maintenance_margin", fee))
        left_out.append((f"{name}.requirement_step", mode.requirement_step is not None))
    for what, given in left_out:
        if given:
            yield ("maintenance_from_initial",), f"is true, which prints a margin without {what}"


def _rates(rules: Rules, modes: Mapping[str, ModeRules]) -> Clashes:
    """Yield where rates by formula, or rounded ones, pass over another choice."""
    if rules.size_premium is not None and rules.tier_applies is TierApplies.MARGINAL:
        yield ("size_premium",), "needs tier_applies: whole; it raises rates, not deductions"
    if rules.pair_tier is not PairTier.OWN and rules.orders.worst_case:
        yield ("pair_tier",), f"is {rules.pair_tier}, which leaves out the orders of orders.worst_case"
    if not rules.leverage_rate.rounds:
        return
    if rules.money is not None:
        yield ("leverage_rate",), "rounds the rate of a margin that money rounds up instead"
    if rules.orders.worst_case:
        yield ("leverage_rate",), "leaves out the orders of orders.worst_case"
    for name, mode in modes.items():
        if mode.initial_rate is InitialRate.TIER:
            yield (name, "initial_rate"), "is tier, but leverage_rate prints 1/leverage"
        if mode.initial_margin_at is ValuedAt.INDEX:
            yield (name, "initial_margin_at"), "is index, but leverage_rate prints it at the entry"


def _orders(rules: Rules) -> Clashes:
    orders = rules.orders
    if orders.closing_fee not in {FeeBasis.MARK, FeeBasis.LEVERAGE_BANKRUPTCY}:
        message = f"is {orders.closing_fee}, an order's is counted as mark or leverage_bankruptcy"
        yield ("orders", "closing_fee"), message
    if orders.opening_fee_from_equity and not orders.in_requirement:
        message = "needs in_requirement: the fee is not in the requirement that it is taken out of"
        yield ("orders", "opening_fee_from_equity"), message
    plain_ratio = rules.cross.displayed_ratio is DisplayedRatio.REQUIREMENT_TO_EQUITY
    if orders.displayed_ratio_pays_fee and plain_ratio:
        message = "needs another cross.displayed_ratio than requirement_to_equity"
        yield ("orders", "displayed_ratio_pays_fee"), message
    if orders.margin_locked and orders.counted_margin:
        message = "locks the order_margin that a sheet gives, not the one that counted_margin counts"
        yield ("orders", "margin_locked"), message
    if orders.worst_case:
        for name in ("pick_tier", "pick_tier_isolated", "in_requirement"):
            if getattr(orders, name):
                yield ("orders", name), "counts orders that worst_case has counted already"


def _funding(funding: Funding) -> Clashes:
    names = ("interest_rate_8h", "clamp", "rate_divisor")
    missing = [name for name in names if getattr(funding, name) is None]
    if funding.premium_rule is PremiumRule.DEAD_BAND:
        if funding.band is None:
            yield ("funding", "premium_rule"), "is dead_band, but band is not given"
    elif missing and len(missing) < len(names):
        given = next(name for name in names if name not in missing)
        yield ("funding", given), f"is given without {' and '.join(missing)}: no rate is counted"


def _of_exchange(rules: Rules, meta: Exchange, entry: RuleEntry) -> Clashes:
    """Yield choices for products or modes that they are not made for."""
    if Product.INVERSE in (entry.products or meta.products):
        for name in ("partial_close", "liquidators"):
            if getattr(rules, name) is not None:
                yield (name,), "is counted for linear contracts, this rule set is for inverse ones too"
    if rules.impact_cap is not None and MarginMode.CROSS in meta.margin_modes:
        yield ("impact_cap",), "counts for isolated positions only, there are cross ones too"


def _fees(mode: ModeRules) -> Clashes:
    """Yield fees that are counted on another value, or at another rate."""
    reserved = FeeBasis.RESERVE in {mode.fee_to_close, mode.fee_in_maintenance_margin}
    for name in ("fee_in_requirement", "fee_in_initial_margin"):
        if getattr(mode, name) is FeeBasis.RESERVE and not reserved:
            message = "is reserve, but there is none: fee_to_close or fee_in_maintenance_margin is not"
            yield (name,), message
    if mode.requirement_fee is FeeRate.LIQUIDATION:
        for name in ("fee_in_requirement", "fee_in_maintenance_margin"):
            basis = getattr(mode, name)
            if basis in {FeeBasis.LEVERAGE_BANKRUPTCY, FeeBasis.RESERVE}:
                yield ("requirement_fee",), f"is liquidation, but {name}: {basis} has the taker rate"


def _isolated(rules: Rules, mode: ModeRules) -> Clashes:
    if mode.shown_price is ShownPrice.SHARED_LOSS:
        message = "is shared_loss, but an isolated position shares its margin with no other"
        yield ("isolated", "shown_price"), message
    reserved = FeeBasis.RESERVE in {mode.fee_to_close, mode.fee_in_maintenance_margin}
    for name in ("margin_adds", "margin_less"):
        if MarginPart.FEE_RESERVE in getattr(mode, name) and not reserved:
            message = "has fee_reserve, but there is none: fee_to_close is not reserve"
            yield ("isolated", name), message
    if rules.fee_rate.rounds and mode.margin_adds:
        printed = (mode.margin_adds, mode.margin_less, mode.initial_rate)
        if printed != ((MarginPart.FEE_TO_CLOSE,), (MarginPart.FUNDING_PAID,), InitialRate.LEVERAGE):
            message = (
                "are given beside fee_rate, which prints entry value / leverage + fee_to_close "
                "- funding_paid"
            )
            yield ("isolated", "margin_adds"), message


def _cross(rules: Rules, mode: ModeRules) -> Clashes:
    for name in ("margin_adds", "margin_less"):
        if getattr(mode, name):
            yield ("cross", name), "is given, but a cross position has no margin of its own"
    if mode.shown_price is ShownPrice.SHARED_LOSS:
        for what, given in (
            ("tier_applies: marginal", rules.tier_applies is TierApplies.MARGINAL),
            ("maintenance_at: entry", rules.maintenance_at is ValuedAt.ENTRY),
            ("cross.requirement_step", mode.requirement_step is not None),
            (
                f"fee_in_requirement: {mode.fee_in_requirement}",
                mode.fee_in_requirement not in {FeeBasis.NONE, FeeBasis.MARK},
            ),
        ):
            if given:
                yield ("cross", "shown_price"), f"is shared_loss, which leaves out {what}"
    if not mode.bankruptcy_pays_fee:
        return
    if mode.fee_in_requirement is FeeBasis.BANKRUPTCY:
        message = "is true, but the fee in the requirement is counted where all is gone"
        yield ("cross", "bankruptcy_pays_fee"), f"{message} (fee_in_requirement: bankruptcy)"
    if mode.fee_in_requirement is FeeBasis.ENTRY and mode.bankruptcy_share is not Share.ALL:
        message = f"is {mode.bankruptcy_share}, which leaves out a fee on the entry value"
        yield ("cross", "bankruptcy_share"), message


def _several_coins(rules: Rules) -> Clashes:
    """Yield what a pool of several coins does not count."""
    if rules.cross.fee_in_requirement is FeeBasis.BANKRUPTCY:
        message = "is bankruptcy, which is not counted in a pool of several coins"
        yield ("cross", "fee_in_requirement"), f"{message} (collateral_modes)"
    multi = rules.multi_asset
    apart = multi is not None and multi.negative is NegativeEquity.REQUIREMENT
    if rules.profit is not None and not apart:
        message = "weighs profit, which only multi_asset.negative: requirement counts apart"
        yield ("profit",), f"{message} in a pool of several coins"
    if multi is not None and apart and multi.borrow_mmr:
        message = "is given, but with negative: requirement the weights of coins say what is required"
        yield ("multi_asset", "borrow_mmr"), message
