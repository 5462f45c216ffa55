"""liqcalc account: every figure of account sheets."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from liqcalc.cli.options import AsOf, FailBelow, Folders, Json, Trace

EXAMPLES = """\
  liqcalc account sheet.yaml
  liqcalc account sheet.yaml --trace --as-of 2026-01-05
  cat sheets.jsonl | liqcalc account - --json --fail-below 10%
"""


def command(
    file: Annotated[str, typer.Argument(help="YAML, JSON or JSON lines; - is standard input")],
    *,
    as_of: AsOf = None,
    exchanges: Folders = None,
    fail_below: FailBelow = None,
    trace: Trace = False,
    json: Json = False,
) -> None:
    """Evaluate account sheets: positions, the account, and the joint move.

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
    answers = _evaluate(sheets, where, as_of=as_of, exchanges=exchanges or ())
    if json:
        from liqcalc.cli.output import emit_json

        for answer in answers:
            emit_json(answer.to_dict(), lines=len(answers) > 1)
    else:
        _print(answers, exchanges or (), trace=trace)
    if limit is not None:
        _judge(answers, limit)


def _evaluate(sheets: list[Any], where: str, **options: Any) -> list[Any]:  # noqa: ANN401
    import time

    from liqcalc.answers.sheets import evaluate_all

    return evaluate_all(sheets, where=where, today=time.strftime("%Y-%m-%d"), **options)


def _print(answers: list[Any], exchanges: Any, *, trace: bool) -> None:  # noqa: ANN401
    from liqcalc.answers.public import load_exchange
    from liqcalc.cli.output import emit
    from liqcalc.render import account

    displays = {
        name: load_exchange(name, exchanges=exchanges).meta.display
        for name in {answer.exchange for answer in answers}
    }
    emit("\n\n".join(account.render(a, displays[a.exchange], trace=trace) for a in answers))


def _judge(answers: list[Any], limit: Any) -> None:  # noqa: ANN401 - a Decimal
    from liqcalc.answers.near import too_near
    from liqcalc.cli.output import complain

    verdicts = [too_near(p, limit) for answer in answers for p in answer.positions]
    for verdict in filter(None, verdicts):
        complain(f"fail-below: {verdict}")
    if any(verdicts):
        raise typer.Exit(1)
