"""The tests, as a package: they share strategies and the slow judge."""
