"""liqcalc compare: one position on every exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from liqcalc.cli.options import AsOf, Json, Mode, Side, as_options, number

EXAMPLES = """\
  liqcalc compare BTC long 0.5 --entry 60000 --leverage 20
  liqcalc compare BTCUSDT short --notional 30000 -e 60000 -l 50 --exchanges binance,okx
  liqcalc compare ETH/USDC:USDC long 2 -e 3000 -l 10 --mode cross --wallet 1000
"""
WORKED = """\
  $ liqcalc compare BTC long 0.5 -e 60000 -l 20 --as-of 2026-10-01 --exchanges okx,hyperliquid
  BTC  long 0.5, entry 60000, isolated 20x, as of 2026-10-01

  exchange     symbol         liquidation  distance  maintenance    fee   max  funding  evidence
  okx          BTC-USDT-SWAP    57257.759     4.57%       120.00  15.00  100x      8 h  reproduced
  okx          BTC-USD-SWAP       57400.1     4.33%       120.00  15.00  100x      8 h  documented
  hyperliquid  BTC              57748.861     3.75%       375.00  13.50   40x      1 h  reproduced
  ...
"""
_FAILED = 2


def command(
    symbol: Annotated[
        str,
        typer.Argument(help="BTC: all its contracts; BTCUSDT or BTC/USDT:USDT: only those"),
    ],
    side: Side,
    qty: Annotated[str | None, typer.Argument(help="base coins")] = None,
    *,
    entry: Annotated[str, number("PRICE", "average entry price", "--entry", "-e")],
    leverage: Annotated[str, number("L", "leverage", "--leverage", "-l")],
    notional: Annotated[str | None, number("N", "size as value at entry, in quote")] = None,
    mode: Mode = "isolated",
    wallet: Annotated[str | None, number("W", "cross: cash behind the position, in quote")] = None,
    mark: Annotated[str | None, number("PRICE", "mark price; default: the entry price")] = None,
    as_of: AsOf = None,
    taker: Annotated[
        str | None, number("RATE", "your taker fee; default: each exchange's list rate")
    ] = None,
    exchanges: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES|DIR",
            help="only these, e.g. binance,okx; a folder adds exchanges of your own",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show the same position on every exchange that lists it, farthest from liquidation first.

    Quantities are cut down to each exchange's lot. Inverse contracts have the
    face value QTY x entry; their amounts are shown in quote, at the mark.
    Where there is no isolated margin, cross is taken, and said.
    """
    from liqcalc.answers.compare import compare
    from liqcalc.cli import output

    with as_options():
        found = compare(
            symbol,
            side,
            qty,
            entry_price=entry,
            leverage=leverage,
            notional=notional,
            margin_mode=mode,
            wallet_balance=wallet,
            mark_price=mark,
            as_of=as_of,
            taker=taker,
            exchanges=_items(exchanges or []),
        )
    if json:
        output.emit_json(found.to_dict())
    else:
        from liqcalc.render.compare import render

        output.emit(render(found))
    _judge(found)


def _items(given: list[str]) -> list[str]:
    """Return names and folders; commas separate them, except in the name of a folder."""
    items = [[text] if Path(text).is_dir() else text.split(",") for text in given]
    return [item.strip() for part in items for item in part if item.strip()]


def _judge(found: Any) -> None:  # noqa: ANN401 - a Comparison
    from liqcalc.answers.comparison import Outcome

    if all(row.outcome is Outcome.FAILED for row in found.rows):
        raise typer.Exit(_FAILED)
