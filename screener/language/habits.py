"""Habits from other languages, and words for what candles do not hold: each with its own hint."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
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
    "position": "values of the open trade are trade.bars, trade.price, trade.highest(x)",
    "entry": "the entry price is trade.price, in exit, stop and target; close stands for it",
    "entry_price": "the entry price is trade.price, in exit, stop and target; close stands for it",
    "bars_held": "write trade.bars, in exit, stop and target",
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
    "base_line": "base",
    "senkou_a": "span_a",
    "senkou_b": "span_b",
    "lead1": "span_a",
    "lead2": "span_b",
    "aroon_up": "up",
    "aroonup": "up",
    "aroon_down": "down",
    "aroondown": "down",
    "aroon_osc": "osc",
    "oscillator": "osc",
    "vi_plus": "plus",
    "vip": "plus",
    "vi_minus": "minus",
    "vim": "minus",
    "trend": "direction",
    "dir": "direction",
    "supertrend": "line",
    "momentum": "value",
    "squeeze_on": "on",
    "squeeze_off": "off",
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

FUNCTION_NAMES: Final[dict[str, str]] = {
    "cum": "sum(x, n), or a sum since an event: sum(x, cond)",
    "pivothigh": "pivot_high(x, left, right)",
    "pivotlow": "pivot_low(x, left, right)",
    "highestbars": "barssince(high == highest(high, n))",
    "lowestbars": "barssince(low == lowest(low, n))",
    "percentile": "percentrank(x, n)",
    "rank": "percentrank(x, n), or rank(x) across the market",
}
"""Functions behind `ta.` in Pine, and what to write for them."""

TRADE: Final[dict[str, str]] = {
    "entry": "trade.price",
    "entry_price": "trade.price",
    "open_price": "trade.price",
    "candles": "trade.bars",
    "bars_held": "trade.bars",
    "duration": "trade.bars",
    "age": "trade.bars",
    "max": "trade.highest(x)",
    "min": "trade.lowest(x)",
    "high": "trade.highest(high)",
    "low": "trade.lowest(low)",
    "profit": "close / trade.price - 1",
    "profit_pct": "100 * (close / trade.price - 1)",
    "pnl": "close / trade.price - 1",
}
"""Values of a trade in other words."""

ARGUMENTS: Final[dict[str, str]] = {
    **dict.fromkeys(("multiplier", "factor", "std", "stddev", "scalar", "num_std", "nbdev", "deviations"), "mult"),
    **dict.fromkeys(("af", "af0", "start", "increment", "acceleration"), "step"),
    **dict.fromkeys(("max_af", "maximum", "max"), "limit"),
    **dict.fromkeys(("source", "src", "series", "data"), "x"),
    **dict.fromkeys(("smooth_k", "slowk"), "smooth"),
    **dict.fromkeys(("signal_length", "signalperiod"), "signal"),
    **dict.fromkeys(("fast_length", "fastperiod"), "fast"),
    **dict.fromkeys(("slow_length", "slowperiod"), "slow"),
    **dict.fromkeys(("filter", "among", "condition", "universe"), "where"),
}
"""Names of arguments in other words."""

_INTERVALS: Final[dict[str, str]] = {
    "1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "120": "2h", "240": "4h",
    "360": "6h", "480": "8h", "720": "12h", "1440": "1d", "D": "1d", "W": "1w", "day": "1d", "daily": "1d",
    "week": "1w", "weekly": "1w", "hour": "1h", "hourly": "1h", "60m": "1h", "120m": "2h", "240m": "4h",
    "24h": "1d", "7d": "1w", "d": "1d", "w": "1w", "h": "1h", "M": "1M", "month": "1M", "monthly": "1M",
    "1mo": "1M", "30d": "1M", "Q": "3M", "quarter": "3M", "quarterly": "3M", "Y": "12M", "1y": "12M",
    "year": "12M", "yearly": "12M", "365d": "12M",
}  # fmt: skip

_UNITS: Final = (
    ("minutes", "m"), ("minute", "m"), ("mins", "m"), ("min", "m"), ("hours", "h"), ("hour", "h"),
    ("days", "d"), ("day", "d"), ("weeks", "w"), ("week", "w"), ("months", "M"), ("month", "M"),
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
    lowered = _by_lower(frozenset(known))
    wanted = word[:60].lower()
    # What differs so much in length cannot be near; most words are dropped here, where it costs least.
    near = [name for name in lowered if 3 * len(name) <= 7 * len(wanted) and 3 * len(wanted) <= 7 * len(name)]
    found = get_close_matches(wanted, near, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


@lru_cache(maxsize=64)
def _by_lower(known: frozenset[str]) -> dict[str, str]:
    return {name.lower(): name for name in sorted(known, reverse=True)}


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
