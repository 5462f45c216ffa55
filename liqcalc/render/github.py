"""Workflow commands of GitHub Actions, which mark lines of a pull request."""

from __future__ import annotations


def error(message: str, *, title: str, file: str = "", line: int | None = None) -> str:
    """Return one ``::error`` command.

    >>> error("50% off", title="LQ204", file="a,b.yaml", line=8)
    '::error file=a%2Cb.yaml,line=8,title=LQ204::50%25 off'
    """
    found = {"file": file, "line": "" if line is None else str(line), "title": title}
    properties = ",".join(f"{name}={_property(text)}" for name, text in found.items() if text)
    return f"::error {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
