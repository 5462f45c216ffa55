"""Entry point of the command line: starts a command, turns errors into lines."""

from __future__ import annotations

import gc
import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liqcalc.errors import Fault

INTERNAL_ERROR = 70
INTERRUPTED = 130
_COLLECT_EVERY = 200_000


def run() -> None:
    """Run the command line of this process.

    A start makes many small objects that live to the end. Looking through
    them for garbage while they are made, and once more at the end, would take
    a fifth of the time of a short command.
    """
    gc.set_threshold(_COLLECT_EVERY)
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    gc.freeze()
    sys.exit(code)


def main(arguments: list[str]) -> int:
    """Run one command line and return what the process exits with.

    Args:
        arguments: without the name of the program.
    """
    import typer

    from liqcalc.errors import LiqcalcError

    debug = "--debug" in arguments or bool(os.environ.get("LIQCALC_DEBUG"))
    arguments = [word for word in arguments if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        return _run(arguments)
    except LiqcalcError as error:
        _complain(error.faults)
        return error.exit_code
    except typer.TyperException as error:
        _complain([_usage_fault(error, arguments)])
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _close_quietly()
    except Exception as error:
        if debug:
            raise
        kind = type(error).__name__
        _write(f"internal error: {kind}: {error}; run again with --debug for the traceback")
        return INTERNAL_ERROR


def _run(arguments: list[str]) -> int:
    from liqcalc.cli.commands import application

    command = application()
    try:
        code = command.main(args=arguments, prog_name="liqcalc", standalone_mode=False)
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _close_quietly() -> int:
    """Point stdout nowhere, so that nothing is said when Python flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _complain(faults: Iterable[Fault]) -> None:
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    colours = colours and os.environ.get("TERM") != "dumb"
    label = "\x1b[1;31merror:\x1b[0m" if colours else "error:"
    for fault in faults:
        _write(f"{label} {fault}")


def _write(text: str) -> None:
    sys.stderr.write(f"{text}\n")


_NEGATIVE = re.compile(r"-(\d|\.\d)")


def _usage_fault(error: Any, arguments: list[str]) -> Fault:  # noqa: ANN401 - typer's
    """Return what typer says about the command line in our own form."""
    from liqcalc.errors import Fault

    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "liqcalc"
    option = str(getattr(error, "option_name", ""))
    if _NEGATIVE.match(option):
        given = next((word for word in arguments if word.startswith(option)), option)
        message = f"{given} stands where a size or a name belongs"
        return Fault("LQ100", "", message, "sizes are above 0; long or short says the direction")
    text = error.format_message().rstrip(".")
    text = text[:1].lower() + text[1:]
    return Fault("LQ100", "", text, f"{command} --help shows how it is used")
