"""The names of the library beyond the native ones: averages, trend and statistics. `rows_more` has the rest.

A row is: name, candle fields (o h l c v), arguments, outputs in the order of the library's columns, meaning.
Arguments are `name=default`, `name=default:low` or `name=default:low:high`; a decimal point makes a number of
any size, none a whole number. The library falls back to its default without a word where a value does not suit
it, so the bounds keep to what it takes.
"""

from __future__ import annotations

from typing import Final

from screener.external.model import FIELDS, MAX_LENGTH, Argument, Row

_LOW: Final = 1e-6
_HIGH: Final = 1e6


def _argument(text: str) -> Argument:
    name, _, rest = text.partition("=")
    parts = rest.split(":")
    if parts[0] in ("True", "False"):
        return Argument(name, parts[0] == "True", 0, 1)
    whole = "." not in parts[0]
    low = float(parts[1]) if len(parts) > 1 else (1 if whole else _LOW)
    high = float(parts[2]) if len(parts) > 2 else (MAX_LENGTH if whole else _HIGH)
    return Argument(name, int(parts[0]) if whole else float(parts[0]), low, high)


def row(name: str, fields: str, arguments: str, columns: str, meaning: str, **fixed: object) -> Row:
    """A row of the table from its short notation."""
    given = tuple(_argument(text) for text in arguments.split())
    return Row(name, tuple(FIELDS[letter] for letter in fields), given, tuple(columns.split()), meaning, fixed)


AVERAGES: Final = (
    row("alma", "c", "length=10 sigma=6.0:0.1:100 distribution_offset=0.85:0.01:1", "",
        "average with bell-shaped weights (Arnaud Legoux)"),
    row("fwma", "c", "length=10:1:300", "", "average with the Fibonacci numbers as weights"),
    row("hilo", "hlc", "high_length=13 low_length=21", "hilo long short",
        "Gann's line: the average low while above it, the average high while below"),
    row("ht_trendline", "c", "", "", "trend without the dominant cycle, by Ehlers' Hilbert transform"),
    row("hwma", "c", "na=0.2:0.001:0.999 nb=0.1:0.001:0.999 nc=0.1:0.001:0.999", "",
        "Holt-Winters smoothing with level, slope and acceleration"),
    row("jma", "c", "length=7:2 phase=0.0:-100:100", "", "smooth adaptive average after Jurik"),
    row("linregangle", "c", "length=14:2", "", "angle of the regression line, in degrees"),
    row("linregintercept", "c", "length=14:2", "", "where the regression line of the window begins"),
    row("linregslope", "c", "length=14:2", "", "slope of the regression line, price per candle"),
    row("mama", "c", "fastlimit=0.5:0.01:0.99 slowlimit=0.05:0.01:0.99", "mama fama",
        "average that adapts to the phase of the cycle (Ehlers), and the one that follows it"),
    row("mcgd", "c", "length=10 c=1.0:0.2:1", "", "McGinley's average, faster in a falling market"),
    row("midpoint", "c", "length=2", "", "halfway between highest and lowest close"),
    row("midprice", "hl", "length=2", "", "halfway between highest high and lowest low"),
    row("mmar", "c", "length=10:1:400", "ema1 ema2 ema3 ema4 ema5 ema6",
        "a ribbon of six exponential averages, each 5 candles longer than the one before"),
    row("pwma", "c", "length=10:1:300", "", "average with the binomial numbers as weights"),
    row("rainbow", "c", "length=2:1:100", "r1 r2 r3 r4 r5 r6 r7 r8 r9 r10",
        "ten simple averages, each of the one before"),
    row("sinwma", "c", "length=14", "", "average with half a sine wave as weights"),
    row("ssf", "c", "length=10 poles=2:2:3", "", "Ehlers' super smoother of two or three poles"),
    row("swma", "c", "length=10", "", "average with weights that rise to the middle and fall again"),
    row("t3", "c", "length=10:1:300 a=0.7:0.001:0.999", "", "Tillson's average of six exponential ones"),
    row("trima", "c", "length=10", "", "simple average of a simple average"),
    row("tsf", "c", "length=14:2", "", "regression line drawn on to the next candle"),
    row("vidya", "c", "length=14", "", "exponential average, faster when momentum is one-sided (Chande)"),
    row("wcp", "hlc", "", "", "price with the close counted twice"),
    row("zlma", "c", "length=10:2", "", "exponential average with its lag taken out"),
    row("ha", "ohlc", "", "open high low close", "Heikin-Ashi candles"),
)  # fmt: skip

TREND: Final = (
    row("adxr", "hlc", "length=14:2 lensig=14 scalar=100.0 drift=1", "adxr plus minus",
        "mean of today's ADX and an earlier one, and both directions"),
    row("amat", "c", "fast=8 slow=21 lookback=2", "long short",
        "1 while both averages run up (long) or down (short) together"),
    row("cksp", "hlc", "p=10 x=3.0 q=20 tvmode=True", "long short",
        "stops that trail the extremes by true ranges (Chande and Kroll)"),
    row("cpr", "ohlc", "", "top pivot bottom r1 r2 s1 s2 width width_percent - -",
        "pivot range and levels from the candle before"),
    row("decay", "c", "length=5", "", "the close, or the one before less a fixed step, whichever is higher"),
    row("decreasing", "c", "length=1 strict=False percent=0.0:0:100 drift=1", "",
        "1 where the close is below the one length candles ago"),
    row("dpo", "c", "length=20 centered=True", "", "price against a displaced average, to show cycles"),
    row("dx", "hlc", "length=14 scalar=100.0 drift=1", "", "strength of directional movement before smoothing"),
    row("edecay", "c", "length=5", "", "the close, or the last value shrunk by a share, whichever is higher"),
    row("increasing", "c", "length=1 strict=False percent=0.0:0:100 drift=1", "",
        "1 where the close is above the one length candles ago"),
    row("minus_dm", "hl", "length=14 drift=1", "", "Wilder's falling movement, before it is divided by the range"),
    row("plus_dm", "hl", "length=14 drift=1", "", "Wilder's rising movement, before it is divided by the range"),
    row("pmax", "hlc", "length=10 multiplier=3.0", "", "stop line around an exponential average, by true ranges"),
    row("qstick", "oc", "length=10", "", "average candle body"),
    row("sarext", "hl",
        "startvalue=0.0:-1000000:1000000 offsetonreverse=0.0:0:1 accelerationinitlong=0.02 accelerationlong=0.02 "
        "accelerationmaxlong=0.2 accelerationinitshort=0.02 accelerationshort=0.02 accelerationmaxshort=0.2", "",
        "parabolic stop with settings for each side, negative while short"),
    row("ttm_trend", "hlc", "length=6", "", "1 above the average of the middles of the last candles, else -1"),
    row("vhf", "c", "length=28 drift=1", "", "range travelled over distance walked: high in a trend"),
    row("cdl_z", "ohlc", "length=30:2 full=False", "open high low close",
        "candles in standard deviations from their own average"),
    row("cdl_inside", "ohlc", "", "", "1 or -1, by colour, for a candle within the one before"),
)  # fmt: skip

STATISTICS: Final = (
    row("entropy", "c", "length=10 base=2.0:1.01:1000", "", "how evenly the sum of closes is spread over the window"),
    row("kurtosis", "c", "length=30:4", "", "weight of the tails, 0 for a bell curve"),
    row("mad", "c", "length=30:2", "", "mean distance from the mean"),
    row("md", "c", "length=30:2", "", "mean distance from the mean, under another name"),
    row("median", "c", "length=30", "", "middle value of the window"),
    row("quantile", "c", "length=30 q=0.5:0.001:0.999", "", "the value below which a share q of the window lies"),
    row("skew", "c", "length=30:3", "", "asymmetry of the window, positive with a tail upwards"),
    row("stderr", "c", "length=14:2 ddof=1:0:1", "", "standard error of the mean"),
    row("tos_stdevall", "c", "", "line lower1 upper1 lower2 upper2 lower3 upper3",
        "regression channel through all the candles there are"),
    row("variance", "c", "length=30:2 ddof=0:0:1", "", "variance, of the population unless ddof is 1"),
    row("drawdown", "c", "", "amount share log", "distance below the highest close so far"),
    row("log_return", "c", "length=1 cumulative=False", "", "logarithm of the price over an earlier one"),
    row("percent_return", "c", "length=1 cumulative=False", "", "share gained since an earlier price"),
)  # fmt: skip
