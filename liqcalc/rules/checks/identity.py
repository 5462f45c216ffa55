"""exchange.yaml and sources.yaml: names, products, dates, sources, fees, parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.engine.numbers import ONE
from liqcalc.rules.catalog import nearest
from liqcalc.rules.checks import files
from liqcalc.rules.checks.displays import check_displays
from liqcalc.rules.checks.parameters import check_open_questions, check_parameters
from liqcalc.rules.checks.process import check_process
from liqcalc.rules.checks.rule_sets import check_rule_sets
from liqcalc.rules.inherit import expand, strays
from liqcalc.rules.schema import Exchange

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import FundingCap, Source

_DAY = 24


def proven_exchange(file: DataFile) -> Exchange | None:
    """Return exchange.yaml with what its rule sets inherit; None after saying what is wrong.

    What a rule set lacks only because its ``like`` leads nowhere is not told.
    """
    lost = list(strays(file.data))
    for i, name, above in lost:
        hint = nearest(name, above) if above else "the first rule set has to say all its choices"
        message = f"is {name!r}, which is no rule set above this one"
        file.say("LQ227", ("rules", i, "choices", "like"), message, hint)
    told = len(file.faults)
    file.data = expand(file.data)
    found = files.proven(file, Exchange)
    if lost:
        open_ends = tuple(_open_ends(file.data))
        rest = [fault for fault in file.faults[told:] if not fault.message.startswith(open_ends)]
        file.faults[told:] = rest
    return found


def _open_ends(data: Any) -> list[str]:  # noqa: ANN401 - parsed YAML
    """Return where the faults begin of choices that could not be taken over."""
    found = []
    for i, entry in enumerate(data["rules"]):
        choices = entry.get("choices") if isinstance(entry, dict) else None
        if isinstance(choices, dict) and "like" in choices:
            found.append(f"rules[{i}].choices.")
    return found


def check_exchange(file: DataFile, meta: Exchange, context: Context) -> None:
    """Say everything that is wrong with exchange.yaml beyond its shape."""
    if meta.id != context.name:
        file.say("LQ206", ("id",), f"is {meta.id!r}, but the folder is called {context.name!r}")
    for name in ("products", "margin_modes", "position_modes", "collateral_modes", "rules"):
        if not getattr(meta, name):
            file.say("LQ202", (name,), "is empty, it needs at least one entry")
    file.day(("closed",), meta.closed)
    if meta.closed_note and meta.closed is None:
        file.say("LQ202", ("closed_note",), "is given without closed, the day it is about")
    check_rule_sets(file, meta, context)
    _check_fees(file, meta, context)
    _check_steps(file, meta, context)
    _check_changes(file, meta, context)
    _check_funding(file, meta, context)
    check_process(file, meta, context)
    check_displays(file, meta, context)
    check_parameters(file, meta)
    check_open_questions(file, meta)
    dated = [("fees", str(e.product), e.from_) for e in meta.fees]
    dated += [("funding", "funding", e.from_) for e in meta.funding]
    dated += [("leverage_steps", "leverage_steps", e.from_) for e in meta.leverage_steps]
    dated += [("margin_changes", str(e.mode), e.from_) for e in meta.margin_changes]
    dated += [("liquidation", " ".join([*e.products, e.mode]), e.from_) for e in meta.liquidation]
    _check_order(file, dated)


def check_sources(file: DataFile, sources: dict[str, Source]) -> None:
    """Say everything that is wrong with sources.yaml beyond its shape."""
    for name, source in sources.items():
        file.date((name, "date"), source.date)


def _check_fees(file: DataFile, meta: Exchange, context: Context) -> None:
    for i, fee in enumerate(meta.fees):
        at: Keys = ("fees", i)
        file.day((*at, "from"), fee.from_)
        file.source((*at, "source"), fee.source, context.sources)
        if fee.product not in meta.products:
            message = f"is {fee.product}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "product"), message)
        for name in ("taker", "maker", "liquidation", "requirement"):
            rate: Decimal | None = getattr(fee, name)
            if rate is not None and abs(rate) >= ONE:
                hint = "rates are fractions: 0.05% is 0.0005"
                file.say("LQ213", (*at, name), f"is {rate}, it must be below 1", hint)


def _check_steps(file: DataFile, meta: Exchange, context: Context) -> None:
    for i, entry in enumerate(meta.leverage_steps):
        at: Keys = ("leverage_steps", i)
        file.day((*at, "from"), entry.from_)
        file.source((*at, "source"), entry.source, context.sources)
        if entry.step <= 0 or ONE % entry.step:
            message = f"is {entry.step}, it must be above 0 and divide 1"
            file.say("LQ213", (*at, "step"), message)


def _check_changes(file: DataFile, meta: Exchange, context: Context) -> None:
    for i, entry in enumerate(meta.margin_changes):
        at: Keys = ("margin_changes", i)
        file.day((*at, "from"), entry.from_)
        file.source((*at, "source"), entry.source, context.sources)
        if entry.mode is not None and entry.mode not in meta.margin_modes:
            message = f"is {entry.mode}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "mode"), message)
        if entry.keeps_notional is not None and not 0 <= entry.keeps_notional < ONE:
            hint = "rates are fractions: 10% is 0.1"
            message = f"is {entry.keeps_notional}, it must be from 0 to below 1"
            file.say("LQ213", (*at, "keeps_notional"), message, hint)


def _check_funding(file: DataFile, meta: Exchange, context: Context) -> None:
    if not meta.funding:
        file.say("LQ202", ("funding",), "is empty, it needs at least one entry")
    for i, terms in enumerate(meta.funding):
        at: Keys = ("funding", i)
        file.day((*at, "from"), terms.from_)
        file.source((*at, "source"), terms.source, context.sources)
        if terms.first_hour is not None and not 0 <= terms.first_hour < _DAY:
            message = f"is {terms.first_hour}, it must be from 0 to below 24"
            file.say("LQ224", (*at, "first_hour"), message)
        for k, cap in enumerate(terms.caps):
            _check_cap(file, cap, (*at, "caps", k))


def _check_cap(file: DataFile, cap: FundingCap, at: Keys) -> None:
    file.day((*at, "from"), cap.from_)
    if (cap.rate is None) == (cap.factor is None) or (cap.factor is None) != (cap.of is None):
        file.say("LQ202", at, "needs rate, or factor and of")
    for name in ("rate", "factor", "hours"):
        number: Decimal | None = getattr(cap, name)
        if number is not None and number <= 0:
            file.say("LQ224", (*at, name), f"is {number}, it must be above 0")


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
