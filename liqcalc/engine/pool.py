"""A margin pool: positions that share what backs them, and what it is worth at the marks.

An isolated position is a pool of one whose cash is its own margin; a cross
account is a pool whose cash is the wallet; a multi-asset account is a pool
whose cash is several coins at their weights.  All are the same sum of terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqcalc.engine import margins
from liqcalc.engine.numbers import ONE, ZERO
from liqcalc.engine.terms import (
    SAME_MONEY,
    Money,
)
from liqcalc.engine.words import NegativeEquity, Netting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from liqcalc.engine.health import Demand, Health
    from liqcalc.engine.marked import Marked
    from liqcalc.engine.position import Coin
    from liqcalc.engine.solve import Solution
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

    def equity(self, *, initial: bool = False) -> Decimal:
        """Return what backs the pool at the marks, with unrealised profit."""
        if self.equity_given is not None:
            return self.equity_given
        total = self.other_pnl
        if self.multi is None:
            for coin in self.coins.values():
                total += coin.qty
            weighted = self.rules.profit is not None
            for m in self.marked:
                total += margins.counted_profit(m, initial=initial) if weighted else m.pnl
                total -= m.owed
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
            money = self.money(asset, None, initial=initial)
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
        return self.money(asset, None).requirement

    def held_price(self, asset: str, amount: Decimal, *, initial: bool = False) -> Decimal:
        """Return the money that one coin counts as, of an `amount` held or owed."""
        money = self.money(asset, None, initial=initial)
        return money.positive if amount >= 0 else money.negative

    @property
    def debts_required(self) -> bool:
        """Return True if what the pool owes has a requirement of its own."""
        return self.multi is not None and (bool(self.multi.borrow_mmr) or self.profit_apart)

    def borrow_requirement(self, *, initial: bool = False) -> Decimal:
        """Return what is required for what the pool owes at the marks."""
        if not self.debts_required:
            return ZERO
        owed = ((asset, -amount) for asset, amount in self.held().items() if amount < 0)
        rates = ((amount, self.borrow_rate(asset, initial=initial)) for asset, amount in owed)
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

    def profit_price(self, settle: str) -> Decimal:
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
            total += margins.counted_profit(m) * self.profit_price(m.contract.settle)
        if self.multi is not None:
            for asset, coin in self.coins.items():
                if coin.qty < 0:
                    total += coin.qty * self.held_price(asset, coin.qty)
        return total

    def money(self, asset: str, follows: Decimal | None, *, initial: bool = False) -> Money:
        """Return how amounts of a coin become money of the pool.

        Args:
            asset: the coin.
            follows: the mark whose price the coin's own follows; None if it stands still.
            initial: at the weight for opening.
        """
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

    def borrow_rate(self, asset: str, *, initial: bool = False) -> Decimal:
        """Return the money that one owed coin requires."""
        coin = self.coins.get(asset)
        if self.profit_apart and coin is not None:
            return coin.price * (coin.initial_weight if initial else coin.maintenance_weight)
        rate = self.multi.borrow_mmr.get(asset, ZERO) if self.multi else ZERO
        return rate * (coin.price if coin else ONE)


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
