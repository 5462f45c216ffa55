"""What funding costs, and when it alone would liquidate."""
