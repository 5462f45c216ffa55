"""Words out of numpy's columns of text: eight letters at a time, as one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from liqcalc.batch.arrow import codes_of, to_numpy
from liqcalc.batch.fast.memory import room
from liqcalc.batch.fast.run import on_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liqcalc.batch.columns import Codes

    Keys = NDArray[np.uint64]
    Letters = NDArray[np.uint32]

_LETTER, _AT_ONCE, _MOST, _LAST = 4, 8, 32, 255
_CHUNK, _BLOCK = 1 << 18, 1 << 12
_MIX = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
"""Odd numbers: words of several keys are told apart by a sum of multiples, and then compared."""


class _Part(NamedTuple):
    """Words of a part of a column: a code for each row, and the keys of each word."""

    codes: Codes
    words: list[bytes]


def distinct_words(column: NDArray[np.str_]) -> tuple[Codes, list[str]] | None:
    """Return a code for each row, and the words in the order of the codes.

    None for columns of long words, or of letters beyond Latin-1, which go
    through Arrow.
    """
    width = column.dtype.itemsize // _LETTER
    if not 0 < width <= _MOST or not column.dtype.isnative or not column.size:
        return None
    letters = np.ascontiguousarray(column).view(np.uint32).reshape(-1, width)
    parts: dict[int, _Part | None] = {}

    def read(start: int) -> None:
        parts[start] = _part(letters[start : start + _CHUNK])

    on_cores(read, range(0, len(letters), _CHUNK))
    places: dict[bytes, int] = {}
    codes = room(len(letters), np.int32)
    for start, part in sorted(parts.items()):
        if part is None:
            return None
        here = np.array([places.setdefault(word, len(places)) for word in part.words], np.int32)
        np.take(here, part.codes, out=codes[start : start + _CHUNK], mode="clip")
    return codes, [word.rstrip(b"\0").decode("latin-1") for word in places]


def _part(letters: Letters) -> _Part | None:
    """Return the words of some rows; None if they cannot be told apart by letters of a byte."""
    keys = _keys(letters)
    if keys is None:
        return None
    if len(keys) == 1:
        codes, values = _encoded(keys[0])
        return _Part(codes, [int(value).to_bytes(_AT_ONCE, "little") for value in values])
    codes, values = _encoded((keys * _MIX[: len(keys), None]).sum(axis=0, dtype=np.uint64))
    first = np.empty(len(values), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    of_word = keys[:, first]
    if any((key != own[codes]).any() for key, own in zip(keys, of_word, strict=True)):
        return None  # two words have the same sum
    return _Part(codes, [word.tobytes() for word in of_word.T.astype("<u8")])


def _keys(letters: Letters) -> NDArray[np.uint64] | None:
    """Return letters of each row as numbers, eight in one; None if one needs more than a byte."""
    rows, width = letters.shape
    groups = -(-width // _AT_ONCE)
    keys = np.empty((groups, rows), dtype=np.uint64)
    small = np.zeros(_BLOCK * width + _AT_ONCE, dtype=np.uint8)
    last = np.uint64((1 << 8 * (width - _AT_ONCE * (groups - 1))) - 1)
    for start in range(0, rows, _BLOCK):
        part = letters[start : start + _BLOCK]
        if part.max() > _LAST:
            return None
        small[: part.size] = part.ravel()
        for group, key in enumerate(keys):
            at = _AT_ONCE * group
            key[start : start + _BLOCK] = np.ndarray((len(part),), "<u8", small, at, (width,))
        keys[-1, start : start + _BLOCK] &= last
    return keys


def _encoded(numbers: Keys) -> tuple[Codes, Keys]:
    encoded = pa.array(numbers).dictionary_encode()
    return codes_of(encoded.indices), to_numpy(encoded.dictionary)
