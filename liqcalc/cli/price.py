"""liqcalc price: one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import FailBelow

if TYPE_CHECKING:
    from liqcalc.answers.answer import PositionAnswer

EXAMPLES = """\
  liqcalc price binance BTCUSDT long 0.5 --entry 60000 --leverage 20
  liqcalc price okx BTC-USDT-SWAP short --contracts 100 -e 60000 -l 10 --trace
  liqcalc price hyperliquid ETH long 2 -e 3000 -l 10 --mode cross --wallet 1000
"""


@about_position(sheet=False)
def command(request: Request, *, fail_below: FailBelow = None) -> None:
    """Show the liquidation price of one position, and everything about it.

    Give the size as QTY, --notional or --contracts. Numbers are plain
    decimals; rates are fractions: 0.05% is 0.0005.
    """
    limit = _limit(fail_below)
    answer = request.case().answer.positions[0]
    _show(answer, request)
    if limit is not None:
        _judge(answer, limit)


def _show(answer: PositionAnswer, request: Request) -> None:
    from liqcalc.cli import output

    if request.json:
        from liqcalc.answers.answer import SCHEMA_VERSION

        output.emit_json({"schema_version": SCHEMA_VERSION, **answer.to_dict()})
        return
    from liqcalc.answers.public import load_exchange
    from liqcalc.render import position

    display = load_exchange(answer.exchange, exchanges=request.exchanges).meta.display
    output.emit(position.render(answer, display, trace=request.trace))


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
