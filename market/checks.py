"""What cannot be a closed candle: it is refused, counted by reason, and shown.

1. `fault_of` judges one candle of a stream, `faults_of` a block fetched by REST.
2. `Refusals` counts them and keeps the newest.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from market.source import CandleBlock
from screener.intervals import INTERVAL_MS, candle_indices, open_of, opens_at

OFF_GRID: Final = "its time opens no candle"
NOT_A_NUMBER: Final = "a price is not a number"
NO_PRICE: Final = "a price is zero or negative"
RANGE: Final = "high and low do not enclose open and close"
VOLUME: Final = "a volume is negative or infinite"
FUTURE: Final = "it lies in the future"
UNKNOWN: Final = "the symbol is not followed"
KEPT: Final = 50

Row = tuple[float, ...]


def fault_of(interval: str, open_time: int, row: Row) -> str | None:
    """Why these values (`market.source.FIELDS`) are no candle; None where they may be one.

    Volumes may be NaN: a source need not know them.
    """
    if interval not in INTERVAL_MS or open_of(open_time, interval) != open_time:
        return OFF_GRID
    first, high, low, last = row[:4]
    if not math.isfinite(first + high + low + last):
        return NOT_A_NUMBER
    if first <= 0 or high <= 0 or low <= 0 or last <= 0:
        return NO_PRICE
    if not (low <= first <= high and low <= last <= high):
        return RANGE
    if any(value < 0 or value == math.inf for value in row[4:]):
        return VOLUME
    return None


def faults_of(block: CandleBlock) -> tuple[npt.NDArray[np.bool_], Counter[str]]:
    """Which rows of a block may be candles, bool [n], and how many may not, by reason."""
    prices = block.values[:, :4]
    volumes = block.values[:, 4:]
    with np.errstate(invalid="ignore"):
        found = {
            OFF_GRID: opens_at(candle_indices(block.open_times, block.interval), block.interval) != block.open_times,
            NOT_A_NUMBER: ~np.isfinite(prices).all(axis=1),
            NO_PRICE: (prices <= 0).any(axis=1),
            RANGE: (prices.max(axis=1) > prices[:, 1]) | (prices.min(axis=1) < prices[:, 2]),
            VOLUME: ((volumes < 0) | np.isinf(volumes)).any(axis=1),
        }
    sound = np.ones(len(block), np.bool_)
    counts: Counter[str] = Counter()
    for reason, bad in found.items():
        new = bad & sound
        if new.any():
            counts[reason] += int(new.sum())
            sound &= ~bad
    return sound, counts


class Refusals:
    """Refused candles: how many by reason, and the newest of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._newest: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def note(self, symbol: str, interval: str, open_time: int, reason: str, count: int = 1) -> None:
        """Count candles that were refused; `open_time` (ms UTC) is the first one's."""
        self.counts[reason] += count
        line = {"symbol": symbol, "interval": interval, "open_time": open_time, "reason": reason, "count": count}
        self._newest.append(line)

    def report(self) -> dict[str, Any]:
        """Counts by reason and the newest ones, newest first."""
        return {"by_reason": dict(self.counts), "newest": list(reversed(self._newest))}
