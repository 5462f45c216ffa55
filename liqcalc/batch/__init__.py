"""A million positions at once: the same numbers, in columns.

    >>> from liqcalc import batch
    >>> found = batch.evaluate({
    ...     "exchange": "binance", "symbol": "BTCUSDT", "side": ["long", "short"],
    ...     "qty": [0.5, 0.5], "entry_price": [60000, 60000], "leverage": [20, 20],
    ... }, today="2026-11-22")
    >>> found["liquidation_price"]
    array([57259.03614458, 62719.12350598])

Needs numpy and pyarrow: ``pip install "liqcalc[batch]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liqcalc.batch.columns import Coded
    from liqcalc.batch.files import evaluate_file
    from liqcalc.batch.fundings.question import funding
    from liqcalc.batch.grids.question import grid
    from liqcalc.batch.job import Progress
    from liqcalc.batch.ladders.question import ladder
    from liqcalc.batch.leverages.question import leverage
    from liqcalc.batch.question import evaluate
    from liqcalc.batch.summary import Reason, Summary

__all__ = [
    "Coded",
    "Progress",
    "Reason",
    "Summary",
    "evaluate",
    "evaluate_file",
    "funding",
    "grid",
    "ladder",
    "leverage",
]

_HOMES = {
    "liqcalc.batch.columns": ("Coded",),
    "liqcalc.batch.question": ("evaluate",),
    "liqcalc.batch.files": ("evaluate_file",),
    "liqcalc.batch.fundings.question": ("funding",),
    "liqcalc.batch.grids.question": ("grid",),
    "liqcalc.batch.job": ("Progress",),
    "liqcalc.batch.ladders.question": ("ladder",),
    "liqcalc.batch.leverages.question": ("leverage",),
    "liqcalc.batch.summary": ("Reason", "Summary"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public object
    from importlib import import_module

    from liqcalc.batch.extras import need

    for home, names in _HOMES.items():
        if name in names:
            need("numpy", "pyarrow", where="liqcalc.batch")
            found = getattr(import_module(home), name)
            globals()[name] = found
            return found
    message = f"module 'liqcalc.batch' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
