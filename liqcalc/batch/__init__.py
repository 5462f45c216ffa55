"""A million positions at once: the same numbers, in columns.

    >>> from liqcalc import batch
    >>> found = batch.evaluate({
    ...     "exchange": "binance", "symbol": "BTCUSDT", "side": ["long", "short"],
    ...     "qty": [0.5, 0.5], "entry_price": [60000, 60000], "leverage": [20, 20],
    ... }, today="2026-11-22")
    >>> found["liquidation_price"]
    array([57259.03614458, 62714.14342629])

Needs numpy and pyarrow: ``pip install "liqcalc[batch]"``.
"""
