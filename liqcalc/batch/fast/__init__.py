"""The exact engine's rules over columns, in numbers of twice a float's precision.

`plans` finds what holds for each symbol, day and margin mode; `shapes` names
the choices of its rules; `row` and `ends` follow the engine with pairs; what a
pair does not decide is done again exactly.
"""
