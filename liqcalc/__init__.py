"""Exact liquidation prices, margins and tiers of crypto derivatives exchanges.

    >>> import liqcalc
    >>> answer = liqcalc.price(
    ...     "binance", "BTCUSDT", "long", "0.5", entry_price="60000", leverage="20"
    ... )
    >>> answer.liquidation_price
    Decimal('57259.03614458')

Numbers are given as text, int or Decimal; a binary float is refused.
Everything is imported when it is first used, so that importing liqcalc itself
costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liqcalc import _version

if TYPE_CHECKING:
    from liqcalc.answers.answer import (
        AccountAnswer,
        AccountFigures,
        JointMove,
        Note,
        PositionAnswer,
        Provenance,
        TraceStep,
    )
    from liqcalc.answers.change.adjust import Adjustment, adjust
    from liqcalc.answers.change.what_if import WhatIf, what_if
    from liqcalc.answers.compare import compare
    from liqcalc.answers.comparison import ComparedPosition, Comparison, Outcome
    from liqcalc.answers.funding.answer import FundingAnswer
    from liqcalc.answers.funding.question import funding
    from liqcalc.answers.funding.rates import read_rates
    from liqcalc.answers.health.answer import AccountHealth
    from liqcalc.answers.health.question import health
    from liqcalc.answers.ladder.answer import Ladder
    from liqcalc.answers.ladder.question import ladder
    from liqcalc.answers.leverage.answer import LeverageAnswer
    from liqcalc.answers.leverage.question import furthest_stop, safe_leverage
    from liqcalc.answers.public import evaluate, load_exchange, position_sheet, price
    from liqcalc.answers.size.answer import Size
    from liqcalc.answers.size.question import size
    from liqcalc.answers.stops.question import StopAnswer, stop_verdict
    from liqcalc.answers.stress.answer import Stress
    from liqcalc.answers.stress.question import stress
    from liqcalc.engine.solve import Status
    from liqcalc.errors import (
        CaseError,
        DataUnavailable,
        Fault,
        InputError,
        LiqcalcError,
        RuleError,
    )
    from liqcalc.rules.catalog import LoadedExchange

__version__ = _version.VERSION

__all__ = [
    "AccountAnswer",
    "AccountFigures",
    "AccountHealth",
    "Adjustment",
    "CaseError",
    "ComparedPosition",
    "Comparison",
    "DataUnavailable",
    "Fault",
    "FundingAnswer",
    "InputError",
    "JointMove",
    "Ladder",
    "LeverageAnswer",
    "LiqcalcError",
    "LoadedExchange",
    "Note",
    "Outcome",
    "PositionAnswer",
    "Provenance",
    "RuleError",
    "Size",
    "Status",
    "StopAnswer",
    "Stress",
    "TraceStep",
    "WhatIf",
    "__version__",
    "adjust",
    "compare",
    "evaluate",
    "funding",
    "furthest_stop",
    "health",
    "ladder",
    "load_exchange",
    "position_sheet",
    "price",
    "read_rates",
    "safe_leverage",
    "size",
    "stop_verdict",
    "stress",
    "what_if",
]

_HOMES = {
    "liqcalc.answers.change.adjust": ("Adjustment", "adjust"),
    "liqcalc.answers.compare": ("compare",),
    "liqcalc.answers.comparison": ("ComparedPosition", "Comparison", "Outcome"),
    "liqcalc.answers.ladder.question": ("ladder",),
    "liqcalc.answers.ladder.answer": ("Ladder",),
    "liqcalc.answers.leverage.answer": ("LeverageAnswer",),
    "liqcalc.answers.leverage.question": ("furthest_stop", "safe_leverage"),
    "liqcalc.answers.funding.question": ("funding",),
    "liqcalc.answers.funding.answer": ("FundingAnswer",),
    "liqcalc.answers.funding.rates": ("read_rates",),
    "liqcalc.answers.health.question": ("health",),
    "liqcalc.answers.health.answer": ("AccountHealth",),
    "liqcalc.answers.public": ("evaluate", "load_exchange", "position_sheet", "price"),
    "liqcalc.answers.answer": (
        "AccountAnswer",
        "AccountFigures",
        "JointMove",
        "Note",
        "PositionAnswer",
        "Provenance",
        "TraceStep",
    ),
    "liqcalc.answers.stress.question": ("stress",),
    "liqcalc.answers.stress.answer": ("Stress",),
    "liqcalc.answers.stops.question": ("StopAnswer", "stop_verdict"),
    "liqcalc.answers.size.question": ("size",),
    "liqcalc.answers.size.answer": ("Size",),
    "liqcalc.answers.change.what_if": ("WhatIf", "what_if"),
    "liqcalc.engine.solve": ("Status",),
    "liqcalc.rules.catalog": ("LoadedExchange",),
    "liqcalc.errors": (
        "CaseError",
        "DataUnavailable",
        "Fault",
        "InputError",
        "LiqcalcError",
        "RuleError",
    ),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public object
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(home), name)
            globals()[name] = found
            return found
    message = f"module 'liqcalc' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
