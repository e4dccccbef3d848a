"""Sentences as they are told: traders' words, what is said twice, second thoughts, one thing after another.

Each is a sentence, its interval, and the program meant. Of `PLAIN` every word is understood; in `STORIES` talk may be
left over, never taken for a rule.
"""

from __future__ import annotations

RSI30 = "ta.rsi(close, 14) < 30"
INSIDE = "(high < high[1] and low > low[1])[1]"
BANDWIDTH = "ta.bbands(close, 20, 2).width"
NAMES = "(cdl.three_black_crows() or cdl.evening_star())"

PLAIN: list[tuple[str, str, str]] = [
    # Traders' words.
    ("rsi sub 30 on 1h", "1h", f"match = {RSI30}"),
    ("volly 2x the avg on 15m", "15m", "match = volume >= 2 * ta.sma(volume, 20)"),
    ("price rips through the upper band on 5m", "5m", "match = crossover(close, ta.bbands(close, 20, 2).upper)"),
    ("px nukes below vwap on 5m", "5m", "match = crossunder(close, ta.vwap())"),
    ("we're under the 200 sma on the 1h", "1h", "match = close < ta.sma(close, 200)"),
    ("this alt is above its 50 ema on 4h", "4h", "match = close > ta.ema(close, 50)"),
    ("it trades below its 50 EMA on 1h", "1h", "match = close < ta.ema(close, 50)"),
    ("rsi was cooked on the 1h", "1h", "match = ta.rsi(close, 14) > 70"),
    ("corn is red on the day, 1h rsi below 30", "1h", f'match = symbol("BTCUSDT").ticker.change_pct < 0 and {RSI30}'),
    ("top 3 pumpers by 24h gain on 1h", "1h", "match = rank(ticker.change_pct) <= 3"),
    ("volume spike 3x normal on 15m", "15m", "match = volume >= 3 * ta.sma(volume, 20)"),
    ("close taking out the ath of the last 200 candles on 1h", "1h", "match = close > highest(high, 200)[1]"),
    ("CCI comes up through minus 100 on 2h", "2h", "match = crossover(ta.cci(20), -100)"),
    ("CCI crosses down through +100 on 2h", "2h", "match = crossunder(ta.cci(20), 100)"),
    ("15m close above the previous day's high", "15m", 'match = close > tf("1d").high'),
    ("15m close above the prior day's close", "15m", 'match = close > tf("1d").close'),
    ("close above the previous 20 candles' high on 1h", "1h", "match = close > highest(high, 20)[1]"),
    ("price green over the last hour on 5m", "5m", "match = pct_change(close, 12) > 0"),
    ("MFI over 80 sometime in the last 10 candles on 1h", "1h", "match = within(ta.mfi(14) > 80, 10)"),
    ("Supertrend turns down on 1h", "1h", "match = crossunder(ta.supertrend(10, 3).direction, 0)"),
    (
        "price stretches at least 2.5 ATRs below the 20 EMA on 1h",
        "1h",
        "match = close <= ta.ema(close, 20) - 2.5 * ta.atr(14)",
    ),
    ("price no lower than 10% under the 100 EMA on 4h", "4h", "match = not close < 0.9 * ta.ema(close, 100)"),
    # What is said twice.
    ("mfi was cooked (over 85) on 1h", "1h", "match = ta.mfi(14) > 85"),
    ("we rip (cross) thru the upper band on 5m", "5m", "match = crossover(close, ta.bbands(close, 20, 2).upper)"),
    ("within 5% of the 52-week (364 day) high on the daily", "1d", "match = close >= 0.95 * highest(high, 364)"),
    ("btc dumping (down 3%+ in 4h) on 15m", "15m", 'match = pct_change(symbol("BTCUSDT").close, 16) <= -3'),
    (
        "on 1h, btc is red on the day (24h change below 0)",
        "1h",
        'match = symbol("BTCUSDT").ticker.change_pct < 0',
    ),
    (
        "1h bb squeeze: band width hit its 100 candle low in the last 5 candles",
        "1h",
        f"match = within({BANDWIDTH} <= lowest({BANDWIDTH}, 100), 5)",
    ),
    (
        "price touches the 20 EMA on 1h, I mean the low goes to or under the EMA but the close stays above",
        "1h",
        "match = low <= ta.ema(close, 20) and close > ta.ema(close, 20)",
    ),
    (
        "CCI above 100, as long as the 1h trend is up. By trend up I mean the 1h close above the 1h 50 EMA. On 15m",
        "15m",
        'match = ta.cci(20) > 100 and tf("1h").close > tf("1h").ema(close, 50)',
    ),
    (
        "9 EMA above the 21 EMA and the 21 is rising and the low is below the 21 on 1h",
        "1h",
        "match = ta.ema(close, 9) > ta.ema(close, 21) and rising(ta.ema(close, 21), 1) and low < ta.ema(close, 21)",
    ),
    ("the 8 ema flips back above the 21 on 1h", "1h", "match = crossover(ta.ema(close, 8), ta.ema(close, 21))"),
    (
        "btc down over 1% in the last hour while price is green over the same hour on 5m",
        "5m",
        'match = pct_change(symbol("BTCUSDT").close, 12) < -1 and pct_change(close, 12) > 0',
    ),
    (
        "Monday to Friday only, 30m chart: price closes below the lowest low of the previous 24 candles",
        "30m",
        "match = between(weekday, 0, 4) and close < lowest(low, 24)[1]",
    ),
    # Second thoughts.
    ("RSI drops below 30 on the 1h, no wait, make it 25", "1h", "match = crossunder(ta.rsi(close, 14), 25)"),
    (
        "RSI under 30, sorry, 25, and price above the 50 EMA on 4h",
        "4h",
        "match = ta.rsi(close, 14) < 25 and close > ta.ema(close, 50)",
    ),
    ("RSI below 30 on the 15m, wait no, 1h", "1h", f"match = {RSI30}"),
    ("price above the 20 EMA. Scrap that. RSI below 30 on 1h", "1h", f"match = {RSI30}"),
    # One thing after another, and how conditions hang together.
    ("RSI dips below 30 on 1h and then crosses back above it", "1h", "match = crossover(ta.rsi(close, 14), 30)"),
    ("4h RSI drops below 30, then crosses back above 30", "4h", "match = crossover(ta.rsi(close, 14), 30)"),
    (
        "3 black crows or an evening star on 1h and price under the 200 sma",
        "1h",
        f"match = {NAMES} and close < ta.sma(close, 200)",
    ),
    (
        "the last candle was an inside bar and price closes above its high on 1h",
        "1h",
        f"match = {INSIDE} and close > high[1]",
    ),
    ("each of the last 3 candles had a higher low on 1h", "1h", "match = always(rising(low, 1), 3)"),
    ("RSI below 30 on 1h but I don't want it if ADX is above 40", "1h", f"match = {RSI30} and not ta.adx(14).adx > 40"),
    ("RSI below 30 on 1h; skip Mondays", "1h", f"match = {RSI30} and not weekday == 0"),
    (
        "half past nine to four in the afternoon New York time, 1h RSI below 30",
        "1h",
        f'match = session("09:30-16:00", "America/New_York") and {RSI30}',
    ),
    # How a trade ends.
    (
        "short on 1h when RSI is above 70. Cover after 15 candles",
        "1h",
        "match = ta.rsi(close, 14) > 70\nexit = trade.bars >= 15",
    ),
    (
        "buy on 1h when RSI is below 30. Exit: RSI above 60 or 20 bars",
        "1h",
        f"match = {RSI30}\nexit = ta.rsi(close, 14) > 60 or trade.bars >= 20",
    ),
    ("buy on 1h when RSI is below 30. gtfo if it drops 3%", "1h", f"match = {RSI30}\nstop = close * 0.97"),
    (
        "short on 1h when RSI is above 70. Stop at the highest high of the last 3 candles",
        "1h",
        "match = ta.rsi(close, 14) > 70\nstop = highest(high, 3)",
    ),
    (
        "short on 1d when RSI is above 70. Stop at the highest high of the last 3 days",
        "1d",
        "match = ta.rsi(close, 14) > 70\nstop = highest(high, 3)",
    ),
    (
        "buy on 1h when RSI is below 30. Stop = lowest low of those 8 candles",
        "1h",
        f"match = {RSI30}\nstop = lowest(low, 8)[1]",
    ),
]

STORIES: list[tuple[str, str, str]] = [
    (
        "A golden cross is a classic, they say. What I want on 4h is RSI under 30 and price below the lower band.",
        "4h",
        f"match = {RSI30} and close < ta.bbands(close, 20, 2).lower",
    ),
    (
        "Squeezes are overrated, I lost a lot with them. So on the hourly just RSI below 30.",
        "1h",
        f"match = {RSI30}",
    ),
    ("1h double bottom vibes: RSI below 30", "1h", f"match = {RSI30}"),
    ("RSI below 30 is where I buy, 1h, thanks", "1h", f"match = {RSI30}"),
    (
        "Been trading for years, and what works on the hourly chart is waiting until the RSI has gone under 30 and "
        "then comes back up through it, because then the panic is over.",
        "1h",
        "match = crossover(ta.rsi(close, 14), 30)",
    ),
]
