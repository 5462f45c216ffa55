"""liqcalc tiers: the margin tiers of a symbol."""

from __future__ import annotations

from typing import Annotated

from liqcalc.cli.options import AsOf, ExchangeName, Folders, Json, Symbol, number

EXAMPLES = """\
  liqcalc tiers binance BTCUSDT --notional 1200000
  liqcalc tiers okx BTC-USDT-SWAP --contracts 2500
  liqcalc tiers bybit BTCUSDT --as-of 2025-01-01 --json
"""


def command(
    exchange: ExchangeName,
    symbol: Symbol,
    *,
    notional: Annotated[str | None, number("N", "mark the tier that holds this value")] = None,
    contracts: Annotated[str | None, number("N", "the same, where tiers count contracts")] = None,
    as_of: AsOf = None,
    exchanges: Folders = None,
    json: Json = False,
) -> None:
    """Show the tier table in force, its source, and which others are known."""
    import time

    from liqcalc.answers.tiers import tiers
    from liqcalc.cli.output import emit, emit_json

    answer = tiers(
        exchange,
        symbol,
        notional=notional,
        contracts=contracts,
        as_of=as_of,
        exchanges=exchanges or (),
        today=time.strftime("%Y-%m-%d"),
    )
    if json:
        emit_json(answer.to_dict())
        return
    from liqcalc.render.tiers import render

    emit(render(answer))
