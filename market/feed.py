"""The feed: a panel that is complete minute by minute, from back-fill, streams and repair.

1. `start` opens the streams, then back-fills every interval by REST up to one minute, the boundary.
2. `closes` waits for the next minute (`_gather`): until every live symbol's candle is in, or the deadline.
   Half way there it asks REST for what has not come; a quiet symbol's close may not be streamed for long.
3. `_advance` writes the minute and folds the higher candles that close with it; then the boundary is
   yielded. Nothing of a later minute enters the panel before the caller has asked for the next one, so
   engines can step candle by candle.
4. What comes after its minute was yielded is a correction: written between two boundaries, and told by
   `on_rebuild`.
5. Streams are opened again for ever (`Subscriptions`); the minutes missed meanwhile are holes that `Repairer`
   fetches.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any

import numpy as np

from market.clock import Clock
from market.inbox import Inbox
from market.repair import Repairer
from market.source import CandleBlock, MarketSource
from market.store import MINUTE_MS, NEVER, MarketStore, Mask
from market.subscriptions import Subscriptions
from market.types import Candle, Coverage, Price, SourceUnavailable, UnknownSymbol
from screener.engine.panel import Panel
from screener.intervals import interval_ms, is_close, open_of

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of back-fill requests done, and their total."""
OnRebuild = Callable[[frozenset[str]], Awaitable[None]]
"""Called with symbols whose past candles changed, before the next minute is written."""

AT_ONCE = 8
LEAST_DEADLINE_S = 2.0
"""Real seconds that a minute's candles get at least, however fast the market runs."""
ANSWER_S = 1.0
"""Real seconds that a REST answer gets, once asked for, before the minute is closed without it."""
CATCH_UP_S = 15.0
"""The same, when several minutes are missing at once."""
LONGEST_PAUSE_S = 30.0
STABLE_S = 20.0


class Feed:
    """Candles and prices of `symbols`, from `source`, in market time of `clock`.

    `intervals` are held besides 1m; `capacity` is the number of candles of each; `backfill` how many of
    them are fetched at the start; `deadline_s` (market seconds) how long after its close a minute waits for
    late symbols; `stale_minutes` after how many minutes without a candle a symbol counts as missing and is
    no longer waited for.

    Everything runs in one event loop. Whoever reads `panel` in a thread holds `lock` meanwhile; the feed
    holds it while it writes.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        symbols: Sequence[str],
        intervals: Sequence[str] = (),
        capacity: int = 1500,
        deadline_s: float = 8.0,
        *,
        backfill: int = 1000,
        stale_minutes: int = 5,
        lock: asyncio.Lock | None = None,
        on_rebuild: OnRebuild | None = None,
    ) -> None:
        if not symbols:
            raise ValueError("a feed needs at least one symbol")
        self.symbols = tuple(symbols)
        self.lock = lock or asyncio.Lock()
        self.on_rebuild = on_rebuild
        self.prices: dict[str, Price] = {}
        self.corrections = 0
        self._source = source
        self._clock = clock
        self._store = MarketStore(self.symbols, capacity)
        self._inbox = Inbox(self._store.column, self._holds)
        self._repairer = Repairer(source, self._inbox.add_block, AT_ONCE)
        self._streams = Subscriptions(source, clock, self._inbox.add, self._take_price, self._repairer.hurry)
        self._intervals = [label for label in dict.fromkeys(intervals) if label != "1m"]
        self._fetched: dict[str, int] = {}
        self._requires: dict[str, asyncio.Lock] = {}
        self._backfill = min(backfill, capacity)
        self._deadline_ms = int(max(deadline_s, LEAST_DEADLINE_S * clock.speed) * 1000)
        self._stale_ms = stale_minutes * MINUTE_MS
        self._boundary = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def panel(self) -> Panel:
        """The candles held."""
        return self._store.panel

    @property
    def boundary(self) -> int:
        """The close (ms UTC) up to which the panel is complete: the last one yielded."""
        return self._boundary

    @property
    def intervals(self) -> tuple[str, ...]:
        """Intervals held, 1m first."""
        return ("1m", *self._intervals)

    @property
    def holes(self) -> int:
        """Ranges of candles (by symbol and interval) that are known to be missing and are being asked for."""
        return self._repairer.holes

    @property
    def failure(self) -> str | None:
        """Why missing candles cannot be fetched now; None while all is well."""
        return self._repairer.failure

    @property
    def reconnects(self) -> int:
        """How often a stream was opened again."""
        return self._streams.reconnects

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """The newest `limit` candles held of a symbol, oldest first.

        Raises KeyError for an unknown symbol.
        """
        return self._store.candles(symbol, interval, limit)

    async def start(self, progress: Progress | None = None) -> None:
        """Open the streams and back-fill; returns when the panel is complete up to `boundary`.

        A source that is away is waited for; cancel to give up.
        """
        if self._tasks:
            raise RuntimeError("the feed has been started")
        await self._streams.set_clock()
        for work in self._streams.works(self.symbols):
            self._spawn(work)
        # The newest minute may still be settling at the source.
        settled = self._clock.now_ms() - int(LEAST_DEADLINE_S / 2 * 1000 * self._clock.speed)
        self._boundary = open_of(settled, "1m")
        self._inbox.boundary = self._boundary
        await self._fill(dict.fromkeys(self.intervals, self._backfill), progress)
        self._inbox.advance(self._boundary)
        for symbol in self.symbols:
            for candle in self._store.candles(symbol, "1m", 1):
                self.prices.setdefault(symbol, Price(symbol, candle.close, candle.close_time))
        self._spawn(self._repairer.run())

    async def require(self, interval: str, candles: int | None = None) -> None:
        """Hold `interval` from now on, with at least `candles` of history (default: as many as at the start).

        Returns when they are in the panel, up to the boundary. Raises ValueError for an unknown interval.
        """
        interval_ms(interval)
        wanted = candles or self._backfill
        async with self._requires.setdefault(interval, asyncio.Lock()):
            if self._fetched.get(interval, 0) >= wanted:
                return
            async with self.lock:
                self._store.ensure(interval, wanted)
            if interval not in self.intervals:
                # From now on its candles are folded as they close; the fetch brings those before.
                self._intervals.append(interval)
            await self._fill({interval: wanted}, None)

    async def closes(self) -> AsyncIterator[Coverage]:
        """Every minute's close, in order, once the panel holds the minute and the higher candles that end
        with it.

        A caller that was slow gets all closes that queued up. Must not be iterated while `lock` is held.
        """
        while True:
            close_time = self._boundary + MINUTE_MS
            # Before waiting as well: repaired minutes may make a higher candle whole that would be asked for.
            await self._correct()
            await self._gather(close_time)
            await self._correct()
            async with self.lock:
                fresh = self._advance(close_time)
            yield self._coverage(close_time, fresh)

    async def aclose(self) -> None:
        """Stop streams and repair. The source stays open: it belongs to the caller."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    # Waiting for a minute

    async def _gather(self, close_time: int) -> None:
        """Return when the minute is complete for all live symbols, or its time is up."""
        higher = self._closing(close_time)
        asked_at: float | None = None
        answer_s = ANSWER_S
        while True:
            self._raise_failures()
            self._inbox.changed.clear()
            missing = self._missing(close_time, higher)
            if missing is None:
                return
            late_ms = self._clock.now_ms() - close_time
            if late_ms >= self._deadline_ms // 2 and asked_at is None:
                asked_at = time.monotonic()
                behind = late_ms >= 2 * MINUTE_MS and not self._inbox.count("1m", close_time)
                answer_s = CATCH_UP_S if behind else ANSWER_S
                self._ask(close_time, missing, close_time + late_ms if behind else close_time)
            if late_ms >= self._deadline_ms and asked_at is not None:
                waited = time.monotonic() - asked_at
                if waited >= answer_s or self._repairer.failure is not None:
                    return
            next_ms = self._deadline_ms // 2 if asked_at is None else self._deadline_ms
            wait_s = max((next_ms - late_ms) / 1000 / self._clock.speed, 0.02)
            try:
                await asyncio.wait_for(self._inbox.changed.wait(), min(wait_s, 0.5))
            except TimeoutError:
                continue

    def _closing(self, close_time: int) -> dict[str, Mask]:
        """Higher intervals that close with this minute, each with the symbols whose earlier minutes are not
        all held.
        """
        return {
            label: ~self._store.whole(label, close_time, but_last=True)
            for label in self._intervals
            if is_close(close_time, label)
        }

    def _missing(self, close_time: int, higher: dict[str, Mask]) -> dict[str, Mask] | None:
        """What has not come, by interval, as bool [S]; None when nothing that is waited for is missing."""
        live = self._live(close_time)
        if self._inbox.count("1m", close_time) < int(live.sum()) // 2:
            return {"1m": ~self._inbox.arrived("1m", close_time), **higher}
        missing = {"1m": ~self._inbox.arrived("1m", close_time)}
        for label, broken in higher.items():
            missing[label] = broken & ~self._inbox.arrived(label, close_time)
        if any(bool((mask & live).any()) for mask in missing.values()):
            return missing
        return None

    def _live(self, close_time: int) -> Mask:
        """Symbols that are waited for, bool [S]; all of them while most are silent, since then it is not
        their fault.
        """
        newest = self._store.newest("1m")
        live: Mask = (newest != NEVER) & (newest >= close_time - MINUTE_MS - self._stale_ms)
        return live if 2 * int(live.sum()) >= len(live) else np.ones(len(live), np.bool_)

    def _ask(self, close_time: int, missing: dict[str, Mask], until: int) -> None:
        """Ask REST for the missing candles of this minute, and of the minutes up to `until` (ms UTC) where
        it is later.
        """
        for label, mask in missing.items():
            step = interval_ms(label)
            last = max(open_of(until, label) - step, close_time - step)
            for column in np.flatnonzero(mask):
                self._repairer.ask(label, self.symbols[column], close_time - step, last)

    # Writing

    def _advance(self, close_time: int) -> tuple[str, ...]:
        """Write what is in for this minute; returns the symbols that have it."""
        self._store.append("1m", close_time - MINUTE_MS, self._inbox.take("1m", close_time))
        for label in self._intervals:
            if not is_close(close_time, label):
                continue
            open_time = close_time - interval_ms(label)
            self._store.fold(label, close_time)
            held = self._store.known(label, open_time)
            rows = self._inbox.take(label, close_time)
            rows[held] = np.nan
            self._store.append(label, open_time, rows)
            lacking = ~self._store.known(label, open_time) & self._live(close_time)
            for column in np.flatnonzero(lacking):
                self._repairer.ask(label, self.symbols[column], open_time, open_time)
        self._boundary = close_time
        self._inbox.advance(close_time)
        known = self._store.known("1m", close_time - MINUTE_MS)
        return tuple(name for name, there in zip(self.symbols, known, strict=True) if there)

    async def _correct(self) -> None:
        """Write the corrections that came in, and tell whose they were."""
        blocks = [block for block in self._inbox.take_corrections() if block.interval in self.intervals]
        if not blocks:
            return
        async with self.lock:
            for block in blocks:
                self._store.put(block)
        self.corrections += sum(len(block) for block in blocks)
        if self.on_rebuild is not None:
            await self.on_rebuild(frozenset(block.symbol for block in blocks))

    def _coverage(self, close_time: int, fresh: tuple[str, ...]) -> Coverage:
        there = set(fresh)
        oldest = close_time - MINUTE_MS - self._stale_ms
        newest = self._store.newest("1m").tolist()
        absent = [(name, newest[i]) for i, name in enumerate(self.symbols) if name not in there]
        return Coverage(
            close_time,
            fresh,
            (),
            tuple(name for name, time in absent if time >= oldest),
            tuple(name for name, time in absent if time < oldest),
            (self._clock.now_ms() - close_time) / 1000,
        )

    def _holds(self, interval: str, symbol: str, open_time: int) -> bool:
        return bool(self._store.known(interval, open_time)[self._store.column[symbol]])

    # Back-fill

    async def _fill(self, counts: dict[str, int], progress: Progress | None) -> None:
        """Fetch the newest candles of every symbol up to the boundary, so many of each interval."""
        async with self.lock:
            for label, count in counts.items():
                self._store.ensure(label, max(count, self._backfill))
        jobs = [(label, symbol) for label in counts for symbol in self.symbols]
        gate = asyncio.Semaphore(AT_ONCE)
        until = self._boundary
        done = 0

        async def one(label: str, symbol: str) -> None:
            nonlocal done
            async with gate:
                block = await self._fetch(symbol, label, counts[label], until)
            if block is not None:
                async with self.lock:
                    self._store.put(block)
            done += 1
            if progress is not None:
                progress(done, len(jobs))

        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(one(*job))
        for label, count in counts.items():
            self._fetched[label] = count

    async def _fetch(self, symbol: str, interval: str, count: int, until: int) -> CandleBlock | None:
        """The newest `count` candles that closed by `until`, asked for until the source answers; None for
        an unknown symbol.
        """
        pause = 0.5
        end = open_of(until, interval) - 1
        while True:
            try:
                return await self._source.candle_block(symbol, interval, count, None, end)
            except UnknownSymbol as error:
                log.warning("%s", error)
                return None
            except SourceUnavailable as error:
                log.warning("back-fill waits %.0f s: %s", pause, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _take_price(self, price: Price) -> None:
        if price.symbol in self._store.column:
            self.prices[price.symbol] = price

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _raise_failures(self) -> None:
        """A background task never ends by itself: if one did, that is a fault of ours, and it surfaces
        here.
        """
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
