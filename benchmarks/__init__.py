"""Speeds and sizes, printed as ratios measured in one run; nothing is asserted."""
