"""Words out of numpy's columns of text: eight letters at a time, as one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from liqcalc.batch.arrow import codes_of, to_numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes

_LETTER, _AT_ONCE, _MOST, _LAST = 4, 8, 32, 255
_CHUNK = 1 << 16


def distinct_words(column: NDArray[np.str_]) -> tuple[Codes, list[str]] | None:
    """Return a code for each row, and the words in the order of the codes.

    None for columns of long words, or of letters beyond Latin-1, which go
    through Arrow.
    """
    width = column.dtype.itemsize // _LETTER
    if not 0 < width <= _MOST or not column.dtype.isnative or not column.size:
        return None
    letters = np.ascontiguousarray(column).view(np.uint32).reshape(-1, width)
    codes: NDArray[np.int32] | None = None
    words = [b""]
    for first in range(0, width, _AT_ONCE):
        keys = _keys(letters[:, first : first + _AT_ONCE])
        if keys is None:
            return None
        places, values = _encoded(keys)
        if codes is None:
            codes, words = places, [_bytes(value) for value in values]
            continue
        both, pairs = _encoded(codes.astype(np.int64) * len(values) + places)
        codes = both
        halves = [divmod(pair, len(values)) for pair in pairs]
        words = [words[at] + _bytes(values[then]) for at, then in halves]
    assert codes is not None  # noqa: S101 - the width is above 0
    return codes, [word.rstrip(b"\0").decode("latin-1") for word in words]


def _keys(letters: NDArray[np.uint32]) -> NDArray[np.uint64] | None:
    """Return up to eight letters of each row as one number; None if one needs more than a byte."""
    keys = np.zeros(len(letters), dtype=np.uint64)
    for start in range(0, len(letters), _CHUNK):
        part = letters[start : start + _CHUNK]
        if part.max() > _LAST:
            return None
        into = keys[start : start + _CHUNK]
        for j in range(part.shape[1]):
            into |= part[:, j].astype(np.uint64) << np.uint64(8 * j)
    return keys


def _encoded(numbers: NDArray[np.uint64] | NDArray[np.int64]) -> tuple[Codes, list[int]]:
    encoded = pa.array(numbers).dictionary_encode()
    return codes_of(encoded.indices), to_numpy(encoded.dictionary).tolist()


def _bytes(key: int) -> bytes:
    return key.to_bytes(_AT_ONCE, "little")
