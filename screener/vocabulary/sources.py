"""The formulas of indicators in the filter language itself, as the catalogue prints them.

Each text compiles to the same graph as the indicator (tests say so) when its arguments are given by name: `x = close`,
`length = 14`. Its lines end with one per output, by the output's name, with `_line` behind it where an argument has
that name; an indicator of one value has its own name. A line after `#` says in words what the language cannot.
"""

from __future__ import annotations

from typing import Final

_FLOW: Final = "flow = (((close - low) - (high - close)) / (high - low) if high - low > 0 else 0) * volume"

SOURCES: Final[dict[str, str]] = {
    "sma": "# sma = the mean of x, x[1], ... x[length - 1]",
    "ema": "# ema = ema[1] + 2 / (length + 1) * (x - ema[1]), from the mean of the first length values",
    "rma": "# rma = rma[1] + 1 / length * (x - rma[1]), from the mean of the first length values",
    "wma": "# wma = (length * x + (length - 1) * x[1] + ... + 1 * x[length - 1]) / (1 + 2 + ... + length)",
    "kama": """\
noise = sum(abs(change(x)), length)
trend = abs(change(x, length)) / noise if noise > 0 else 0
speed = (trend * (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2
# kama = kama[1] + speed * (x - kama[1]), from the value before the first""",
    "vwap": """\
start = tf("1d").first
vwap = sum(hlc3 * volume, start) / sum(volume, start)""",
    "hma": "hma = ta.wma(2 * ta.wma(x, max(1, length // 2)) - ta.wma(x, length), max(1, sqrt(length) // 1))",
    "dema": """\
once = ta.ema(x, length)
dema = 2 * once - ta.ema(once, length)""",
    "tema": """\
once = ta.ema(x, length)
twice = ta.ema(once, length)
tema = 3 * (once - twice) + ta.ema(twice, length)""",
    "vwma": "vwma = sum(x * volume, length) / sum(volume, length)",
    "linreg": "linreg = 3 * ta.wma(x, length) - 2 * ta.sma(x, length)",
    "slope": "slope = (ta.wma(x, length) - ta.sma(x, length)) * (6 / (length - 1))",
    "adx": """\
rise = change(high)
fall = -change(low)
plus_move = rise if rise > fall and rise > 0 else 0
minus_move = fall if fall > rise and fall > 0 else 0
plus_di = 100 * (ta.rma(plus_move, length) / ta.atr(length))
minus_di = 100 * (ta.rma(minus_move, length) / ta.atr(length))
adx = ta.rma(100 * (abs(plus_di - minus_di) / (plus_di + minus_di)), length)""",
    "aroon": """\
# high_age = candles since the highest high of the last length + 1, low_age since the lowest low
# up = 100 * (length - high_age) / length
# down = 100 * (length - low_age) / length
# osc = up - down""",
    "vortex": """\
span = sum(ta.true_range(), length)
plus = sum(abs(high - low[1]), length) / span
minus = sum(abs(low - high[1]), length) / span""",
    "supertrend": """\
upper = hl2 + mult * ta.atr(length)
lower = hl2 - mult * ta.atr(length)
# upper only falls while the close before was at or below it, lower only rises while it was at or above
# direction turns to 1 on a close above upper, to -1 on a close below lower
# line = lower while direction is 1, else upper""",
    "psar": """\
# psar = psar[1] + factor * (extreme - psar[1]), never inside the two candles before
# extreme = the highest high (falling: the lowest low) of this trend
# factor = step for each new extreme, up to limit
# a candle that touches it turns the trend, and psar starts from the extreme""",
    "ichimoku": """\
conversion_line = (highest(high, conversion) + lowest(low, conversion)) / 2
base_line = (highest(high, base) + lowest(low, base)) / 2
span_a = ((conversion_line + base_line) / 2)[base - 1]
span_b = ((highest(high, span) + lowest(low, span)) / 2)[base - 1]""",
    "chop": """\
path = sum(ta.true_range(), length)
chop = log(path / (highest(high, length) - lowest(low, length))) * (100 / log(length))""",
    "rsi": """\
up = ta.rma(max(change(x), 0), length)
down = ta.rma(max(-change(x), 0), length)
rsi = 100 * (up / (up + down))""",
    "stoch": """\
bottom = lowest(low, k)
raw = 100 * ((close - bottom) / (highest(high, k) - bottom))
k_line = ta.sma(raw, smooth)
d_line = ta.sma(k_line, d)""",
    "stochrsi": """\
strength = ta.rsi(x, length)
bottom = lowest(strength, k)
raw = 100 * ((strength - bottom) / (highest(strength, k) - bottom))
k_line = ta.sma(raw, smooth)
d_line = ta.sma(k_line, d)""",
    "macd": """\
macd = ta.ema(x, fast) - ta.ema(x, slow)
signal_line = ta.ema(macd, signal)
hist = macd - signal_line""",
    "ppo": """\
ppo = 100 * ((ta.ema(x, fast) - ta.ema(x, slow)) / ta.ema(x, slow))
signal_line = ta.ema(ppo, signal)
hist = ppo - signal_line""",
    "cci": "# cci = (hlc3 - ta.sma(hlc3, length)) / (0.015 * mean of abs(hlc3 - ta.sma(hlc3, length)) in that window)",
    "willr": """\
top = highest(high, length)
willr = (top - close) / (top - lowest(low, length)) * -100""",
    "mfi": """\
flow = hlc3 * volume
bought = sum(flow if change(hlc3) > 0 else 0, length)
sold = sum(flow if change(hlc3) < 0 else 0, length)
mfi = 100 * (bought / (bought + sold))""",
    "roc": "roc = 100 * (x / x[length] - 1)",
    "mom": "mom = x - x[length]",
    "trix": "trix = pct_change(ta.ema(ta.ema(ta.ema(x, length), length), length), 1)",
    "ao": "ao = ta.sma(hl2, 5) - ta.sma(hl2, 34)",
    "uo": """\
pressure = close - min(low, close[1])
span = ta.true_range()
first = sum(pressure, fast) / sum(span, fast)
second = sum(pressure, medium) / sum(span, medium)
third = sum(pressure, slow) / sum(span, slow)
uo = (4 * first + 2 * second + third) * (100 / 7)""",
    "tsi": """\
step = change(x)
tsi = 100 * (ta.ema(ta.ema(step, slow), fast) / ta.ema(ta.ema(abs(step), slow), fast))""",
    "cmo": """\
up = ta.rma(max(change(x), 0), length)
down = ta.rma(max(-change(x), 0), length)
cmo = 100 * ((up - down) / (up + down))""",
    "true_range": "true_range = max(high - low, abs(high - close[1]), abs(low - close[1]))",
    "atr": "atr = ta.rma(ta.true_range(), length)",
    "natr": "natr = 100 * (ta.atr(length) / close)",
    "stdev": "# stdev = the square root of the mean of (x - ta.sma(x, length)) ** 2 in that window",
    "zscore": "zscore = (x - ta.sma(x, length)) / ta.stdev(x, length)",
    "bbands": """\
middle = ta.sma(x, length)
upper = middle + mult * ta.stdev(x, length)
lower = middle - mult * ta.stdev(x, length)
width = (upper - lower) / middle
percent = (x - lower) / (upper - lower)""",
    "keltner": """\
middle = ta.ema(close, length)
upper = middle + mult * ta.ema(ta.true_range(), length)
lower = middle - mult * ta.ema(ta.true_range(), length)
width = (upper - lower) / middle""",
    "donchian": """\
upper = highest(high, length)
lower = lowest(low, length)
middle = (upper + lower) / 2
width = (upper - lower) / middle""",
    "squeeze": """\
bb = ta.bbands(close, length, mult)
kc = ta.keltner(kc_length, kc_mult)
level = ((highest(high, kc_length) + lowest(low, kc_length)) / 2 + ta.sma(close, kc_length)) / 2
on = bb.upper < kc.upper and bb.lower > kc.lower
off = bb.upper > kc.upper and bb.lower < kc.lower
value = ta.linreg(close - level, kc_length)""",
    "obv": "# obv = the sum of nz(sign(change(close)), 1) * volume from the first candle held",
    "ad": f"{_FLOW}\n# ad = the sum of flow from the first candle held",
    "cmf": f"{_FLOW}\ncmf = sum(flow, length) / sum(volume, length)",
    "adosc": "adosc = ta.ema(ta.ad(), fast) - ta.ema(ta.ad(), slow)",
    "volume_ratio": "volume_ratio = volume / ta.sma(volume, length)",
}
"""The formula of every indicator."""
