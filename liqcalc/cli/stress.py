"""liqcalc stress: an account under moves of the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from liqcalc.cli.options import AsOf, Folders, Json, Trace, number

if TYPE_CHECKING:
    from liqcalc.answers.case import Case
    from liqcalc.answers.stress.answer import Stress

WORKED = """\
  $ liqcalc stress docs/examples/cross.yaml --move -0.45:0.15:0.15 --survive -0.4
  binance stress  as of 2026-10-01, all prices move together

  move  BTCUSDT  ETHUSDT  equity USDT  margin ratio  liquidated
  -45%    33550     1595            0             -  BTCUSDT long, ETHUSDT short
  -30%    42700     2030         1200         10.5%
  -15%    51850     2465         3600         4.25%
    0%    61000     2900         6000            3%
  +15%    70150     3335         8400         2.46%

            -45% -30% -15%   0% +15%
  account   X    · 10 ·  4 ·  3 ·  2
  ratio: · 0%  ░ 25%  ▒ 50%  ▓ 80%  x partly, X wholly liquidated  ? not known

  liquidated on the way down, in order
  1.  -36.79%  account  at BTCUSDT 38558.786, ETHUSDT 1833.1226
                        take over BTCUSDT long 0.5 at 38331.226
                        take over ETHUSDT short 5 at 1833.1226
                        left behind it: 0 USDT

  ends at  account  -36.79%  of all prices together; no rise below +10000%

  brought down by BTCUSDT long

  in account     profit from here to -36.79%  requires there  if closed now
  BTCUSDT long                -11220.61 USDT  77.117573 USDT  none
  ETHUSDT short                 5334.39 USDT  36.662453 USDT  -19.33%

  to survive -40%, do one of these:
  account  add 508.01 USDT              stays yours, as margin
           close 0.021 of BTCUSDT long  0.6405 USDT fee             cheapest
           close ETHUSDT short          not enough, even all of it

  ...
"""
EXAMPLES = """\
  liqcalc stress account.yaml --move -0.5:0.5:0.1 --survive -0.4
  liqcalc stress account.yaml --beta ETHUSDT=1.3 --by BTCUSDT --picture stress.png
  liqcalc stress account.yaml --path-file prices.csv --csv > walked.csv
"""


def command(
    file: Annotated[
        str, typer.Argument(help="an account sheet, YAML or JSON; - is standard input")
    ],
    *,
    move: Annotated[
        str | None,
        number(
            "FROM:TO:STEP",
            "moves as fractions of the marks, or a list -0.2,-0.1; default -0.3:0.3:0.05",
        ),
    ] = None,
    symbol: Annotated[
        str | None,
        typer.Option(metavar="SYMBOL", help="only this one moves; default: all together"),
    ] = None,
    beta: Annotated[
        list[str] | None,
        typer.Option(metavar="SYMBOL=B", help="moves B times as far; default 1; repeatable"),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="SYMBOL", help="a plane: its moves against all others'")
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(
            "--path-file",
            metavar="FILE",
            help="prices to walk along, CSV or JSON, instead of moves",
        ),
    ] = None,
    survive: Annotated[
        str | None, number("MOVE", "find the least cash, or the least to close, to survive this")
    ] = None,
    fill: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="where liquidations close: process (as the exchange says), trigger, bankruptcy",
        ),
    ] = "process",
    slippage_bps: Annotated[
        str, number("N", "how much worse than the mark they fill, in basis points")
    ] = "0",
    picture: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="write a chart, .png or .svg (liqcalc[charts])"),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="print CSV, a row a point")] = False,
    as_of: AsOf = None,
    exchanges: Folders = None,
    trace: Trace = False,
    json: Json = False,
) -> None:
    """Show an account under moves of the market: what is liquidated, when, and what saves it.

    Prices move straight from the marks: together, one alone, each by its beta,
    or along a file of prices. A move of -0.3 is a fall of 30%.
    """
    case, where = _case(file, as_of, exchanges or ())
    answer = _answer(
        case,
        where,
        path,
        moves=move,
        symbol=symbol,
        betas=beta,
        by=by,
        survive=survive,
        fill=fill,
        slippage_bps=slippage_bps,
        picture=picture,
    )
    if picture is not None:
        from liqcalc.render.charts import write

        write(answer, picture)
    _show(answer, case, json=json, csv=csv, trace=trace)


_OPTIONS = {"symbol": "--symbol", "path": "--path-file", "--path": "--path-file"}


def _case(file: str, as_of: str | None, exchanges: Any) -> tuple[Case, str]:  # noqa: ANN401
    import time

    from liqcalc.answers.case import Case
    from liqcalc.cli.source import read_text
    from liqcalc.errors import Fault, InputError
    from liqcalc.rules.catalog import Catalog
    from liqcalc.rules.sheet_file import read_sheets

    text, where = read_text(file)
    sheets = read_sheets(text, where)
    if len(sheets) != 1:
        message = f"holds {len(sheets)} sheets, the question is about one"
        raise InputError(Fault("LQ101", where, message))
    sheet = sheets[0] if as_of is None else sheets[0]._replace(as_of=as_of)
    return Case(sheet, Catalog(exchanges), time.strftime("%Y-%m-%d")), where


def _answer(case: Case, where: str, path: str | None, **asked: Any) -> Stress:  # noqa: ANN401
    from liqcalc.answers.request import together
    from liqcalc.answers.stress.question import stress_case
    from liqcalc.cli.options import as_option
    from liqcalc.cli.source import read_text
    from liqcalc.errors import InputError

    picture = asked.pop("picture")
    try:
        read, betas, _ = together(
            lambda: (None, "path") if path is None else read_text(path),
            lambda: _betas(asked.pop("betas") or []),
            lambda: _suffix(picture),
        )
        return stress_case(case, path=read[0], where=read[1], betas=betas, **asked)
    except InputError as error:
        faults = [fault if fault.where == where else as_option(fault) for fault in error.faults]
        raise InputError(
            *(f._replace(where=_OPTIONS.get(f.where, f.where)) for f in faults)
        ) from None


def _suffix(picture: str | None) -> None:
    if picture is not None:
        from liqcalc.render.charts import check

        check(picture)


def _betas(given: list[str]) -> dict[str, str]:
    from liqcalc.errors import Fault, InputError

    found = {}
    faults = []
    for text in given:
        symbol, equals, value = text.rpartition("=")
        if equals and symbol:
            found[symbol] = value
        else:
            message = f"is {text!r}, not SYMBOL=B"
            faults.append(Fault("LQ126", "--beta", message, "write ETHUSDT=1.3"))
    if faults:
        raise InputError(*faults)
    return found


def _show(answer: Stress, case: Case, *, json: bool, csv: bool, trace: bool) -> None:
    from liqcalc.cli import output

    if json:
        output.emit_json(answer.to_dict())
    elif csv:
        from liqcalc.render.stress_csv import render as as_csv

        output.emit(as_csv(answer))
    else:
        from liqcalc.render.stress import render

        display = case.catalog.exchange(answer.exchange).meta.display
        output.emit(render(answer, display, trace=trace))
