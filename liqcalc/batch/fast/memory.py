"""Memory for columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


def room(shape: int | tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return an array that is yet to be filled.

    It comes from Arrow's pool, which keeps what was freed for a while.  Memory
    that is new to the process costs as much as half of the calculation.
    """
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    return np.frombuffer(pa.allocate_buffer(size), dtype=kind).reshape(shape)
