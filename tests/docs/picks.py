"""Who picks which value of a choice, found in the rule sets of all exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from liqcalc.engine import vocabulary
from liqcalc.engine.numbers import Rounding, plain
from liqcalc.engine.vocabulary import ModeRules, Rules
from liqcalc.rules.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.rules.catalog import LoadedExchange
    from liqcalc.rules.schema import RuleEntry
    from liqcalc.rules.symbol_files import TierTable

NAMES = {"name", "isolated", "cross"}  # of a rule set and of its two parts: no choices
CHOICES: dict[str, Any] = {
    name: kind
    for cls in (Rules, ModeRules)
    for name, kind in get_type_hints(cls).items()
    if name not in NAMES
}
TABLES: dict[str, Any] = {
    "slope": vocabulary.Slope,
    "continuous": vocabulary.Continuous,
    "open_interest": vocabulary.OpenInterest,
}  # choices that tier files make too
AT_OPENING = {"margin_adds", "margin_less"}  # of an isolated position; cross has no such margin

Users = dict[str, set[tuple[int, str]]]  # by exchange: (place of a rule set, margin mode)


class Part(NamedTuple):
    """One thing that a rule set can say: where, and what it may be."""

    choice: str
    inside: str
    kind: Any
    default: Any

    @property
    def values(self) -> list[Any]:
        """Return every value of a closed list; nothing if any number or rounding will do."""
        if self.kind is bool:
            return [True, False]
        kinds = [self.kind, *get_args(self.kind)]
        return [
            word
            for kind in kinds
            if isinstance(kind, type) and issubclass(kind, StrEnum)
            for word in kind
        ]

    def of(self, rules: Any, mode: str) -> Any:
        """Return what a rule set says here."""
        owner = rules
        if self.choice not in Rules._fields:
            owner = rules.mode(isolated=mode == "isolated" or self.choice in AT_OPENING)
        value = getattr(owner, self.choice)
        if not self.inside:
            return value
        return self.default if value is None else getattr(value, self.inside)


def parts(choice: str) -> Iterator[Part]:
    """Yield what can be said of a choice: itself, or each field of its group."""
    kind = CHOICES[choice]
    classes = [k for k in (kind, *get_args(kind)) if hasattr(k, "_fields") and k is not Rounding]
    if not classes:
        owner: Any = Rules if choice in Rules._fields else ModeRules
        yield Part(choice, "", kind, owner._field_defaults.get(choice))
    for group in classes:
        for name, inner in get_type_hints(group).items():
            yield Part(choice, name, inner, group._field_defaults.get(name))


def spelled(value: Any) -> str:
    """Return a value as exchange.yaml has it."""
    if isinstance(value, Rounding):
        digits = f", digits: {value.digits}" if value.digits else ""
        if not value.rounds:
            return "{to: none}"
        return f"{{to: {value.to}{digits}, toward: {value.toward}}}"
    if isinstance(value, Decimal):
        short = plain(value)
        return short if len(short) <= 14 else str(Fraction(value).limit_denominator(1000))
    return str(value).lower() if isinstance(value, bool) else str(value)


def said(part: Part, value: Any) -> Iterator[tuple[str, str]]:
    """Yield (where, what) of each thing that a rule set says beyond the default."""
    if isinstance(value, Rounding) and not value.rounds:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{part.inside}.{key}".strip("."), spelled(item)
    elif isinstance(value, tuple) and not isinstance(value, Rounding):
        for item in value:
            yield part.inside, spelled(item)
    elif value != part.default or (part.values and part.kind is not bool):
        yield part.inside, spelled(value)


@cache
def exchanges() -> dict[str, LoadedExchange]:
    catalog = Catalog()
    return {name: catalog.exchange(name) for name in catalog.names()}


def places(exchange: LoadedExchange) -> Iterator[tuple[int, RuleEntry, str]]:
    """Yield each rule set in each margin mode of an exchange."""
    for i, entry in enumerate(exchange.meta.rules):
        for mode in exchange.meta.margin_modes:
            yield i, entry, str(mode)


def picks(part: Part) -> dict[tuple[str, str], Users]:
    """Return who says what, by (where, what)."""
    found: dict[tuple[str, str], Users] = {}
    for name, exchange in exchanges().items():
        for i, entry, mode in places(exchange):
            for key in said(part, part.of(entry.choices, mode)):
                found.setdefault(key, {}).setdefault(name, set()).add((i, mode))
    return found


def offered(choice: str) -> dict[str, Users]:
    """Return who lets a sheet set a part of a choice, by part."""
    found: dict[str, Users] = {}
    for name, exchange in exchanges().items():
        for parameter in exchange.meta.parameters.values():
            for path in parameter.sets:
                steps = path.split(".")
                only = steps.pop(0) if steps[0] in {"isolated", "cross"} else None
                if steps[0] != choice:
                    continue
                users = found.setdefault(".".join(steps[1:]), {}).setdefault(name, set())
                users |= {
                    (i, mode)
                    for i, entry, mode in places(exchange)
                    if not parameter.rule_sets or entry.name in parameter.rule_sets
                    if only in {None, mode}
                }
    return found


@cache
def tabled(kind: str) -> Users:
    """Return whose tier tables hold rates of a kind."""
    found: Users = {}
    for name, exchange in exchanges().items():
        files = [exchange.tiers(symbol) for symbol in exchange.symbols()]
        tables = [t for file in files if file for t in file.history if getattr(t, kind) is not None]
        for i, entry, mode in places(exchange):
            if any(_fits(table, entry, mode) for table in tables):
                found.setdefault(name, set()).add((i, mode))
    return found


def _fits(table: TierTable, entry: RuleEntry, mode: str) -> bool:
    ended = table.until is not None and table.until < entry.from_
    return table.rules in {None, entry.name} and table.mode in {None, mode} and not ended


def named(users: Users) -> str:
    """Return users in words: in brackets the rule sets and margin modes where not all."""
    words = []
    for name, chosen in users.items():
        exchange = exchanges()[name]
        modes = {
            str(mode): {i for i, at in chosen if at == mode} for mode in exchange.meta.margin_modes
        }
        first, *others = modes.values()
        if all(sets == first for sets in others):
            inside = _rule_sets(exchange, first)
        else:
            inside = "; ".join(
                ": ".join(filter(None, (mode, _rule_sets(exchange, sets))))
                for mode, sets in sorted(modes.items(), reverse=True)
                if sets
            )
        words.append(f"{name} ({inside})" if inside else name)
    return ", ".join(words)


def _rule_sets(exchange: LoadedExchange, chosen: set[int]) -> str:
    """Return rule sets in the fewest words: nothing for all, a product, or names."""
    entries = exchange.meta.rules
    if len(chosen) == len(entries):
        return ""
    for product in exchange.meta.products:
        if chosen == {i for i, entry in enumerate(entries) if entry.products == (product,)}:
            return str(product)
    words = []
    for name in dict.fromkeys(entry.name for entry in entries):
        group = {i for i, entry in enumerate(entries) if entry.name == name}
        shown = name if len({entry.name for entry in entries}) > 1 else ""
        if group <= chosen:
            words.append(shown)
            continue
        for i in sorted(group & chosen):
            products = "/".join(entries[i].products)
            words.append(f"{shown} {products or 'from ' + entries[i].from_}".strip())
    return ", ".join(words)


def used_by(page: str, choices: list[str]) -> list[str]:
    """Return the lines that a page on some choices must have below `Used by:`."""
    lines: list[str] = []
    by_sheet: dict[str, list[str]] = {}
    for choice in choices:
        before = "" if choice == page else f"{choice}."
        sets = offered(choice)
        for part in parts(choice):
            silent = choice in TABLES or any(
                part.inside in {"", path.partition(".")[0]} for path in sets
            )
            lines += _lines(part, before, silent=silent)
        for path, users in sets.items():
            by_sheet.setdefault(named(users), []).append(f"{before}{path}".strip("."))
        if choice in TABLES:
            lines.append(f"- in tables: {named(tabled(choice))}")
    for users_named, paths in by_sheet.items():
        labels = ", ".join(f"`{path}`" for path in paths if path)
        lines.append(f"- {labels + ' ' if labels else ''}by parameter: {users_named}")
    return lines


def _lines(part: Part, before: str, *, silent: bool) -> Iterator[str]:
    """Yield a line a value; those that nobody picks in one.

    Args:
        part: of a choice.
        before: what its page puts before the names of its parts.
        silent: say nothing if nobody picks anything, since sheets or tables do.
    """
    found = picks(part)
    default = None if part.default in (None, ()) else spelled(part.default)
    nobody = []
    for where, what in [(part.inside, spelled(value)) for value in part.values] or found:
        label = f"{before}{where}".strip(".")
        label = f"`{label}: {what}`" if label else f"`{what}`"
        if part.values and what == default:
            if part.kind is not bool:
                yield f"- {label}: default"
        elif (where, what) in found:
            yield f"- {label}: {named(found[where, what])}"
        else:
            nobody.append(label)
    if nobody:
        yield f"- {', '.join(nobody)}: nobody"
    elif not part.values and not found and not silent:
        yield f"- `{before}{part.inside or part.choice}`: nobody"
