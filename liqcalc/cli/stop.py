"""liqcalc stop: does a stop fire before liquidation?"""

from __future__ import annotations

from typing import Annotated

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import number

EXAMPLES = """\
  liqcalc stop binance BTCUSDT long 0.5 -e 60000 -l 20 --stop 58000
  liqcalc stop okx BTC-USDT-SWAP short 1 -e 60000 -l 25 --stop 61500 --stop 62000 --gap 0.01
  liqcalc stop --sheet account.yaml --position BTCUSDT --stop 58000 --trigger mark
"""
WORKED = """\
  $ liqcalc stop binance BTCUSDT long 0.5 -e 60000 -l 20 --stop 58000 --stop 57300 --gap 0.01
  binance BTCUSDT  long 0.5, entry 60000, isolated 20x

  liquidation    57259.03614458  USDT  4.57% from the mark
  furthest stop         57373.8  USDT  4.38% from the mark; one tick further is too near
  ...
   stop   away  last price   mark            fill        room  of distance  largest gap
  58000  3.33%  fires first  fires first    57942   625.02186       31.25%        1.08%
  57300   4.5%  too near     too near     57242.7  -73.578845       -2.73%            -

  loss, USDT  price  slippage  fee to close  fee to open  funding      total  if liquidated
       58000   1000        29       14.4855           15        0  1058.4855           1500
       57300   1350     28.65     14.310675           15        0  1407.9607           1500

   stop  after a gap of 1%      fill  comes first            lost
  58000              57420  57362.58  fires first       1348.0506
  57300              56727         -  liquidated first       1500
  ...
"""

Stops = Annotated[
    list[str] | None,
    typer.Option(
        "--stop", metavar="PRICE", help="the stop; repeatable; default: stop_price of the sheet"
    ),
]
OptionalNumber = str | None
TriggerWord = Annotated[
    str | None,
    typer.Option(metavar="WHICH", help="price that fires the stop: last (default) or mark"),
]
Slippage = Annotated[
    OptionalNumber, number("N", "how far beyond the stop it fills, in basis points; default 10")
]
BasisRate = Annotated[
    OptionalNumber,
    number("RATE", "how far the mark may stand beyond the last price; default 0.001 (0.1%)"),
]
Gap = Annotated[OptionalNumber, number("RATE", "a jump past the stop, as a share of it")]
Hours = Annotated[
    OptionalNumber, number("H", "held until the stop, for funding at --funding-rate; default 0")
]
Csv = Annotated[bool, typer.Option("--csv", help="print CSV")]


@about_position()
def command(
    request: Request,
    *,
    stop: Stops = None,
    trigger: TriggerWord = None,
    slippage_bps: Slippage = None,
    basis: BasisRate = None,
    gap: Gap = None,
    holding_hours: Hours = None,
    csv: Csv = False,
) -> None:
    """Tell whether a stop fires before liquidation, by how much, and what either costs.

    The stop closes the whole position at the market. Where the last price
    fires it, the mark may stand --basis beyond; what slips is survived too.
    Without --stop: the farthest stop that still fires first.
    """
    from liqcalc.answers.stops.question import stops_of
    from liqcalc.cli import output
    from liqcalc.cli.options import as_options

    given = {
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "gap": gap,
        "holding_hours": holding_hours,
    }
    case = request.case()
    with as_options():
        answer = stops_of(case, request.index(case), stop, given)
    if request.json:
        output.emit_answer(answer)
        return
    from liqcalc.render import stop as screens

    if csv:
        output.emit_csv(screens.table_rows(answer))
    else:
        output.emit(screens.render(answer, trace=request.trace))
