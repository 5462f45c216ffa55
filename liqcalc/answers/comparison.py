"""What a comparison is: a row for each contract, the farthest from liquidation first."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from liqcalc.answers.answer import SCHEMA_VERSION, Note
from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer


class Outcome(StrEnum):
    """What became of the position on one exchange; the first four as in a price.

    REFUSED: the exchange would not take it.  CLOSED: it no longer trades.
    NOT_COMPARABLE: its size does not follow from a number of coins.  FAILED:
    its files or the inputs do not allow an answer.
    """

    LIQUIDATABLE_AT_PRICE = "liquidatable_at_price"
    CANNOT_BE_LIQUIDATED = "cannot_be_liquidated"
    ALREADY_LIQUIDATABLE = "already_liquidatable"
    INDETERMINATE = "indeterminate"
    REFUSED = "refused"
    CLOSED = "closed"
    NOT_COMPARABLE = "not_comparable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ComparedPosition:
    """The position on one contract of one exchange.

    Attributes:
        exchange, symbol: where; symbol None if the exchange could not be read.
        outcome: what became of it.
        reason: why there is no liquidation price; "" if there is one.
        code: of the error, if the outcome is FAILED.
        product, quote, settle, margin_mode: of what was evaluated.
        qty: base coins (linear) or face value in quote (inverse).
        liquidation_price: in quote, as the exchange prints it.
        distance_rate: from the mark, as a fraction; below 0 if passed.
        maintenance_margin, fee_to_close: in the settle currency.
        maintenance_value, fee_value: the same in quote, coins at the mark.
        max_leverage: at this size.
        funding_interval_hours: between payments, 0 where it accrues all the time;
            None for dated contracts.
        evidence: how well the rule is known.
        notes: how the position was adapted to this contract, and what its
            figures hold that others' do not.
        warnings, assumptions: those of the answer.
        answer: the whole answer, with its derivation; None if there is none.
    """

    exchange: str
    symbol: str | None
    outcome: Outcome
    reason: str = ""
    code: str = ""
    product: str | None = None
    quote: str | None = None
    settle: str | None = None
    margin_mode: str | None = None
    qty: Decimal | None = None
    liquidation_price: Decimal | None = None
    distance_rate: Decimal | None = None
    maintenance_margin: Decimal | None = None
    maintenance_value: Decimal | None = None
    fee_to_close: Decimal | None = None
    fee_value: Decimal | None = None
    max_leverage: Decimal | None = None
    funding_interval_hours: Decimal | None = None
    evidence: str | None = None
    notes: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    assumptions: tuple[Note, ...] = ()
    answer: PositionAnswer | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data, decimals as text."""
        data: dict[str, Any] = {name: getattr(self, name) for name in _HEAD}
        data["outcome"] = str(self.outcome)
        data |= {name: _text(getattr(self, name)) for name in _FIGURES}
        data["evidence"] = self.evidence
        for name in ("notes", "warnings", "assumptions"):
            data[name] = [note.to_dict() for note in getattr(self, name)]
        return data


_HEAD = (
    *("exchange", "symbol", "outcome", "reason", "code"),
    *("product", "quote", "settle", "margin_mode"),
)
_FIGURES = (
    *("qty", "liquidation_price", "distance_rate", "maintenance_margin", "maintenance_value"),
    *("fee_to_close", "fee_value", "max_leverage", "funding_interval_hours"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One position on many exchanges, where liquidation is farthest first.

    Attributes:
        symbol, side, entry_price, mark_price, leverage, margin_mode: as asked.
        qty: base coins, None if `notional` was given, in quote.
        wallet_balance: cash behind a cross position, in quote.
        as_of: day of rules and tiers; None = the newest.
        rows: by distance, the farthest first; those without a price last.
        not_listed: exchanges that were asked and have no such contract.
    """

    symbol: str
    side: str
    qty: Decimal | None
    notional: Decimal | None
    entry_price: Decimal
    mark_price: Decimal
    leverage: Decimal
    margin_mode: str
    wallet_balance: Decimal | None
    as_of: str | None
    rows: tuple[ComparedPosition, ...]
    not_listed: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data, decimals as text."""
        return {
            "schema_version": SCHEMA_VERSION,
            "symbol": self.symbol,
            "side": self.side,
            "qty": _text(self.qty),
            "notional": _text(self.notional),
            "entry_price": plain(self.entry_price),
            "mark_price": plain(self.mark_price),
            "leverage": plain(self.leverage),
            "margin_mode": self.margin_mode,
            "wallet_balance": _text(self.wallet_balance),
            "as_of": self.as_of,
            "rows": [row.to_dict() for row in self.rows],
            "not_listed": list(self.not_listed),
        }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
