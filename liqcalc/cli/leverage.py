"""liqcalc leverage: the largest leverage at which a stop fires before liquidation."""

from __future__ import annotations

from typing import Annotated

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import number
from liqcalc.cli.stop import BasisRate, Csv, Hours, Slippage, TriggerWord
from liqcalc.errors import Fault, InputError

EXAMPLES = """\
  liqcalc leverage binance BTCUSDT long 0.5 -e 60000 --stop 58000
  liqcalc leverage bybit BTCUSDT short -e 60000 --stop 61500 --risk-rate 0.01 --wallet 10000
  liqcalc leverage okx BTC-USDT-SWAP long 1 -e 60000 --leverage 20
"""
WORKED = """\
  $ liqcalc leverage binance BTCUSDT long 0.5 -e 60000 --stop 58000 --as-of 2026-10-01
  ...
  stop                       58000  USDT  3.33% from the mark
  needed mark            57684.058  USDT  the mark that must be survived, all terms below counted
  loss at the stop       1058.4855  USDT  1304.3478 USDT if liquidated
  ...
  leverage  margin, USDT  liquidation    away        room  comes first
        1x         29985    30.120482  99.95%   57653.938  fires first
  ...
       20x          1485    57259.036   4.57%   425.02186  fires first
       23x     1289.3478    57651.912   3.91%   32.146004  fires first  <- the largest safe
       24x          1235    57761.044   3.73%  -76.986177  too near
  ...
"""

OptionalNumber = str | None
Stop = Annotated[
    str | None,
    typer.Option("--stop", metavar="PRICE", help="the stop; default: stop_price of the sheet"),
]
Risk = Annotated[
    OptionalNumber, number("MONEY", "to lose at the stop, fees included; gives the size")
]
RiskRate = Annotated[
    OptionalNumber, number("SHARE", "the same as a share of --wallet, e.g. 0.01 (1%)")
]
Buffer = Annotated[
    OptionalNumber,
    number("RATE", "how far beyond liquidation must lie, as a share of the distance; default 0.1"),
]


@about_position()
def command(
    request: Request,
    *,
    stop: Stop = None,
    risk: Risk = None,
    risk_rate: RiskRate = None,
    trigger: TriggerWord = None,
    slippage_bps: Slippage = None,
    basis: BasisRate = None,
    buffer: Buffer = None,
    holding_hours: Hours = None,
    csv: Csv = False,
) -> None:
    """Find the largest leverage at which a stop fires before liquidation.

    The position is one to be opened; give its size, or what it may lose at
    the stop. With --leverage and no --stop: the farthest stop at it.
    """
    from liqcalc.answers.leverage.question import leverage_of
    from liqcalc.cli import output
    from liqcalc.cli.options import as_options

    risked = risk is not None or risk_rate is not None
    given = {
        "trigger": trigger,
        "slippage_bps": slippage_bps,
        "basis": basis,
        "buffer": buffer,
        "holding_hours": holding_hours,
        "risk": risk,
        "risk_rate": risk_rate,
    }
    if risked:
        _refuse_size(request)
    case = request.case(sized=not risked)
    with as_options():
        answer = leverage_of(case, request.index(case), stop, given)
    if request.json:
        output.emit_answer(answer)
        return
    from liqcalc.render import leverage as screens

    if csv:
        output.emit_csv(screens.table_rows(answer))
    else:
        output.emit(screens.render(answer, trace=request.trace))


def _refuse_size(request: Request) -> None:
    sizes = ("qty", "notional", "contracts")
    typed = [name for name in sizes if request.typed[name] is not None]
    if typed:
        name = "qty" if typed[0] == "qty" else f"--{typed[0]}"
        message = "is given beside a risk, which gives the size"
        raise InputError(Fault("LQ122", name, message, "give one or the other"))
