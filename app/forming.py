"""The candle under way of every symbol, made of the minutes that closed since it opened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screener.engine.panel import STORED, Panel
from screener.intervals import interval_ms, open_of

Floats = NDArray[np.float64]
MINUTE_MS = interval_ms("1m")


def forming_candles(panel: Panel, interval: str, now: int) -> dict[str, Floats]:
    """Candles of `interval` as they stand at `now` (ms UTC, a minute's close inside them): field to `[symbols]`.

    NaN for symbols that miss one of the minutes: half of what happened has a wrong high, low and volume.
    """
    open_time = open_of(now, interval)
    minutes = np.empty((len(STORED), (now - open_time) // MINUTE_MS, panel.width))
    panel.fill("1m", STORED, open_time, minutes)
    part = dict(zip(STORED, minutes[:, :, : panel.size], strict=True))
    candle = {name: values.sum(axis=0) for name, values in part.items()}
    candle["open"], candle["close"] = part["open"][0], part["close"][-1]
    candle["high"], candle["low"] = part["high"].max(axis=0), part["low"].min(axis=0)
    missing = np.isnan(part["close"]).any(axis=0)
    return {name: np.where(missing, np.nan, values) for name, values in candle.items()}
