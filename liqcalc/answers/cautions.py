"""What a user must know about the rules and tables that an answer used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.answer import Note
from liqcalc.answers.resolved import days_between, mode_of
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from liqcalc.answers.resolved import Resolved
    from liqcalc.engine.position import Position
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.sheet import PositionRow
    from liqcalc.rules.symbol_files import TierTable


STALE_DAYS = 90


def note_rules(found: Resolved) -> None:
    """Say if the exchange is closed, if the day is too early, and what of the sheet is not used."""
    entry, sheet, meta = found.entry, found.sheet, found.exchange.meta
    if meta.closed is not None:
        message = f"{meta.name} closed on {meta.closed}; its rules are kept as history"
        if meta.closed_note:
            message = f"{meta.name}: {meta.closed_note} (since {meta.closed})"
        found.shared_warnings.append(Note("LQ405", message))
    if sheet.as_of is not None and sheet.as_of < entry.from_ and sheet.rules is None:
        message = f"no rules are known before {entry.from_}; those of that day were used"
        found.shared_warnings.append(Note("LQ404", message))
    used = found.rules.impact_cap is not None or found.rules.partial_close is not None
    if any(row.close is not None for row in sheet.positions) and not used:
        message = f"positions[].close is not used by the rules of {meta.name}"
        found.shared_warnings.append(Note("LQ406", message))


def note_unused(
    found: Resolved,
    row: PositionRow,
    mode: MarginMode,
    entry: RuleEntry,
    assumptions: list[Note],
    warnings: list[Note],
) -> None:
    """Say what day of opening was assumed, and what the rules do not use."""
    depends = any(known.older_positions for known in found.exchange.meta.rules)
    if row.opened is None and entry.older_positions and found.sheet.rules is None:
        text = (
            f"opened was not given: since {entry.from_}; an older position keeps "
            f"the rule set {entry.older_positions}"
        )
        assumptions.append(Note("LQ401", text))
    rules = entry.choices.mode(isolated=mode is MarginMode.ISOLATED)
    if row.risk_level is not None and not rules.level_set:
        text = f"positions[].risk_level is not used for {mode} positions of these rules"
        warnings.append(Note("LQ406", text))
    if row.opened is not None and not depends:
        text = f"positions[].opened is not used by the rules of {found.exchange.meta.name}"
        warnings.append(Note("LQ406", text))


def warn_of_table(
    found: Resolved, position: Position, entry: RuleEntry, warnings: list[Note]
) -> None:
    """Say if the position has no table, an old one or an incomplete one."""
    symbol, schedule = position.contract.symbol, position.schedule
    mode = mode_of(position)
    use = found.tables.get((symbol, mode))
    if use is None or schedule is None:
        warnings.append(Note("LQ403", _no_table(found, symbol)))
        return
    if use.from_ is None:
        return
    table = found.exchange.tier_table(
        symbol,
        found.day,
        rules=entry.name,
        mode=mode,
        leverage=position.leverage,
        today=found.today,
    )
    day = found.day or found.today
    age = days_between(use.seen or use.from_, day)
    if age > STALE_DAYS:
        text = f"the tier table of {symbol} was last seen on {use.seen}, {age} days before {day}"
        warnings.append(Note("LQ301", text))
    if table is not None and not table.complete:
        text = f"the tier table of {symbol} is incomplete" + _why(table)
        warnings.append(Note("LQ302", text))


def _no_table(found: Resolved, symbol: str) -> str:
    """Return why no table holds, and what the user can give instead."""
    day = f" on {found.sheet.as_of}" if found.sheet.as_of else ""
    known = found.exchange.tiers(symbol)
    give = f"give {_rate_parameters(found)}tiers in the sheet"
    if known is None:
        return f"no tier table of {symbol} is known{day}; {give}"
    last = known.history[-1]
    if last.until is not None and last.until < (found.day or found.today):
        return f"the rates of {symbol} that are known ended on {last.until}{_why(last)}; {give}"
    first = known.history[0].from_
    if first > (found.day or found.today):
        why = f"; the first known is of {first}"
    else:
        why = "; those that are known are for another rule set, margin mode or leverage"
    return f"no tier table of {symbol} is known{day}{why}; {give}"


def _rate_parameters(found: Resolved) -> str:
    """Return the parameters that stand for a table, as advice; nothing where there are none."""
    names = [
        name
        for name, parameter in found.exchange.meta.parameters.items()
        if any(path.startswith(("slope.", "continuous.")) for path in parameter.sets)
    ]
    return f"parameters {', '.join(names)} (--parameter NAME=VALUE), or " if names else ""


def _why(table: TierTable) -> str:
    return f": {table.note}" if table.note else ""
