"""Habits from other languages, and words for what candles do not hold: each with its own hint."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

NAMES: Final[dict[str, str]] = {
    "true": "write True",
    "false": "write False",
    "null": "there is no null; an unknown value is tested with na(x)",
    "none": "there is no none; an unknown value is tested with na(x)",
    "nan": "an unknown value is tested with na(x)",
    "source": "write the series itself, such as close",
    "src": "write the series itself, such as close",
    "price": "write close",
    "last": "write close",
    "bar_index": "candles are not numbered; count them with barssince(cond)",
    "time": "write hour, minute, weekday, day or month",
    "timeframe": 'write tf("1h")',
    "dayofweek": "write weekday; Monday is 0",
    "dayofmonth": "write day",
    "year": "write hour, minute, weekday, day or month",
    "vol": "write volume",
    "tr": "write ta.true_range()",
    "df": "series are written by name: close, not df.close or df['close']",
    "data": "series are written by name: close, not data.close",
    "self": "series are written by name: close",
    "np": "write abs, min, max, sqrt, log, exp, round or sign",
    "pd": "series are written by name and need no pandas",
    "math": "write abs, min, max, sqrt, log, exp, round or sign without math.",
    "talib": "write ta.rsi(close, 14)",
    "pta": "write ta.rsi(close, 14)",
    "strategy": 'entries and exits are results: assign "match" and "exit"',
    "request": 'write tf("1d").close, or symbol("BTCUSDT").close',
    "security": 'write tf("1d").close, or symbol("BTCUSDT").close',
    "syminfo": 'write symbol("BTCUSDT").close for another symbol',
    "input": "write the value itself",
    "plot": "assign the condition to match",
    "alertcondition": "assign the condition to match",
    "len": "windows take their length as an argument",
    "any": "write within(cond, n), or a or b",
    "all": "write always(cond, n), or a and b",
    "shift": "write x[1]",
    "ref": "write x[1]",
    "mean": "write avg(x, n)",
    "average": "write avg(x, n)",
    "std": "write ta.stdev(x, n)",
    "iff": "write a if cond else b",
    "where": "write a if cond else b",
    "pctchange": "write pct_change(x, n)",
    "cross_over": "write crossover(a, b)",
    "cross_above": "write crossover(a, b)",
    "crosses_above": "write crossover(a, b)",
    "cross_under": "write crossunder(a, b)",
    "cross_below": "write crossunder(a, b)",
    "crosses_below": "write crossunder(a, b)",
    "bars_since": "write barssince(cond)",
    "value_when": "write valuewhen(cond, x, k)",
}

NOT_IN_CANDLES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("market_cap", "marketcap", "mcap", "fundamentals", "earnings", "pe_ratio", "dividend"),
        "the nearest is quote_volume, the money traded",
    ),
    **dict.fromkeys(
        ("order_book", "orderbook", "bid", "ask", "bids", "asks", "spread", "depth", "liquidity"),
        "the nearest are buy_volume, sell_volume and volume_delta",
    ),
    **dict.fromkeys(("news", "sentiment", "social", "tweets", "fear_greed"), "the nearest is volume_ratio"),
    **dict.fromkeys(
        ("funding", "funding_rate", "open_interest", "oi", "liquidations", "long_short_ratio"),
        "the nearest is volume_delta, the taker's buys less sells",
    ),
    **dict.fromkeys(
        ("tomorrow", "future", "next", "next_close"), "only closed candles are known; look back: x[1]"
    ),
    **dict.fromkeys(("dominance", "btc_dominance"), 'the nearest is symbol("BTCUSDT").close'),
    **dict.fromkeys(("supply", "onchain", "holders", "whales", "active_addresses"), "the nearest is trades"),
}  # fmt: skip

INDICATORS: Final[dict[str, str]] = {
    "bb": "bbands",
    "bollinger": "bbands",
    "bollinger_bands": "bbands",
    "bbw": "bbands",
    "dmi": "adx",
    "di": "adx",
    "sar": "psar",
    "parabolic_sar": "psar",
    "kc": "keltner",
    "dc": "donchian",
    "donchian_channel": "donchian",
    "std": "stdev",
    "stddev": "stdev",
    "tr": "true_range",
    "trange": "true_range",
    "wpr": "willr",
    "williams_r": "willr",
    "stochastic": "stoch",
    "momentum": "mom",
    "smma": "rma",
    "wilder": "rma",
    "rvol": "volume_ratio",
    "relative_volume": "volume_ratio",
    "z_score": "zscore",
    "plus_di": "adx",
    "minus_di": "adx",
    "change_pct": "roc",
}

OUTPUTS: Final[dict[str, str]] = {
    "histogram": "hist",
    "macdhist": "hist",
    "macd_line": "macd",
    "line": "macd",
    "signal_line": "signal",
    "macdsignal": "signal",
    "upperband": "upper",
    "upper_band": "upper",
    "top": "upper",
    "lowerband": "lower",
    "lower_band": "lower",
    "bottom": "lower",
    "middleband": "middle",
    "basis": "middle",
    "mid": "middle",
    "percent_b": "percent",
    "pctb": "percent",
    "bandwidth": "width",
    "slowk": "k",
    "fastk": "k",
    "slowd": "d",
    "plus": "plus_di",
    "minus": "minus_di",
    "plusdi": "plus_di",
    "minusdi": "minus_di",
    "conversion_line": "conversion",
    "tenkan": "conversion",
    "kijun": "base",
}

PANDAS: Final[dict[str, str]] = {
    "shift": "write x[1] for one candle ago",
    "rolling": "write avg(x, n), highest(x, n), lowest(x, n), sum(x, n) or ta.stdev(x, n)",
    "ewm": "write ta.ema(x, n)",
    "diff": "write change(x, n)",
    "pct_change": "write pct_change(x, n), in percent",
    "iloc": "write x for the newest value, x[1] for the one before",
    "loc": "write x for the newest value, x[1] for the one before",
    "values": "write the series itself",
    "mean": "write avg(x, n)",
    "max": "write highest(x, n)",
    "min": "write lowest(x, n)",
    "std": "write ta.stdev(x, n)",
    "sum": "write sum(x, n)",
    "abs": "write abs(x)",
    "rank": "write percentrank(x, n)",
    "fillna": "write nz(x, d)",
    "isna": "write na(x)",
    "any": "write within(cond, n)",
    "all": "write always(cond, n)",
    "between": "write between(x, lo, hi)",
    "cumsum": "write sum(x, n)",
    "crosses_above": "write crossover(a, b)",
    "crosses_below": "write crossunder(a, b)",
}

FUNCTION_NAMES: Final[dict[str, str]] = {"cum": "sum", "max": "highest", "min": "lowest", "stdev": "stdev"}

_INTERVALS: Final[dict[str, str]] = {
    "1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "120": "2h", "240": "4h",
    "360": "6h", "480": "8h", "720": "12h", "1440": "1d", "D": "1d", "W": "1w", "day": "1d", "daily": "1d",
    "week": "1w", "weekly": "1w", "hour": "1h", "hourly": "1h", "60m": "1h", "120m": "2h", "240m": "4h",
    "24h": "1d", "7d": "1w", "d": "1d", "w": "1w", "h": "1h",
}  # fmt: skip

_UNITS: Final = (
    ("minutes", "m"), ("minute", "m"), ("mins", "m"), ("min", "m"), ("hours", "h"), ("hour", "h"),
    ("days", "d"), ("day", "d"), ("weeks", "w"), ("week", "w"),
)  # fmt: skip

SYNTAX: Final[tuple[tuple[str, str], ...]] = (
    (":=", "write name = expression"),
    ("&&", "write and"),
    ("||", "write or"),
    ("=>", "there are no functions of your own; write the expression"),
    ("//@", "comments begin with #"),
    ("//", "comments begin with #; whole division is a // b"),
    ("?", "write a if cond else b"),
    ("!", "write not"),
    (" AND ", "write and"),
    (" OR ", "write or"),
    ("var ", "write name = expression"),
    ("≥", "write >="),
    ("≤", "write <="),
    (";", "write one assignment a line"),
    ("{", "braces are not part of the language"),
    (" is above ", "write >"),
    (" is below ", "write <"),
    ("“", 'write straight quotes: "1h"'),
)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like `word`, if one is near enough."""
    names = sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    found = get_close_matches(word[:60].lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'sma'?`, or nothing."""
    found = nearest(word, known)
    return f"did you mean '{found}'?" if found else ""


def interval_hint(label: str, known: Iterable[str]) -> str:
    """What to write for an interval in another notation."""
    names = list(known)
    wanted = _INTERVALS.get(label) or _INTERVALS.get(label.lower())
    if wanted is None:
        lowered = label.strip().lower()
        for long, short in _UNITS:
            if lowered.endswith(long):
                lowered = lowered.removesuffix(long).strip() + short
                break
        wanted = lowered if lowered in names else None
    if wanted is not None and wanted in names:
        return f'write tf("{wanted}")'
    return "intervals are " + " ".join(names)
