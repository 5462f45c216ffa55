"""Whether a stop fires before liquidation, and what either costs."""
