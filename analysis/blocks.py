"""Means over signals, with intervals that allow for how long their results overlap.

1. `Calendar` holds when signals fired and redraws that time in blocks (circular moving block bootstrap): plans open at
   the same time share their luck, so signals, and closes, are not draws of their own.
2. A block is at least twice the longest holding time, so that few plans are cut by its ends; the calendar has at most
   `MOST_BLOCKS` of them. A block starts at any moment, and an hour without signals counts as an hour.
3. `Mean.interval` is widened as Student's t is for so few blocks. Decisions that persist on a random walk exclude zero
   in about 5 % of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_BLOCKS: Final = 10
"""With fewer blocks that hold a signal that counts there is no interval: it would promise what so few cannot hold."""
MOST_BLOCKS: Final = 200
_BOUNDS: Final = (2.5, 97.5)
_NORMAL: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % bounds; None with too few blocks."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, or a difference of means, and the same of each draw `[draws]`, None with too few blocks. `blocks` of the
    calendar hold a row that counts."""

    value: float
    blocks: int
    drawn: Floats | None

    def less(self, other: Mean | None) -> Mean | None:
        """The difference, draw by draw: the same time made both, so their chance is shared."""
        if other is None:
            return None
        both = None if self.drawn is None or other.drawn is None else self.drawn - other.drawn
        return Mean(self.value - other.value, min(self.blocks, other.blocks), both)

    def interval(self) -> Interval:
        """The estimate with its bounds."""
        if self.drawn is None or self.blocks < FEWEST_BLOCKS or np.isnan(self.drawn).all():
            return Interval(self.value, None, None)
        low, high = (
            self.value + _widening(self.blocks) * (np.nanpercentile(self.drawn, _BOUNDS) - self.value)
        ).tolist()
        return Interval(self.value, low, high)


class Calendar:
    """When signals fired: `closes` `[rows]`, ms UTC in ascending order; their plans end within `longest_ms`."""

    def __init__(self, closes: Sequence[int], longest_ms: int, *, draws: int, seed: int = 0) -> None:
        self._closes = np.array(closes, dtype=np.int64)
        period = int(self._closes[-1] - self._closes[0]) + 1 if len(closes) else 0
        self.block_ms = max(1, 2 * longest_ms, -(-period // MOST_BLOCKS))
        self.blocks = period // self.block_ms
        self._ends: tuple[Ints, Ints] | None = None
        if self.blocks >= FEWEST_BLOCKS:
            # From the calendar's end a block goes on at its beginning.
            twice = np.concatenate([self._closes, self._closes + period])
            shape = (draws, -(-period // self.block_ms))
            starts = self._closes[0] + np.random.default_rng(seed).integers(0, period, shape)
            self._ends = np.searchsorted(twice, starts), np.searchsorted(twice, starts + self.block_ms)

    def mean(self, values: Floats) -> Mean | None:
        """The mean over rows `[rows]`; NaN does not count. None where none counts."""
        counts = np.isfinite(values)
        if not counts.any():
            return None
        cells = np.unique((self._closes[counts] - self._closes[0]) // self.block_ms)
        found = float(values[counts].mean())
        if self._ends is None:
            return Mean(found, len(cells), None)
        total, count = self._drawn(np.where(counts, values, 0.0)), self._drawn(counts.astype(np.float64))
        # A sum of none is not quite zero where it is a difference of sums.
        drawn = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0.5)
        return Mean(found, min(len(cells), self.blocks), drawn)

    def _drawn(self, values: Floats) -> Floats:
        """The sum over each draw's blocks, `[draws]`."""
        assert self._ends is not None
        until = np.concatenate([[0.0], np.cumsum(np.tile(values, 2))])
        first, last = self._ends
        sums: Floats = (until[last] - until[first]).sum(axis=1)
        return sums


def _widening(blocks: int) -> float:
    """How much wider Student's t is than the normal for so many blocks, and their spread than the one they show."""
    free, z = blocks - 1, _NORMAL
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return float(t / z * np.sqrt(blocks / free))
