"""The version, as a constant: reading it costs nothing."""

VERSION = "0.1.0"
RULES_DATE = "2026-11-22"
