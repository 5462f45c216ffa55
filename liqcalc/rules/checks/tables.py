"""tiers/SYMBOL.yaml: tables with days, conditions and one form each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.words import TierApplies
from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks import files
from liqcalc.rules.checks.contracts import check_name
from liqcalc.rules.checks.formulas import check_formula, check_open_interest
from liqcalc.rules.checks.rows import check_rows

if TYPE_CHECKING:
    from liqcalc.engine.contract import Product
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import TierFile, TierTable

UNITS = ("notional", "contracts")
FORMS = ("tiers", "steps", "slope", "continuous")


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
    _check_order(file, found)
    contract = context.contract(file.path)
    product = contract.product if contract is not None else None
    for i, table in enumerate(found.history):
        at: Keys = ("history", i)
        later = next((t.from_ for t in found.history[i + 1 :] if covers(t, table)), None)
        _check_days(file, table, later, at)
        file.source((*at, "source"), table.source, context.sources)
        _check_conditions(file, table, context, product, at)
        rules = context.rules_of(table, later, product)
        form = _form_of(file, table, at)
        if form in {"tiers", "steps"}:
            _check_unit(file, found, rules)
        if form == "tiers":
            check_rows(file, found, table, rules, contract, (*at, form))
        elif form:
            check_formula(file, table, (*at, form))
        if form in {"slope", "continuous"}:
            _check_whole(file, rules, (*at, form))
        if table.open_interest is not None:
            check_open_interest(file, table.open_interest, form, (*at, "open_interest"))


def covers(other: TierTable, table: TierTable) -> bool:
    """Return True if `other` holds wherever `table` does, their days apart."""
    return (
        other.rules in {None, table.rules}
        and other.mode in {None, table.mode}
        and other.leverage in {None, table.leverage}
    )


def _check_order(file: DataFile, found: TierFile) -> None:
    """Say where a table does not follow those before it, or hides one of the same day."""
    before = ""
    for i, table in enumerate(found.history):
        hidden = [t for t in found.history[:i] if t.from_ == table.from_ and covers(table, t)]
        if not files.is_partial_date(table.from_, whole=True):
            continue
        if before and (table.from_ < before or hidden):
            message = f"is {table.from_}, not after the {before} of the table before"
            hint = "oldest first, one table a day; on one day those with conditions last"
            file.say("LQ209", ("history", i, "from"), message, hint)
        before = table.from_


def _check_days(file: DataFile, table: TierTable, later: str | None, at: Keys) -> None:
    """Say which days of a table cannot be, or contradict one another."""
    good = file.day((*at, "from"), table.from_)
    last = table.until if file.day((*at, "until"), table.until) else None
    seen = table.seen if file.day((*at, "seen"), table.seen) else None
    for name, day in (("until", last), ("seen", seen)):
        if day is None or not good:
            continue
        if day < table.from_:
            file.say("LQ210", (*at, name), f"is {day}, before the first day {table.from_}")
        elif later is not None and later > table.from_ and day >= later:
            message = f"is {day}, but the table that replaces it begins on {later}"
            file.say("LQ210", (*at, name), message)
        elif name == "seen" and last is not None and day > last:
            file.say("LQ210", (*at, name), f"is {day}, after the last day {last}")


def _check_conditions(
    file: DataFile, table: TierTable, context: Context, product: Product | None, at: Keys
) -> None:
    """Say which conditions of a table no position can meet."""
    meta = context.meta
    if table.leverage is not None and table.leverage <= 0:
        file.say("LQ213", (*at, "leverage"), f"is {table.leverage}, it must be above 0")
    if meta is None:
        return
    if table.mode is not None and table.mode not in meta.margin_modes:
        message = f"is {table.mode}, which {meta.id} does not declare"
        file.say("LQ218", (*at, "mode"), message)
    if table.rules is None:
        return
    named = [entry for entry in meta.rules if entry.name == table.rules]
    if not named:
        known = list(dict.fromkeys(entry.name for entry in meta.rules))
        message = f"is {table.rules!r}, which is no rule set of {meta.id}"
        file.say("LQ227", (*at, "rules"), message, nearest(table.rules, known))
    elif product is not None and not any(
        not entry.products or product in entry.products for entry in named
    ):
        message = f"is {table.rules!r}, which is not for {product} contracts"
        file.say("LQ227", (*at, "rules"), message)


def _form_of(file: DataFile, table: TierTable, at: Keys) -> str:
    """Return how the rates of a table are given; "" after saying that they are not, or twice."""
    given = [name for name in FORMS if getattr(table, name)]
    if not given:
        message = "is empty, it needs at least one row"
        file.say("LQ211", (*at, "tiers"), message, f"or one of {', '.join(FORMS[1:])}")
    for name in given[1:]:
        message = f"is given beside {given[0]}, a table has one of them"
        file.say("LQ211", (*at, name), message)
    return given[0] if len(given) == 1 else ""


def _check_unit(file: DataFile, found: TierFile, rules: list[RuleEntry]) -> None:
    """Say, once a file, if its sizes are not those that pick a row."""
    if any(fault.code in {"LQ223", "LQ226"} for fault in file.faults):
        return
    for entry in rules:
        wanted = "contracts" if entry.choices.by_contracts else "notional"
        if found.unit != wanted:
            message = f"is {found.unit}, but the rules {entry.name} pick a row by"
            file.say("LQ223", ("unit",), f"{message} {entry.choices.tier_by} (tier_by)")
            return


def _check_whole(file: DataFile, rules: list[RuleEntry], at: Keys) -> None:
    """Say if rules take a rate by formula, which is for the whole position, for a slice of it."""
    for entry in rules:
        if entry.choices.tier_applies is TierApplies.MARGINAL:
            message = f"is a rate for the whole position, but the rules {entry.name} are marginal"
            file.say("LQ229", at, message, "tier_applies: whole; or rules: NAME in the table")
            return
