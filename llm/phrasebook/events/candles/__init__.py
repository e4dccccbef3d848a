"""Candles: their colours and streaks, patterns, parts, places in the range, and the candle before. `candle` is the
door."""
