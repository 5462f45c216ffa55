"""How a position stands: the figures that are laid side by side before and after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.answers.backing import behind
from liqcalc.engine.numbers import ZERO, plain

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.engine.solve import Status


class Standing(NamedTuple):
    """What a position comes to.

    Attributes:
        status: one of the four; None once it is closed.
        side: long or short.
        qty: 0 once it is closed.
        entry_price, mark_price, leverage: as the sheet has them.
        liquidation_price: as the exchange prints it.
        trigger_price: the mark at which the condition first holds on the side
            of the liquidation price, unrounded.
        distance_rate: from the mark to the liquidation price; below 0 if passed.
        cash: isolated: the margin; cross: the wallet; None for several coins.
        equity: what backs the position with profit, in `currency`.
        currency: of the money that the pool is counted in.
        notional: value at the price that the rules value it at.
        effective_leverage: value of the pool's positions over `equity`.
        initial_margin, maintenance_margin, margin_ratio, max_leverage: as the
            exchange prints them.
        reasons: why one of them is None, by name.
        warnings: what the exchange would refuse, as sentences.
    """

    status: Status | None
    side: str
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    leverage: Decimal | None
    liquidation_price: Decimal | None = None
    trigger_price: Decimal | None = None
    distance_rate: Decimal | None = None
    cash: Decimal | None = None
    equity: Decimal | None = None
    currency: str = ""
    notional: Decimal | None = None
    effective_leverage: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    margin_ratio: Decimal | None = None
    max_leverage: Decimal | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    def reason(self, name: str) -> str:
        """Return why a figure is None; "" if nothing is said."""
        return dict(self.reasons).get(name, "")

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data, decimals as text."""
        data: dict[str, Any] = {"status": None if self.status is None else str(self.status)}
        for name in MEASURES:
            value = getattr(self, name)
            data[name] = None if value is None else plain(value)
        return data | {
            "side": self.side,
            "currency": self.currency,
            "reasons": dict(self.reasons),
            "warnings": list(self.warnings),
        }


_WORDS = {"status", "side", "currency", "reasons", "warnings"}
MEASURES = tuple(name for name in Standing._fields if name not in _WORDS)
_PRINTED = (
    *("liquidation_price", "distance_rate", "notional", "initial_margin"),
    *("maintenance_margin", "margin_ratio", "max_leverage"),
)
_REFUSED = ("LQ303", "LQ304", "LQ305", "LQ307")


def standing(case: Case, i: int) -> Standing:
    """Return how position `i` of `case` stands."""
    answer, found, ends = case.figures.positions[i], behind(case, i), case.ends(i)
    side = case.sheet.positions[i].side
    end = ends.losing(side)
    if end is None:
        end = ends.lower if ends.upper is None else ends.upper
    reasons = tuple((name, answer.reasons[name]) for name in _PRINTED if name in answer.reasons)
    if found.equity is not None and found.equity <= 0:
        reasons += (("effective_leverage", "nothing is left that backs the position"),)
    return Standing(
        answer.status,
        answer.side,
        answer.qty,
        answer.entry_price,
        answer.mark_price,
        answer.leverage,
        trigger_price=end,
        cash=answer.exact.get("margin") if answer.margin_mode == "isolated" else found.cash,
        equity=found.equity,
        currency=found.currency,
        effective_leverage=found.effective_leverage,
        reasons=reasons,
        warnings=tuple(note.message for note in answer.warnings if note.code in _REFUSED),
        **{name: answer.figures.get(name) for name in _PRINTED},
    )


def closed(before: Standing) -> Standing:
    """Return how a position stands once all of it is closed."""
    reasons = (("liquidation_price", "the position is closed"),)
    return Standing(
        None, before.side, ZERO, before.entry_price, before.mark_price, None, reasons=reasons
    )
