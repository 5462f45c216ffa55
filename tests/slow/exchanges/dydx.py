"""dYdX v4, from the facts on dYdX margin.

Section 3: initial = value * fraction, the fraction grown by open interest and cut at 1E-6, a
stricter own fraction (1/leverage) counts; rounded up at 1E-6. Section 4: maintenance = flat rate
on the value, rounded up twice at 1E-6, no tiers. Section 5: strict condition; prices of the
front end are not rounded; a closing step is bankrupt at its share of equity by maintenance;
fillable price by the adjusted bankruptcy rating. Section 6: what one step may close, what the
insurance fund gets. Section 7: margin usage, leverage. Parameters: mainnet genesis by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.slow.exchanges.base import Figures, Rules
from tests.slow.plain import DOWN, NEAREST, ONE, UP, ZERO, Position, number, snap, to_decimals
from tests.slow.prices import MARKS

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.slow.pools import CrossPool, Pool, Roots
    from tests.slow.prices import Prices

DEFAULTS = {
    "max_liquidation_fee": "0.015",
    "min_position_notional_liquidated": "1000",
    "max_position_portion_liquidated": "0.1",
    "max_notional_liquidated_per_subaccount_block": "100000",
    "bankruptcy_adjustment": "1",
    "spread_to_maintenance_margin_ratio": "1.5",
    "funding_rate_clamp_factor": "6",
}


def chain_up(value: Decimal) -> Decimal:
    """Return an amount as the chain counts it: rounded up at 1E-6."""
    return to_decimals(value, 6, UP)


class Dydx(Rules):
    """Rules of dYdX."""

    whole_rates = True

    def parameter(self, name: str) -> Decimal:
        """Return a parameter, by default that of the mainnet."""
        return number(self.sheet.parameters.get(name, DEFAULTS[name]))

    def up(self, value: Decimal) -> Decimal:
        """Return an amount as the chain counts it."""
        return chain_up(value) if self.rounded else snap(value)

    def zero_health_is_liquidated(self) -> bool:
        """Return that equity equal to the requirement is safe."""
        return False

    # Rates

    def base_rate(self, position: Position) -> Decimal | None:
        """Return the initial fraction of the market, before open interest."""
        if not position.tiers:
            return None
        return self.tier(position, position.mark_price).imr

    def initial_rate(self, position: Position) -> Decimal | None:
        """Return the initial fraction in force: the market's or a stricter own one."""
        market = self._market_rate(position)
        own = None if position.leverage is None else ONE / position.leverage
        known = [rate for rate in (market, own) if rate is not None]
        return max(known) if known else None

    def _market_rate(self, position: Position) -> Decimal | None:
        base, given = self.base_rate(position), self.sheet.parameters
        names = ("oi_lower_cap", "oi_upper_cap", "open_interest_notional")
        known = [number(given[name]) for name in names if name in given]
        if base is None or len(known) < len(names) or known[1] == 0:
            return base
        lower, upper, interest = known
        if interest >= upper:
            return ONE
        if interest <= lower:
            return base
        share = (interest - lower) / (upper - lower)
        return to_decimals(base + (ONE - base) * share, 6, DOWN)

    # Margins

    def opening_margin(self, position: Position) -> Decimal | None:
        """Return entry value * initial fraction."""
        rate = self.initial_rate(position)
        if position.leverage is None or rate is None:
            return None
        return position.value(position.entry_price) * rate

    def funding_payment(self, position: Position) -> Decimal | None:
        """Return value at the oracle price * rate."""
        if position.funding_rate is None:
            return None
        value = position.value(position.index_price)
        return snap(position.side * value * position.funding_rate)

    def initial_margin(self, position: Position) -> Decimal | None:
        """Return value * initial fraction, rounded up."""
        rate = self.initial_rate(position)
        return None if rate is None else self.up(position.value(position.mark_price) * rate)

    def maintenance_margin(self, position: Position) -> Decimal | None:
        """Return value * initial fraction, rounded up, * share of maintenance, rounded up."""
        if not self.can_require(position):
            return None
        return self.maintenance_of(position, position.qty)

    def maintenance_of(self, position: Position, qty: Decimal) -> Decimal:
        """Return the maintenance margin of `qty` of the position at its mark."""
        value, base = qty * position.mark_price, self.base_rate(position)
        row = self.tier(position, position.mark_price)
        if not base:
            return chain_up(value * row.mmr)
        return chain_up(chain_up(value * base) * row.mmr / base)

    def chain_maintenance(self, pool: Pool) -> Decimal:
        """Return the maintenance margin of a pool as the chain counts it at the marks."""
        total = sum((self.maintenance_of(p, p.qty) for p in pool.positions), ZERO)
        if pool.positions[0].isolated:
            return total
        return total + self.sheet.account.other_maintenance_margin

    # Figures of a position

    def position_figures(self, position: Position) -> Figures:
        """Add rates, and what one step of a liquidation may close."""
        figures = super().position_figures(position)
        rate, base = self._market_rate(position), self.base_rate(position)
        row = self.tier(position, position.mark_price) if position.tiers else None
        value = position.value(position.mark_price)
        block = self.parameter("max_notional_liquidated_per_subaccount_block")
        least = min(self.parameter("min_position_notional_liquidated"), value)
        most = max(least, value * self.parameter("max_position_portion_liquidated"))
        figures |= {
            "imr": None if rate is None else snap(rate),
            "max_leverage": self._max_leverage(position),
            "entry_notional": snap(position.value(position.entry_price)),
            "min_notional_liquidatable": snap(least),
            "max_notional_liquidatable": snap(min(most, block)),
            "funding_rate_cap": None,
        }
        if base is not None and row is not None:
            width = base - row.mmr
            figures["funding_rate_cap"] = snap(self.parameter("funding_rate_clamp_factor") * width)
        return figures

    def _max_leverage(self, position: Position) -> Decimal | None:
        """Return that of the table, or with open interest 1 / initial fraction in force."""
        if not position.tiers:
            return None
        rate, given = self._market_rate(position), self.sheet.parameters
        grows = "open_interest_notional" in given and "oi_lower_cap" in given
        if rate is not None and grows and number(given.get("oi_upper_cap", 0)) > 0:
            return snap(ONE / rate)
        return self.tier(position, position.mark_price).max_leverage

    def pool_figures(self, pool: Pool, position: Position, roots: Roots) -> Figures:
        """Add what happens at the liquidation price and in a closing step."""
        figures: Figures = {"liquidation_ratio": None, "maintenance_margin_at_liquidation": None}
        price = self.liquidation_price(pool, position, roots)
        if price is not None:
            figures["liquidation_ratio"] = snap(price / position.mark_price)
            there = self.inside_of_edge(position, price)
            needed = self.up(to_decimals(self.maintenance(position, there), 18, NEAREST))
            figures["maintenance_margin_at_liquidation"] = needed
        asked = position.row.get("close") is not None
        quote = self.bankruptcy_quote(pool, position) if asked else None
        return figures | {
            "fillable_price": self.fillable_price(pool, position),
            "bankruptcy_quote_delta": quote,
            "insurance_fund_delta": self._insurance(position, quote),
        }

    def fillable_price(self, pool: Pool, position: Position) -> Decimal | None:
        """Return the limit price of the liquidation order, before the tick."""
        total = self.chain_maintenance(pool)
        if total == 0:
            return None
        lack = self.parameter("bankruptcy_adjustment") * (ONE - pool.backing(MARKS) / total)
        rating = max(ZERO, min(ONE, lack))
        spread = rating * self.parameter("spread_to_maintenance_margin_ratio")
        signed = position.side * position.value(position.mark_price)
        left = signed - spread * self.maintenance_of(position, position.qty)
        return snap(left / (position.side * position.qty))

    def _closed(self, position: Position) -> Decimal:
        return min(position.close.qty or position.qty, position.qty)

    def bankruptcy_quote(self, pool: Pool, position: Position) -> Decimal | None:
        """Return what the account receives for a closing step at bankruptcy."""
        total = self.chain_maintenance(pool)
        if total == 0:
            return None
        closed = self._closed(position)
        before = self.maintenance_of(position, position.qty)
        freed = before - self.maintenance_of(position, position.qty - closed)
        change = -position.side * closed * position.mark_price
        return chain_up(-change - pool.backing(MARKS) * freed / total)

    def bankruptcy_price(self, pool: Pool, position: Position, roots: Roots) -> Decimal | None:
        """Return the price at which a closing step is bankrupt, or all that the position has."""
        quote = None
        if position.row.get("close") is not None and pool.determined:
            quote = self.bankruptcy_quote(pool, position)
        if quote is not None:
            price = snap(position.side * quote / self._closed(position))
            return price if price > 0 else None
        if position.isolated:
            return super().bankruptcy_price(pool, position, roots)
        own, total = self.maintenance(position, position.mark_price), pool.requirement(MARKS)
        share = pool.backing(MARKS) * (own / total if total else ONE)
        price = snap(position.mark_price - position.side * share / position.qty)
        return price if price > 0 else None

    def _insurance(self, position: Position, quote: Decimal | None) -> Decimal | None:
        price = position.close.price
        if quote is None or price is None:
            return None
        filled = self._closed(position) * price
        surplus = position.side * filled - quote
        return snap(min(surplus, filled * self.parameter("max_liquidation_fee")))

    # The account

    def funded_figures(
        self, pool: CrossPool, prices: Prices, initial: Decimal | None, needed: Decimal | None
    ) -> Figures:
        """Add leverage, margin usage, and whether the chain would liquidate."""
        figures = super().funded_figures(pool, prices, initial, needed)
        equity = pool.backing(prices)
        gross = sum((p.value(prices.of(p)) for p in pool.positions), ZERO)
        figures |= {"leverage": None, "margin_usage": None, "liquidatable": None}
        if equity > 0:
            figures["leverage"] = snap(gross / equity)
            figures["margin_usage"] = None if initial is None else snap(initial / equity)
        if needed is not None:
            figures["liquidatable"] = needed > 0 and needed > equity
        return figures
