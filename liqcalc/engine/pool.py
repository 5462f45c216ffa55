"""A margin pool: positions that share what backs them, and its health curve.

An isolated position is a pool of one whose cash is its own margin; a cross
account is a pool whose cash is the wallet; a multi-asset account is a pool
whose cash is several coins at their weights.  All are the same sum of terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from liqcalc.engine.curve import (
    NOTHING,
    Coefficients,
    Curve,
    Kink,
    Leg,
    Scaled,
    evaluate,
    plus,
    scaled,
    times,
    times_price,
)
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.tiers import TierLeg
from liqcalc.engine.vocabulary import NegativeEquity, ValuedAt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from liqcalc.engine.position import Coin, Marked
    from liqcalc.engine.vocabulary import MultiAsset, Rules


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


_SAME_MONEY = Money("")


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


class Health(NamedTuple):
    """A pool's health as one price, or all prices together, move.

    Attributes:
        curve: the sum.
        terms: its parts without edges, by name.
        legs: the positions whose requirement has edges, as they stand in the
            curve; the curve may hold further legs (haircuts) after them.
        start: the variable's value now: the mark, or 1 for a common move.
    """

    curve: Curve
    terms: list[Term]
    legs: list[Marked]
    start: Decimal


class Demand(NamedTuple):
    """What part of the requirement a curve holds against the backing.

    Attributes:
        factor: share of the maintenance and its fees; 0 = none.
        closing_fee: take the taker fee on the moving value instead.
    """

    factor: Decimal = ONE
    closing_fee: bool = False


LIQUIDATION = Demand()
BANKRUPTCY = Demand(ZERO)
BANKRUPTCY_WITH_FEE = Demand(ZERO, closing_fee=True)


class Pool:
    """Positions and what backs them.

    Args:
        rules: of the exchange.
        marked: the positions, valued at their marks.
        coins: what the pool holds, by asset; the settle currencies are filled
            in at price 1 if absent.
        multi: how assets count together; None for a pool of one currency.
        equity: value of everything at the marks, when the user gave it; then
            the coins only supply prices, weights and debts.
        other_pnl, other_requirement: of positions that are not listed, and of
            open orders.
        other_maintenance: the part of `other_requirement` that the account's
            printed maintenance margin gets from unlisted positions.
    """

    def __init__(
        self,
        rules: Rules,
        marked: Sequence[Marked],
        coins: Mapping[str, Coin],
        *,
        multi: MultiAsset | None = None,
        equity: Decimal | None = None,
        other_pnl: Decimal = ZERO,
        other_requirement: Decimal = ZERO,
    ) -> None:
        self.rules = rules
        self.marked = marked
        self.coins = coins
        self.multi = multi
        self.equity_given = equity
        self.other_pnl = other_pnl
        self.other_requirement = other_requirement

    def symbol(self, marked: Marked, demand: Demand = LIQUIDATION) -> Health:
        """Return health while only the price of `marked`'s symbol moves."""
        start = marked.position.mark_price
        return self._health({marked.contract.symbol: ONE}, start, demand)

    def joint(self) -> Health:
        """Return health while every price moves by the same factor."""
        scales = {m.contract.symbol: m.position.mark_price for m in self.marked}
        return self._health(scales, ONE, LIQUIDATION)

    def equity(self, *, initial: bool = False) -> Decimal:
        """Return what backs the pool at the marks, with unrealised profit."""
        if self.equity_given is not None:
            return self.equity_given
        total = self.other_pnl
        if self.multi is None:
            for coin in self.coins.values():
                total += coin.qty
            for m in self.marked:
                total += m.pnl
            return total
        for asset, amount in self.amounts().items():
            money = self._money(asset, None, initial=initial)
            total += amount * (money.positive if amount >= 0 else money.negative)
        return total

    def amounts(self) -> dict[str, Decimal]:
        """Return each coin's equity: what is held plus profit settled in it."""
        found = {asset: coin.qty for asset, coin in self.coins.items()}
        for m in self.marked:
            settle = m.contract.settle
            found[settle] = found.get(settle, ZERO) + m.pnl
        return found

    def requirement_price(self, asset: str) -> Decimal:
        """Return the money that one required coin of `asset` counts as."""
        return self._money(asset, None).requirement

    def held_price(self, asset: str, amount: Decimal, *, initial: bool = False) -> Decimal:
        """Return the money that one coin counts as, of an `amount` held or owed."""
        money = self._money(asset, None, initial=initial)
        return money.positive if amount >= 0 else money.negative

    def borrow_requirement(self) -> Decimal:
        """Return the maintenance on what the pool owes."""
        return -sum((t.coefficients[0] for t in self._borrowing(set(), {}, ONE)), ZERO)

    def requirement(self) -> Decimal:
        """Return what the liquidation condition demands at the marks."""
        total = self.other_requirement + self.borrow_requirement()
        for m in self.marked:
            total += m.requirement * self.requirement_price(m.contract.settle)
        return total

    def _health(self, scales: Mapping[str, Decimal], start: Decimal, demand: Demand) -> Health:
        moving = {m.contract.base for m in self.marked if m.contract.symbol in scales}
        terms: list[Term] = []
        legs: list[Leg] = []
        kinks: list[Leg] = []
        for term, kink in self._backing(scales, moving, start):
            terms.append(term)
            if kink is not None:
                kinks.append(kink)
        held: list[Marked] = []
        for m in self.marked:
            follows = start if m.contract.settle in moving else None
            money = self._money(m.contract.settle, follows)
            scale = scales.get(m.contract.symbol)
            if demand.closing_fee:
                terms.append(_closing_fee(m, scale, money))
            if not demand.factor:
                continue
            if scale is None:
                terms.append(_held_requirement(m, money, demand.factor))
                continue
            terms.extend(_fixed_requirement(m, scale, money, demand.factor))
            if self.rules.maintenance_at is ValuedAt.MARK and m.schedule is not None:
                legs.append(_tier_leg(m, scale, money, demand.factor))
                held.append(m)
        if demand.factor:
            terms.extend(self._other_requirements(scales, moving, start, demand.factor))
        base = NOTHING
        for term in terms:
            base = plus(base, term.coefficients)
        return Health(Curve(base, [*legs, *kinks]), terms, held, start)

    def _backing(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal
    ) -> Iterator[tuple[Term, Leg | None]]:
        """Yield the terms of the pool's equity; a kinked one brings its leg."""
        if self.equity_given is not None:
            yield from self._backing_from_equity(scales, moving, start)
            return
        if self.other_pnl:
            yield _constant("other_unrealized_pnl", self.other_pnl), None
        by_coin: dict[str, list[Marked]] = {asset: [] for asset in self.coins}
        for m in self.marked:
            by_coin.setdefault(m.contract.settle, []).append(m)
        for asset, members in by_coin.items():
            follows = start if asset in moving else None
            money = self._money(asset, follows)
            coin = self.coins.get(asset)
            wallet = coin.qty if coin else ZERO
            if self.multi is None:
                yield _constant("cash", wallet), None
                for m in members:
                    yield _pnl_term(m, scales.get(m.contract.symbol)), None
                continue
            amount: Coefficients = (wallet, ZERO, ZERO)
            for m in members:
                term = _pnl_term(m, scales.get(m.contract.symbol))
                amount = plus(amount, term.coefficients)
            yield _coin_term(money, wallet, amount, start)

    def _backing_from_equity(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal
    ) -> Iterator[tuple[Term, Leg | None]]:
        assert self.equity_given is not None  # noqa: S101 - the caller has looked
        yield _constant("equity", self.equity_given), None
        for m in self.marked:
            scale = scales.get(m.contract.symbol)
            if scale is None:
                continue
            settle = m.contract.settle
            money = self._money(settle, start if settle in moving else None)
            change = times(_pnl_term(m, scale).coefficients, money.positive)
            if money.follows is not None:
                change = times_price(change, money.follows)
            change = plus(change, (-m.pnl * money.positive, ZERO, ZERO))
            numbers = (("pnl_at_mark", m.pnl), ("price", money.positive))
            name = f"change of unrealized_pnl ({m.contract.symbol})"
            yield Term(name, "(pnl(p) - pnl_at_mark)*price", numbers, change), None

    def _money(self, asset: str, follows: Decimal | None, *, initial: bool = False) -> Money:
        multi, coin = self.multi, self.coins.get(asset)
        if multi is None:
            return _SAME_MONEY
        price = coin.price if coin else ONE
        buffer = ONE + multi.ask_buffer.get(asset, ZERO)
        weight = ONE
        if coin:
            weight = coin.initial_weight if initial else coin.maintenance_weight
        owed = price * buffer if multi.negative is NegativeEquity.ASK else price
        if coin and coin.qty < 0:
            owed = max(owed, price * weight)
        return Money(
            asset,
            positive=price * min(weight, ONE) if coin and coin.qty < 0 else price * weight,
            negative=owed,
            requirement=price * buffer if multi.requirement_at_ask else price,
            follows=follows,
        )

    def _other_requirements(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, factor: Decimal
    ) -> Iterator[Term]:
        if self.other_requirement:
            yield _constant("other_maintenance_margin", -self.other_requirement * factor)
        for term in self._borrowing(moving, scales, start):
            yield term._replace(coefficients=times(term.coefficients, factor))

    def _borrowing(
        self, moving: set[str], scales: Mapping[str, Decimal], start: Decimal
    ) -> Iterator[Term]:
        """Yield the maintenance on what is owed, held at today's amount.

        The price of an owed coin moves with a position's price if it is its base.
        """
        multi = self.multi
        if multi is None or not multi.borrow_mmr:
            return
        given = self.equity_given is not None
        amounts = {a: c.qty for a, c in self.coins.items()} if given else self.amounts()
        for asset, amount in amounts.items():
            rate = multi.borrow_mmr.get(asset)
            if rate is None or amount >= 0:
                continue
            coin = self.coins.get(asset)
            price = coin.price if coin else ONE
            required = amount * price * rate
            coefficients: Coefficients = (required, ZERO, ZERO)
            if asset in moving and scales:
                coefficients = times_price(coefficients, start)
            numbers = (("owed", -amount), ("price", price), ("borrow_mmr", rate))
            yield Term(f"borrowing ({asset})", "-owed*price*borrow_mmr", numbers, coefficients)


def _constant(name: str, amount: Decimal) -> Term:
    return Term(name, "amount", (("amount", amount),), (amount, ZERO, ZERO))


def _pnl_term(m: Marked, scale: Decimal | None) -> Term:
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
    coefficients = (a - m.drift * m.entry_value, b, c)
    formula = "s*qty*(p - entry)" if contract.linear else "s*qty*(1/entry - 1/p)"
    numbers = (("s", position.side), ("qty", position.qty), ("entry", m.entry))
    return Term(name, formula, numbers, coefficients)


def _coin_term(
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


def _closing_fee(m: Marked, scale: Decimal | None, money: Money) -> Term:
    taker = m.position.taker or ZERO
    if scale is None:
        coefficients: Coefficients = (-taker * m.value, ZERO, ZERO)
    else:
        coefficients = scaled(m.contract.coefficients(m.position.qty, -taker), scale)
    numbers = (("qty", m.position.qty), ("taker", taker))
    name = f"fee_to_close ({m.contract.symbol})"
    return Term(name, "-value(p)*taker", numbers, money.of_requirement(coefficients))


def _held_requirement(m: Marked, money: Money, factor: Decimal) -> Term:
    required = -m.requirement * factor
    coefficients = money.of_requirement((required, ZERO, ZERO))
    name = f"requirement at its mark ({m.contract.symbol})"
    return Term(name, "-requirement", (("requirement", m.requirement),), coefficients)


def _fixed_requirement(m: Marked, scale: Decimal, money: Money, factor: Decimal) -> Iterator[Term]:
    """Yield the parts of a moving position's requirement that have no edges."""
    symbol = m.contract.symbol
    numbers: Numbers
    if m.maintenance is not None and m.rules.maintenance_at is ValuedAt.ENTRY and m.tier:
        numbers = (("entry_value", m.entry_value), ("mmr", m.tier.mmr))
        numbers = (*numbers, ("deduction", m.tier.deduction))
        fixed = (-m.maintenance * factor, ZERO, ZERO)
        name = f"maintenance_margin ({symbol})"
        formula = "-(entry_value*mmr - deduction)"
        yield Term(name, formula, numbers, money.of_requirement(fixed))
    if m.fee_constant:
        fixed = (-m.fee_constant * factor, ZERO, ZERO)
        numbers = (("fee", m.fee_constant),)
        yield Term(f"fee_to_close ({symbol})", "-fee", numbers, money.of_requirement(fixed))
    if m.fee_on_value:
        moving = m.contract.coefficients(m.position.qty, -m.fee_on_value * factor)
        numbers = (("qty", m.position.qty), ("taker", m.fee_on_value))
        formula = "-qty*p*taker" if m.contract.linear else "-qty/p*taker"
        coefficients = money.of_requirement(scaled(moving, scale))
        yield Term(f"fee_to_close ({symbol})", formula, numbers, coefficients)
    if m.residue:
        fixed = (-m.residue * factor, ZERO, ZERO)
        numbers = (("cut_off", -m.residue),)
        name = f"maintenance cut to the step ({symbol})"
        yield Term(name, "+cut_off", numbers, money.of_requirement(fixed))


def _tier_leg(m: Marked, scale: Decimal, money: Money, factor: Decimal) -> Leg:
    schedule = m.schedule
    assert schedule is not None  # noqa: S101 - the caller has looked
    if m.rules.by_contracts:
        assert m.tier is not None  # noqa: S101 - a schedule gives a tier
        leg: Leg = _WholeLeg(m, factor)
    else:
        leg = TierLeg(m.contract, m.position.qty, schedule, factor=factor, orders=m.orders_size)
    if scale != ONE:
        leg = Scaled(leg, scale)
    if money.requirement != ONE or money.follows is not None:
        leg = InMoney(leg, money)
    return leg


class _WholeLeg:
    """The maintenance of a position whose row does not depend on price."""

    __slots__ = ("_coefficients", "_row")

    def __init__(self, m: Marked, factor: Decimal) -> None:
        tier = m.tier
        assert tier is not None  # noqa: S101 - the caller has looked
        assert m.tier_index is not None  # noqa: S101 - goes with the tier
        self._row = m.tier_index
        a, b, c = m.contract.coefficients(m.position.qty, -factor * tier.mmr)
        self._coefficients = (a + factor * tier.deduction, b, c)

    def index_at(self, price: Decimal) -> int:  # noqa: ARG002 - same row at every price
        return self._row

    def edge(self, index: int, direction: int) -> Decimal | None:  # noqa: ARG002 - no edges
        return None

    def beyond(self, index: int, direction: int) -> int:  # noqa: ARG002 - no edges
        return index

    def coefficients(self, index: int) -> Coefficients:  # noqa: ARG002 - same everywhere
        return self._coefficients
