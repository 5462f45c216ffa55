"""The rule sets of exchange.yaml: days, sources, products, evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks.choices import check_choices

if TYPE_CHECKING:
    from liqcalc.engine.contract import Product
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, MarginMode, RuleEntry


def check_rule_sets(file: DataFile, meta: Exchange, context: Context) -> None:
    """Say everything that is wrong with the rule sets of an exchange beyond their shape."""
    for i, entry in enumerate(meta.rules):
        at: Keys = ("rules", i)
        _check_head(file, context, entry, at)
        _check_declared(file, meta, entry, at)
        _check_evidence(file, meta, entry, at)
        check_choices(file, meta, entry, (*at, "choices"))
        _check_older(file, meta, entry, at)
    _check_days(file, meta)
    for n, product in enumerate(meta.products):
        if meta.rules and not any(not e.only_by_name for e in _rules_for(meta, product)):
            message = f"is {product}, but no rule set that a day picks is for it"
            hint = "add one, or leave out products or only_by_name of one"
            file.say("LQ222", ("products", n), message, hint)


def _rules_for(meta: Exchange, product: Product) -> list[RuleEntry]:
    return [entry for entry in meta.rules if not entry.products or product in entry.products]


def _products_of(meta: Exchange, entry: RuleEntry) -> list[Product]:
    return [p for p in meta.products if not entry.products or p in entry.products]


def _check_head(file: DataFile, context: Context, entry: RuleEntry, at: Keys) -> None:
    file.day((*at, "from"), entry.from_)
    if not entry.sources:
        file.say("LQ207", (*at, "sources"), "is empty, a rule set needs a source")
    for n, source in enumerate(entry.sources):
        file.source((*at, "sources", n), source, context.sources)
    for term, source in entry.cites.items():
        file.source((*at, "cites", term), source, context.sources)
    if entry.choices.name != entry.name:
        message = f"is {entry.choices.name!r}, but the rule set is called {entry.name!r}"
        file.say("LQ220", (*at, "choices", "name"), message)


def _check_declared(file: DataFile, meta: Exchange, entry: RuleEntry, at: Keys) -> None:
    """Say which products and modes of a rule set the exchange does not have."""
    for n, product in enumerate(entry.products):
        if product not in meta.products:
            message = f"is {product}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "products", n), message)
    said: list[tuple[str, int, MarginMode | None]] = []
    said += [("assumptions", n, item.mode) for n, item in enumerate(entry.assumptions)]
    said += [("open_questions", n, item.mode) for n, item in enumerate(entry.open_questions)]
    for key, n, mode in said:
        if mode is not None and mode not in meta.margin_modes:
            message = f"is {mode}, which {meta.id} does not declare"
            file.say("LQ218", (*at, key, n, "mode"), message)


def _check_evidence(file: DataFile, meta: Exchange, entry: RuleEntry, at: Keys) -> None:
    general = set()
    for n, item in enumerate(entry.evidence):
        here = (*at, "evidence", n)
        for key, value, declared in (
            ("product", item.product, meta.products),
            ("mode", item.mode, meta.margin_modes),
            ("collateral", item.collateral, meta.collateral_modes),
            ("position", item.position, meta.position_modes),
        ):
            if value is not None and value not in declared:
                message = f"is {value}, which {meta.id} does not declare"
                file.say("LQ221", (*here, key), message)
        if entry.products and item.product not in entry.products:
            message = f"is {item.product}, which this rule set is not for (products)"
            file.say("LQ221", (*here, "product"), message)
        if item.collateral is None and item.position is None:
            general.add((item.product, item.mode))
    for product in _products_of(meta, entry):
        for mode in meta.margin_modes:
            if (product, mode) not in general:
                message = f"has no entry for {product} {mode} that holds in every other mode"
                hint = "say how well the rule is known: reproduced, documented, derived or assumed"
                file.say("LQ222", (*at, "evidence"), message, hint)


def _check_older(file: DataFile, meta: Exchange, entry: RuleEntry, at: Keys) -> None:
    """Say if the rules that older positions keep do not exist, or are not older."""
    name = entry.older_positions
    if not name:
        return
    keys = (*at, "older_positions")
    known = list(dict.fromkeys(other.name for other in meta.rules))
    if name not in known:
        message = f"is {name!r}, which is no rule set of {meta.id}"
        file.say("LQ227", keys, message, nearest(name, known))
        return
    for product in _products_of(meta, entry):
        named = [other for other in _rules_for(meta, product) if other.name == name]
        if not any(other.from_ < entry.from_ for other in named):
            message = f"is {name!r}, which no {product} contract had before {entry.from_}"
            file.say("LQ227", keys, message, "name the rule set that was in force before this one")


def _check_days(file: DataFile, meta: Exchange) -> None:
    """Say where rule sets are out of order, or two begin on one day and one hides the other."""
    told = set()
    for product in meta.products:
        last: dict[str, str] = {}
        begins: dict[str, str] = {}
        for i, entry in enumerate(meta.rules):
            if entry.products and product not in entry.products:
                continue
            day, before = entry.from_, last.get(entry.name)
            other = entry.name if entry.only_by_name else begins.get(day, entry.name)
            message = ""
            if before is not None and day <= before:
                message = f"is {day}, not after the {before} of the {entry.name} entry before it"
            elif other != entry.name:
                message = f"is {day}, as of {other}: a day cannot pick between the two"
            if message and i not in told:
                told.add(i)
                hint = "oldest first, one entry a day; or only_by_name"
                file.say("LQ209", ("rules", i, "from"), message, hint)
            last[entry.name] = day
            if not entry.only_by_name:
                begins[day] = entry.name
