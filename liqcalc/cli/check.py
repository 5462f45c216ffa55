"""liqcalc check: is the data of exchange folders sound."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from liqcalc.cli.options import Json

EXAMPLES = """\
  liqcalc check
  liqcalc check exchanges/binance
  liqcalc check my-exchanges --json
"""
WORKED = """\
  $ liqcalc check exchanges/lighter
  checked 21 files of 1 exchange: nothing wrong
"""


def command(
    folders: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR",
            help="an exchange folder or a folder of them; default: all that liqcalc reads",
        ),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Check exchange folders: shape, sources, dates, tiers, golden cases.

    Every fault is printed with file and line; nothing is changed. A folder
    without exchange.yaml overrides files of the exchange of its name.
    """
    from liqcalc.cli.output import complain, emit, emit_json
    from liqcalc.render import check as render
    from liqcalc.rules.check import check_catalog

    checked = check_catalog(folders or ())
    if json:
        emit_json(render.data(checked))
    else:
        emit(render.text(checked))
    if os.environ.get("GITHUB_ACTIONS"):
        for line in render.notices(checked.faults):
            complain(line)
    if checked.faults:
        raise typer.Exit(1)
