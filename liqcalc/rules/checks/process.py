"""The liquidation process of exchange.yaml: steps that can be walked, and say what they assume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.numbers import ONE
from liqcalc.engine.steps import (
    TOLD,
    WHOLE,
    Action,
    FeeLimit,
    FillPrice,
    Only,
    PositionOrder,
    Scope,
    SizeRule,
)
from liqcalc.engine.words import FeeRate
from liqcalc.rules.schema import EvidenceClass, MarginMode, PositionMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liqcalc.engine.steps import Size
    from liqcalc.rules.checks.context import Context
    from liqcalc.rules.checks.files import DataFile, Keys
    from liqcalc.rules.schema import Exchange, Process, Step

_NEEDS = {
    SizeRule.SHARE: "rate",
    SizeRule.TIER_CAP: "tiers",
    SizeRule.VALUE: "value",
    SizeRule.RESTORING_CAP: None,
    SizeRule.BLOCK_LIMITS: None,
    SizeRule.SHORTAGE: None,
}
_CLOSES = WHOLE | {Action.REDUCE}


def check_process(file: DataFile, meta: Exchange, context: Context) -> None:
    """Say everything that is wrong with the liquidation processes beyond their shape."""
    for i, process in enumerate(meta.liquidation):
        at: Keys = ("liquidation", i)
        file.day((*at, "from"), process.from_)
        file.source((*at, "source"), process.source, context.sources)
        if process.mode not in meta.margin_modes:
            message = f"is {process.mode}, which {meta.id} does not declare"
            file.say("LQ218", (*at, "mode"), message)
        for product in process.products:
            if product not in meta.products:
                message = f"holds {product}, which {meta.id} does not declare"
                file.say("LQ218", (*at, "products"), message)
        if process.mode is MarginMode.ISOLATED and process.first is not PositionOrder.UNPUBLISHED:
            file.say("LQ231", (*at, "first"), "is for cross accounts, an isolated one has one")
        _check_end(file, process, at)
        for k, step in enumerate(process.steps):
            for keys, message, hint in _wrong(step, meta):
                file.say("LQ231", (*at, "steps", k, *keys), message, hint)


def _check_end(file: DataFile, process: Process, at: Keys) -> None:
    """Say if a process never closes anything, or goes on after everything is gone."""
    if not any(step.action in _CLOSES for step in process.steps):
        hint = "end it with close, take_over or backstop"
        file.say("LQ231", (*at, "steps"), "close nothing", hint)
    ended = None
    for k, step in enumerate(process.steps):
        if ended is not None and step.action not in TOLD:
            message = f"comes after {ended}, which leaves nothing"
            file.say("LQ231", (*at, "steps", k, "action"), message, "put it before, or add only")
            return
        if step.action in WHOLE and step.only == Only():
            ended = step.action


Wrong = tuple[tuple[str, ...], str, str]


def _wrong(step: Step, meta: Exchange) -> Iterator[Wrong]:
    """Yield what is wrong with a step: where, what, hint."""
    yield from _wrong_size(step, meta)
    yield from _wrong_only(step)
    yield from _wrong_fill(step, meta)
    closes = step.action in _CLOSES
    if step.fees and not closes:
        yield ("fees",), f"are charged on what is closed, {step.action} closes nothing", ""
    if step.fee_limit is FeeLimit.GAIN and FeeRate.LIQUIDATION not in step.fees:
        yield ("fee_limit",), "limits a liquidation fee, and fees does not name it", ""
    if step.scope is not Scope.SYMBOL and step.action is not Action.CANCEL_ORDERS:
        yield ("scope",), f"is of cancelled orders, not of {step.action}", ""
    if step.repeats and step.once:
        yield ("once",), "contradicts repeats", "leave one of them out"
    if (step.repeats or step.once) and step.action is not Action.REDUCE:
        name = "repeats" if step.repeats else "once"
        yield (name,), f"is for reduce; {step.action} goes on until nothing is left to do", ""
    if step.pause_seconds is not None and step.pause_seconds <= 0:
        yield ("pause_seconds",), f"is {step.pause_seconds}, it must be above 0", ""
    if step.evidence is EvidenceClass.ASSUMED and closes and not step.assumes:
        yield ("assumes",), "is missing: an assumed step says what it assumes", ""
    if step.action is Action.NET_HEDGE and PositionMode.HEDGE not in meta.position_modes:
        yield ("action",), f"is net_hedge, but {meta.id} has no position mode hedge", ""


def _wrong_size(step: Step, meta: Exchange) -> Iterator[Wrong]:
    size = step.size
    if size is None:
        if step.action is Action.REDUCE:
            hint = f"to is one of {', '.join(map(str, SizeRule))}"
            yield ("size",), "is missing: how much does the reduction close?", hint
        return
    if step.action is not Action.REDUCE:
        yield ("size",), f"is for reduce, not for {step.action}", ""
    yield from _wrong_numbers(size)
    for rule, part in (
        (SizeRule.BLOCK_LIMITS, "partial_close"),
        (SizeRule.SHORTAGE, "liquidators"),
    ):
        if size.to is rule and all(getattr(e.choices, part) is None for e in meta.rules):
            yield ("size", "to"), f"is {rule}, but no rule set has {part}", ""


def _wrong_numbers(size: Size) -> Iterator[Wrong]:
    needed = _NEEDS[size.to]
    for name in ("rate", "tiers", "value"):
        number = getattr(size, name)
        if name == needed and number is None:
            yield ("size", name), f"is missing, {size.to} needs it", ""
        elif name != needed and number is not None:
            yield ("size", name), f"is given, {size.to} does not use it", ""
        elif number is not None and number <= 0:
            yield ("size", name), f"is {number}, it must be above 0", ""
    if size.rate is not None and size.rate >= ONE:
        hint = "rates are fractions: 10% is 0.1; for all of it use close"
        yield ("size", "rate"), f"is {size.rate}, it must be below 1", hint


def _wrong_only(step: Step) -> Iterator[Wrong]:
    only = step.only
    for name in ("value_above", "value_below", "tier_from"):
        number = getattr(only, name)
        if number is not None and number <= 0:
            yield ("only", name), f"is {number}, it must be above 0", ""
    if only.equity_from is not None and only.equity_from < 0:
        yield ("only", "equity_from"), f"is {only.equity_from}, it must not be below 0", ""
    if only.equity_from is not None and only.equity_from > ONE:
        message = f"is {only.equity_from}, above the requirement nothing is liquidated"
        yield ("only", "equity_from"), message, "a share of the requirement: 2/3"
    if only != Only() and step.action not in _CLOSES:
        yield ("only",), f"is for steps that close, not for {step.action}", ""


def _wrong_fill(step: Step, meta: Exchange) -> Iterator[Wrong]:
    if step.fill is not None and step.action not in _CLOSES:
        yield ("fill",), f"is of what is closed, {step.action} closes nothing", ""
    for fill, part in (
        (FillPrice.FILLABLE, "partial_close"),
        (FillPrice.LIQUIDATOR, "liquidators"),
    ):
        if step.fill is fill and all(getattr(e.choices, part) is None for e in meta.rules):
            yield ("fill",), f"is {fill}, but no rule set has {part}", ""
