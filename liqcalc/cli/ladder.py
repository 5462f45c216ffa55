"""liqcalc ladder: what the exchange does from the trigger on."""

from __future__ import annotations

from typing import Annotated

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import number

EXAMPLES = """\
  liqcalc ladder gate BTC_USDT long 20 --entry 60000 --leverage 20
  liqcalc ladder okx BTC-USDT-SWAP short 60 -e 60000 -l 20 --to 64000 --slippage-bps 15
  liqcalc ladder hyperliquid BTC long 5 -e 60000 -l 20 --to 57000 --jump
  liqcalc ladder --sheet account.yaml --position BTCUSDT --path 58000,61000,54000 --together
"""
WORKED = """\
  $ liqcalc ladder hyperliquid BTC long 5 -e 60000 -l 20
  hyperliquid BTC  long 5, entry 60000, isolated 20x

  liquidation price  57748.8607594937
  the mark           moves on to where the position ends, until nothing is left of it
  steps fill         as the exchange's process says, orders in full
  process            docs-liquidations, in force since 2023-01-01

         mark  step    closed      fill  at    realised     fee  left  margin left  tier  next liq.
  1  57748.86  reduce       1  57748.86  mark  -2251.14   25.99     4     12587.87     1   57572.69
  2  57572.69  close        4  57572.69  mark  -9709.24  103.63     0      2775.00

  margin before   14865.00  USDC
  realised       -11960.38  USDC
  fees             -129.62  USDC; to the exchange
  margin after     2775.00  USDC; what the trader keeps

  ...
"""

OptionalNumber = str | None
To = Annotated[
    OptionalNumber,
    number("PRICE", "where the mark goes; default: on against the position until it is gone"),
]
Path = Annotated[
    str | None,
    typer.Option("--path", metavar="P1,P2,...", help="marks one after another, instead of --to"),
]
Together = Annotated[
    bool, typer.Option("--together", help="all other prices move by the same share")
]
Jump = Annotated[
    bool, typer.Option("--jump", help="a gap: the mark leaps to its prices, nothing between")
]
FillWord = Annotated[
    str,
    typer.Option(
        metavar="WHERE",
        help="where steps close: process (as the exchange says), trigger (the mark), bankruptcy",
    ),
]
Slippage = Annotated[str, number("N", "how much worse than the mark orders fill, in basis points")]
Every = Annotated[bool, typer.Option("--all", help="show every row of a long ladder")]


@about_position()
def command(
    request: Request,
    *,
    to: To = None,
    path: Path = None,
    together: Together = False,
    jump: Jump = False,
    fill: FillWord = "process",
    slippage_bps: Slippage = "0",
    every: Every = False,
) -> None:
    """Show what the exchange does from the trigger on, step by step, and what is left.

    Orders are cancelled, the position is reduced or taken over; each line has
    the mark, what is closed, at which price, what it costs and what is left.
    """
    from liqcalc.answers.ladder.question import ladder_of
    from liqcalc.cli import output
    from liqcalc.cli.options import as_options

    given = {
        "to": to,
        "path": None if path is None else [part.strip() for part in path.split(",")],
        "together": together,
        "jump": jump,
        "fill": fill,
        "slippage_bps": slippage_bps,
    }
    case = request.case()
    with as_options():
        answer = ladder_of(case, request.index(case), given)
    if request.json:
        output.emit_answer(answer)
        return
    from liqcalc.render.ladder import render

    output.emit(render(answer, trace=request.trace, every=every))
