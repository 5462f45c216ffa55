"""A slow, plain judge of margin figures: no closed forms, only definitions and bisection.

It shares no code with the package that it judges.
"""

from __future__ import annotations

from tests.slow.evaluator import evaluate, health

__all__ = ["evaluate", "health"]
