"""Answer for a whole sheet: every figure, every root, by looking and halving only."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from tests.slow.exchanges import RULES, Rules
from tests.slow.plain import CONTEXT, ONE, Position, Sheet, read_sheet, snap
from tests.slow.pools import (
    CrossPool,
    IsolatedPool,
    MultiPool,
    Pool,
    Roots,
    SinglePool,
    joint_roots,
    symbol_roots,
)
from tests.slow.prices import MARKS
from tests.slow.roots import shown, sign

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = dict[str, Any]


def evaluate(sheet: dict[str, Any], *, rounded: bool = True) -> Answer:
    """Return positions, account and joint figures of `sheet`.

    With `rounded` false nothing is rounded as the exchange prints it.
    """
    with localcontext(CONTEXT):
        book = Book(read_sheet(sheet), rounded=rounded)
        return {
            "positions": [book.position_figures(p) for p in book.sheet.positions],
            "account": book.account_figures(),
            "joint": book.joint(),
        }


def health(
    sheet: dict[str, Any], index_or_symbol: int | str, price: str | int | Decimal
) -> Decimal:
    """Return the health of a position's pool with the mark of its symbol at `price`.

    A symbol means its cross positions, if there are any, else its first isolated one. The sheet
    must say what backs the pool, and the table of each of its positions.
    """
    with localcontext(CONTEXT):
        book = Book(read_sheet(sheet), rounded=True)
        position = book.find(index_or_symbol)
        pool = book.pool_of(position)
        return pool.health(pool.moved(position.symbol, Decimal(price)))


PRICES = ("liquidation_price", "bankruptcy_price", "backstop_price")


class Book:
    """A sheet sorted into pools."""

    def __init__(self, sheet: Sheet, *, rounded: bool) -> None:
        """Sort the positions of `sheet`."""
        self.rules: Rules = RULES[sheet.exchange](sheet, rounded=rounded)
        self.sheet = sheet = self.rules.sheet
        cross = [p for p in sheet.positions if not p.isolated]
        own = self.rules.isolated_pool or IsolatedPool
        self.isolated = {
            p.index: own(sheet, self.rules, [p]) for p in sheet.positions if p.isolated
        }
        self.cross = self.rules.cross_pools(cross) or self._cross_pools(cross)
        self._roots: dict[tuple[int, str, str], Roots] = {}

    def _cross_pools(self, positions: list[Position]) -> list[CrossPool]:
        if self.sheet.account.collateral_mode == "portfolio":
            message = "portfolio margin is not judged here"
            raise NotImplementedError(message)
        if self.sheet.account.collateral_mode == "multi":
            return [(self.rules.multi_pool or MultiPool)(self.sheet, self.rules, positions)]
        if not positions:
            return [SinglePool(self.sheet, self.rules, [])]
        coins = list(dict.fromkeys(p.contract.settle for p in positions))
        account = self.sheet.account
        if len(coins) > 1 and (account.wallet_balance is not None or account.equity is not None):
            message = "one wallet balance cannot back pools of several settle currencies"
            raise ValueError(message)
        return [
            SinglePool(self.sheet, self.rules, [p for p in positions if p.contract.settle == coin])
            for coin in coins
        ]

    def find(self, index_or_symbol: int | str) -> Position:
        """Return the position that is meant."""
        if isinstance(index_or_symbol, int):
            return self.sheet.positions[index_or_symbol]
        named = [p for p in self.sheet.positions if p.symbol == index_or_symbol]
        return next((p for p in named if not p.isolated), named[0])

    def pool_of(self, position: Position) -> IsolatedPool | CrossPool:
        """Return the pool in which `position` lives."""
        if position.isolated:
            return self.isolated[position.index]
        return next(pool for pool in self.cross if position in pool.positions)

    def roots(self, pool: Pool, symbol: str, figure: str) -> Roots:
        """Return the roots of a figure; positions of one symbol share them."""
        key = (id(pool), symbol, figure)
        if key not in self._roots:
            self._roots[key] = symbol_roots(pool, symbol, figure)
        return self._roots[key]

    # Positions

    def position_figures(self, position: Position) -> Answer:
        """Return all figures of one position."""
        pool = self.pool_of(position)
        figures: Answer = dict(self.rules.position_figures(position))
        figures |= self._liquidation(pool, position)
        if pool.funded:
            figures["bankruptcy_price"] = self._bankruptcy(pool, position)
            if isinstance(pool, IsolatedPool):
                figures |= self.rules.isolated_figures(pool)
            else:
                figures |= self.rules.cross_figures(pool, position)
        for name in PRICES:  # an exchange that prints 0 says that there is none
            figures[name] = figures.get(name) or None
        return figures

    def _liquidation(self, pool: IsolatedPool | CrossPool, position: Position) -> Answer:
        none = dict.fromkeys(("liquidation_price", "lower_price", "upper_price"))
        if not pool.determined:
            roots = Roots(None, None)
            return none | {"status": "indeterminate"} | self._order_only(pool, position, roots)
        roots = self.roots(pool, position.symbol, "health")
        return {
            "liquidation_price": self.rules.liquidation_price(pool, position, roots),
            "lower_price": shown(roots.lower),
            "upper_price": shown(roots.upper),
            "status": self._status(pool, roots),
        } | self.rules.pool_figures(pool, position, roots)

    def _order_only(self, pool: Pool, position: Position, roots: Roots) -> Answer:
        # The cost of an order needs neither tiers nor cash.
        if self.sheet.exchange != "binance":
            return {}
        return dict(self.rules.pool_figures(pool, position, roots))

    def _status(self, pool: Pool, roots: Roots) -> str:
        backing, requirement = pool.backing(MARKS), pool.requirement(MARKS)
        dust = (abs(backing) + abs(requirement)) * Decimal("1E-40")
        now = 0 if abs(backing - requirement) <= dust else sign(backing - requirement)
        if now < 0 or (now == 0 and self.rules.zero_liquidates(pool)):
            return "already_liquidatable"
        if roots.lower is None and roots.upper is None:
            return "cannot_be_liquidated"
        return "liquidatable_at_price"

    def _bankruptcy(self, pool: IsolatedPool | CrossPool, position: Position) -> Decimal | None:
        roots = self.roots(pool, position.symbol, "bankruptcy_health")
        return self.rules.bankruptcy_price(pool, position, roots)

    # The account

    def account_figures(self) -> Answer:
        """Return the totals of the cross pool (of the first one, if there are several)."""
        pool = self.cross[0]
        if not pool.positions and not pool.funded:
            return dict(self.rules.bare_account_figures())
        return dict(self.rules.account_figures(pool, MARKS))

    def joint(self) -> dict[str, Decimal | None]:
        """Return the nearest common relative moves of all prices that liquidate a cross pool."""
        pools = [pool for pool in self.cross if pool.positions and pool.determined]
        found = [joint_roots(pool) for pool in pools]
        return {
            "down": _nearest([roots.lower for roots in found], max),
            "up": _nearest([roots.upper for roots in found], min),
        }


def _nearest(
    factors: list[Decimal | None], choose: Callable[[list[Decimal]], Decimal]
) -> Decimal | None:
    known = [factor for factor in factors if factor is not None]
    return snap(choose(known) - ONE) if known else None
