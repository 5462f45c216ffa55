"""The commands by name, and the text that ``liqcalc`` alone prints.

Only typer is imported here.  A command is a module of this package with a
function ``command``; it is imported when it is called, so that the start of
one command never pays for another.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from liqcalc._version import RULES_DATE, VERSION
from liqcalc.errors import Fault, InputError

QUESTIONS = {
    "price": "liquidation price of one position, with everything about it",
    "compare": "the same position on every exchange that lists it",
    "account": "every figure of an account sheet (a file, or - for standard input)",
    "leverage": "the largest leverage at which a stop fires before liquidation",
    "stop": "whether a stop fires before liquidation, and what either costs",
    "size": "how large a position may be for what it may lose at its stop",
    "adjust": "what moves a liquidation price: money, size or leverage",
    "what-if": "a position before and after a trade, a transfer or another leverage",
    "ladder": "what the exchange does from the trigger on, step by step",
    "funding": "what funding costs, and when it alone would liquidate",
    "stress": "an account under moves of the market, and what would save it",
    "batch": "every position of a file: Parquet, CSV or JSON lines, of any size",
}
CHECKS = {
    "tiers": "the margin tiers of a symbol, and the one that holds a size",
    "exchanges": "what is covered, how well it is known, and since when",
    "verify": "run the golden cases",
    "check": "check the files of an exchange folder",
    "explain": "the page of an error or warning code",
}
COMMANDS = QUESTIONS | CHECKS

_OVERVIEW = """\
liqcalc: exact liquidation prices of crypto derivatives exchanges, with their derivation

Usage: liqcalc COMMAND [OPTIONS]

Examples:
  liqcalc price binance BTCUSDT long 0.5 --entry 60000 --leverage 20

  liqcalc compare BTC long 0.5 --entry 60000 --leverage 20

  echo '{exchange: okx, positions: [{symbol: BTC-USDT-SWAP, side: short,
         contracts: 100, entry_price: 60000, leverage: 10}]}' | liqcalc account -

Questions:
%(questions)s

Data and checks:
%(checks)s

Options:
  -h, --help             this text; liqcalc COMMAND --help tells about one command
  --version              version, and the date of the rules
  --debug                show a traceback when something unexpected happens
  --install-completion   complete exchanges and symbols in the current shell
  --show-completion      print the completion script

Exit: 0 done, 1 a check failed, 2 bad input or data, 3 no answer from the network.
"""

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


class Commands(TyperGroup):
    """The commands by name; a module is imported when its command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's protocol
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """Return the command called `cmd_name`; None if there is none."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Find the command, or say which names come near."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, list(COMMANDS), n=1)
            hint = f"did you mean {near[0]}?" if near else "liqcalc --help lists the commands"
            raise InputError(Fault("LQ100", "", f"there is no command {name!r}", hint))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """Write the overview, which needs no command to be imported."""
        formatter.write(overview())


def overview() -> str:
    """Return the short help that ``liqcalc`` alone prints."""
    return _OVERVIEW % {"questions": _rows(QUESTIONS), "checks": _rows(CHECKS)}


def _rows(commands: dict[str, str]) -> str:
    return "\n".join(f"  {name:<11}{text}" for name, text in commands.items())


def module_of(name: str) -> Any:  # noqa: ANN401 - a module of this package
    """Return the module of the command called `name`."""
    from importlib import import_module

    return import_module(f"liqcalc.cli.{name.replace('-', '_')}")


def load(name: str) -> Any:  # noqa: ANN401 - typer's command
    """Return the command called `name`."""
    module = module_of(name)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, context_settings=_HELP, epilog=_epilog(module))(module.command)
    return typer.main.get_command(app)


def _epilog(module: Any) -> str:  # noqa: ANN401 - a module of this package
    """Return what stands below the options: command lines, and one with what it prints."""
    parts = [
        ("Examples", getattr(module, "EXAMPLES", "")),
        ("It prints", getattr(module, "WORKED", "")),
    ]
    blocks = [f"{title}:\n{text.rstrip()}" for title, text in parts if text]
    paragraphs = "\n\n".join(blocks).split("\n\n")
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in paragraphs)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's protocol
    if asked:
        typer.echo(f"liqcalc {VERSION} (rules of {RULES_DATE})")
        raise typer.Exit


def _start(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001, FBT002 - handled by its callback
        bool, typer.Option("--version", is_eager=True, callback=_version)
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(overview(), nl=False)


def application() -> Any:  # noqa: ANN401 - typer's group
    """Return the group of all commands."""
    app = typer.Typer(
        cls=Commands,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
    )
    app.callback(invoke_without_command=True)(_start)
    return typer.main.get_command(app)
