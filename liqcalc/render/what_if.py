"""A position before and after a change, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.answers.change.what_if import Change
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.standing import Units, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.change.what_if import WhatIf


def render(found: WhatIf, *, trace: bool) -> str:
    """Return the answer as text."""
    return screen.draw(_parts(found, trace=trace))


def _parts(found: WhatIf, *, trace: bool) -> Iterator[RenderableType]:
    before, basis = found.before, found.basis
    about = f"{before.side} {plain(before.qty)}, entry {plain(before.entry_price)}, mark "
    mode = found.margin_mode
    if before.leverage is not None:
        mode += f" {plain(before.leverage)}x"
    about += f"{plain(before.mark_price)}, {mode}"
    yield screen.title(f"{found.exchange} {found.symbol}", about)
    yield f"what if: {_told(found)}"
    yield ""
    units = Units(found.quote, found.settle, found.size_unit, found.margin_mode == "isolated")
    yield table([("now", before), ("then", found.after)], units, found.difference)
    money = _money(found)
    if money.row_count:
        yield ""
        yield money
    yield ""
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _told(found: WhatIf) -> str:
    """Return the change in words."""
    traded = ""
    if found.qty is not None and found.price is not None:
        traded = f"{plain(found.qty)} {found.size_unit} at {plain(found.price)}"
    after = found.after
    side = "short" if found.before.side == "long" else "long"
    return {
        Change.ADD: f"{traded} more",
        Change.AVERAGE: f"{traded} more, average entry {words.short(after.entry_price)}",
        Change.REDUCE: f"{traded} closed",
        Change.FLIP: f"all closed and {traded} opened {side}",
        Change.LEVERAGE: f"leverage {plain(after.leverage or found.put_in)}x",
        Change.MONEY: f"{plain(abs(found.put_in))} {found.settle} moved "
        f"{'in' if found.put_in > 0 else 'out'}",
    }[found.change]


def _money(found: WhatIf) -> Table:
    shown = screen.columns("left", "right", "left", "left")
    if found.change is Change.MONEY:
        return shown
    if found.qty is not None:
        what = "of what is closed, before fees"
        if found.realised:
            shown.add_row("profit", words.short(found.realised), found.settle, screen.dim(what))
        shown.add_row("fee", words.short(found.fee), found.settle)
    if found.free is not None:
        name = "margin given back" if found.put_in < 0 else "margin put in"
        if found.put_in:
            shown.add_row(name, words.short(abs(found.put_in)), found.settle)
        told = screen.dim("profit less fee less what the margin gains")
        shown.add_row("free balance", words.short(found.free), found.settle, told)
    return shown
