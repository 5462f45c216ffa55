"""The first step of the liquidation ladder, in columns."""
