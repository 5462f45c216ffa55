"""A wanted liquidation price, and whether a sheet reaches it."""

from __future__ import annotations

from decimal import Context
from typing import TYPE_CHECKING, NamedTuple

from liqcalc.answers.request import number_fault, read_numbers
from liqcalc.engine.numbers import ONE, exact, plain, to_step
from liqcalc.engine.solve import Status
from liqcalc.errors import Fault, InputError
from liqcalc.rules.sheet import Side

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.answers.case import Case
    from liqcalc.answers.request import Number

# A root carries 34 digits, the last of them rounded.
_settled = Context(prec=28).plus


class Aim(NamedTuple):
    """A price that the mark shall reach before the position ends.

    Attributes:
        price: in quote.
        below: it lies below the mark.
    """

    price: Decimal
    below: bool

    def met(self, case: Case, i: int) -> bool:
        """Return True if the condition of position `i` first holds at the price or beyond."""
        ends = case.ends(i)
        if ends.status is Status.CANNOT_BE_LIQUIDATED:
            return True
        if ends.status is not Status.LIQUIDATABLE_AT_PRICE:
            return False
        end = ends.lower if self.below else ends.upper
        if end is None:
            return True
        end, price = _settled(end), _settled(self.price)
        return end <= price if self.below else end >= price


def read_aim(
    case: Case, i: int, liquidation_price: Number | None, distance_rate: Number | None
) -> Aim:
    """Return the wanted price that was given, or that lies at the distance given.

    A price at a distance is rounded to the tick, away from the mark.

    Raises:
        InputError: neither or both are given, or the position does not end on
            that side of the mark.
    """
    numbers = {"liquidation_price": liquidation_price, "distance_rate": distance_rate}
    given = [name for name, value in numbers.items() if value is not None]
    if len(given) != 1:
        message = "neither is given" if not given else "both are given"
        hint = "give the wanted liquidation price (--to) or its distance from the mark (--distance)"
        raise InputError(Fault("LQ124", "liquidation_price", message, hint))
    with exact():
        faults = [fault for name in given if (fault := number_fault(name, numbers[name]))]
        if faults:
            raise InputError(*faults)
        number = read_numbers(numbers)[given[0]]
        assert number is not None  # noqa: S101 - one of them is given
        if given == ["distance_rate"]:
            return _at_distance(case, i, number)
        return _at_price(case, i, number)


def _at_distance(case: Case, i: int, rate: Decimal) -> Aim:
    if not 0 < rate < ONE:
        hint = "rates are fractions of the mark: 15% is 0.15"
        message = f"is {plain(rate)}, it must be above 0 and below 1"
        raise InputError(Fault("LQ124", "distance_rate", message, hint))
    position, below = case.position(i), _ends_below(case, i)
    price = position.mark_price * (ONE - rate if below else ONE + rate)
    tick = position.contract.tick_size
    if tick is not None:
        stepped = to_step(price, tick, "down" if below else "up")
        price = stepped if stepped > 0 else price
    return Aim(price, below)


def _at_price(case: Case, i: int, price: Decimal) -> Aim:
    mark, side = case.position(i).mark_price, case.sheet.positions[i].side
    if price <= 0:
        message = f"is {plain(price)}, it must be above 0"
        raise InputError(Fault("LQ124", "liquidation_price", message))
    if price == mark:
        message = f"is the mark itself, {plain(mark)}; nothing is left before it"
        raise InputError(Fault("LQ124", "liquidation_price", message))
    below, ends = price < mark, case.ends(i)
    there = ends.lower if below else ends.upper
    if there is None and below is not (side is Side.LONG):
        where = "above" if side is Side.SHORT else "below"
        message = f"is {plain(price)}, but this {side} ends {where} the mark of {plain(mark)}"
        raise InputError(Fault("LQ124", "liquidation_price", message, "check side and mark"))
    return Aim(price, below)


def _ends_below(case: Case, i: int) -> bool:
    """Return on which side the position ends: where it loses, unless it only ends elsewhere."""
    ends, long = case.ends(i), case.sheet.positions[i].side is Side.LONG
    if ends.losing(case.sheet.positions[i].side) is None:
        other = ends.upper if long else ends.lower
        return long if other is None else not long
    return long
