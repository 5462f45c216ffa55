"""liqcalc exchanges: what is covered."""

from __future__ import annotations

from liqcalc.cli.options import Folders, Json, OptionalExchange

EXAMPLES = """\
  liqcalc exchanges
  liqcalc exchanges bybit
"""
WORKED = """\
  $ liqcalc exchanges okx
  OKX  linear, inverse; isolated, cross
  ...
  display
    mgnRatio   equity / (maintenance margin + fee to close)
      at 300%  OKX alerts every hour, if the default is kept (api-docs-2025-11)
  ...
"""


def command(
    name: OptionalExchange = None,
    *,
    exchanges: Folders = None,
    json: Json = False,
) -> None:
    """Show how well each margin mode is known; with NAME, all about one exchange.

    Evidence: reproduced = recorded numbers of the exchange match; documented =
    from its published formula or example; derived = follows from published
    rules; assumed = a gap filled by a guess that is named. Recorded: how many
    cases with figures of the exchange's own are reproduced; liqcalc verify
    proves it.
    """
    from liqcalc.answers.answer import SCHEMA_VERSION
    from liqcalc.answers.coverage import coverage, report
    from liqcalc.cli.output import emit, emit_json

    if name is not None:
        found = report(name, exchanges or ())
        if json:
            emit_json(found.to_dict())
            return
        from liqcalc.render.exchange import render_report

        emit(render_report(found))
        return
    all_of_them = coverage(exchanges or ())
    if json:
        rows = [entry.to_dict() for entry in all_of_them]
        emit_json({"schema_version": SCHEMA_VERSION, "exchanges": rows})
        return
    from liqcalc.render.exchange import render_coverage

    emit(render_coverage(all_of_them))
