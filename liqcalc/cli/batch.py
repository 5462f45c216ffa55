"""liqcalc batch: every position of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from liqcalc.cli.options import Folders

if TYPE_CHECKING:
    from liqcalc.batch.summary import Summary

WORKED = """\
  $ liqcalc batch docs/examples/positions.csv - --set as_of=2026-10-01 --columns liquidation_price
  exchange,symbol,side,qty,entry_price,leverage,liquidation_price
  binance,BTCUSDT,long,0.5,60000,20,57259.03614458
  binance,ETHUSDT,short,10,3000,25,3106.07569721
  bybit,BTCUSDT,short,0.20,61000,10,66879.2
  okx,BTC-USDT-SWAP,long,0.3,60500,12.5,55911.70220994475
  binance,BTCUSDT,long,half,60000,20,
"""
EXAMPLES = """\
  liqcalc batch positions.parquet results.parquet
  liqcalc batch positions.csv.gz results.parquet --set as_of=2026-10-01 --force
  producer | liqcalc batch - - --format jsonl --columns liquidation_price,status
  liqcalc batch positions.csv results.csv --strict --json > counts.json
"""
_OPTIONS = {"columns": "--columns", "today": "--today"}
_KIND = "parquet, csv or jsonl"


def command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="a file of positions; - is standard input")
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="the file to write; - is standard output")
    ],
    *,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="holds for every row; repeatable"),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="results to write; default: all"),
    ] = None,
    read_as: Annotated[
        str | None,
        typer.Option("--format", metavar="KIND", help=f"of IN: {_KIND}; default: by its suffix"),
    ] = None,
    write_as: Annotated[
        str | None,
        typer.Option("--to", metavar="KIND", help=f"of OUT: {_KIND}; default: by its suffix"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace OUT if it exists")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit 1 if a row is invalid; OUT is written")
    ] = False,
    today: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="day against which the age of tables is counted"),
    ] = None,
    exchanges: Folders = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="no progress bar, no counts")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print the counts as JSON")] = False,
) -> None:
    """Evaluate every position of a file, of any size: Parquet, CSV, JSON lines, or .gz of these.

    IN has a row a position, with the names of docs/sheet.md as columns: exchange, symbol,
    side, qty or contracts, entry_price or mark_price, and more. OUT has the same rows with
    what was found. A row that cannot be read gets the status invalid and a reason. Cross
    positions of one account_id stand together. OUT appears whole, or not at all.
    """
    summary = _evaluated(
        source,
        target,
        quiet=quiet,
        given=given or [],
        columns=columns,
        read_as=read_as,
        write_as=write_as,
        force=force,
        today=today,
        exchanges=exchanges or (),
    )
    _show(summary, target, quiet=quiet, json=json)
    if strict and summary.invalid:
        raise typer.Exit(1)


def _evaluated(
    source: str,
    target: str,
    *,
    quiet: bool,
    given: list[str],
    columns: str | None,
    **asked: Any,  # noqa: ANN401 - options that are handed on
) -> Summary:
    from liqcalc.batch import evaluate_file
    from liqcalc.cli.output import complain
    from liqcalc.errors import InputError
    from liqcalc.render.batch import bar

    if columns is not None:
        asked["columns"] = [name.strip() for name in columns.split(",")]
    try:
        with bar(quiet=quiet) as progress:
            return evaluate_file(source, target, given=_given(given), progress=progress, **asked)
    except InputError as error:
        faults = (f._replace(where=_OPTIONS.get(f.where, f.where)) for f in error.faults)
        raise InputError(*faults) from None
    except KeyboardInterrupt:
        if target != "-":
            complain(f"interrupted: {target} is as it was")
        raise


def _given(texts: list[str]) -> dict[str, str]:
    from liqcalc.errors import Fault, InputError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            message = f"is {text!r}, not NAME=VALUE"
            raise InputError(Fault("LQ128", "--set", message, "write as_of=2026-10-01"))
        found[name] = value
    return found


def _show(summary: Summary, target: str, *, quiet: bool, json: bool) -> None:
    """Print the counts; on standard error if standard output holds the rows."""
    from liqcalc.cli import output

    if json:
        import json as encoder

        from liqcalc.answers.answer import SCHEMA_VERSION

        data = {"schema_version": SCHEMA_VERSION, **summary.to_dict()}
        output.complain(encoder.dumps(data)) if target == "-" else output.emit_json(data)
    elif not quiet:
        from liqcalc.cli.explain import title
        from liqcalc.render.batch import render

        text = render(summary, target, title)
        output.complain(text) if target == "-" else output.emit(text)
