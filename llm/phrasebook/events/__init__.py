"""Layer 5, beside `predicates`: families of phrases that are conditions by themselves: breaks, candles, moves, volume,
the market, divergences, times. `event` is the door; modules that end in `_words` hold the word lists."""
