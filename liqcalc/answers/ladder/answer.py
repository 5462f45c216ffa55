"""What the ladder is: one row a step that was taken, and what is left in the end."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import ZERO, exact, plain

if TYPE_CHECKING:
    from liqcalc.answers.answer import Note
    from liqcalc.answers.basis import Basis
    from liqcalc.answers.case import Case
    from liqcalc.engine.solve import Status
    from liqcalc.engine.steps import Action, FeeTo, Fill, FillPrice


class Closing(NamedTuple):
    """What one step closes of one position; money in the settle currency.

    Attributes:
        qty: closed.
        price, at: of the fill, and which price it is.
        pnl: realised, before fees.
        fee: charged, with pending fees that closing settles.
        fund: what the insurance fund, vault or liquidator takes beside the
            fee; below 0: what it pays in the trader's place.
        fund_gain: what a fund that took the position over gains by selling it
            at the mark; below 0 it loses. No money of the trader's.
    """

    qty: Decimal = ZERO
    price: Decimal | None = None
    at: FillPrice | None = None
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    fund: Decimal = ZERO
    fund_gain: Decimal = ZERO


NO_CLOSING = Closing()


class LadderRow(NamedTuple):
    """One step that was taken, and what it leaves.

    Attributes:
        number: of the row, from 1.
        step: of the exchange's process, from 1.
        position: its number in the sheet, from 0.
        mark_price: at which the step is taken.
        action: what is done; `when` in the exchange's words.
        closing: what is closed.
        orders: how many orders are cancelled.
        qty_left: of the position.
        margin_left: what backs it without unrealised profit: its margin, the
            wallet, or the equity where that was given; None if not one sum.
        tier: of what is left; None where there are no tiers.
        next_liquidation_price: of what is left, as the exchange prints it;
            None if nothing is left, or no price liquidates it.
        status: of what is left; None if nothing is.
        pause_seconds: until the next step.
        evidence: how well the step is known.
        assumes: what was taken for granted in it.
        fee_to: who gets the fee.
        fee_missing: what is charged but not known.
        left: the account after the step.
    """

    number: int
    step: int
    position: int
    symbol: str
    side: str
    margin_mode: str
    mark_price: Decimal
    action: Action
    when: str
    closing: Closing
    orders: int
    qty_left: Decimal
    margin_left: Decimal | None
    tier: int | None
    next_liquidation_price: Decimal | None
    status: Status | None
    pause_seconds: Decimal | None
    evidence: str
    assumes: str
    fee_to: FeeTo
    fee_missing: str
    left: Case

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        closing = self.closing
        return {
            "number": self.number,
            "step": self.step,
            "position": self.position,
            "symbol": self.symbol,
            "side": self.side,
            "margin_mode": self.margin_mode,
            "mark_price": plain(self.mark_price),
            "action": str(self.action),
            "when": self.when,
            "qty_closed": plain(closing.qty),
            "fill_price": amount(closing.price),
            "fill_at": None if closing.at is None else str(closing.at),
            "realized_pnl": amount(closing.pnl),
            "fee_to": str(self.fee_to),
            "liquidation_fee": amount(closing.fee),
            "fund": amount(closing.fund),
            "fund_gain": amount(closing.fund_gain),
            "orders_cancelled": self.orders,
            "qty_left": plain(self.qty_left),
            "margin_left": amount(self.margin_left),
            "tier": self.tier,
            "next_liquidation_price": text(self.next_liquidation_price),
            "status": None if self.status is None else str(self.status),
            "pause_seconds": text(self.pause_seconds),
            "evidence": self.evidence,
            "assumes": self.assumes,
            "fee_missing": self.fee_missing,
        }


class LadderRun(NamedTuple):
    """What liquidations do to a case.

    Attributes:
        rows: in order.
        left: the account afterwards, at the last marks.
        numbers: which positions of the sheet are left, by their number there.
        returned: margin of isolated positions that are gone, by number; it is
            free and in no position's or wallet's money.
        notes: what the user must know.
    """

    rows: tuple[LadderRow, ...]
    left: Case
    numbers: tuple[int, ...]
    returned: dict[int, Decimal]
    notes: tuple[Note, ...]

    def place(self, number: int) -> int | None:
        """Return where position `number` of the sheet is in `left`; None if it is gone."""
        return self.numbers.index(number) if number in self.numbers else None


class LadderEnd(NamedTuple):
    """What it comes to for the trader; money in the settle currency.

    Attributes:
        margin_before, margin_after: what backs the position, without
            unrealised profit; after it is gone: what the trader gets back or
            keeps. None if it is not one sum.
        realized_pnl, fees, fund: sums over the rows of the same purse.
        fund_gain: what the fund gains by selling what it took over at the mark.
        qty_left: of the position.
        unrealized_pnl: of what is left at the last mark.
        owed: what the account is short of in the end, and no fund has paid.
    """

    margin_before: Decimal | None
    margin_after: Decimal | None
    realized_pnl: Decimal
    fees: Decimal
    fund: Decimal
    fund_gain: Decimal
    qty_left: Decimal
    unrealized_pnl: Decimal
    owed: Decimal

    def to_dict(self) -> dict[str, str | None]:
        """Return the end as plain data."""
        return {name: amount(value) for name, value in self._asdict().items()}


class Ladder(NamedTuple):
    """The answer: what the exchange does to a position, step by step.

    Attributes:
        status, liquidation_price, trigger_price: of the position as it stands.
        rows: steps taken, of every position that they touch.
        end: what it comes to; None without rows.
        after: what follows where steps do not fill or the fund is short, in
            the exchange's words: (action, when, note).
        fill, path: as assumed; the path is None for "on against the position".
        moved: `symbol` if only its price moves, `all` if all do alike.
        process_from, process_source: of the process.
        reason: why there are no rows; "" if there are.
    """

    exchange: str
    symbol: str
    side: str
    margin_mode: str
    product: str
    quote: str
    settle: str
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    last_price: Decimal
    leverage: Decimal | None
    status: Status
    liquidation_price: Decimal | None
    trigger_price: Decimal | None
    rows: tuple[LadderRow, ...]
    end: LadderEnd | None
    after: tuple[tuple[str, str, str], ...]
    fill: Fill
    path: tuple[Decimal, ...] | None
    moved: str
    process_from: str | None
    process_source: str | None
    reason: str
    basis: Basis

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        return {
            "exchange": self.exchange,
            "symbol": self.symbol,
            "side": self.side,
            "margin_mode": self.margin_mode,
            "product": self.product,
            "quote": self.quote,
            "settle": self.settle,
            "qty": plain(self.qty),
            "entry_price": plain(self.entry_price),
            "mark_price": plain(self.mark_price),
            "last_price": plain(self.last_price),
            "leverage": text(self.leverage),
            "status": str(self.status),
            "liquidation_price": text(self.liquidation_price),
            "trigger_price": text(self.trigger_price),
            "fill": str(self.fill.at),
            "slippage_bps": plain(self.fill.slippage_bps),
            "path": None if self.path is None else [plain(price) for price in self.path],
            "moved": self.moved,
            "rows": [row.to_dict() for row in self.rows],
            "end": None if self.end is None else self.end.to_dict(),
            "after": [
                {"action": action, "when": when, "note": note} for action, when, note in self.after
            ],
            "process": {"from": self.process_from, "source": self.process_source},
            "reason": self.reason,
            **self.basis.to_dict(),
        }


_PRINTED = Decimal("1e-12")
_LARGEST = 20


def amount(value: Decimal | None) -> str | None:
    """Return an amount or unrounded price as text, with 12 decimals at most; None stays None."""
    if value is None or value.adjusted() > _LARGEST:
        return text(value)
    with exact():
        return plain(value.quantize(_PRINTED))


def text(value: Decimal | None) -> str | None:
    """Return a number as text; None stays None."""
    return None if value is None else plain(value)
