"""The names of figures: those that every exchange has, and those that are rounded."""

from __future__ import annotations

POSITION_FIGURES = frozenset(
    {
        *("liquidation_price", "status", "trigger_price", "lower_liquidation_price"),
        *("upper_liquidation_price", "bankruptcy_price", "backstop_price", "margin_call_price"),
        *("notional", "entry_notional", "unrealized_pnl", "roe", "initial_margin"),
        *("maintenance_margin", "mmr", "imr", "deduction", "tier", "max_leverage"),
        *("fee_to_close", "fee_to_open", "margin", "margin_balance", "margin_ratio"),
        *("displayed_margin_ratio", "liquidation_ratio", "maintenance_margin_at_liquidation"),
        *("funding_payment", "funding_rate", "funding_rate_8h", "funding_premium"),
        *("max_qty", "max_contracts", "max_notional", "contracts", "margin_needed"),
        *("collateral_liquidation_price", "distance_rate", "distance_money"),
    }
)
ACCOUNT_FIGURES = frozenset(
    {
        *("equity", "wallet_balance", "unrealized_pnl", "initial_margin", "maintenance_margin"),
        *("margin_ratio", "initial_margin_ratio", "displayed_margin_ratio", "margin_balance"),
        *("available_balance", "order_margin", "liquidatable"),
    }
)
ROUNDED_FIGURES = frozenset(
    {
        *("notional", "unrealized_pnl", "entry_notional", "fee_to_open", "fee_to_close", "roe"),
        *("maintenance_margin", "initial_margin", "margin", "displayed_margin_ratio"),
        *("bankruptcy_quote_delta", "distance_money"),
        *("order_initial_margin", "open_loss", "order_cost"),
    }
)
ROUNDED_TOTALS = frozenset(
    {
        *("equity", "unrealized_pnl", "wallet_balance", "maintenance_margin", "initial_margin"),
        *("available_balance", "available_after_maintenance"),
        *("margin_ratio", "initial_margin_ratio", "displayed_margin_ratio"),
    }
)
