"""The engine's parts against numbers worked by hand."""
