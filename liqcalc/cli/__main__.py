"""python -m liqcalc.cli."""

from liqcalc.cli.main import run

run()
