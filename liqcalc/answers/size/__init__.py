"""How large a position may be for what it may lose."""
