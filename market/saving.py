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

from market.cache import CacheError, HistoryCache, Span
from market.source import CandleBlock
from market.store import MarketStore
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

FIRST_S = 10.0
"""Real seconds after the start until what back-fill brought is saved."""
EVERY_S = 900.0
"""Real seconds between two savings."""
LAST_SAVE_S = 5.0
"""Real seconds that a clean stop may take for it."""
BLOCKS_AT_ONCE = 32
THREADS = 4


class Saver:
    """Saves what `store` holds into `cache`, with spans that the exchange has no candles of (`absent`, taken out)."""

    def __init__(
        self, store: MarketStore, cache: HistoryCache, lock: asyncio.Lock, absent: dict[tuple[str, str], list[Span]]
    ) -> None:
        self.saved_until = 0
        self._absent = absent
        self._store = store
        self._cache = cache
        self._lock = lock
        # Open time from which rows are not saved yet, by symbol and interval.
        self._from: dict[tuple[str, str], int] = {}
        self._saving = asyncio.Lock()

    def cached(self, symbol: str, interval: str, until: int) -> None:
        """Candles that open before `until` (ms UTC) came from the cache."""
        self._from[symbol, interval] = until

    def changed(self, block: CandleBlock) -> None:
        """Rows were written again."""
        key = (block.symbol, block.interval)
        self._from[key] = min(self._from.get(key, 0), int(block.open_times[0]))

    async def run(self, boundary: Callable[[], int]) -> None:
        """Save every quarter of an hour, until cancelled; `boundary()` is the close up to which the panel is whole."""
        await asyncio.sleep(FIRST_S)
        while True:
            await self.save(boundary())
            await asyncio.sleep(EVERY_S)

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
                before = {key: self._from.get(key, 0) for key in part}
                for symbol, label in part:
                    self._from[symbol, label] = open_of(boundary, label)
                absent = [self._absent.pop(key, []) for key in part]
                # Each file waits for the disk; a few do so at the same time.
                work = [asyncio.to_thread(self._keep, blocks[i::THREADS], absent[i::THREADS]) for i in range(THREADS)]
                for failed in await asyncio.gather(*work):
                    for block in failed:
                        key = (block.symbol, block.interval)
                        self._from[key] = min(before[key], self._from[key])
            self.saved_until = boundary
            return True

    def _rows(self, symbol: str, interval: str, boundary: int) -> CandleBlock:
        step = interval_ms(interval)
        end = open_of(boundary, interval)
        oldest = self._store.panel.first_open(interval)
        first = max(self._from.get((symbol, interval), 0), end if oldest is None else oldest)
        return self._store.block(symbol, interval, np.arange(first, end, step, dtype=np.int64))

    def _keep(self, blocks: Sequence[CandleBlock], absent: Sequence[Sequence[Span]]) -> list[CandleBlock]:
        """Store blocks; returns those that are not: not worth it yet, or not possible, as the cache's problems say."""
        failed = []
        for block, spans in zip(blocks, absent, strict=True):
            if not len(block):
                continue
            if not spans and not self._cache.worth(block.symbol, block.interval, len(block)):
                failed.append(block)
                continue
            try:
                self._cache.write(block, spans)
            except (CacheError, ValueError) as error:
                log.debug("history was not kept: %s", error)
                failed.append(block)
        return failed

    def report(self) -> dict[str, Any]:
        """When it was saved last, and what went wrong with files."""
        problems = [{"path": str(p.path), "message": p.message} for p in list(self._cache.problems)[-10:]]
        return {
            "directory": str(self._cache.directory),
            "saved_until": self.saved_until or None,
            "problems": len(self._cache.problems),
            "newest_problems": problems,
        }
