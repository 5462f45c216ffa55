"""Tables as lines of CSV; cells are quoted where they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import flat
from liqcalc.batch.cells import as_texts, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = r'[",\r\n]'


def head(names: Iterable[str]) -> Any:  # noqa: ANN401 - a buffer of Arrow
    """Return the first line, which names the columns."""
    return lines([pa.array([name]) for name in names])


def lines(columns: Iterable[Any]) -> Any:  # noqa: ANN401 - a buffer of Arrow
    """Return columns as lines of CSV, in a buffer."""
    parts: list[Any] = []
    for column in columns:
        cells = as_texts(flat(column), _quoted).fill_null("")
        parts += [",", cells] if parts else [cells]
    return joined([*parts, "\n"])


def _quoted(texts: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    special = pc.match_substring_regex(texts, _SPECIAL)
    if not pc.any(special).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), texts)
