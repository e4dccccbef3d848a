"""The newest minutes' coverage: one record a minute, in which each expected symbol is in exactly one group."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from market.store import MINUTE_MS, MarketStore, Mask
from market.types import Coverage

KEPT_MINUTES = 240


class CoverageLog:
    """Records of the newest minutes, oldest first, in `minutes`. A symbol whose newest candle is more than `stale_ms`
    older than the minute is missing.
    """

    def __init__(self, stale_ms: int, kept: int = KEPT_MINUTES) -> None:
        self.minutes: deque[Coverage] = deque(maxlen=kept)
        self._stale_ms = stale_ms

    def begin(self, store: MarketStore, close_time: int, fresh: Mask, now_ms: int) -> Coverage:
        """Keep the record of a minute whose screening starts; `fresh` [S] are the symbols that have its candle."""
        oldest = close_time - MINUTE_MS - self._stale_ms
        newest = store.newest("1m")

        def names(mask: Mask) -> tuple[str, ...]:
            return tuple(store.symbols[i] for i in np.flatnonzero(mask & store.active))

        coverage = Coverage(
            close_time,
            names(fresh),
            (),
            names(~fresh & (newest >= oldest)),
            names(~fresh & (newest < oldest)),
            (now_ms - close_time) / 1000,
        )
        self.minutes.append(coverage)
        return coverage

    def came_late(self, close_time: int, seconds: Mapping[str, float]) -> Coverage | None:
        """Symbols came after the screening of that minute (market seconds after its close): they move to `late`.

        Returns the record, or None where it is no longer kept. A symbol that was not absent stays where it is.
        """
        for at in range(len(self.minutes) - 1, -1, -1):
            held = self.minutes[at]
            if held.close_time != close_time:
                continue
            moved = {name: s for name, s in seconds.items() if name in held.stale or name in held.missing}
            if moved:
                held = self.minutes[at] = replace(
                    held,
                    late=(*held.late, *moved),
                    stale=tuple(name for name in held.stale if name not in moved),
                    missing=tuple(name for name in held.missing if name not in moved),
                    late_seconds={**held.late_seconds, **moved},
                )
            return held
        return None

    def summary(self) -> dict[str, Any]:
        """Sums over the minutes kept, for the status; seconds are market seconds."""
        minutes = list(self.minutes)
        seconds = sorted(c.seconds_after_close for c in minutes)
        return {
            "minutes": len(minutes),
            "complete_minutes": sum(len(c.fresh) == c.expected for c in minutes),
            "late": sum(len(c.late) for c in minutes),
            "stale": sum(len(c.stale) for c in minutes),
            "missing": sum(len(c.missing) for c in minutes),
            "median_seconds_after_close": seconds[len(seconds) // 2] if seconds else None,
            "slowest_seconds": max((c.slowest_seconds for c in minutes), default=None),
        }
