"""Which of the tier tables of a symbol is asked for, and how each is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.numbers import plain
from liqcalc.errors import Fault, InputError
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import TierFile, TierTable


class Wanted(NamedTuple):
    """What picks a table.

    Attributes:
        day: ISO date; None = the newest table.
        rules: name of a rule set; None = the one in force on `day`.
        mode: margin mode; None = isolated where the exchange and a table have
            it, else cross.
        leverage: setting, where tables are for one each.
    """

    day: str | None = None
    rules: str | None = None
    mode: MarginMode | None = None
    leverage: Decimal | None = None


class Choice(NamedTuple):
    """A table, and the rule set and margin mode that it was picked for."""

    table: TierTable
    entry: RuleEntry
    mode: MarginMode


def choose(loaded: LoadedExchange, symbol: str, wanted: Wanted) -> Choice:
    """Return the table that `wanted` picks, also one that has ended.

    Raises:
        InputError: no table fits; says which are known and what shows each.
    """
    file = loaded.tiers(symbol)
    if file is None:
        message = f"no tier table of {symbol} is in the catalogue"
        raise InputError(Fault("LQ403", "", message, "a sheet may give its own under tiers"))
    if wanted.mode is not None and wanted.mode not in loaded.meta.margin_modes:
        message = f"{loaded.meta.name} has no {wanted.mode} margin"
        raise InputError(Fault("LQ108", "--mode", message))
    entry = rule_set(loaded, symbol, wanted)
    found = _pick(loaded, file, entry, wanted)
    if found is None:
        raise InputError(_nothing_fits(loaded, file, entry, wanted))
    return found


def rule_set(loaded: LoadedExchange, symbol: str, wanted: Wanted) -> RuleEntry:
    """Return the rule set of a symbol by its name, or by the day."""
    contract = loaded.contract(symbol)
    return loaded.rules_on(wanted.day, wanted.rules, contract.product if contract else None)


def options(loaded: LoadedExchange, file: TierFile, table: TierTable) -> str:
    """Return the options that show `table`; nothing for one that is shown without any."""
    words = []
    if table.rules is not None:
        words.append(f"--rules {table.rules}")
    if table.mode is not None:
        words.append(f"--mode {table.mode}")
    if table.leverage is not None:
        words.append(f"--leverage {plain(table.leverage)}")
    wanted = Wanted(None, table.rules, table.mode, table.leverage)
    found = _pick(loaded, file, rule_set(loaded, file.symbol, wanted), wanted)
    if found is None or found.table is not table:
        words.append(f"--as-of {table.from_}")
    return " ".join(words)


def scope(table: TierTable) -> str:
    """Return what a table is for: rule set, margin mode, leverage; nothing if for all."""
    leverage = None if table.leverage is None else f"{plain(table.leverage)}x"
    rules = None if table.rules is None else f"rules {table.rules}"
    return ", ".join(filter(None, [rules, table.mode, leverage]))


def form(table: TierTable) -> str:
    """Return how a table gives its rates: rows, steps, slope or continuous."""
    if table.slope is not None:
        return "slope"
    if table.continuous is not None:
        return "continuous"
    return "steps" if table.steps is not None else "rows"


def _pick(
    loaded: LoadedExchange, file: TierFile, entry: RuleEntry, wanted: Wanted
) -> Choice | None:
    modes = loaded.meta.margin_modes
    if wanted.mode is not None:
        modes = (wanted.mode,)
    for mode in sorted(modes, key=list(MarginMode).index):
        fits = [
            table
            for table in file.history
            if table.fits(entry.name, mode, wanted.leverage)
            and (wanted.day is None or table.from_ <= wanted.day)
        ]
        if fits:
            return Choice(fits[-1], entry, mode)
    return None


def _nothing_fits(
    loaded: LoadedExchange, file: TierFile, entry: RuleEntry, wanted: Wanted
) -> Fault:
    """Return the error that says which tables there are, and what shows each."""
    message = f"no tier table of {file.symbol} is known"
    if wanted.day is not None:
        message += f" on {wanted.day}"
    if not any(map(scope, file.history)):
        return Fault("LQ403", "", message, f"the first known is of {file.history[0].from_}")
    modes = " or ".join(loaded.meta.margin_modes) if wanted.mode is None else wanted.mode
    message += f" for rule set {entry.name}, {modes}, "
    leverage = wanted.leverage
    message += "no leverage given" if leverage is None else f"{plain(leverage)}x"
    lines = [
        f"    {scope(table) or 'all'}, since {table.from_}: {options(loaded, file, table)}"
        for table in file.history
    ]
    return Fault("LQ403", "", message, "\n".join(["known are", *lines]))
