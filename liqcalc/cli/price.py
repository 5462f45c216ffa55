"""liqcalc price: one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import FailBelow, as_options, number

if TYPE_CHECKING:
    from liqcalc.answers.answer import PositionAnswer
    from liqcalc.answers.case import Case
    from liqcalc.answers.health.answer import AccountHealth

Atr = Annotated[
    str | None, number("PRICE", "average true range in quote: distance in its multiples")
]
Volatility = Annotated[
    str | None,
    number(
        "RATE",
        "of a day, as a fraction: 0.03 is 3% (annual / 19.1, the square root of 365); "
        "gives the chance of touching liquidation",
    ),
]
HorizonHours = Annotated[str | None, number("H", "of that chance; default: 24")]
EXAMPLES = """\
  liqcalc price binance BTCUSDT long 0.5 --entry 60000 --leverage 20
  liqcalc price okx BTC-USDT-SWAP short --contracts 100 -e 60000 -l 10 --trace
  liqcalc price hyperliquid ETH long 2 -e 3000 -l 10 --mode cross --wallet 1000
  liqcalc price bybit BTCUSDT long 0.5 -e 60000 -l 20 --volatility 0.03 --atr 1800
"""
WORKED = """\
  $ liqcalc price binance BTCUSDT long 0.5 -e 60000 -l 20 --as-of 2026-10-01 --volatility 0.03
  binance BTCUSDT  long 0.5, entry 60000, isolated 20x

  liquidation price   57259.03614458  USDT  liquidated when the mark reaches it
  distance from mark           4.57%        1370.48192771 USDT
  bankruptcy price             57030  USDT
  ...
  in daily moves                1.52        of 3%
  chance in 24 h               12.2%        estimate that the mark touches 57259.0361446
  ...
    at 80%                   57316.6  USDT  Binance advises to stay below
  ...
"""


@about_position(sheet=False)
def command(
    request: Request,
    *,
    fail_below: FailBelow = None,
    atr: Atr = None,
    volatility: Volatility = None,
    horizon_hours: HorizonHours = None,
) -> None:
    """Show the liquidation price of one position, and everything about it.

    Give the size as QTY, --notional or --contracts. Numbers are plain
    decimals; rates are fractions: 0.05% is 0.0005.
    """
    limit = _limit(fail_below)
    case = request.case()
    answer = case.answer.positions[0]
    _show(answer, measured(case, atr, volatility, horizon_hours), request)
    if limit is not None:
        _judge(answer, limit)


def measured(
    case: Case, atr: str | None, volatility: str | None, horizon_hours: str | None
) -> AccountHealth:
    """Return the health of a case by what was typed."""
    from liqcalc.answers.health.question import health_of, read_asked

    with as_options():
        return health_of(case, read_asked(atr, volatility, horizon_hours))


def _show(answer: PositionAnswer, found: AccountHealth, request: Request) -> None:
    from liqcalc.cli import output

    if request.json:
        from liqcalc.answers.answer import SCHEMA_VERSION

        data = {"schema_version": SCHEMA_VERSION, **answer.to_dict(), "health": found.parts()}
        output.emit_json(data)
        return
    from liqcalc.render import position

    output.emit(position.render(answer, found, trace=request.trace))


def _limit(text: str | None) -> Any:  # noqa: ANN401 - a Decimal or None
    if text is None:
        return None
    from liqcalc.answers.near import read_limit

    return read_limit(text)


def _judge(answer: PositionAnswer, limit: Any) -> None:  # noqa: ANN401 - a Decimal
    from liqcalc.answers.near import too_near
    from liqcalc.cli import output

    verdict = too_near(answer, limit)
    if verdict is not None:
        output.complain(f"fail-below: {verdict}")
        raise typer.Exit(1)
