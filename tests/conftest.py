"""Profiles of the property tests.

`quick` (the default) runs the same examples every time, few enough for CI, and makes no failing
one smaller. `thorough` looks at
many and new ones: LIQCALC_TESTS=thorough pytest tests/laws.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

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
_profile = os.environ.get("LIQCALC_TESTS", "quick")
settings.load_profile(_profile)
if _profile == "quick":
    # Examples also draw from the constants of the modules loaded so far, which
    # differ from worker to worker; without them they are the same every time.
    setattr(providers, "_get_local_constants", Constants)  # noqa: B010 - no setting
