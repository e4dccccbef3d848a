"""Measures of candles: average true range, RSI, exponential mean, trend; and levels that lie together made one.

ATR and RSI use Wilder's smoothing seeded with a simple mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Regime = Literal["up", "down", "range", "unknown"]

DAY_MS = 86_400_000


def true_range(highs: Values, lows: Values, closes: Values) -> Values:
    """True range of each candle after the first."""
    previous = closes[:-1]
    return np.maximum(highs[1:] - lows[1:], np.maximum(np.abs(highs[1:] - previous), np.abs(lows[1:] - previous)))


def wilder(values: Values, n: int) -> float | None:
    """The newest value of Wilder's smoothing; None with fewer than `n` values."""
    if len(values) < n:
        return None
    smoothed = float(values[:n].mean())
    # Plain floats: ten times as quick as the array's own.
    for value in values[n:].tolist():
        smoothed += (value - smoothed) / n
    return smoothed


def atr(highs: Values, lows: Values, closes: Values, n: int = 14) -> float | None:
    """Average true range by Wilder; needs `n` + 1 candles."""
    return wilder(true_range(highs, lows, closes), n) if len(closes) > n else None


def rsi(closes: Values, n: int = 14) -> float | None:
    """Relative strength index by Wilder, 0 to 100; needs `n` + 1 candles. 50 when nothing moved."""
    if len(closes) <= n:
        return None
    change = np.diff(closes)
    gain, loss = wilder(np.maximum(change, 0.0), n), wilder(np.maximum(-change, 0.0), n)
    if gain is None or loss is None:
        return None
    return 50.0 if gain + loss == 0 else 100 * gain / (gain + loss)


def ema(values: Values, n: int) -> Values:
    """Exponential mean of each candle from the `n`-th on, seeded with a simple mean; empty with fewer."""
    if len(values) < n:
        return np.empty(0)
    out = [float(values[:n].mean())]
    weight = 2 / (n + 1)
    for value in values[n:].tolist():
        out.append(out[-1] + weight * (value - out[-1]))
    return np.array(out)


def regime(closes: Values, atr_value: float | None, fast: int = 20, slow: int = 50, look: int = 10) -> Regime:
    """The trend by two exponential means.

    `up`: the fast one is above the slow one and has risen by a third of an ATR in `look` candles; `down`
    mirrors it; `range` otherwise, `unknown` with too few candles.
    """
    quick, slowly = ema(closes, fast), ema(closes, slow)
    if not len(slowly) or len(quick) <= look or not atr_value:
        return "unknown"
    moved = quick[-1] - quick[-1 - look]
    if quick[-1] > slowly[-1] and moved > atr_value / 3:
        return "up"
    if quick[-1] < slowly[-1] and moved < -atr_value / 3:
        return "down"
    return "range"


def merge(prices: Sequence[float], gap: float) -> list[tuple[float, int]]:
    """Prices closer together than `gap` as one level each, ascending: (the group's middle price, how many).

    The middle is one of the prices given, never an average, so that a level is always a price that was there.
    """
    groups: list[list[float]] = []
    for price in sorted(p for p in prices if math.isfinite(p) and p > 0):
        if groups and price - groups[-1][0] < gap:
            groups[-1].append(price)
        else:
            groups.append([price])
    return [(group[len(group) // 2], len(group)) for group in groups]
