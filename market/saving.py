"""The panel's candles into the history cache, now and then and at a clean stop.

1. `changed` notes what a correction wrote, so that older rows are saved again.
2. `save` takes the rows since the last time out of the panel, one interval after the other under the panel's lock, and
   stores them in a thread. What is not saved when time is up is fetched again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from market.backfill import keep
from market.cache import HistoryCache
from market.source import CandleBlock
from market.store import MarketStore
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

EVERY_S = 900.0
"""Real seconds between two savings."""
LAST_SAVE_S = 5.0
"""Real seconds that a clean stop may take for it."""
BLOCKS_AT_ONCE = 32


class Saver:
    """Saves what `store` holds into `cache`."""

    def __init__(self, store: MarketStore, cache: HistoryCache, lock: asyncio.Lock) -> None:
        self.saved_until = 0
        self._store = store
        self._cache = cache
        self._lock = lock
        # Open time from which rows are not saved yet, by symbol and interval.
        self._from: dict[tuple[str, str], int] = {}
        self._saving = asyncio.Lock()

    def fetched(self, symbol: str, interval: str, until: int) -> None:
        """What closed by `until` (ms UTC) is in the cache already, since it came from there or went there."""
        self._from[symbol, interval] = open_of(until, interval)

    def changed(self, block: CandleBlock) -> None:
        """Rows were written again."""
        key = (block.symbol, block.interval)
        first = int(block.open_times[0])
        self._from[key] = min(self._from.get(key, first), first)

    async def run(self, boundary: Callable[[], int]) -> None:
        """Save every quarter of an hour, until cancelled; `boundary()` is the close up to which the panel is whole."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.save(boundary())

    async def save(self, boundary: int, within_s: float | None = None) -> bool:
        """Save what closed by `boundary` (ms UTC); False where time (`within_s`, real) was up before all was saved."""
        end = None if within_s is None else time.monotonic() + within_s
        async with self._saving:
            jobs = [
                (symbol, label)
                for label in self._store.panel.intervals
                for symbol in self._store.symbols
                if self._store.active[self._store.column[symbol]]
                and self._from.get((symbol, label), 0) < open_of(boundary, label)
            ]
            for at in range(0, len(jobs), BLOCKS_AT_ONCE):
                if end is not None and time.monotonic() > end:
                    log.warning("history of %d files was not saved in time, and is fetched again", len(jobs) - at)
                    return False
                part = jobs[at : at + BLOCKS_AT_ONCE]
                async with self._lock:
                    blocks = [self._rows(symbol, label, boundary) for symbol, label in part]
                for symbol, label in part:
                    self._from[symbol, label] = open_of(boundary, label)
                await asyncio.to_thread(self._keep, blocks)
            self.saved_until = boundary
            return True

    def _rows(self, symbol: str, interval: str, boundary: int) -> CandleBlock:
        step = interval_ms(interval)
        end = open_of(boundary, interval)
        oldest = self._store.panel.first_open(interval)
        first = max(self._from.get((symbol, interval), 0), end if oldest is None else oldest)
        return self._store.block(symbol, interval, np.arange(first, end, step, dtype=np.int64))

    def _keep(self, blocks: Sequence[CandleBlock]) -> None:
        for block in blocks:
            if len(block):
                keep(self._cache, block)

    def report(self) -> dict[str, Any]:
        """When it was saved last, and what went wrong with files."""
        problems = [{"path": str(p.path), "message": p.message} for p in list(self._cache.problems)[-10:]]
        return {
            "directory": str(self._cache.directory),
            "saved_until": self.saved_until or None,
            "problems": len(self._cache.problems),
            "newest_problems": problems,
        }
