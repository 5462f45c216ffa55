"""tiers/SYMBOL.yaml: tables that join, rise and agree with themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.engine.vocabulary import TierApplies
from liqcalc.rules.checks.contracts import check_name

if TYPE_CHECKING:
    from liqcalc.engine.tiers import TierRow
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import RuleEntry, TierFile, TierTable

UNITS = ("notional", "contracts")
CLOSE = Decimal("1e-20")
"""How far apart two fractions of 34 digits may be and still be meant as equal."""


def check_tiers(file: DataFile, found: TierFile, context: Context) -> None:
    """Say everything that is wrong with a file of tier tables beyond its shape."""
    check_name(file, found.symbol)
    if found.unit not in UNITS:
        file.say("LQ226", ("unit",), f"is {found.unit!r}, it must be {' or '.join(UNITS)}")
    if not context.knows(file.path):
        message = f"is {found.symbol!r}, which has no file in contracts/"
        file.say("LQ217", ("symbol",), message)
    if not found.history:
        file.say("LQ211", ("history",), "is empty, it needs at least one table")
    _check_days(file, found, context)
    for i, table in enumerate(found.history):
        later = found.history[i + 1].from_ if i + 1 < len(found.history) else None
        rules = context.rules_of(table, later)
        _check_unit(file, found, rules)
        at: Keys = ("history", i, "tiers")
        _check_forms(file, table, i)
        if not table.tiers:
            continue
        joined = _check_joins(file, found, table, at, context)
        _check_rates(file, table, at)
        marginal = any(entry.choices.tier_applies is TierApplies.MARGINAL for entry in rules)
        if rules and joined and not (marginal and found.unit == "contracts"):
            _check_deductions(file, table, at, marginal=marginal)


FORMS = ("tiers", "steps", "slope", "continuous")


def _check_forms(file: DataFile, table: TierTable, i: int) -> None:
    """Say if a table has no rates, or rates in two forms."""
    given = [name for name in FORMS if getattr(table, name)]
    if not given:
        message = "is empty, it needs at least one row"
        file.say("LQ211", ("history", i, "tiers"), message, f"or one of {', '.join(FORMS[1:])}")
    elif len(given) > 1:
        message = f"is given beside {given[0]}, a table has one of them"
        file.say("LQ211", ("history", i, given[1]), message)


def _check_days(file: DataFile, found: TierFile, context: Context) -> None:
    before = ""
    for i, table in enumerate(found.history):
        at: Keys = ("history", i)
        file.source((*at, "source"), table.source, context.sources)
        good = file.day((*at, "from"), table.from_)
        apart = (table.rules, table.mode, table.leverage)
        same = [t.from_ for t in found.history[:i] if (t.rules, t.mode, t.leverage) == apart]
        if good and before and (table.from_ < before or table.from_ in same):
            message = f"is {table.from_}, not after the {before} of the table before"
            file.say("LQ209", (*at, "from"), message, "oldest first, one table a day")
        before = table.from_ if good else before
        if file.day((*at, "until"), table.until) and good and str(table.until) < table.from_:
            message = f"is {table.until}, before the first day {table.from_}"
            file.say("LQ210", (*at, "until"), message)
        if file.day((*at, "seen"), table.seen) and good and str(table.seen) < table.from_:
            message = f"is {table.seen}, before the first day {table.from_}"
            file.say("LQ210", (*at, "seen"), message)


def _check_unit(file: DataFile, found: TierFile, rules: list[RuleEntry]) -> None:
    wanted = {"contracts" if entry.choices.by_contracts else "notional" for entry in rules}
    if found.unit in UNITS and wanted and found.unit not in wanted:
        message = f"is {found.unit}, but the rules count {wanted.pop()} (by_contracts)"
        if not any(fault.code == "LQ223" for fault in file.faults):
            file.say("LQ223", ("unit",), message)


def _check_joins(
    file: DataFile, found: TierFile, table: TierTable, at: Keys, context: Context
) -> bool:
    """Say where rows leave a gap or overlap; return True if they join."""
    before = len(file.faults)
    rows = table.tiers
    if rows[0].floor:
        file.say("LQ204", (*at, 0, "floor"), f"is {plain(rows[0].floor)}, the first must be 0")
    step = _step(file, found, rows, context)
    for i, row in enumerate(rows):
        if row.cap is None and i + 1 < len(rows):
            file.say("LQ211", (*at, i, "cap"), "is null, only the last row may have no end")
        if row.cap is not None and row.cap <= row.floor:
            message = f"is {plain(row.cap)}, not above its floor {plain(row.floor)}"
            file.say("LQ211", (*at, i, "cap"), message)
        end = rows[i - 1].cap if i else None
        if end is not None and row.floor not in {end, end + step}:
            message = f"is {plain(row.floor)}, but the row before ends at {plain(end)}"
            gap = f", one lot of {plain(step)} apart" if step else ""
            hint = f"rows must join{gap}; check both against the source ({table.source})"
            file.say("LQ204", (*at, i, "floor"), message, hint)
    return len(file.faults) == before


def _step(file: DataFile, found: TierFile, rows: tuple[TierRow, ...], context: Context) -> Decimal:
    """Return how far apart two rows may be: one lot, if sizes count contracts."""
    if found.unit != "contracts":
        return ZERO
    contract = context.contract(file.path)
    if contract is not None and contract.lot_size is not None:
        return contract.lot_size
    first = rows[0].cap
    gap = rows[1].floor - first if len(rows) > 1 and first is not None else ZERO
    return gap if first is not None and ZERO < gap <= min(ONE, first) else ZERO


def _check_rates(file: DataFile, table: TierTable, at: Keys) -> None:
    for i, row in enumerate(table.tiers):
        here = (*at, i)
        _check_row(file, row, here)
        if not i:
            continue
        last = table.tiers[i - 1]
        for name, sign in (("mmr", 1), ("imr", 1), ("max_leverage", -1)):
            value, before = getattr(row, name), getattr(last, name)
            if value is not None and before is not None and (value - before) * sign < 0:
                verb = "falls from" if sign > 0 else "rises from"
                message = f"{verb} {plain(before)} to {plain(value)}"
                file.say("LQ212", (*here, name), message)


def _check_row(file: DataFile, row: TierRow, here: Keys) -> None:
    hint = "rates are fractions: 0.5% is 0.005"
    if not ZERO <= row.mmr < ONE:
        file.say(
            "LQ213", (*here, "mmr"), f"is {plain(row.mmr)}, it must be from 0 to below 1", hint
        )
        return
    if row.max_leverage is not None and row.max_leverage <= 0:
        message = f"is {plain(row.max_leverage)}, it must be above 0"
        file.say("LQ213", (*here, "max_leverage"), message)
        return
    if row.imr is None:
        return
    if not ZERO < row.imr <= ONE:
        file.say("LQ213", (*here, "imr"), f"is {plain(row.imr)}, it must be above 0, up to 1", hint)
        return
    if row.mmr >= row.imr:
        message = f"is {plain(row.mmr)}, not below the initial rate {plain(row.imr)}"
        file.say("LQ216", (*here, "mmr"), message)
    if row.max_leverage is not None and not leverage_fits(row.imr, row.max_leverage):
        message = (
            f"is {row.max_leverage}, but the initial rate {row.imr} allows {ONE / row.imr:.2f}"
        )
        file.say("LQ215", (*here, "max_leverage"), message)


def leverage_fits(imr: Decimal, max_leverage: Decimal) -> bool:
    """Return True if one of the two can be the other's reciprocal as printed.

    One of them is exact, the other cut or rounded to its last printed digit;
    a rate of one digit, such as 0.02, is never a rounded one.

    >>> leverage_fits(Decimal("0.015"), Decimal("66.66"))
    True
    >>> leverage_fits(Decimal("0.01333333"), Decimal("75"))
    True
    >>> leverage_fits(Decimal("0.02"), Decimal("40"))
    False
    """
    if abs(imr * max_leverage - ONE) < CLOSE:
        return True
    missing = (ONE / imr - max_leverage) / _last_digit(max_leverage)
    if ZERO <= missing < ONE or abs(missing) <= Decimal("0.5"):
        return True
    rounded = len(imr.as_tuple().digits) > 1
    return rounded and abs(ONE / max_leverage - imr) < _last_digit(imr)


def _last_digit(value: Decimal) -> Decimal:
    """Return one unit of the last digit printed after the point, or 1."""
    return Decimal((0, (1,), min(int(value.as_tuple().exponent), 0)))


def _check_deductions(file: DataFile, table: TierTable, at: Keys, *, marginal: bool) -> None:
    """Say which deductions leave a jump; one wrong row is not held against the next.

    A row without a deduction has the one that leaves none.
    """
    running = expected = ZERO
    for i, row in enumerate(table.tiers):
        if i and marginal:
            last = table.tiers[i - 1]
            rise = row.floor * (row.mmr - last.mmr)
            before = expected if last.deduction is None else last.deduction
            running, expected = running + rise, before + rise
        if row.deduction is None:
            continue
        if not (_near(row.deduction, expected) or _near(row.deduction, running)):
            why = "the tiers are continuous only with" if marginal else "the whole rate needs"
            message = f"is {plain(row.deduction)}, {why} {plain(expected)}"
            hint = "deduction = that of the row before + floor x (mmr - mmr of the row before)"
            file.say("LQ214", (*at, i, "deduction"), message, hint if marginal else "")


def _near(value: Decimal, expected: Decimal) -> bool:
    return abs(value - expected) <= CLOSE * max(ONE, abs(expected))
