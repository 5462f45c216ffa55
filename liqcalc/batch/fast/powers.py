"""Powers of ten as pairs."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from liqcalc.batch.fast.pairs import Pair

ZEROTH = 45
"""The place of 10^0."""

_POWERS = [Pair.of(Decimal(10) ** k) for k in range(-ZEROTH, ZEROTH + 1)]
POWERS_HI = np.array([power.hi for power in _POWERS])
POWERS_LO = np.array([power.lo for power in _POWERS])
