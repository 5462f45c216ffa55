"""The choices of a rule set: numbers, rounded figures, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from liqcalc.engine.numbers import Rounding
from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks.clashes import clashes
from liqcalc.rules.checks.figures import ROUNDED_FIGURES, ROUNDED_TOTALS

if TYPE_CHECKING:
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, RuleEntry

MOST_DIGITS = 30
ABOVE_ZERO = frozenset(
    {
        *("requirement_step", "reported_leverage_rate", "margin_call_factor", "backstop_factor"),
        *("step", "steps", "settle_price", "interval_hours", "rate_divisor", "span_hours"),
        *("rate_hours", "cap_hours"),
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
    for where, message in odd_numbers(rules, at):
        file.say("LQ224", where, message)
    for name, known in (("amounts", ROUNDED_FIGURES), ("account", ROUNDED_TOTALS)):
        for figure in getattr(rules, name).figures:
            if figure not in known:
                keys: Keys = (*at, name, "figures", figure)
                hint = nearest(figure, sorted(known))
                file.say("LQ226", keys, "is not a figure that is rounded", hint)
    for within, message in clashes(meta, entry):
        file.say("LQ229", (*at, *within), message)


def odd_numbers(value: Any, at: Keys) -> Iterator[tuple[Keys, str]]:  # noqa: ANN401 - any part of the rules
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


def _odd_number(name: str, number: Decimal, at: Keys) -> Iterator[tuple[Keys, str]]:
    if name in ABOVE_ZERO and number <= 0:
        yield at, f"is {number}, it must be above 0"
    elif name in FROM_ZERO and number < 0:
        yield at, f"is {number}, it must not be below 0"
