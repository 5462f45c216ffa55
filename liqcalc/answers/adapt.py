"""A position that is compared, as one contract of one exchange has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.account import evaluate_sheet
from liqcalc.answers.answer import Note
from liqcalc.answers.comparison import ComparedPosition, Outcome
from liqcalc.answers.request import in_quantity, lot_of
from liqcalc.engine.contract import Product
from liqcalc.engine.numbers import ZERO, plain, to_step
from liqcalc.engine.words import FeeBasis
from liqcalc.rules.schema import MarginMode
from liqcalc.rules.sheet import AccountRow, FeesRow, PositionRow, Sheet

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.engine.vocabulary import Rules
    from liqcalc.rules.catalog import Catalog, LoadedExchange
    from liqcalc.rules.sheet import Side
    from liqcalc.rules.symbol_files import ContractFile
    from liqcalc.rules.symbols import Match

_COMPARABLE = (Product.LINEAR, Product.INVERSE)
_ABOVE_LAST_CAP, _ABOVE_LEVERAGE = "LQ304", "LQ305"
_NO_TABLE, _ADAPTED = "LQ403", "LQ409"


class Asked(NamedTuple):
    """The position that is compared.

    Attributes:
        qty: base coins.
        value: the same at entry, in quote.
        wallet: cash behind a cross position, in quote.
    """

    side: Side
    qty: Decimal
    value: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    leverage: Decimal
    mode: MarginMode
    wallet: Decimal | None
    taker: Decimal | None
    as_of: str | None
    today: str

    @property
    def mark(self) -> Decimal:
        """Return the mark price, which is the entry price if none was given."""
        return self.entry_price if self.mark_price is None else self.mark_price


def on_contract(
    catalog: Catalog, loaded: LoadedExchange, match: Match, asked: Asked
) -> ComparedPosition:
    """Return the position as one contract has it, or why that has none.

    Raises:
        LiqcalcError: the exchange's files or the inputs do not allow an answer.
    """
    contract, closed = match.contract, loaded.meta.closed
    refused = ComparedPosition(
        exchange=loaded.id,
        symbol=match.symbol,
        outcome=Outcome.REFUSED,
        product=str(contract.product),
        quote=contract.quote,
        settle=contract.settle,
    )
    if closed is not None and (asked.as_of or asked.today) >= closed:
        return replace(
            refused, outcome=Outcome.CLOSED, reason=f"closed on {closed}; ask as of an earlier day"
        )
    if contract.product not in _COMPARABLE:
        reason = f"a {contract.product} contract has no fixed number of coins"
        return replace(refused, outcome=Outcome.NOT_COMPARABLE, reason=reason)
    notes: list[Note] = []
    qty = _quantity(contract, asked, notes)
    least = in_quantity(contract, contract.min_qty) or lot_of(contract) or ZERO
    if not qty or qty < least:
        reason = f"less than the smallest size, {plain(least)} {_unit(contract)}"
        return replace(refused, reason=reason)
    sheet = _sheet(loaded, match, qty, asked, notes)
    answer = evaluate_sheet(sheet, catalog, today=asked.today).positions[0]
    return _compared(loaded, match, answer, notes)


def _unit(contract: ContractFile) -> str:
    return contract.base if contract.product is Product.LINEAR else f"{contract.quote} face value"


def _quantity(contract: ContractFile, asked: Asked, notes: list[Note]) -> Decimal:
    """Return base coins, or the face value of an inverse contract, cut to the lot."""
    exact_qty = asked.qty if contract.product is Product.LINEAR else asked.value
    lot = lot_of(contract)
    qty = exact_qty if lot is None else to_step(exact_qty, lot, "down")
    if qty != exact_qty and lot is not None:
        text = f"{plain(qty)} {_unit(contract)}, rounded down to the lot of {plain(lot)}"
        notes.append(Note(_ADAPTED, text))
    return qty


def _sheet(
    loaded: LoadedExchange, match: Match, qty: Decimal, asked: Asked, notes: list[Note]
) -> Sheet:
    modes = loaded.meta.margin_modes
    mode = asked.mode if asked.mode in modes else modes[0]
    row = PositionRow(
        symbol=match.symbol,
        side=asked.side,
        entry_price=asked.entry_price,
        qty=qty,
        mark_price=asked.mark_price,
        leverage=asked.leverage,
    )
    return Sheet(
        exchange=loaded.id,
        positions=(row,),
        as_of=asked.as_of,
        account=AccountRow(mode, wallet_balance=_wallet(match.contract, mode, qty, asked, notes)),
        fees=FeesRow(taker=asked.taker),
    )


def _wallet(
    contract: ContractFile, mode: MarginMode, qty: Decimal, asked: Asked, notes: list[Note]
) -> Decimal | None:
    """Return the cash behind a cross position, in the settle currency.

    Formula:
        asked for cross: the wallet, or wallet/mark coins
        for want of isolated margin: entry value / leverage
    """
    if mode is not asked.mode:
        text = f"{mode} margin, since there is no {asked.mode} one"
        if mode is MarginMode.CROSS:
            text += "; entry value / leverage as its only cash"
        notes.append(Note(_ADAPTED, text))
    if mode is not MarginMode.CROSS:
        return None
    if mode is not asked.mode:
        return contract.contract().value(qty, asked.entry_price) / asked.leverage
    if asked.wallet is None or contract.product is Product.LINEAR:
        return asked.wallet
    return asked.wallet / asked.mark


def _compared(
    loaded: LoadedExchange, match: Match, answer: PositionAnswer, notes: list[Note]
) -> ComparedPosition:
    """Return a row of an answer; without its price if the exchange would not take the size."""
    figures, known = answer.figures, answer.provenance
    product = match.contract.product
    rules = loaded.rules_on(known.rule_from, known.rule_set, product).choices
    mode = rules.mode(isolated=answer.margin_mode == MarginMode.ISOLATED)
    if mode.fee_in_maintenance_margin is not FeeBasis.NONE:
        notes.append(Note(_ADAPTED, "its maintenance margin holds the fee to close"))
    refusal = _refusal(answer)
    price = None if refusal else answer.liquidation_price
    return ComparedPosition(
        exchange=loaded.id,
        symbol=match.symbol,
        outcome=Outcome.REFUSED if refusal else Outcome(str(answer.status)),
        reason=refusal or ("" if price is not None else _why(answer)),
        product=answer.product,
        quote=answer.quote,
        settle=answer.settle,
        margin_mode=answer.margin_mode,
        qty=answer.qty,
        liquidation_price=price,
        distance_rate=None if refusal else figures.get("distance_rate"),
        maintenance_margin=figures.get("maintenance_margin"),
        maintenance_value=_in_quote(answer, "maintenance_margin"),
        fee_to_close=figures.get("fee_to_close"),
        fee_value=_in_quote(answer, "fee_to_close"),
        max_leverage=figures.get("max_leverage"),
        funding_interval_hours=_interval(rules) if match.perpetual else None,
        evidence=known.evidence,
        notes=tuple(notes),
        warnings=answer.warnings,
        assumptions=answer.assumptions,
        answer=answer,
    )


def _in_quote(answer: PositionAnswer, name: str) -> Decimal | None:
    """Return an amount in quote; None if there is none.

    Formula:
        linear: the amount as printed; inverse: unrounded coins * mark_price
    """
    if answer.product != Product.INVERSE:
        return answer.figures.get(name)
    coins = answer.exact.get(name)
    return None if coins is None else coins * answer.mark_price


def _refusal(answer: PositionAnswer) -> str:
    """Return why the exchange would not take the position; "" if it would."""
    codes = {note.code for note in answer.warnings}
    most = answer.figures.get("max_leverage")
    if _ABOVE_LEVERAGE in codes and most is not None and answer.leverage is not None:
        return f"leverage {plain(answer.leverage)} is above the maximum of {plain(most)}"
    if _ABOVE_LAST_CAP in codes:
        return "the size is above the last cap of the tiers"
    return ""


def _why(answer: PositionAnswer) -> str:
    """Return why there is no price; where tiers are missing, which are known."""
    tables = [note.message.partition(";")[0] for note in answer.warnings if note.code == _NO_TABLE]
    return next(iter(tables), answer.reasons.get("liquidation_price", ""))


def _interval(rules: Rules) -> Decimal:
    return ZERO if rules.funding.continuous else rules.funding.interval_hours
