"""A margin pool: positions that share what backs them, and its health curve.

An isolated position is a pool of one whose cash is its own margin; a cross
account is a pool whose cash is the wallet; a multi-asset account is a pool
whose cash is several coins at their weights.  All are the same sum of terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine.curve import (
    NOTHING,
    Coefficients,
    Curve,
    Kink,
    Leg,
    added,
    plus,
    times,
    times_price,
)
from liqcalc.engine.health import LIQUIDATION, Demand, Health
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.terms import (
    SAME_MONEY,
    Money,
    Term,
    closing_fee,
    coin_term,
    constant,
    fixed_requirement,
    held_requirement,
    pnl_term,
    tier_leg,
)
from liqcalc.engine.vocabulary import NegativeEquity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from liqcalc.engine.position import Coin, Marked
    from liqcalc.engine.solve import Solution
    from liqcalc.engine.terms import Numbers
    from liqcalc.engine.vocabulary import MultiAsset, Rules


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
        other_pnl, other_requirement: of positions that are not listed.
        orders: by settle currency, in it, what open orders that add to no
            position require.
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
        orders: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.rules = rules
        self.marked = marked
        self.coins = coins
        self.multi = multi
        self.equity_given = equity
        self.other_pnl = other_pnl
        self.other_requirement = other_requirement
        self.solutions: dict[tuple[str, Decimal, Demand], tuple[Health, Solution]] = {}
        self.orders = orders or {}

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
                total += m.pnl - m.owed
            return total
        for asset, amount in self.amounts().items():
            money = self._money(asset, None, initial=initial)
            total += amount * (money.positive if amount >= 0 else money.negative)
        return total

    def amounts(self) -> dict[str, Decimal]:
        """Return each coin's equity: what is held plus profit settled in it, less fees owed."""
        found = {asset: coin.qty for asset, coin in self.coins.items()}
        for m in self.marked:
            settle = m.contract.settle
            found[settle] = found.get(settle, ZERO) + m.pnl - m.owed
        return found

    def requirement_price(self, asset: str) -> Decimal:
        """Return the money that one required coin of `asset` counts as."""
        return self._money(asset, None).requirement

    def held_price(self, asset: str, amount: Decimal, *, initial: bool = False) -> Decimal:
        """Return the money that one coin counts as, of an `amount` held or owed."""
        money = self._money(asset, None, initial=initial)
        return money.positive if amount >= 0 else money.negative

    def borrow_requirement(self) -> Decimal:
        """Return the maintenance on what the pool owes at the marks."""
        if self.multi is None or not self.multi.borrow_mmr:
            return ZERO
        owed = ((asset, -amount) for asset, amount in self.held().items() if amount < 0)
        return sum((amount * self._borrow_rate(asset) for asset, amount in owed), ZERO)

    def held(self) -> dict[str, Decimal]:
        """Return by whose sign a coin is held or owed: its equity.

        Where the equity of everything was given, only the listed debts are known.
        """
        if self.equity_given is None:
            return self.amounts()
        return {asset: coin.qty for asset, coin in self.coins.items()}

    def requirement(self) -> Decimal:
        """Return what the liquidation condition demands at the marks."""
        if self.multi is None:
            held = sum((m.requirement for m in self.marked), self.other_requirement)
            return sum(self.orders.values(), held)
        total = self.other_requirement + self.borrow_requirement()
        for asset, amount in self.orders.items():
            total += amount * self.requirement_price(asset)
        for m in self.marked:
            total += m.requirement * self.requirement_price(m.contract.settle)
        return total

    def _health(self, scales: Mapping[str, Decimal], start: Decimal, demand: Demand) -> Health:
        moving: set[str] = set()
        if self.multi is not None:
            moving = {m.contract.base for m in self.marked if m.contract.symbol in scales}
        kinks: list[Leg] = []
        if self.multi is None and self.equity_given is None:
            terms = self._cash_and_profit(scales)
        else:
            parts = list(self._backing(scales, moving, start))
            terms = [term for term, _ in parts]
            kinks += [kink for _, kink in parts if kink is not None]
        if demand.factor:
            for term, kink in self._other_requirements(scales, moving, start, demand.factor):
                terms.append(term)
                if kink is not None:
                    kinks.append(kink)
        legs: list[Leg] = []
        held: list[Marked] = []
        for m in self.marked:
            settle = m.contract.settle
            money = self._money(settle, start if settle in moving else None)
            scale = scales.get(m.contract.symbol)
            terms += _demanded(m, scale, money, demand)
            if demand.factor and scale is not None and m.requirement_has_edges:
                legs.append(tier_leg(m, scale, money, demand.factor))
                held.append(m)
        curve = Curve(added(NOTHING, [term.coefficients for term in terms]), legs + kinks)
        return Health(curve, terms, held, start)

    def _cash_and_profit(self, scales: Mapping[str, Decimal]) -> list[Term]:
        """Return the terms of the equity of a pool of one currency."""
        terms = [constant("cash", coin.qty) for coin in self.coins.values()]
        if self.other_pnl:
            terms.append(constant("other_unrealized_pnl", self.other_pnl))
        for m in self.marked:
            terms.append(pnl_term(m, scales.get(m.contract.symbol)))
            if m.owed:
                terms.append(constant(f"accrued_fees ({m.contract.symbol})", -m.owed))
        return terms

    def _backing(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal
    ) -> Iterator[tuple[Term, Leg | None]]:
        """Yield the terms of the equity of several coins; a kinked one brings its leg."""
        if self.equity_given is not None:
            yield from self._backing_from_equity(scales, moving, start)
            return
        if self.other_pnl:
            yield constant("other_unrealized_pnl", self.other_pnl), None
        settled = dict.fromkeys([*self.coins, *(m.contract.settle for m in self.marked)])
        for asset in settled:
            coin = self.coins.get(asset)
            money = self._money(asset, start if asset in moving else None)
            wallet = coin.qty if coin else ZERO
            yield coin_term(money, wallet, self._amount(asset, scales), start)

    def _amount(self, asset: str, scales: Mapping[str, Decimal]) -> Coefficients:
        """Return a coin's equity as prices move: what is held plus profit settled in it."""
        coin = self.coins.get(asset)
        amount: Coefficients = (coin.qty if coin else ZERO, ZERO, ZERO)
        for m in self.marked:
            if m.contract.settle == asset:
                term = pnl_term(m, scales.get(m.contract.symbol))
                amount = plus(amount, term.coefficients)
                amount = (amount[0] - m.owed, amount[1], amount[2])
        return amount

    def _backing_from_equity(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal
    ) -> Iterator[tuple[Term, Leg | None]]:
        assert self.equity_given is not None  # noqa: S101 - the caller has looked
        yield constant("equity", self.equity_given), None
        coins_move = self.multi is not None
        for m in self.marked:
            scale, settle = scales.get(m.contract.symbol), m.contract.settle
            follows = start if coins_move and settle in moving else None
            if scale is None and follows is None:
                continue
            coin = self.coins.get(settle)
            per_coin = self.held_price(settle, coin.qty if coin else ZERO)
            change = times(pnl_term(m, scale).coefficients, per_coin)
            if follows is not None:
                change = times_price(change, follows)
            change = plus(change, (-m.pnl * per_coin, ZERO, ZERO))
            numbers = (("pnl_at_mark", m.pnl), ("price", per_coin))
            name = f"change of unrealized_pnl ({m.contract.symbol})"
            yield Term(name, "(pnl(p) - pnl_at_mark)*price", numbers, change), None
        for asset, coin in self.coins.items():
            if coins_move and coin.qty < 0 and asset in moving:
                worth = coin.qty * self.held_price(asset, coin.qty)
                change = (-worth, worth / start, ZERO)
                name = f"change of what is owed ({asset})"
                yield Term(name, "owed*(p/mark - 1)", (("owed", worth),), change), None

    def _money(self, asset: str, follows: Decimal | None, *, initial: bool = False) -> Money:
        multi, coin = self.multi, self.coins.get(asset)
        if multi is None:
            return SAME_MONEY
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
    ) -> Iterator[tuple[Term, Leg | None]]:
        if self.other_requirement:
            yield constant("other_maintenance_margin", -self.other_requirement * factor), None
        for asset, amount in self.orders.items():
            money = self._money(asset, start if asset in moving else None)
            coefficients = money.of_requirement((-amount * factor, ZERO, ZERO))
            name = f"requirement of open orders ({asset})"
            yield Term(name, "-required", (("required", amount),), coefficients), None
        if self.multi is not None and self.multi.borrow_mmr:
            for asset in self.held():
                follows = start if asset in moving else None
                yield from self._borrowing(asset, scales, follows, factor)

    def _borrow_rate(self, asset: str) -> Decimal:
        """Return the maintenance in money that one owed coin requires."""
        rate = self.multi.borrow_mmr.get(asset, ZERO) if self.multi else ZERO
        coin = self.coins.get(asset)
        return rate * (coin.price if coin else ONE)

    def _borrowing(
        self, asset: str, scales: Mapping[str, Decimal], follows: Decimal | None, factor: Decimal
    ) -> Iterator[tuple[Term, Leg | None]]:
        """Yield the maintenance on an owed coin, whose amount moves with the profits.

        The price of the coin moves with a position's price if it is its base.
        """
        rate = self._borrow_rate(asset) * factor
        if not rate:
            return
        if self.equity_given is None:
            amount = self._amount(asset, scales)
        else:
            amount = (self.coins[asset].qty, ZERO, ZERO)
        a, b, c = amount
        name, formula = f"borrowing ({asset})", "-owed*price*borrow_mmr"
        if b or c:
            numbers: Numbers = (("price*borrow_mmr", rate),)
            kink = Kink(amount, positive=ZERO, negative=rate, mark=follows)
            yield Term(name, formula + " where the coin is owed", numbers, NOTHING), kink
        elif a < 0:
            coefficients: Coefficients = (a * rate, ZERO, ZERO)
            if follows is not None:
                coefficients = times_price(coefficients, follows)
            numbers = (("owed", -a), ("price*borrow_mmr", rate))
            yield Term(name, formula, numbers, coefficients), None


def _demanded(m: Marked, scale: Decimal | None, money: Money, demand: Demand) -> list[Term]:
    """Return what a position requires, but for the part with edges."""
    terms = [closing_fee(m, scale, money)] if demand.closing_fee else []
    if not demand.factor:
        return terms
    if scale is None:
        return [*terms, held_requirement(m, money, demand.factor)]
    return terms + fixed_requirement(m, scale, money, demand.factor)
