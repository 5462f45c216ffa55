"""The terms of health: each named, with its numbers, as coefficients of one price."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine import fees
from liqcalc.engine.curve import (
    NOTHING,
    Coefficients,
    Kink,
    Leg,
    Scaled,
    evaluate,
    scaled,
    times,
    times_price,
)
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.tiers import SlopedLeg, TierLeg
from liqcalc.engine.words import FundingInRequirement

if TYPE_CHECKING:
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.tiers import Schedule, Tier

Numbers = tuple[tuple[str, "Decimal | int"], ...]


class Term(NamedTuple):
    """One named part of health: where it comes from and what it adds.

    Attributes:
        name: which rule it is.
        formula: in words and symbols; p is the price that moves.
        numbers: what stands for each symbol.
        coefficients: a, b, c of what it adds to health.
    """

    name: str
    formula: str
    numbers: Numbers
    coefficients: Coefficients


class Money(NamedTuple):
    """How amounts of one coin become money of the pool.

    Attributes:
        asset: the coin.
        positive, negative: money per coin held, per coin owed.
        requirement: money per coin required.
        follows: the mark whose price the coin's own price follows, in units
            of the moving variable; None if it stands still.
    """

    asset: str
    positive: Decimal = ONE
    negative: Decimal = ONE
    requirement: Decimal = ONE
    follows: Decimal | None = None

    def of_requirement(self, coefficients: Coefficients) -> Coefficients:
        """Return a required amount of the coin as money."""
        money = coefficients if self.requirement == ONE else times(coefficients, self.requirement)
        return money if self.follows is None else times_price(money, self.follows)


SAME_MONEY = Money("")


class InMoney:
    """A leg in coins, turned into the pool's money."""

    __slots__ = ("leg", "money")

    def __init__(self, leg: Leg, money: Money) -> None:
        self.leg = leg
        self.money = money

    def index_at(self, price: Decimal) -> int:
        """Return which segment holds `price`."""
        return self.leg.index_at(price)

    def edge(self, index: int, direction: int) -> Decimal | None:
        """Return where segment `index` ends."""
        return self.leg.edge(index, direction)

    def beyond(self, index: int, direction: int) -> int:
        """Return the segment next to `index`."""
        return self.leg.beyond(index, direction)

    def coefficients(self, index: int) -> Coefficients:
        """Return the coefficients in money."""
        return self.money.of_requirement(self.leg.coefficients(index))


def constant(name: str, amount: Decimal) -> Term:
    """Return a term that does not move."""
    return Term(name, "amount", (("amount", amount),), (amount, ZERO, ZERO))


def pnl_term(m: Marked, scale: Decimal | None) -> Term:
    """Return the profit of a position, moving if `scale` is given."""
    position, contract = m.position, m.contract
    name = f"unrealized_pnl ({contract.symbol})"
    numbers: Numbers
    if scale is None:
        numbers = (("pnl_at_mark", m.pnl),)
        return Term(name, "pnl_at_mark", numbers, (m.pnl, ZERO, ZERO))
    a, b, c = contract.coefficients(position.qty, m.drift * ONE)
    if scale != ONE:
        a, b, c = scaled((a, b, c), scale)
    coefficients = (a - m.drift * m.entry_value - m.charged, b, c)
    formula = "s*qty*(p - entry)" if contract.linear else "s*qty*(1/entry - 1/p)"
    numbers = (("s", position.side), ("qty", position.qty), ("entry", m.entry))
    if m.charged:
        formula += " - accrued_fees"
        numbers = (*numbers, ("accrued_fees", m.charged))
    return Term(name, formula, numbers, coefficients)


def coin_term(
    money: Money, wallet: Decimal, amount: Coefficients, start: Decimal
) -> tuple[Term, Leg | None]:
    """Return a coin's equity in money; with its leg if its worth has a kink."""
    numbers: Numbers = (("held", wallet), ("per_coin", money.positive))
    formula = "(held + pnl)*per_coin" + ("*p/mark" if money.follows is not None else "")
    name = f"equity in {money.asset}"
    _, b, c = amount
    if money.positive == money.negative or not (b or c):
        per_coin = money.positive if evaluate(amount, start) >= 0 else money.negative
        value = times(amount, per_coin)
        if money.follows is not None:
            value = times_price(value, money.follows)
        numbers = (("held", wallet), ("per_coin", per_coin))
        return Term(name, formula, numbers, value), None
    kink = Kink(amount, positive=money.positive, negative=money.negative, mark=money.follows)
    numbers = (*numbers, ("per_coin_owed", money.negative))
    return Term(name, formula + ", per_coin_owed where negative", numbers, NOTHING), kink


def profit_term(
    m: Marked, scale: Decimal | None, weight: Decimal, price: Decimal
) -> tuple[Term, Leg | None]:
    """Return a position's profit in money, a gain at `weight`; with its leg if that bends it."""
    term = pnl_term(m, scale)
    if weight == ONE and price == ONE:
        return term, None
    numbers: Numbers = (*term.numbers, ("weight_of_gains", weight), ("price", price))
    formula = f"{term.formula}, gains times weight_of_gains, times price"
    if scale is None or weight == ONE:
        worth = price * weight if m.pnl > 0 else price
        coefficients = times(term.coefficients, worth)
        return Term(term.name, formula, numbers, coefficients), None
    kink = Kink(term.coefficients, positive=price * weight, negative=price, mark=None)
    return Term(term.name, formula, numbers, NOTHING), kink


def closing_fee(m: Marked, scale: Decimal | None, money: Money) -> Term:
    """Return the fee to close on the moving value, against the backing."""
    rate, fixed = fees.bankruptcy_rate(m), fees.bankruptcy_fee(m)
    if scale is None:
        coefficients: Coefficients = (-rate * m.value - fixed, ZERO, ZERO)
    else:
        a, b, c = scaled(m.contract.coefficients(m.position.qty, -rate), scale)
        coefficients = (a - fixed, b, c)
    numbers = (("qty", m.position.qty), ("fee", rate), ("fixed_fee", fixed))
    name = f"fee_to_close ({m.contract.symbol})"
    return Term(name, "-value(p)*fee - fixed_fee", numbers, money.of_requirement(coefficients))


def locked_margin(m: Marked, money: Money, *, moving: bool) -> Term:
    """Return what a position in a separate pool locks: its margin, or the fee reserve alone."""
    amount = (m.reserve or ZERO) if moving else m.locked
    name = f"{'fee_reserve' if moving else 'locked margin'} ({m.contract.symbol})"
    coefficients = money.of_requirement((-amount, ZERO, ZERO))
    return Term(name, "-amount", (("amount", amount),), coefficients)


def held_requirement(m: Marked, money: Money, factor: Decimal) -> Term:
    """Return the requirement of a position whose price stands still."""
    required = m.locked
    coefficients = money.of_requirement((-required * factor, ZERO, ZERO))
    name = f"requirement at its mark ({m.contract.symbol})"
    return Term(name, "-requirement", (("requirement", required),), coefficients)


def fixed_requirement(m: Marked, scale: Decimal, money: Money, factor: Decimal) -> list[Term]:
    """Return the parts of a moving position's requirement that have no edges."""
    symbol = m.contract.symbol
    terms: list[Term] = []
    numbers: Numbers
    if m.maintenance is not None and not m.requirement_moves and m.tier:
        numbers, formula, required = _entry_maintenance(m, m.tier, m.maintenance)
        fixed: Coefficients = (-required * factor, ZERO, ZERO)
        name = f"maintenance_margin ({symbol})"
        terms.append(Term(name, formula, numbers, money.of_requirement(fixed)))
    if m.fee_constant:
        fixed = (-m.fee_constant * factor, ZERO, ZERO)
        numbers = (("fee", m.fee_constant),)
        terms.append(Term(f"fee_to_close ({symbol})", "-fee", numbers, money.of_requirement(fixed)))
    if m.orders_fee:
        fixed = (-m.orders_fee * factor, ZERO, ZERO)
        numbers = (("fees", m.orders_fee),)
        name = f"fees of open orders ({symbol})"
        terms.append(Term(name, "-fees", numbers, money.of_requirement(fixed)))
    if m.fee_on_value:
        moving = m.contract.coefficients(m.position.qty, -m.fee_on_value * factor)
        numbers = (("qty", m.position.qty), ("taker", m.fee_on_value))
        formula = "-qty*p*taker" if m.contract.linear else "-qty/p*taker"
        coefficients = money.of_requirement(scaled(moving, scale))
        terms.append(Term(f"fee_to_close ({symbol})", formula, numbers, coefficients))
    if m.residue:
        fixed = (-m.residue * factor, ZERO, ZERO)
        numbers = (("cut_off", -m.residue),)
        name = f"maintenance cut to the step ({symbol})"
        terms.append(Term(name, "+cut_off", numbers, money.of_requirement(fixed)))
    return terms


def _entry_maintenance(m: Marked, tier: Tier, required: Decimal) -> tuple[Numbers, str, Decimal]:
    """Return the numbers, the formula and the amount of a maintenance that stands still."""
    rules = m.rules
    numbers: Numbers = (("entry_value", m.entry_value), ("mmr", tier.mmr))
    inside = "entry_value*mmr"
    if m.orders_value:
        required += m.orders_value * tier.mmr
        numbers = (*numbers, ("orders", m.orders_value))
        inside = "(entry_value + orders)*mmr"
    if rules.funding_in_requirement is FundingInRequirement.PAYABLE and m.payable_funding:
        numbers = (*numbers, ("funding_rate", m.payable_funding))
        inside = inside.replace("mmr", "(mmr + funding_rate)")
    if m.deduction:
        numbers = (*numbers, ("deduction", m.deduction))
        inside += " - deduction"
    formula = f"-({inside})"
    if m.unit is not None:
        numbers = (*numbers, ("unit", m.unit))
        formula += ", rounded up to the unit"
    if rules.minimum_requirement is not None:
        numbers = (*numbers, ("minimum", rules.minimum_requirement))
        formula = f"-max({inside}, minimum)"
    return numbers, formula, required


def tier_leg(m: Marked, scale: Decimal, money: Money, factor: Decimal) -> Leg:
    """Return the maintenance of a moving position, with the edges of its tiers."""
    schedule = m.schedule
    assert schedule is not None  # noqa: S101 - the caller has looked
    if m.sloped:
        return _sloped_leg(m, schedule, scale, money, factor)
    if not m.tier_moves:
        leg: Leg = _WholeLeg(m, factor)
    else:
        leg = TierLeg(
            m.contract,
            m.required_qty,
            schedule,
            factor=factor,
            orders=m.orders_size,
            required_orders=m.orders_value,
            size_qty=m.size_qty,
        )
    if scale != ONE:
        leg = Scaled(leg, scale)
    if money.requirement != ONE or money.follows is not None:
        leg = InMoney(leg, money)
    return leg


def _sloped_leg(
    m: Marked, schedule: Schedule, scale: Decimal, money: Money, factor: Decimal
) -> Leg:
    """Return the maintenance of an inverse position whose rate grows with its coins.

    Counted in quote currency, or for a common move in coins times the factor:
    both are health in coins times the variable, which has the same zeros.
    """
    rule = schedule.slope
    assert rule is not None  # noqa: S101 - the caller has looked
    assert rule.mmr_base is not None  # noqa: S101 - else there would be no schedule
    assert rule.slope is not None  # noqa: S101 - else there would be no schedule
    if money.follows is not None:
        factor = factor * money.requirement / money.follows
    return SlopedLeg(m.required_qty / scale, rule.mmr_base, rule.slope, factor=factor)


class _WholeLeg:
    """The maintenance of a position whose row does not depend on price."""

    __slots__ = ("_coefficients", "_row")

    def __init__(self, m: Marked, factor: Decimal) -> None:
        tier = m.tier
        assert tier is not None  # noqa: S101 - the caller has looked
        assert m.tier_index is not None  # noqa: S101 - goes with the tier
        self._row = m.tier_index
        a, b, c = m.contract.coefficients(m.required_qty, -factor * m.held_rate)
        fixed = ZERO if m.rules.by_contracts else tier.deduction
        fixed -= tier.mmr * m.orders_value
        self._coefficients = (a + factor * fixed, b, c)

    def index_at(self, price: Decimal) -> int:  # noqa: ARG002 - same row at every price
        return self._row

    def edge(self, index: int, direction: int) -> Decimal | None:  # noqa: ARG002 - no edges
        return None

    def beyond(self, index: int, direction: int) -> int:  # noqa: ARG002 - no edges
        return index

    def coefficients(self, index: int) -> Coefficients:  # noqa: ARG002 - same everywhere
        return self._coefficients
