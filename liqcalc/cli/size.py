"""liqcalc size: how large a position may be for what it may lose."""

from __future__ import annotations

from typing import Annotated

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.leverage import Buffer
from liqcalc.cli.options import number
from liqcalc.cli.stop import BasisRate, Hours, Slippage, TriggerWord

EXAMPLES = """\
  liqcalc size binance BTCUSDT long --entry 60000 --stop 58000 --risk 500
  liqcalc size bybit BTCUSDT short -e 60000 --stop 61500 --risk-rate 0.01 --wallet 10000
  liqcalc size okx BTC-USD-SWAP long -e 60000 -l 10 --stop 58000 --target 66000 --risk 0.01
"""
WORKED = """\
  $ liqcalc size binance BTCUSDT long --entry 60000 --stop 58000 --risk 500 --target 66000
  binance BTCUSDT  long, entry 60000, isolated, stop 58000, risk 500 USDT

  size  0.236  BTC

  leverage                   23x        the largest safe; one step above, liquidation comes first
  notional                 14160  USDT
  margin               608.57217  USDT  with the opening fee 615.65217
  liquidation     57651.91199581  USDT  3.91% from the mark
  loss at stop         499.60516  USDT  price 472, slippage 13.688, fees 7.08 + 6.837156
    one lot more       501.72213  USDT  with 0.001 BTC more, above the risk
  if liquidated        615.65217  USDT  all of the position's margin, the opening fee and funding
  gain at target        1401.132  USDT  at 66000: profit 1416, fees 7.08 + 7.788
  reward to risk            2.80        gain at target over loss at stop
  ...
"""

OptionalNumber = str | None
Stop = Annotated[
    OptionalNumber, number("PRICE", "the stop; default: stop_price of the sheet", "--stop")
]


@about_position(sized=False)
def command(
    request: Request,
    *,
    stop: Stop = None,
    risk: Annotated[
        OptionalNumber, number("MONEY", "to lose at the stop, all costs included", "--risk")
    ] = None,
    risk_rate: Annotated[
        OptionalNumber,
        number("SHARE", "instead of --risk: a share of --wallet, e.g. 0.01 (1%)", "--risk-rate"),
    ] = None,
    target: Annotated[
        OptionalNumber, number("PRICE", "where the gain is taken", "--target")
    ] = None,
    trigger: TriggerWord = None,
    slippage_bps: Slippage = None,
    basis: BasisRate = None,
    buffer: Buffer = None,
    holding_hours: Hours = None,
) -> None:
    """Find how large a position may be for what it may lose at its stop.

    The largest quantity whose loss at the stop, with fees, slippage and
    funding, is within the risk, and the leverage at which the stop fires
    before liquidation. A size that is liquidated before its stop, or that the
    account does not carry, is refused: exit 1, with the nearest that works.
    """
    from liqcalc.answers.size.question import size_of
    from liqcalc.cli import output
    from liqcalc.cli.options import as_options

    given = {
        "risk": risk,
        "risk_rate": risk_rate,
        "target": target,
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "buffer": buffer,
        "holding_hours": holding_hours,
    }
    case = request.case(sized=False)
    with as_options():
        answer = size_of(case, request.index(case), stop, given)
    if request.json:
        output.emit_answer(answer)
    else:
        from liqcalc.render import size

        output.emit(size.render(answer, trace=request.trace))
    if answer.fit != "fits":
        raise typer.Exit(1)
