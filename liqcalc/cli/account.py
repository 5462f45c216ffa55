"""liqcalc account: every figure of account sheets."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from liqcalc.cli.options import AsOf, FailBelow, Folders, Json, Trace
from liqcalc.cli.price import Atr, HorizonHours, Volatility

EXAMPLES = """\
  liqcalc account sheet.yaml
  liqcalc account sheet.yaml --trace --as-of 2026-01-05
  liqcalc account sheet.yaml --volatility 0.04 --horizon-hours 72
  cat sheets.jsonl | liqcalc account - --json --fail-below 10%
"""
WORKED = """\
  $ liqcalc account docs/examples/cross.yaml
  binance  as of 2026-10-01

  position       size  entry   mark     liquidation  distance
  BTCUSDT long    0.5  60000  61000  49313.25301205    19.16%  cross
  ETHUSDT short     5   3000   2900    4059.3625498    39.98%  cross
  ...
  margin ratio          3%        maintenance margin / margin balance; rises, liquidates at 100%
  ...
  nearest     -19.16%  of BTCUSDT alone liquidates BTCUSDT long
  joint move  -36.79% or x107996  of all prices together liquidates the account
  ...
  warning level   at       mark or move
  BTCUSDT long   80%              49392  Binance advises to stay below
  ...
  all prices     80%  -36.61% or x72368
  ...
"""


def command(
    file: Annotated[str, typer.Argument(help="YAML, JSON or JSON lines; - is standard input")],
    *,
    as_of: AsOf = None,
    exchanges: Folders = None,
    fail_below: FailBelow = None,
    atr: Atr = None,
    volatility: Volatility = None,
    horizon_hours: HorizonHours = None,
    trace: Trace = False,
    json: Json = False,
) -> None:
    """Evaluate account sheets: positions, the account, its health, and the joint move.

    --atr and --volatility hold for every position; a sheet can give each
    position an atr and a volatility of its own. Where positions are in several
    symbols, an atr can only come from the sheet.

    Several documents are several sheets, answered in order; with --json each
    answer is one line. When one is wrong, all faults are told and nothing is
    answered.
    """
    from liqcalc.answers.near import read_limit
    from liqcalc.cli.source import read_text
    from liqcalc.rules.sheet_file import read_sheets

    limit = None if fail_below is None else read_limit(fail_below)
    text, where = read_text(file)
    sheets = read_sheets(text, where)
    ask = _question(atr, volatility, horizon_hours)
    answers = _evaluate(ask, sheets, where, as_of=as_of, exchanges=exchanges or ())
    if json:
        from liqcalc.cli.output import emit_json

        for answer, found in answers:
            data = {**answer.to_dict(), "health": found.parts()}
            emit_json(data, lines=len(answers) > 1)
    else:
        from liqcalc.cli.output import emit
        from liqcalc.render.account import render

        emit("\n\n".join(render(answer, found, trace=trace) for answer, found in answers))
    if limit is not None:
        _judge([answer for answer, _ in answers], limit)


def _question(*typed: str | None) -> Any:  # noqa: ANN401 - a function of a Case
    from liqcalc.answers.health.question import health_of, read_asked
    from liqcalc.cli.options import as_options

    with as_options():
        asked = read_asked(*typed)
    return lambda case: (case.answer, health_of(case, asked))


def _evaluate(ask: Any, sheets: list[Any], where: str, **options: Any) -> list[Any]:  # noqa: ANN401
    import time

    from liqcalc.answers.sheets import ask_all

    return ask_all(ask, sheets, where=where, today=time.strftime("%Y-%m-%d"), **options)


def _judge(answers: list[Any], limit: Any) -> None:  # noqa: ANN401 - a Decimal
    from liqcalc.answers.near import too_near
    from liqcalc.cli.output import complain

    verdicts = [too_near(p, limit) for answer in answers for p in answer.positions]
    for verdict in filter(None, verdicts):
        complain(f"fail-below: {verdict}")
    if any(verdicts):
        raise typer.Exit(1)
