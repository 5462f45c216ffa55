"""Pure margin arithmetic: curve, terms, tiers, rounding.  No files, no clock."""
