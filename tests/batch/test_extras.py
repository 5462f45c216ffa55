"""Without numpy and pyarrow liqcalc says in one line what to install."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import subprocess
import sys

import pytest

from liqcalc.batch.extras import need
from liqcalc.errors import InputError

_SCRIPT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in {missing!r} else find(name)
import liqcalc
from liqcalc import batch
assert not {{"numpy", "pyarrow"}} & {{*sys.modules}}
try:
    batch.evaluate
except liqcalc.InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("missing", "said"),
    [(["numpy", "pyarrow"], "numpy and pyarrow, which are"), (["pyarrow"], "pyarrow, which is")],
)
def test_what_is_missing_is_named_with_the_command(missing, said):
    script = _SCRIPT.format(missing=missing)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)  # noqa: PLW1510, S603

    first, hint = done.stdout.splitlines()
    assert first == f"liqcalc.batch: needs {said} not installed (LQ129)"
    assert hint == '  hint: pip install "liqcalc[batch]"'
    assert done.stderr == ""


def test_what_is_installed_is_enough():
    need("json", "decimal")
    with pytest.raises(InputError, match=r"needs no_such_thing, which is not installed"):
        need("json", "no_such_thing", extra="fast")


def test_functions_are_found_when_they_are_asked_for():
    import liqcalc.batch
    from liqcalc import batch

    assert callable(batch.evaluate)
    assert "evaluate" in dir(liqcalc.batch)
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = batch.evalute


def test_compiling_without_numba_is_refused(monkeypatch):
    from liqcalc import batch

    monkeypatch.setattr("liqcalc.batch.extras.find_spec", lambda _: None)
    row = {"exchange": "binance", "symbol": "BTCUSDT", "side": "long", "qty": [1.0], "leverage": 5}
    with pytest.raises(InputError) as caught:
        batch.evaluate(row | {"entry_price": 60_000}, compiled=True)
    assert "compiled=True: needs numba" in str(caught.value)
    assert 'pip install "liqcalc[fast]"' in str(caught.value)
