"""liqcalc tiers: the margin tiers of a symbol."""

from __future__ import annotations

from typing import Annotated

import typer

from liqcalc.cli.options import AsOf, ExchangeName, Folders, Json, Symbol, as_options, modes, number

EXAMPLES = """\
  liqcalc tiers binance BTCUSDT --notional 1200000
  liqcalc tiers okx BTC-USDT-SWAP --contracts 2500
  liqcalc tiers bybit BTCUSDT --as-of 2025-01-01 --json
  liqcalc tiers kucoin XBTUSDTM --mode cross --qty 30 --notional 1800000
  liqcalc tiers htx BTC-USDT --rules legacy --leverage 125
"""
WORKED = """\
  $ liqcalc tiers binance BTCUSDT --notional 1200000 --as-of 2026-10-01
  binance BTCUSDT  sizes in USDT

     tier        from          to    mmr  deduction         imr  leverage
        1           0      300000   0.4%          0   0.666667%       150
        2      300000      800000   0.5%        300          1%       100
  >     3      800000     3000000  0.65%       1500   1.333333%        75
        4     3000000    12000000     1%      12000          2%        50
  ...
  1200000 USDT: tier 3, maintenance margin 6300 USDT, maximum leverage 75
  ...
"""


def command(
    exchange: ExchangeName,
    symbol: Symbol,
    *,
    notional: Annotated[str | None, number("N", "mark the tier that holds this value")] = None,
    contracts: Annotated[str | None, number("N", "the same, where tiers count contracts")] = None,
    qty: Annotated[
        str | None, number("N", "size in base coins, where rates follow a formula")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            autocompletion=modes,
            help="isolated or cross, where tables differ; default: isolated if there is one",
        ),
    ] = None,
    leverage: Annotated[
        str | None, number("L", "setting, where tables or a formula's initial rate depend on it")
    ] = None,
    rules: Annotated[
        str | None, typer.Option(metavar="NAME", help="rule set; default: the one in force")
    ] = None,
    as_of: AsOf = None,
    exchanges: Folders = None,
    json: Json = False,
) -> None:
    """Show the tier table in force, its source, and which others are known.

    Where rates follow a formula, that is shown with its numbers; a size in
    base coins (--qty) gives the rates, --notional the maintenance margin.
    """
    import time

    from liqcalc.answers.tiers import tiers
    from liqcalc.cli.output import emit, emit_json

    with as_options():
        answer = tiers(
            exchange,
            symbol,
            notional=notional,
            contracts=contracts,
            qty=qty,
            rules=rules,
            mode=mode,
            leverage=leverage,
            as_of=as_of,
            exchanges=exchanges or (),
            today=time.strftime("%Y-%m-%d"),
        )
    if json:
        emit_json(answer.to_dict())
        return
    from liqcalc.render.tiers import render

    emit(render(answer))
