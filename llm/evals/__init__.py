"""Sentences to score a translator with, each beside the program that a careful expert would write for it.

`sentences.jsonl` holds one case a line, `dataset.py` reads it. A translator is scored by what its program does, so a
reference shows one right reading, not the only spelling.

1. Where a sentence leaves a choice, `ambiguous` names it with the choice that the reference takes. The choices are
   the field's: RSI, ADX, ATR, MFI of 14 candles; 30 and 70 for oversold and overbought; MACD 12, 26, 9; Bollinger
   20, 2; Keltner 20, 2, and 1.5 in a squeeze; stochastic 14, 3, 3; CCI 20; Supertrend 10, 3; Ichimoku 9, 26, 52;
   a golden cross of the simple averages of 50 and 200; volume against its simple average of 20 candles; VWAP of the
   UTC day; times in UTC.
2. "Crosses", "falls below", "turns", "breaks above" are events of one candle; "is above", "closes above", "trading
   under" are states. A break of the last n candles' high leaves this candle out.
3. `not_expressible` quotes the words of the sentence that the language cannot say. Where the rest can be said, the
   reference is the rest; where nothing is left, there is none.
4. Nobody who wrote a sentence looked at the grammar that reads it, and a quarter of them (`dataset.frozen`) is never
   used to tune it.
"""
