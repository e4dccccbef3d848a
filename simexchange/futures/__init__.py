"""USD-M perpetuals: market data, orders, positions, user data."""

from simexchange.futures.venue import install

__all__ = ["install"]
