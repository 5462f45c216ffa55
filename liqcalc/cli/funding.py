"""liqcalc funding: what a position pays for being held, and when that ends it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from liqcalc.cli.asked import Request, about_position
from liqcalc.cli.options import as_option, number
from liqcalc.errors import Fault, InputError

EXAMPLES = """\
  liqcalc funding binance BTCUSDT long 0.5 -e 60000 -l 20 --funding-rate 0.0001
  liqcalc funding bybit BTCUSD short 60000 -e 60000 -l 10 --rates 0.0001,0.0003,-0.0001
  liqcalc funding okx BTC-USDT-SWAP long 1 -e 60000 -l 50 --rates-file rates.csv --csv
  liqcalc funding --sheet account.yaml --all --start 2026-01-31T05:00 --holding-hours 72
"""
WORKED = """\
  $ liqcalc funding binance BTCUSDT long 0.5 -e 60000 -l 20 --funding-rate 0.0001 --as-of 2026-07-02
  binance BTCUSDT  funding of long 0.5, mark 60000, isolated

  paid  every 8 hours, by who holds at that instant, on the value at the mark
  from  cross: wallet balance; isolated: the position's own wallet, so its liquidation price moves
  held  for 1 day from just after a payment; the mark stands still

  #  after          rate  value  payment  total  margin     liquidation  distance
     at the start                                  1485  57259.03614458     4.57%
  1  8 h           0.01%  30000        3      3    1482  57265.06024096     4.56%
  2  16 h          0.01%  30000        3      6    1479  57271.08433735     4.55%
  3  1 day         0.01%  30000        3      9    1476  57277.10843373     4.54%

  total          paid 9 USDT in 3 payments, 0.03% of the value at the start
  in this time   not liquidated; liquidation from 57259.03614458 to 57277.10843373
  funding alone  payment 455 liquidates, after 151 days 16 h (rate 0.01%, unchanged mark)

  until funding alone liquidates:  ─── mark  ●●● liquidation price
          60000 │─────────────────────────────────────────────────────────────────────●●●●
                │                                                            ●●●●●●●●●
                │                                                     ●●●●●●●
                │                                             ●●●●●●●●
                │                                    ●●●●●●●●●
                │                            ●●●●●●●●
                │                     ●●●●●●●
                │             ●●●●●●●●
                │     ●●●●●●●●
  57259.0361446 │●●●●●
                └─────────────────────────────────────────────────────────────────────────
                 start                                                          151.7 days
  ...
"""

OptionalNumber = str | None
RateList = Annotated[
    str | None,
    typer.Option("--rates", metavar="R1,R2,..", help="a rate for each interval, instead of one"),
]
RatesFile = Annotated[
    str | None,
    typer.Option(
        "--rates-file",
        metavar="FILE",
        help="past rates with times: CSV with a header, or JSON; - is standard input",
    ),
]
Hours = Annotated[
    OptionalNumber,
    number("H", "how long it is held; default: as long as the rates last, a day for one rate"),
]
Start = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="2026-01-31T05:00, UTC; default: just after a payment"),
]
Interval = Annotated[
    OptionalNumber, number("H", "between payments, where the contract differs from its exchange")
]
Path = Annotated[
    str | None,
    typer.Option(
        metavar="P1,P2,..",
        help="marks, evenly over the time; as many as payments: one each; default: unchanged",
    ),
]
Free = Annotated[
    OptionalNumber, number("M", "balance beside the isolated margin, where funding takes it first")
]
All = Annotated[
    bool, typer.Option("--all", help="all positions of the sheet with a funding_rate pay")
]
Csv = Annotated[bool, typer.Option("--csv", help="print CSV, a row a payment")]
NoChart = Annotated[bool, typer.Option("--no-chart", help="leave the picture out")]


@about_position()
def command(
    request: Request,
    *,
    rates: RateList = None,
    rates_file: RatesFile = None,
    holding_hours: Hours = None,
    start: Start = None,
    interval_hours: Interval = None,
    path: Path = None,
    free_balance: Free = None,
    every_position: All = False,
    csv: Csv = False,
    no_chart: NoChart = False,
) -> None:
    """Show each funding payment and the liquidation price after it.

    And when funding alone would liquidate at an unchanged mark. Rates are
    fractions, 0.01% is 0.0001; above 0 longs pay. One rate (--funding-rate)
    is held all the time.
    """
    given = {
        "holding_hours": holding_hours,
        "start": start,
        "interval_hours": interval_hours,
        "free_balance": free_balance,
    }
    rate = request.typed.get("funding_rate")
    sources = {"--funding-rate": rate, "--rates": rates, "--rates-file": rates_file}
    named = [name for name, value in sources.items() if value is not None]
    if len(named) > 1:
        raise InputError(Fault("LQ100", "", f"{' and '.join(named)} given together", "give one"))
    try:
        answer = _asked(request, rates, rates_file, path, given, every_position=every_position)
    except InputError as error:
        raise InputError(*map(_as_typed, error.faults)) from None
    _show(answer, request, csv=csv, chart=not no_chart)


def _asked(
    request: Request,
    rates: str | None,
    rates_file: str | None,
    path: str | None,
    given: dict[str, str | None],
    *,
    every_position: bool,
) -> Any:  # noqa: ANN401 - a FundingAnswer
    from liqcalc.answers.funding.inputs import read_asked
    from liqcalc.answers.funding.question import focus, funding_of

    case = request.case()
    i = focus(case, request.typed.get("position"), every_position=every_position)
    found: Any = None if rates is None else _listed(rates)
    if rates_file is not None:
        from liqcalc.answers.funding.rates import read_rates
        from liqcalc.cli.source import read_text

        found = read_rates(*read_text(rates_file), symbol=case.sheet.positions[i].symbol)
    asked = read_asked(
        funding_rate=None, rates=found, path=[] if path is None else _listed(path), **given
    )
    return funding_of(case, i, asked, every_position=every_position)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _as_typed(fault: Fault) -> Fault:
    """Return a fault with the option's name for its input."""
    name, bracket, rest = fault.where.partition("[")
    if bracket and name in {"rates", "path"}:
        return fault._replace(where=f"--{name}: number {int(rest.rstrip(']')) + 1}")
    found: Fault = as_option(fault)
    return found


def _show(answer: Any, request: Request, *, csv: bool, chart: bool) -> None:  # noqa: ANN401
    from liqcalc.cli import output

    if request.json:
        output.emit_answer(answer)
        return
    from liqcalc.render import funding as screens

    if csv:
        output.emit_csv(screens.table_rows(answer))
    else:
        output.emit(screens.render(answer, trace=request.trace, chart=chart))
