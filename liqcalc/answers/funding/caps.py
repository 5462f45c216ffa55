"""How far a funding rate may lie from 0, and what becomes of one that lies beyond."""

from __future__ import annotations

from decimal import Context
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine import funding as engine
from liqcalc.engine.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.engine.vocabulary import Funding
    from liqcalc.rules.schema import FundingCap, FundingTerms


_SHOWN = Context(prec=6)


class Cap(NamedTuple):
    """The largest rate, either sign.

    Attributes:
        rate: for as many hours as the exchange's rates are.
        binds: the exchange cuts a rate off there; else it is only warned of.
        words: a remark; may be "".
    """

    rate: Decimal
    binds: bool
    words: str

    def cut(self, rate: Decimal) -> Decimal:
        """Return the rate that is charged instead of `rate`."""
        return max(-self.rate, min(self.rate, rate)) if self.binds else rate

    def warning(self, rate: Decimal) -> str:
        """Return a sentence if `rate` lies beyond the cap; else ""."""
        if abs(rate) <= self.rate:
            return ""
        more = f" ({self.words})" if self.words else ""
        size = plain(_SHOWN.create_decimal(self.rate))
        what = f"{size} is charged" if self.binds else "taken as given"
        return f"rate {plain(rate)} is beyond the cap of {size}{more}; {what}"


def cap_of(case: Case, i: int, rule: Funding, terms: FundingTerms) -> Cap | None:
    """Return the tightest cap that is known of a position's rate, those that bind first."""
    answer = case.figures.positions[i]
    found = []
    for rate in (rule.cap, answer.exact.get("funding_rate_cap")):
        cap = engine.rate_cap(rule, cap=rate, hours=rule.cap_hours)
        if cap is not None:
            words = "" if terms.cap_binds else "contracts have caps of their own"
            found.append(Cap(cap, terms.cap_binds, words))
    own = _own_cap(terms.caps, answer.symbol, case.sheet.as_of or case.today)
    if own is not None:
        size = own.rate
        schedule = case.position(i).schedule
        if own.factor is not None and own.of is not None and schedule and schedule.tiers:
            size = engine.cap_of_tier(schedule.tiers[0], own.of, own.factor)
        cap = engine.rate_cap(rule, cap=size, hours=own.hours)
        if cap is not None:
            found.append(Cap(cap, own.binds, own.note))
    return min(found, key=lambda cap: (not cap.binds, cap.rate), default=None)


def _own_cap(caps: Iterable[FundingCap], symbol: str, day: str) -> FundingCap | None:
    """Return the newest cap in force for a symbol, its own before the general one."""
    fits = [
        cap
        for cap in caps
        if (cap.from_ is None or cap.from_ <= day) and (not cap.symbols or symbol in cap.symbols)
    ]
    own = [cap for cap in fits if cap.symbols] or fits
    return max(own, key=lambda cap: cap.from_ or "", default=None)
