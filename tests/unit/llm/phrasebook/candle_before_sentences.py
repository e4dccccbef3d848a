"""Sentences on 1h of candles before this one, lines that something is done to, marks of time, and ends of trades."""

from __future__ import annotations

E20 = "ta.ema(close, 20)"
LOW40 = "lowest(low, 40)[1]"

# What the candle before did, said after this one or before it.
CANDLE_BEFORE = [
    ("the candle closes above the 20 EMA and the bar before was below it, 1h", f"close > {E20} and (close < {E20})[1]"),
    ("close under the 20 EMA and the candle before it closed above, 1h", f"close < {E20} and (close > {E20})[1]"),
    (
        "RSI above 50 and on the previous candle it was below 50, 1h",
        "ta.rsi(close, 14) > 50 and (ta.rsi(close, 14) < 50)[1]",
    ),
    ("RSI below 30 and the previous candle was red, 1h", "ta.rsi(close, 14) < 30 and (close < open)[1]"),
    ("the last candle closed above the 20 EMA, 1h", f"close > {E20}"),
    ("RSI(5) is higher than it was the hour before, 1h", "ta.rsi(close, 5) > ta.rsi(close, 5)[1]"),
]

# What is done to a line, and how a candle gets there and back.
LINES = [
    ("the lower bollinger band gets pierced, 1h", "low <= ta.bbands(close, 20, 2).lower"),
    ("upper keltner channel is tagged by price, 1h", "high >= ta.keltner(20, 2).upper"),
    ("the 200 EMA gets reclaimed, 1h", "crossover(close, ta.ema(close, 200))"),
    ("the 50 SMA is lost, 1h", "crossunder(close, ta.sma(close, 50))"),
    ("yesterday's high gets taken out, 1h", 'close > tf("1d").high'),
    ("the low reaches down to the 20 EMA, 1h", f"low <= {E20}"),
    (
        "low undercuts the lowest low of the previous 40 candles and the close is back above that level, 1h",
        f"low < {LOW40} and close > {LOW40}",
    ),
    ("wick below yesterday's low but close back over it, 1h", 'low < tf("1d").low and close > tf("1d").low'),
    ("wicks under the 20 EMA, closes above it, 1h", f"low < {E20} and close > {E20}"),
    ("RSI drops back under 70 from overbought, 1h", "crossunder(ta.rsi(close, 14), 70)"),
    ("MFI crosses 20 from oversold territory, 1h", "crossover(ta.mfi(14), 20)"),
    ("close crossed over the 20 EMA and stayed above it for 5 candles in a row, 1h", f"always(close > {E20}, 5)"),
]

# Where in its range a candle closes, and which way an average points.
PLACES = [
    (
        "RSI below 30 and the candle closes in its upper quarter, 1h",
        "ta.rsi(close, 14) < 30 and close >= low + 0.75 * (high - low)",
    ),
    ("close in the bottom quarter of the candle, 1h", "close <= low + 0.25 * (high - low)"),
    ("the candle finishes in the upper half of its range, 1h", "close >= low + 0.5 * (high - low)"),
    ("EMA 20 slope up for 5 bars, 1h", f"rising({E20}, 5)"),
    ("the 20 EMA slope is down, 1h", f"falling({E20}, 1)"),
    ("price retests the 20 EMA from above, 1h", f"low <= {E20} and close > {E20}"),
]

# Candles that close up, streaks of at least so many, hours, counts, ranks, and two coins each with its own line.
CANDLES = [
    ("RSI below 30 and the candle closes up, 1h", "ta.rsi(close, 14) < 30 and close > open"),
    ("the candle is finishing red, 1h", "close < open"),
    ("first green candle after at least four red ones, 1h", "always(close < open, 4)[1] and close > open"),
    ("seven or more green candles in a row, then the first red one, 1h", "always(close > open, 7)[1] and close < open"),
    (
        "RSI crosses above 50 only inside 09:30-16:00 New York time, 1h",
        'crossover(ta.rsi(close, 14), 50) and session("09:30-16:00", "America/New_York")',
    ),
    ("RSI below 30 on 3 of the last 5 candles, 1h", "count(ta.rsi(close, 14) < 30, 5) >= 3"),
    ("takers lift 62%+ of volume on 3 of the last 4 candles, 1h", "count(buy_volume >= 0.62 * volume, 4) >= 3"),
    ("taker buys are more than 65 percent of the volume of a 1 hour candle", "buy_volume > 0.65 * volume"),
    ("-10% or worse in the last 8 hourly candles", "pct_change(close, 8) <= -10"),
    (
        "the 20 candle return in the lowest 10 percent of the market, 1h",
        "market_percentile(pct_change(close, 20)) <= 0.1",
    ),
    (
        "BTC and ETH are above their 50 EMA, 1h",
        'symbol("BTCUSDT").close > symbol("BTCUSDT").ema(close, 50) '
        'and symbol("ETHUSDT").close > symbol("ETHUSDT").ema(close, 50)',
    ),
]

# Names before a colon that are no rule, numbers in brackets, Heikin-Ashi candles, colours by themselves, arrows.
HA = "ta.ha()"
NAMED = [
    ("Contraction squeeze play, 1h, long: RSI below 30", "ta.rsi(close, 14) < 30"),
    (
        "1h quiet range breakout: ATR(10) less than ATR(40), close above the highest close of the prior 30 candles",
        "ta.atr(10) < ta.atr(40) and close > highest(close, 30)[1]",
    ),
    ("Momentum ignition on 1h: volume above 3x its 20 average", "volume > 3 * ta.sma(volume, 20)"),
    ("golden cross on the 1h (50/200 ema)", "crossover(ta.ema(close, 50), ta.ema(close, 200))"),
    ("death cross (20/50 sma) on 1h", "crossunder(ta.sma(close, 20), ta.sma(close, 50))"),
    (
        "1h Heikin-Ashi: first green HA candle after at least four red ones -> long",
        f"always({HA}.close < {HA}.open, 4)[1] and {HA}.close > {HA}.open",
    ),
    ("1h: 3 green Heikin Ashi candles in a row", f"always({HA}.close > {HA}.open, 3)"),
    ("body bigger than 70% of the range, green, 1h", "abs(close - open) > 0.7 * (high - low) and close > open"),
    ("RSI over 55, hourly candle red", "ta.rsi(close, 14) > 55 and close < open"),
    ("RSI >= 70 -> short, 1h", "ta.rsi(close, 14) >= 70"),
    ("seven green candles in a row on the 1h, then the first red one", "always(close > open, 7)[1] and close < open"),
    (
        "RSI crosses below 30 on the 1h, then closes above the 20 EMA within 5 candles",
        f"within(crossunder(ta.rsi(close, 14), 30), 5)[1] and close > {E20}",
    ),
    (
        "the range between the highest high and the lowest low of 24 candles is less than 6% of the close, 1h",
        "highest(high, 24) - lowest(low, 24) < 0.06 * close",
    ),
    (
        "high pokes above the upper Bollinger band, close red, 1h",
        "high > ta.bbands(close, 20, 2).upper and close < open",
    ),
    (
        "wicked above the prior 30 candle high, closed back under, 1h",
        "high > highest(high, 30)[1] and close < highest(high, 30)[1]",
    ),
    ("bullish RSI divergence against the lows inside 40 candles, 1h", "bullish_divergence(low, ta.rsi(close, 14), 40)"),
    (
        "liquidity sweep on 1h: low takes out the lowest low of 30 bars, close back above that level",
        "low < lowest(low, 30)[1] and close > lowest(low, 30)[1]",
    ),
    (
        "RSI goes from below 30 to above 35 within 3 candles, 1h",
        "within(ta.rsi(close, 14) < 30, 3) and ta.rsi(close, 14) > 35",
    ),
    ("CCI drops from above 100 to under 50, 1h", "(ta.cci(20) > 100)[1] and ta.cci(20) < 50"),
    (
        "BTC above its 20 EMA and price above its own too, 1h",
        f'symbol("BTCUSDT").close > symbol("BTCUSDT").ema(close, 20) and close > {E20}',
    ),
]

# Told of the past, and no rule.
TALK = "Been burned too often chasing green candles, so I only buy when RSI is below 30 on 1h"

# The stop is the lowest low of so many candles, this one included.
LEVELS = [
    (
        "RSI below 30 on 1h, long. Stop under the lowest low of 20 bars.",
        "match = ta.rsi(close, 14) < 30\nstop = lowest(low, 20)",
    ),
    (
        "RSI below 30 on 1h, long, SL below the low of 12 candles",
        "match = ta.rsi(close, 14) < 30\nstop = lowest(low, 12)",
    ),
    (
        "RSI above 70 on 1h, short. stop 1 ATR above the candle's high",
        "match = ta.rsi(close, 14) > 70\nstop = high + 1 * ta.atr(14)",
    ),
    ("RSI above 70 on 1h, short. stop 0.5% above the high", "match = ta.rsi(close, 14) > 70\nstop = high * 1.005"),
    (
        "RSI below 30 on 1h, long. stop 1.5 ATR below the lowest low of 10 candles",
        "match = ta.rsi(close, 14) < 30\nstop = lowest(low, 10) - 1.5 * ta.atr(14)",
    ),
    (
        "RSI below 30 on 1h, long, SL 0.5 ATR below the low, TP 2R",
        "match = ta.rsi(close, 14) < 30\nstop = low - 0.5 * ta.atr(14)\n"
        "target = close + 2 * (close - (low - 0.5 * ta.atr(14)))",
    ),
    ("RSI below 30 on 1h, long. stop 2% below the entry", "match = ta.rsi(close, 14) < 30\nstop = close * 0.98"),
]
