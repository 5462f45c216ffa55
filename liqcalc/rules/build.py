"""From parsed YAML to the schema's named tuples: trusting, or proving.

`build` is for data that `liqcalc check` has proven; it is quick and imports
nothing.  `validate` runs pydantic over the same classes and turns every
fault into one line with file, line and what was expected.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from liqcalc.errors import Fault
from liqcalc.rules import strict_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Path = tuple["str | int", ...]
T = TypeVar("T")
_RENAMED = {"from": "from_"}


def build(cls: type[T], data: Any) -> T:  # noqa: ANN401 - parsed YAML has no type
    """Return `data` as an instance of the schema class `cls`, trusting its shape.

    Raises:
        TypeError, ValueError, KeyError: if the shape is wrong after all.
    """
    kind: Any = cls
    return typing.cast("T", _maker(kind)(data))


@cache
def _maker(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type expression
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        inner = _maker(next(arg for arg in args if arg is not type(None)))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        inner = _maker(args[0])
        return lambda data: tuple([inner(item) for item in data])
    if origin in {dict, Mapping}:
        inner = _maker(args[1])
        return lambda data: {key: inner(value) for key, value in data.items()}
    if hasattr(kind, "_fields"):
        return _tuple_maker(kind)
    return _scalar_maker(kind)


def _scalar_maker(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type expression
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    if kind is Decimal:
        return _decimal
    if kind is int:
        return int
    if kind is bool:
        return _bool
    if kind is str:
        return str
    return lambda data: data


def _decimal(data: Any) -> Decimal:  # noqa: ANN401 - parsed YAML
    return data if isinstance(data, Decimal) else Decimal(data)


def _bool(data: Any) -> bool:  # noqa: ANN401 - parsed YAML, or a word of the command line
    if data not in {True, False, "true", "false"}:
        raise ValueError(data)
    return data in {True, "true"}


def _tuple_maker(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a NamedTuple class
    hints = typing.get_type_hints(kind)
    makers = {name: _maker(hints[name]) for name in kind._fields}

    def make(data: dict[str, Any]) -> Any:  # noqa: ANN401 - an instance of `kind`
        return kind(
            **{
                name: makers[name](value)
                for key, value in data.items()
                for name in (_RENAMED.get(key, key),)
            }
        )

    return make


def validate(
    cls: type[T],
    data: Any,  # noqa: ANN401 - parsed YAML
    *,
    text: str,
    where: str,
    code: str,
    document: int = 0,
) -> tuple[T | None, list[Fault]]:
    """Return `data` as a proven instance of `cls`, and everything wrong with it.

    Args:
        cls: a class of the schema.
        data: parsed YAML.
        text: what it was parsed from, for line numbers.
        where: name of the file.
        code: of the faults.
        document: which document of the text.
    """
    import pydantic

    try:
        kind: Any = cls
        misplaced = list(_lists_for_mappings(kind, data, ()))
        if misplaced:
            found = [{"loc": loc, "type": "mapping", "msg": "", "input": []} for loc in misplaced]
            return None, [
                _fault(item, text=text, where=where, code=code, document=document) for item in found
            ]
        adapter = _adapter(kind)
        return typing.cast("T", adapter.validate_python(_renamed(data))), []
    except pydantic.ValidationError as error:
        return None, [
            _fault(dict(item), text=text, where=where, code=code, document=document)
            for item in error.errors(include_url=False)
        ]


@cache
def _adapter(cls: type[Any]) -> Any:  # noqa: ANN401 - pydantic is imported on demand
    import pydantic

    return pydantic.TypeAdapter(cls)


def _lists_for_mappings(
    kind: Any,  # noqa: ANN401 - a type expression
    data: Any,  # noqa: ANN401 - parsed YAML
    path: Path,
) -> Iterator[Path]:
    """Yield where a list stands for a named tuple, which pydantic would accept."""
    if hasattr(kind, "_fields") and isinstance(data, list | tuple):
        yield path
        return
    for step, inner, item in _inside(kind, data):
        yield from _lists_for_mappings(inner, item, path if step is None else (*path, step))


def _inside(kind: Any, data: Any) -> Iterator[tuple[Any, Any, Any]]:  # noqa: ANN401
    """Yield what `data` of type `kind` holds: its step, its type and itself."""
    origin, args = get_origin(kind), get_args(kind)
    if data is None:
        return
    if origin in {Union, types.UnionType}:
        yield from ((None, arg, data) for arg in args)
    elif origin is tuple and isinstance(data, list | tuple):
        yield from ((i, args[0], item) for i, item in enumerate(data))
    elif isinstance(data, dict) and origin in {dict, Mapping}:
        yield from ((key, args[1], item) for key, item in data.items())
    elif isinstance(data, dict) and hasattr(kind, "_fields"):
        hints = _hints(kind)
        yield from (
            (key, hints[name], item)
            for key, item in data.items()
            if (name := _RENAMED.get(key, key)) in hints
        )


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a NamedTuple class
    return typing.get_type_hints(kind)


def _renamed(data: Any) -> Any:  # noqa: ANN401 - parsed YAML
    if isinstance(data, dict):
        return {_RENAMED.get(key, key): _renamed(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_renamed(item) for item in data]
    return data


def _fault(item: dict[str, Any], *, text: str, where: str, code: str, document: int) -> Fault:
    path = tuple("from" if step == "from_" else step for step in item["loc"])
    line = strict_yaml.line_of(text, path, document=document)
    place = f"{where}:{line}" if line else where
    return Fault(code, place, f"{dotted(path)}{_complaint(item)}")


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path as text: ``positions[0].qty``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _complaint(item: dict[str, Any]) -> str:
    kind, given = item["type"], item.get("input")
    if kind in {"missing", "missing_argument"}:
        return " is missing"
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return " is not a known key"
    shown = given if isinstance(given, str | int | Decimal) else type(given).__name__
    if isinstance(given, dict):
        shown = "a mapping"
    elif isinstance(given, list | tuple):
        shown = "a list"
    expected = str(item["msg"]).removeprefix("Input should be ")
    if kind.startswith("decimal"):
        expected = 'a plain decimal number such as "0.005"'
    elif kind == "mapping" or "dictionary" in expected:
        expected = "a mapping of keys"
    elif kind == "string_type" and isinstance(given, Decimal):
        return f' should be text, put it in quotes: "{given}"'
    return f" should be {expected}, not {shown!r}"
