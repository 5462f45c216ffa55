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

    from liqcalc.batch.fast.shapes import Shape


class _ShapeCache(FunctionCache):
    """Finds a compiled function by the shape and the text of all that it is made of.

    Numba itself would look only at the file of the outermost function, and
    takes functions within functions for new ones in each run.
    """

    def __init__(self, function: Callable[..., Any], shape: Shape) -> None:
        super().__init__(function)
        self._shape = shape

    @property
    def marker(self) -> Path:
        """Return the file that says that the function is on disk."""
        text = f"{_sources()} {self._shape!r}"
        name = sha256(text.encode()).hexdigest()[:16]
        return Path(self.cache_path) / f"{self._py_func.__qualname__.split('.')[0]}.{name}.ready"

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - numba's
        super().save_overload(sig, data)
        with suppress(OSError):
            self.marker.touch()

    def _index_key(self, sig: Any, codegen: Any) -> Any:  # noqa: ANN401 - numba's
        return sig, codegen.magic_tuple(), _sources(), repr(self._shape)


@cache
def _sources() -> str:
    """Return a hash of the text that is compiled."""
    here = Path(__file__).parent
    text = sha256()
    for path in [*sorted(here.glob("*.py")), Path(formulas.__file__)]:
        text.update(path.read_bytes())
    return text.hexdigest()


def compiled(function: Callable[..., Any], shape: Shape) -> Any:  # noqa: ANN401 - numba's
    """Return `function` compiled for rows of `shape`, from disk if it has been before."""
    made = njit(**OPTIONS)(function)
    made._cache = _ShapeCache(function, shape)  # noqa: SLF001 - what cache=True sets
    return made


def is_ready(made: Any) -> bool:  # noqa: ANN401 - numba's
    """Return True if a compiled function is on disk."""
    return bool(made._cache.marker.exists())  # noqa: SLF001 - set above
