"""Levels and measures computed from candles: plain arrays, oldest candle first; None or nothing with too few."""

from analysis.levels.bands import atr_bands, round_numbers, round_step
from analysis.levels.pivots import Period, Pivots, Times, last_period, pivot_period, pivots
from analysis.levels.swings import Swing, swings, volume_nodes
from analysis.levels.trend import DAY_MS, Regime, Values, atr, ema, merge, regime, rsi, true_range, wilder

__all__ = [
    "DAY_MS",
    "Period",
    "Pivots",
    "Regime",
    "Swing",
    "Times",
    "Values",
    "atr",
    "atr_bands",
    "ema",
    "last_period",
    "merge",
    "pivot_period",
    "pivots",
    "regime",
    "round_numbers",
    "round_step",
    "rsi",
    "swings",
    "true_range",
    "volume_nodes",
    "wilder",
]
