"""Kinds of files: by their suffix, or as the caller says."""

from __future__ import annotations

from typing import NamedTuple

from liqcalc.errors import Fault, InputError

PARQUET, CSV, JSON_LINES = "parquet", "csv", "jsonl"
KINDS = (PARQUET, CSV, JSON_LINES)
STANDARD = "-"
_SUFFIXES = {
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".csv": CSV,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
}


class Format(NamedTuple):
    """How a file holds its rows."""

    kind: str
    gzip: bool = False


def format_of(name: str, asked: str | None, option: str) -> Format:
    """Return the format of the file called `name`.

    Args:
        name: a path, or ``-``.
        asked: the kind, where the caller says it.
        option: where the caller can say it, for messages.
    """
    lower = name.lower()
    gzip = lower.endswith(".gz")
    lower = lower.removesuffix(".gz")
    found = next((kind for end, kind in _SUFFIXES.items() if lower.endswith(end)), None)
    kind = found if asked is None else _SUFFIXES.get(f".{asked.lower()}")
    if asked is not None and kind is None:
        raise _refused(option, f"is {asked!r}, not {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if kind is None and name == STANDARD:
        raise _refused(option, "is needed with -, which has no suffix", f"{option} csv")
    if kind is None:
        hint = f"use .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz, or say {option} KIND"
        raise _refused(name, "the suffix tells no known format", hint)
    if kind == PARQUET and (gzip or name == STANDARD):
        reason = "is compressed inside" if gzip else "cannot be piped"
        raise _refused(name, f"Parquet {reason}; use .parquet", "or take csv or jsonl")
    return Format(kind, gzip)


def _refused(where: str, message: str, hint: str = "") -> InputError:
    return InputError(Fault("LQ128", where, message, hint))
