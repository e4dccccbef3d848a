"""More sentences with what the offline translator makes of them, in shorthand and by name; see `sentences`."""

SHORT: list[tuple[str, str, str, str]] = [
    (
        "MACD crosses above its signal on 15m while BTC is above its 4h 200 EMA",
        "15m",
        "long",
        'crossover(ta.macd(close).macd, ta.macd(close).signal) and symbol("BTCUSDT").close > '
        'ta.ema(symbol("BTCUSDT").tf("4h").close, 200)',
    ),
    (
        "buy when 1h RSI is oversold unless BTC is in a downtrend",
        "1h",
        "long",
        'ta.rsi(close, 14) < 30 and not (symbol("BTCUSDT").close < ta.ema(symbol("BTCUSDT").close, 200))',
    ),
    (
        "outperforming bitcoin over the last 24 hours on 1h",
        "1h",
        "long",
        'pct_change(close, 24) > pct_change(symbol("BTCUSDT").close, 24)',
    ),
    (
        "BTC up 2% in the last 4 hours and RSI below 40 on 1h",
        "1h",
        "long",
        'pct_change(symbol("BTCUSDT").close, 4) >= 2 and ta.rsi(close, 14) < 40',
    ),
    (
        "RSI on 4h above 50 and RSI on 15m below 30",
        "15m",
        "long",
        'tf("4h").rsi(close, 14) > 50 and ta.rsi(close, 14) < 30',
    ),
    (
        "15m: RSI < 30; 4h: close > EMA 200",
        "15m",
        "long",
        'ta.rsi(close, 14) < 30 and tf("4h").close > tf("4h").ema(close, 200)',
    ),
    (
        "daily RSI over 50, hourly RSI under 30",
        "1h",
        "long",
        'tf("1d").rsi(close, 14) > 50 and ta.rsi(close, 14) < 30',
    ),
    (
        "RSI below 30 on 15m, 1h and 4h",
        "15m",
        "long",
        'ta.rsi(close, 14) < 30 and tf("1h").rsi(close, 14) < 30 and tf("4h").rsi(close, 14) < 30',
    ),
    (
        "Alert me when 15m RSI is below 30 and 4h EMA50 > EMA200",
        "15m",
        "long",
        'ta.rsi(close, 14) < 30 and tf("4h").ema(close, 50) > tf("4h").ema(close, 200)',
    ),
    (
        "sell when rsi over 70 on 1h",
        "1h",
        "short",
        "ta.rsi(close, 14) > 70",
    ),
    (
        "rsi14 < 30 m15",
        "15m",
        "long",
        "ta.rsi(close, 14) < 30",
    ),
    (
        "h4 rsi > 50",
        "4h",
        "long",
        "ta.rsi(close, 14) > 50",
    ),
    (
        "RSI below thirty on the five minute chart",
        "5m",
        "long",
        "ta.rsi(close, 14) < 30",
    ),
    (
        "quote volume above $5 million on 1h",
        "1h",
        "long",
        "quote_volume > 5000000",
    ),
    (
        "bullish engulfing on the daily",
        "1d",
        "long",
        "cdl.engulfing()",
    ),
    (
        "inside bar on 4h",
        "4h",
        "long",
        "high < high[1] and low > low[1]",
    ),
]
