"""What is tried on real candles before a filter is enabled."""
