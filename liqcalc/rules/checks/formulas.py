"""Tables whose rates follow a formula: steps, slope, continuous; open interest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.rules.checks.choices import odd_numbers

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.tiers import Steps
    from liqcalc.engine.vocabulary import Continuous, OpenInterest, Slope
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.symbol_files import TierTable

MOST_ROWS = 1000
PERCENT = "rates are fractions: 0.5% is 0.005"


def check_formula(file: DataFile, table: TierTable, at: Keys) -> None:
    """Say everything that is wrong with steps, a slope or a continuous rate.

    Args:
        file: the one that is checked.
        table: one of its tables, with one of the three.
        at: where that stands.
    """
    if table.steps is not None:
        _check_steps(file, table.steps, at)
    elif table.slope is not None:
        _check_slope(file, table.slope, at)
    elif table.continuous is not None:
        _check_continuous(file, table.continuous, at)


def check_open_interest(file: DataFile, interest: OpenInterest, form: str, at: Keys) -> None:
    """Say what is wrong with the open interest beside a table in the given form."""
    if form in {"slope", "continuous"}:
        message = f"is given beside {form}, whose initial rate does not rise with it"
        file.say("LQ211", at, message)
    _check_given(file, interest, ("lower_cap", "upper_cap"), at)
    if not _numbers_can_be(file, interest, at):
        return
    lower, upper = interest.lower_cap, interest.upper_cap
    if lower is not None and upper and upper <= lower:
        message = f"is {upper}, it must be above lower_cap {lower}, or 0 to switch it off"
        file.say("LQ213", (*at, "upper_cap"), message)


def _numbers_can_be(file: DataFile, rule: Slope | Continuous | OpenInterest, at: Keys) -> bool:
    """Say which numbers are below 0, or 0 where they must not be; return True if none is."""
    odd = list(odd_numbers(rule, at))
    for keys, message in odd:
        file.say("LQ213", keys, message)
    return not odd


def _check_steps(file: DataFile, steps: Steps, at: Keys) -> None:
    """Say where equal steps have no width, no end, or rates that cannot be."""
    before = len(file.faults)
    for name in ("limit", "step"):
        if getattr(steps, name) <= 0:
            file.say("LQ211", (*at, name), f"is {getattr(steps, name)}, it must be above 0")
    _check_rate(file, "mmr", steps.mmr, at)
    _check_rate(file, "imr", steps.imr, at)
    for name in ("mmr_step", "imr_step"):
        if getattr(steps, name) < 0:
            file.say("LQ212", (*at, name), f"is {getattr(steps, name)}, a rate does not fall")
    if len(file.faults) != before:
        return
    rows = _rows(steps)
    if steps.levels is not None and (steps.levels < 1 or rows < steps.levels):
        message = f"is {steps.levels}, the rates allow from 1 to {rows} rows"
        file.say("LQ211", (*at, "levels"), message)
    elif rows > MOST_ROWS:
        message = f"make more than {MOST_ROWS} rows"
        file.say("LQ211", at, message, "give levels, the number of rows")
    else:
        last = rows - 1
        ends = (steps.mmr + last * steps.mmr_step, steps.imr + last * steps.imr_step)
        _check_pair(file, steps.mmr, steps.imr, at, "mmr")
        if steps.mmr <= steps.imr:
            _check_pair(file, *ends, at, "mmr_step")


def _rows(steps: Steps) -> int:
    """Return the number of rows, at most one more than a table may have.

    Formula:
        rows while mmr + n*mmr_step < 1 and imr + n*imr_step <= 1, up to levels
    """
    most = MOST_ROWS + 1 if steps.levels is None else steps.levels
    if steps.mmr_step:
        most = min(most, _count(ONE - steps.mmr, steps.mmr_step, inclusive=False))
    if steps.imr_step:
        most = min(most, _count(ONE - steps.imr, steps.imr_step, inclusive=True))
    return most


def _count(room: Decimal, step: Decimal, *, inclusive: bool) -> int:
    if room > step * MOST_ROWS:
        return MOST_ROWS + 1
    whole, rest = divmod(room, step)
    return int(whole) + (1 if inclusive or rest else 0)


def _check_slope(file: DataFile, slope: Slope, at: Keys) -> None:
    before = len(file.faults)
    _numbers_can_be(file, slope, at)
    _check_given(file, slope, ("mmr_base", "slope"), at)
    _check_rate(file, "mmr_base", slope.mmr_base, at)
    _check_rate(file, "imr_base", slope.imr_base, at)
    if len(file.faults) == before:
        _check_pair(file, slope.mmr_base, slope.imr_base, at, "mmr_base")


def _check_continuous(file: DataFile, rule: Continuous, at: Keys) -> None:
    _numbers_can_be(file, rule, at)
    _check_given(file, rule, ("m", "mmr_limit", "mmr_lev_constant"), at)
    if rule.mmr_limit is not None and rule.mmr_limit >= ONE:
        message = f"is {plain(rule.mmr_limit)}, it must be below 1"
        file.say("LQ213", (*at, "mmr_limit"), message, PERCENT)
    if rule.f is not None and ZERO < rule.f < ONE:
        message = f"is {plain(rule.f)}, which puts the initial rate below the maintenance rate"
        file.say("LQ216", (*at, "f"), message)


def _check_given(
    file: DataFile, rule: Slope | Continuous | OpenInterest, names: tuple[str, ...], at: Keys
) -> None:
    for name in names:
        if getattr(rule, name) is None:
            file.say("LQ211", at, f"has no {name}, without which there is no rate")


def _check_rate(file: DataFile, name: str, rate: Decimal | None, at: Keys) -> None:
    if rate is None:
        return
    if name.startswith("mmr") and not ZERO <= rate < ONE:
        message = f"is {plain(rate)}, it must be from 0 to below 1"
        file.say("LQ213", (*at, name), message, PERCENT)
    if name.startswith("imr") and not ZERO < rate <= ONE:
        message = f"is {plain(rate)}, it must be above 0, up to 1"
        file.say("LQ213", (*at, name), message, PERCENT)


def _check_pair(
    file: DataFile, mmr: Decimal | None, imr: Decimal | None, at: Keys, name: str
) -> None:
    if mmr is not None and imr is not None and mmr > imr:
        message = f"leads to {plain(mmr)}, above the initial rate {plain(imr)}"
        file.say("LQ216", (*at, name), message)
