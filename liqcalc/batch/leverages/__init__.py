"""The largest leverage at which a stop fires first, in columns."""
