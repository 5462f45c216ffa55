"""The rows of a tier table: they join, rise and agree with themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE, ZERO, plain
from liqcalc.engine.words import TierApplies

if TYPE_CHECKING:
    from liqcalc.engine.tiers import TierRow
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import ContractFile, TierFile, TierTable

CLOSE = Decimal("1e-20")
"""How far apart two fractions of 34 digits may be and still be meant as equal."""


def check_rows(
    file: DataFile,
    found: TierFile,
    table: TierTable,
    rules: list[RuleEntry],
    contract: ContractFile | None,
    at: Keys,
) -> None:
    """Say everything that is wrong with the rows of a table.

    Args:
        file: the one that is checked.
        found: what is in it.
        table: one of its tables, with at least one row.
        rules: those that read it.
        contract: of the symbol; None if it could not be read.
        at: where the rows stand.
    """
    joined = _check_joins(file, table, _step(found, table, contract), at)
    _check_rates(file, table, at)
    if rules and joined:
        applies = {entry.choices.tier_applies for entry in rules}
        _check_deductions(file, table, at, marginal=TierApplies.MARGINAL in applies)


def _check_joins(file: DataFile, table: TierTable, step: Decimal, at: Keys) -> bool:
    """Say where rows leave a gap or overlap; return True if they join."""
    before = len(file.faults)
    rows = table.tiers
    if rows[0].floor:
        file.say("LQ204", (*at, 0, "floor"), f"is {plain(rows[0].floor)}, the first must be 0")
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


def _step(found: TierFile, table: TierTable, contract: ContractFile | None) -> Decimal:
    """Return how far apart two rows may be: one lot, if sizes count contracts."""
    if found.unit != "contracts":
        return ZERO
    if contract is not None and contract.lot_size is not None:
        if contract.size_unit == "contracts":
            return contract.lot_size
        return contract.lot_size / (contract.contract_size or ONE)
    rows = table.tiers
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
    if row.mmr > row.imr:
        message = f"is {plain(row.mmr)}, above the initial rate {plain(row.imr)}"
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
