"""What liqcalc says when it cannot answer: code, place, reason and next step.

Every error carries a code of the form ``LQ101``; ``liqcalc explain LQ101``
prints its page.  The hundreds group them: 1 input, 2 data files, 3 warnings
about tables and sizes, 4 what was assumed or not known, 5 golden cases.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong: its code, where it is, what it is, what to do."""

    code: str
    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        text = f"{place}{self.message} ({self.code})"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class LiqcalcError(Exception):
    """Base of every error that liqcalc raises on purpose.

    Attributes:
        faults: everything that is wrong, in the order found; never empty.
        exit_code: what the command line exits with.
    """

    exit_code = 2

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    @property
    def code(self) -> str:
        """Return the code of the first fault."""
        return self.faults[0].code

    @property
    def hint(self) -> str:
        """Return the advice of the first fault."""
        return self.faults[0].hint


class InputError(LiqcalcError):
    """What the user gave cannot be used."""


class RuleError(LiqcalcError):
    """A file of an exchange folder is wrong."""


class CaseError(LiqcalcError):
    """A golden case cannot be read."""


class DataUnavailable(LiqcalcError):
    """Something that was asked for is not on this machine."""
