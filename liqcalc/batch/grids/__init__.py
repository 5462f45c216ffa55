"""Positions at many prices, in columns."""
