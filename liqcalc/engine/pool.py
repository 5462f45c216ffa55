"""A margin pool: positions that share what backs them, and its health curve.

An isolated position is a pool of one whose cash is its own margin; a cross
account is a pool whose cash is the wallet; a multi-asset account is a pool
whose cash is several coins at their weights.  All are the same sum of terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import margins
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
    InMoney,
    Money,
    Term,
    closing_fee,
    coin_term,
    constant,
    fixed_requirement,
    held_requirement,
    locked_margin,
    pnl_term,
    profit_term,
    tier_leg,
)
from liqcalc.engine.words import CrossPool, NegativeEquity, Netting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.position import Coin
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
        other_pnl, other_requirement, other_initial: of positions that are not
            listed; the last with what orders reserve.
        orders: by settle currency, in it, what open orders that add to no
            position require.
        opening_fees: of open orders, and what they lock, where ratios take it
            off the equity; below 0 for a fee reserve that ratios count on both
            sides.
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
        other_initial: Decimal = ZERO,
        orders: Mapping[str, Decimal] | None = None,
        opening_fees: Decimal = ZERO,
    ) -> None:
        self.rules = rules
        self.marked = marked
        self.coins = coins
        self.multi = multi
        self.equity_given = equity
        self.other_pnl = other_pnl
        self.other_requirement = other_requirement
        self.other_initial = other_initial
        self.solutions: dict[tuple[str, Decimal, Demand], tuple[Health, Solution]] = {}
        self.orders = orders or {}
        self.opening_fees = opening_fees
        self.covered: list[Marked] = []
        if rules.netting is not Netting.NONE:
            self.covered = covered(rules, marked, [m.requirement for m in marked])

    def symbol(self, marked: Marked, demand: Demand = LIQUIDATION) -> Health:
        """Return health while only the price of `marked`'s symbol moves."""
        start = marked.position.mark_price
        return self._health({marked.contract.symbol: ONE}, start, demand)

    def joint(self, demand: Demand = LIQUIDATION) -> list[Health]:
        """Return health while every price moves by the same factor; the first end counts.

        It is one of the whole pool, or one a symbol where each has a pool of
        its own: what backs it, less the margins that the others lock.
        """
        scales = {m.contract.symbol: m.position.mark_price for m in self.marked}
        if self.rules.cross_pool is CrossPool.SHARED:
            return [self._health(scales, ONE, demand)]
        return [self._health(scales, ONE, demand, only=symbol) for symbol in scales]

    def equity(self, *, initial: bool = False) -> Decimal:
        """Return what backs the pool at the marks, with unrealised profit."""
        if self.equity_given is not None:
            return self.equity_given
        total = self.other_pnl
        if self.multi is None:
            for coin in self.coins.values():
                total += coin.qty
            for m in self.marked:
                total += margins.counted_profit(m, initial=initial) - m.owed
            return total
        if self.profit_uncut:
            for asset, coin in self.coins.items():
                if coin.qty > 0 or not self.profit_apart:
                    total += coin.qty * self.held_price(asset, coin.qty, initial=initial)
            for m in self.marked:
                price = self.requirement_price(m.contract.settle)
                total += (margins.counted_profit(m, initial=initial) - m.owed) * price
            return total
        for asset, amount in self.amounts().items():
            money = self._money(asset, None, initial=initial)
            total += amount * (money.positive if amount >= 0 else money.negative)
        return total

    @property
    def profit_apart(self) -> bool:
        """Return True if profit counts apart from the coins that are held or owed."""
        multi = self.multi
        return multi is not None and multi.negative is NegativeEquity.REQUIREMENT

    @property
    def profit_uncut(self) -> bool:
        """Return True if the weight of the coin that profit is paid in does not cut it."""
        multi = self.multi
        if multi is None or self.profit_apart or self.rules.profit is not None:
            return True
        return multi.profit_uncut

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

    @property
    def _debts_required(self) -> bool:
        return self.multi is not None and (bool(self.multi.borrow_mmr) or self.profit_apart)

    def borrow_requirement(self, *, initial: bool = False) -> Decimal:
        """Return what is required for what the pool owes at the marks."""
        if not self._debts_required:
            return ZERO
        owed = ((asset, -amount) for asset, amount in self.held().items() if amount < 0)
        rates = ((amount, self._borrow_rate(asset, initial=initial)) for asset, amount in owed)
        return sum((amount * rate for amount, rate in rates), ZERO)

    def liability_value(self) -> Decimal:
        """Return the value of what the pool owes and of its positions, in its money."""
        total = ZERO
        for m in self.marked:
            value = m.value * m.required_qty / m.position.qty
            total += value * self.requirement_price(m.contract.settle)
        if self.multi is not None:
            for coin in self.coins.values():
                total += max(ZERO, -coin.qty) * coin.price
        return total

    def held(self) -> dict[str, Decimal]:
        """Return by whose sign a coin is held or owed: its equity.

        Where the equity of everything was given, only the listed debts are known.
        """
        if self.equity_given is None and not self.profit_apart:
            return self.amounts()
        return {asset: coin.qty for asset, coin in self.coins.items()}

    def requirement(self) -> Decimal:
        """Return what the liquidation condition demands at the marks."""
        due = [m for m in self.marked if m not in self.covered]
        if self.multi is None:
            held = sum((m.requirement for m in due), self.other_requirement)
            return sum(self.orders.values(), held)
        total = self.other_requirement + self.borrow_requirement()
        for asset, amount in self.orders.items():
            total += amount * self.requirement_price(asset)
        for m in due:
            total += m.requirement * self.requirement_price(m.contract.settle)
        return total

    def _health(
        self,
        scales: Mapping[str, Decimal],
        start: Decimal,
        demand: Demand,
        *,
        only: str | None = None,
    ) -> Health:
        """Return health; what other symbols than `only` require stands still, if it is given."""
        moving: set[str] = set()
        if self.multi is not None:
            moving = {m.contract.base for m in self.marked if m.contract.symbol in scales}
        kinks: list[Leg] = []
        plain = self.multi is None and self.equity_given is None
        if plain and self.rules.profit is None:
            terms = self._cash_and_profit(scales)
        else:
            bare = not demand.factor and self.profit_apart
            parts = list(self._backing(scales, moving, start, bare=bare))
            terms = [term for term, _ in parts]
            kinks += [kink for _, kink in parts if kink is not None]
        if demand.factor:
            for term, kink in self._other_requirements(scales, moving, start, demand):
                terms.append(term)
                if kink is not None:
                    kinks.append(kink)
        legs: list[Leg] = []
        held: list[Marked] = []
        for m in self.marked:
            settle, symbol = m.contract.settle, m.contract.symbol
            money = self._money(settle, start if settle in moving else None)
            scale = scales.get(symbol) if only is None or only == symbol else None
            terms += _demanded(m, scale, money, demand, due=m not in self.covered)
            if not demand.factor or scale is None or m in self.covered:
                continue
            if m.requirement_moves:
                legs.append(tier_leg(m, scale, money, demand.factor))
                held.append(m)
        if self.multi is None and any(m.sloped for m in held):
            terms, legs = _in_quote(terms, legs, held)
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
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, *, bare: bool
    ) -> Iterator[tuple[Term, Leg | None]]:
        """Yield the terms of the equity of several coins; a kinked one brings its leg.

        `bare`: what is owed taken off, nothing weighted.
        """
        if self.equity_given is not None:
            yield from self._backing_from_equity(scales, moving, start)
            return
        if self.other_pnl:
            yield constant("other_unrealized_pnl", self.other_pnl), None
        if self.profit_uncut:
            yield from self._coins_and_profit(scales, moving, start, bare=bare)
            return
        settled = dict.fromkeys([*self.coins, *(m.contract.settle for m in self.marked)])
        for asset in settled:
            coin = self.coins.get(asset)
            money = self._money(asset, start if asset in moving else None)
            wallet = coin.qty if coin else ZERO
            yield coin_term(money, wallet, self._amount(asset, scales), start)

    def _coins_and_profit(
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, *, bare: bool
    ) -> Iterator[tuple[Term, Leg | None]]:
        """Yield the coins that are held, and each position's profit at its weight."""
        for asset, coin in self.coins.items():
            money = self._money(asset, start if asset in moving else None)
            if bare:
                money = money._replace(positive=coin.price, negative=coin.price)
            if coin.qty > 0 or bare or not self.profit_apart:
                yield coin_term(money, coin.qty, (coin.qty, ZERO, ZERO), start)
        weights = self.rules.profit
        weight = ONE if weights is None or bare else weights.maintenance
        for m in self.marked:
            price = self.requirement_price(m.contract.settle)
            yield profit_term(m, scales.get(m.contract.symbol), weight, price)
            if m.owed:
                owed = -m.owed * price
                yield constant(f"accrued_fees ({m.contract.symbol})", owed), None

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
            per_coin = self._profit_price(settle)
            if self.rules.profit is not None:
                yield profit_term(m, scale, self.rules.profit.maintenance, per_coin)
                counted = -margins.counted_profit(m) * per_coin
                yield constant(f"profit counted at the mark ({m.contract.symbol})", counted), None
                continue
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

    def _profit_price(self, settle: str) -> Decimal:
        """Return the money that a coin of profit counts as in an equity that was given."""
        if self.profit_uncut:
            return self.requirement_price(settle)
        coin = self.coins.get(settle)
        return self.held_price(settle, coin.qty if coin else ZERO)

    def moving_value(self) -> Decimal:
        """Return the part of an equity that was given that moves with prices.

        Formula:
            sum of profit*price + sum of owed coins*price
        """
        total = ZERO
        for m in self.marked:
            total += margins.counted_profit(m) * self._profit_price(m.contract.settle)
        if self.multi is not None:
            for asset, coin in self.coins.items():
                if coin.qty < 0:
                    total += coin.qty * self.held_price(asset, coin.qty)
        return total

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
        self, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, demand: Demand
    ) -> Iterator[tuple[Term, Leg | None]]:
        factor = demand.factor
        if demand.less:
            yield constant("fees that the ratio leaves out", -demand.less), None
        if self.other_requirement:
            yield constant("other_maintenance_margin", -self.other_requirement * factor), None
        for asset, amount in self.orders.items():
            money = self._money(asset, start if asset in moving else None)
            coefficients = money.of_requirement((-amount * factor, ZERO, ZERO))
            name = f"requirement of open orders ({asset})"
            yield Term(name, "-required", (("required", amount),), coefficients), None
        if self._debts_required:
            for asset in self.held():
                follows = start if asset in moving else None
                yield from self._borrowing(asset, scales, follows, factor)

    def _borrow_rate(self, asset: str, *, initial: bool = False) -> Decimal:
        """Return the money that one owed coin requires."""
        coin = self.coins.get(asset)
        if self.profit_apart and coin is not None:
            return coin.price * (coin.initial_weight if initial else coin.maintenance_weight)
        rate = self.multi.borrow_mmr.get(asset, ZERO) if self.multi else ZERO
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
        if self.equity_given is None and not self.profit_apart:
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


def covered(rules: Rules, marked: Sequence[Marked], amounts: Sequence[Decimal]) -> list[Marked]:
    """Return the cross positions whose requirement is not due: the smaller side of a group.

    Args:
        rules: say which positions are set against each other: the legs of a
            symbol, or perpetual and dated contracts of one base.
        marked: of one pool.
        amounts: what each of them requires.
    """
    by_symbol = rules.netting is Netting.SYMBOL
    sides: dict[str, dict[int, Decimal]] = {}
    kinds: dict[str, set[bool]] = {}
    for m, amount in zip(marked, amounts, strict=True):
        name = m.contract.symbol if by_symbol else m.contract.base
        group = sides.setdefault(name, {})
        side = m.position.side
        group[side] = group.get(side, ZERO) + amount
        kinds.setdefault(name, set()).add(m.contract.dated)
    found = []
    for m in marked:
        name = m.contract.symbol if by_symbol else m.contract.base
        group = sides[name]
        if not by_symbol and len(kinds[name]) == 1:
            continue
        longs, shorts = group.get(1, ZERO), group.get(-1, ZERO)
        smaller = -1 if longs >= shorts else 1
        if m.position.side == smaller and not m.position.isolated:
            found.append(m)
    return found


def _in_quote(
    terms: list[Term], legs: list[Leg], held: list[Marked]
) -> tuple[list[Term], list[Leg]]:
    """Return a coin pool's health counted in quote currency: each part times the price."""
    quoted = [t._replace(coefficients=times_price(t.coefficients, ONE)) for t in terms]
    in_quote = Money("", follows=ONE)
    both = zip(legs, held, strict=True)
    return quoted, [leg if m.sloped else InMoney(leg, in_quote) for leg, m in both]


def _demanded(
    m: Marked, scale: Decimal | None, money: Money, demand: Demand, *, due: bool
) -> list[Term]:
    """Return what a position requires, but for the part with edges."""
    terms = [closing_fee(m, scale, money)] if demand.closing_fee else []
    if not demand.factor:
        if m.rules.cross_pool is CrossPool.SEPARATE and not m.position.isolated:
            terms.append(locked_margin(m, money, moving=scale is not None))
        return terms
    if not due:
        return terms
    if scale is None:
        return [*terms, held_requirement(m, money, demand.factor)]
    return terms + fixed_requirement(m, scale, money, demand.factor)
