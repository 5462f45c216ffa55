"""Words and numbers as they are shown; JSON has its own, stable ones."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from liqcalc.answers.near import percent
from liqcalc.engine.numbers import plain
from liqcalc.engine.solve import Status

if TYPE_CHECKING:
    from liqcalc.answers.answer import PositionAnswer, Provenance

NONE = "none"
STATUS = {
    Status.LIQUIDATABLE_AT_PRICE: "liquidated when the mark reaches it",
    Status.CANNOT_BE_LIQUIDATED: "cannot be liquidated",
    Status.ALREADY_LIQUIDATABLE: "already liquidatable at the mark",
    Status.INDETERMINATE: "cannot be determined",
}
SHORT_STATUS = {
    Status.LIQUIDATABLE_AT_PRICE: "",
    Status.CANNOT_BE_LIQUIDATED: "safe at every price",
    Status.ALREADY_LIQUIDATABLE: "liquidatable now",
    Status.INDETERMINATE: "not determined",
}
_LONGEST = 20
_SHORT = 12


def number(value: Decimal | None) -> str:
    """Return a figure as the exchange prints it; ``none`` if there is none.

    What no exchange rounds is cut to 20 digits for the eye; JSON has them all.

    >>> number(Decimal("57259.03614458")), number(Decimal(1) / 3), number(None)
    ('57259.03614458', '0.33333333333333333333', 'none')
    """
    if value is None:
        return NONE
    digits = len(value.as_tuple().digits)
    if digits > _LONGEST and value.adjusted() < _LONGEST:
        step = Decimal((0, (1,), value.adjusted() - _LONGEST + 1))
        value = value.quantize(step)
    return plain(value)


def short(value: Decimal) -> str:
    """Return a figure with up to 12 digits, for a remark."""
    extra = len(value.as_tuple().digits) - _SHORT
    if extra > 0 and value.adjusted() < _SHORT:
        value = value.quantize(Decimal((0, (1,), value.adjusted() - _SHORT + 1)))
    return plain(value)


def rate(value: Decimal | None) -> str:
    """Return a fraction as percent; ``none`` if there is none."""
    return NONE if value is None else percent(value)


def exact_rate(value: Decimal | None) -> str:
    """Return a fraction as percent with all its digits; nothing if there is none."""
    return "" if value is None else f"{plain(value.scaleb(2))}%"


def signed(value: Decimal) -> str:
    """Return a fraction as percent, always with its sign."""
    return percent(value) if value < 0 else f"+{percent(value)}"


def headline(answer: PositionAnswer) -> str:
    """Return what was asked: side, size, prices, margin."""
    size = f"{answer.side} {plain(answer.qty)}"
    contracts = answer.figures.get("contracts")
    if contracts is not None and contracts != answer.qty:
        size += f" ({number(contracts)} contracts)"
    parts = [size, f"entry {plain(answer.entry_price)}"]
    if answer.mark_price != answer.entry_price:
        parts.append(f"mark {plain(answer.mark_price)}")
    leverage = f" {plain(answer.leverage)}x" if answer.leverage is not None else ""
    return ", ".join([*parts, f"{answer.margin_mode}{leverage}"])


def sources(provenance: Provenance) -> str:
    """Return in one sentence what an answer stands on."""
    parts = [f"rules {provenance.rule_set} since {provenance.rule_from}, {provenance.evidence}"]
    for use in provenance.tiers:
        if use.from_ is None:
            parts.append(f"tiers of {use.symbol} from the sheet")
            continue
        seen = f", seen {use.seen}" if use.seen != use.from_ else ""
        parts.append(f"tiers of {use.symbol} since {use.from_}{seen} ({use.source})")
    if provenance.taker is not None:
        parts.append(f"taker fee {plain(provenance.taker)} ({provenance.taker_source})")
    return "; ".join(parts)
