"""The size that a risk gives, what it needs, and what would work where it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from liqcalc.answers.leverage.search import Binds
from liqcalc.answers.size.answer import Fit
from liqcalc.engine.numbers import plain
from liqcalc.render import derivation, notes, screen, words
from liqcalc.render.stop import funding_row, liquidation, shown, terms_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from liqcalc.answers.size.answer import Size

_BINDS = {
    Binds.LIQUIDATION: "; one step above, liquidation comes first",
    Binds.TIER: "; the maximum at this size",
    Binds.CONTRACT: "; the maximum of the contract",
    Binds.REPORTED: "; the maximum that was given",
    Binds.SEARCH: "; no maximum is known",
    Binds.WALLET: "; the account carries no more",
    None: "",
}


def render(answer: Size, *, trace: bool) -> str:
    """Return the answer as text; `trace` adds the derivation."""
    return screen.draw(_parts(answer, trace=trace))


def _parts(answer: Size, *, trace: bool) -> Iterator[RenderableType]:
    position, basis = answer.position, answer.basis
    about = f"{position.side}, entry {plain(position.entry_price)}"
    if position.mark_price != position.entry_price:
        about += f", mark {plain(position.mark_price)}"
    about += f", {position.margin_mode}, stop {plain(answer.outcome.stop.price)}, {_risk(answer)}"
    yield screen.title(f"{position.exchange} {position.symbol}", about)
    yield ""
    yield _verdict(answer)
    yield ""
    yield _figures(answer)
    yield ""
    yield notes.below(basis.warnings, basis.assumptions, basis.provenance)
    if trace:
        yield from derivation.below(basis.trace, basis.provenance)


def _risk(answer: Size) -> str:
    money = f"risk {shown(answer.risk)} {answer.position.settle}"
    if answer.risk_rate is None:
        return money
    return f"{money} ({words.rate(answer.risk_rate)} of {shown(answer.wallet)})"


def _verdict(answer: Size) -> Table:
    table = screen.columns("left", "right", "left", "left")
    unit = answer.size_unit
    if answer.fit is Fit.FITS:
        contracts = answer.position.figures.get("contracts")
        told = ""
        if contracts is not None and contracts != answer.qty:
            told = f"{words.number(contracts)} contracts"
        table.add_row("size", Text(plain(answer.qty), "bold green"), unit, screen.dim(told))
        return table
    unknown = answer.fit is Fit.INDETERMINATE
    refused = Text("not proven", "bold yellow") if unknown else Text("refused", "bold red")
    table.add_row("size", refused, "", Text(f"{plain(answer.qty)} {unit}: {answer.reason}", "red"))
    for name, value, settle, told in _instead(answer):
        table.add_row(name, screen.strong(value), settle, screen.dim(told))
    return table


def _instead(answer: Size) -> Iterator[tuple[str, str, str, str]]:
    """Yield what would work."""
    nearest = answer.nearest
    at = f"at {plain(answer.leverage)}x"
    if nearest.leverage is not None:
        told = "or less, for this size and stop"
        yield "works: leverage", f"{plain(nearest.leverage)}x", "", told
    if nearest.qty is not None:
        told = f"or less, {at}" if answer.asked_leverage is not None else "or less"
        yield "works: size", plain(nearest.qty), answer.size_unit, told
    if nearest.stop is not None:
        told = f"or nearer, for this size {at}"
        yield "works: stop", plain(nearest.stop), answer.position.quote, told
    if nearest.money is not None:
        yield "works: money", plain(nearest.money), answer.position.settle, "more in the account"


def _figures(answer: Size) -> Table:
    table = screen.columns("left", "right", "left", "left")
    position, settle = answer.position, answer.position.settle
    told = screen.dim(_leverage_told(answer))
    table.add_row("leverage", screen.strong(f"{plain(answer.leverage)}x"), "", told)
    table.add_row("notional", shown(position.figures.get("entry_notional")), settle, "")
    if answer.cost is not None:
        told = screen.dim(f"with the opening fee {shown(answer.cost)}{_of_wallet(answer)}")
        table.add_row("margin", shown(answer.margin), settle, told)
    liquidation(table, position)
    _stop_rows(table, answer)
    if answer.funding is not None:
        table.add_row(*funding_row(answer.funding, settle))
    _gain_rows(table, answer)
    table.add_row("stops", "", "", screen.dim(terms_in_words(answer.terms)))
    return table


def _of_wallet(answer: Size) -> str:
    return "" if answer.wallet is None else f", of {shown(answer.wallet)} in the account"


def _leverage_told(answer: Size) -> str:
    largest = answer.largest_leverage
    if answer.asked_leverage is None:
        if answer.fit is Fit.INDETERMINATE:
            return "what is safe is not known"
        if largest is None:
            return "none is safe"
        return f"the largest safe{_BINDS.get(answer.binds, '')}"
    if largest is None:
        safe = "what is safe is not known" if answer.fit is Fit.INDETERMINATE else "none is safe"
        return f"as given; {safe}"
    return f"as given; the largest that is safe is {plain(largest)}x"


def _stop_rows(table: Table, answer: Size) -> None:
    outcome, settle, loss = answer.outcome, answer.position.settle, answer.outcome.loss
    fees = f"fees {shown(loss.fee_to_open)} + {shown(loss.fee_to_close)}"
    parts = f"price {shown(loss.price_loss)}, slippage {shown(loss.slippage_cost)}, {fees}"
    if loss.funding:
        parts += f", funding {shown(loss.funding)}"
    total = screen.strong(shown(loss.total))
    table.add_row("loss at stop", total, settle, screen.dim(parts))
    told = f"with {plain(answer.lot)} {answer.size_unit} more, above the risk"
    table.add_row("  one lot more", shown(answer.next_loss), settle, screen.dim(told))
    told = outcome.liquidation_loss_is
    lost = shown(outcome.liquidation_loss)
    table.add_row("if liquidated", lost, settle, screen.dim(told))


def _gain_rows(table: Table, answer: Size) -> None:
    gain, settle = answer.gain, answer.position.settle
    if gain is None:
        return
    told = (
        f"at {plain(gain.target)}: profit {shown(gain.profit)}, fees "
        f"{shown(gain.fee_to_open)} + {shown(gain.fee_to_close)}"
    )
    table.add_row("gain at target", shown(gain.total), settle, screen.dim(told))
    told = "gain at target over loss at stop"
    table.add_row("reward to risk", f"{gain.ratio:.2f}", "", screen.dim(told))
