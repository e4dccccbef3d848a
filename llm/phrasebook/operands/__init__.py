"""Layer 4: what is compared: indicators with their settings, averages, prices, levels, highs and lows of windows, and
words that stand for what was named before. `operand` is the door."""
