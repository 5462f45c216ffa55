"""liqcalc verify: do the answers equal the exchanges' own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from liqcalc.cli.options import Folders, Json

if TYPE_CHECKING:
    from pathlib import Path

    from liqcalc.answers.verify import Verification

EXAMPLES = """\
  liqcalc verify
  liqcalc verify exchanges/okx exchanges/bybit/cases/inverse.yaml
  liqcalc verify my-exchanges --junit cases.xml
"""
WORKED = """\
  $ liqcalc verify exchanges/lighter
  exchange  evidence      cases  figures  passed  expected failures  failed
  lighter   api-response      1        8       1                  0       0
  total                       1        8       1                  0       0

  1 case, 8 figures, 0 expected failures: all as they should be
"""


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="files of cases, folders of them or exchange folders; default: all exchanges",
        ),
    ] = None,
    *,
    exchanges: Folders = None,
    json: Json = False,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="write JUnit XML as well")
    ] = None,
) -> None:
    """Run golden cases: what exchanges printed, against what liqcalc computes.

    Prints one line a figure that differs, and counts by exchange and kind of
    evidence. A case that is expected to fail and passes is a failure too.
    """
    from pathlib import Path

    from liqcalc.answers.verify import verify_paths
    from liqcalc.cli.output import complain, emit, emit_json
    from liqcalc.render import verify as render

    found = verify_paths([Path(path) for path in paths or ()], exchanges or ())
    if junit is not None:
        _write(Path(junit), found)
    if json:
        emit_json(found.to_dict())
    else:
        emit(render.text(found))
    if os.environ.get("GITHUB_ACTIONS"):
        for line in render.notices(found):
            complain(line)
    if found.failed:
        raise typer.Exit(1)


def _write(path: Path, found: Verification) -> None:
    from liqcalc.errors import Fault, InputError
    from liqcalc.render import verify as render

    try:
        path.write_text(render.junit(found), encoding="utf-8")
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise InputError(Fault("LQ116", str(path), message, "give --junit another FILE")) from None
