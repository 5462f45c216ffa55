"""YAML without surprises: exact numbers, no silent repeats, text dates.

The stock loader turns 0.10000000000000000055 into 0.1, ``no`` into False and
a repeated key into its last value.  Here a plain number becomes a `Decimal`
(or a fraction such as ``1/30`` its quotient), only ``true`` and ``false`` are
booleans, dates stay text, and repeated keys, anchors and aliases are faults.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from liqcalc.engine.numbers import CONTEXT
from liqcalc.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Node = yaml.Node
Path = tuple["str | int", ...]

_NUMBER = re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")
_FRACTION = re.compile(r"^[-+]?\d+/[1-9]\d*$")
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """The text is not YAML, or uses what is refused; carries the faults."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep what is wrong."""
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class _Loader(_Base):  # type: ignore[misc]
    """CSafeLoader with its own idea of plain scalars."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own protocol

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.faults: list[tuple[int, str]] = []


def _pairs(loader: _Loader, node: yaml.MappingNode) -> Iterator[dict[Hashable, Any]]:
    data: dict[Hashable, Any] = {}
    yield data
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        line = key_node.start_mark.line + 1
        if key is None:
            loader.faults.append((line, "a key must be plain text"))
            continue
        if key in data:
            loader.faults.append((line, f"the key {key} is given twice"))
        data[key] = loader.construct_object(value_node, deep=True)


def _number(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


def _fraction(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    above, below = str(loader.construct_scalar(node)).split("/")
    return CONTEXT.divide(Decimal(above), Decimal(below))


_Loader.add_implicit_resolver("!number", _NUMBER, list("-+.0123456789"))
_Loader.add_implicit_resolver("!fraction", _FRACTION, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(null|~|)$"), ["n", "~", ""])
_Loader.add_constructor("!number", _number)
_Loader.add_constructor("!fraction", _fraction)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _pairs)


_DEEPEST = 100
_MANY = 1000
_SUSPECT = re.compile(r"(?m)^[-? \t]{1000}|(?:^|[\s\[{,:-])[&*][^\s,\[\]{}]")
"""Text that may hold an anchor or an alias, or be nested very deeply."""


def _check_events(text: str) -> None:
    """Refuse aliases, which can hide a repeat or blow a file up, and deep nesting.

    libyaml composes by recursion without a limit, so this looks first.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = str(event.start_mark.line + 1) if event.start_mark else ""
        if getattr(event, "anchor", None) is not None:
            raise YamlError([Fault("LQ103", line, "anchors and aliases are not read")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise YamlError([Fault("LQ102", line, "the document is nested too deeply")])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def parse(text: str, where: str) -> list[Any]:
    """Return the documents of `text`.

    Args:
        text: YAML, or JSON (which is YAML).
        where: name of the source, for messages.

    Raises:
        YamlError: with every repeated key, or the first syntax error.
    """
    loader = _Loader(text)
    documents = []
    try:
        if _SUSPECT.search(text) or text.count("[") + text.count("{") > _MANY:
            _check_events(text)
        while loader.check_data():
            documents.append(loader.get_data())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark else where
        message = f"this is not valid YAML: {error.problem or error.context}"
        raise YamlError([Fault("LQ102", place, message)]) from None
    except yaml.reader.ReaderError as error:
        message = f"the text holds a character that YAML does not allow: {error.reason}"
        raise YamlError([Fault("LQ102", where, message)]) from None
    except YamlError as error:
        raise YamlError([f._replace(where=f"{where}:{f.where}") for f in error.faults]) from None
    except RecursionError:
        raise YamlError([Fault("LQ102", where, "the document is nested too deeply")]) from None
    finally:
        loader.dispose()
    if loader.faults:
        raise YamlError(
            [Fault("LQ103", f"{where}:{line}", message) for line, message in loader.faults]
        )
    return documents


@cache
def _documents(text: str) -> list[Node]:
    return list(yaml.compose_all(text, Loader=_Loader))


def line_of(text: str, path: Path, *, document: int = 0) -> int | None:
    """Return the line on which `path` stands, or the nearest part of it that exists."""
    try:
        node = _documents(text)[document]
    except (yaml.YAMLError, YamlError, IndexError):
        return None
    line: int = node.start_mark.line + 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def span_of(text: str, index: int, *, document: int = 0) -> tuple[int, int]:
    """Return where item `index` of a document that is a list begins and ends in `text`."""
    try:
        node = _documents(text)[document].value[index]
    except (yaml.YAMLError, YamlError, IndexError, AttributeError):
        return 0, len(text)
    return node.start_mark.index, node.end_mark.index


def _child(node: Node, step: str | int) -> tuple[int, Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: Node = node.value[step]
        return item.start_mark.line + 1, item
    return None
