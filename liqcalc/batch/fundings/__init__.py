"""Funding over the time each position is held, in columns."""
