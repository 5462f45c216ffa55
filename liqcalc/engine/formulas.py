"""The formulas of margin, each written once, with arithmetic operators only.

They take any numbers that know ``+ - * /``: exact decimals here, columns of
numbers elsewhere.  Values are in the settle currency; `drift` is +1 where the
position gains as its value grows (linear long, inverse short), else -1.
"""

from __future__ import annotations

from typing import TypeVar

N = TypeVar("N")


def pnl(drift: int, value: N, entry_value: N) -> N:
    """Return the unrealised profit.

    Formula:
        drift * (value - entry_value)
    """
    return drift * (value - entry_value)  # type: ignore[operator,no-any-return]


def maintenance(value: N, rate: N, deduction: N) -> N:
    """Return the maintenance margin, without fees.

    Formula:
        value * rate - deduction
    """
    return value * rate - deduction  # type: ignore[operator,no-any-return]


def bankruptcy_value(drift: int, entry_value: N, margin: N, fee_rate: N) -> N:
    """Return the value at which the margin is gone after the fee to close.

    Formula:
        margin + drift*(v - entry_value) - fee_rate*v = 0
        v = (drift*entry_value - margin) / (drift - fee_rate)
    """
    return (drift * entry_value - margin) / (drift - fee_rate)  # type: ignore[operator,return-value]


def leverage_bankruptcy_value(drift: int, entry_value: N, leverage: N) -> N:
    """Return the value at which the margin that `leverage` demands is gone.

    Formula:
        entry_value * (1 - drift/leverage), divided last
    """
    return entry_value - drift * entry_value / leverage  # type: ignore[operator,return-value]
