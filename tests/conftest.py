"""Profiles of the property tests.

`quick` (the default) runs the same examples every time, few enough for CI, and makes no failing
one smaller. `thorough` looks at
many and new ones: LIQCALC_TESTS=thorough pytest tests/laws.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "thorough", max_examples=3000, deadline=None, suppress_health_check=_SLOW, print_blob=True
)
settings.load_profile(os.environ.get("LIQCALC_TESTS", "quick"))
