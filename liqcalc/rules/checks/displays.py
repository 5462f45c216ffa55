"""display and other_displays: sources, levels, and whom they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.ratios import factor_at, rises
from liqcalc.rules.catalog import nearest
from liqcalc.rules.schema import MarginMode

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.words import DisplayedRatio
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Display, Exchange


def check_displays(file: DataFile, meta: Exchange, context: Context) -> None:
    """Say everything that is wrong with how an exchange shows health, beyond its shape."""
    if meta.display.rules or meta.display.mode is not None:
        message = "holds where nothing else does, it is not for some rules or one mode"
        file.say("LQ202", ("display",), message, "put it into other_displays")
    _check_levels(file, meta.display, ("display",), context)
    _check_order(file, meta, meta.display, ("display",))
    known = list(dict.fromkeys(entry.name for entry in meta.rules))
    for i, other in enumerate(meta.other_displays):
        at: Keys = ("other_displays", i)
        if not other.rules and other.mode is None:
            file.say("LQ202", at, "is for no rules and no mode, so display would never hold")
        for n, name in enumerate(other.rules):
            if name not in known:
                message = f"is {name!r}, which is no rule set of {meta.id}"
                file.say("LQ227", (*at, "rules", n), message, nearest(name, known))
        if other.mode is not None and other.mode not in meta.margin_modes:
            message = f"is {other.mode}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "mode"), message)
        _check_levels(file, other, at, context)
        _check_order(file, meta, other, at)


def _check_levels(file: DataFile, display: Display, at: Keys, context: Context) -> None:
    for n, level in enumerate(display.warnings):
        file.source((*at, "warnings", n, "source"), level.source, context.sources)


def _check_order(file: DataFile, meta: Exchange, display: Display, at: Keys) -> None:
    """Say where levels are not reached one after the other, before liquidation."""
    for kind in _kinds(meta, display):
        factors = [factor_at(kind, level.at) for level in display.warnings]
        last: Decimal | None = None
        for n, factor in enumerate(factors):
            keys: Keys = (*at, "warnings", n, "at")
            if factor is None or factor < 1:
                way = "rises" if rises(kind) else "falls"
                message = f"is {display.warnings[n].at}, which is not before liquidation"
                file.say("LQ202", keys, message, f"the ratio is {kind} and {way}")
                return
            if last is not None and factor >= last:
                file.say("LQ202", keys, "is reached before the level above it", "first one first")
                return
            last = factor


def _kinds(meta: Exchange, display: Display) -> list[DisplayedRatio]:
    """Return the ratios that stand under a display's name."""
    kinds = []
    for entry in meta.rules:
        for mode in meta.margin_modes:
            if meta.display_of(entry.name, mode) is display:
                choices = entry.choices
                own = choices.isolated if mode is MarginMode.ISOLATED else choices.cross
                kinds.append(own.displayed_ratio)
    return list(dict.fromkeys(kinds))
