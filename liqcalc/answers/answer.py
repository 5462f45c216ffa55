"""What an answer is: figures, status, warnings, provenance, trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from liqcalc.engine.numbers import plain
from liqcalc.engine.vocabulary import NOTHING_GIVEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from liqcalc.answers.health.gauge import Gauge
    from liqcalc.engine.curve import Coefficients
    from liqcalc.engine.solve import Status

SCHEMA_VERSION = 1


class Note(NamedTuple):
    """Something the user must know: a code that `liqcalc explain` knows, and a sentence."""

    code: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """Return the note as plain data."""
        return {"code": self.code, "message": self.message}


class Citation(NamedTuple):
    """A source by id, with what is known of it."""

    id: str
    title: str = ""
    url: str | None = None
    date: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the citation as plain data."""
        return {"id": self.id, "title": self.title, "url": self.url, "date": self.date}


class TableUse(NamedTuple):
    """Which tier table an answer used.

    Attributes:
        symbol: whose.
        from_: first day the table is known in force; None if from the sheet.
        seen: last day it was seen.
        source: id of the source, or ``sheet``.
        complete: False if rows above the last are missing.
    """

    symbol: str
    from_: str | None
    seen: str | None
    source: str
    complete: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the use as plain data."""
        return {
            "symbol": self.symbol,
            "from": self.from_,
            "seen": self.seen,
            "source": self.source,
            "complete": self.complete,
        }


class Provenance(NamedTuple):
    """Which rules, tables and fees an answer stands on, and how well they are known.

    Attributes:
        exchange: its id.
        rule_set, rule_from: name of the rules and the day they took effect.
        evidence: reproduced, documented, derived or assumed.
        evidence_note: one sentence on it.
        tiers: the tables used.
        taker, taker_source: fee rate and where it came from (``sheet`` or id).
        citations: the sources of the rules.
    """

    exchange: str
    rule_set: str
    rule_from: str
    evidence: str
    evidence_note: str
    tiers: tuple[TableUse, ...] = ()
    taker: Decimal | None = None
    taker_source: str = ""
    citations: tuple[Citation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the provenance as plain data."""
        return {
            "exchange": self.exchange,
            "rule_set": self.rule_set,
            "rule_from": self.rule_from,
            "evidence": self.evidence,
            "evidence_note": self.evidence_note,
            "tiers": [use.to_dict() for use in self.tiers],
            "taker": _text(self.taker),
            "taker_source": self.taker_source,
            "sources": [citation.to_dict() for citation in self.citations],
        }


class Short(NamedTuple):
    """A number that a derivation shows with 8 decimals at most."""

    value: Decimal


class Said(NamedTuple):
    """A sentence with a number in it, at ``{}``."""

    text: str
    value: Decimal | Short


class TraceStep(NamedTuple):
    """One line of the derivation, to be redone on paper.

    Numbers are kept as they are and become text when they are looked at.

    Attributes:
        step: inputs, backing, requirement, tier, sum, root or rounding.
        name: what is computed.
        formula: in symbols; p is the price that moves.
        values: what stands for each symbol.
        outcome: what comes out.
        source: id of the source of the rule; "" for plain arithmetic.
    """

    step: str
    name: str
    formula: str
    values: Mapping[str, Any] = NOTHING_GIVEN
    outcome: Any = ""
    source: str = ""

    @property
    def numbers(self) -> dict[str, str]:
        """Return what stands for each symbol, as text."""
        return {symbol: worded(value) for symbol, value in self.values.items()}

    @property
    def result(self) -> str:
        """Return what comes out, as text."""
        return worded(self.outcome)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain data."""
        return {
            "step": self.step,
            "name": self.name,
            "formula": self.formula,
            "numbers": self.numbers,
            "result": self.result,
            "source": self.source,
        }


_EIGHT = Decimal("1e-8")
_LONG = 20


def worded(value: Any) -> str:  # noqa: ANN401 - a value of a trace step
    """Return a value of a trace step as text.

    >>> worded(Decimal("1.50")), worded((Decimal(-3), Decimal("0.5"), Decimal(0)))
    ('1.5', '-3 + 0.5*p')
    """
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Short):
        short = value.value.quantize(_EIGHT) if value.value.adjusted() < _LONG else value.value
        return plain(short)
    if isinstance(value, Said):
        return value.text.format(worded(value.value))
    if isinstance(value, tuple):
        return polynomial(value)
    return str(value)


def polynomial(coefficients: Coefficients) -> str:
    """Return ``a + b*p + c/p`` with numbers, leaving out what is 0."""
    text = ""
    for value, shape in zip(coefficients, ("{}", "{}*p", "{}/p"), strict=True):
        if not value:
            continue
        shown = shape.format(plain(abs(value)))
        if text:
            text += f" {'-' if value < 0 else '+'} {shown}"
        else:
            text = f"-{shown}" if value < 0 else shown
    return text or "0"


class _Figure:
    """A named figure of an answer, as the exchange prints it; None if there is none."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: PositionAnswer, owner: type) -> Decimal | None:
        return instance.figures.get(self.name)


@dataclass(frozen=True)
class PositionAnswer:
    """Everything liqcalc says about one position.

    Money is in the settle currency, prices in the quote currency, rates are
    fractions.  `figures` holds each figure as the exchange prints it, `exact`
    the unrounded one, `reasons` why one is None; `gauge` says how to read
    `displayed_margin_ratio`.
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
    leverage: Decimal | None
    status: Status
    figures: Mapping[str, Decimal | None]
    exact: Mapping[str, Decimal | None]
    reasons: Mapping[str, str]
    tier_range: tuple[Decimal, Decimal | None] | None
    tier_unit: str
    provenance: Provenance
    warnings: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    gauge: Gauge
    derive: Callable[[], tuple[TraceStep, ...]] = field(repr=False, compare=False)

    liquidation_price = _Figure("The price that the exchange shows.")
    trigger_price = _Figure("First mark at which the condition truly holds, where it differs.")
    lower_liquidation_price = _Figure("Unrounded price below the mark that liquidates the pool.")
    upper_liquidation_price = _Figure("Unrounded price above the mark that liquidates the pool.")
    bankruptcy_price = _Figure("Price at which what backs the position is gone.")
    backstop_price = _Figure("Price of the second threshold, where there is one.")
    margin_call_price = _Figure("Price at which the exchange warns, where facts give a level.")
    notional = _Figure("Position value at the price that the rules value it at.")
    unrealized_pnl = _Figure("Profit at the mark.")
    roe = _Figure("Profit over the margin that the leverage demands at entry.")
    initial_margin = _Figure("Initial margin.")
    maintenance_margin = _Figure("Maintenance margin at the mark.")
    mmr = _Figure("Maintenance rate of the tier.")
    imr = _Figure("Initial rate of the tier.")
    deduction = _Figure("Deduction of the tier.")
    tier = _Figure("Number of the tier, 1 = lowest.")
    max_leverage = _Figure("Maximum leverage at this size.")
    fee_to_open = _Figure("Taker fee on the entry value.")
    fee_to_close = _Figure("Fee to close, on the value that the rules count it on.")
    margin = _Figure("Isolated margin without profit.")
    margin_balance = _Figure("Isolated margin with profit.")
    margin_ratio = _Figure("Requirement over what backs the pool; 1 liquidates.")
    displayed_margin_ratio = _Figure("The ratio in the exchange's own orientation.")
    liquidation_ratio = _Figure("Liquidation price over mark.")
    distance_rate = _Figure("Distance from mark to liquidation, as a fraction of the mark.")
    distance_money = _Figure("Loss from mark to liquidation, in the settle currency.")
    funding_payment = _Figure("The next funding payment, + = paid.")

    @property
    def trace(self) -> tuple[TraceStep, ...]:
        """Return the derivation of the liquidation price, step by step."""
        return self.derive()

    def to_dict(self, *, trace: bool = True) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        data: dict[str, Any] = {
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
            "leverage": _text(self.leverage),
            "status": str(self.status),
        }
        data |= {name: _text(value) for name, value in self.figures.items()}
        data["displayed_ratio"] = self.gauge.to_dict(self.exact.get("displayed_margin_ratio"))
        data["tier_range"] = None
        if self.tier_range is not None:
            floor, cap = self.tier_range
            data["tier_range"] = {"floor": plain(floor), "cap": _text(cap), "unit": self.tier_unit}
        data["exact"] = {name: _text(value) for name, value in self.exact.items()}
        data["reasons"] = dict(self.reasons)
        data["warnings"] = [note.to_dict() for note in self.warnings]
        data["assumptions"] = [note.to_dict() for note in self.assumptions]
        data["provenance"] = self.provenance.to_dict()
        if trace:
            data["trace"] = [step.to_dict() for step in self.trace]
        return data


class AccountFigures(NamedTuple):
    """The cross pool as a whole; money in its currency, or in USD for several assets.

    `gauge` says how to read `displayed_margin_ratio`.
    """

    currency: str
    figures: Mapping[str, Decimal | None]
    exact: Mapping[str, Decimal | None]
    reasons: Mapping[str, str]
    liquidatable: bool | None
    gauge: Gauge

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data."""
        data: dict[str, Any] = {"currency": self.currency}
        data |= {name: _text(value) for name, value in self.figures.items()}
        data["displayed_ratio"] = self.gauge.to_dict(self.exact.get("displayed_margin_ratio"))
        data["liquidatable"] = self.liquidatable
        data["exact"] = {name: _text(value) for name, value in self.exact.items()}
        data["reasons"] = dict(self.reasons)
        return data


class JointMove(NamedTuple):
    """The common relative move of all prices at which the cross pool is liquidated.

    Attributes:
        down, up: as fractions of the marks, e.g. -0.25; None if no such move.
        status: of the pool.
        reason: why a move is None.
    """

    down: Decimal | None
    up: Decimal | None
    status: Status
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the move as plain data."""
        return {
            "down": _text(self.down),
            "up": _text(self.up),
            "status": str(self.status),
            "reason": self.reason,
        }


class AccountAnswer(NamedTuple):
    """Everything liqcalc says about one sheet."""

    exchange: str
    as_of: str | None
    positions: tuple[PositionAnswer, ...]
    account: AccountFigures | None
    pools: tuple[AccountFigures, ...]
    joint: JointMove | None
    warnings: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    provenance: Provenance

    def to_dict(self, *, trace: bool = True) -> dict[str, Any]:
        """Return the answer as plain data, decimals as text."""
        data: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "exchange": self.exchange,
            "as_of": self.as_of,
            "positions": [position.to_dict(trace=trace) for position in self.positions],
            "account": self.account.to_dict() if self.account else {},
            "joint": self.joint.to_dict() if self.joint else {},
            "warnings": [note.to_dict() for note in self.warnings],
            "assumptions": [note.to_dict() for note in self.assumptions],
            "provenance": self.provenance.to_dict(),
        }
        if len(self.pools) > 1:
            data["pools"] = [pool.to_dict() for pool in self.pools]
        return data


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
