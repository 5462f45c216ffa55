"""What `liqcalc check` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.render.github import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from liqcalc.errors import Fault
    from liqcalc.rules.check import Checked

SCHEMA_VERSION = 1


def text(checked: Checked) -> str:
    """Return one paragraph a fault, and one line of summary."""
    count = len(checked.faults)
    state = "nothing wrong" if not count else f"{count} fault{'s' if count > 1 else ''}"
    files = _counted(checked.files, "file")
    exchanges = _counted(checked.exchanges, "exchange")
    summary = f"checked {files} of {exchanges}: {state}"
    return "\n".join([*(str(fault) for fault in checked.faults), summary])


def data(checked: Checked) -> dict[str, Any]:
    """Return the same as plain data."""
    faults = []
    for fault in checked.faults:
        file, line = place(fault)
        faults.append(
            {
                "code": fault.code,
                "file": file,
                "line": line,
                "message": fault.message,
                "hint": fault.hint,
            }
        )
    return {
        "schema_version": SCHEMA_VERSION,
        "files": checked.files,
        "exchanges": checked.exchanges,
        "faults": faults,
    }


def notices(faults: Iterable[Fault]) -> Iterator[str]:
    """Yield a GitHub annotation for each fault."""
    for fault in faults:
        file, line = place(fault)
        message = f"{fault.message}\n{fault.hint}" if fault.hint else fault.message
        yield error(message, title=fault.code, file=file, line=line)


def place(fault: Fault) -> tuple[str, int | None]:
    """Return the file and the line of a fault."""
    file, _, line = fault.where.rpartition(":")
    return (file, int(line)) if file and line.isdigit() else (fault.where, None)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
