"""exchange.yaml and sources.yaml: names, dates, sources, rule sets, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from liqcalc.engine.numbers import ONE, Rounding
from liqcalc.engine.vocabulary import Rules
from liqcalc.rules.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, RuleEntry, Source

MOST_DIGITS = 30


def check_exchange(file: DataFile, meta: Exchange, context: Context) -> None:
    """Say everything that is wrong with exchange.yaml beyond its shape."""
    if meta.id != context.name:
        file.say("LQ206", ("id",), f"is {meta.id!r}, but the folder is called {context.name!r}")
    for name in ("products", "margin_modes", "position_modes", "collateral_modes", "rules"):
        if not getattr(meta, name):
            file.say("LQ202", (name,), "is empty, it needs at least one entry")
    file.day(("closed",), meta.closed)
    for i, entry in enumerate(meta.rules):
        _check_rule_set(file, meta, context, entry, i)
    _check_fees(file, meta, context)
    _check_process(file, meta, context)
    _check_parameters(file, meta)
    dated = [("rules", e.name, e.from_) for e in meta.rules]
    dated += [("fees", str(e.product), e.from_) for e in meta.fees]
    dated += [("liquidation", str(e.mode), e.from_) for e in meta.liquidation]
    _check_order(file, dated)


def check_sources(file: DataFile, sources: dict[str, Source]) -> None:
    """Say everything that is wrong with sources.yaml beyond its shape."""
    for name, source in sources.items():
        file.date((name, "date"), source.date)


def _check_rule_set(
    file: DataFile, meta: Exchange, context: Context, entry: RuleEntry, i: int
) -> None:
    at: Keys = ("rules", i)
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
    for keys, message in _odd_numbers(entry.choices, (*at, "choices")):
        file.say("LQ224", keys, message)
    _check_evidence(file, meta, entry, at)


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
        if item.collateral is None and item.position is None:
            general.add((item.product, item.mode))
    for product in meta.products:
        for mode in meta.margin_modes:
            if (product, mode) not in general:
                message = f"has no entry for {product} {mode} that holds in every other mode"
                hint = "say how well the rule is known: reproduced, documented, derived or assumed"
                file.say("LQ222", (*at, "evidence"), message, hint)


def _check_fees(file: DataFile, meta: Exchange, context: Context) -> None:
    for i, fee in enumerate(meta.fees):
        at: Keys = ("fees", i)
        file.day((*at, "from"), fee.from_)
        file.source((*at, "source"), fee.source, context.sources)
        if fee.product not in meta.products:
            message = f"is {fee.product}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "product"), message)
        for name in ("taker", "maker", "liquidation"):
            rate: Decimal | None = getattr(fee, name)
            if rate is not None and abs(rate) >= ONE:
                hint = "rates are fractions: 0.05% is 0.0005"
                file.say("LQ213", (*at, name), f"is {rate}, it must be below 1", hint)


def _check_process(file: DataFile, meta: Exchange, context: Context) -> None:
    for i, process in enumerate(meta.liquidation):
        at: Keys = ("liquidation", i)
        file.day((*at, "from"), process.from_)
        file.source((*at, "source"), process.source, context.sources)
        if process.mode not in meta.margin_modes:
            message = f"is {process.mode}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "mode"), message)


def _check_parameters(file: DataFile, meta: Exchange) -> None:
    known = [entry.name for entry in meta.rules]
    for name, parameter in meta.parameters.items():
        at: Keys = ("parameters", name)
        for n, path in enumerate(parameter.sets):
            wrong = _unknown_step(path)
            if wrong is not None:
                step, choices = wrong
                hint = nearest(step, choices) if choices else "this choice has no parts"
                message = f"is {path!r}, but there is no choice {step!r}"
                file.say("LQ219", (*at, "sets", n), message, hint)
        for n, rule_set in enumerate(parameter.rule_sets):
            if rule_set not in known:
                message = f"is {rule_set!r}, which is no rule set of {meta.id}"
                file.say("LQ219", (*at, "rule_sets", n), message, nearest(rule_set, known))


def _check_order(file: DataFile, dated: list[tuple[str, str, str]]) -> None:
    """Say where entries of one kind and name are not in the order of their days."""
    last: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for kind, name, day in dated:
        i = counts[kind] = counts.get(kind, -1) + 1
        before = last.get((kind, name))
        if before is not None and day <= before:
            message = f"is {day}, not after the {before} of the {name} entry before it"
            file.say("LQ209", (kind, i, "from"), message, "oldest first, one entry a day")
        last[kind, name] = day


def _unknown_step(path: str) -> tuple[str, list[str]] | None:
    """Return the first step of `path` that the rules' choices do not have."""
    kind: Any = Rules
    for step in path.split("."):
        if get_origin(kind) in {dict, Mapping}:
            kind = get_args(kind)[1]
            continue
        names = list(getattr(kind, "_fields", ()))
        if step not in names:
            return step, names
        kind = _plain_type(get_type_hints(kind)[step])
    return None


def _plain_type(kind: Any) -> Any:  # noqa: ANN401 - a type expression
    if get_origin(kind) in {Union, UnionType}:
        return next(arg for arg in get_args(kind) if arg is not type(None))
    return kind


def _odd_numbers(value: Any, at: Keys) -> Iterator[tuple[Keys, str]]:  # noqa: ANN401 - any part
    """Yield the choices whose shape is right but whose number cannot be meant."""
    if isinstance(value, Rounding) and not 0 <= value.digits <= MOST_DIGITS:
        yield (*at, "digits"), f"is {value.digits}, it must be from 0 to {MOST_DIGITS}"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _odd_numbers(item, (*at, key))
    elif hasattr(value, "_fields"):
        step = getattr(value, "requirement_step", None)
        if step is not None and step <= 0:
            yield (*at, "requirement_step"), f"is {step}, it must be above 0"
        for name in value._fields:
            yield from _odd_numbers(getattr(value, name), (*at, name))
