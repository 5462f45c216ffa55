"""The position that a command is about: typed as options, or one of a sheet.

Every question about a position takes the same inputs under the same names. A
command declares only what is its own; `about_position` adds these and hands
what was typed over as a `Request`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from liqcalc.cli.options import (
    FLAGS,
    AsOf,
    ExchangeName,
    Folders,
    Json,
    Mode,
    Side,
    Symbol,
    Trace,
    as_options,
    number,
)
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from liqcalc.answers.case import Case

OptionalNumber = str | None
_ARGUMENTS = ("exchange", "symbol", "side")
_OWN = ("sheet", "position", "parameter", "exchanges", "trace", "json")


def _inputs(
    exchange: ExchangeName,
    symbol: Symbol,
    side: Side,
    qty: Annotated[
        OptionalNumber,
        typer.Argument(help="base coins; inverse: face value in quote"),
    ] = None,
    *,
    entry: Annotated[str, number("PRICE", "average entry price", "--entry", "-e")],
    notional: Annotated[OptionalNumber, number("N", "size as value at entry, in quote")] = None,
    contracts: Annotated[OptionalNumber, number("N", "size in contracts")] = None,
    leverage: Annotated[OptionalNumber, number("L", "leverage", "--leverage", "-l")] = None,
    margin: Annotated[
        OptionalNumber, number("M", "isolated margin now, without unrealised profit")
    ] = None,
    extra_margin: Annotated[
        OptionalNumber, number("X", "isolated: added by hand on top of the default margin")
    ] = None,
    mode: Mode = "isolated",
    wallet: Annotated[
        OptionalNumber, number("W", "cross: cash behind the position, without unrealised profit")
    ] = None,
    mark: Annotated[OptionalNumber, number("PRICE", "mark price; default: the entry price")] = None,
    as_of: AsOf = None,
    taker: Annotated[OptionalNumber, number("RATE", "your taker fee, e.g. 0.0004")] = None,
    mmr: Annotated[
        OptionalNumber, number("RATE", "maintenance rate, instead of the tier table")
    ] = None,
    deduction: Annotated[OptionalNumber, number("D", "deduction that goes with --mmr")] = None,
    max_leverage: Annotated[
        OptionalNumber, number("L", "maximum that the exchange reports for the position")
    ] = None,
    liquidation_fee: Annotated[
        OptionalNumber, number("RATE", "liquidation fee, where the condition holds it")
    ] = None,
    index: Annotated[
        OptionalNumber, number("PRICE", "spot index or oracle; default: the mark price")
    ] = None,
    funding_rate: Annotated[
        OptionalNumber, number("RATE", "coming funding rate per interval, + = longs pay")
    ] = None,
    opened: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="day of opening, where the rules depend on it"),
    ] = None,
    risk_level: Annotated[
        int | None, typer.Option(metavar="N", help="risk level that you set, 1 = lowest")
    ] = None,
    rules: Annotated[
        str | None, typer.Option(metavar="NAME", help="rule set; default: the one in force")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="one rule parameter; repeatable")
    ] = None,
    exchanges: Folders = None,
    trace: Trace = False,
    json: Json = False,
) -> None:
    """Hold the declaration of the inputs; it is never called."""


_SHEET = inspect.Parameter(
    "sheet",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        typer.Option(
            "--sheet", metavar="FILE", help="an account sheet instead; - is standard input"
        ),
    ],
)
_POSITION = inspect.Parameter(
    "position",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        typer.Option(
            "--position", metavar="NAME", help="which of the sheet: SYMBOL, or SYMBOL:long"
        ),
    ],
)


class Request:
    """What was typed about the position.

    Attributes:
        given: the inputs under the library's names.
        trace, json: how the answer is shown.
    """

    def __init__(self, typed: dict[str, Any]) -> None:
        self.typed = typed
        self.exchanges: tuple[str, ...] = tuple(typed["exchanges"] or ())
        self.trace: bool = typed["trace"]
        self.json: bool = typed["json"]

    @property
    def given(self) -> dict[str, Any]:
        """Return what was typed, by the library's names."""
        names = {flag.lstrip("-").replace("-", "_"): name for name, flag in FLAGS.items()}
        inputs = {k: v for k, v in self.typed.items() if k not in {*_ARGUMENTS, *_OWN}}
        given = {names.get(name, name): value for name, value in inputs.items()}
        if self.typed["parameter"]:
            from liqcalc.rules.sheet_file import read_parameters

            given["parameters"] = read_parameters(self.typed["parameter"])
        return given

    def case(self, *, sized: bool = True) -> Case:
        """Return the case that is asked about: of the sheet, or of the options.

        Args:
            sized: False if the question is how large the position should be.

        Raises:
            InputError: every input that cannot be used.
        """
        import time

        from liqcalc.answers.case import Case

        today = time.strftime("%Y-%m-%d")
        if self.typed.get("sheet") is not None:
            return self._sheet_case(today)
        from liqcalc.answers.request import sheet_of
        from liqcalc.rules.catalog import Catalog

        missing = [name.upper() for name in _ARGUMENTS if self.typed[name] is None]
        if missing:
            message = f"{', '.join(missing)} not given"
            raise InputError(Fault("LQ100", "", message, "type them, or give --sheet FILE"))
        catalog = Catalog(self.exchanges)
        exchange, symbol, side = (self.typed[name] for name in _ARGUMENTS)
        with as_options():
            sheet = sheet_of(catalog, exchange, symbol, side, self.given, sized=sized)
        return Case(sheet, catalog, today)

    def _sheet_case(self, today: str) -> Case:
        from liqcalc.answers.case import Case
        from liqcalc.cli.source import read_text
        from liqcalc.rules.catalog import Catalog
        from liqcalc.rules.sheet_file import read_sheets

        shared = {"sheet", "position", "exchanges", "trace", "json", "as_of"}
        default = {"mode": "isolated"}
        typed = [
            name.upper() if name in {*_ARGUMENTS, "qty"} else f"--{name.replace('_', '-')}"
            for name, value in self.typed.items()
            if name not in shared and value not in (None, default.get(name))
        ]
        if typed:
            message = f"{', '.join(typed)} given beside --sheet, which says it itself"
            raise InputError(Fault("LQ100", "", message, "give one or the other"))
        sheets = read_sheets(*read_text(self.typed["sheet"]))
        if len(sheets) != 1:
            message = f"holds {len(sheets)} sheets, the question is about one"
            raise InputError(Fault("LQ101", self.typed["sheet"], message))
        sheet = sheets[0]
        if self.typed["as_of"] is not None:
            sheet = sheet._replace(as_of=self.typed["as_of"])
        return Case(sheet, Catalog(self.exchanges), today)

    def index(self, case: Case) -> int:
        """Return which position of the case is meant.

        Raises:
            InputError: none, or more than one, is called so.
        """
        return case.index(self.typed.get("position"))


def about_position(
    *, sheet: bool = True, sized: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what adds the inputs of a position to a command that takes a `Request`.

    Args:
        sheet: the position may come from --sheet.
        sized: False if the command finds the size: no QTY is asked for.
    """
    return lambda command: _with_inputs(command, sheet=sheet, sized=sized)


def _with_inputs(command: Callable[..., None], *, sheet: bool, sized: bool) -> Callable[..., None]:
    shared = dict(inspect.signature(_inputs, eval_str=True).parameters)
    if not sized:
        for name in ("qty", "notional", "contracts"):
            del shared[name]
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    if sheet:
        shared = {name: _optional(parameter) for name, parameter in shared.items()}
        shared |= {"sheet": _SHEET, "position": _POSITION}

    def run(**typed: Any) -> None:  # noqa: ANN401 - what typer read
        request = Request({name: typed.pop(name) for name in shared})
        command(request, **typed)

    ordered = sorted([*shared.values(), *own], key=_place)
    run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in ordered}
    run.__doc__ = command.__doc__
    return run


_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_LAST = ("parameter", "exchanges", "sheet", "position", "trace", "json")


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return an input that may be left out, since a sheet can say it."""
    if parameter.default is not inspect.Parameter.empty:
        return parameter
    kind, *more = parameter.annotation.__metadata__
    return parameter.replace(default=None, annotation=Annotated[str | None, kind, *more])


def _place(parameter: inspect.Parameter) -> tuple[bool, bool, bool]:
    """Sort arguments first, then what is needed, then what may be given, then how it is shown."""
    given = parameter.default is not inspect.Parameter.empty
    keyword = parameter.kind is _KEYWORD
    return keyword, keyword and given, parameter.name in _LAST
