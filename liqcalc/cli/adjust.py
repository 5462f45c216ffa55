"""liqcalc adjust: what brings a liquidation price to where it is wanted."""

from __future__ import annotations

from typing import Annotated

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import number
from liqcalc.errors import InputError

EXAMPLES = """\
  liqcalc adjust binance BTCUSDT long 0.5 --entry 60000 --leverage 20 --to 50000
  liqcalc adjust okx BTC-USD-SWAP short 60000 -e 60000 -l 10 --mark 61000 --distance 0.2
  liqcalc adjust --sheet account.yaml --position ETHUSDT --distance 0.3
"""
WORKED = """\
  $ liqcalc adjust binance BTCUSDT long 1 --entry 60000 --leverage 20 --to 50000
  binance BTCUSDT  long 1, entry 60000, mark 60000, isolated 20x
  wanted: no liquidation before 50000 USDT, 16.67% away

  margin: add        7230  USDT
  or size: close    0.711  BTC   fee 21.33 USDT, put back the 2090.34 USDT that it frees
  or leverage: set     5x        refused while the position is open; only a new one may have it

                                  now  with money      with size   with leverage
  liquidation price    57259.03614458       50000  49996.9775295  48222.89156627  USDT
  distance from mark            4.57%      16.67%         16.67%          19.63%
  quantity                          1           1          0.289               1  BTC
  entry price                   60000       60000          60000           60000  USDT
  margin                         2970       10200        2948.67           11970  USDT
  backing with profit            2970       10200        2948.67           11970  USDT
  notional                      60000       60000          17340           60000  USDT
  initial margin                 3000        3000            867           12000  USDT
  maintenance margin              240         240          69.36             240  USDT
  margin ratio                  8.08%       2.35%          2.35%           2.01%
  leverage setting                20x         20x            20x              5x
  effective leverage            20.2x       5.88x          5.88x           5.01x
  ...
"""
_FLAGS = {"liquidation_price": "--to", "distance_rate": "--distance"}


@about_position()
def command(
    request: Request,
    *,
    to: Annotated[str | None, number("PRICE", "liquidation price that is wanted", "--to")] = None,
    distance: Annotated[
        str | None,
        number("RATE", "instead of --to: its distance from the mark, 0.2 is 20%", "--distance"),
    ] = None,
) -> None:
    """Show what moves the liquidation price to where you want it.

    Three ways, each alone: money to add (or free to remove), a quantity to
    close (or that may be added), the leverage to set; and how the position
    stands after each.
    """
    from liqcalc.answers.change.adjust import adjusted
    from liqcalc.answers.change.aim import read_aim
    from liqcalc.cli import output

    case = request.case()
    i = request.index(case)
    try:
        aim = read_aim(case, i, to, distance)
    except InputError as error:
        named = (
            fault._replace(where=_FLAGS.get(fault.where, fault.where)) for fault in error.faults
        )
        raise InputError(*named) from None
    found = adjusted(case, i, aim)
    if request.json:
        output.emit_answer(found)
        return
    from liqcalc.render import adjust

    output.emit(adjust.render(found, trace=request.trace))
