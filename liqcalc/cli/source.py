"""Reads what the user names: a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from liqcalc.errors import Fault, InputError

LARGEST_MB = 10
_LARGEST = LARGEST_MB * 1_000_000


def read_text(name: str) -> tuple[str, str]:
    """Return the text of a file and what messages call it.

    Args:
        name: a path, or ``-`` for standard input.

    Raises:
        InputError: no such file, no text, or more than 10 MB of it.
    """
    where = "standard input" if name == "-" else name
    data = sys.stdin.buffer.read(_LARGEST + 1) if name == "-" else _bytes(name)
    if len(data) > _LARGEST:
        message = f"is larger than {LARGEST_MB} MB, the most that is read at once"
        raise InputError(Fault("LQ115", where, message, "split it into several files"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(Fault("LQ115", where, "is not text in UTF-8"))
    if not text.strip():
        message = "is empty; a sheet begins with exchange and positions"
        raise InputError(Fault("LQ115", where, message, "see docs/sheet.md for an example"))
    return text, where


def _bytes(name: str) -> bytes:
    path = Path(name)
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except FileNotFoundError:
        message = "there is no such file"
    except IsADirectoryError:
        message = "is a folder, not a file"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    raise InputError(Fault("LQ115", name, message, "- reads standard input"))
