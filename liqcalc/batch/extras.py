"""The packages of ``liqcalc[batch]``, and what to say where they are missing."""

from __future__ import annotations

from importlib.util import find_spec

from liqcalc.errors import Fault, InputError


def need(*packages: str, extra: str = "batch", where: str = "") -> None:
    """Refuse to go on without `packages`, before anything heavy is imported.

    Args:
        packages: names as they are imported.
        extra: of liqcalc, which brings them.
        where: what needs them, for the message.

    Raises:
        InputError: one is not installed.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        message = f"needs {' and '.join(missing)}, which {verb} not installed"
        hint = f'pip install "liqcalc[{extra}]"'
        raise InputError(Fault("LQ129", where, message, hint))
