# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import os
import subprocess
import sys

import pytest

from liqcalc.cli import commands
from liqcalc.cli.main import INTERNAL_ERROR, main

PRICE = "price binance BTCUSDT long 0.5 --entry 60000 --leverage 20"


def process(line, *, then="", **environment):
    """Run the command line as a process of its own, if need be piped into another."""
    script = f"{sys.executable} -m liqcalc.cli {line} {then}"
    env = {**os.environ, **environment}
    return subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", script], env=env, capture_output=True, text=True, check=False
    )


class TestHelp:
    """Short help, version, and what each command says about itself."""

    def test_alone_it_prints_a_short_help_with_two_examples(self, run):
        ran = run("")

        assert ran.code == 0
        assert "liqcalc price binance BTCUSDT long 0.5 --entry 60000 --leverage 20" in ran.out
        assert "| liqcalc account -" in ran.out
        assert max(map(len, ran.out.splitlines())) <= 90

    @pytest.mark.parametrize("flag", ["-h", "--help"])
    def test_help_is_the_same_text(self, run, flag):
        assert run(flag).out.strip() == run("").out.strip()

    @pytest.mark.parametrize("name", list(commands.COMMANDS))
    @pytest.mark.parametrize("flag", ["-h", "--help"])
    def test_every_command_has_help(self, run, name, flag):
        ran = run(f"{name} {flag}")

        assert ran.code == 0
        assert f"Usage: liqcalc {name}" in ran.out

    def test_version_and_date_of_the_rules(self, run):
        assert run("--version").out.startswith("liqcalc 0.")

    @pytest.mark.parametrize(
        ("line", "hint"),
        [("pric", "did you mean price?"), ("zzz", "liqcalc --help"), ("--foo", "liqcalc --help")],
    )
    def test_an_unknown_command_is_one_error(self, run, line, hint):
        ran = run(line)

        assert ran.code == 2
        assert hint in ran.err
        assert "Traceback" not in ran.err


class TestUnexpected:
    """One line, unless --debug asks for the traceback."""

    @pytest.fixture
    def _broken(self, monkeypatch):
        def fail(name):
            raise ZeroDivisionError(name)

        monkeypatch.setattr(commands, "load", fail)

    @pytest.mark.usefixtures("_broken")
    def test_an_internal_error_is_one_line(self, run):
        ran = run(PRICE)

        assert ran.code == INTERNAL_ERROR
        assert ran.err.count("\n") == 1
        assert "--debug" in ran.err

    @pytest.mark.usefixtures("_broken")
    def test_debug_shows_the_traceback(self):
        with pytest.raises(ZeroDivisionError):
            main([*PRICE.split(), "--debug"])

    def test_an_interrupt_is_exit_130(self, run, monkeypatch):
        def stop(_name):
            raise KeyboardInterrupt

        monkeypatch.setattr(commands, "load", stop)

        assert run(PRICE).code == 130


class TestProcess:
    """The command as a process: pipes, streams, environment."""

    def test_a_closed_pipe_is_no_error(self):
        ran = process("exchanges hyperliquid", then="| head -1")

        assert ran.stdout.count("\n") == 1
        assert ran.stderr == ""

    def test_errors_go_to_stderr_and_exit_2(self):
        ran = process("price nowhere X long 1 -e 1")

        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.startswith("error: ")

    def test_a_narrow_encoding_is_no_error(self):
        ran = process(PRICE, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

        assert ran.returncode == 0
        assert "57259.03614458" in ran.stdout

    def test_no_color_and_dumb_terminals_are_respected(self):
        for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
            assert "\x1b" not in process(PRICE, **{name: value}).stdout
