"""The coverage table, and everything about one exchange."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from liqcalc.engine.numbers import ONE, plain
from liqcalc.render import screen, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.coverage import Coverage, ExchangeReport, ModeCoverage
    from liqcalc.rules.schema import Evidence, FundingCap, FundingTerms, Process

_COMFORTABLE = 88
_HEADER = ("exchange", "mode", "evidence", "recorded", "symbols", "rules", "tiers")
_SIDES = ("left", "left", "left", "right", "right", "left", "left")
_DETAIL = re.compile(r", |[;:(]")


def render_coverage(rows: Iterable[Coverage]) -> str:
    """Return one entry a margin mode of each exchange, and what is not modelled."""
    return screen.draw(_coverage(list(rows)))


def _coverage(rows: list[Coverage]) -> Iterator[RenderableType]:
    gap = 1 if screen.width() < _COMFORTABLE else screen.INDENT
    table = screen.columns(*_SIDES, header=_HEADER, gap=gap)
    for row in rows:
        for i, mode in enumerate(row.modes):
            name = "" if i else _name(row)
            known = Text("\n").join(_classes(mode, row.products))
            facts = ("", "", "") if i else (str(row.symbols), row.rules_from, row.tiers_seen or "")
            table.add_row(name, mode.margin_mode, known, str(mode.recorded), *facts)
    yield table
    yield ""
    yield screen.title("not modelled", "in brief")
    brief = screen.columns("left", "left")
    for row in rows:
        if row.not_modelled:
            brief.add_row(row.id, screen.dim("; ".join(map(_brief, row.not_modelled))))
    yield brief
    yield ""
    yield screen.dim("recorded: cases whose figures, as the exchange gave them, are reproduced")
    yield screen.dim("liqcalc exchanges NAME tells everything about one exchange")


def _name(row: Coverage) -> Text:
    return Text.assemble((row.id, "bold"), ("\nclosed" if row.closed else "", "red"))


def _classes(mode: ModeCoverage, products: tuple[str, ...]) -> Iterator[Text]:
    """Yield the class of the first product, and of what is known less or more well."""
    known = [item for product in products for item in mode.evidence if item.product == product]
    plain_items = [item for item in known if not _special(item)]
    first = plain_items[0].evidence if plain_items else None
    if first is not None:
        yield screen.evidence(str(first))
    said = set()
    for item in (*plain_items, *filter(_special, known)):
        names = _special(item) or ([str(item.product)] if item.evidence != first else [])
        text = " ".join([*names, str(item.evidence)])
        if names and text not in said:
            said.add(text)
            yield Text.assemble(" ".join(names), " ", screen.evidence(str(item.evidence)))


def _special(item: Evidence) -> list[str]:
    return [str(part) for part in (item.collateral, item.position) if part is not None]


def _brief(text: str) -> str:
    """Return what comes before the first detail.

    >>> _brief("the rate of the cost, which was not found"), _brief("Portfolio Margin (uniMMR)")
    ('rate of the cost', 'Portfolio Margin')
    """
    return _DETAIL.split(text)[0].strip().removeprefix("the ")


def _mode(item: Evidence) -> str:
    return " ".join([str(item.mode), *_special(item)])


def _class(item: Evidence) -> Text:
    return screen.evidence(str(item.evidence))


def render_report(found: ExchangeReport) -> str:
    """Return everything about one exchange."""
    return screen.draw(_report(found))


def _report(found: ExchangeReport) -> Iterator[RenderableType]:
    meta = found.meta
    products = ", ".join(map(str, meta.products))
    modes = ", ".join(map(str, meta.margin_modes))
    yield screen.title(meta.name, f"{products}; {modes}")
    if meta.closed:
        yield f"closed on {meta.closed}; its rules are kept as history"
    yield from _section("rules", _rules(found))
    yield from _section("fees", [_fees(found)])
    yield from _section("funding", [_funding(meta.funding)])
    yield from _section("liquidation", map(_process, meta.liquidation))
    yield from _section("display", [_display(found)])
    yield from _section("parameters", [_parameters(found)] if meta.parameters else [])
    extra = [f"{name}: {text}" for name, text in meta.figures.items()]
    yield from _section("further figures", extra)
    yield from _section("not modelled", meta.not_modelled)
    yield from _section("golden cases", _cases(found))
    yield from _section(f"symbols ({len(found.symbols)})", [", ".join(found.symbols)])
    yield from _section("sources", [_sources(found)])


def _section(name: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    parts = list(parts)
    if not parts:
        return
    yield ""
    yield screen.title(name)
    for part in parts:
        yield Padding(part, (0, 0, 0, screen.INDENT))


def _rules(found: ExchangeReport) -> Iterator[RenderableType]:
    for entry in sorted(found.meta.rules, key=lambda e: e.from_, reverse=True):
        yield Text.assemble((entry.name, "bold"), f"  since {entry.from_}: {entry.summary}")
        table = screen.columns("left", "left", "left", "left")
        for item in entry.evidence:
            table.add_row(str(item.product), _mode(item), _class(item), screen.dim(item.note))
        yield Padding(table, (0, 0, 0, screen.INDENT))
        for assumption in entry.assumptions:
            which = f" ({assumption.mode})" if assumption.mode else ""
            yield Padding(
                screen.dim(f"assumed{which}: {assumption.says}"), (0, 0, 0, screen.INDENT)
            )
        sources = ", ".join(entry.sources)
        yield Padding(screen.dim(f"sources: {sources}"), (0, 0, 0, screen.INDENT))


def _fees(found: ExchangeReport) -> Table:
    header = ("product", "since", "taker", "maker", "liquidation", "")
    sides = ("left", "left", "right", "right", "right", "left")
    table = screen.columns(*sides, header=header)
    for fee in found.meta.fees:
        liquidation = "" if fee.liquidation is None else plain(fee.liquidation)
        note = ", ".join(filter(None, [fee.note, fee.source]))
        rates = (plain(fee.taker), plain(fee.maker), liquidation)
        table.add_row(str(fee.product), fee.from_, *rates, screen.dim(note))
    return table


def _funding(history: Iterable[FundingTerms]) -> Table:
    table = screen.columns("left", "left", "left")
    for terms in history:
        lines = [("counted", terms.note), ("paid from", terms.purse)]
        lines += [("cap", _cap(cap)) for cap in terms.caps]
        lines += [("assumed", item.says) for item in terms.assumptions]
        for i, (name, text) in enumerate(lines):
            since = f"since {terms.from_}" if i == 0 else ""
            source = f" ({terms.source})" if i == 0 else ""
            table.add_row(since, screen.dim(name), text + source)
    return table


def _cap(cap: FundingCap) -> str:
    size = plain(cap.rate) if cap.rate is not None else f"{plain(cap.factor or ONE)} x {cap.of}"
    parts = [size if cap.hours is None else f"{size} in {plain(cap.hours)} hours"]
    if cap.symbols:
        parts.append(", ".join(cap.symbols))
    if cap.from_ is not None:
        parts.append(f"since {cap.from_}")
    if cap.note:
        parts.append(cap.note)
    return "; ".join(parts)


def _process(process: Process) -> Table:
    table = screen.columns("right", "left", "left")
    which = ", ".join([*process.products, process.mode])
    head = f"{which}, since {process.from_} ({process.source})"
    for number, step in enumerate(process.steps, start=1):
        parts = [step.note, step.assumes and f"here: {step.assumes}", step.fee_missing]
        note = "".join(f"; {part}" for part in parts if part)
        known = "" if step.evidence == "documented" else f" ({step.evidence})"
        what = step.action.replace("_", " ")
        table.add_row(str(number), what, screen.dim(f"{step.when}{note}{known}"))
    outer = screen.columns("left")
    outer.add_row(head)
    outer.add_row(table)
    return outer


def _display(found: ExchangeReport) -> Table:
    table = screen.columns("left", "left")
    for display in (found.meta.display, *found.meta.other_displays):
        only = ", ".join([*display.rules, *([display.mode] if display.mode else [])])
        table.add_row(display.ratio, f"{display.meaning} ({only})" if only else display.meaning)
        for level in display.warnings:
            table.add_row(f"  at {words.rate(level.at)}", f"{level.says} ({level.source})")
        if display.not_published:
            table.add_row("", screen.dim(display.not_published))
    return table


def _parameters(found: ExchangeReport) -> Table:
    table = screen.columns("left", "left")
    for name, parameter in found.meta.parameters.items():
        sets = f"; only {', '.join(parameter.rule_sets)}" if parameter.rule_sets else ""
        default = f" (default: {parameter.default})" if parameter.default else ""
        table.add_row(name, screen.dim(f"{parameter.meaning}{default}{sets}"))
    return table


def _cases(found: ExchangeReport) -> Iterator[str]:
    counts = found.coverage.cases
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    yield f"{sum(counts.values())}: {kinds}" if counts else "none"
    recorded = [f"{m.recorded} {m.margin_mode}" for m in found.coverage.modes if m.recorded]
    if recorded:
        yield f"recorded figures that are reproduced: {', '.join(recorded)}"


def _sources(found: ExchangeReport) -> Table:
    """Return the sources that rules, fees and processes name; tables have their own."""
    meta = found.meta
    used = [name for entry in meta.rules for name in (*entry.sources, *entry.cites.values())]
    used += [fee.source for fee in meta.fees] + [process.source for process in meta.liquidation]
    table = screen.columns("left", "left")
    for name in dict.fromkeys(used):
        source = found.sources.get(name)
        if source is None:
            continue
        day = f" ({source.date})" if source.date else ""
        table.add_row(screen.dim(name), f"{source.title}{day}")
        if source.url:
            table.add_row("", screen.dim(source.url))
    return table
