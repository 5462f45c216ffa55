"""liqcalc what-if: a position before and after a change."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import number
from liqcalc.errors import Fault, InputError

EXAMPLES = """\
  liqcalc what-if binance BTCUSDT long 1 --entry 60000 -l 20 --add 1 --price 50000
  liqcalc what-if binance BTCUSDT long 1 --entry 60000 -l 20 --average-entry 57000 --price 55000
  liqcalc what-if --sheet account.yaml --position ETHUSDT --reduce 2
  liqcalc what-if okx BTC-USD-SWAP long 60000 -e 60000 -l 10 --mark 58000 --flip
  liqcalc what-if bybit BTCUSDT short 1 -e 60000 -l 10 --set-leverage 5
"""
WORKED = """\
  $ liqcalc what-if binance BTCUSDT long 1 --entry 60000 -l 20 --add 1 --price 50000
  binance BTCUSDT  long 1, entry 60000, mark 60000, isolated 20x
  what if: 1 BTC at 50000 more

                                  now           then      difference
  liquidation price    57259.03614458  52487.4497992  -4771.58634538  USDT
  distance from mark            4.57%         12.52%          +7.95%
  quantity                          1              2              +1  BTC
  entry price                   60000          55000           -5000  USDT
  margin                         2970           5445           +2475  USDT
  backing with profit            2970          15445          +12475  USDT
  notional                      60000         120000          +60000  USDT
  initial margin                 3000           6000           +3000  USDT
  maintenance margin              240            480            +240  USDT
  margin ratio                  8.08%          3.11%          -4.97%
  leverage setting                20x            20x
  effective leverage            20.2x          7.77x         -12.43x

  fee               25  USDT
  margin put in   2475  USDT
  free balance   -2500  USDT  profit less fee less what the margin gains

  ...
"""
_FLAGS = {
    "price": "--price",
    "entry_price": "--average-entry",
    "leverage": "--set-leverage",
    "money": "--move-margin",
}
_QTY = {"add": "--add", "reduce": "--reduce", "flip": "--flip"}


@about_position()
def command(
    request: Request,
    *,
    add: Annotated[str | None, number("QTY", "open so much more", "--add")] = None,
    average_entry: Annotated[
        str | None,
        number("PRICE", "open so much more that the average entry is this", "--average-entry"),
    ] = None,
    reduce: Annotated[str | None, number("QTY", "close so much", "--reduce")] = None,
    flip: Annotated[
        bool, typer.Option("--flip", help="close all and open as much on the other side")
    ] = False,
    set_leverage: Annotated[
        str | None, number("L", "set another leverage", "--set-leverage")
    ] = None,
    move_margin: Annotated[
        str | None,
        number("M", "money into the margin or wallet; below 0: out of it", "--move-margin"),
    ] = None,
    price: Annotated[
        str | None, number("PRICE", "of the trade; default: the mark", "--price")
    ] = None,
) -> None:
    """Show a position before and after one change, side by side.

    Give one of --add, --average-entry, --reduce, --flip, --set-leverage and
    --move-margin. Both columns are at the same mark.
    """
    from liqcalc.answers.change.what_if import changed, read_step
    from liqcalc.cli import output

    change, numbers = _asked(
        {
            "add": ("qty", add),
            "average": ("entry_price", average_entry),
            "reduce": ("qty", reduce),
            "flip": ("qty", "" if flip else None),
            "leverage": ("leverage", set_leverage),
            "money": ("money", move_margin),
        }
    )
    case = request.case()
    i = request.index(case)
    try:
        found = changed(case, i, read_step(change, numbers | {"price": price}))
    except InputError as error:
        flags = _FLAGS | {"qty": _QTY.get(change, "qty")}
        named = (
            fault._replace(where=flags.get(fault.where, fault.where)) for fault in error.faults
        )
        raise InputError(*named) from None
    if request.json:
        output.emit_answer(found)
        return
    from liqcalc.render import what_if

    output.emit(what_if.render(found, trace=request.trace))


def _asked(options: dict[str, tuple[str, str | None]]) -> tuple[str, dict[str, Any]]:
    """Return the one change that was typed, with its number."""
    given = {name: pair for name, pair in options.items() if pair[1] is not None}
    if len(given) != 1:
        message = "no change is given" if not given else "more than one change is given"
        hint = "give one of --add, --average-entry, --reduce, --flip, --set-leverage, --move-margin"
        raise InputError(Fault("LQ124", "", message, hint))
    ((change, (name, value)),) = given.items()
    return change, {name: value or None}
