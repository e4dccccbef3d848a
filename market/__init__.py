"""Candles in: sources, the feed, history files."""
