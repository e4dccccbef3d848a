"""Indicators of an outside library, by name: `catalogue` says which, `compute` gives their values."""
