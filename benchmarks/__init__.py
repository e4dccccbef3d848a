"""Benchmarks: each module has `run() -> list[dict]`, rows with name, value, unit, peer and ratio."""
