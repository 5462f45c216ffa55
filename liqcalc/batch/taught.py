"""Teaches the compiler functions of questions, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc.batch import settled
from liqcalc.batch.fast import compiled

if TYPE_CHECKING:
    from collections.abc import Callable


def teach(*functions: Callable[..., Any]) -> None:
    """Let functions be compiled as they are."""
    for function in functions:
        compiled.teach(function)


teach(settled.settled, settled._adds, settled._printed)  # noqa: SLF001 - parts of the first
