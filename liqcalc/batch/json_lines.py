"""Lines of JSON as columns of their tokens, and back.

A column holds each cell as it stands in JSON: ``0.10``, ``"long"``, ``[1, 2]``;
null where the line has none. So no number passes through a float.
"""

from __future__ import annotations

import json
from itertools import islice
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from liqcalc.batch.arrow import flat
from liqcalc.batch.cells import as_texts, joined
from liqcalc.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

LINES = 1 << 15
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_SPECIAL = r'[\\"\x00-\x1f]'


# Reading


def tables(lines: Iterable[bytes], where: str) -> Iterator[Any]:
    """Yield lines of JSON objects as tables of tokens; empty lines are left out.

    Raises:
        InputError: a line is no JSON object.
    """
    rest = iter(lines)
    done = 0
    while some := list(islice(rest, LINES)):
        kept = [(done + i, text) for i, line in enumerate(some, 1) if (text := line.strip())]
        done += len(some)
        if kept:
            yield _table(_objects(kept, where))


def _objects(lines: Sequence[tuple[int, bytes]], where: str) -> list[dict[str, Any]]:
    """Return the objects of lines; all at once, or one by one to name the line that is wrong."""
    text = b"[" + b",".join(line for _, line in lines) + b"]"
    try:
        found = _parsed(text)
        if len(found) == len(lines) and all(type(row) is dict for row in found):
            return found  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        pass
    return [_object(line, f"{where}:{number}") for number, line in lines]


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = _parsed(line)
    except (ValueError, RecursionError):
        row = None
    if type(row) is not dict:
        shown = line[:60].decode(errors="replace")
        message = f"is not a JSON object: {shown!r}"
        raise InputError(Fault("LQ128", where, message, "each line is one object"))
    return row


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - what JSON holds
    """Return what JSON says, its numbers as bytes: their digits as they are written."""
    return json.loads(
        text.decode("utf-8-sig"),
        parse_float=str.encode,
        parse_int=str.encode,
        parse_constant=_constant,
    )


def _constant(name: str) -> str | None:
    """Return NaN as nothing, and the infinities, which JSON has not, as text."""
    return None if name == "NaN" else name


def _table(rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - an Arrow table
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _tokens([row.get(name) for row in rows]) for name in names})


def _tokens(values: list[Any]) -> Any:  # noqa: ANN401 - an Arrow array
    return pa.array([_token(value) for value in values], pa.string())


def _token(value: Any) -> str | bytes | None:  # noqa: ANN401 - what JSON holds
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is bytes or value is None:
        return value
    return _text(value)


def _text(value: Any) -> str:  # noqa: ANN401 - what JSON holds
    """Return a token of any kind, also of lists and objects."""
    if type(value) is bytes:
        return value.decode()
    if type(value) is dict:
        pairs = (f"{encode_basestring(k)}: {_text(v)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if type(value) is list:
        return f"[{', '.join(map(_text, value))}]"
    return json.dumps(value, ensure_ascii=False)


def texts(tokens: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return tokens as plain texts: strings without their quotes, all else as it stands."""
    tokens = flat(tokens)
    if pc.any(pc.match_substring(tokens, "\\")).as_py():
        read = [json.loads(t) if t and t[0] == '"' else t for t in tokens.to_pylist()]
        return pa.array(read, pa.string())
    return pc.utf8_trim(tokens, '"')


# Writing


def as_lines(table: Any, *, tokens: Collection[str], numbers: Collection[str]) -> Any:  # noqa: ANN401
    """Return a table as lines of JSON, in a buffer.

    Args:
        table: Arrow's.
        tokens: columns that hold JSON already.
        numbers: columns whose texts are written without quotes where they are numbers.
    """
    parts: list[Any] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        parts.append(("," if parts else "{") + encode_basestring(name) + ":")
        cells = flat(column)
        if name not in tokens:
            cells = as_texts(cells, _bare if name in numbers else _quoted)
        parts.append(cells.fill_null("null"))
    return joined([*parts, "}\n"])


def _bare(texts: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Return texts that are numbers as numbers, the others in quotes."""
    number = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), fill_value=False)
    return texts if pc.all(number).as_py() else pc.if_else(number, texts, _quoted(texts))


def _quoted(texts: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    if pc.any(pc.match_substring_regex(texts, _SPECIAL)).as_py():
        quoted = (None if t is None else encode_basestring(t) for t in texts.to_pylist())
        return pa.array(quoted, pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")
