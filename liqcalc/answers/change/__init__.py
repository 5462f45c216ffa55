"""What would move a liquidation price, and what a change makes of a position."""
