"""The parameters of exchange.yaml, and the questions that a rule set leaves open."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from liqcalc.engine.numbers import exact
from liqcalc.engine.vocabulary import Rules
from liqcalc.rules.catalog import changed, nearest

if TYPE_CHECKING:
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, OpenQuestion


def check_parameters(file: DataFile, meta: Exchange) -> None:
    """Say which parameters set nothing."""
    known = [entry.name for entry in meta.rules]
    for name, parameter in meta.parameters.items():
        at: Keys = ("parameters", name)
        if not parameter.sets:
            file.say("LQ219", (*at, "sets"), "is empty, a parameter sets at least one choice")
        for n, path in enumerate(parameter.sets):
            wrong = _unknown_step(path)
            if wrong is not None:
                step, choices = wrong
                hint = nearest(step, choices) if choices else "this choice has no parts"
                message = f"is {path!r}, but there is no choice {step!r}"
                file.say("LQ219", (*at, "sets", n), message, hint)
        for n, rule_set in enumerate(parameter.rule_sets):
            if rule_set not in known:
                message = f"is {rule_set!r}, which is no rule set of {meta.id}"
                file.say("LQ219", (*at, "rule_sets", n), message, nearest(rule_set, known))


def check_open_questions(file: DataFile, meta: Exchange) -> None:
    """Say which open questions have no other reading."""
    for i, entry in enumerate(meta.rules):
        for n, question in enumerate(entry.open_questions):
            _check_question(file, meta, i, question, ("rules", i, "open_questions", n))


def _check_question(
    file: DataFile, meta: Exchange, i: int, question: OpenQuestion, at: Keys
) -> None:
    """Say if the other reading of a question cannot be computed, or is the one that holds."""
    entry, name = meta.rules[i], question.parameter
    parameter = meta.parameters.get(name)
    if parameter is None:
        message = f"is {name!r}, which is no parameter of {meta.id}"
        file.say("LQ228", (*at, "parameter"), message, nearest(name, sorted(meta.parameters)))
        return
    if parameter.rule_sets and entry.name not in parameter.rule_sets:
        message = f"is {name!r}, which is not for the rule set {entry.name}"
        file.say("LQ228", (*at, "parameter"), message, f"add it to parameters.{name}.rule_sets")
        return
    if any(_unknown_step(path) for path in parameter.sets):
        return
    choices = copy.deepcopy(file.data["rules"][i]["choices"])
    with exact():
        rules = changed(choices, parameter.sets, question.other)
    if rules is None:
        message = f"is {question.other!r}, which {name} cannot be"
        file.say("LQ228", (*at, "other"), message, parameter.meaning)
    elif rules == entry.choices:
        message = f"is {question.other!r}, which changes nothing in this rule set"
        file.say("LQ228", (*at, "other"), message, "name the reading that is not the default")


def _unknown_step(path: str) -> tuple[str, list[str]] | None:
    """Return the first step of `path` that the rules' choices do not have."""
    kind: Any = Rules
    for step in path.split("."):
        if get_origin(kind) in {dict, Mapping}:
            kind = get_args(kind)[1]
            continue
        names = list(getattr(kind, "_fields", ()))
        if step not in names:
            return step, names
        kind = _plain_type(get_type_hints(kind)[step])
    return None


def _plain_type(kind: Any) -> Any:  # noqa: ANN401 - a type expression
    if get_origin(kind) in {Union, UnionType}:
        return next(arg for arg in get_args(kind) if arg is not type(None))
    return kind
