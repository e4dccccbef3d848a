"""More rows in the notation of `rows`: cycles, momentum, volatility, volume; and the names refused unmeasured."""

from __future__ import annotations

from typing import Final

from screener.external.model import Row, Verdict
from screener.external.rows import AVERAGES, STATISTICS, TREND, row

CYCLES: Final = (
    row("dsp", "c", "length=14", "", "price less its exponential average"),
    row("ebsw", "c", "length=40:39 bars=10", "", "Ehlers' even better sine wave, -1 to 1"),
    row("ht_dcperiod", "c", "", "", "length of the dominant cycle, in candles"),
    row("ht_dcphase", "c", "", "", "phase of the dominant cycle, in degrees"),
    row("ht_phasor", "c", "", "inphase quadrature", "both parts of the dominant cycle's phasor"),
    row("ht_sine", "c", "", "sine lead", "sine of the cycle's phase, and an eighth of a turn ahead"),
    row("ht_trendmode", "c", "", "", "1 in a trend, 0 in a cycle"),
    row("msw", "c", "period=5:2", "sine lead",
        "sine of the phase of a cycle of this period, and an eighth ahead", tulipy=False),
)  # fmt: skip

MOMENTUM: Final = (
    row("apo", "c", "fast=12 slow=26", "", "difference of two simple averages"),
    row("bias", "c", "length=26", "", "distance from the simple average, as a share of it"),
    row("bop", "ohlc", "scalar=1.0", "", "body over range: who ended the candle on top"),
    row("brar", "ohlc", "length=26 scalar=100.0 drift=1", "ar br",
        "push above against below the open (ar) and the last close (br)"),
    row("cfo", "c", "length=9:2 scalar=100.0", "", "distance of the close from the regression's forecast, in percent"),
    row("cg", "c", "length=10", "", "centre of gravity of the window"),
    row("coppock", "c", "length=10 fast=11 slow=14", "", "weighted average of two rates of change"),
    row("cti", "c", "length=12:3", "", "correlation of the close with a straight line, -1 to 1"),
    row("dm", "hl", "length=14 drift=1", "plus minus", "Wilder's rising and falling movement"),
    row("er", "c", "length=10 drift=1", "", "net move over the path walked, 0 to 1"),
    row("eri", "hlc", "length=13", "bull bear", "high and low above the exponential average (Elder)"),
    row("fisher", "hl", "length=9 signal=1", "fisher signal",
        "position in the range, stretched so that turns stand out (Ehlers)"),
    row("fosc", "c", "length=14:2", "", "close against the regression's forecast, in percent"),
    row("inertia", "chl", "length=20:2 rvi_length=14 scalar=100.0 refined=False thirds=False", "",
        "regression line of the relative volatility index"),
    row("kdj", "hlc", "length=9 signal=3", "k d j",
        "stochastic oscillator with Wilder's averages, and its overshoot j"),
    row("kst", "c", "roc1=10 roc2=15 roc3=20 roc4=30 sma1=10 sma2=10 sma3=10 sma4=15 signal=9", "kst signal",
        "weighted sum of four smoothed rates of change (Pring)"),
    row("lrsi", "c", "gamma=0.5:0.001:0.999", "", "relative strength by Laguerre's filter, 0 to 100"),
    row("macdext", "c", "fast=12 slow=26 signal=9 fastmatype=1:0:5 slowmatype=1:0:5 signalmatype=1:0:5",
        "macd signal hist",
        "MACD with a choice of averages: 0 simple, 1 exponential, 2 weighted, 3 double, 4 triple, 5 triangular"),
    row("macdfix", "c", "signal=9", "macd hist signal", "MACD of 12 and 26 with its own signal"),
    row("pgo", "hlc", "length=14", "", "distance from the simple average, in true ranges"),
    row("po", "c", "length=14:2", "", "distance from the regression line, in percent of it"),
    row("psl", "c", "length=12 scalar=100.0 drift=1", "", "percentage of rising candles"),
    row("pvo", "v", "fast=12 slow=26 signal=9 scalar=100.0", "pvo hist signal",
        "MACD of volume, in percent of the slow average"),
    row("qqe", "c", "length=14:2 smooth=5 factor=4.236 drift=1", "line rsi - - lower upper trend",
        "smoothed RSI with a trailing stop, and the side it is on"),
    row("rocp", "c", "length=10", "", "change as a share of the earlier price"),
    row("rocr", "c", "length=10", "", "price over the earlier price"),
    row("rocr100", "c", "length=10", "", "price over the earlier price, times 100"),
    row("rsx", "c", "length=14", "", "smooth relative strength after Jurik, 0 to 100"),
    row("rvgi", "ohlc", "length=14 swma_length=4", "hist rvgi signal",
        "bodies over ranges, smoothed: the vigour of a move"),
    row("smc_sweep", "ohlc", "length=15 wick_mult=1.5", "",
        "1 where a low is swept and the close is back above it, -1 for a high"),
    row("smi", "c", "fast=5 slow=20 signal=5 scalar=1.0", "smi signal hist",
        "true strength of the close, its signal and difference (ergodic)"),
    row("squeeze_pro", "hlc",
        "bb_length=20:2 bb_std=2.0 kc_length=20 kc_scalar_wide=2.0 kc_scalar_normal=1.5 kc_scalar_narrow=1.0 "
        "mom_length=12 mom_smooth=6", "value on_wide on_normal on_narrow off none",
        "Bollinger bands inside three widths of Keltner's, and momentum"),
    row("stc", "c", "tclength=10 fast=12 slow=26 factor=0.5:0.001:1", "stc macd stoch",
        "stochastic oscillator taken twice of MACD (Schaff)"),
    row("stochf", "hlc", "fastk=5 fastd=3", "k d", "stochastic oscillator without the slowing"),
    row("td_seq", "c", "", "up down",
        "candles in a row above or below the close 4 before (DeMark), up to 13", asint=True),
    row("trixh", "c", "length=18 signal=9 scalar=100.0", "trix signal hist", "TRIX with its signal and histogram"),
    row("vwmacd", "cv", "fast=12 slow=26 signal=9", "macd hist signal", "MACD of volume-weighted averages"),
)  # fmt: skip

VOLATILITY: Final = (
    row("aberration", "hlc", "length=5 atr_length=15", "middle upper lower atr",
        "average price with bands of a true range"),
    row("accbands", "hlc", "length=20 c=4.0", "lower middle upper",
        "averages of highs and lows spread by the range (Headley)"),
    row("avolume", "c", "length=20:2", "", "deviation of log returns, scaled to 252 candles, as a share"),
    row("ce", "hlc", "length=22 multiplier=3.0", "long short", "stops at true ranges from the extremes (chandelier)"),
    row("cvi", "hl", "length=10", "", "change of the average range, in percent (Chaikin)"),
    row("hvol", "c", "length=20:2 annualization=252.0", "",
        "deviation of log returns, scaled to annualization candles, in percent"),
    row("hwc", "c",
        "na=0.2:0.001:0.999 nb=0.1:0.001:0.999 nc=0.1:0.001:0.999 nd=0.1:0.001:0.999 scalar=1.0",
        "middle upper lower width percent", "Holt-Winters smoothing with bands", channel_eval=True),
    row("massi", "hl", "fast=9 slow=25", "", "sum of the range over its own average: bulges before turns"),
    row("pdist", "ohlc", "drift=1", "", "distance the price walked within the candle"),
    row("rvi", "chl", "length=14:2 scalar=100.0 refined=False thirds=False drift=1", "",
        "relative strength of volatility, 0 to 100 (Dorsey)"),
    row("thermo", "hl", "length=20 long=2.0 short=0.5 drift=1", "value average long short",
        "how far a candle leaves the one before (Elder), and calm or heated as 0 or 1"),
    row("ui", "c", "length=14 scalar=100.0", "", "depth and length of drawdowns (ulcer index)"),
)  # fmt: skip

VOLUME: Final = (
    row("aobv", "cv", "fast=4 slow=12 max_lookback=2 min_lookback=2", "obv min max fast slow long short",
        "on-balance volume with its extremes, averages, and both running one way"),
    row("efi", "cv", "length=13 drift=1", "", "change times volume, averaged (Elder's force)"),
    row("emv", "hlv", "drift=1", "", "ease of movement of one candle: distance over volume per range"),
    row("eom", "hlcv", "length=14 divisor=100000000.0:1:1000000000000 drift=1", "", "ease of movement, averaged"),
    row("kvo", "hlcv", "fast=34 slow=55 signal=13", "kvo signal", "difference of averages of signed volume (Klinger)"),
    row("marketfi", "hlv", "", "", "range per volume"),
    row("nvi", "cv", "length=1 initial=1000:1:1000000", "", "sum of changes on candles of falling volume"),
    row("pvi", "cv", "length=1 initial=1000:1:1000000", "", "sum of changes on candles of rising volume"),
    row("pvol", "cv", "", "", "close times volume"),
    row("pvr", "cv", "", "", "1 to 4: price up or down with volume up or down"),
    row("pvt", "cv", "drift=1", "", "running sum of volume times change"),
    row("vfi", "cv", "length=130:2 coef=0.2 vcoef=2.5", "",
        "volume on moves of more than coef of the price (a fifth), over average volume"),
    row("vosc", "v", "fast=14 slow=28", "", "fast over slow average of volume, in percent"),
    row("wad", "hlc", "", "", "Williams' accumulation, a running sum"),
)  # fmt: skip

REFUSED: Final[dict[str, tuple[Verdict, str]]] = {
    "ma": ("needs extra inputs", "it takes the name of an average; call the average itself: ta.ema(close, 20)"),
    "mavp": ("needs extra inputs", "it takes a series of lengths"),
    "beta": ("needs extra inputs", "it takes a second market's price"),
    "correl": ("needs extra inputs", "it takes a second market's price"),
    "long_run": ("needs extra inputs", "it takes two averages: rising(a, 2) and rising(b, 2)"),
    "short_run": ("needs extra inputs", "it takes two averages: falling(a, 2) and falling(b, 2)"),
    "tsignals": ("needs extra inputs", "it takes a trend; name the condition and assign it to match"),
    "xsignals": ("needs extra inputs", "it takes levels and a signal: crossover(x, level)"),
    "vp": ("not a series over time", "its rows are prices, not candles"),
    "hl2": ("already native", "write hl2"),
    "hlc3": ("already native", "write hlc3"),
    "ohlc4": ("already native", "write ohlc4"),
    "medprice": ("already native", "write hl2"),
    "typprice": ("already native", "write hlc3"),
    "avgprice": ("already native", "write ohlc4"),
    "aroon": ("already native", "write ta.aroon(14)"),
    "kama": ("already native", "write ta.kama(close, 10, 2, 30)"),
    "psar": ("already native", "write ta.psar(0.02, 0.2)"),
    "supertrend": ("already native", "write ta.supertrend(10, 3)"),
    "kc": ("already native", "write ta.keltner(20, 2)"),
    "cdl_pattern": ("already native", "write the pattern: cdl.hammer()"),
    "cdl_doji": ("already native", "write cdl.doji()"),
}
"""Refused without a measurement, and what to do instead."""

ROWS: Final[dict[str, Row]] = {
    row.name: row for row in (*AVERAGES, *TREND, *STATISTICS, *CYCLES, *MOMENTUM, *VOLATILITY, *VOLUME)
}
"""Every row by name."""
