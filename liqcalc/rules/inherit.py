"""Rule sets that say only how they differ from an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def expand(data: Any) -> Any:  # noqa: ANN401 - parsed YAML
    """Return exchange.yaml with every ``choices.like`` replaced by what it stands for.

    ``like: NAME`` takes over the choices of the last rule set of that name
    above; choices that are given again, at any depth, replace them.  What is
    not a sound file is returned as it is, for the checks to speak of.
    """
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
        return data
    known: dict[str, dict[str, Any]] = {}
    rules = []
    for entry in data["rules"]:
        choices = entry.get("choices") if isinstance(entry, dict) else None
        if isinstance(choices, dict):
            base = known.get(str(choices.get("like", "")))
            if base is not None:
                own = {key: value for key, value in choices.items() if key != "like"}
                choices = merged(base, own)
            known[str(entry.get("name"))] = choices
            rules.append(entry | {"choices": choices})
        else:
            rules.append(entry)
    return data | {"rules": rules}


def strays(data: Any) -> Iterator[tuple[int, str, list[str]]]:  # noqa: ANN401 - parsed YAML
    """Yield each rule set whose ``like`` names none above: its index, the name, those above.

    >>> first, second = {"name": "a", "choices": {}}, {"name": "b", "choices": {"like": "c"}}
    >>> list(strays({"rules": [first, second]}))
    [(1, 'c', ['a'])]
    """
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
        return
    above: list[str] = []
    for i, entry in enumerate(data["rules"]):
        choices = entry.get("choices") if isinstance(entry, dict) else None
        if isinstance(choices, dict):
            if "like" in choices and str(choices["like"]) not in above:
                yield i, str(choices["like"]), [*above]
            above.append(str(entry.get("name")))


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `own` in their place, mappings merged.

    >>> merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 4}})
    {'a': {'b': 1, 'c': 4}, 'd': 3}
    """
    result = dict(base)
    for key, value in own.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        result[key] = merged(before, value) if both else value  # type: ignore[arg-type]
    return result
