"""Swings: candles whose extreme stands out among their neighbours, by price alone and by price with volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analysis.levels.trend import Values

HEAVY: Final = 1.5
"""A swing is one by volume where its candle traded so many times the mean of its neighbourhood."""
NEIGHBOURHOOD: Final = 20


@dataclass(frozen=True, slots=True)
class Swing:
    """A local extreme: the candle at `index` is above (high) or below (low) its neighbours. `heavy`: its volume was
    at least `HEAVY` times the mean of the `NEIGHBOURHOOD` candles before it."""

    kind: Literal["high", "low"]
    price: float
    index: int
    heavy: bool = False


def swings(highs: Values, lows: Values, width: int = 2, volumes: Values | None = None) -> list[Swing]:
    """Fractal swings, oldest first: extremes over `width` candles on both sides.

    The newest `width` candles cannot be swings yet. Of equal neighbours the first one counts. Without `volumes`
    (base units, `[candles]`) none is heavy.
    """
    if len(highs) < 2 * width + 1:
        return []
    middle = slice(width, len(highs) - width)
    around_high, around_low = sliding_window_view(highs, width), sliding_window_view(lows, width)
    count = len(highs) - 2 * width
    before, after = slice(0, count), slice(width + 1, width + 1 + count)
    top = (highs[middle] > around_high[before].max(axis=1)) & (highs[middle] >= around_high[after].max(axis=1))
    bottom = (lows[middle] < around_low[before].min(axis=1)) & (lows[middle] <= around_low[after].min(axis=1))
    found: list[Swing] = []
    for offset in np.flatnonzero(top | bottom):
        at = int(offset) + width
        heavy = volumes is not None and _heavy(volumes, at)
        if top[offset]:
            found.append(Swing("high", float(highs[at]), at, heavy))
        if bottom[offset]:
            found.append(Swing("low", float(lows[at]), at, heavy))
    return found


def _heavy(volumes: Values, at: int) -> bool:
    before = volumes[max(0, at - NEIGHBOURHOOD) : at]
    mean = float(before.mean()) if len(before) else np.nan
    # Unknown volume compares false.
    return bool(volumes[at] >= HEAVY * mean > 0)


def volume_nodes(highs: Values, lows: Values, volumes: Values, bin_size: float, most: int = 3) -> list[float]:
    """Prices where most was traded, the heaviest first: local peaks of the volume by price.

    Each candle's volume is spread evenly over its range, in bins of `bin_size` (quote currency). A peak is a bin
    above both neighbours that holds more than the mean of the bins traded in; its price is the bin's middle. Empty
    where nothing was traded or the size is not above zero.
    """
    known = np.isfinite(highs) & np.isfinite(lows) & np.isfinite(volumes) & (volumes > 0)
    if not known.any() or not bin_size > 0:
        return []
    floor = float(lows[known].min())
    bins = int((float(highs[known].max()) - floor) / bin_size) + 1
    if bins > 10_000:
        return []
    first = ((lows[known] - floor) / bin_size).astype(np.int64)
    last = ((highs[known] - floor) / bin_size).astype(np.int64)
    share = volumes[known] / (last - first + 1)
    # A running sum over where shares begin and end spreads all candles at once.
    steps, counts = np.zeros(bins + 1), np.zeros(bins + 1, dtype=np.int64)
    for change, edge in ((1, first), (-1, last + 1)):
        np.add.at(steps, edge, change * share)
        np.add.at(counts, edge, change)
    # Counted, since the sums leave traces of rounding where nobody traded.
    traded = np.cumsum(counts[:-1]) > 0
    profile = np.where(traded, np.cumsum(steps[:-1]), 0.0)
    padded = np.concatenate([[-np.inf], profile, [-np.inf]])
    peak = (profile > padded[:-2]) & (profile >= padded[2:]) & (profile > profile[traded].mean())
    at = np.flatnonzero(peak)
    heaviest = at[np.argsort(-profile[at], kind="stable")][:most]
    return [floor + (int(i) + 0.5) * bin_size for i in heaviest]
