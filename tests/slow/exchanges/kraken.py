"""Kraken Futures, from the facts on Kraken margin.

Section 3: initial margin of a linear contract by entry value, of an inverse one by mark value.
Section 4: maintenance by the level, picked by USD value at entry or by contracts, its rate for the
whole position (parameter `tier_applies`: or for each part). Section 2: equity = balances net of
haircut and conversion fee, plus profits, which are not cut, as the folder says; a perpetual and a
dated contract of one underlying net: the larger of longs and shorts. Section 5: strict condition,
no fees, nothing rounded.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import ONE, ZERO, Coin, Position, Tier, number, snap
from tests.slow.pools import MultiPool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tests.slow.pools import CrossPool, Pool, Roots
    from tests.slow.prices import Prices

DATED = re.compile(r"\d{6}$")
Shares = list[tuple[Position, "Decimal"]]


class Flex(MultiPool):
    """The multi-collateral wallet; profits stand beside the balances, not inside them."""

    def _kept(self, asset: str, name: str) -> Decimal:
        return ONE - number((self.sheet.parameters.get(name) or {}).get(asset, 0))

    @cached_property
    def rows(self) -> list[Coin]:
        """Return the coins held; a weight that is not given is net of haircut and fee."""
        given = (self.sheet.raw.get("account") or {}).get("collateral") or []
        rows = []
        for at, row in enumerate(super().rows):
            named = given[at] if at < len(given) else {}
            kept = self._kept(row.asset, "haircut") * self._kept(row.asset, "conversion_fee")
            initial, maintenance = row.initial_weight, row.maintenance_weight
            if named.get("initial_weight") is None and row.qty >= 0:
                initial = kept
            if named.get("maintenance_weight") is None and row.qty >= 0:
                maintenance = kept
            rows.append(replace(row, initial_weight=initial, maintenance_weight=maintenance))
        return rows

    def _equity(self, prices: Prices, *, initial: bool) -> Decimal:
        account = self.sheet.account
        if account.equity is not None:
            return super()._equity(prices, initial=initial)
        total = account.other_unrealized_pnl - account.options_value
        for row in self.rows:
            weight = row.initial_weight if initial else row.maintenance_weight
            total += self.worth(row, self.cash(row), self.price(row, prices), weight)
            if row is self.first_row(row.asset):
                gains = self.gains(row.asset, prices) - self.owed(row.asset)
                total += gains * self.price(row, prices)
        return total

    def total_held(self, amounts: Iterable[tuple[str, Decimal]], prices: Prices) -> Decimal:
        """Return profits in USD; no haircut cuts them."""
        parts = [amount * self.price(self.first_row(asset), prices) for asset, amount in amounts]
        return sum(parts, ZERO)


class Kraken(Rules):
    """Rules of Kraken Futures."""

    whole_rates = True
    multi_pool = Flex

    # Levels

    def size(self, position: Position, price: Decimal) -> Decimal:  # noqa: ARG002
        """Return the value at entry (linear) or the number of contracts (inverse)."""
        return position.contracts if position.inverse else position.value(position.entry_price)

    def edges(self, position: Position) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: the level does not depend on the price."""
        return []

    def _rate(self, position: Position) -> Decimal:
        """Return maintenance / value: the level's rate, or the average over the levels."""
        rows, size = self.rows(position), self.size(position, position.mark_price)
        at = self.tier_number(position, position.mark_price)
        assert rows is not None
        assert at is not None
        return rows[at - 1].mmr - self._deduction(rows[:at]) / size

    def _base_value(self, position: Position, price: Decimal) -> Decimal:
        """Return the value that margins follow."""
        return position.value(price if position.inverse else position.entry_price)

    def maintenance(self, position: Position, price: Decimal) -> Decimal:
        """Return value * rate."""
        return self._base_value(position, price) * self._rate(position)

    def _initial_rate(self, position: Position) -> Decimal | None:
        """Return the initial rate: the level's, or an isolated position's own if higher."""
        rates = []
        if self.rows(position) is not None:
            rates.append(self.tier(position, position.mark_price).imr)
        if position.isolated and position.leverage is not None:
            rates.append(ONE / position.leverage)
        return max((rate for rate in rates if rate is not None), default=None)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value * initial rate."""
        rate = self._initial_rate(position)
        value = self._base_value(position, position.mark_price)
        return None if rate is None else snap(value * rate)

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value / leverage, not below the level's rate."""
        rate = self._initial_rate(position)
        if position.leverage is None or rate is None:
            return None
        return position.value(position.entry_price) * rate

    def zero_health_is_liquidated(self) -> bool:
        """Return that the condition is strict."""
        return False

    # Netting

    def cross_requirements(
        self, positions: Iterable[Position], prices: Prices
    ) -> list[tuple[str, Decimal]]:
        """Return the maintenance of each underlying."""
        return self._netted([(p, self.maintenance(p, prices.of(p))) for p in positions])

    def _netted(self, shares: Shares) -> list[tuple[str, Decimal]]:
        groups: dict[tuple[str, str], Shares] = {}
        for p, amount in shares:
            groups.setdefault((p.contract.base, p.contract.settle), []).append((p, amount))
        return [(settle, self._group_margin(group)) for (_, settle), group in groups.items()]

    def _group_margin(self, group: Shares) -> Decimal:
        longs = sum((amount for p, amount in group if p.side > 0), ZERO)
        shorts = sum((amount for p, amount in group if p.side < 0), ZERO)
        kinds = {DATED.search(p.symbol) is not None for p, _ in group}
        linear = not any(p.inverse for p, _ in group)
        switch = self.sheet.parameters.get("netting", "base" if linear else "none")
        if len(kinds) > 1 and switch == "base":
            return max(longs, shorts)
        return longs + shorts

    def total_initial(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the netted initial margins."""
        total = self._total([(p, self.initial_margin(p)) for p in pool.positions], pool, prices)
        return None if total is None else total + self.sheet.account.other_initial_margin

    def total_maintenance(self, pool: CrossPool, prices: Prices) -> Decimal | None:
        """Return the netted maintenance margins."""
        total = self._total([(p, self.maintenance_margin(p)) for p in pool.positions], pool, prices)
        return None if total is None else total + self.sheet.account.other_maintenance_margin

    def _total(
        self, shares: list[tuple[Position, Decimal | None]], pool: CrossPool, prices: Prices
    ) -> Decimal | None:
        known = [(p, amount) for p, amount in shares if amount is not None]
        return None if len(known) < len(shares) else pool.total(self._netted(known), prices)

    # What is printed

    def position_figures(self, position: Position) -> Figures:
        """Add the level's initial rate, return on initial margin and value at entry."""
        figures = super().position_figures(position)
        initial, rows = self.initial_margin(position), self.rows(position)
        figures |= dict.fromkeys(("imr", "max_leverage", "deduction", "roe"))
        figures["entry_notional"] = snap(position.value(position.entry_price))
        if initial:
            figures["roe"] = snap(position.pnl(position.mark_price) / initial)
        if rows is not None:
            at = self.tier_number(position, position.mark_price) or 1
            row = rows[at - 1]
            figures |= {"imr": row.imr, "max_leverage": row.max_leverage}
            figures["deduction"] = self._deduction(rows[:at])
        return figures

    def _deduction(self, rows: tuple[Tier, ...]) -> Decimal:
        """Return size * rate less what the parts require, in the unit of the levels."""
        total = ZERO
        if self.sheet.parameters.get("tier_applies", "whole") != "whole":
            for below, row in pairwise(rows):
                assert below.cap is not None
                total += below.cap * (row.mmr - below.mmr)
        return total

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add the root as a share of the mark, and the maintenance there."""
        root = roots.for_net(pool.net(position.symbol))
        if root is None:
            return dict.fromkeys(("liquidation_ratio", "maintenance_margin_at_liquidation"))
        return {
            "liquidation_ratio": snap(root / position.mark_price),
            "maintenance_margin_at_liquidation": snap(self.maintenance(position, snap(root))),
        }
