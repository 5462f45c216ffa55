"""Compiled functions kept on disk, so that a shape is compiled once for all runs."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import njit
from numba.core.caching import FunctionCache

from liqcalc.batch.fast.layout import OPTIONS
from liqcalc.engine import formulas

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from liqcalc.batch.fast.shapes import Shape


class _ShapeCache(FunctionCache):
    """Finds a compiled function by the shape and the text of all that it is made of.

    Numba itself would look only at the file of the outermost function, and
    takes functions within functions for new ones in each run.
    """

    def __init__(self, function: Callable[..., Any], shape: Shape, text: str) -> None:
        super().__init__(function)
        self._shape = shape
        self._text = text

    @property
    def marker(self) -> Path:
        """Return the file that says that the function is on disk."""
        name = sha256(f"{self._text} {self._shape!r}".encode()).hexdigest()[:16]
        return Path(self.cache_path) / f"{self._py_func.__qualname__.split('.')[0]}.{name}.ready"

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - numba's
        super().save_overload(sig, data)
        with suppress(OSError):
            self.marker.touch()

    def _index_key(self, sig: Any, codegen: Any) -> Any:  # noqa: ANN401 - numba's
        return sig, codegen.magic_tuple(), self._text, repr(self._shape)


@cache
def _text(*modules: ModuleType) -> str:
    """Return a hash of the text that is compiled: all of this folder, and of `modules`."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    files += [Path(str(module.__file__)) for module in modules]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def compiled(
    function: Callable[..., Any],
    shape: Shape,
    *others: ModuleType,
) -> Any:  # noqa: ANN401 - numba's
    """Return `function` compiled for rows of `shape`, from disk if it has been before.

    Args:
        function: to be compiled.
        shape: of its rows.
        others: modules outside this folder that hold parts of it.
    """
    made = njit(**OPTIONS)(function)
    text = _text(formulas, *others)
    made._cache = _ShapeCache(function, shape, text)  # noqa: SLF001 - what cache=True sets
    return made


def is_ready(made: Any) -> bool:  # noqa: ANN401 - numba's
    """Return True if a compiled function is on disk."""
    return bool(made._cache.marker.exists())  # noqa: SLF001 - set above
