"""Arguments and options that several commands share, and what a shell may complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from liqcalc.errors import InputError
from liqcalc.rules import names as folders

FLAGS = {
    "entry_price": "--entry",
    "mark_price": "--mark",
    "wallet_balance": "--wallet",
    "index_price": "--index",
    "margin_mode": "--mode",
    "as_of": "--as-of",
}
_ARGUMENTS = frozenset({"exchange", "symbol", "side", "qty"})


def _exchanges(incomplete: str) -> list[str]:
    return [name for name in folders.exchange_names() if name.startswith(incomplete)]


def _symbols(ctx: typer.Context, incomplete: str) -> list[str]:
    exchange = str(ctx.params.get("exchange") or "")
    known = folders.symbol_names(exchange)
    return [name for name in known if name.startswith(incomplete)]


def _of(*words: str) -> Callable[[str], list[str]]:
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


modes = _of("isolated", "cross")


def number(metavar: str, text: str, *names: str) -> Any:  # noqa: ANN401 - typer's option
    """Return an option whose number arrives as text; the layers below read it."""
    return typer.Option(*names, metavar=metavar, help=text)


ExchangeName = Annotated[
    str,
    typer.Argument(autocompletion=_exchanges, help="e.g. binance"),
]
OptionalExchange = Annotated[
    str | None,
    typer.Argument(autocompletion=_exchanges, help="everything about one"),
]
Symbol = Annotated[
    str,
    typer.Argument(
        autocompletion=_symbols,
        help="BTCUSDT, BTC-USDT, BTC/USDT:USDT or the exchange's own name",
    ),
]
Side = Annotated[
    str,
    typer.Argument(autocompletion=_of("long", "short"), help="long or short"),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="rules and tiers of that day; default: the newest known"
    ),
]
Folders = Annotated[
    list[str] | None,
    typer.Option(
        "--exchanges",
        metavar="DIR",
        help="folder of exchanges of your own; also LIQCALC_EXCHANGES",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON, numbers as text")]
Trace = Annotated[bool, typer.Option("--trace", help="print the derivation, step by step")]
FailBelow = Annotated[
    str | None,
    typer.Option(
        "--fail-below",
        metavar="RATE",
        help="exit 1 if liquidation is nearer than this, e.g. 10% or 0.1",
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="MODE",
        autocompletion=modes,
        help="isolated or cross",
    ),
]


@contextmanager
def as_options() -> Iterator[None]:
    """Tell the faults of what is done inside under the names of the command line."""
    try:
        yield
    except InputError as error:
        raise InputError(*map(as_option, error.faults)) from None


def as_option(fault: Any) -> Any:  # noqa: ANN401 - a Fault
    """Return `fault` with the name that the command line has for its input."""
    where, message = fault.where, fault.message
    if where == "price":
        where, _, message = message.removeprefix("positions[0].").partition(" ")
    where = where.removeprefix("positions[0].").removeprefix("account.").removeprefix("fees.")
    if where.isidentifier() and where not in _ARGUMENTS:
        where = FLAGS.get(where, "--" + where.replace("_", "-"))
    return fault._replace(where=where, message=message)
