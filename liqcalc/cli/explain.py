"""liqcalc explain: the page of an error or warning code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PAGES = Path(__file__).resolve().parent.parent / "pages"

EXAMPLES = """\
  liqcalc explain LQ301
"""
WORKED = """\
  $ liqcalc explain LQ301
  # LQ301: A tier table is old

  The table was last seen more than 90 days before the day that is asked about.

  Why it matters: Exchanges change tiers several times a year; a changed rate
  moves the liquidation price.
  ...
  What to do: Compare the row (`liqcalc tiers EXCHANGE SYMBOL`) with the
  exchange. If it differs, give tiers in the sheet, or --mmr and --deduction, or
  add a table to a folder of your own (--exchanges).
"""


def _codes(incomplete: str) -> list[str]:
    return [code for code in codes() if code.startswith(incomplete.upper())]


def command(
    code: Annotated[
        str | None,
        typer.Argument(autocompletion=_codes, help="e.g. LQ301; without: all"),
    ] = None,
) -> None:
    """Show what a code means, why it matters, and what to do."""
    from liqcalc.cli.output import emit

    if code is None:
        lines = [f"{name}  {title(name)}" for name in codes()]
        emit("\n".join([*lines, "", "liqcalc explain CODE prints the whole page"]))
        return
    emit(page(code))


def codes() -> list[str]:
    """Return all codes that have a page."""
    return sorted(path.stem for path in PAGES.glob("LQ*.md"))


def title(code: str) -> str:
    """Return the first line of a page without its code."""
    with (PAGES / f"{code}.md").open(encoding="utf-8") as file:
        return file.readline().removeprefix(f"# {code}").strip(" :\n")


def page(given: str) -> str:
    """Return the page of a code.

    Raises:
        InputError: there is none; says which codes come near.
    """
    code = given.strip().upper()
    known = codes()
    if code.isdecimal():
        code = f"LQ{code}"
    if code not in known:
        from difflib import get_close_matches

        from liqcalc.errors import Fault, InputError

        near = get_close_matches(code, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "liqcalc explain lists all"
        raise InputError(Fault("LQ117", "", f"there is no code {given!r}", hint))
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")
