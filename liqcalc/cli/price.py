"""liqcalc price: one position."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from liqcalc.cli.options import (
    FLAGS,
    AsOf,
    ExchangeName,
    FailBelow,
    Folders,
    Json,
    Mode,
    Side,
    Symbol,
    Trace,
    as_option,
    number,
)

EXAMPLES = """\
  liqcalc price binance BTCUSDT long 0.5 --entry 60000 --leverage 20
  liqcalc price okx BTC-USDT-SWAP short --contracts 100 -e 60000 -l 10 --trace
  liqcalc price hyperliquid ETH long 2 -e 3000 -l 10 --mode cross --wallet 1000
"""

_OPTIONS = (
    *("notional", "contracts", "leverage", "margin", "extra_margin", "taker", "mmr"),
    *("deduction", "max_leverage", "liquidation_fee", "funding_rate", "opened"),
    *("risk_level", "rules"),
)


def command(
    exchange: ExchangeName,
    symbol: Symbol,
    side: Side,
    qty: Annotated[
        str | None,
        typer.Argument(help="base coins; inverse: face value in quote"),
    ] = None,
    *,
    entry: Annotated[str, number("PRICE", "average entry price", "--entry", "-e")],
    notional: Annotated[str | None, number("N", "size as value at entry, in quote")] = None,
    contracts: Annotated[str | None, number("N", "size in contracts")] = None,
    leverage: Annotated[str | None, number("L", "leverage", "--leverage", "-l")] = None,
    margin: Annotated[
        str | None, number("M", "isolated margin now, without unrealised profit")
    ] = None,
    extra_margin: Annotated[
        str | None, number("X", "isolated: added by hand on top of the default margin")
    ] = None,
    mode: Mode = "isolated",
    wallet: Annotated[
        str | None, number("W", "cross: cash behind the position, without unrealised profit")
    ] = None,
    mark: Annotated[str | None, number("PRICE", "mark price; default: the entry price")] = None,
    as_of: AsOf = None,
    taker: Annotated[str | None, number("RATE", "your taker fee, e.g. 0.0004")] = None,
    mmr: Annotated[
        str | None, number("RATE", "maintenance rate, instead of the tier table")
    ] = None,
    deduction: Annotated[str | None, number("D", "deduction that goes with --mmr")] = None,
    max_leverage: Annotated[
        str | None, number("L", "maximum that the exchange reports for the position")
    ] = None,
    liquidation_fee: Annotated[
        str | None, number("RATE", "liquidation fee, where the condition holds it")
    ] = None,
    index: Annotated[
        str | None, number("PRICE", "spot index or oracle; default: the mark price")
    ] = None,
    funding_rate: Annotated[
        str | None, number("RATE", "coming funding rate per interval, + = longs pay")
    ] = None,
    opened: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="day of opening, where the rules depend on it"),
    ] = None,
    risk_level: Annotated[
        int | None, typer.Option(metavar="N", help="risk level that you set, 1 = lowest")
    ] = None,
    rules: Annotated[
        str | None, typer.Option(metavar="NAME", help="rule set; default: the one in force")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="one rule parameter; repeatable")
    ] = None,
    exchanges: Folders = None,
    fail_below: FailBelow = None,
    trace: Trace = False,
    json: Json = False,
) -> None:
    """Show the liquidation price of one position, and everything about it.

    Give the size as QTY, --notional or --contracts. Numbers are plain
    decimals; rates are fractions: 0.05% is 0.0005.
    """
    values = _inputs(locals())
    limit = _limit(fail_below)
    answer = _answer((exchange, symbol, side, qty), values, parameter)
    _show(answer, exchanges or (), trace=trace, json=json)
    if limit is not None:
        _judge(answer, limit)


def _inputs(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed under the library's names."""
    values = {name: given[name] for name in _OPTIONS}
    values |= {name: given[flag.lstrip("-").replace("-", "_")] for name, flag in FLAGS.items()}
    values["extra_margin"] = "0" if given["extra_margin"] is None else given["extra_margin"]
    values["exchanges"] = given["exchanges"] or ()
    return values


def _answer(position: tuple[Any, ...], values: dict[str, Any], parameters: list[str] | None) -> Any:  # noqa: ANN401 - a PositionAnswer, whose module is not imported here
    from liqcalc.answers.public import price
    from liqcalc.errors import InputError

    if parameters:
        from liqcalc.rules.sheet_file import read_parameters

        values["parameters"] = read_parameters(parameters)
    try:
        return price(*position, **values)
    except InputError as error:
        raise InputError(*map(as_option, error.faults)) from None


def _show(answer: Any, exchanges: Any, *, trace: bool, json: bool) -> None:  # noqa: ANN401
    from liqcalc.cli import output

    if json:
        from liqcalc.answers.answer import SCHEMA_VERSION

        output.emit_json({"schema_version": SCHEMA_VERSION, **answer.to_dict()})
        return
    from liqcalc.answers.public import load_exchange
    from liqcalc.render import position

    display = load_exchange(answer.exchange, exchanges=exchanges).meta.display
    output.emit(position.render(answer, display, trace=trace))


def _limit(text: str | None) -> Any:  # noqa: ANN401 - a Decimal or None
    if text is None:
        return None
    from liqcalc.answers.near import read_limit

    return read_limit(text)


def _judge(answer: Any, limit: Any) -> None:  # noqa: ANN401 - a PositionAnswer, a Decimal
    from liqcalc.answers.near import too_near
    from liqcalc.cli import output

    verdict = too_near(answer, limit)
    if verdict is not None:
        output.complain(f"fail-below: {verdict}")
        raise typer.Exit(1)
