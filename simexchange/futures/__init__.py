"""USD-M perpetuals: market data, orders, positions, user data."""
