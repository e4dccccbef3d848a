"""What is said of one subject and again of another, what is taken back, divergences on closes, both spans."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter

SYMBOLS = ("BTCUSDT", "ETHUSDT")
CLOUD = "ta.ichimoku(9, 26, 52)"
BAND = "ta.bbands(close, 20, 2)"
ROWS = [
    # What was said before, refused or repeated of another subject.
    (
        "OBV makes a new 50-candle high but the close doesn't, 1h",
        "match = ta.obv() >= highest(ta.obv(), 50) and not (close >= highest(close, 50))",
    ),
    (
        "long on 1h when price makes a new 20-candle low but RSI does not",
        "match = close < lowest(low, 20)[1] and not (ta.rsi(close, 14) <= lowest(ta.rsi(close, 14), 20))",
    ),
    ("1h long when RSI is above 50 but MFI isn't", "match = ta.rsi(close, 14) > 50 and not (ta.mfi(14) > 50)"),
    (
        "1h: RSI is below 30 while the stochastic K is not",
        "match = ta.rsi(close, 14) < 30 and not (ta.stoch(14, 3, 3).k < 30)",
    ),
    (
        "long on 1h if the close is above the 50 EMA but BTC is not",
        'b = symbol("BTCUSDT")\nmatch = close > ta.ema(close, 50) and not (b.close > b.ema(close, 50))',
    ),
    (
        "long on 1h when CMF rises for 3 candles but price does not",
        "match = rising(ta.cmf(20), 3) and not rising(close, 3)",
    ),
    ("RSI is above 50 and so is MFI, 1h", "match = ta.rsi(close, 14) > 50 and ta.mfi(14) > 50"),
    (
        "close is above the 50 EMA on 1h and so is BTC",
        'b = symbol("BTCUSDT")\nmatch = close > ta.ema(close, 50) and b.close > b.ema(close, 50)',
    ),
    # Taken back.
    ("price above the 20-day... sorry, 20-candle EMA, 1h", "match = close > ta.ema(close, 20)"),
    ("close above the 50 EMA, no wait, the 100 EMA on 1h", "match = close > ta.ema(close, 100)"),
    ("close above the 50, or rather the 100 EMA on 1h", "match = close > ta.ema(close, 100)"),
    ("long on 1h when price crosses above the 20 SMA (sorry, EMA)", "match = crossover(close, ta.ema(close, 20))"),
    ("price above the lower, sorry, upper Bollinger band on 1h", f"match = close > {BAND}.upper"),
    ("RSI above 30, sorry, above 25 on 1h", "match = ta.rsi(close, 14) > 25"),
    ("RSI below 30 on the 15m, sorry, the 1h", "match = ta.rsi(close, 14) < 30"),
    (
        "RSI below 30. Actually 20 EMA above 50 EMA, on 1h",
        "match = ta.rsi(close, 14) < 30 and ta.ema(close, 20) > ta.ema(close, 50)",
    ),
    # Divergences: of closes where they are named, and the candles behind the oscillator are the divergence's.
    (
        "bearish RSI divergence within 40 candles, measured on the closes, on the 1h",
        "match = bearish_divergence(close, ta.rsi(close, 14), 40)",
    ),
    (
        "bearish MACD divergence on closing prices within 50 candles, 1h",
        "match = bearish_divergence(close, ta.macd(close, 12, 26, 9).macd, 50)",
    ),
    (
        "bullish divergence between the close and MACD histogram over 40 candles on 1h",
        "match = bullish_divergence(close, ta.macd(close, 12, 26, 9).hist, 40)",
    ),
    (
        "bullish divergence between price and RSI over 40 candles on 1h",
        "match = bullish_divergence(low, ta.rsi(close, 14), 40)",
    ),
    # Both spans of the cloud.
    ("long when the close is above both senkou spans on 1h", f"match = close > max({CLOUD}.span_a, {CLOUD}.span_b)"),
    ("short when price is below both cloud lines on the 1h", f"match = close < min({CLOUD}.span_a, {CLOUD}.span_b)"),
    # A candle that pokes out and closes back.
    (
        "a hammer whose low pokes under the lower Bollinger band and whose close is back inside, 1h",
        f"match = cdl.hammer() and low < {BAND}.lower and close > {BAND}.lower",
    ),
    (
        "the high pokes above the upper Bollinger band but the close is back inside, 1h short",
        f"match = high > {BAND}.upper and close < {BAND}.upper",
    ),
]


@pytest.mark.parametrize(("sentence", "program"), ROWS)
def test_what_is_said_short_is_read_whole(sentence: str, program: str) -> None:
    made = translate(sentence, None, SYMBOLS)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert compile_filter(made.code, "1h").hash == compile_filter(program + "\n", "1h").hash, made.code


def test_sorry_at_the_beginning_takes_nothing_back() -> None:
    assert "< 30" in translate("Sorry, RSI below 30 on 1h").code
