"""One file of an exchange folder: read, parsed, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from liqcalc.engine.numbers import exact
from liqcalc.errors import Fault
from liqcalc.rules import build, strict_yaml
from liqcalc.rules.catalog import nearest
from liqcalc.rules.names import built_in

if TYPE_CHECKING:
    from collections.abc import Collection

T = TypeVar("T")
Keys = tuple[str | int, ...]

LARGEST_FILE = 10_000_000


@dataclass(slots=True)
class DataFile:
    """A YAML file with its faults so far.

    Attributes:
        path: where it is.
        where: its name in messages.
        text: what it holds.
        data: the same, parsed.
        faults: what is wrong with it.
    """

    path: Path
    where: str
    text: str = ""
    data: Any = None
    faults: list[Fault] = field(default_factory=list)

    def say(self, code: str, keys: Keys, message: str, hint: str = "") -> None:
        """Add a fault at the line of `keys`; the message begins with the keys."""
        line = strict_yaml.line_of(self.text, keys)
        place = f"{self.where}:{line}" if line else self.where
        self.faults.append(Fault(code, place, f"{build.dotted(keys)} {message}".strip(), hint))

    def source(self, keys: Keys, given: str, known: Collection[str] | None) -> None:
        """Say if `given` is no source of sources.yaml; None = the sources are not known."""
        if known is not None and given not in known:
            hint = nearest(given, sorted(known))
            self.say("LQ207", keys, f"is {given!r}, which sources.yaml does not have", hint)

    def day(self, keys: Keys, given: str | None) -> bool:
        """Say if `given` is not a whole day; return True if it is one."""
        if given is None or is_partial_date(given, whole=True):
            return given is not None
        self.say("LQ208", keys, f"is {given!r}, not a day such as 2026-07-01")
        return False

    def date(self, keys: Keys, given: str | None) -> None:
        """Say if `given` is neither a day, nor a month, nor a year."""
        if given is not None and not is_partial_date(given):
            message = f"is {given!r}, not a date such as 2026-07-01, 2026-07 or 2026"
            self.say("LQ208", keys, message)


def read(path: Path) -> DataFile:
    """Return the file at `path`; without data and with faults if it cannot be read."""
    file = DataFile(path, place_of(path))
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            message = (
                f"has {size / 1e6:.0f} MB, more than the {LARGEST_FILE // 10**6} that are read"
            )
            file.faults.append(Fault("LQ201", file.where, message, "one symbol a file"))
            return file
        file.text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        file.faults.append(Fault("LQ201", file.where, f"cannot be read: {reason}"))
        return file
    try:
        with exact():
            documents = strict_yaml.parse(file.text, file.where)
    except strict_yaml.YamlError as error:
        file.faults += error.faults
        return file
    if len(documents) != 1 or documents[0] is None:
        state = "is empty" if not documents or documents[0] is None else "holds several documents"
        file.faults.append(Fault("LQ202", file.where, f"{state}, one is read"))
        return file
    file.data = documents[0]
    return file


def proven(file: DataFile, cls: type[T]) -> T | None:
    """Return the data of `file` as a `cls`, or None after saying all that is wrong."""
    if file.data is None:
        return None
    with exact():
        found, faults = build.validate(
            cls, file.data, text=file.text, where=file.where, code="LQ202"
        )
    file.faults += faults
    return found


def is_partial_date(text: str, *, whole: bool = False) -> bool:
    """Return True for 2026-07-01, and unless `whole` for 2026-07 and 2026.

    >>> is_partial_date("2026-02"), is_partial_date("2026-02", whole=True)
    (True, False)
    >>> is_partial_date("2026-02-30")
    False
    """
    from liqcalc.rules.sheet import is_date

    missing = {10: "", 7: "-01", 4: "-01-01"}.get(len(text))
    if missing is None or (whole and missing):
        return False
    return is_date(text + missing)


def place_of(path: Path) -> str:
    """Return a path as messages show it: short, and clickable where it can be."""
    full = path.resolve()
    here = Path.cwd()
    if full.is_relative_to(here):
        return full.relative_to(here).as_posix()
    inside = _built_in()
    if full.is_relative_to(inside):
        return "exchanges/" + full.relative_to(inside).as_posix()
    return str(path)


@cache
def _built_in() -> Path:
    return built_in().resolve()
