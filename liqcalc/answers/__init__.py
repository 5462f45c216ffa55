"""One module a question: price, account, tiers, coverage, verify."""
