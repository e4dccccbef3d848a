"""The last 24 hours of every symbol, from the minutes held."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from screener.engine.panel import Panel
from screener.intervals import interval_ms

DAY_MINUTES = 1440
MINUTE_MS = interval_ms("1m")


def day_figures(panel: Panel, now_ms: int) -> dict[str, dict[str, Any]]:
    """By symbol: `open` (the first price), `high`, `low`, `volume` (base currency) and `quote_volume` of the last 24
    hours; a symbol is left out where a tenth of the minutes, or the first of them, is not held: half a day's change
    under a day's name would mislead.
    """
    times, closes = panel.window("1m", "close", DAY_MINUTES, now_ms)
    recent = times >= now_ms - (DAY_MINUTES + 2) * MINUTE_MS
    if recent.sum() < DAY_MINUTES * 0.99:
        return {}
    rows = slice(len(times) - int(recent.sum()), None)
    read = {name: panel.window("1m", name, DAY_MINUTES, now_ms)[1][rows] for name in ("open", "high", "low")}
    volume, quote = (panel.window("1m", name, DAY_MINUTES, now_ms)[1][rows] for name in ("volume", "quote_volume"))
    held = ~np.isnan(closes[rows])
    whole = (held.mean(axis=0) >= 0.9) & held[0]
    figures = {
        "open": read["open"][0],
        "high": np.nanmax(np.where(held, read["high"], -math.inf), axis=0),
        "low": np.nanmin(np.where(held, read["low"], math.inf), axis=0),
        "volume": np.where(held, volume, 0.0).sum(axis=0),
        "quote_volume": np.where(held, quote, 0.0).sum(axis=0),
    }
    return {
        symbol: {name: float(values[column]) for name, values in figures.items()}
        for column, symbol in enumerate(panel.symbols)
        if whole[column]
    }
