"""Candles that walk at random, for the save gate."""

from __future__ import annotations

import numpy as np

from screener.engine.replay import Candles
from screener.intervals import interval_ms

END = 1_767_225_600_000


def market(symbols: int = 12, candles: int = 600, intervals: tuple[str, ...] = ("15m",), seed: int = 3) -> Candles:
    """A random walk for each interval by itself; alignment is what matters here, not agreement."""
    random = np.random.default_rng(seed)
    series = {}
    for interval in intervals:
        step = interval_ms(interval)
        times = (END // step - np.arange(candles, 0, -1, dtype=np.int64)) * step
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (candles, symbols)), axis=0))
        opened = np.vstack([close[:1], close[:-1]])
        volume = random.lognormal(5, 1, close.shape)
        fields = {
            "open": opened,
            "high": np.maximum(opened, close) * 1.003,
            "low": np.minimum(opened, close) * 0.997,
            "close": close,
            "volume": volume,
            "buy_volume": volume * random.uniform(0.3, 0.7, close.shape),
        }
        series[interval] = (times, fields)
    return Candles(tuple(f"S{i}USDT" for i in range(symbols)), series)
