"""A pool's health as prices move: the curve, from the terms of what backs it and what it owes."""

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
from liqcalc.engine.words import CrossPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from liqcalc.engine.marked import Marked
    from liqcalc.engine.pool import Pool
    from liqcalc.engine.terms import Numbers


def symbol_health(pool: Pool, marked: Marked, demand: Demand = LIQUIDATION) -> Health:
    """Return health while only the price of `marked`'s symbol moves."""
    start = marked.position.mark_price
    return _health(pool, {marked.contract.symbol: ONE}, start, demand)


def joint_health(pool: Pool, demand: Demand = LIQUIDATION) -> list[Health]:
    """Return health while every price moves by the same factor; the first end counts.

    It is one of the whole pool, or one a symbol where each has a pool of
    its own: what backs it, less the margins that the others lock.
    """
    scales = {m.contract.symbol: m.position.mark_price for m in pool.marked}
    if pool.rules.cross_pool is CrossPool.SHARED:
        return [_health(pool, scales, ONE, demand)]
    return [_health(pool, scales, ONE, demand, only=symbol) for symbol in scales]


def _health(
    pool: Pool,
    scales: Mapping[str, Decimal],
    start: Decimal,
    demand: Demand,
    *,
    only: str | None = None,
) -> Health:
    """Return health; what other symbols than `only` require stands still, if it is given."""
    moving: set[str] = set()
    if pool.multi is not None:
        moving = {m.contract.base for m in pool.marked if m.contract.symbol in scales}
    kinks: list[Leg] = []
    plain = pool.multi is None and pool.equity_given is None
    if plain and pool.rules.profit is None:
        terms = _cash_and_profit(pool, scales)
    else:
        bare = not demand.factor and pool.profit_apart
        parts = list(_backing(pool, scales, moving, start, bare=bare))
        terms = [term for term, _ in parts]
        kinks += [kink for _, kink in parts if kink is not None]
    if demand.factor:
        for term, kink in _other_requirements(pool, scales, moving, start, demand):
            terms.append(term)
            if kink is not None:
                kinks.append(kink)
    legs: list[Leg] = []
    held: list[Marked] = []
    for m in pool.marked:
        settle, symbol = m.contract.settle, m.contract.symbol
        money = pool.money(settle, start if settle in moving else None)
        scale = scales.get(symbol) if only is None or only == symbol else None
        terms += _demanded(m, scale, money, demand, due=m not in pool.covered)
        if not demand.factor or scale is None or m in pool.covered:
            continue
        if m.requirement_moves:
            legs.append(tier_leg(m, scale, money, demand.factor))
            held.append(m)
    if pool.multi is None and any(m.sloped for m in held):
        terms, legs = _in_quote(terms, legs, held)
    curve = Curve(added(NOTHING, [term.coefficients for term in terms]), legs + kinks)
    return Health(curve, terms, held, start)


def _cash_and_profit(pool: Pool, scales: Mapping[str, Decimal]) -> list[Term]:
    """Return the terms of the equity of a pool of one currency."""
    terms = [constant("cash", coin.qty) for coin in pool.coins.values()]
    if pool.other_pnl:
        terms.append(constant("other_unrealized_pnl", pool.other_pnl))
    for m in pool.marked:
        terms.append(pnl_term(m, scales.get(m.contract.symbol)))
        if m.owed:
            terms.append(constant(f"accrued_fees ({m.contract.symbol})", -m.owed))
    return terms


def _backing(
    pool: Pool, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, *, bare: bool
) -> Iterator[tuple[Term, Leg | None]]:
    """Yield the terms of the equity of several coins; a kinked one brings its leg.

    `bare`: what is owed taken off, nothing weighted.
    """
    if pool.equity_given is not None:
        yield from _backing_from_equity(pool, scales, moving, start)
        return
    if pool.other_pnl:
        yield constant("other_unrealized_pnl", pool.other_pnl), None
    if pool.profit_uncut:
        yield from _coins_and_profit(pool, scales, moving, start, bare=bare)
        return
    settled = dict.fromkeys([*pool.coins, *(m.contract.settle for m in pool.marked)])
    for asset in settled:
        coin = pool.coins.get(asset)
        money = pool.money(asset, start if asset in moving else None)
        wallet = coin.qty if coin else ZERO
        yield coin_term(money, wallet, _amount(pool, asset, scales), start)


def _coins_and_profit(
    pool: Pool, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, *, bare: bool
) -> Iterator[tuple[Term, Leg | None]]:
    """Yield the coins that are held, and each position's profit at its weight."""
    for asset, coin in pool.coins.items():
        money = pool.money(asset, start if asset in moving else None)
        if bare:
            money = money._replace(positive=coin.price, negative=coin.price)
        if coin.qty > 0 or bare or not pool.profit_apart:
            yield coin_term(money, coin.qty, (coin.qty, ZERO, ZERO), start)
    weights = pool.rules.profit
    weight = ONE if weights is None or bare else weights.maintenance
    for m in pool.marked:
        price = pool.requirement_price(m.contract.settle)
        yield profit_term(m, scales.get(m.contract.symbol), weight, price)
        if m.owed:
            owed = -m.owed * price
            yield constant(f"accrued_fees ({m.contract.symbol})", owed), None


def _amount(pool: Pool, asset: str, scales: Mapping[str, Decimal]) -> Coefficients:
    """Return a coin's equity as prices move: what is held plus profit settled in it."""
    coin = pool.coins.get(asset)
    amount: Coefficients = (coin.qty if coin else ZERO, ZERO, ZERO)
    for m in pool.marked:
        if m.contract.settle == asset:
            term = pnl_term(m, scales.get(m.contract.symbol))
            amount = plus(amount, term.coefficients)
            amount = (amount[0] - m.owed, amount[1], amount[2])
    return amount


def _backing_from_equity(
    pool: Pool, scales: Mapping[str, Decimal], moving: set[str], start: Decimal
) -> Iterator[tuple[Term, Leg | None]]:
    assert pool.equity_given is not None  # noqa: S101 - the caller has looked
    yield constant("equity", pool.equity_given), None
    coins_move = pool.multi is not None
    for m in pool.marked:
        scale, settle = scales.get(m.contract.symbol), m.contract.settle
        follows = start if coins_move and settle in moving else None
        if scale is None and follows is None:
            continue
        per_coin = pool.profit_price(settle)
        if pool.rules.profit is not None:
            yield profit_term(m, scale, pool.rules.profit.maintenance, per_coin)
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
    for asset, coin in pool.coins.items():
        if coins_move and coin.qty < 0 and asset in moving:
            worth = coin.qty * pool.held_price(asset, coin.qty)
            change = (-worth, worth / start, ZERO)
            name = f"change of what is owed ({asset})"
            yield Term(name, "owed*(p/mark - 1)", (("owed", worth),), change), None


def _other_requirements(
    pool: Pool, scales: Mapping[str, Decimal], moving: set[str], start: Decimal, demand: Demand
) -> Iterator[tuple[Term, Leg | None]]:
    factor = demand.factor
    if demand.less:
        yield constant("fees that the ratio leaves out", -demand.less), None
    if pool.other_requirement:
        yield constant("other_maintenance_margin", -pool.other_requirement * factor), None
    for asset, amount in pool.orders.items():
        money = pool.money(asset, start if asset in moving else None)
        coefficients = money.of_requirement((-amount * factor, ZERO, ZERO))
        name = f"requirement of open orders ({asset})"
        yield Term(name, "-required", (("required", amount),), coefficients), None
    if pool.debts_required:
        for asset in pool.held():
            follows = start if asset in moving else None
            yield from _borrowing(pool, asset, scales, follows, factor)


def _borrowing(
    pool: Pool, asset: str, scales: Mapping[str, Decimal], follows: Decimal | None, factor: Decimal
) -> Iterator[tuple[Term, Leg | None]]:
    """Yield the maintenance on an owed coin, whose amount moves with the profits.

    The price of the coin moves with a position's price if it is its base.
    """
    rate = pool.borrow_rate(asset) * factor
    if not rate:
        return
    if pool.equity_given is None and not pool.profit_apart:
        amount = _amount(pool, asset, scales)
    else:
        amount = (pool.coins[asset].qty, ZERO, ZERO)
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
