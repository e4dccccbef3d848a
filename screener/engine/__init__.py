"""Stepping programs over candles: the machine, live screening, history, open trades. Imports numba where it steps."""
